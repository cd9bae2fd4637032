//! Projects as archives: taken along, kept, brought to another server.

use axum::Json;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, stream};
use model::project::{Settings, VideoOptions};
use model::storyboard::{Storyboard, StoryboardScene};
use model::workflow::{Edit, GivenSpeech, Input, SceneChange, SceneDraft};
use std::io::{Seek, Write};
use store::{Details, NewProject, ProjectQuery, ProjectRecord};
use uuid::Uuid;

use super::own_project;
use super::projects::{folder_of, number};
use crate::archive::read::Archive;
use crate::archive::{Description, describe, file_name, write};
use crate::error::ApiError;
use crate::extract::{Asked, PathId};
use crate::news::News;
use crate::once::{answer, respond};
use crate::signed::Signed;
use crate::wire::context::{ExportContext, WhichContext};
use crate::wire::project::ProjectRow;
use crate::wire::refusal::{Error, Refusals};
use crate::wire::stamp;

/// The most bytes of an archive.
const MOST: usize = 1 << 30;
/// A narration, title or prompt of an archive is shorter, in characters.
const LONGEST_TEXT: usize = 20_000;

/// Settings as JSON are shorter, in bytes.
const LONGEST_SETTINGS: usize = 256 << 10;

/// The limit of the route that takes archives.
pub fn limit() -> DefaultBodyLimit {
    DefaultBodyLimit::max(MOST)
}

/// Export a project
///
/// A ZIP archive with `project.json` and the pictures, narrations, clips and music that are there; it can be imported again. It
/// is made while it is sent. What could not be read is named in `metadata.missing`.
#[utoipa::path(
    get, path = "/api/projects/{id}/export", tag = "Projects", operation_id = "exportProject",
    params(("id" = Uuid, Path, description = "The project's id.")),
    responses((status = 200, description = "The archive.", body = [u8], content_type = "application/zip"), Refusals),
)]
pub async fn export(app: Signed, id: PathId) -> Result<Response, ApiError> {
    let record = own_project(&app, id.of("Project")?).await?;
    let (description, media) = describe(&record, stamp((app.clock)()));
    let pieces = write::stream(app.assets.clone(), description, media);
    let pieces = stream::unfold(pieces, |mut pieces| async move { Some((pieces.recv().await?, pieces)) });
    let name = format!("attachment; filename=\"{}\"", file_name(&record));
    let name = HeaderValue::from_str(&name).map_err(|_| ApiError::Internal(format!("{name:?} can't be a header")))?;
    let headers = [(header::CONTENT_TYPE, HeaderValue::from_static("application/zip")), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, Body::from_stream(pieces)).into_response())
}

/// Import a project
///
/// The request's body is an archive of `GET /api/projects/{id}/export`, at most 1 GiB. It becomes a new project of yours, with
/// all that is in it; nothing is made anew. Characters are their owner's, and stay where they are: choose yours in the new one.
#[utoipa::path(
    post, path = "/api/projects/import", tag = "Projects", operation_id = "importProject",
    request_body(content = [u8], content_type = "application/zip", description = "The archive."),
    responses(
        (status = 201, description = "The project.", body = ProjectRow),
        (status = 413, description = "The archive has more than 1 GiB.", body = Error),
        Refusals
    ),
)]
pub async fn import(app: Signed, request: Request) -> Result<Response, ApiError> {
    let mut archive = Archive::open(received(request).await?)?;
    let description = archive.description()?;
    check(&description)?;
    let project = (app.new_id)();
    let mut steps = Vec::new();
    let mut drafts = Vec::new();
    for (index, scene) in description.scenes.iter().enumerate() {
        let exact = description.shortsai.as_ref().and_then(|exact| exact.scenes.get(index));
        let id = (app.new_id)();
        let image = match &scene.image {
            Some(path) => Some(archive.take(&app.assets, path, "image").await?),
            None => None,
        };
        // Older archives name clips by addresses elsewhere; those are not fetched.
        let video = match scene.video.as_ref().filter(|path| !path.contains("://") && !path.starts_with('/')) {
            Some(path) => Some(archive.take(&app.assets, path, "video").await?),
            None => None,
        };
        let mut change = SceneChange { seconds: Some(scene.duration), ..SceneChange::default() };
        if let Some(path) = &scene.audio {
            let words = exact.map(|exact| exact.word_timings.clone()).unwrap_or_default();
            let asset = archive.take(&app.assets, path, "audio").await?;
            change.given_speech = Some(Box::new(GivenSpeech { asset, seconds: Some(scene.duration), words }));
        }
        change.moving = exact.map(|exact| exact.moving);
        let look = exact.map(|exact| exact.look).unwrap_or_default();
        let voice = exact.and_then(|exact| exact.voice.clone());
        let (narration, visual_description) = (scene.text.clone(), scene.prompt.clone());
        drafts.push(SceneDraft { id, narration, visual_description, image, video, look, character: None, voice });
        steps.push(Input::Edit(Edit::ChangeScene { scene: id, change }));
    }
    if !drafts.is_empty() {
        steps.insert(0, Input::Edit(Edit::ReplaceScenes(drafts)));
    }
    if let Some(path) = &description.background_music {
        steps.push(Input::Edit(Edit::GiveMusic(Some(archive.take(&app.assets, path, "audio").await?))));
    }
    let mut reference = None;
    if let Some(path) = &description.reference_image {
        let key = archive.take(&app.assets, path, "image").await?.key;
        app.store.note_upload(app.user.id, &key, (app.clock)()).await?;
        reference = Some(key);
    }
    let (settings, details) = settings_of(description, reference);
    let new = NewProject { id: project, owner: app.user.id, settings, details, source: None, characters: Vec::new() };
    let row = |record: &ProjectRecord| answer(StatusCode::CREATED, &[], &ProjectRow::new(record, &[]));
    let done = app.store.begin_project(new, steps, None, None, (app.clock)(), row).await?;
    app.memory.news.tell(News::ProjectCreated(project));
    Ok(respond(done))
}

/// The body, in a file that goes by itself.
async fn received(request: Request) -> Result<std::fs::File, ApiError> {
    let broken = |error: std::io::Error| ApiError::Internal(format!("an archive can't be kept: {error}"));
    let mut file = tempfile::tempfile().map_err(broken)?;
    let (mut body, mut bytes) = (request.into_body().into_data_stream(), 0);
    while let Some(piece) = body.next().await {
        let cut = "The request's body could not be read to its end; send it again.";
        let piece = piece.map_err(|_| ApiError::plain(StatusCode::BAD_REQUEST, cut))?;
        bytes += piece.len();
        if bytes > MOST {
            return Err(ApiError::plain(StatusCode::PAYLOAD_TOO_LARGE, "The archive is larger than 1 GiB."));
        }
        file.write_all(&piece).map_err(broken)?;
    }
    file.rewind().map_err(broken)?;
    Ok(file)
}

/// Refuses what no project can hold.
fn check(description: &Description) -> Result<(), ApiError> {
    let wrong = |problem: String| Err(ApiError::plain(StatusCode::BAD_REQUEST, problem));
    if description.scenes.len() > model::storyboard::MAX_SCENES {
        return wrong(format!(
            "The archive has {} scenes; a project has at most {}.",
            description.scenes.len(),
            model::storyboard::MAX_SCENES
        ));
    }
    for scene in &description.scenes {
        if scene.text.trim().is_empty() {
            return wrong(format!("{} in the archive has no text.", scene.id));
        }
        let long =
            [&scene.text, &scene.prompt].into_iter().any(|text| text.chars().count() > LONGEST_TEXT || text.contains('\0'));
        if long || !scene.duration.is_finite() || !(0.0..=3_600.0).contains(&scene.duration) {
            return wrong(format!("{} in the archive has a text or duration that no scene can have.", scene.id));
        }
    }
    let Some(exact) = &description.shortsai else { return Ok(()) };
    let settings = serde_json::to_string(&exact.settings).map_err(|error| ApiError::Internal(error.to_string()))?;
    if settings.len() > LONGEST_SETTINGS || settings.contains("\\u0000") {
        return wrong("The settings in the archive are too long, or hold the NUL character.".to_owned());
    }
    let VideoOptions { size, fps, captions, transition, music } = exact.settings.video.clone();
    let scenes = vec![StoryboardScene { duration: Some(1.0), image_url: Some("x".to_owned()), ..StoryboardScene::default() }];
    let shown = Storyboard { title: String::new(), scenes, bg_music_url: None, size, fps, captions, music, transition };
    shown.check().map_err(|error| ApiError::plain(StatusCode::BAD_REQUEST, format!("The settings in the archive: {error}.")))
}

fn settings_of(description: Description, reference: Option<String>) -> (Settings, Details) {
    let Description { project_name, topic, style, settings: summary, shortsai, .. } = description;
    let (settings, tags, duration_config) = match shortsai {
        Some(exact) => (exact.settings, exact.tags, exact.duration_config),
        None => {
            let settings = Settings {
                title: project_name,
                topic,
                style,
                language: summary.language,
                voice: summary.voice_name,
                speech_vendor: summary.tts_provider,
                include_music: summary.include_music,
                ..Settings::default()
            };
            (settings, Vec::new(), None)
        }
    };
    // Characters are somebody's, and stay where they are.
    let settings = Settings { characters: Vec::<Uuid>::new(), reference, ..settings };
    let video_model = if summary.video_model.is_empty() { "veo".to_owned() } else { summary.video_model };
    (settings, Details { tags, duration_config, video_model, audio_model: summary.audio_model, ..Details::default() })
}

/// Show what your projects have in common
///
/// Their styles and voices, and what is said and shown in them: for writing more like them. Projects that are put away are left
/// out.
#[utoipa::path(
    get, path = "/api/projects/export-context", tag = "Projects", operation_id = "exportContext", params(WhichContext),
    responses((status = 200, description = "What they have in common.", body = ExportContext), Refusals),
)]
pub async fn context(app: Signed, Asked(which): Asked<WhichContext>) -> Result<Json<ExportContext>, ApiError> {
    let limit = number("limit", which.limit.as_deref())?.unwrap_or(50).clamp(1, 100) as usize;
    let folder = folder_of("folderId", which.folder_id.as_deref())?;
    let query = ProjectQuery { owner: app.user.id, limit: None, offset: 0, folder, archived: Some(false) };
    let mut projects = app.store.projects(&query).await?.projects;
    if let Some(tag) = which.tag.as_ref().filter(|tag| !tag.is_empty()) {
        projects.retain(|record| record.details.tags.contains(tag));
    }
    projects.truncate(limit);
    Ok(Json(ExportContext::new(which, &projects, stamp((app.clock)()))))
}
