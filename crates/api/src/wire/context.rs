//! What a user's projects have in common, for writing more like them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use store::ProjectRecord;
use utoipa::{IntoParams, ToSchema};

/// Styles and voices that are named.
const COMMON: usize = 5;
/// Visual descriptions of each example.
const SAMPLES: usize = 3;

/// Which projects.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WhichContext {
    /// Only those in that folder; `root` for those in none.
    #[serde(rename = "folderId")]
    pub folder_id: Option<String>,
    /// Only those with that label.
    pub tag: Option<String>,
    /// At most so many, from 1 to 100; left out, 50.
    pub limit: Option<String>,
}

/// What projects have in common.
#[derive(Serialize, ToSchema)]
pub struct ExportContext {
    meta: ContextMeta,
    style_reference: StyleReference,
    content_examples: Vec<ContentExample>,
}

#[derive(Serialize, ToSchema)]
struct ContextMeta {
    #[schema(format = DateTime)]
    generated_at: String,
    project_count: usize,
    filter: ContextFilter,
}

#[derive(Serialize, ToSchema)]
struct ContextFilter {
    #[serde(rename = "folderId")]
    folder_id: Option<String>,
    tag: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct StyleReference {
    /// The most frequent ones first.
    common_styles: Vec<String>,
    /// The most frequent ones first.
    preferred_voices: Vec<String>,
}

#[derive(Serialize, ToSchema)]
struct ContentExample {
    title: String,
    description: String,
    /// All that is said.
    script_sample: String,
    /// What the first scenes show.
    visual_style_sample: Vec<String>,
}

impl ExportContext {
    /// Of these projects, newest first.
    pub fn new(which: WhichContext, projects: &[ProjectRecord], generated_at: String) -> Self {
        let settings = || projects.iter().map(|record| &record.project.settings);
        Self {
            meta: ContextMeta {
                generated_at,
                project_count: projects.len(),
                filter: ContextFilter { folder_id: which.folder_id, tag: which.tag },
            },
            style_reference: StyleReference {
                common_styles: frequent(settings().map(|settings| settings.style.as_str())),
                preferred_voices: frequent(settings().map(|settings| settings.voice.as_str())),
            },
            content_examples: projects.iter().map(ContentExample::of).collect(),
        }
    }
}

impl ContentExample {
    fn of(record: &ProjectRecord) -> Self {
        let (settings, scenes) = (&record.project.settings, &record.project.scenes);
        let said: Vec<&str> = scenes.iter().map(|scene| scene.narration.as_str()).collect();
        let title = if settings.title.is_empty() { &settings.topic } else { &settings.title };
        Self {
            title: title.clone(),
            description: settings.description.clone(),
            script_sample: said.join(" "),
            visual_style_sample: scenes.iter().take(SAMPLES).map(|scene| scene.visual_description.clone()).collect(),
        }
    }
}

/// The most frequent texts, the first of equals by their letters.
fn frequent<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for text in texts.filter(|text| !text.trim().is_empty()) {
        *counts.entry(text).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.into_iter().take(COMMON).map(|(text, _)| text.to_owned()).collect()
}
