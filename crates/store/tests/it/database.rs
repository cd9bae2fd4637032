//! A throw-away database for one test, and what tests put into it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, Duration, Utc};
use model::character::Voice;
use model::choice::Choice;
use model::project::{Asset, RenderOutput, Settings};
use model::question::Answer;
use model::storyboard::Storyboard;
use model::task::{Product, ScriptScene, TaskKind};
use model::workflow::{Command, Edit, Input, SceneDraft};
use sea_orm::{ConnectionTrait, Database as Connection, DatabaseConnection, DbBackend, Statement};
use store::{Details, Folder, Lease, NewProject, ProjectRecord, Show, Store, open};
use tempfile::TempDir;
use uuid::Uuid;

pub struct Database {
    pub store: Store,
    pub url: String,
    /// What a test looks up or breaks behind the store's back.
    pub raw: DatabaseConnection,
    _folder: Option<TempDir>,
}

/// Counts this run's databases on PostgreSQL.
static DATABASES: AtomicU32 = AtomicU32::new(0);

pub async fn sqlite() -> Database {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let url = format!("sqlite://{}", folder.path().join("test.db").display());
    connect(url, Some(folder)).await
}

/// A new database on the server that the environment names, if it names one.
pub async fn postgres() -> Option<Database> {
    let server = std::env::var("SHORTSAI_TEST_POSTGRES_URL").ok()?;
    let number = DATABASES.fetch_add(1, Ordering::Relaxed);
    let name = format!("test_{}_{number}", std::process::id());
    let admin = Connection::connect(&server).await.expect("SHORTSAI_TEST_POSTGRES_URL names a running server");
    // A run that failed may have left one of the same name.
    admin.execute_unprepared(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await.expect("the user owns it");
    admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("the user may create databases");
    Some(connect(with_database(&server, &name), None).await)
}

async fn connect(url: String, folder: Option<TempDir>) -> Database {
    let store = open(&url).await.expect("the database opens");
    let raw = Connection::connect(&url).await.expect("it opens once more");
    Database { store, url, raw, _folder: folder }
}

fn with_database(server: &str, name: &str) -> String {
    let (address, parameters) = server.split_once('?').unwrap_or((server, ""));
    let host = address.rfind('/').filter(|place| !address[..*place].ends_with('/')).map_or(address, |place| &address[..place]);
    format!("{host}/{name}?{parameters}")
}

impl Database {
    pub async fn drop(self) {
        let server = std::env::var("SHORTSAI_TEST_POSTGRES_URL").expect("it was there when the test began");
        let name = self.url.rsplit('/').find_map(|part| part.split('?').next().filter(|part| part.starts_with("test_")));
        let name = name.expect("every test database has such a name").to_owned();
        let admin = Connection::connect(&server).await.expect("the server still runs");
        admin.execute_unprepared(&format!("DROP DATABASE {name} WITH (FORCE)")).await.expect("the database is ours");
    }

    /// Takes all tables away, as before the first start.
    pub async fn wipe(&self) {
        if self.raw.get_database_backend() == DbBackend::Postgres {
            self.raw.execute_unprepared("DROP SCHEMA public CASCADE; CREATE SCHEMA public").await.expect("the schema is ours");
            return;
        }
        let tables = Statement::from_string(DbBackend::Sqlite, "SELECT name FROM sqlite_master WHERE type = 'table'");
        self.raw.execute_unprepared("PRAGMA foreign_keys = OFF").await.expect("it can be switched off");
        for table in self.raw.query_all_raw(tables).await.expect("the query works") {
            let table: String = table.try_get_by_index(0).expect("a name");
            self.raw.execute_unprepared(&format!("DROP TABLE \"{table}\"")).await.expect("nobody uses it");
        }
    }

    /// A user, created if absent.
    pub async fn owner(&self, number: u128) -> Uuid {
        let owner = id(number);
        let values = [owner.into(), "Someone".into(), at(0).into()];
        let insert = r#"INSERT INTO "user" (id, name, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"#;
        let insert = Statement::from_sql_and_values(self.raw.get_database_backend(), insert, values);
        self.raw.execute_raw(insert).await.expect("the user is added");
        owner
    }

    /// A folder at the root.
    pub async fn folder(&self, number: u128, owner: u128) {
        let (created_at, updated_at) = (at(1), at(1));
        let folder =
            Folder { id: id(number), owner: id(owner), parent: None, name: format!("Folder {number}"), created_at, updated_at };
        self.store.create_folder(&folder).await.expect("the folder is made");
    }

    /// A show.
    pub async fn show(&self, number: u128, owner: u128) {
        let show = Show {
            id: id(number),
            owner: id(owner),
            name: format!("Show {number}"),
            description: String::new(),
            style_preset: "Anime".to_owned(),
            visual_prompt: None,
            default_tts_provider: "gemini".to_owned(),
            created_at: at(1),
            updated_at: at(1),
        };
        self.store.create_show(&show).await.expect("the show is made");
    }

    /// A project of owner 1 without scenes.
    pub async fn project(&self, project: u128) -> ProjectRecord {
        let new = new_project(project, self.owner(1).await);
        self.store.create_project(new, at(0)).await.expect("the project is created")
    }

    /// A project with so many scenes, and music.
    pub async fn project_with_scenes(&self, project: u128, owner: u128, scenes: u128) -> Uuid {
        let new = new_project(project, self.owner(owner).await);
        let project = self.store.create_project(new, at(0)).await.expect("the project is created").project.id;
        let scenes = (0..scenes).map(|number| draft(project.as_u128() * 1000 + number, &format!("Words {number}")));
        self.edit(project, Edit::ReplaceScenes(scenes.collect()), 0).await;
        project
    }

    pub async fn edit(&self, project: Uuid, edit: Edit, seconds: i64) -> ProjectRecord {
        self.store.apply(project, Input::Edit(edit), at(seconds)).await.expect("the edit is possible").record
    }

    pub async fn command(&self, project: Uuid, command: Command, seconds: i64) -> ProjectRecord {
        self.store.apply(project, Input::Command(command), at(seconds)).await.expect("the command is possible").record
    }

    pub async fn generate(&self, project: Uuid, seconds: i64) {
        self.command(project, Command::GenerateAll { force: false }, seconds).await;
    }

    /// Claims for a minute.
    pub async fn claim(&self, worker: &str, seconds: i64) -> Option<Lease> {
        self.store.claim(worker, &TaskKind::ALL, at(seconds), Duration::minutes(1)).await.expect("claiming works")
    }

    pub async fn record(&self, project: Uuid) -> ProjectRecord {
        self.store.project(project).await.expect("reading works").expect("the project is there")
    }

    pub async fn count(&self, query: &str) -> i64 {
        let query = Statement::from_string(self.raw.get_database_backend(), query);
        let row = self.raw.query_one_raw(query).await.expect("the query works").expect("a count has one row");
        row.try_get_by_index(0).expect("a count is a number")
    }
}

pub fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// A time, in seconds from some moment.
pub fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).expect("the time is possible")
}

pub fn new_project(project: u128, owner: Uuid) -> NewProject {
    let title = format!("Project {project}");
    let settings = Settings { title, topic: "the Moon".to_owned(), include_music: true, ..Settings::default() };
    let choice = Choice { fallback: Some(true), ..Choice::default() }.with("image", "gemini");
    let settings = Settings { choice, speech_speed: Some(1.25), ..settings };
    NewProject { id: id(project), owner, settings, details: Details::default(), source: None, characters: Vec::new() }
}

pub fn draft(scene: u128, narration: &str) -> SceneDraft {
    let visual_description = format!("Picture of {narration}");
    SceneDraft {
        id: id(scene),
        narration: narration.to_owned(),
        visual_description,
        image: None,
        video: None,
        look: Default::default(),
        character: Some(id(scene + 7)),
        voice: scene.is_multiple_of(2).then(|| Voice { vendor: "espeak".to_owned(), name: "en-gb".to_owned() }),
    }
}

pub fn asset(key: &str) -> Asset {
    Asset { key: key.to_owned(), media_type: "image/jpeg".to_owned(), bytes: 7, made_by: "test/1".to_owned(), credit: None }
}

/// A storyboard of the user's own with these pictures.
pub fn storyboard(pictures: &[&str]) -> Arc<Storyboard> {
    let word = r#"{"word":"Grüße ∆","start":0.125,"end":1.337}"#;
    let scene = |key: &&str| format!(r#"{{"imageUrl":"{key}","duration":2.345,"wordTimings":[{word}],"clipVolumeDb":-6.5}}"#);
    let scenes: Vec<String> = pictures.iter().map(scene).collect();
    let text = format!(r#"{{"title":"Übung","scenes":[{}]}}"#, scenes.join(","));
    Arc::new(Storyboard::from_json(&text).expect("a good storyboard"))
}

pub fn output(video: &str) -> RenderOutput {
    RenderOutput {
        video: video.to_owned(),
        srt: format!("{video}.srt"),
        vtt: format!("{video}.vtt"),
        ass: Some(format!("{video}.ass")),
        thumbnail: format!("{video}.jpg"),
        seconds: 12.5,
        bytes: 99,
        warnings: vec!["The \"music\" is short.".to_owned()],
    }
}

pub fn product(kind: TaskKind, key: &str) -> Product {
    let words = vec![model::caption::WordTiming { word: "Grüße ∆".to_owned(), start: 0.125, end: 1.337 }];
    match kind {
        TaskKind::DrawImage => Product::Image(asset(key)),
        TaskKind::Speak => Product::Speech { asset: asset(key), seconds: 2.345, words: Some(words) },
        TaskKind::WriteScript => Product::Script {
            title: "Übung".to_owned(),
            description: key.to_owned(),
            scenes: vec![ScriptScene { narration: "One.".to_owned(), visual_description: "1".to_owned(), seconds: 1.5 }],
        },
        TaskKind::AlignWords => Product::Words(words),
        TaskKind::Animate => Product::Clip(asset(key)),
        TaskKind::ComposeMusic => Product::Music(asset(key)),
        TaskKind::Render => Product::Video(output(key)),
        TaskKind::Answer => Product::Answer(Answer::Text { text: key.to_owned() }),
    }
}
