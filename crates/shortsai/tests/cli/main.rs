//! The program from outside, as its user meets it: real scripts, real ffmpeg and espeak-ng, files looked at with ffprobe.
//!
//! Everything is tiny (180×320) and each test has a home, a data folder and a temporary folder of its own.
#![cfg(unix)]
#![allow(clippy::print_stderr, reason = "a test that is skipped says so")]

mod backup_scripts;
mod backups;
mod bad_input;
mod bad_place;
mod bucket;
mod characters;
mod collector;
mod configuration;
mod deploying;
mod desk;
/// The provider that the API's own tests sign in with.
#[path = "../../../api/tests/it/google.rs"]
mod google;
mod interrupted;
/// The cookies of the API's own tests.
#[path = "../../../api/tests/it/jar.rs"]
mod jar;
mod legacy;
mod making;
mod migrating;
mod people;
mod postgres;
mod rehearsal;
mod repeated;
mod running;
mod serving;
mod storage;
mod storyboard;
mod studio;
mod terminal;
mod traces;
mod vendors;
mod video;
mod watching;
mod webhooks;
mod words;
mod workers;
