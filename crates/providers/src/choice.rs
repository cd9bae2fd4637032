//! Who is asked, in which order: the wishes of server, user and project against who is there.

use model::choice::{AUTO, Choice};

use crate::error::ProviderError;
use crate::vendor::{Ability, Access, Vendor};

/// The vendors for an ability in the order in which they are asked; at least one. `is_set_up` says whether a vendor that
/// needs a key (or an address) has one.
///
/// # Errors
/// [`ProviderError::Unavailable`] with what to set up or to choose, when a wish can't be met: another vendor in its place
/// would be a silent replacement.
pub fn order(ability: Ability, choice: &Choice, is_set_up: impl Fn(Vendor) -> bool) -> Result<Vec<Vendor>, ProviderError> {
    let auto = [AUTO.to_owned()];
    let wishes = choice.vendors.get(ability.name()).filter(|wishes| !wishes.is_empty()).map_or(&auto[..], Vec::as_slice);
    let mut order = Vec::new();
    for wish in wishes {
        let meant = match wish.trim() {
            AUTO => whoever_is_there(ability, choice.keyless == Some(true), &is_set_up),
            name => vec![named(ability, name, &is_set_up)?],
        };
        order.extend(meant.into_iter().filter(|vendor| !order.contains(vendor)).collect::<Vec<_>>());
    }
    if order.is_empty() { Err(ProviderError::Unavailable(nobody(ability))) } else { Ok(order) }
}

fn whoever_is_there(ability: Ability, keyless: bool, is_set_up: &impl Fn(Vendor) -> bool) -> Vec<Vendor> {
    let is_there = |vendor: &Vendor| match vendor.access() {
        Access::Key => is_set_up(*vendor),
        // They get the user's words without having been chosen by anybody, so somebody has to say yes once.
        Access::Open => keyless,
        Access::Local => true,
    };
    ability.vendors().iter().copied().filter(is_there).collect()
}

fn named(ability: Ability, name: &str, is_set_up: &impl Fn(Vendor) -> bool) -> Result<Vendor, ProviderError> {
    let unusable = |why: String| Err(ProviderError::Unavailable(format!("{}: {why}", ability.name())));
    let names: Vec<&str> = ability.vendors().iter().map(|vendor| vendor.name()).collect();
    let able = Vendor::from_name(name).filter(|vendor| ability.vendors().contains(vendor));
    let Some(vendor) = able else {
        return unusable(format!("there is no vendor \"{name}\"; choose {AUTO} or one of {}", names.join(", ")));
    };
    if vendor.access() == Access::Key && !is_set_up(vendor) {
        let variable = vendor.key_variable().map_or(String::new(), |variable| format!(" (such as {variable})"));
        return unusable(format!("{vendor} has no key here; set one{variable}, or choose another vendor"));
    }
    Ok(vendor)
}

/// What to do when nobody is there.
fn nobody(ability: Ability) -> String {
    match ability {
        Ability::Script => {
            "nothing here can write a script: set GEMINI_API_KEY or OPENAI_API_KEY, or choose ollama with a model on \
                            your own machine; or write the scenes yourself"
                .to_owned()
        }
        Ability::Clip => {
            "nothing here can make clips: set GEMINI_API_KEY or PEXELS_API_KEY, or show the still instead".to_owned()
        }
        _ => format!("{}: nobody is set up for it", ability.name()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ability: Ability, choice: &Choice, set_up: &[Vendor], expected: Result<&[Vendor], &str>) {
        let order = order(ability, choice, |vendor| set_up.contains(&vendor));
        match expected {
            Ok(expected) => assert_eq!(order.as_deref(), Ok(expected)),
            Err(words) => {
                let error = order.expect_err(words).to_string();
                assert!(error.contains(words), "{error}");
            }
        }
    }

    #[test]
    fn auto_is_the_best_who_is_there() {
        use Vendor as V;
        let auto = Choice::default();
        let keyless = Choice { keyless: Some(true), ..Choice::default() };
        check(Ability::Image, &auto, &[], Ok(&[V::Poster]));
        check(Ability::Image, &keyless, &[], Ok(&[V::Openverse, V::Poster]));
        check(Ability::Image, &auto, &[V::Pexels, V::Gemini], Ok(&[V::Gemini, V::Pexels, V::Poster]));
        check(Ability::Speech, &keyless, &[V::Groq], Ok(&[V::Groq, V::Edge, V::Espeak]));
        check(Ability::Script, &auto, &[], Err("set GEMINI_API_KEY"));
        check(Ability::Clip, &keyless, &[], Err("show the still instead"));
    }

    #[test]
    fn wishes_are_met_or_refused() {
        use Vendor as V;
        let wish = |names: &[&str]| {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            Choice { vendors: [("image".to_owned(), names)].into(), ..Choice::default() }
        };
        check(Ability::Image, &wish(&["openverse", "auto"]), &[V::Gemini], Ok(&[V::Openverse, V::Gemini, V::Poster]));
        check(Ability::Image, &wish(&["Poster"]), &[V::Gemini], Ok(&[V::Poster]));
        check(Ability::Image, &wish(&["gemini"]), &[], Err("image: Gemini has no key here; set one (such as GEMINI_API_KEY)"));
        check(
            Ability::Image,
            &wish(&["suno"]),
            &[V::Suno],
            Err("there is no vendor \"suno\"; choose auto or one of gemini, openai"),
        );
        check(Ability::Image, &wish(&[]), &[], Ok(&[V::Poster]));
    }
}
