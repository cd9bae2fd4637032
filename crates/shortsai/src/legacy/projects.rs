//! Projects, each with its scenes at once: a run that is stopped leaves whole ones.

use std::collections::{BTreeMap, VecDeque};

use assets::{Kind, Place};
use chrono::{DateTime, Utc};
use model::project::{Project, ProjectStatus, Scene, Settings, Slot, SlotStatus};
use store::{Details, LegacyMoment, LegacyRows, LegacyTable, Noun, ProjectRecord};
use uuid::Uuid;

use super::media::{Found, Wanted};
use super::row::{Row, id_of};
use super::slots::{Asked, Before, slot};
use super::{TakeOver, own, scenes};

const NOUN: &str = "projects";
/// What the user reads of a project in whose middle the other installation was left.
const NOTICE: &str = "It was being made when it was taken over from another installation; resume it to go on.";

/// The scenes that are still to be read, in the order of their projects.
struct Scenes<'a> {
    rows: LegacyRows<'a>,
    next: VecDeque<Row>,
}

pub async fn take(over: &mut TakeOver<'_>, from: &LegacyMoment) -> anyhow::Result<()> {
    let mut rows = from.read(LegacyTable::Projects).await?;
    let mut scenes = Scenes { rows: from.read(LegacyTable::Scenes).await?, next: VecDeque::new() };
    loop {
        let page: Vec<Row> = rows.page().await?.into_iter().map(Row).collect();
        if page.is_empty() {
            break;
        }
        for row in page {
            let of_it = match row.text("id") {
                Some(id) => scenes.of(id).await?,
                None => Vec::new(),
            };
            take_one(over, &row, of_it).await?;
        }
    }
    while let Some(orphan) = scenes.pop().await? {
        over.report.left(scenes::NOUN, "their project is not there", &orphan);
    }
    Ok(())
}

impl Scenes<'_> {
    async fn pop(&mut self) -> anyhow::Result<Option<Row>> {
        if self.next.is_empty() {
            self.next.extend(self.rows.page().await?.into_iter().map(Row));
        }
        Ok(self.next.pop_front())
    }

    /// Those of the project, which is the next one that has any.
    async fn of(&mut self, project: &str) -> anyhow::Result<Vec<Row>> {
        let mut own = Vec::new();
        while let Some(row) = self.pop().await? {
            if row.text("project_id") != Some(project) {
                self.next.push_front(row);
                break;
            }
            own.push(row);
        }
        Ok(own)
    }
}

async fn take_one(over: &mut TakeOver<'_>, row: &Row, rows: Vec<Row>) -> anyhow::Result<()> {
    let (Some(id), Some(owner)) = (row.id("id"), over.owner(NOUN, row)) else {
        rows.iter().for_each(|scene| over.report.left(scenes::NOUN, "their project was not taken over", scene));
        return Ok(());
    };
    let (gone, live): (Vec<Row>, Vec<Row>) = rows.into_iter().partition(|scene| scene.json("deleted_at").is_some());
    gone.iter().for_each(|scene| over.report.left(scenes::NOUN, "they were deleted there", scene));
    if !over.store.in_use(Noun::Project, &[id]).await?.is_empty() {
        over.report.here(NOUN);
        over.report.here_many(scenes::NOUN, live.len());
        return Ok(());
    }
    let mut wanted: Vec<Wanted> = live.iter().flat_map(scenes::wanted).collect();
    for (column, place, kind) in
        [("reference_image_url", Place::Uploads, Kind::Image), ("bg_music_url", Place::Music, Kind::Audio)]
    {
        wanted.extend(row.words(column).map(|text| Wanted { text: text.to_owned(), place, kind }));
    }
    let found = over.media.find(wanted, &mut over.report).await?;
    let record = record(over, (id, owner), row, &live, &found).await?;
    over.report.new_one(NOUN);
    over.report.new_many(scenes::NOUN, live.len());
    if !over.dry_run && !over.store.take_project(&record).await? {
        tracing::warn!(%id, "somebody else has made a project of this id just now");
    }
    Ok(())
}

async fn record(
    over: &mut TakeOver<'_>,
    (id, owner): (Uuid, Uuid),
    row: &Row,
    live: &[Row],
    found: &Found,
) -> anyhow::Result<ProjectRecord> {
    let status = row.text("status").unwrap_or("draft");
    let goes_on = matches!(status, "generating" | "paused");
    let (music, mut lost) = music(over, row, found, goes_on);
    let taken = over.store.in_use(Noun::Scene, &live.iter().filter_map(|row| row.id("id")).collect::<Vec<_>>()).await?;
    let created_at = row.time("created_at").unwrap_or(over.now);
    let mut scenes: Vec<Scene> = Vec::with_capacity(live.len());
    let mut scene_created_at: BTreeMap<Uuid, DateTime<Utc>> = BTreeMap::new();
    for (number, row) in (1..).zip(live) {
        if row.count("scene_number") != Some(i64::from(number)) {
            over.report.changed(
                scenes::NOUN,
                "their numbers had gaps or were there twice; they are numbered 1, 2, 3 … here",
                row,
            );
        }
        let mut own = row.id("id").unwrap_or_else(|| id_of(&format!("{id}/{number}")));
        if taken.contains(&own) {
            own = Uuid::new_v5(&id, own.as_bytes());
            over.report.changed(scenes::NOUN, "their id is in use here; they have another one", row);
        }
        let (scene, is_lost) = scenes::scene(over, own, number, row, (owner, found, goes_on));
        lost |= is_lost;
        scene_created_at.insert(own, row.time("created_at").unwrap_or(created_at));
        scenes.push(scene);
    }
    let mut project = Project {
        id,
        owner,
        status: ProjectStatus::Draft,
        notice: None,
        settings: settings(over, owner, row, found),
        scenes,
        script: Slot::default(),
        question: None,
        music,
        render: None,
        revision: 0,
    };
    project.status = status_of(over, row, status, &project, lost);
    if status == "generating" && project.status == ProjectStatus::Paused {
        project.notice = Some(NOTICE.to_owned());
    }
    let updated_at = row.time("updated_at").unwrap_or(created_at);
    let details = details(over, owner, row);
    Ok(ProjectRecord { project, details, lock: None, source: None, created_at, updated_at, event_number: 0, scene_created_at })
}

/// Where the whole stands: paused where it was being made, and not done where something of it is missing.
fn status_of(over: &mut TakeOver<'_>, row: &Row, status: &str, project: &Project, lost: bool) -> ProjectStatus {
    let slots = || project.scenes.iter().flat_map(|scene| [&scene.image, &scene.audio, &scene.video]).chain([&project.music]);
    let any = |wanted: SlotStatus| slots().any(|slot| slot.status == wanted);
    match status {
        "draft" => ProjectStatus::Draft,
        "completed" if lost => ProjectStatus::Draft,
        "completed" => ProjectStatus::Completed,
        "failed" => ProjectStatus::Failed,
        "paused" => ProjectStatus::Paused,
        "generating" if any(SlotStatus::Pending) => ProjectStatus::Paused,
        "generating" if any(SlotStatus::Failed) => ProjectStatus::Failed,
        "generating" => ProjectStatus::Draft,
        _ => {
            over.report.changed(NOUN, "their status is unknown; they are draft here", row);
            ProjectStatus::Draft
        }
    }
}

fn music(over: &mut TakeOver<'_>, row: &Row, found: &Found, goes_on: bool) -> (Slot, bool) {
    let asked = Asked::of(row.text("bg_music_status")).unwrap_or_else(|| {
        over.report.changed(NOUN, "the status of their music is unknown; it is draft here", row);
        Asked::Nothing
    });
    let file = row.words("bg_music_url").map(|text| found[text].clone());
    let mut lost = false;
    if let Some(Err(why)) = &file {
        over.report.changed(NOUN, &format!("their music {why}"), row);
        lost = asked == Asked::Done;
    }
    let goes_on = goes_on && row.is("include_music");
    (slot(Before { asked, file, error: None, goes_on, is_made: true }), lost)
}

fn settings(over: &mut TakeOver<'_>, owner: Uuid, row: &Row, found: &Found) -> Settings {
    let speech_vendor = row.text("tts_provider").unwrap_or_default();
    let is_known = matches!(speech_vendor, "" | "gemini" | "elevenlabs" | "groq");
    if !is_known {
        over.report.changed(NOUN, "their tts_provider is unknown; the server's own choice speaks", row);
    }
    let reference = match row.words("reference_image_url").map(|text| found[text].clone()) {
        Some(Ok(object)) => Some(object.key),
        Some(Err(why)) => {
            over.report.changed(NOUN, &format!("their reference picture {why}"), row);
            None
        }
        None => None,
    };
    let named: Vec<Uuid> = row.texts("character_ids").iter().map(|id| id_of(id)).collect();
    let characters: Vec<Uuid> = named.iter().filter_map(|id| own(&over.characters, *id, owner)).collect();
    if characters.len() < named.len() {
        over.report.changed(NOUN, "a character of theirs is not there, or somebody else's", row);
    }
    Settings {
        topic: row.plain("topic"),
        title: row.plain("generated_title"),
        description: row.plain("generated_description"),
        style: row.plain("style"),
        language: row.words("language").unwrap_or("en").to_owned(),
        voice: row.plain("voice_name"),
        speech_vendor: if is_known { speech_vendor.to_owned() } else { String::new() },
        include_music: row.is("include_music"),
        music_prompt: row.plain("bg_music_prompt"),
        reference,
        characters,
        ..Settings::default()
    }
}

fn details(over: &mut TakeOver<'_>, owner: Uuid, row: &Row) -> Details {
    let folder_id = row.id("folder_id").and_then(|folder| own(&over.folders, folder, owner));
    if folder_id.is_none() && row.words("folder_id").is_some() {
        over.report.changed(NOUN, "their folder is not there, or somebody else's", row);
    }
    let show_id = row.id("show_id").and_then(|show| own(&over.shows, show, owner));
    if show_id.is_none() && row.words("show_id").is_some() {
        over.report.changed(NOUN, "their show is not there, or somebody else's", row);
    }
    Details {
        tags: row.texts("tags"),
        folder_id,
        show_id,
        episode_number: row.count("episode_number").and_then(|number| i32::try_from(number).ok()),
        is_archived: row.is("is_archived"),
        duration_config: row.json("duration_config").cloned(),
        video_model: row.words("video_model").unwrap_or("veo").to_owned(),
        audio_model: row.words("audio_model").map(str::to_owned),
    }
}
