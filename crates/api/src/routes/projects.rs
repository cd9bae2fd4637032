//! Projects: a topic or script with its settings and scenes.

use axum::Json;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use model::project::Settings;
use model::workflow::{Edit, Input};
use store::{CharacterRecord, Details, NewProject, ProjectChange, ProjectQuery, ProjectRecord};
use uuid::Uuid;

use super::{characters_of, check_folder, check_show, own_characters, own_project};
use crate::error::ApiError;
use crate::extract::{Asked, Checked, PathId};
use crate::key::{named_by, own_medium_in};
use crate::news::News;
use crate::once::{Session, Work, answer, respond};
use crate::order::{self, Order};
use crate::picture;
use crate::poll::{self, View};
use crate::signed::Signed;
use crate::wire::project::{
    CreateProject, PageMeta, PatchProject, ProjectList, ProjectRow, ProjectWithScenes, Success, WhichProjects, reference_url,
};
use crate::wire::refusal::{Conflicts, NotModified, Refusals};

/// Create a project
///
/// From a topic, to which you add scenes; or from a whole script, whose paragraphs become the scenes. Nothing is
/// generated yet: send `generate_all` to `/api/workflow/command` for that.
#[utoipa::path(
    post, path = "/api/projects", tag = "Projects", operation_id = "createProject", request_body = CreateProject,
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "A name for this request, such as a UUID: sent again with the same key it has no second effect and gets the same answer, for 24 hours."),
    ),
    responses((status = 200, description = "The project.", body = ProjectRow), Conflicts, Refusals),
)]
pub async fn create(app: Signed, work: Work<CreateProject>) -> Result<Response, ApiError> {
    check_folder(&app, work.input.folder_id).await?;
    check_show(&app, work.input.show_id).await?;
    let (order, details) = begin(&app, &work.input).await?;
    let Order { project, settings, scenes, characters, music, warnings: _ } = order;
    let now = (app.clock)();
    let chosen = match &work.input.character_ids {
        Some(ids) => own_characters(&app, project, ids, chosen_at).await?,
        None => characters.iter().map(|character| CharacterRecord::new(character.clone(), now)).collect(),
    };
    let settings = Settings { characters: chosen.iter().map(|record| record.character.id).collect(), ..settings };
    let new = NewProject { id: project, owner: app.user.id, settings, details, source: None, characters };
    let row = |record: &ProjectRecord| answer(StatusCode::OK, &[], &ProjectRow::new(record, &chosen));
    let steps = Order::edits(scenes, music);
    let answer = app.store.begin_project(new, steps, None, work.caller().ticket, now, row).await?;
    app.memory.news.tell(News::ProjectCreated(project));
    Ok(respond(answer))
}

async fn begin(app: &Signed, input: &CreateProject) -> Result<(Order, Details), ApiError> {
    let mut order = match &input.script {
        Some(script) => order::from_script(app, script, |_| Ok(())).await?,
        None => {
            let settings = Settings { language: "en".to_owned(), ..Settings::default() };
            Order { settings, ..Order::empty((app.new_id)()) }
        }
    };
    let input = input.clone();
    let topic = match input.topic {
        Some(topic) => topic,
        None if input.script.is_some() => order.topic(),
        None => return Err(ApiError::field("topic", "Required")),
    };
    if let Some(url) = filled(input.bg_music_url) {
        order.music = Some(own_medium_in(app, "bg_music_url", &url, &["audio"]).await?);
    }
    let reference = match filled(input.reference_image_url) {
        Some(url) => Some(picture::of_style(app, "reference_image_url", &url).await?),
        None => order.settings.reference.take(),
    };
    let old = order.settings;
    order.settings = Settings {
        topic,
        title: input.generated_title.unwrap_or(old.title),
        description: input.generated_description.unwrap_or(old.description),
        style: input.style.unwrap_or(old.style),
        language: input.language.unwrap_or(old.language),
        voice: input.voice_name.unwrap_or(old.voice),
        speech_vendor: input.tts_provider.unwrap_or(old.speech_vendor),
        include_music: input.include_music.unwrap_or(old.include_music),
        music_prompt: input.bg_music_prompt.unwrap_or(old.music_prompt),
        video: old.video,
        choice: input.vendors.map_or(old.choice, Into::into),
        speech_speed: input.speech_speed.or(old.speech_speed),
        reference,
        characters: old.characters,
    };
    if order.music.is_some() && input.include_music == Some(false) {
        return Err(ApiError::field("bg_music_url", SILENT));
    }
    let details = Details {
        tags: input.tags.unwrap_or_default(),
        folder_id: input.folder_id,
        show_id: input.show_id,
        episode_number: input.episode_number,
        is_archived: false,
        duration_config: input.duration_config,
        video_model: "veo".to_owned(),
        audio_model: input.audio_model,
    };
    Ok((order, details))
}

/// List projects
///
/// Newest first: a page when there is a `limit`, else a plain array of all.
#[utoipa::path(
    get, path = "/api/projects", tag = "Projects", operation_id = "listProjects", params(WhichProjects),
    responses((status = 200, description = "The projects.", body = ProjectList), Refusals),
)]
pub async fn list(app: Signed, Asked(which): Asked<WhichProjects>) -> Result<Json<ProjectList>, ApiError> {
    let limit = number("limit", which.limit.as_deref())?.map(|limit| limit.clamp(1, 100) as u64);
    let offset = number("offset", which.offset.as_deref())?.unwrap_or_default().max(0) as u64;
    let folder = folder_of("folder_id", which.folder_id.as_deref())?;
    let archived = which.is_archived.map(|archived| archived == "true");
    let page = app.store.projects(&ProjectQuery { owner: app.user.id, limit, offset, folder, archived }).await?;
    let data = page.projects.iter().map(Into::into).collect();
    Ok(Json(match limit {
        Some(limit) => ProjectList::Page { data, meta: PageMeta { total: page.total, limit, offset } },
        None => ProjectList::All(data),
    }))
}

/// Which folder a query names; `Some(None)` is none.
pub fn folder_of(field: &str, text: Option<&str>) -> Result<Option<Option<Uuid>>, ApiError> {
    match text {
        None | Some("") => Ok(None),
        Some("root") => Ok(Some(None)),
        Some(id) => {
            let id = Uuid::parse_str(id).map_err(|_| ApiError::field(field, "Expected the id of a folder, or root"))?;
            Ok(Some(Some(id)))
        }
    }
}

/// A whole number in a query, if there is one.
pub fn number(field: &str, text: Option<&str>) -> Result<Option<i64>, ApiError> {
    let parse = |text: &str| text.parse().map_err(|_| ApiError::field(field, "Expected a whole number"));
    text.filter(|text| !text.is_empty()).map(parse).transpose()
}

/// Show a project with its scenes
///
/// Addresses of pictures and sounds are in `/api/workflow/state/{projectId}`.
#[utoipa::path(
    get, path = "/api/projects/{id}", tag = "Projects", operation_id = "getProject",
    params(("id" = Uuid, Path, description = "The project's id.")),
    responses((status = 200, description = "The project.", body = ProjectWithScenes), NotModified, Refusals),
)]
pub async fn show(app: Signed, id: PathId, headers: HeaderMap) -> Result<Response, ApiError> {
    let id = id.of("Project")?;
    let load = async || {
        let record = own_project(&app, id).await?;
        Ok(ProjectWithScenes::new(&record, &characters_of(&app, &record).await?))
    };
    poll::answer(&app, &headers, (View::Project, id), load).await?.ok_or(ApiError::NotFound("Project"))
}

/// Change a project
///
/// What is left out stays. What has been made stays too: send `generate_all` with `force` to make it anew. A `status` is
/// ignored.
#[utoipa::path(
    patch, path = "/api/projects/{id}", tag = "Projects", operation_id = "changeProject",
    params(
        ("id" = Uuid, Path, description = "The project's id."),
        ("X-Session-Id" = Option<String>, Header, description = "The name of your session: lets you edit a project that it has locked."),
    ),
    request_body = PatchProject,
    responses(
        (status = 200, description = "The project.", body = ProjectWithScenes),
        (status = 410, description = "There is no such project, or no more.", body = crate::wire::refusal::Error),
        Conflicts, Refusals
    ),
)]
pub async fn change(
    app: Signed,
    id: PathId,
    headers: HeaderMap,
    Checked(input): Checked<PatchProject>,
) -> Result<Response, ApiError> {
    // Studio creates a project anew when it reads "404" here, which would bring deleted ones back.
    let gone = |error| match error {
        ApiError::NotFound(_) => ApiError::plain(StatusCode::GONE, "The project is gone; open another one."),
        other => other,
    };
    let id = id.of("Project").map_err(gone)?;
    let record = own_project(&app, id).await.map_err(gone)?;
    check_folder(&app, input.folder_id.flatten().filter(|folder| Some(*folder) != record.details.folder_id)).await?;
    check_show(&app, input.show_id.flatten().filter(|show| Some(*show) != record.details.show_id)).await?;
    let characters = match &input.character_ids {
        Some(ids) => own_characters(&app, id, ids, chosen_at).await?,
        None => characters_of(&app, &record).await?,
    };
    let music = music_edit(&app, &record, &input).await?;
    let reference = reference(&app, &record.project.settings, &input).await?;
    let (settings, details) = patched(&record.project.settings, &record.details, input);
    let chosen = characters.iter().map(|record| record.character.id).collect();
    let settings = Settings { reference, characters: chosen, ..settings };
    let details = Some(details).filter(|details| *details != record.details);
    let edit = (settings != record.project.settings)
        .then(|| Input::Edit(Edit::Settings { settings: Box::new(settings), remake: false }));
    let inputs = edit.into_iter().chain(music.map(Input::Edit)).collect();
    let wish = ProjectChange { details, inputs, one_off: None };
    let row = |record: &ProjectRecord| answer(StatusCode::OK, &[], &ProjectWithScenes::new(record, &characters));
    let session = Session::of(&headers)?;
    let done = app.store.change_project(id, wish, session.caller(), (app.clock)(), row).await;
    Ok(respond(done.map_err(ApiError::from).map_err(gone)?))
}

/// Who brings music wants it heard.
const SILENT: &str = "The project is to have no music (include_music is false); leave one of the two out";

/// What a patch does to the music. Whoever sends back what they have read changes nothing.
async fn music_edit(app: &Signed, record: &ProjectRecord, input: &PatchProject) -> Result<Option<Edit>, ApiError> {
    // The Studio saves `null` with whatever else it saves: that is no wish to lose one's music.
    let Some(Some(wish)) = &input.bg_music_url else { return Ok(None) };
    let Some(url) = filled(Some(wish.clone())) else { return Ok(Some(Edit::GiveMusic(None))) };
    let there = record.project.music.asset.as_ref().map(|asset| &asset.key);
    if there.is_some() && named_by(&url).as_ref() == there {
        return Ok(None);
    }
    if input.include_music == Some(false) {
        return Err(ApiError::field("bg_music_url", SILENT));
    }
    Ok(Some(Edit::GiveMusic(Some(own_medium_in(app, "bg_music_url", &url, &["audio"]).await?))))
}

/// The reference picture after a patch. What older versions kept may be sent back as it is.
async fn reference(app: &Signed, settings: &Settings, input: &PatchProject) -> Result<Option<String>, ApiError> {
    let Some(wish) = &input.reference_image_url else { return Ok(settings.reference.clone()) };
    let Some(url) = filled(wish.clone()) else { return Ok(None) };
    match &settings.reference {
        Some(there) if *there == url || reference_url(there) == url => Ok(Some(there.clone())),
        _ => picture::of_style(app, "reference_image_url", &url).await.map(Some),
    }
}

/// Where a chosen character is named.
fn chosen_at(index: usize) -> String {
    format!("characterIds[{index}]")
}

fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

fn patched(settings: &Settings, details: &Details, input: PatchProject) -> (Settings, Details) {
    let (settings, details) = (settings.clone(), details.clone());
    let new_settings = Settings {
        topic: input.topic.unwrap_or(settings.topic),
        title: input.generated_title.unwrap_or(settings.title),
        description: input.generated_description.unwrap_or(settings.description),
        style: input.style.unwrap_or(settings.style),
        language: input.language.unwrap_or(settings.language),
        voice: input.voice_name.unwrap_or(settings.voice),
        speech_vendor: input.tts_provider.unwrap_or(settings.speech_vendor),
        include_music: input.include_music.unwrap_or(settings.include_music),
        music_prompt: input.bg_music_prompt.map_or(settings.music_prompt, Option::unwrap_or_default),
        video: settings.video,
        choice: input.vendors.map_or(settings.choice, |choice| choice.unwrap_or_default().into()),
        speech_speed: input.speech_speed.map_or(settings.speech_speed, |speed| speed),
        reference: settings.reference,
        characters: settings.characters,
    };
    let new_details = Details {
        tags: input.tags.unwrap_or(details.tags),
        folder_id: input.folder_id.unwrap_or(details.folder_id),
        show_id: input.show_id.unwrap_or(details.show_id),
        episode_number: input.episode_number.unwrap_or(details.episode_number),
        is_archived: input.is_archived.unwrap_or(details.is_archived),
        duration_config: input.duration_config.unwrap_or(details.duration_config),
        video_model: details.video_model,
        audio_model: input.audio_model.or(details.audio_model),
    };
    (new_settings, new_details)
}

/// Delete a project
///
/// With its scenes, renders and files, except files that other projects use too.
#[utoipa::path(
    delete, path = "/api/projects/{id}", tag = "Projects", operation_id = "deleteProject",
    params(
        ("id" = Uuid, Path, description = "The project's id."),
        ("X-Session-Id" = Option<String>, Header, description = "The name of your session: lets you edit a project that it has locked."),
    ),
    responses((status = 200, description = "It is deleted.", body = Success), Conflicts, Refusals),
)]
pub async fn delete(app: Signed, id: PathId, headers: HeaderMap) -> Result<Json<Success>, ApiError> {
    let id = id.of("Project")?;
    own_project(&app, id).await?;
    let session = Session::of(&headers)?;
    let orphans = app.store.delete_project_as(id, session.name(), (app.clock)()).await?.ok_or(ApiError::NotFound("Project"))?;
    for key in orphans {
        // The project is gone either way; a file that stays behind costs space and nothing else.
        if let Err(error) = app.assets.delete(&key).await {
            tracing::warn!(%key, %error, "a deleted project's file stays behind");
        }
    }
    Ok(Json(Success { success: true }))
}
