//! The program on PostgreSQL, when `SHORTSAI_TEST_POSTGRES_URL` names a server (`make test` starts one).

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::desk::{Desk, Ended, signal, wait_for};

/// A database of its own for one test; gone with it.
pub struct Database {
    server: String,
    name: String,
}

/// Counts this run's databases.
static DATABASES: AtomicU32 = AtomicU32::new(0);

impl Database {
    pub fn new() -> Option<Self> {
        let server = std::env::var("SHORTSAI_TEST_POSTGRES_URL").ok()?;
        let name = format!("cli_{}_{}", std::process::id(), DATABASES.fetch_add(1, Ordering::Relaxed));
        let database = Self { server, name };
        database.psql(&format!("CREATE DATABASE {}", database.name));
        Some(database)
    }

    /// `postgres://user@folder%2Fof%2Fsocket/postgres` with another database's name.
    pub fn url(&self) -> String {
        let (address, parameters) = self.server.split_once('?').unwrap_or((&self.server, ""));
        let (host, _) = address.rsplit_once('/').expect("the address names a database");
        format!("{host}/{}?{parameters}", self.name)
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn psql(&self, sql: &str) -> String {
        let address = if sql.contains(" DATABASE ") { self.server.clone() } else { self.url() };
        Self::ask(&address, sql)
    }

    /// The same, whether or not the database is there.
    pub fn psql_on_server(&self, sql: &str) -> String {
        Self::ask(&self.server, sql)
    }

    /// Drops what restoring has left under other names.
    pub fn drop_beside(&self) {
        let beside = self.psql_on_server(&format!("SELECT datname FROM pg_database WHERE datname LIKE '{}_before%'", self.name));
        for name in beside.lines() {
            self.psql_on_server(&format!("DROP DATABASE {name} WITH (FORCE)"));
        }
    }

    fn ask(address: &str, sql: &str) -> String {
        let output = Command::new("psql").args([address, "-XAtqc", sql]).output().expect("psql is there");
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

#[test]
fn a_stopped_program_gives_its_tasks_back() {
    let Some(database) = Database::new() else { return };
    let desk = Desk::new();
    desk.script("long.md", &format!("# Long\n\n{}\n", "Here is a sentence that takes its time. ".repeat(40)));
    let mut command = desk.command(&["make", "long.md"]);
    let child = command.env("DATABASE_URL", database.url()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.expect("the program starts");
    let running = "SELECT count(*) FROM task WHERE state = 'running' AND kind = 'render'";
    // The tables are not there from the beginning.
    let there = "SELECT count(*) FROM information_schema.tables WHERE table_name = 'vendor_gate'";
    wait_for("the tables", || (database.psql(there) == "1").then_some(()));
    wait_for("the render", || (database.psql(running) == "1").then_some(()));
    signal(&child, libc::SIGTERM);
    let ended = Ended::of(child.wait_with_output().expect("it ends"));
    assert_eq!(ended.code, Some(130), "{ended:?}");
    let back = "SELECT state, attempt, lease_owner IS NULL, turn IS NOT NULL FROM task WHERE kind = 'render'";
    assert_eq!(database.psql(back), "ready|0|t|t");
    let made = desk.command(&["make", "long.md"]).env("DATABASE_URL", database.url()).output().expect("the program starts");
    assert_eq!(Ended::of(made).code, Some(0));
}
