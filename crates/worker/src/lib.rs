//! Rendering as a job: fetch the media of a storyboard from the object store, render, store the video with its captions and
//! thumbnail; here, or as a service that others call, or by calling such services. No SQL, no queue, no users.

pub mod dispatch;
mod error;
mod job;
mod media;
mod service;
mod shared;
pub mod wire;

pub use error::WorkerError;
pub use job::{WorkerOptions, run};
pub use service::{Service, ServiceSettings};

/// How long a connection may take to be made.
const CONNECT: std::time::Duration = std::time::Duration::from_secs(10);

/// A client for calls between services: no redirects, and no limit of time but where a call sets one.
fn client() -> reqwest::Client {
    // Somebody else may have installed it before: all use the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder().connect_timeout(CONNECT).redirect(reqwest::redirect::Policy::none());
    builder.build().expect("a client without own certificates can always be made")
}
