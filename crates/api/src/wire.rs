//! The shapes on the wire, one file per resource, and how they are made from the inner nouns. Inner types are never sent
//! or read as they are, so that they can change without clients noticing.

pub mod ai;
pub mod asset;
pub mod auth;
pub mod character;
pub mod choice;
pub mod context;
pub mod endpoint;
pub mod event;
pub mod folder;
pub mod job;
pub mod keys;
pub mod ledger;
pub mod limits;
pub mod lock;
pub mod log;
pub mod medium;
pub mod people;
pub mod plan;
pub mod project;
pub mod refusal;
pub mod render;
pub mod rule;
pub mod scene;
pub mod short;
pub mod show;
pub mod status;
pub mod token;
pub mod user;
pub mod webhook;
pub mod workflow;

use chrono::{DateTime, SecondsFormat, Utc};

/// ISO 8601 in UTC with milliseconds, such as `2026-01-31T09:30:00.000Z`.
pub fn stamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
