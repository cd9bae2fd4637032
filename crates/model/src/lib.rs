//! The nouns and rules of ShortsAI: scripts, storyboards, timelines, captions, projects and the workflow state machine.
//!
//! Everything here is pure. There is no I/O, no async, no clock and no randomness: time and ids are arguments, so that
//! every rule can be tested by a table or a property.

pub mod caption;
pub mod character;
pub mod choice;
pub mod estimate;
pub mod event;
pub mod language;
pub mod month;
pub mod notice;
pub mod project;
pub mod question;
pub mod script;
pub mod storyboard;
pub mod subtitles;
pub mod task;
pub mod timeline;
pub mod timings;
pub mod trace;
pub mod usage;
pub mod webhook;
pub mod words;
pub mod workflow;
