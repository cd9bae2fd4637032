//! The program on PostgreSQL, when `SHORTSAI_TEST_POSTGRES_URL` names a server (`make test` starts one).

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::desk::{Desk, Ended};

/// A database of its own for one test; gone with it.
struct Database {
    server: String,
    name: String,
}

/// Counts this run's databases.
static DATABASES: AtomicU32 = AtomicU32::new(0);

impl Database {
    fn new() -> Option<Self> {
        let server = std::env::var("SHORTSAI_TEST_POSTGRES_URL").ok()?;
        let name = format!("cli_{}_{}", std::process::id(), DATABASES.fetch_add(1, Ordering::Relaxed));
        let database = Self { server, name };
        database.psql(&format!("CREATE DATABASE {}", database.name));
        Some(database)
    }

    /// `postgres://user@folder%2Fof%2Fsocket/postgres` with another database's name.
    fn url(&self) -> String {
        let (address, parameters) = self.server.split_once('?').unwrap_or((&self.server, ""));
        let (host, _) = address.rsplit_once('/').expect("the address names a database");
        format!("{host}/{}?{parameters}", self.name)
    }

    fn psql(&self, sql: &str) -> String {
        let address = if sql.contains(" DATABASE ") { self.server.clone() } else { self.url() };
        let output = Command::new("psql").args([&address, "-XAtqc", sql]).output().expect("psql is there");
        let ended = Ended::of(output);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended.stdout.trim().to_owned()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.psql(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

#[test]
fn a_script_is_made_on_postgresql() {
    let Some(database) = Database::new() else { return };
    let desk = Desk::new();
    desk.script("story.md", "# Tiny\n\nGo on.\n");
    let make = || {
        let made = desk.command(&["make", "story.md"]).env("DATABASE_URL", database.url()).output().expect("the program starts");
        let ended = Ended::of(made);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(ended.complaints(), Vec::<&str>::new());
    };
    make();
    assert!(desk.path("story.mp4").is_file());
    assert!(!desk.data().join("shortsai.db").exists(), "nothing is kept in SQLite");
    let tasks = "SELECT state, count(*) FROM task GROUP BY state";
    assert_eq!(database.psql(tasks), "done|3", "picture, narration, video");
    make();
    assert_eq!(database.psql(tasks), "done|3", "the second run finds all of it");
    let doctor = desk.succeed(&["doctor", "--database-url", &database.url()]);
    assert!(doctor.stdout.contains(&format!("/{}\n", database.name)), "{}", doctor.stdout);
}
