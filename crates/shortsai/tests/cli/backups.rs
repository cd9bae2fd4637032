//! Backups of databases with real data in them: taken while others write, tried, destroyed, brought back and compared row by row.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use age::secrecy::ExposeSecret;
use sea_orm::{ConnectionTrait, Database as Connection, DatabaseConnection, Statement};
use serde_json::Value;

use crate::desk::{Desk, Ended, names_in};
use crate::postgres::Database;
use crate::terminal::on_terminal;

const PASSPHRASE: &str = "correct horse battery staple";

/// A desk with a database of either kind.
pub struct Site {
    pub desk: Desk,
    pub postgres: Option<Database>,
}

impl Site {
    pub fn sqlite() -> Self {
        Self { desk: Desk::new(), postgres: None }
    }

    pub fn postgres() -> Option<Self> {
        Some(Self { desk: Desk::new(), postgres: Some(Database::new()?) })
    }

    pub fn url(&self) -> String {
        match &self.postgres {
            Some(database) => database.url(),
            None => format!("sqlite://{}", self.desk.data().join("shortsai.db").display()),
        }
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.desk.command(arguments);
        if self.postgres.is_some() {
            command.env("DATABASE_URL", self.url());
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(self.command(arguments).output().expect("the program starts"))
    }

    #[track_caller]
    pub fn succeed(&self, arguments: &[&str]) -> Ended {
        let ended = self.run(arguments);
        assert_eq!(ended.code, Some(0), "{arguments:?}: {ended:?}");
        ended
    }

    #[track_caller]
    fn refused(&self, arguments: &[&str], says: &str) {
        let ended = self.run(arguments);
        assert!(ended.code != Some(0) && ended.stderr.contains(says), "{arguments:?} does not say {says}: {ended:?}");
    }

    pub fn kept(&self) -> PathBuf {
        self.desk.data().join("backups")
    }

    /// The file of the one backup that there is.
    fn file(&self) -> PathBuf {
        let names = names_in(&self.kept());
        let file = names.iter().find(|name| !name.ends_with(".json")).expect("a backup");
        self.kept().join(file)
    }

    /// A short, and people.
    fn fill(&self) {
        self.desk.script("story.md", "# Tiny\n\nGrüße – olá!\n");
        self.succeed(&["make", "story.md"]);
        self.succeed(&["user", "create", "ana@example.org", "--admin"]);
        self.succeed(&["user", "create", "eva@example.org"]);
    }

    /// Every row of every table, as text.
    pub fn all(&self) -> Vec<String> {
        with_database(&self.url(), async |db| {
            let backend = db.get_database_backend();
            let ask = async |sql: String| {
                let rows = db.query_all_raw(Statement::from_string(backend, sql)).await.expect("the query works");
                rows.iter().map(|row| row.try_get_by_index::<String>(0).expect("a text")).collect::<Vec<_>>()
            };
            let tables = match self.postgres {
                None => "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1",
                Some(_) => "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
            };
            let mut all = Vec::new();
            for table in ask(tables.to_owned()).await {
                let row = match self.postgres {
                    Some(_) => format!("SELECT t::text FROM \"{table}\" t ORDER BY 1"),
                    None => {
                        let columns = ask(format!("SELECT 'quote(\"' || name || '\")' FROM pragma_table_info('{table}')")).await;
                        format!("SELECT {} FROM \"{table}\" ORDER BY 1", columns.join(" || '|' || "))
                    }
                };
                all.extend(ask(row).await.into_iter().map(|row| format!("{table}: {row}")));
            }
            all
        })
    }

    /// Writes pairs of rows that belong together, until it is told to stop.
    fn write_on(&self, stop: &Arc<AtomicBool>) -> JoinHandle<u32> {
        let (url, stop) = (self.url(), stop.clone());
        std::thread::spawn(move || {
            with_database(&url, async |db| {
                let mut pairs = 0;
                while !stop.load(Ordering::Relaxed) {
                    let half = |name| {
                        let time = "2027-01-01 00:00:00+00:00";
                        format!("INSERT INTO vendor_gate (key, tokens, counted_at) VALUES ('{name} {pairs}', 1, '{time}')")
                    };
                    let pair = format!("BEGIN; {}; {}; COMMIT", half("left"), half("right"));
                    db.execute_unprepared(&pair).await.expect("it may write");
                    pairs += 1;
                }
                pairs
            })
        })
    }

    fn destroy(&self) {
        match &self.postgres {
            Some(database) => drop(database.psql(&format!("DROP DATABASE {} WITH (FORCE)", database.name()))),
            None => fs::write(self.desk.data().join("shortsai.db"), "no database any more ".repeat(99)).expect("written"),
        }
    }
}

pub fn with_database<T>(url: &str, work: impl AsyncFnOnce(&DatabaseConnection) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut options = sea_orm::ConnectOptions::new(url);
        options.max_connections(1);
        let db = Connection::connect(options).await.expect("the database opens");
        let done = work(&db).await;
        db.close().await.expect("closed");
        done
    })
}

/// Takes backups while others write, destroys the database, and gets all of it back.
fn there_and_back(site: &Site) {
    site.fill();
    let stop = Arc::new(AtomicBool::new(false));
    let writer = site.write_on(&stop);
    for _ in 0..3 {
        site.succeed(&["backup", "create"]);
        let verified = site.succeed(&["backup", "verify"]);
        assert!(verified.stdout.contains("is good"), "{verified:?}");
    }
    stop.store(true, Ordering::Relaxed);
    let pairs = writer.join().expect("it wrote");
    assert!(pairs > 20, "{pairs} is little to write meanwhile");
    let listed: Value = serde_json::from_str(&site.succeed(&["backup", "list", "--json"]).stdout).expect("JSON");
    let count = |one: &Value| one["manifest"]["rows"]["vendor_gate"].as_i64().expect("counted");
    let written: Vec<i64> = listed.as_array().expect("a list").iter().map(count).collect();
    assert!(written.len() == 3 && written.is_sorted() && written[2] > written[0], "others wrote meanwhile: {written:?}");
    assert!(written.iter().all(|rows| rows % 2 == 0), "what belongs together is together: {written:?}");

    let before = site.all();
    assert!(before.iter().any(|row| row.starts_with("scene: ") && row.contains("Grüße")));
    let name = site.succeed(&["backup", "create"]).stdout.trim().to_owned();
    site.succeed(&["user", "create", "late@example.org"]);
    site.refused(&["backup", "restore", "latest"], "add --yes");
    site.destroy();
    let restored = site.succeed(&["backup", "restore", &name, "--yes"]);
    assert!(restored.stdout.contains("was restored"), "{restored:?}");
    assert_eq!(site.all(), before, "every row of every table is what it was");
    assert!(!site.succeed(&["user", "list"]).stdout.contains("late@"), "what came later is gone");
    let made = site.succeed(&["make", "story.md"]);
    assert_eq!(made.complaints(), Vec::<&str>::new(), "and it goes on");

    // What is restored over stays under another name.
    let again = site.succeed(&["backup", "restore", "latest", "--yes"]);
    assert!(again.stdout.contains("The database of before is kept as"), "{again:?}");
    let removed = site.succeed(&["backup", "prune", "--keep-last", "1"]);
    assert_eq!(removed.stdout.lines().count(), 3, "{removed:?}");
    assert_eq!(names_in(&site.kept()).len(), 2, "one backup and what says so");
    assert!(names_in(&site.desk.data()).iter().all(|name| !name.starts_with(".backup")), "nothing half made is left");
}

#[test]
fn sqlite_goes_there_and_back() {
    there_and_back(&Site::sqlite());
}

#[test]
fn postgresql_goes_there_and_back() {
    if let Some(site) = Site::postgres() {
        there_and_back(&site);
        let database = site.postgres.as_ref().expect("it is there");
        // Whoever is connected is not cut off unless that is wanted.
        with_database(&site.url(), async |_| {
            site.refused(&["backup", "restore", "latest", "--yes"], "connections to the database");
            site.succeed(&["backup", "restore", "latest", "--yes", "--disconnect"]);
        });
        let beside = database
            .psql_on_server(&format!("SELECT count(*) FROM pg_database WHERE datname LIKE '{}_restore%'", database.name()));
        assert_eq!(beside, "0", "scratch databases are gone");
        database.drop_beside();
    }
}

/// Whatever is wrong with a backup, it is told, and the database stays as it is.
fn bad_ones_are_refused(site: &Site) {
    site.succeed(&["user", "create", "ana@example.org"]);
    site.succeed(&["backup", "create"]);
    let file = site.file();
    let good = fs::read(&file).expect("readable");
    let before = site.all();
    let refused = |says: &str| {
        site.refused(&["backup", "verify"], says);
        site.refused(&["backup", "restore", "latest", "--yes"], says);
        assert_eq!(site.all(), before, "the database is as it was");
    };
    let mut damaged = good.clone();
    damaged[good.len() / 2] ^= 1;
    fs::write(&file, &damaged).expect("written");
    refused("is damaged");
    fs::write(&file, &good[..good.len() - 1]).expect("written");
    refused("is not whole");
    fs::write(&file, &good).expect("written");

    let said = file.with_file_name(format!(
        "{}.json",
        file.file_name().expect("a name").to_str().expect("UTF-8").split('.').next().expect("a front")
    ));
    let manifest = fs::read_to_string(&said).expect("readable");
    let mut changed: Value = serde_json::from_str(&manifest).expect("JSON");
    changed["rows"]["user"] = 77.into();
    fs::write(&said, changed.to_string()).expect("written");
    refused("table user has 2 rows, not 77 rows");
    changed["schema"].as_array_mut().expect("a list").push("m9999_later".into());
    fs::write(&said, changed.to_string()).expect("written");
    refused("made by a newer version");
    fs::write(&said, &manifest[1..]).expect("written");
    site.refused(&["backup", "verify", file.to_str().expect("UTF-8")], "is damaged");
    fs::write(&said, manifest).expect("written");
    site.succeed(&["backup", "verify"]);
    fs::remove_file(&file).expect("removed");
    assert!(site.succeed(&["backup", "list"]).stdout.contains("it is not whole"));
}

#[test]
fn bad_backups_of_sqlite_are_refused() {
    bad_ones_are_refused(&Site::sqlite());
}

#[test]
fn bad_backups_of_postgresql_are_refused() {
    if let Some(site) = Site::postgres() {
        bad_ones_are_refused(&site);
    }
}

#[test]
fn only_who_has_the_key_can_read_a_backup() {
    let site = Site::sqlite();
    site.succeed(&["user", "create", "ana@example.org"]);
    let with = |arguments: &[&str], passphrase: &str| {
        let output = site.command(arguments).env("SHORTSAI_BACKUP_PASSPHRASE", passphrase).output();
        Ended::of(output.expect("the program starts"))
    };
    assert_eq!(with(&["backup", "create"], PASSPHRASE).code, Some(0));
    assert!(site.file().to_str().expect("UTF-8").ends_with(".sqlite.gz.age"));
    assert!(fs::read(site.file()).expect("readable").starts_with(b"age-encryption.org/v1"));
    site.refused(&["backup", "verify"], "set its passphrase");
    let wrong = with(&["backup", "restore", "latest", "--yes"], "another passphrase");
    assert!(wrong.code == Some(1) && wrong.stderr.contains("can't be opened with this key or passphrase"), "{wrong:?}");
    assert_eq!(with(&["backup", "verify"], PASSPHRASE).code, Some(0));
    fs::remove_dir_all(site.kept()).expect("removed");

    let (own, other) = (age::x25519::Identity::generate(), age::x25519::Identity::generate());
    let config = format!("[backup]\nrecipients = [\"{}\"]\n", own.to_public());
    fs::write(site.desk.data().join("shortsai.toml"), config).expect("written");
    for (name, identity) in [("own.key", own), ("other.key", other)] {
        site.desk.write(name, format!("# made by age-keygen\n{}\n", identity.to_string().expose_secret()));
    }
    site.succeed(&["backup", "create"]);
    site.refused(&["backup", "verify"], "by --identity");
    site.refused(&["backup", "verify", "--identity", "other.key"], "can't be opened with this key");
    site.succeed(&["backup", "verify", "--identity", "own.key"]);
}

#[test]
fn who_restores_is_asked() {
    let site = Site::sqlite();
    site.succeed(&["user", "create", "ana@example.org"]);
    site.succeed(&["backup", "create"]);
    site.succeed(&["user", "create", "eva@example.org"]);
    let answer = |typed: &str| on_terminal(&site.command(&["backup", "restore", "latest"]), "[y/N] ", typed);
    let users = || site.succeed(&["user", "list"]).stdout;
    for typed in ["n", "", "yes please"] {
        let Some((code, shown)) = answer(typed) else { return };
        assert!(code == Some(1) && shown.contains("nothing was changed"), "{code:?} {shown}");
        assert!(shown.contains("The database now: ") && shown.contains("The backup: shortsai-"), "{shown}");
        assert!(users().contains("eva@example.org"));
    }
    let (code, shown) = answer("Y").expect("there was a terminal before");
    assert!(code == Some(0) && shown.contains("was restored"), "{code:?} {shown}");
    assert!(!users().contains("eva@example.org"));
}

#[test]
fn a_running_server_is_not_restored_under_its_feet() {
    let site = Site::sqlite();
    site.succeed(&["user", "create", "ana@example.org"]);
    let config = "[backup]\nfolder = \"regular\"\n";
    fs::write(site.desk.data().join("shortsai.toml"), config).expect("written");
    let mut server = site.desk.start(&["serve", "--listen", "127.0.0.1:0"]);
    let regular = site.desk.data().join("regular");
    crate::desk::wait_for("the first regular backup", || {
        names_in(&regular).iter().any(|name| name.ends_with(".json")).then_some(())
    });
    site.refused(&["backup", "restore", "latest", "--yes"], "stop it first");
    crate::desk::signal(&server, libc::SIGTERM);
    server.wait().expect("it ends");
    let file = regular.join(names_in(&regular).pop().expect("a backup"));
    let elsewhere = ["backup", "restore", file.to_str().expect("UTF-8"), "--yes"];
    assert!(site.succeed(&elsewhere).stdout.contains("was restored"));
}
