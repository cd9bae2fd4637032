//! The rows of the tables, one file per table. Only columns: what they mean is decided in `record`.

pub mod access_token;
pub mod character;
pub mod character_picture;
pub mod chore;
pub mod event;
pub mod folder;
pub mod made;
pub mod plan;
pub mod project;
pub mod render;
pub mod request;
pub mod scene;
pub mod session;
pub mod show;
pub mod task;
pub mod upload;
pub mod usage;
pub mod used;
pub mod user;
pub mod vendor_gate;
pub mod vendor_key;
pub mod webhook_attempt;
pub mod webhook_endpoint;
pub mod webhook_message;
