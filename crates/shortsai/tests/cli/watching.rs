//! What whoever runs a server sees of it: metrics, logs and `shortsai status`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Stdio;
use std::thread::JoinHandle;
use std::time::Duration;

use axum::http::StatusCode;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::desk::{Desk, QUICK, wait_for};
use crate::running::Running;

/// A server with metrics.
struct Server {
    running: Running,
    address: String,
    metrics: String,
    /// Reads the log: whoever writes to a pipe that is full waits.
    log: Option<JoinHandle<String>>,
}

impl Server {
    fn start(desk: &Desk, environment: &[(&str, &str)]) -> Self {
        Self::start_at(desk, environment, "-v")
    }

    /// One that says more.
    fn start_at(desk: &Desk, environment: &[(&str, &str)], verbose: &str) -> Self {
        let mut command = desk.command(&["serve", "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0", verbose]);
        let mut child = command
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut stderr = child.stderr.take().expect("a pipe");
        let log = std::thread::spawn(move || {
            let mut log = String::new();
            stderr.read_to_string(&mut log).expect("UTF-8");
            log
        });
        let mut running = Running::of(child);
        let address = running.says("ShortsAI listens on http://");
        let metrics = running.says("metrics:       http://").trim_end_matches("/metrics").to_owned();
        Self { running, address, metrics, log: Some(log) }
    }

    fn api(&self, head: &str, body: &str) -> Value {
        serde_json::from_str(&ask(&self.address, head, body).1).expect("JSON")
    }

    fn metrics(&self) -> String {
        let (status, text) = ask(&self.metrics, "GET /metrics HTTP/1.1", "");
        assert_eq!(status, 200);
        text
    }

    /// A short about these words, made to its end; answers its project.
    fn make(&self, words: &str) -> String {
        let order = json!({ "script": format!("{QUICK}{words}") }).to_string();
        let short = self.api("POST /api/shorts HTTP/1.1\r\nX-Request-Id: order-1", &order);
        let project = short["projectId"].as_str().unwrap_or_else(|| panic!("{short}")).to_owned();
        let id = short["id"].as_str().expect("an id");
        wait_for("the short", || {
            let now = self.api(&format!("GET /api/shorts/{id} HTTP/1.1"), "");
            (now["status"] == "completed").then_some(())
        });
        project
    }

    /// Ends it; answers what it has logged.
    fn end(mut self) -> String {
        self.running.ask_to_end();
        let log = self.log.take().expect("it is read once").join().expect("it was read");
        assert_eq!(self.running.code(), Some(0), "{log}");
        log
    }
}

/// The status and the body.
pub fn ask(address: &str, head: &str, body: &str) -> (u16, String) {
    let mut answer = String::new();
    send(address, head, body).read_to_string(&mut answer).expect("it answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("head and body");
    (head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status"), body.to_owned())
}

fn send(address: &str, head: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("it listens");
    let length = body.len();
    write!(stream, "{head}\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}")
        .expect("it reads");
    stream
}

/// The value of the one line that begins so.
#[track_caller]
pub fn value(metrics: &str, line: &str) -> f64 {
    let mut found = metrics.lines().filter_map(|other| other.strip_prefix(line));
    let value = found.next().unwrap_or_else(|| panic!("no {line} in\n{metrics}"));
    value.trim().parse().expect("a number")
}

#[test]
fn metrics_tell_what_happens() {
    let desk = Desk::new();
    let server = Server::start(&desk, &[]);
    let project = server.make("Hello there.");
    let mut events = BufReader::new(send(&server.address, &format!("GET /api/events/{project} HTTP/1.1"), ""));
    let mut line = String::new();
    while !line.contains("init") {
        line.clear();
        assert_ne!(events.read_line(&mut line).expect("the stream is open"), 0, "the stream ended");
    }
    let metrics = server.metrics();
    assert_eq!(value(&metrics, "shortsai_event_streams"), 1.0);
    assert_eq!(value(&metrics, "shortsai_tasks_total{kind=\"render\",outcome=\"done\"}"), 1.0);
    assert_eq!(value(&metrics, "shortsai_task_duration_seconds_count{kind=\"speak\",outcome=\"done\"}"), 1.0);
    assert_eq!(value(&metrics, "shortsai_vendor_calls_total{kind=\"speak\",vendor=\"espeak\",outcome=\"done\"}"), 1.0);
    assert_eq!(value(&metrics, "shortsai_http_requests_total{method=\"POST\",route=\"/api/shorts\",status=\"202\"}"), 1.0);
    assert_eq!(value(&metrics, "shortsai_render_speed_ratio_count"), 1.0);
    assert_eq!(value(&metrics, "shortsai_queue_tasks{kind=\"render\",state=\"waiting\"}"), 0.0);
    assert_eq!(value(&metrics, "shortsai_spend_usd{period=\"day\"}"), 0.0);
    assert_eq!(value(&metrics, "shortsai_backup_last_success_timestamp_seconds"), 0.0);
    assert_eq!(value(&metrics, "shortsai_leases_lost_total{kind=\"render\"}"), 0.0, "before the first one");
    assert_eq!(value(&metrics, "shortsai_database_up"), 1.0);
    assert!(value(&metrics, "shortsai_data_free_bytes") > 0.0);
    assert!(!metrics.contains(&project), "no project is named");

    desk.succeed(&["backup", "create"]);
    assert!(value(&server.metrics(), "shortsai_backup_last_success_timestamp_seconds") > 1e9);

    // What is told is what is written down.
    let page = include_str!("../../../../docs/monitoring.md");
    for name in metrics.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()) {
        assert!(page.contains(&format!("| `{name}` |")), "docs/monitoring.md does not tell of {name}");
    }
    assert_eq!(ask(&server.address, "GET /metrics HTTP/1.1", "").0, 404, "the API's own listener has none");
    drop(events);
    server.end();
}

#[test]
fn metrics_are_for_those_who_may_read_them() {
    let desk = Desk::new();
    let ended = desk.run(&["serve", "--listen", "127.0.0.1:0", "--metrics", "0.0.0.0:0"]);
    assert!(ended.code == Some(2) && ended.stderr.contains("set SHORTSAI_METRICS_TOKEN"), "{ended:?}");
    let server = Server::start(&desk, &[("SHORTSAI_METRICS_TOKEN", "planted-token")]);
    let status = |header: &str| ask(&server.metrics, &format!("GET /metrics HTTP/1.1{header}"), "").0;
    assert_eq!(status(""), 401);
    assert_eq!(status("\r\nAuthorization: Bearer another"), 401);
    assert_eq!(status("\r\nAuthorization: Bearer planted-token"), 200);
    assert!(!server.end().contains("planted"));
}

#[test]
fn logs_say_who_and_what_and_no_secret() {
    let desk = Desk::new();
    let secret = "planted-secret-of-the-server";
    let server = Server::start(&desk, &[("SHORTSAI_LOG", "json"), ("AUTH_SECRET", secret), ("OPENVERSE_TOKEN", "planted-token")]);
    let project = server.make("Plantedprompt is a word that nobody else writes.");
    let refused = ask(&server.address, "GET /api/projects HTTP/1.1\r\nAuthorization: Bearer planted-access", "");
    assert_eq!(refused.0, 401);
    let log = server.end();
    let lines: Vec<Value> =
        log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"))).collect();
    let ordered = lines.iter().find(|line| line["target"] == "access" && line["span"]["request_id"] == "order-1");
    let ordered = ordered.unwrap_or_else(|| panic!("the order is in the log:\n{log}"));
    assert_eq!(
        (&ordered["status"], &ordered["span"]["route"], &ordered["span"]["method"]),
        (&json!(202), &json!("/api/shorts"), &json!("POST"))
    );
    let user = ordered["span"]["user"].as_str().expect("who asked");
    assert_eq!(user.len(), 36, "{user}");
    let task =
        lines.iter().find(|line| line["span"]["kind"] == "render").unwrap_or_else(|| panic!("the render is in the log:\n{log}"));
    assert_eq!((&task["span"]["project"], &task["span"]["user"]), (&json!(project), &json!(user)));
    assert!(task["span"]["task"].is_string());
    let trace = ordered["trace_id"].as_str().expect("what the request belongs to");
    assert_eq!((trace.len(), &task["trace_id"]), (32, &ordered["trace_id"]), "the task is found by its request");
    for planted in [secret, "planted", "Plantedprompt"] {
        assert!(!log.contains(planted), "{planted} is in the log:\n{log}");
    }
}

/// A vendor that takes nothing, and says so by repeating what it was asked. It ends with the runtime.
fn repeater() -> (String, Runtime) {
    let repeat = async |body: String| (StatusCode::BAD_REQUEST, Json(json!({ "error": { "message": body } })));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port");
    let base = format!("http://{}/v1", listener.local_addr().expect("an address"));
    runtime.spawn(async move { axum::serve(listener, Router::new().fallback(repeat)).await });
    (base, runtime)
}

#[test]
fn logs_have_no_prompt_unless_it_is_asked_for() {
    let (vendor, _runtime) = repeater();
    let log = |prompts: &str| {
        let desk = Desk::new();
        let environment = [
            ("OPENAI_BASE_URL", &*vendor),
            ("OPENAI_API_KEY", "planted-key"),
            ("SHORTSAI_LOG", "json"),
            ("SHORTSAI_LOG_PROMPTS", prompts),
            ("AUTH_SECRET", "planted-secret-of-the-server"),
        ];
        let server = Server::start_at(&desk, &environment, "-vv");
        let front = QUICK.replace("music: none", "music: none\nimage-vendor: openai");
        let script = format!("{front}Plantedprompt is a word that nobody else writes.\n\nPlantedprompt, once more.");
        let short = server.api("POST /api/shorts HTTP/1.1\r\nX-Request-Id: order-1", &json!({ "script": script }).to_string());
        let id = short["id"].as_str().unwrap_or_else(|| panic!("{short}")).to_owned();
        wait_for("the end", || {
            std::thread::sleep(Duration::from_millis(60));
            let now = server.api(&format!("GET /api/shorts/{id} HTTP/1.1"), "");
            ["completed", "failed"].iter().any(|end| now["status"] == *end).then_some(())
        });
        server.end()
    };
    let quiet = log("");
    for line in quiet.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"));
        let span = &line["span"];
        assert!(span["task"].is_null() || (span["project"].is_string() && span["user"].is_string()), "{line}");
    }
    assert!(quiet.contains("does not take the request (400): …"), "the refusal is in the log:\n{quiet}");
    for planted in ["lanted", "once more"] {
        assert!(!quiet.contains(planted), "{planted} is in the log:\n{quiet}");
    }
    let asked = log("yes");
    assert!(asked.contains("Plantedprompt"), "it was asked for");
    assert!(!asked.contains("planted-"), "keys are never in it");
}

#[test]
fn status_is_for_people_and_programs() {
    let desk = Desk::new();
    desk.script("story.md", "# Tiny\n\nGo on.\n");
    desk.succeed(&["make", "story.md"]);
    let said = desk.succeed(&["status"]).stdout;
    for part in ["nothing is open", "failed in the last 24 hours: 0", "GB free of", "about $0.00 today", "none was taken"] {
        assert!(said.contains(part), "{said}\ndoes not say {part}");
    }
    desk.succeed(&["backup", "create"]);
    assert!(!desk.succeed(&["status"]).stdout.contains("none was taken"));
    let status: Value = serde_json::from_str(&desk.succeed(&["status", "--json"]).stdout).expect("JSON");
    assert_eq!((&status["running"], &status["failures"], &status["spend"]["todayUsd"]), (&json!([]), &json!([]), &json!(0.0)));
    assert!(status["disk"]["freeBytes"].as_u64().expect("known") > 0 && status["lastBackup"].is_string());
    assert_eq!(status["queue"].as_array().expect("all kinds").len(), 8);
}
