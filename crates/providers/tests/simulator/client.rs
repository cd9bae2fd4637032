//! The smallest HTTP client that these tests need: one request, one connection, and a body that may be torn.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use providers::simulator::{Fault, FaultKind, FaultOrder, Options, Simulator};
use serde_json::Value;

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    head: String,
    pub body: Vec<u8>,
    /// Did as many bytes come as were promised?
    pub whole: bool,
}

impl Answer {
    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> Option<String> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned()).next()
    }
}

/// A simulator on a free port.
pub fn start() -> Simulator {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    Simulator::start(any, Options::default()).expect("a free port can be listened on")
}

/// Orders a fault for one call.
pub fn misbehave(simulator: &Simulator, vendor: &str, ability: &str, kind: FaultKind) {
    let fault = Fault { retry_after: Some(7), ms: Some(1), ..Fault::from(kind) };
    simulator.misbehave(FaultOrder {
        vendor: vendor.to_owned(),
        ability: Some(ability.to_owned()),
        fault,
        times: Some(1),
        after: None,
    });
}

pub fn get(simulator: &Simulator, path: &str, headers: &[(&str, &str)]) -> Answer {
    send(simulator, "GET", path, headers, &[])
}

/// Sends JSON.
pub fn post(simulator: &Simulator, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
    let json = [("content-type", "application/json")];
    send(simulator, "POST", path, &[&json[..], headers].concat(), body.to_string().as_bytes())
}

/// Sends a form: names and contents of its fields.
pub fn post_form(simulator: &Simulator, path: &str, headers: &[(&str, &str)], fields: &[(&str, &[u8])]) -> Answer {
    let mut body = Vec::new();
    for (name, bytes) in fields {
        body.extend(format!("--border\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"f\"\r\n\r\n").bytes());
        body.extend(*bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--border--\r\n");
    let form = [("content-type", "multipart/form-data; boundary=border")];
    send(simulator, "POST", path, &[&form[..], headers].concat(), &body)
}

pub fn send(simulator: &Simulator, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(simulator.address).expect("the simulator listens");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a minute is a valid time-out");
    let mut request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-length: {}\r\n",
        simulator.address,
        body.len()
    );
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).and_then(|()| stream.write_all(body)).expect("the simulator takes the request");
    let mut all = Vec::new();
    // A torn connection may end in an error; what has come until then counts.
    let _ = stream.read_to_end(&mut all);
    parse(&all)
}

fn parse(all: &[u8]) -> Answer {
    let end = all.windows(4).position(|window| window == b"\r\n\r\n").expect("an answer has a head");
    let head = String::from_utf8_lossy(&all[..end]).into_owned();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("an answer has a status");
    let body = all[end + 4..].to_vec();
    let mut answer = Answer { status, head, body, whole: true };
    let promised = answer.header("content-length").and_then(|length| length.parse::<usize>().ok());
    answer.whole = promised.is_none_or(|promised| promised == answer.body.len());
    answer
}

/// A link of the simulator as a path.
pub fn path_of(link: &Value) -> String {
    let link = link.as_str().expect("a link is a text");
    let (_, rest) = link.split_once("://").expect("a link has a scheme");
    rest[rest.find('/').expect("a link has a path")..].to_owned()
}

/// Bytes that came as base64.
#[track_caller]
pub fn decode(data: &Value) -> Vec<u8> {
    BASE64.decode(data.as_str().expect("base64 is a text")).expect("base64 is valid")
}
