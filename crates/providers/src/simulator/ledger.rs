//! Which calls came in, with which key, and what they cost. Keys themselves are never kept.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::call::{Asked, Call, Key, hash};
use super::reply::Reply;

/// One call.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// 1 for the first call since the start, then upwards in the order of arrival.
    pub number: u64,
    /// Such as `gemini`.
    pub vendor: String,
    /// The key in disguise (`…1234#` and the start of its SHA-256); `None` when no key came.
    pub key: Option<String>,
    /// Such as `POST`.
    pub method: String,
    /// The path after the vendor's segment, without the query (there may be a key in it).
    pub path: String,
    /// What is asked for: `script`, `text`, `image`, `speech`, `clip`, `music`, `align`, `stock`, `poll`, `download`,
    /// `models`, `voices`, `account`, `token` or `unknown`.
    pub ability: String,
    /// As the call names it; empty where a vendor has none.
    pub model: String,
    /// The value of an `Idempotency-Key` header.
    pub idempotency_key: Option<String>,
    /// SHA-256 of the body.
    pub body_hash: String,
    /// Length of the body in bytes.
    pub body_bytes: usize,
    /// What is in the call: `prompt`, `voice`, `speed`, `references` (a number), `referenceHashes` (SHA-256) and the like.
    pub details: Map<String, Value>,
    /// The fault that was ordered for this call.
    pub fault: Option<String>,
    /// The HTTP status of the answer; 0 while it is being made.
    pub status: u16,
    /// What was used, such as `{"characters": 120}`.
    pub units: Map<String, Value>,
    /// US dollars, by a price list that is only roughly the vendor's.
    pub cost_usd: f64,
}

/// All calls of one vendor with one key.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Total {
    /// Such as `gemini`.
    pub vendor: String,
    /// The key in disguise.
    pub key: Option<String>,
    /// How many calls came.
    pub calls: u64,
    /// How many of them were answered with a status of 400 or more.
    pub failed: u64,
    /// US dollars.
    pub cost_usd: f64,
}

#[derive(Debug, Default)]
pub(super) struct Ledger {
    pages: Mutex<Pages>,
}

#[derive(Debug, Default)]
struct Pages {
    last: u64,
    entries: Vec<Entry>,
}

impl Ledger {
    /// Writes a call down and answers its number.
    pub(super) fn arrived(&self, vendor: &str, key: &Key, call: &Call, asked: &Asked) -> u64 {
        let mut pages = self.pages();
        pages.last += 1;
        let number = pages.last;
        pages.entries.push(Entry {
            number,
            vendor: vendor.to_owned(),
            key: key.disguised(),
            method: call.method.to_string(),
            path: call.path.clone(),
            ability: asked.ability.to_owned(),
            model: asked.model.clone(),
            idempotency_key: call.header("idempotency-key").map(str::to_owned),
            body_hash: hash(&call.body),
            body_bytes: call.body.len(),
            details: asked.details.clone(),
            fault: None,
            status: 0,
            units: Map::new(),
            cost_usd: 0.0,
        });
        number
    }

    /// Adds what came of it. A ledger that was emptied meanwhile stays empty.
    pub(super) fn answered(&self, number: u64, fault: Option<&str>, reply: &Reply) {
        let mut pages = self.pages();
        let Some(entry) = pages.entries.iter_mut().find(|entry| entry.number == number) else { return };
        entry.fault = fault.map(str::to_owned);
        entry.status = reply.status;
        entry.units = reply.units.clone();
        entry.cost_usd = reply.cost;
    }

    pub(super) fn entries(&self) -> Vec<Entry> {
        self.pages().entries.clone()
    }

    pub(super) fn clear(&self) {
        self.pages().entries.clear();
    }

    /// The ledger as `GET /ledger` shows it.
    pub(super) fn shown(&self) -> Value {
        let entries = self.entries();
        json!({ "calls": entries, "totals": totals(&entries) })
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sums by vendor and key.
fn totals(entries: &[Entry]) -> Vec<Total> {
    let mut totals: BTreeMap<(&str, Option<&str>), Total> = BTreeMap::new();
    for entry in entries {
        let empty = || Total { vendor: entry.vendor.clone(), key: entry.key.clone(), calls: 0, failed: 0, cost_usd: 0.0 };
        let total = totals.entry((&entry.vendor, entry.key.as_deref())).or_insert_with(empty);
        total.calls += 1;
        total.failed += u64::from(entry.status >= 400);
        total.cost_usd += entry.cost_usd;
    }
    totals.into_values().collect()
}
