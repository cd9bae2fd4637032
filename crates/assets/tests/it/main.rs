//! Every store keeps the same promises: `stores` runs one suite on all of them.

mod conformance;
mod failures;
mod fetching;
#[cfg(target_os = "linux")]
mod memory;
mod moto;
mod s3_server;
mod stores;
