//! A production life on one machine, without containers: two servers, two engines and two workers on PostgreSQL and a bucket, each a
//! process of its own, people who sign in, a short, a backup, a disaster, new secrets, and a roll-out in the middle of a render.
//! `make rehearse` shows it.

use std::process::{Command, Stdio};
use std::time::Duration;

use providers::simulator::{Options, Simulator};
use sea_orm::Database as Connection;
use sea_orm_migration::MigratorTrait;
use serde_json::{Value, json};
use store::Migrator;

use crate::bucket::Moto;
use crate::desk::{Desk, Ended, wait_for};
use crate::google::{CLIENT, CLIENT_SECRET, Google};
use crate::postgres::Database;
use crate::running::Running;
use crate::studio::account;
use crate::studio::tab::Tab;

/// Where browsers find it: behind a proxy with TLS, which these tests play.
const HOME: &str = "https://shorts.example";
const WORKER_SECRET: &str = "a secret of workers, for this rehearsal only";
const OLD_SECRET: &str = "the first secret of this rehearsal and quite long";
const NEW_SECRET: &str = "the second secret of this rehearsal and as long";
/// A key that only its user has; without it the vendor is not asked.
const USERS_KEY: &str = "AIza-of-ada-0042";

fn say(step: &str) {
    eprintln!("rehearsal: {step}");
}

/// A server, an engine or a worker.
struct Process {
    running: Running,
    /// Where a server or a worker listens.
    address: String,
}

impl Process {
    /// Is there once it says so.
    fn start(mut command: Command, front: &str) -> Self {
        let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program starts");
        let mut running = Running::of(child);
        let address = running.says(front);
        Self { running, address }
    }

    fn stop(self) {
        assert_eq!(self.running.stop(), Some(0));
    }
}

struct House {
    desk: Desk,
    database: Database,
    bucket: Moto,
    google: Google,
    /// Answers as long as it is there.
    _vendors: Simulator,
}

impl House {
    /// None where there is no PostgreSQL.
    async fn build() -> Option<Self> {
        let database = Database::new()?;
        let vendors = Simulator::start(([127, 0, 0, 1], 0).into(), Options::default()).expect("a free port");
        let desk = Desk::new();
        // Not as a stand-in for all vendors, which would need no keys.
        let gemini = format!("[vendor.gemini]\nbase_url = \"{}/gemini/v1beta\"\n", vendors.base());
        desk.write("shortsai.toml", gemini);
        Some(Self { desk, database, bucket: Moto::start(), google: Google::start().await, _vendors: vendors })
    }

    /// The program with production's settings, the server secrets being the newest and those of before.
    fn program(&self, arguments: &[&str], folder: &str, (secret, before): (&str, &str)) -> Command {
        let mut command = self.desk.command(arguments);
        command
            .envs(self.bucket.environment())
            .env("SHORTSAI_DATA_DIR", self.desk.path(folder))
            .env("SHORTSAI_CONFIG", self.desk.path("shortsai.toml"))
            .env("SHORTSAI_BACKUP_FOLDER", self.desk.path("backups"))
            .env("DATABASE_URL", self.database.url())
            .env("AUTH_URL", HOME)
            .env("AUTH_SECRET", secret)
            .env("GOOGLE_CLIENT_ID", CLIENT)
            .env("GOOGLE_CLIENT_SECRET", CLIENT_SECRET)
            .env("GOOGLE_ISSUER", self.google.issuer())
            .env("WORKER_SECRET", WORKER_SECRET)
            .env("TRUSTED_PROXIES", "127.0.0.1");
        if !before.is_empty() {
            command.env("AUTH_SECRET_PREVIOUS", before);
        }
        command
    }

    /// Answers, and does nothing else.
    fn server(&self, folder: &str, secrets: (&str, &str)) -> Process {
        let command = self.program(&["serve", "--without-engine", "--listen", "127.0.0.1:0"], folder, secrets);
        Process::start(command, "ShortsAI listens on ")
    }

    fn engine(&self, folder: &str, workers: &[&Process], secrets: (&str, &str)) -> Process {
        let urls: Vec<&str> = workers.iter().map(|worker| worker.address.as_str()).collect();
        let mut command = self.program(&["engine"], folder, secrets);
        command.env("WORKER_URL", urls.join(","));
        Process::start(command, "ShortsAI engine works on ")
    }

    /// On the address of before, where servers look for it.
    fn worker(&self, folder: &str, listen: &str) -> Process {
        let mut command = self.desk.command(&["worker", "--listen", listen, "--jobs", "1", "--processors", "1"]);
        command
            .envs(self.bucket.environment())
            .env("SHORTSAI_DATA_DIR", self.desk.path(folder))
            .env("WORKER_SECRET", WORKER_SECRET);
        Process::start(command, "ShortsAI worker listens on ")
    }

    fn run(&self, arguments: &[&str], secrets: (&str, &str)) -> String {
        let ended = Ended::of(self.program(arguments, "one", secrets).output().expect("the program starts"));
        assert_eq!(ended.code, Some(0), "{arguments:?}: {ended:?}");
        ended.stdout
    }
}

async fn upgrade(desk: &Desk) {
    let database = Database::new().expect("there is PostgreSQL");
    let connection = Connection::connect(database.url()).await.expect("it is there");
    Migrator::up(&connection, Some(1)).await.expect("the first step");
    connection.close().await.expect("it was open");
    database.psql("INSERT INTO \"user\" VALUES ('5eed0000-0000-4000-8000-0000000000aa', 'Ana', 'ana@shorts.example', now())");
    let run = |arguments: &[&str]| {
        let output = desk.command(arguments).env("DATABASE_URL", database.url()).output();
        Ended::of(output.expect("the program starts"))
    };
    assert_eq!(run(&["migrate", "--check"]).code, Some(3), "steps are missing");
    let migrated = run(&["migrate"]);
    assert_eq!(migrated.code, Some(0), "{migrated:?}");
    assert_eq!(run(&["migrate", "--check"]).code, Some(0));
    let users = run(&["user", "list"]);
    assert!(users.stdout.contains("ana@shorts.example"), "{users:?}");
}

async fn order(tab: &Tab, scenes: usize) -> String {
    let scene = "This scene takes a while, because there are many words in it, and then some more of them. ".repeat(3);
    let body = vec![scene; scenes].join("\n\n");
    let script = format!("---\nsize: 360x640\nmusic: none\nspeech-vendor: espeak\n---\n\n{body}\n");
    let short = tab.post("/api/shorts", json!({ "script": script })).await.json(202);
    short["id"].as_str().expect("an id").to_owned()
}

async fn finished(tab: &Tab, short: &str) -> Value {
    // Half a minute of polling is more than it takes; a server has its limits of requests.
    for _ in 0..600 {
        let answer = tab.get(&format!("/api/shorts/{short}")).await.json(200);
        if answer["status"] == "completed" {
            return answer;
        }
        assert_ne!(answer["status"], "failed", "{answer}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the short is not there after a minute");
}

/// The whole video, as a browser gets it.
async fn video(tab: &Tab, short: &Value) -> Vec<u8> {
    let answer = tab.get(short["video"].as_str().expect("an address")).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "video/mp4"));
    answer.body.to_vec()
}

/// Spoken by the vendor whose key only this user has.
async fn speak(tab: &Tab, text: &str) -> u16 {
    tab.post("/api/ai/generate-audio", json!({ "text": text, "voice": "Kore", "provider": "gemini" })).await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_production_life() {
    let Some(house) = House::build().await else { return };
    let secrets = (OLD_SECRET, "");
    say("a database of the very first schema is brought up to date, once");
    upgrade(&house.desk).await;

    say("two workers, two engines and two servers start on PostgreSQL and a bucket, each a process of its own");
    let (first, second) = (house.worker("worker1", "127.0.0.1:0"), house.worker("worker2", "127.0.0.1:0"));
    let workers = [&first, &second];
    let engines = [house.engine("engine1", &workers, secrets), house.engine("engine2", &workers, secrets)];
    let (one, two) = (house.server("one", secrets), house.server("two", secrets));

    say("ada signs in at one server, which the other one knows, too; cookies are for https only");
    let tab = Tab::behind(HOME, &one.address);
    account::sign_in(&house.google, &tab, "ada").await;
    assert_eq!(tab.at(&two.address).get("/api/auth/session").await.json(200)["user"]["email"], "ada@shorts.example");
    let user = tab.get("/api/users?email=ada@shorts.example").await.json(200)["id"].clone();
    let key = json!({ "user_id": user, "gemini_key": account::veiled(USERS_KEY) });
    assert_eq!(tab.post("/api/user/apikeys", key).await.status, 200);
    assert_eq!(speak(&tab, "With a key of my own.").await, 200);

    say("a short is made, by a worker; its video comes from the bucket");
    let short = order(&tab, 1).await;
    let done = finished(&tab, &short).await;
    let film = video(&tab.at(&two.address), &done).await;
    assert_eq!(film.get(4..8), Some(&b"ftyp"[..]));
    assert_eq!(house.bucket.keys("renders/").iter().filter(|key| key.ends_with(".mp4")).count(), 1);

    say("a backup is taken, the database is destroyed, and the backup restored");
    let taken = house.run(&["backup", "create"], secrets);
    for process in engines.into_iter().chain([one, two]) {
        process.stop();
    }
    house.database.psql(&format!("DROP DATABASE {} WITH (FORCE)", house.database.name()));
    house.database.psql(&format!("CREATE DATABASE {}", house.database.name()));
    house.run(&["backup", "restore", "latest", "--yes"], secrets);
    say(&format!("  {}", taken.lines().next().unwrap_or_default().trim()));

    say("with a new AUTH_SECRET, and the one of before beside it, all is as it was");
    let secrets = (NEW_SECRET, OLD_SECRET);
    let (engine1, engine2) = (house.engine("engine1", &workers, secrets), house.engine("engine2", &workers, secrets));
    let (one, two) = (house.server("one", secrets), house.server("two", secrets));
    let (tab, other) = (tab.at(&one.address), tab.at(&two.address));
    assert_eq!(tab.get("/api/auth/session").await.json(200)["user"]["email"], "ada@shorts.example", "still signed in");
    assert_eq!(speak(&tab, "With the key that was sealed before.").await, 200);
    assert!(video(&other, &finished(&other, &short).await).await == film, "the same video");

    say("every process is replaced while a render runs");
    let long = order(&tab, 4).await;
    let begun = "SELECT count(*) FROM task WHERE kind = 'render' AND state = 'running'";
    wait_for("the render", || (house.database.psql(begun) == "1").then_some(()));
    let segments = || house.bucket.keys("cache/").len();
    let before = segments();
    wait_for("its first segments", || (segments() > before).then_some(()));
    one.stop();
    let one = house.server("one", secrets);
    engine1.stop();
    let engine1 = house.engine("engine1", &workers, secrets);
    let (listen1, listen2) = (first.address.replace("http://", ""), second.address.replace("http://", ""));
    first.stop();
    let first = house.worker("worker1", &listen1);
    two.stop();
    let two = house.server("two", secrets);
    engine2.stop();
    let engine2 = house.engine("engine2", &[&first, &second], secrets);
    second.stop();
    let second = house.worker("worker2", &listen2);
    let tab = tab.at(&one.address);
    let done = finished(&tab, &long).await;
    assert!(video(&tab.at(&two.address), &done).await.len() > film.len());
    let once = "SELECT state, count(*) FROM task WHERE kind = 'render' GROUP BY state";
    assert_eq!(house.database.psql(once), "done|2", "each render ended once");
    let videos = house.bucket.keys("renders/").into_iter().filter(|key| key.ends_with(".mp4")).count();
    assert_eq!(videos, 2, "no video belongs to nobody");

    say("without the secret of before, its keys must be entered again, and nothing else is lost");
    // Those could still open them, and answer what they find in the queue.
    for process in [one, two, engine1, engine2] {
        process.stop();
    }
    let secrets = (NEW_SECRET, "");
    let (one, engine) = (house.server("one", secrets), house.engine("engine1", &[&first, &second], secrets));
    let tab = tab.at(&one.address);
    assert_ne!(speak(&tab, "With a key that nobody can open.").await, 200);
    assert_eq!(tab.get(&format!("/api/shorts/{short}")).await.json(200)["status"], "completed");

    for process in [one, engine, first, second] {
        process.stop();
    }
    house.database.drop_beside();
    say("nothing was lost");
}
