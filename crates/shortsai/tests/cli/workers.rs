//! A server that has its renders made by workers, each a process of its own.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::desk::{Desk, signal, wait_for};
use crate::serving::Server;

const SECRET: &str = "a secret of nobody but these tests";

/// A running worker; killed when a test fails.
struct Worker {
    child: Child,
    address: String,
}

impl Worker {
    /// One that shares the data folder's objects, but not its cache.
    fn start(desk: &Desk, name: &str) -> Self {
        let mut command = desk.command(&["worker", "--listen", "127.0.0.1:0", "--jobs", "1", "--processors", "1"]);
        command.env("WORKER_SECRET", SECRET).env("SHORTSAI_DATA_DIR", desk.path(name));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program starts");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().expect("a pipe")).read_line(&mut line).expect("it says where it listens");
        let address = line.trim().strip_prefix("ShortsAI worker listens on http://").expect("an address").to_owned();
        Self { child, address }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It has ended already, unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Folders of workers whose objects are the server's.
fn share_objects(desk: &Desk, names: &[&str]) {
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
    one.child.kill().expect("it was alive");
    let done = wait_for("the video", || {
        // A server has its limits of requests.
        std::thread::sleep(Duration::from_millis(60));
        Some(state()).filter(|short| ["completed", "failed"].iter().any(|end| short["status"] == *end))
    });
    assert_eq!(done["status"], "completed", "{done}");
    assert!(std::fs::read_dir(desk.path("two").join("segments")).is_ok(), "the second one has done it");
    let (code, _) = server.terminate();
    assert_eq!(code, Some(0));
    let mut two = two;
    signal(&two.child, libc::SIGTERM);
    assert_eq!(two.child.wait().expect("it ends").code(), Some(0));
    assert!(!desk.path("two").join("work/worker").exists(), "nothing is left behind");
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
