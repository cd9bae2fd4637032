//! From a topic to a project: a language model writes the script as the project's first task.

use std::path::{Path, PathBuf};

use anyhow::bail;
use model::project::Settings;
use model::script::ScriptSettings;
use model::workflow::{Edit, Input};
use providers::vendor::Ability;
use serde_json::json;
use store::{Details, NewProject, StoreError};
use uuid::Uuid;

use super::files;
use super::import::settings_of;
use super::set_all;
use crate::cli;
use crate::fail::Unusable;
use crate::wiring::{House, new_id, now};

/// What most shorts are, in seconds.
const USUAL_SECONDS: (u32, u32) = (30, 60);
/// The lengths that can be asked for, in seconds.
const SECONDS: std::ops::RangeInclusive<u32> = 5..=600;

/// A topic and what is wished of its script.
pub struct Topic {
    words: String,
    settings: ScriptSettings,
    seconds: (u32, u32),
    scenes: Option<u32>,
}

impl Topic {
    pub fn read(arguments: &cli::Make) -> anyhow::Result<Self> {
        let words = arguments.script.trim().to_owned();
        if !words.chars().any(char::is_alphanumeric) {
            return Err(Unusable("the topic has no words; say what the short is about".to_owned()).into());
        }
        let mut settings = ScriptSettings::default();
        set_all(&mut settings, &arguments.settings)?;
        let seconds = arguments.seconds.as_deref().map_or(Ok(USUAL_SECONDS), seconds)?;
        Ok(Self { words, settings, seconds, scenes: arguments.scenes })
    }

    /// The user's own files, from where the command is run.
    pub fn media(&self) -> Vec<PathBuf> {
        files::all(&self.settings, Path::new(""))
    }

    /// Whether they can be used.
    pub fn check(&self) -> anyhow::Result<()> {
        files::check(&self.settings, Path::new(""), "--set")
    }

    /// A name for the video's file, without a folder.
    pub fn file_name(&self) -> String {
        const MOST: usize = 60;
        let words: Vec<String> = self
            .words
            .split(|letter: char| !letter.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect();
        let name: String = words.join("-").chars().take(MOST).collect();
        format!("{}.md", name.trim_end_matches('-'))
    }

    /// The project about this topic: the one of an earlier run with the same wishes, or a new one.
    pub async fn begin(self, house: &House) -> anyhow::Result<Uuid> {
        let Self { words, settings, seconds: (min, max), scenes } = self;
        let kept = files::keep(house, &settings, Path::new("")).await?;
        let settings = Settings { reference: kept.reference, ..settings_of("", settings) };
        let settings = Settings { topic: words.clone(), title: String::new(), ..settings };
        let music = Input::Edit(Edit::GiveMusic(kept.music));
        // Whoever wishes another script gets one.
        let count = scenes.map_or(String::new(), |count| format!(", {count} scenes"));
        let source = format!("topic: {words} ({}, {min}-{max} s{count})", settings.language);
        if let Some(known) = house.store.project_by_source(house.owner, &source).await? {
            let id = known.project.id;
            // What the script has said about the video stays.
            let (title, description) = (known.project.settings.title, known.project.settings.description);
            let edit = Edit::Settings { settings: Box::new(Settings { title, description, ..settings }), remake: true };
            house.store.apply(id, Input::Edit(edit), now()).await?;
            house.store.apply(id, music, now()).await?;
            return Ok(id);
        }
        let wishes = house.office.catalogue.abilities(&house.office.wish(house.owner, None).await?);
        let named = settings.choice.vendors.contains_key(Ability::Script.name());
        if let (Err(nobody), false) = (&wishes.scripts, named) {
            return Err(Unusable(format!(
                "a script about \"{words}\" needs a language model; {nobody}. Your own text needs none: write it as Markdown (a \
                 title line and one paragraph for each scene) and run: shortsai make my-script.md"
            ))
            .into());
        }
        let duration = json!({ "min": min, "max": max, "targetScenes": scenes });
        let details = Details { duration_config: Some(duration), ..Details::default() };
        let new =
            NewProject { id: new_id(), owner: house.owner, settings, details, source: Some(source), characters: Vec::new() };
        match house.store.create_project(new, now()).await {
            Ok(record) => {
                house.store.apply(record.project.id, music, now()).await?;
                Ok(record.project.id)
            }
            Err(StoreError::Exists(_)) => bail!("another run about the same topic is at work; wait for it"),
            Err(error) => Err(error.into()),
        }
    }
}

fn seconds(text: &str) -> anyhow::Result<(u32, u32)> {
    let (min, max) = text.split_once('-').unwrap_or((text, text));
    let read = |text: &str| text.trim().parse().ok().filter(|seconds| SECONDS.contains(seconds));
    match (read(min), read(max)) {
        (Some(min), Some(max)) if min <= max => Ok((min, max)),
        _ => {
            let (least, most) = (SECONDS.start(), SECONDS.end());
            Err(Unusable(format!("--seconds {text}: write shortest and longest, from {least} to {most}, such as 30-45")).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read() {
        assert_eq!(seconds("30-45").expect("good"), (30, 45));
        assert_eq!(seconds(" 40 ").expect("good"), (40, 40));
        for bad in ["", "45-30", "1-9", "a-b", "30-45-60", "30-6000"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_topic_names_its_video() {
        let name = |words: &str| {
            let settings = ScriptSettings::default();
            Topic { words: words.to_owned(), settings, seconds: USUAL_SECONDS, scenes: None }.file_name()
        };
        assert_eq!(name("Why is the sky blue?"), "why-is-the-sky-blue.md");
        assert_eq!(name("../../etc/passwd"), "etc-passwd.md");
        assert_eq!(name("São João, 1969"), "são-joão-1969.md");
    }
}
