//! `EventSource` as the Studio uses it: a new one after each interruption, so it never says where it was.

use std::time::Duration;

use reqwest::Response;
use serde_json::Value;

use super::tab::Tab;

/// No event of these tests takes nearly as long.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Events {
    response: Response,
    text: String,
}

impl Events {
    pub async fn open(tab: &Tab, path: &str) -> Self {
        let response = tab.stream(path).await;
        assert_eq!(response.status(), 200, "{path}");
        let header = |name: &str| response.headers()[name].to_str().expect("text");
        assert!(header("content-type").starts_with("text/event-stream"));
        assert_eq!((header("cache-control"), header("x-accel-buffering")), ("no-cache, no-transform", "no"));
        Self { response, text: String::new() }
    }

    /// The next message. Comments are none, and no message has a name of its own: the Studio listens to `message` only.
    pub async fn next(&mut self) -> Value {
        tokio::time::timeout(PATIENCE, self.message()).await.expect("a message comes in time")
    }

    async fn message(&mut self) -> Value {
        loop {
            while let Some((message, rest)) = self.text.split_once("\n\n") {
                let (message, rest) = (message.to_owned(), rest.to_owned());
                self.text = rest;
                assert!(!message.lines().any(|line| line.starts_with("event:")), "{message}");
                let data: Vec<&str> = message.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
                if !data.is_empty() {
                    return serde_json::from_str(&data.concat()).expect("JSON");
                }
            }
            let bytes = self.response.chunk().await.expect("the stream lasts").expect("the stream does not end");
            self.text += std::str::from_utf8(&bytes).expect("text");
        }
    }
}
