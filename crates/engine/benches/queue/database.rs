//! Throw-away databases, and what is put into them.

use std::ops::Range;
use std::process::Command;
use std::sync::LazyLock;
use std::time::Instant;

use chrono::{DateTime, Utc};
use model::project::Settings;
use model::workflow::{self, Edit, Input, SceneDraft};
use store::{Details, NewProject, Store};
use tempfile::TempDir;
use tokio::task::JoinSet;
use uuid::Uuid;

/// Where the databases of one kind are.
pub enum Database {
    Sqlite(TempDir),
    /// The address of a server whose user may create databases.
    Postgres(String),
}

static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// A clock that goes as fast as the real one.
pub fn now() -> DateTime<Utc> {
    let begun = DateTime::from_timestamp(1_800_000_000, 0).expect("a possible time");
    begun + chrono::Duration::from_std(BEGUN.elapsed()).expect("a benchmark is short")
}

impl Database {
    pub fn sqlite() -> Self {
        Self::Sqlite(tempfile::tempdir().expect("a temporary folder"))
    }

    pub fn postgres() -> Option<Self> {
        std::env::var("SHORTSAI_TEST_POSTGRES_URL").ok().map(Self::Postgres)
    }

    /// A new database of that name.
    pub async fn open(&self, name: &str) -> Store {
        if let Self::Postgres(server) = self {
            psql(server, &format!("DROP DATABASE IF EXISTS bench_{name} WITH (FORCE)"));
            psql(server, &format!("CREATE DATABASE bench_{name}"));
        }
        store::open(&self.url(name)).await.expect("a new database opens")
    }

    fn url(&self, name: &str) -> String {
        match self {
            Self::Sqlite(folder) => format!("sqlite://{}", folder.path().join(name).display()),
            Self::Postgres(server) => {
                let (address, parameters) = server.split_once('?').unwrap_or((server, ""));
                let (host, _) = address.rsplit_once('/').expect("the address names a database");
                format!("{host}/bench_{name}?{parameters}")
            }
        }
    }

    /// What PostgreSQL does by itself when much was written: statistics, and space of rows that are gone.
    pub fn clean_up(&self, name: &str) {
        if let Self::Postgres(_) = self {
            psql(&self.url(name), "VACUUM (ANALYZE) task");
        }
    }

    /// Shows how PostgreSQL finds the next task.
    pub fn explain(&self, name: &str) {
        if let Self::Postgres(_) = self {
            // As the claim does for itself.
            let claim = "SET enable_sort = off; SET jit = off; EXPLAIN (ANALYZE, BUFFERS) SELECT * FROM task WHERE lane = 0 AND turn IS NOT NULL \
                         AND kind IN ('speak', 'draw_image', 'compose_music') AND run_at <= '2100-01-01' \
                         ORDER BY turn, priority DESC, created_at, place LIMIT 1 FOR UPDATE SKIP LOCKED";
            println!("{}", psql(&self.url(name), claim));
        }
    }
}

fn psql(url: &str, sql: &str) -> String {
    let output = Command::new("psql").args([url, "-XAtqc", sql]).output().expect("psql is there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Projects whose pictures and narrations are all asked for.
pub async fn fill(store: &Store, projects: Range<usize>) {
    let owner = store.local_owner(now()).await.expect("the owner");
    let mut filling = JoinSet::new();
    for number in projects {
        if filling.len() == 8 {
            filling.join_next().await.expect("eight are running").expect("none panics");
        }
        let store = store.clone();
        filling.spawn(async move { add(&store, owner, number as u128 + 1).await });
    }
    filling.join_all().await;
}

async fn add(store: &Store, owner: Uuid, number: u128) {
    let id = Uuid::from_u128(number << 32);
    let settings = Settings { title: format!("Project {number}"), ..Settings::default() };
    let new = NewProject { id, owner, settings, details: Details::default(), source: None, characters: Vec::new() };
    store.create_project(new, now()).await.expect("the project is new");
    let scene = |scene: usize| SceneDraft {
        id: Uuid::from_u128((number << 32) + 1 + scene as u128),
        narration: format!("What is said in scene {scene}, a sentence of usual length with some words in it."),
        visual_description: "A wide view over hills in the evening".to_owned(),
        image: None,
        video: None,
        look: Default::default(),
        character: None,
        voice: None,
    };
    let scenes = (0..crate::TASKS_OF_PROJECT / 2).map(scene).collect();
    let inputs = [Input::Edit(Edit::ReplaceScenes(scenes)), Input::Command(workflow::Command::GenerateAll { force: false })];
    for input in inputs {
        store.apply(id, input, now()).await.expect("the project is filled");
    }
}
