//! Webhooks from end to end: a server, a receiver on this machine, and messages that verify.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::desk::{Desk, QUICK, wait_for};
use crate::serving::Server;

/// What a receiver got.
struct Got {
    path: String,
    headers: HeaderMap,
    body: String,
}

impl Got {
    /// Reads one request.
    fn read(stream: &TcpStream) -> Option<Self> {
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let path = line.split(' ').nth(1)?.to_owned();
        let mut headers = HeaderMap::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.insert(HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_str(value).ok()?);
        }
        let length = headers.get("content-length")?.to_str().ok()?.parse().ok()?;
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        Some(Self { path, headers, body: String::from_utf8(body).ok()? })
    }

    /// The body, if that secret has signed it.
    fn verified(&self, secret: &str) -> Value {
        let verifier = Webhook::new(secret).expect("a secret");
        verifier.verify(self.body.as_bytes(), &self.headers).expect("it is signed by it");
        serde_json::from_str(&self.body).expect("JSON")
    }

    fn id(&self) -> &str {
        self.headers["webhook-id"].to_str().expect("an id")
    }
}

/// Answers 500 so many times, then 200; tells what it got. Ends with the test.
fn receiver(failures: usize) -> (String, Receiver<Got>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let (sender, got) = channel();
    std::thread::spawn(move || {
        for (count, stream) in listener.incoming().flatten().enumerate() {
            let Some(request) = Got::read(&stream) else { continue };
            let status = if count < failures { "500 Internal Server Error" } else { "200 OK" };
            let mut stream = &stream;
            let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            if sender.send(request).is_err() {
                return;
            }
        }
    });
    (address, got)
}

fn next(got: &Receiver<Got>) -> Got {
    got.recv_timeout(Duration::from_secs(120)).expect("a message")
}

fn allow_this_machine(desk: &Desk) {
    std::fs::create_dir_all(desk.data()).expect("a folder");
    std::fs::write(desk.data().join("shortsai.toml"), "[fetch]\nallow = [\"127.0.0.1\"]\n").expect("written");
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}"))
}

#[test]
fn a_finished_render_is_told_and_verifies() {
    let desk = Desk::new();
    allow_this_machine(&desk);
    let (address, got) = receiver(0);
    let server = Server::start(&desk);
    let hook =
        json!({ "url": format!("{address}/hooks"), "events": ["scene.completed", "project.completed", "render.completed"] });
    let (status, hook) = server.ask("POST", "/api/webhooks", &hook.to_string());
    assert_eq!(status, "201", "{hook}");
    let (_, own) = server.ask("GET", "/api/webhooks/secret", "");
    let order = json!({ "script": format!("{QUICK}Up it goes.\n"), "webhookUrl": format!("{address}/one") });
    let (status, short) = server.ask("POST", "/api/shorts", &order.to_string());
    assert_eq!(status, "202", "{short}");
    let mut told: Vec<(String, String)> = Vec::new();
    for _ in 0..4 {
        let got = next(&got);
        let secret = if got.path == "/one" { text(&own["secret"]) } else { text(&hook["secret"]) };
        let body = got.verified(secret);
        assert_eq!(body["data"]["projectId"], short["projectId"], "{body}");
        if body["type"] == "render.completed" {
            assert_eq!(body["data"]["renderId"], short["renderId"]);
            assert!(text(&body["data"]["resultUrl"]).starts_with("/api/assets?url=renders/"), "{body}");
        }
        told.push((got.path, text(&body["type"]).to_owned()));
    }
    told.sort();
    let expected =
        ["project.completed", "render.completed", "scene.completed"].map(|name| ("/hooks".to_owned(), name.to_owned()));
    let mut expected = expected.to_vec();
    expected.push(("/one".to_owned(), "render.completed".to_owned()));
    assert_eq!(told, expected);
    let log = format!("/api/webhooks/{}/deliveries", text(&short["webhookId"]));
    let delivered = || (server.ask("GET", &log, "").1[0]["state"] == "delivered").then_some(());
    wait_for("the report", delivered);
}

#[test]
fn a_receiver_that_fails_is_told_again() {
    let desk = Desk::new();
    allow_this_machine(&desk);
    let (address, got) = receiver(2);
    let server = Server::start(&desk);
    let hook = json!({ "url": address, "events": ["render.completed"] });
    let (_, hook) = server.ask("POST", "/api/webhooks", &hook.to_string());
    let path = format!("/api/webhooks/{}", text(&hook["id"]));
    let order = json!({ "script": format!("{QUICK}Words.\n") });
    let (status, short) = server.ask("POST", "/api/shorts", &order.to_string());
    assert_eq!(status, "202", "{short}");
    // Five seconds lie between the first two; the next one by itself would come in five minutes.
    let (first, second) = (next(&got), next(&got));
    let attempts = |count: usize| {
        let (_, list) = server.ask("GET", &format!("{path}/deliveries"), "");
        let attempts = list[0]["attempts"].as_array().cloned().unwrap_or_default();
        (attempts.len() == count).then_some((list[0].clone(), attempts))
    };
    let (message, failed) = wait_for("the log", || attempts(2));
    assert_eq!((&message["state"], &failed[0]["status"], &failed[1]["status"]), (&json!("waiting"), &json!(500), &json!(500)));
    let (status, again) = server.ask("POST", &format!("{path}/deliveries/{}/resend", text(&message["id"])), "");
    assert_eq!(status, "202", "{again}");
    let third = next(&got);
    for got in [&first, &second, &third] {
        assert_eq!(got.id(), text(&message["id"]));
        assert_eq!(got.verified(text(&hook["secret"]))["type"], "render.completed");
    }
    let (message, _) = wait_for("the log", || attempts(3));
    assert_eq!(message["state"], "delivered");
}

#[test]
fn this_machine_is_told_nothing_unless_that_is_allowed() {
    let desk = Desk::new();
    let server = Server::start(&desk);
    let (status, refused) = server.ask("POST", "/api/webhooks", r#"{"url":"https://127.0.0.1/in"}"#);
    let said = text(&refused["details"]["url"]["_errors"][0]);
    assert!(status == "400" && said.contains("it leads into a private network"), "{refused}");
    // A name that leads here is found out when something is sent.
    let (status, hook) = server.ask("POST", "/api/webhooks", r#"{"url":"https://localhost/in"}"#);
    assert_eq!(status, "201", "{hook}");
    let path = format!("/api/webhooks/{}", text(&hook["id"]));
    let (status, queued) = server.ask("POST", &format!("{path}/test"), "");
    assert_eq!(status, "202", "{queued}");
    let failed = || {
        let (_, list) = server.ask("GET", &format!("{path}/deliveries"), "");
        (list[0]["state"] == "failed").then(|| text(&list[0]["attempts"][0]["error"]).to_owned())
    };
    let reason = wait_for("the attempt", failed);
    assert!(reason.contains("it leads into a private network"), "{reason}");
}
