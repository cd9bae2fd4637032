//! One file per command.

pub mod backup;
pub mod config;
pub mod doctor;
pub mod engine;
pub mod import;
pub mod import_legacy;
pub mod make;
pub mod migrate;
pub mod objects;
pub mod openapi;
pub mod render;
pub mod serve;
pub mod simulate_vendors;
pub mod status;
pub mod usage;
pub mod user;
pub mod worker;
