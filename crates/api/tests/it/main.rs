//! The HTTP face as clients see it: the router over a throw-away database and objects in memory. There is no engine; where
//! results are needed, the tests play the worker.

mod app;
mod archives;
mod browser;
mod characters;
mod clips;
mod document;
mod elsewhere;
mod endpoints;
mod events;
mod files;
mod folders;
mod google;
mod guard;
mod hostile;
mod input;
mod ledger;
mod locks;
mod manage;
mod matrix;
mod media;
mod music;
mod polling;
mod projects;
mod proxies;
mod questions;
mod renders;
mod requests;
mod scenes;
mod serving;
mod shorts;
mod shows;
mod sign_in;
mod sweeping;
mod webhooks;
mod workflow;
