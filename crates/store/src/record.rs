//! Between the rows of the tables and the nouns of `model`, both ways. No queries here.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::choice::Choice;
use model::project::{Asset, Project, Render, Scene, Settings, Slot};
use model::question::Question;
use sea_orm::entity::prelude::{DateTimeUtc, Json, Uuid};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, Iterable, ModelTrait};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::entity::{project, render, scene};
use crate::{Details, ProjectLock, ProjectRecord, StoreError};

/// The record of a project from its rows; the scenes are in order.
pub fn project_record(
    mut row: project::Model,
    scenes: Vec<scene::Model>,
    render: Option<render::Model>,
) -> Result<ProjectRecord, StoreError> {
    let what = format!("project {}", row.id);
    let music = music(&mut row).read(&what, "music")?;
    let script = script(&mut row).read(&what, "script")?;
    let answer = row.answer.map(|answer| from_json(answer, &what, "answer")).transpose()?;
    let ask = row.question.map(|ask| from_json(ask, &what, "question")).transpose()?;
    let question = ask.map(|ask| Box::new(Question { ask, answer }));
    let settings = Settings {
        topic: row.topic,
        title: row.title,
        description: row.description,
        style: row.style,
        language: row.language,
        voice: row.voice_name,
        speech_vendor: row.tts_provider,
        include_music: row.include_music,
        music_prompt: row.bg_music_prompt,
        video: from_json(row.video_options, &what, "video_options")?,
        choice: row.choice.map(|choice| from_json(choice, &what, "choice")).transpose()?.unwrap_or_default(),
        speech_speed: row.speech_speed,
        reference: row.reference_image_url,
        characters: row.character_ids.map(|ids| from_json(ids, &what, "character_ids")).transpose()?.unwrap_or_default(),
    };
    let scene_created_at: BTreeMap<Uuid, DateTimeUtc> = scenes.iter().map(|scene| (scene.id, scene.created_at)).collect();
    let project = Project {
        id: row.id,
        owner: row.owner_id,
        status: from_word(&row.status, &what, "status")?,
        settings,
        scenes: scenes.into_iter().map(scene_of).collect::<Result<_, _>>()?,
        script,
        question,
        notice: row.notice,
        music,
        render: render.map(render_of).transpose()?,
        revision: row.revision,
    };
    let lock = row.lock_session_id.zip(row.lock_expires_at).map(|(session, until)| ProjectLock { session, until });
    let details = Details {
        tags: from_json(row.tags, &what, "tags")?,
        folder_id: row.folder_id,
        show_id: row.show_id,
        episode_number: row.episode_number,
        is_archived: row.is_archived,
        duration_config: row.duration_config,
        video_model: row.video_model,
        audio_model: row.audio_model,
    };
    let (source, created_at, updated_at, event_number) = (row.source, row.created_at, row.updated_at, row.event_number);
    Ok(ProjectRecord { project, details, lock, source, created_at, updated_at, event_number, scene_created_at })
}

fn scene_of(mut row: scene::Model) -> Result<Scene, StoreError> {
    let what = format!("scene {}", row.id);
    Ok(Scene {
        image: image(&mut row).read(&what, "image")?,
        audio: audio(&mut row).read(&what, "audio")?,
        video: video(&mut row).read(&what, "video")?,
        sfx: sfx(&mut row).read(&what, "sfx")?,
        words_missing: row.words_missing,
        word_timings: from_json(row.word_timings, &what, "word_timings")?,
        look: row.look.map(|look| from_json(look, &what, "look")).transpose()?.unwrap_or_default(),
        voice: row.voice.map(|voice| from_json(voice, &what, "voice")).transpose()?,
        character: row.character_id,
        id: row.id,
        number: row.number,
        narration: row.narration,
        visual_description: row.visual_description,
        duration_seconds: row.duration_seconds,
        moving: row.moving,
    })
}

/// The render from its row.
pub fn render_of(row: render::Model) -> Result<Render, StoreError> {
    let what = format!("render {}", row.id);
    Ok(Render {
        status: from_word(&row.status, &what, "status")?,
        output: row.output.map(|output| from_json(output, &what, "output")).transpose()?,
        id: row.id,
        progress: row.progress,
        error: row.error,
        revision: row.revision,
        storyboard: row.storyboard.map(|storyboard| from_json(storyboard, &what, "storyboard")).transpose()?.map(Arc::new),
    })
}

/// The row of a project that has nothing yet, created at `now`.
pub fn new_project_row(project: &Project, now: DateTimeUtc) -> Result<project::Model, StoreError> {
    let mut row = project::Model {
        id: project.id,
        owner_id: project.owner,
        status: String::new(),
        revision: 0,
        topic: String::new(),
        title: String::new(),
        description: String::new(),
        style: String::new(),
        language: String::new(),
        voice_name: String::new(),
        tts_provider: String::new(),
        include_music: false,
        bg_music_prompt: String::new(),
        video_options: Json::Null,
        music_status: String::new(),
        music_generation: 0,
        music_attempts: 0,
        music_take: 0,
        music_given: false,
        music_asset: None,
        music_error: None,
        script_status: String::new(),
        script_generation: 0,
        script_attempts: 0,
        script_take: 0,
        script_given: false,
        script_asset: None,
        script_error: None,
        question: None,
        answer: None,
        notice: None,
        render_id: None,
        event_number: 0,
        source: None,
        tags: Json::Null,
        folder_id: None,
        show_id: None,
        episode_number: None,
        is_archived: false,
        duration_config: None,
        reference_image_url: None,
        character_ids: None,
        video_model: String::new(),
        audio_model: None,
        choice: None,
        speech_speed: None,
        budget_micros: None,
        spent_micros: 0,
        created_at: now,
        updated_at: now,
        lock_session_id: None,
        lock_expires_at: None,
    };
    fill_project(&mut row, project)?;
    Ok(row)
}

/// Puts all that the workflow decides on into a project's row.
pub fn fill_project(row: &mut project::Model, project: &Project) -> Result<(), StoreError> {
    let what = format!("project {}", project.id);
    row.status = word(project.status, &what, "status")?;
    row.revision = project.revision;
    let settings = &project.settings;
    row.topic.clone_from(&settings.topic);
    row.title.clone_from(&settings.title);
    row.description.clone_from(&settings.description);
    row.style.clone_from(&settings.style);
    row.language.clone_from(&settings.language);
    row.voice_name.clone_from(&settings.voice);
    row.tts_provider.clone_from(&settings.speech_vendor);
    row.include_music = settings.include_music;
    row.bg_music_prompt.clone_from(&settings.music_prompt);
    row.video_options = json(&settings.video, &what, "video_options")?;
    let choice = (settings.choice != Choice::default()).then_some(&settings.choice);
    row.choice = choice.map(|choice| json(choice, &what, "choice")).transpose()?;
    row.speech_speed = settings.speech_speed;
    row.reference_image_url.clone_from(&settings.reference);
    let characters = (!settings.characters.is_empty()).then_some(&settings.characters);
    row.character_ids = characters.map(|ids| json(ids, &what, "character_ids")).transpose()?;
    row.render_id = project.render.as_ref().map(|render| render.id);
    row.notice.clone_from(&project.notice);
    let question = project.question.as_deref();
    row.question = question.map(|question| json(&question.ask, &what, "question")).transpose()?;
    let answer = question.and_then(|question| question.answer.as_ref());
    row.answer = answer.map(|answer| json(answer, &what, "answer")).transpose()?;
    script(row).write(&project.script, &what, "script")?;
    music(row).write(&project.music, &what, "music")
}

/// Puts the Studio's details into a project's row.
pub fn fill_details(row: &mut project::Model, details: &Details) -> Result<(), StoreError> {
    row.tags = json(&details.tags, &format!("project {}", row.id), "tags")?;
    row.folder_id = details.folder_id;
    (row.show_id, row.episode_number) = (details.show_id, details.episode_number);
    row.is_archived = details.is_archived;
    row.duration_config.clone_from(&details.duration_config);
    row.video_model.clone_from(&details.video_model);
    row.audio_model.clone_from(&details.audio_model);
    Ok(())
}

/// The row of a new scene, created at `now`.
pub fn new_scene_row(scene: &Scene, project: Uuid, now: DateTimeUtc) -> Result<scene::Model, StoreError> {
    let mut row = scene::Model {
        id: scene.id,
        project_id: project,
        number: 0,
        narration: String::new(),
        visual_description: String::new(),
        duration_seconds: 0.0,
        word_timings: Json::Null,
        moving: false,
        image_status: String::new(),
        image_generation: 0,
        image_attempts: 0,
        image_take: 0,
        image_given: false,
        image_asset: None,
        image_error: None,
        audio_status: String::new(),
        audio_generation: 0,
        audio_attempts: 0,
        audio_take: 0,
        audio_given: false,
        audio_asset: None,
        audio_error: None,
        video_status: String::new(),
        video_generation: 0,
        video_attempts: 0,
        video_take: 0,
        video_given: false,
        video_asset: None,
        video_error: None,
        sfx_status: String::new(),
        sfx_generation: 0,
        sfx_attempts: 0,
        sfx_take: 0,
        sfx_given: false,
        sfx_asset: None,
        sfx_error: None,
        words_missing: false,
        look: None,
        character_id: None,
        voice: None,
        created_at: now,
    };
    fill_scene(&mut row, scene)?;
    Ok(row)
}

/// Puts a scene into its row.
pub fn fill_scene(row: &mut scene::Model, scene: &Scene) -> Result<(), StoreError> {
    let what = format!("scene {}", scene.id);
    row.number = scene.number;
    row.narration.clone_from(&scene.narration);
    row.visual_description.clone_from(&scene.visual_description);
    row.duration_seconds = scene.duration_seconds;
    row.word_timings = json(&scene.word_timings, &what, "word_timings")?;
    row.moving = scene.moving;
    row.words_missing = scene.words_missing;
    row.look = Some(json(scene.look, &what, "look")?);
    row.character_id = scene.character;
    row.voice = scene.voice.as_ref().map(|voice| json(voice, &what, "voice")).transpose()?;
    image(row).write(&scene.image, &what, "image")?;
    audio(row).write(&scene.audio, &what, "audio")?;
    video(row).write(&scene.video, &what, "video")?;
    sfx(row).write(&scene.sfx, &what, "sfx")
}

/// The row of a new render, asked for at `now`.
pub fn new_render_row(render: &Render, project: Uuid, now: DateTimeUtc) -> Result<render::Model, StoreError> {
    let mut row = render::Model {
        id: render.id,
        project_id: project,
        status: String::new(),
        progress: 0.0,
        error: None,
        output: None,
        revision: 0,
        storyboard: None,
        created_at: now,
        updated_at: now,
    };
    let storyboard = render.storyboard.as_deref();
    row.storyboard = storyboard.map(|given| json(given, &format!("render {}", render.id), "storyboard")).transpose()?;
    fill_render(&mut row, render)?;
    Ok(row)
}

/// Puts all that can change of a render into its row.
pub fn fill_render(row: &mut render::Model, render: &Render) -> Result<(), StoreError> {
    let what = format!("render {}", render.id);
    row.status = word(render.status, &what, "status")?;
    row.progress = render.progress;
    row.error.clone_from(&render.error);
    row.output = render.output.as_ref().map(|output| json(output, &what, "output")).transpose()?;
    row.revision = render.revision;
    Ok(())
}

/// The row's changed columns, or `None` when nothing has changed.
pub fn changes<M, A>(before: M, after: &M) -> Option<A>
where
    M: ModelTrait + IntoActiveModel<A>,
    A: ActiveModelTrait<Entity = M::Entity>,
{
    let mut row = before.into_active_model();
    for column in <M::Entity as EntityTrait>::Column::iter() {
        row.set_if_not_equals(column, after.get(column));
    }
    row.is_changed().then_some(row)
}

/// The columns of one slot.
struct Columns<'a> {
    status: &'a mut String,
    generation: &'a mut i64,
    attempts: &'a mut i32,
    take: &'a mut i32,
    given: &'a mut bool,
    asset: &'a mut Option<Json>,
    error: &'a mut Option<String>,
}

macro_rules! slot_columns {
    ($slot:ident, $row:ty, $($column:ident: $name:ident),*) => {
        fn $slot(row: &mut $row) -> Columns<'_> {
            Columns { $($column: &mut row.$name),* }
        }
    };
}
slot_columns!(image, scene::Model, status: image_status, generation: image_generation, attempts: image_attempts,
    take: image_take, given: image_given, asset: image_asset, error: image_error);
slot_columns!(audio, scene::Model, status: audio_status, generation: audio_generation, attempts: audio_attempts,
    take: audio_take, given: audio_given, asset: audio_asset, error: audio_error);
slot_columns!(video, scene::Model, status: video_status, generation: video_generation, attempts: video_attempts,
    take: video_take, given: video_given, asset: video_asset, error: video_error);
slot_columns!(sfx, scene::Model, status: sfx_status, generation: sfx_generation, attempts: sfx_attempts,
    take: sfx_take, given: sfx_given, asset: sfx_asset, error: sfx_error);
slot_columns!(script, project::Model, status: script_status, generation: script_generation, attempts: script_attempts,
    take: script_take, given: script_given, asset: script_asset, error: script_error);
slot_columns!(music, project::Model, status: music_status, generation: music_generation, attempts: music_attempts,
    take: music_take, given: music_given, asset: music_asset, error: music_error);

impl Columns<'_> {
    fn read(self, what: &str, slot: &str) -> Result<Slot, StoreError> {
        let asset = self.asset.take().map(|asset| from_json::<Asset>(asset, what, slot)).transpose()?;
        Ok(Slot {
            status: from_word(self.status, what, slot)?,
            generation: *self.generation,
            attempts: *self.attempts,
            take: *self.take,
            given: *self.given,
            asset,
            error: self.error.take(),
        })
    }

    fn write(self, slot: &Slot, what: &str, name: &str) -> Result<(), StoreError> {
        *self.status = word(slot.status, what, name)?;
        *self.generation = slot.generation;
        *self.attempts = slot.attempts;
        *self.take = slot.take;
        *self.given = slot.given;
        *self.asset = slot.asset.as_ref().map(|asset| json(asset, what, name)).transpose()?;
        self.error.clone_from(&slot.error);
        Ok(())
    }
}

/// A value as JSON for a column.
pub fn json(value: impl Serialize, what: &str, field: &str) -> Result<Json, StoreError> {
    serde_json::to_value(value).map_err(|error| unreadable(what, field, &error))
}

/// The value in a JSON column.
pub fn from_json<T: DeserializeOwned>(value: Json, what: &str, field: &str) -> Result<T, StoreError> {
    serde_json::from_value(value).map_err(|error| unreadable(what, field, &error))
}

/// The word that stands for a status in the database: the same as in JSON.
pub fn word(status: impl Serialize, what: &str, field: &str) -> Result<String, StoreError> {
    from_json(json(status, what, field)?, what, field)
}

fn from_word<T: DeserializeOwned>(word: &str, what: &str, field: &str) -> Result<T, StoreError> {
    from_json(Json::String(word.to_owned()), what, field)
}

fn unreadable(what: &str, field: &str, error: &serde_json::Error) -> StoreError {
    StoreError::Unreadable { what: what.to_owned(), problem: format!("{field}: {error}") }
}
