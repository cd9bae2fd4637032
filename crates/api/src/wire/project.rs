//! Projects on the wire.

use garde::Validate;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{CharacterRecord, ProjectRecord};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::asset::{CreditRow, credit, made_by};
use super::character::CharacterRow;
use super::choice::VendorWish;
use super::rule::{labels, nullable, small_json, speed, text, vendor};
use super::scene::{SceneInProject, content_url};
use super::stamp;
use super::status::{MediaStatus, MediaType, MusicStatus, WholeStatus};
use crate::key::url_of;

/// A new project.
#[derive(Clone, Deserialize, Validate, ToSchema)]
pub struct CreateProject {
    /// What the video is about. Required unless there is a `script`.
    #[garde(custom(text(1, 10_000)))]
    #[schema(example = "How people first came to the Moon")]
    pub topic: Option<String>,
    /// A script in Markdown, whose paragraphs become the scenes and whose front matter becomes the settings.
    #[garde(custom(text(1, 1_000_000)))]
    #[schema(example = "# The Moon\n\n![a rocket on the launch pad]\n\nIn July 1969 three people flew to the Moon.\n")]
    pub script: Option<String>,
    /// The look, in your words.
    #[garde(custom(text(0, 1_000)))]
    #[schema(example = "cinematic")]
    pub style: Option<String>,
    /// Language of the narration; `en` when left out.
    #[garde(custom(text(1, 100)))]
    #[schema(example = "en")]
    pub language: Option<String>,
    /// The voice; the language's default when left out.
    #[garde(custom(text(0, 200)))]
    pub voice_name: Option<String>,
    /// Which vendor speaks; the server's default when left out.
    #[garde(custom(vendor))]
    pub tts_provider: Option<String>,
    /// The vendor's model.
    #[garde(custom(text(0, 200)))]
    pub audio_model: Option<String>,
    /// A picture whose look all pictures should follow: a data URI, or your own PNG, JPEG or WebP as a key or an address. Vendors that
    /// can't see ignore it.
    #[garde(custom(text(0, crate::BODY_LIMIT)))]
    pub reference_image_url: Option<String>,
    /// The characters that pictures show where a scene names nobody, in this order: your own, at most 20.
    #[serde(rename = "characterIds")]
    #[garde(length(max = 20))]
    pub character_ids: Option<Vec<Uuid>>,
    /// Whether there is background music; `false` when left out and there is no `script`.
    #[garde(skip)]
    #[schema(example = true)]
    pub include_music: Option<bool>,
    /// The music's mood, in your words.
    #[garde(custom(text(0, 1_000)))]
    pub bg_music_prompt: Option<String>,
    /// Your own music, as a key or an address: it is never replaced, and switches music on.
    #[garde(custom(text(0, 2_000)))]
    pub bg_music_url: Option<String>,
    /// Kept with the project.
    #[garde(custom(small_json))]
    pub duration_config: Option<Value>,
    /// Title of the video.
    #[garde(custom(text(0, 500)))]
    pub generated_title: Option<String>,
    /// Description for publishing.
    #[garde(custom(text(0, 10_000)))]
    pub generated_description: Option<String>,
    /// The folder: one of your own.
    #[garde(skip)]
    pub folder_id: Option<Uuid>,
    /// The show whose episode it is: one of your own.
    #[garde(skip)]
    pub show_id: Option<Uuid>,
    /// Which episode, from 1.
    #[garde(inner(range(min = 1)))]
    #[schema(minimum = 1)]
    pub episode_number: Option<i32>,
    /// Labels.
    #[garde(custom(labels))]
    pub tags: Option<Vec<String>>,
    /// Whom to ask for what; what is left out is as the server's configuration says.
    #[garde(dive)]
    pub vendors: Option<VendorWish>,
    /// How fast narrations are spoken, 0.5 to 2; 1 is the voice's own speed.
    #[garde(custom(speed))]
    #[schema(example = 1.0, minimum = 0.5, maximum = 2)]
    pub speech_speed: Option<f64>,
}

/// Changes of a project; what is left out stays. A `status` is ignored: only the workflow changes it.
#[derive(Deserialize, Validate, ToSchema)]
pub struct PatchProject {
    /// What the video is about.
    #[garde(custom(text(1, 10_000)))]
    pub topic: Option<String>,
    /// The look, in your words.
    #[garde(custom(text(0, 1_000)))]
    pub style: Option<String>,
    /// Language of the narration.
    #[garde(custom(text(1, 100)))]
    #[schema(example = "pt-BR")]
    pub language: Option<String>,
    /// The voice.
    #[garde(custom(text(0, 200)))]
    pub voice_name: Option<String>,
    /// Which vendor speaks.
    #[garde(custom(vendor))]
    pub tts_provider: Option<String>,
    /// The vendor's model.
    #[garde(custom(text(0, 200)))]
    pub audio_model: Option<String>,
    /// Title of the video.
    #[garde(custom(text(0, 500)))]
    #[schema(example = "The Moon")]
    pub generated_title: Option<String>,
    /// Description for publishing.
    #[garde(custom(text(0, 10_000)))]
    pub generated_description: Option<String>,
    /// A picture whose look pictures that are still to be made should follow, as in a new project; `null` takes it away.
    #[serde(default, deserialize_with = "nullable")]
    #[garde(custom(text(0, crate::BODY_LIMIT)))]
    pub reference_image_url: Option<Option<String>>,
    /// The characters that pictures show where a scene names nobody, instead of those before: your own, at most 20.
    #[serde(rename = "characterIds")]
    #[garde(length(max = 20))]
    pub character_ids: Option<Vec<Uuid>>,
    /// Your own music, as a key or an address: it is never replaced, and switches music on. An empty text takes it
    /// out, and leaves music that was made; `null` changes nothing.
    #[serde(default, deserialize_with = "nullable")]
    #[garde(custom(text(0, 2_000)))]
    pub bg_music_url: Option<Option<String>>,
    /// The music's mood; `null` takes it away.
    #[serde(default, deserialize_with = "nullable")]
    #[garde(custom(text(0, 1_000)))]
    pub bg_music_prompt: Option<Option<String>>,
    /// Whether there is background music.
    #[garde(skip)]
    pub include_music: Option<bool>,
    /// The folder: one of your own, `null` for none.
    #[serde(default, deserialize_with = "nullable")]
    #[garde(skip)]
    pub folder_id: Option<Option<Uuid>>,
    /// The show whose episode it is: one of your own, `null` for none.
    #[serde(default, deserialize_with = "nullable")]
    #[garde(skip)]
    pub show_id: Option<Option<Uuid>>,
    /// Which episode, from 1; `null` for none.
    #[serde(default, deserialize_with = "nullable")]
    #[garde(inner(inner(range(min = 1))))]
    #[schema(minimum = 1)]
    pub episode_number: Option<Option<i32>>,
    /// Whether it is put away.
    #[garde(skip)]
    pub is_archived: Option<bool>,
    /// Kept with the project; `null` takes it away.
    #[serde(default, deserialize_with = "nullable")]
    #[garde(custom(|value: &Option<Option<Value>>, ctx: &()| small_json(&value.clone().flatten(), ctx)))]
    pub duration_config: Option<Option<Value>>,
    /// Labels.
    #[garde(custom(labels))]
    pub tags: Option<Vec<String>>,
    /// Whom to ask for what; `null` for what the server's configuration says.
    #[serde(default, deserialize_with = "nullable")]
    #[garde(dive)]
    pub vendors: Option<Option<VendorWish>>,
    /// How fast narrations are spoken, 0.5 to 2; `null` is the voice's own speed.
    #[serde(default, deserialize_with = "nullable")]
    #[garde(custom(|value: &Option<Option<f64>>, ctx: &()| speed(&value.flatten(), ctx)))]
    #[schema(example = 1.0, minimum = 0.5, maximum = 2)]
    pub speech_speed: Option<Option<f64>>,
}

/// Which projects.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WhichProjects {
    /// At most so many (1 to 100); then the answer is a page with `data` and `meta`, otherwise a plain array of all.
    #[param(value_type = Option<i64>, example = 12)]
    pub limit: Option<String>,
    /// Leave out so many of the newest.
    #[param(value_type = Option<i64>, example = 0)]
    pub offset: Option<String>,
    /// Only those in this folder; `root` for those in none.
    pub folder_id: Option<String>,
    /// Only those that are put away (`true`) or are not (`false`, and whatever else).
    #[param(example = "false")]
    pub is_archived: Option<String>,
}

/// A project.
#[derive(Serialize, ToSchema)]
pub struct ProjectRow {
    id: Uuid,
    user_id: Uuid,
    topic: String,
    style: String,
    language: String,
    voice_name: String,
    tts_provider: String,
    /// The picture whose look all pictures should follow.
    reference_image_url: Option<String>,
    /// Always `null`.
    reference_characters_snapshot: Option<Value>,
    video_model: String,
    audio_model: Option<String>,
    include_music: bool,
    bg_music_prompt: Option<String>,
    bg_music_url: Option<String>,
    /// Vendor and model of the music; `given` if you brought it.
    bg_music_made_by: Option<String>,
    /// Whose music it is, where its licence may ask for a mention.
    bg_music_credit: Option<CreditRow>,
    /// `null` without music.
    bg_music_status: Option<MusicStatus>,
    status: WholeStatus,
    generated_title: Option<String>,
    generated_description: Option<String>,
    duration_config: Option<Value>,
    /// Which session has it locked, or had until `lock_expires_at`.
    lock_session_id: Option<String>,
    #[schema(format = DateTime)]
    lock_expires_at: Option<String>,
    is_archived: bool,
    tags: Vec<String>,
    folder_id: Option<Uuid>,
    /// Whom to ask for what.
    vendors: VendorWish,
    /// `null` is the voice's own speed.
    speech_speed: Option<f64>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    /// The show whose episode it is.
    show_id: Option<Uuid>,
    /// Which episode.
    episode_number: Option<i32>,
    /// Those that it has chosen, in their order.
    characters: Vec<CharacterRow>,
}

/// A text, or `null` for an empty one.
pub fn filled(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// The music's status, if there is to be music.
pub fn music_status(record: &ProjectRecord) -> Option<MusicStatus> {
    record.project.settings.include_music.then(|| record.project.music.status.into())
}

/// The address of the music, if there is to be music.
pub fn music_url(record: &ProjectRecord) -> Option<String> {
    content_url(&record.project.music).filter(|_| record.project.settings.include_music)
}

impl ProjectRow {
    /// A project that has chosen these characters.
    pub fn new(record: &ProjectRecord, characters: &[CharacterRecord]) -> Self {
        let (project, details) = (&record.project, &record.details);
        let settings = &project.settings;
        Self {
            id: project.id,
            user_id: project.owner,
            topic: settings.topic.clone(),
            style: settings.style.clone(),
            language: settings.language.clone(),
            voice_name: settings.voice.clone(),
            tts_provider: settings.speech_vendor.clone(),
            reference_image_url: settings.reference.as_deref().map(reference_url),
            reference_characters_snapshot: None,
            video_model: details.video_model.clone(),
            audio_model: details.audio_model.clone(),
            include_music: settings.include_music,
            bg_music_prompt: filled(&settings.music_prompt),
            bg_music_url: music_url(record),
            bg_music_made_by: made_by(&project.music),
            bg_music_credit: credit(&project.music),
            bg_music_status: music_status(record),
            status: project.status.into(),
            generated_title: filled(&settings.title),
            generated_description: filled(&settings.description),
            duration_config: details.duration_config.clone(),
            lock_session_id: record.lock.as_ref().map(|lock| lock.session.clone()),
            lock_expires_at: record.lock.as_ref().map(|lock| stamp(lock.until)),
            is_archived: details.is_archived,
            tags: details.tags.clone(),
            folder_id: details.folder_id,
            vendors: VendorWish::from(&settings.choice),
            speech_speed: settings.speech_speed,
            created_at: stamp(record.created_at),
            updated_at: stamp(record.updated_at),
            show_id: details.show_id,
            episode_number: details.episode_number,
            characters: characters.iter().map(Into::into).collect(),
        }
    }
}

/// A project with its scenes.
#[derive(Serialize, ToSchema)]
pub struct ProjectWithScenes {
    #[serde(flatten)]
    project: ProjectRow,
    /// In their order.
    scenes: Vec<SceneInProject>,
}

/// The address of a project's reference picture; older versions kept whatever they were sent.
pub fn reference_url(reference: &str) -> String {
    if assets::check_key(reference) { url_of(reference) } else { reference.to_owned() }
}

impl ProjectWithScenes {
    /// A project that has chosen these characters.
    pub fn new(record: &ProjectRecord, characters: &[CharacterRecord]) -> Self {
        let created = |id: &Uuid| record.scene_created_at.get(id).copied();
        let scene = |scene: &model::project::Scene| SceneInProject::new(record.project.id, scene, created(&scene.id));
        Self { project: ProjectRow::new(record, characters), scenes: record.project.scenes.iter().map(scene).collect() }
    }
}

/// A project in a list.
#[derive(Serialize, ToSchema)]
pub struct ListedProject {
    id: Uuid,
    user_id: Uuid,
    topic: String,
    style: String,
    language: String,
    voice_name: String,
    tts_provider: String,
    #[schema(format = DateTime)]
    created_at: String,
    generated_title: Option<String>,
    generated_description: Option<String>,
    status: WholeStatus,
    is_archived: bool,
    tags: Vec<String>,
    folder_id: Option<Uuid>,
    scenes: Vec<ListedScene>,
}

/// A scene in a list of projects.
#[derive(Serialize, ToSchema)]
pub struct ListedScene {
    id: Uuid,
    scene_number: i32,
    image_status: MediaStatus,
    audio_status: MediaStatus,
    video_status: MediaStatus,
    media_type: MediaType,
}

impl From<&ProjectRecord> for ListedProject {
    fn from(record: &ProjectRecord) -> Self {
        let row = ProjectRow::new(record, &[]);
        let scene = |scene: &model::project::Scene| ListedScene {
            id: scene.id,
            scene_number: scene.number,
            image_status: scene.image.status.into(),
            audio_status: scene.audio.status.into(),
            video_status: scene.video.status.into(),
            media_type: MediaType::of(scene.moving),
        };
        Self {
            id: row.id,
            user_id: row.user_id,
            topic: row.topic,
            style: row.style,
            language: row.language,
            voice_name: row.voice_name,
            tts_provider: row.tts_provider,
            created_at: row.created_at,
            generated_title: row.generated_title,
            generated_description: row.generated_description,
            status: row.status,
            is_archived: row.is_archived,
            tags: row.tags,
            folder_id: row.folder_id,
            scenes: record.project.scenes.iter().map(scene).collect(),
        }
    }
}

/// Projects, newest first.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum ProjectList {
    /// With `limit`.
    Page {
        /// The projects of this page.
        data: Vec<ListedProject>,
        /// Where the page stands.
        meta: PageMeta,
    },
    /// Without `limit`.
    All(Vec<ListedProject>),
}

/// Where a page stands.
#[derive(Serialize, ToSchema)]
pub struct PageMeta {
    /// How many there are altogether.
    pub total: u64,
    /// The most on a page.
    pub limit: u64,
    /// How many were left out before this page.
    pub offset: u64,
}

/// It is done.
#[derive(Serialize, ToSchema)]
pub struct Success {
    /// Always `true`.
    pub success: bool,
}
