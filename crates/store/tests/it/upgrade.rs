//! Databases that older versions have filled.

use model::event::Event;
use model::project::{ProjectStatus, RenderStatus, SlotStatus};
use model::storyboard::Transition;
use model::task::TaskKind;
use model::workflow::Command;
use sea_orm::{ConnectionTrait, Statement, Value};
use sea_orm_migration::MigratorTrait;
use serde_json::{Value as Json, json};
use store::{Migrator, Outcome, ProjectQuery, open};

use crate::database::{Database, at, id, product};

/// Steps that the version before the fair queue knew.
const OLD_STEPS: u32 = 4;

async fn insert(database: &Database, table: &str, columns: Vec<(String, Value)>) {
    let names: Vec<_> = columns.iter().map(|(name, _)| name.as_str()).collect();
    let places: Vec<_> = (1..=columns.len()).map(|place| format!("${place}")).collect();
    let sql = format!("INSERT INTO \"{table}\" ({}) VALUES ({})", names.join(", "), places.join(", "));
    let values = columns.into_iter().map(|(_, value)| value);
    let insert = Statement::from_sql_and_values(database.raw.get_database_backend(), sql, values);
    database.raw.execute_raw(insert).await.unwrap_or_else(|error| panic!("{table}: {error}"));
}

/// A row's columns with their values.
macro_rules! row {
    ($($column:ident: $value:expr),* $(,)?) => { vec![$((stringify!($column).to_owned(), Value::from($value))),*] };
}

fn asset(key: &str) -> Json {
    json!({ "key": key, "mediaType": "image/jpeg", "bytes": 7, "madeBy": "test/1" })
}

/// The columns of a slot: done when it has an object, else as said.
fn slot(name: &str, status: &str, key: Option<&str>) -> Vec<(String, Value)> {
    let column = |field: &str| format!("{name}_{field}");
    vec![
        (column("status"), Value::from(status)),
        (column("generation"), Value::from(3_i64)),
        (column("attempts"), Value::from(1_i32)),
        (column("take"), Value::from(2_i32)),
        (column("given"), Value::from(false)),
        (column("asset"), Value::from(key.map(asset))),
        (column("error"), Value::from((status == "failed").then_some("the vendor is down"))),
    ]
}

/// What older versions kept without looking at it: too long for an index.
fn foreign_reference() -> String {
    format!("https://example.org/{}", "ü".repeat(5_000))
}

async fn project(database: &Database, number: u128, status: &str, music: &str) {
    let mut columns = row! {
        id: id(number), owner_id: id(1), status: status, revision: 9_i64, topic: "the Moon", title: "Übung", description: "d",
        style: "noir", language: "pt-BR", voice_name: "v", tts_provider: "espeak", include_music: true, bg_music_prompt: "calm",
        video_options: json!({ "fps": 25, "captions": { "style": "box" } }), render_id: Some(id(number + 70)), event_number: 2_i64,
        source: Some(format!("script {number}")), tags: json!(["a", "b"]), is_archived: false, video_model: "veo",
        reference_image_url: Some(foreign_reference()), duration_config: Some(json!({ "min": 5 })), notice: None::<String>, created_at: at(1), updated_at: at(2),
    };
    columns.extend(slot("music", music, (music == "completed").then_some("music")));
    columns.extend(slot("script", "draft", None));
    insert(database, "project", columns).await;
    let output = json!({ "video": "v", "srt": "s", "vtt": "w", "thumbnail": "t", "seconds": 1.5, "bytes": 7 });
    insert(
        database,
        "render",
        row! {
            id: id(number + 70), project_id: id(number), status: "completed", progress: 1.0, output: Some(output), revision: 8_i64,
            created_at: at(1), updated_at: at(2),
        },
    )
    .await;
    for (event, body) in [(1_i64, Event::Reset), (2, Event::Project { status: ProjectStatus::Generating })] {
        let body = serde_json::to_value(body).expect("events are JSON");
        insert(database, "event", row! { project_id: id(number), number: event, body: body, created_at: at(1) }).await;
    }
}

async fn scene(database: &Database, project: u128, number: i32, image: &str, audio: &str) {
    let there = |status: &str, key| (status == "completed").then_some(key);
    let mut columns = row! {
        id: id(project * 100 + number as u128), project_id: id(project), number: number, narration: format!("Words {number}"),
        visual_description: "A \"hill\"", duration_seconds: 2.5, moving: false, look: Some(json!({ "transition": "slide" })),
        word_timings: json!([{ "word": "Words", "start": 0.1, "end": 0.5 }]), words_missing: false, created_at: at(1),
    };
    columns.extend(slot("image", image, there(image, "image")));
    columns.extend(slot("audio", audio, there(audio, "audio")));
    columns.extend(slot("video", "draft", None));
    columns.extend(slot("sfx", "draft", None));
    insert(database, "scene", columns).await;
}

async fn task(database: &Database, number: u128, kind: TaskKind, subject: u128, (state, worker): (&str, Option<&str>)) {
    let columns = row! {
        id: id(number), project_id: id(6), owner_id: id(1), kind: kind.name(), subject: id(subject), generation: 3_i64, state: state,
        priority: 20_i32, run_at: at(1), place: 0_i32, attempt: i32::from(worker.is_some()), lease_owner: worker,
        lease_until: worker.map(|_| at(60)), vendor_ref: worker.map(|_| "job 7"), created_at: at(1),
        finished_at: (state == "done").then(|| at(2)),
    };
    insert(database, "task", columns).await;
}

/// A project that is done, and one in the middle of it: one task is done, one waits, one was begun by a process that has died.
async fn fill(database: &Database) {
    insert(database, "user", row! { id: id(1), name: "Someone", created_at: at(0) }).await;
    project(database, 5, "completed", "completed").await;
    scene(database, 5, 1, "completed", "completed").await;
    project(database, 6, "generating", "failed").await;
    scene(database, 6, 1, "completed", "processing").await;
    scene(database, 6, 2, "queued", "completed").await;
    task(database, 31, TaskKind::DrawImage, 601, ("done", None)).await;
    task(database, 32, TaskKind::Speak, 601, ("running", Some("dead"))).await;
    task(database, 33, TaskKind::DrawImage, 602, ("ready", None)).await;
    let made =
        row! { request_hash: "hash", asset: asset("image"), asset_key: "image", detail: json!({ "a": 1 }), created_at: at(1) };
    insert(database, "made", made).await;
}

pub async fn an_older_versions_database_goes_on(database: &Database) {
    database.wipe().await;
    Migrator::up(&database.raw, Some(OLD_STEPS)).await.unwrap();
    fill(database).await;

    let store = open(&database.url).await.expect("it is brought up to date");
    let done = store.project(id(5)).await.unwrap().expect("it is there");
    let settings = &done.project.settings;
    assert_eq!((settings.title.as_str(), settings.language.as_str(), settings.video.fps), ("Übung", "pt-BR", 25));
    assert_eq!((settings.reference.as_ref(), settings.characters.len()), (Some(&foreign_reference()), 0));
    assert_eq!((done.created_at, done.updated_at, done.event_number), (at(1), at(2), 2));
    assert_eq!((done.details.tags.as_slice(), done.lock.is_none()), (["a".to_owned(), "b".to_owned()].as_slice(), true));
    let scene = &done.project.scenes[0];
    assert_eq!((scene.character, &scene.voice), (None, &None));
    assert_eq!((scene.image.status, scene.image.generation, scene.image.take), (SlotStatus::Completed, 3, 2));
    assert_eq!((scene.word_timings[0].end, scene.look.transition), (0.5, Some(Transition::Slide)));
    let render = done.project.render.clone().expect("it was rendered");
    assert_eq!((render.status, render.storyboard.is_none()), (RenderStatus::Completed, true));
    assert_eq!(store.render(id(75)).await.unwrap().expect("it is there").render, render);
    assert_eq!(done.project.storyboard().expect("all is there").scenes[0].audio_url.as_deref(), Some("audio"));
    assert_eq!(store.made("hash").await.unwrap().expect("it is remembered").asset.key, "image");
    assert_eq!(store.events_after(id(5), 0, 10).await.unwrap().len(), 2);
    let all = ProjectQuery { owner: id(1), limit: None, offset: 0, folder: None, archived: None };
    assert_eq!(store.projects(&all).await.unwrap().total, 2);

    // What was in the queue is carried on with, the dead process's task too, and its vendor's job is still known.
    let mut ended = Vec::new();
    while let Some(lease) = store.claim("new", &TaskKind::ALL, at(100), chrono::Duration::minutes(1)).await.unwrap() {
        ended.push((lease.target.kind, lease.vendor_ref.clone()));
        let made = product(lease.target.kind, "new");
        assert!(store.finish(&lease, Outcome::Done(made), at(101)).await.unwrap());
    }
    ended.sort_by_key(|(kind, _)| kind.name());
    assert_eq!(ended, [(TaskKind::DrawImage, None), (TaskKind::Speak, Some("job 7".to_owned()))]);
    let record = store.project(id(6)).await.unwrap().expect("it is there");
    assert_eq!(record.project.status, ProjectStatus::Failed, "its music had failed before");
    let again = Command::GenerateAll { force: false };
    store.apply(id(6), model::workflow::Input::Command(again), at(110)).await.unwrap();
    let lease = store.claim("new", &TaskKind::ALL, at(111), chrono::Duration::minutes(1)).await.unwrap().expect("the music");
    assert_eq!((lease.target.kind, lease.target.generation), (TaskKind::ComposeMusic, 4));
    let gone = store.delete_project(id(5)).await.unwrap().expect("it was there");
    assert!(!gone.contains(&foreign_reference()), "what was somewhere else is no object of ours");
}
