//! `shortsai serve`, `openapi` and `doctor` as processes; the API itself has tests of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Child;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::desk::{Desk, Ended, QUICK, signal};

/// A running server; killed when a test fails.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(desk: &Desk) -> Self {
        let mut child = desk.start(&["serve", "--listen", "127.0.0.1:0"]);
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().expect("a pipe")).read_line(&mut line).expect("it says where it listens");
        let address = line.trim().strip_prefix("ShortsAI listens on http://").expect("an address").to_owned();
        Self { child, address }
    }

    fn send(&self, method: &str, path: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        let Self { address, .. } = self;
        let head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json");
        write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).expect("it reads");
        stream
    }

    /// Status and body.
    fn ask(&self, method: &str, path: &str, body: &str) -> (String, Value) {
        let mut answer = String::new();
        self.send(method, path, body).read_to_string(&mut answer).expect("it answers");
        let (head, body) = answer.split_once("\r\n\r\n").expect("head and body");
        (head.split(' ').nth(1).unwrap_or_default().to_owned(), serde_json::from_str(body).expect("JSON"))
    }

    /// Asks it to end; answers how it did, and how long it took.
    fn terminate(mut self) -> (Option<i32>, Duration) {
        let begun = Instant::now();
        signal(&self.child, libc::SIGTERM);
        (self.child.wait().expect("it ends").code(), begun.elapsed())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended already, unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn only_this_machine_is_served_without_sign_in() {
    let desk = Desk::new();
    let ended = desk.run(&["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
    assert!(ended.stderr.starts_with("error: 0.0.0.0:0 can be reached by others"), "{}", ended.stderr);
    assert!(ended.stderr.trim_end().ends_with("so listen on 127.0.0.1 or [::1] only"), "{}", ended.stderr);
    assert!(!desk.data().exists());
}

#[test]
fn the_simulator_of_vendors_is_for_this_machine_only() {
    let desk = Desk::new();
    let ended = desk.run(&["simulate-vendors", "--listen", "0.0.0.0:0"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
    assert!(ended.stderr.starts_with("error: 0.0.0.0:0 can be reached by others"), "{}", ended.stderr);
}

#[test]
fn a_server_answers_and_ends_when_told() {
    let desk = Desk::new();
    let server = Server::start(&desk);
    let (status, health) = server.ask("GET", "/health", "");
    assert_eq!((status.as_str(), &health["status"]), ("200", &json!("ok")));
    let (_, document) = server.ask("GET", "/api/openapi.json", "");
    let printed: Value = serde_json::from_str(&desk.succeed(&["openapi"]).stdout).expect("JSON");
    assert_eq!(document, printed);

    let second = desk.run(&["serve", "--listen", &server.address]);
    assert_eq!((second.code, second.complaints().len()), (Some(1), 1), "{second:?}");
    let taken = format!("error: can't listen on {}", server.address);
    assert!(second.stderr.starts_with(&taken) && second.stderr.contains("another port with --listen"), "{}", second.stderr);

    let (code, took) = server.terminate();
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn a_server_ends_although_somebody_listens_to_events() {
    let desk = Desk::new();
    let server = Server::start(&desk);
    let long = "This takes a while, because there are many words in it. ".repeat(8);
    let script = json!({ "script": format!("{QUICK}{long}") }).to_string();
    let (status, short) = server.ask("POST", "/api/shorts", &script);
    assert_eq!(status, "202", "{short}");
    let project = short["projectId"].as_str().expect("an id");
    let mut events = BufReader::new(server.send("GET", &format!("/api/events/{project}"), ""));
    let mut line = String::new();
    while !line.contains("init") {
        line.clear();
        assert_ne!(events.read_line(&mut line).expect("the stream is open"), 0, "the stream ended");
    }
    let (code, took) = server.terminate();
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn make_works_beside_a_server() {
    let desk = Desk::new();
    desk.script("story.md", "Go on.\n\nAnd on.\n");
    let server = Server::start(&desk);
    desk.succeed(&["make", "story.md"]);
    assert!(desk.path("story.mp4").is_file());
    assert_eq!(server.terminate().0, Some(0));
}

#[test]
fn doctor_knows_what_is_missing() {
    let desk = Desk::new();
    let ended = desk.succeed(&["doctor"]);
    assert!(ended.stdout.lines().filter(|line| line.starts_with("ok ")).count() == 5, "{}", ended.stdout);
    let sick = desk.command(&["doctor"]).env("PATH", desk.temporary()).output().expect("the program starts");
    let sick = Ended::of(sick);
    assert_eq!(sick.code, Some(1));
    assert!(sick.stdout.contains("ffmpeg was not found; install it with: sudo apt-get install ffmpeg"), "{}", sick.stdout);
}

#[test]
fn commands_that_do_not_exist() {
    let desk = Desk::new();
    let check = |arguments: &[&str], part: &str| {
        let ended = desk.run(arguments);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains(part), "{}", ended.stderr);
    };
    check(&[], "Usage: shortsai");
    check(&["mak"], "similar subcommand exists: 'make'");
    check(&["make"], "required arguments were not provided");
    check(&["make", "a", "topic"], "unexpected argument 'topic'");
    check(&["render", "--quality", "best", "x.json"], "[possible values: draft, standard, high]");
}
