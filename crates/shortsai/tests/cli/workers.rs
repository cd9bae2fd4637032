//! A server that has its renders made by workers, each a process of its own.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use crate::desk::{Desk, QUICK, wait_for};
use crate::running::Running;
use crate::serving::Server;
use crate::watching;

pub const SECRET: &str = "a secret of nobody but these tests";

/// A running worker.
pub struct Worker {
    pub running: Running,
    pub address: String,
    /// Where its metrics are, if it was asked for them; without `http://`.
    metrics: Option<String>,
}

impl Worker {
    /// One that shares the data folder's objects, but not its cache.
    fn start(desk: &Desk, name: &str) -> Self {
        Self::start_with(desk, name, &[])
    }

    pub fn start_with(desk: &Desk, name: &str, environment: &[(&str, &str)]) -> Self {
        let mut command = desk.command(&["worker", "--listen", "127.0.0.1:0", "--jobs", "1", "--processors", "1"]);
        command.env("WORKER_SECRET", SECRET).env("SHORTSAI_DATA_DIR", desk.path(name)).envs(environment.iter().copied());
        let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program starts");
        let mut running = Running::of(child);
        let address = running.says("ShortsAI worker listens on http://");
        let metrics =
            environment.iter().any(|(name, _)| *name == "SHORTSAI_METRICS").then(|| running.says("metrics:       http://"));
        Self { running, address, metrics }
    }
}

/// Folders of workers whose objects are the server's.
pub fn share_objects(desk: &Desk, names: &[&str]) {
    std::fs::create_dir_all(desk.data().join("objects")).expect("a folder");
    for name in names {
        std::fs::create_dir_all(desk.path(name)).expect("a folder");
        std::os::unix::fs::symlink(desk.data().join("objects"), desk.path(name).join("objects")).expect("a link");
    }
}

#[test]
fn a_render_goes_on_elsewhere_when_its_worker_is_killed() {
    let desk = Desk::new();
    share_objects(&desk, &["one", "two"]);
    let mut one = Worker::start(&desk, "one");
    let two = Worker::start(&desk, "two");
    let workers = format!("http://{},http://{}", one.address, two.address);
    let server = Server::of(
        desk.command(&["serve", "--listen", "127.0.0.1:0"])
            .env("WORKER_URL", workers)
            .env("WORKER_SECRET", SECRET)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts"),
    );
    let scenes = "This scene takes a while, because there are many words in it, and then some more of them. ".repeat(3);
    let script = format!("---\nsize: 360x640\nmusic: none\n---\n\n{scenes}\n\n{scenes}\n\n{scenes}\n");
    let (status, short) = server.ask("POST", "/api/shorts", &json!({ "script": script }).to_string());
    assert_eq!(status, "202", "{short}");
    let address = format!("/api/shorts/{}", short["id"].as_str().expect("an id"));
    let state = || server.ask("GET", &address, "").1;
    // The first worker is at it, and has something to lose.
    let segments = || std::fs::read_dir(desk.path("one").join("segments")).map_or(0, Iterator::count);
    wait_for("the first segment", || (segments() > 4).then_some(()));
    one.running.kill();
    let done = wait_for("the video", || {
        // A server has its limits of requests.
        std::thread::sleep(Duration::from_millis(60));
        Some(state()).filter(|short| ["completed", "failed"].iter().any(|end| short["status"] == *end))
    });
    assert_eq!(done["status"], "completed", "{done}");
    assert!(std::fs::read_dir(desk.path("two").join("segments")).is_ok(), "the second one has done it");
    let (code, _) = server.terminate();
    assert_eq!(code, Some(0));
    assert_eq!(two.running.stop(), Some(0));
    assert!(!desk.path("two").join("work/worker").exists(), "nothing is left behind");
}

#[test]
fn a_worker_tells_what_it_does() {
    let desk = Desk::new();
    share_objects(&desk, &["one"]);
    let worker = Worker::start_with(&desk, "one", &[("SHORTSAI_METRICS", "127.0.0.1:0")]);
    let mut command = desk.command(&["serve", "--listen", "127.0.0.1:0"]);
    command.env("WORKER_URL", format!("http://{}", worker.address)).env("WORKER_SECRET", SECRET);
    let server = Server::of(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program starts"));
    let (status, short) = server.ask("POST", "/api/shorts", &json!({ "script": format!("{QUICK}Hello.\n\nAgain.") }).to_string());
    assert_eq!(status, "202", "{short}");
    let address = format!("/api/shorts/{}", short["id"].as_str().expect("an id"));
    wait_for("the video", || {
        // A server has its limits of requests.
        std::thread::sleep(Duration::from_millis(60));
        (server.ask("GET", &address, "").1["status"] == "completed").then_some(())
    });
    let (host, path) = worker.metrics.as_deref().expect("it was asked for them").split_once('/').expect("a path");
    let (status, metrics) = watching::ask(host, &format!("GET /{path} HTTP/1.1"), "");
    assert_eq!(status, 200);
    let value = |line: &str| watching::value(&metrics, line);
    assert_eq!(value("shortsai_worker_jobs_total{outcome=\"done\"}"), 1.0);
    assert_eq!(value("shortsai_worker_callbacks_lost_total{then=\"given_up\"}"), 0.0, "before the first one");
    assert_eq!((value("shortsai_worker_jobs{state=\"running\"}"), value("shortsai_worker_jobs{state=\"waiting\"}")), (0.0, 0.0));
    assert!(value("shortsai_render_segments_total{from=\"encoder\"}") >= 2.0);
    assert_eq!(value("shortsai_render_segments_total{from=\"cache\"}"), 0.0);
    assert_eq!(value("shortsai_render_speed_ratio_count"), 1.0);
    assert!(value("shortsai_data_free_bytes") > 0.0);
    assert!(!metrics.contains("shortsai_database_up") && !metrics.contains("shortsai_queue_tasks"), "it has no database");
}

#[test]
fn a_worker_needs_a_secret_that_can_not_be_guessed() {
    let desk = Desk::new();
    for (secret, expected) in [
        (None, "error: without a secret anybody could render here"),
        (Some("dev-secret"), "error: WORKER_SECRET has less than 16"),
    ] {
        let mut command = desk.command(&["worker", "--listen", "127.0.0.1:0"]);
        if let Some(secret) = secret {
            command.env("WORKER_SECRET", secret);
        }
        let ended = crate::desk::Ended::of(command.output().expect("the program starts"));
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.starts_with(expected), "{}", ended.stderr);
    }
    let mut command = desk.command(&["serve", "--listen", "127.0.0.1:0"]);
    let ended = crate::desk::Ended::of(command.env("WORKER_URL", "http://127.0.0.1:1").output().expect("the program starts"));
    assert!(ended.stderr.contains("set WORKER_SECRET to theirs"), "{}", ended.stderr);
}

#[test]
fn doctor_asks_the_workers() {
    let desk = Desk::new();
    share_objects(&desk, &["one"]);
    let one = Worker::start(&desk, "one");
    let doctor = |secret: &str| {
        let mut command = desk.command(&["doctor", "--json"]);
        command.env("WORKER_URL", format!("http://{}", one.address)).env("WORKER_SECRET", secret);
        let ended = crate::desk::Ended::of(command.output().expect("the program starts"));
        let answer: Value = serde_json::from_str(&ended.stdout).expect("JSON");
        let findings = answer["findings"].as_array().expect("findings");
        findings.iter().find(|finding| finding["name"] == "render worker").expect("it is looked at").clone()
    };
    assert_eq!(doctor(SECRET)["state"], "ok");
    let stranger = doctor("another secret of sixteen letters");
    assert!(stranger["state"] == "missing" && stranger["detail"].to_string().contains("the same WORKER_SECRET"), "{stranger}");
}
