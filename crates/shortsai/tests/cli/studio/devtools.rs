//! A real browser without a window, told what to do by its own developer tools.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// Names under which distributions have it.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];
const PATIENCE: Duration = Duration::from_secs(40);

pub struct Browser {
    child: Child,
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    last: u64,
    /// What pages have complained about.
    pub complaints: Vec<String>,
    _profile: tempfile::TempDir,
}

/// An open page.
#[derive(Clone)]
pub struct Page(String);

impl Browser {
    /// Starts it; `None` where there is none.
    pub async fn start() -> Option<Self> {
        // Where it is only a stub that asks for another kind of package, it ends with a failure.
        let there = |name: &&str| {
            let mut version = Command::new(name);
            version.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            version.status().is_ok_and(|status| status.success())
        };
        let program = NAMES.into_iter().find(there)?;
        let profile = tempfile::tempdir().expect("a folder for its profile");
        let mut command = Command::new(program);
        command.args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]);
        command.args([
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
        ]);
        command.args(["--remote-debugging-port=0", "--autoplay-policy=no-user-gesture-required", "--mute-audio"]);
        command.args(["--window-size=1000,800", "--hide-scrollbars"]).arg(user_data(profile.path())).arg("about:blank");
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts");
        let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.split_once("DevTools listening on ").map(|found| found.1.to_owned()));
        // Somebody has to read on, or it would block once the pipe is full.
        std::thread::spawn(move || lines.for_each(drop));
        let (socket, _) =
            tokio_tungstenite::connect_async(address.expect("it says where it listens")).await.expect("a connection");
        Some(Self { child, socket, last: 0, complaints: Vec::new(), _profile: profile })
    }

    /// Opens a page and hears its complaints from the beginning.
    pub async fn open(&mut self, address: &str) -> Page {
        let target = self.call(None, "Target.createTarget", json!({ "url": "about:blank" })).await["targetId"].clone();
        let attached = self.call(None, "Target.attachToTarget", json!({ "targetId": target, "flatten": true })).await;
        let page = Page(attached["sessionId"].as_str().expect("a session").to_owned());
        for domain in ["Runtime", "Log", "Page"] {
            self.call(Some(&page), &format!("{domain}.enable"), json!({})).await;
        }
        self.call(Some(&page), "Page.navigate", json!({ "url": address })).await;
        page
    }

    /// The value of an expression in the page; `null` while it is between two documents.
    pub async fn evaluate(&mut self, page: &Page, expression: &str) -> Value {
        let asked = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        self.call(Some(page), "Runtime.evaluate", asked).await["result"]["value"].clone()
    }

    /// Looks again and again until an expression is one of these texts.
    pub async fn wait_for(&mut self, page: &Page, expression: &str, wanted: &[&str]) -> String {
        let looking = async {
            loop {
                if let Some(found) = self.evaluate(page, expression).await.as_str().filter(|found| wanted.contains(found)) {
                    return found.to_owned();
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let found = tokio::time::timeout(PATIENCE, looking).await;
        match found {
            Ok(found) => found,
            Err(_) => {
                let said = self.evaluate(page, "document.body.innerText").await;
                panic!("{expression} is none of {wanted:?}; the page says: {said}; the browser says: {:?}", self.complaints)
            }
        }
    }

    /// A picture of the page, as PNG in base64.
    pub async fn screenshot(&mut self, page: &Page) -> String {
        let shot = self.call(Some(page), "Page.captureScreenshot", json!({ "format": "png" })).await;
        shot["data"].as_str().expect("a picture").to_owned()
    }

    async fn call(&mut self, page: Option<&Page>, method: &str, params: Value) -> Value {
        self.last += 1;
        let mut message = json!({ "id": self.last, "method": method, "params": params });
        if let Some(Page(session)) = page {
            message["sessionId"] = json!(session);
        }
        self.socket.send(Message::text(message.to_string())).await.expect("it listens");
        loop {
            let message = tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("it answers in time");
            let message = message.expect("it is still there").expect("a message");
            let Ok(text) = message.to_text() else { continue };
            let Ok(value) = serde_json::from_str::<Value>(text) else { continue };
            if value["id"] == json!(self.last) {
                return value["result"].clone();
            }
            self.hear(&value);
        }
    }

    fn hear(&mut self, event: &Value) {
        let params = &event["params"];
        let complaint = match event["method"].as_str() {
            Some("Runtime.exceptionThrown") => Some(&params["exceptionDetails"]),
            Some("Runtime.consoleAPICalled") if params["type"] == "error" => Some(&params["args"]),
            Some("Log.entryAdded") if params["entry"]["level"] == "error" => Some(&params["entry"]),
            _ => None,
        };
        self.complaints.extend(complaint.map(Value::to_string));
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Its own children end with it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn user_data(folder: &Path) -> String {
    format!("--user-data-dir={}", folder.display())
}
