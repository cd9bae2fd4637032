//! Telling an address that a job is done. Only addresses of this machine are called.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

use super::super::job::{Ending, Job};

/// The vendor waits so long for an answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// Where to call.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Address {
    socket: SocketAddr,
    host: String,
    path: String,
}

/// Reads `http://127.0.0.1:PORT/path`; `None` for every address that is not on this machine.
pub(super) fn loopback(url: &str) -> Option<Address> {
    let rest = url.strip_prefix("http://")?;
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let numeric = host.replace("localhost", "127.0.0.1");
    let socket: SocketAddr = numeric.parse().or_else(|_| format!("{numeric}:80").parse()).ok()?;
    let path = if path.is_empty() { "/" } else { path };
    let fine = socket.ip().is_loopback() && !url.contains(char::is_whitespace) && !url.contains(char::is_control);
    fine.then(|| Address { socket, host: host.to_owned(), path: path.to_owned() })
}

/// What is told at the end of a job.
pub(super) fn message(id: &str, job: &Job, songs: Vec<Value>) -> Value {
    let (code, text) = match job.ending {
        Ending::Failed | Ending::NotBegun => (501, "Audio generation failed."),
        Ending::Refused => (400, "Song Description flagged for moderation."),
        _ => (200, "All generated successfully."),
    };
    let songs = if code == 200 { songs } else { Vec::new() };
    let data: Vec<Value> = songs
        .iter()
        .map(|song| {
            json!({
                "id": song["id"], "audio_url": song["audioUrl"], "stream_audio_url": song["streamAudioUrl"], "image_url": song["imageUrl"],
                "prompt": song["prompt"], "model_name": song["modelName"], "title": song["title"], "tags": song["tags"],
                "duration": song["duration"],
            })
        })
        .collect();
    let kind = if code == 200 { "complete" } else { "error" };
    json!({ "code": code, "msg": text, "data": { "callbackType": kind, "task_id": id, "data": data } })
}

/// Calls, on a thread of its own. Whether anybody listens is not the vendor's matter.
pub(super) fn tell(address: Address, message: &Value) {
    let body = message.to_string();
    std::thread::spawn(move || {
        let head = format!(
            "POST {} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            address.path,
            address.host,
            body.len()
        );
        let Ok(mut stream) = TcpStream::connect_timeout(&address.socket, PATIENCE) else { return };
        let _ = stream.set_read_timeout(Some(PATIENCE));
        if stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).is_ok() {
            let _ = stream.read(&mut [0; 512]);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_called() {
        let check = |url: &str, expected: Option<(&str, &str)>| {
            let address = loopback(url);
            let found = address.as_ref().map(|address| (address.host.as_str(), address.path.as_str()));
            assert_eq!(found, expected, "{url}");
        };
        check("http://127.0.0.1:3333/api/done?x=1", Some(("127.0.0.1:3333", "/api/done?x=1")));
        check("http://localhost:3333", Some(("localhost:3333", "/")));
        check("http://10.0.0.1/x", None);
        check("http://localhost.example.com/", None);
        check("https://127.0.0.1/", None);
        check("http://127.0.0.1:80/a b", None);
        check("https://example.com/callback", None);
    }
}
