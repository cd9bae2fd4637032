//! One call as it came in, and what it asks for.

use axum::http::{HeaderMap, Method};
use bytes::Bytes;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// A request whose body is complete.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    /// Decoded, without the vendor's segment: `v1/chat/completions`.
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Call {
    /// The path cut at its slashes.
    pub(super) fn segments(&self) -> Vec<&str> {
        self.path.split('/').filter(|segment| !segment.is_empty()).collect()
    }

    /// A header as text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// A query parameter.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; `Null` when it is none.
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// What stands after `Bearer ` in the authorization header.
    pub(super) fn bearer(&self) -> Option<&str> {
        self.header("authorization")?.strip_prefix("Bearer ").map(str::trim)
    }

    /// Is it a GET (or HEAD)?
    pub(super) fn is_get(&self) -> bool {
        self.method == Method::GET || self.method == Method::HEAD
    }
}

/// What a call asks for, as the ledger and the faults see it.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked {
    /// `script`, `text`, `image`, `speech`, `clip`, `music`, `align`, `stock`, `poll`, `download`, `cancel`,
    /// `models`, `voices`, `account`, `token`, or `unknown`.
    pub(super) ability: &'static str,
    /// As the call names it; empty where a vendor has none.
    pub(super) model: String,
    /// What tests look for: prompt, voice, speed, references and the like.
    pub(super) details: Map<String, Value>,
}

impl Asked {
    pub(super) fn new(ability: &'static str, model: &str) -> Self {
        Self { ability, model: model.to_owned(), details: Map::new() }
    }

    /// Notes one more detail; nothing when the value is null.
    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        let value = value.into();
        if !value.is_null() {
            self.details.insert(name.to_owned(), value);
        }
        self
    }

    /// Notes how many pictures came along, and what they are.
    pub(super) fn with_references(self, pictures: &[Bytes]) -> Self {
        if pictures.is_empty() {
            return self;
        }
        let hashes: Vec<String> = pictures.iter().map(|picture| hash(picture)).collect();
        self.with("references", pictures.len()).with("referenceHashes", hashes)
    }

    /// The prompt among the details; empty without one.
    pub(super) fn prompt(&self) -> &str {
        self.details.get("prompt").and_then(Value::as_str).unwrap_or_default()
    }
}

/// A key as it came with a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    /// The vendor wants none, and none came.
    NotNeeded,
    /// It wants one, and none came.
    Missing,
    /// This one.
    Given(String),
}

impl Key {
    /// A key that the vendor demands.
    pub(super) fn needed(key: Option<&str>) -> Self {
        match key {
            Some(key) if !key.is_empty() => Self::Given(key.to_owned()),
            _ => Self::Missing,
        }
    }

    /// A key that the vendor takes if there is one.
    pub(super) fn welcome(key: Option<&str>) -> Self {
        match key {
            Some(key) if !key.is_empty() => Self::Given(key.to_owned()),
            _ => Self::NotNeeded,
        }
    }

    /// As the ledger names it: its last four characters and a hash, never itself. Short keys show no character.
    pub(super) fn disguised(&self) -> Option<String> {
        let Self::Given(key) = self else { return None };
        let letters: Vec<char> = key.chars().collect();
        let tail: String = if letters.len() >= 12 { letters[letters.len() - 4..].iter().collect() } else { "****".to_owned() };
        Some(format!("…{tail}#{}", &hash(key.as_bytes())[..12]))
    }
}

/// SHA-256 in hexadecimal.
pub(super) fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A number that is the same for the same text: what looks random here comes from it.
pub(super) fn seed(text: &str) -> u64 {
    let digest = Sha256::digest(text.as_bytes());
    u64::from_be_bytes([digest[0], digest[1], digest[2], digest[3], digest[4], digest[5], digest[6], digest[7]])
}

/// The texts of a JSON value that is one, as a JSON value again; for details.
pub(super) fn text_of(value: &Value) -> Value {
    value.as_str().map_or(Value::Null, |text| json!(text))
}
