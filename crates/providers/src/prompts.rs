//! Prompts: templates in files of their own, which a folder of the user's can overrule one by one.
//!
//! A prompt's version is the hash of its text, so that a changed prompt is another request.

use std::path::Path;
use std::sync::Arc;

use minijinja::{Environment, UndefinedBehavior, Value};
use sha2::{Digest, Sha256};

use crate::error::ProviderError;

/// The templates that come with the program.
const BUILT_IN: [(&str, &str); 8] = [
    ("clip.jinja", include_str!("../prompts/clip.jinja")),
    ("describe.jinja", include_str!("../prompts/describe.jinja")),
    ("image.jinja", include_str!("../prompts/image.jinja")),
    ("music.jinja", include_str!("../prompts/music.jinja")),
    ("portrait.jinja", include_str!("../prompts/portrait.jinja")),
    ("repair.jinja", include_str!("../prompts/repair.jinja")),
    ("script.jinja", include_str!("../prompts/script.jinja")),
    ("song.jinja", include_str!("../prompts/song.jinja")),
];

/// All templates.
#[derive(Debug, Clone)]
pub struct Prompts(Arc<Environment<'static>>);

impl Prompts {
    /// The built-in templates, with those of the folder in place of the ones that have the same names.
    ///
    /// # Errors
    /// A sentence that names the file, where one can't be read or is no template.
    pub fn load(folder: Option<&Path>) -> Result<Self, String> {
        let mut environment = Environment::new();
        // A misspelt name in a template is an error, not an empty place in a prompt that is paid for.
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        for (name, text) in BUILT_IN {
            let own = folder.map(|folder| folder.join(name)).filter(|path| path.is_file());
            let (text, shown) = match own {
                Some(path) => {
                    let shown = path.display().to_string();
                    (std::fs::read_to_string(&path).map_err(|error| format!("{shown} can't be read: {error}"))?, shown)
                }
                None => (text.to_owned(), name.to_owned()),
            };
            environment.add_template_owned(name, text).map_err(|error| format!("{shown} is no usable template: {error}"))?;
        }
        Ok(Self(Arc::new(environment)))
    }

    /// The prompt with its places filled in, without blank lines.
    ///
    /// # Errors
    /// [`ProviderError::Fatal`] when the template asks for something that is not there.
    pub fn fill(&self, name: &str, values: Value) -> Result<String, ProviderError> {
        let template = self.0.get_template(name).map_err(|error| broken(name, &error))?;
        let filled = template.render(values).map_err(|error| broken(name, &error))?;
        Ok(filled.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n"))
    }

    /// Eight digits that change with the template's text.
    pub fn version(&self, name: &str) -> String {
        let source = self.0.get_template(name).map(|template| template.source().to_owned()).unwrap_or_default();
        Sha256::digest(source).iter().take(4).map(|byte| format!("{byte:02x}")).collect()
    }
}

fn broken(name: &str, error: &minijinja::Error) -> ProviderError {
    ProviderError::Fatal(format!("the prompt {name} can't be filled in: {error}"))
}

#[cfg(test)]
mod tests {
    use minijinja::context;

    use super::*;

    #[test]
    fn a_folder_overrules_single_prompts() {
        let folder = tempfile::tempdir().expect("a folder");
        let own = |text: &str| std::fs::write(folder.path().join("image.jinja"), text).expect("written");
        let built_in = Prompts::load(None).expect("good templates");
        own("Draw {{ scene }} {# our house style #}");
        let prompts = Prompts::load(Some(folder.path())).expect("a good template");
        assert_eq!(prompts.fill("image.jinja", context! { scene => "a cat" }), Ok("Draw a cat".to_owned()));
        assert_ne!(prompts.version("image.jinja"), built_in.version("image.jinja"));
        let error = prompts.fill("image.jinja", context! { other => 1 }).expect_err("nothing is called scene");
        assert!(error.to_string().starts_with("the prompt image.jinja can't be filled in"), "{error}");
        own("{{ scene");
        let error = Prompts::load(Some(folder.path())).expect_err("no template");
        assert!(error.contains("image.jinja is no usable template"), "{error}");
    }
}
