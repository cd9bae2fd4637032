//! The HTTP face as clients see it: the router over a throw-away database and objects in memory. There is no engine; where
//! results are needed, the tests play the worker.

mod app;
mod browser;
mod characters;
mod document;
mod events;
mod files;
mod google;
mod guard;
mod input;
mod locks;
mod music;
mod polling;
mod projects;
mod questions;
mod renders;
mod requests;
mod scenes;
mod serving;
mod shorts;
mod sign_in;
mod webhooks;
mod workflow;
