//! One render job from object keys to object keys: fetch the media, render, store the video with its captions and
//! thumbnail. No SQL, no queue, no users.

mod error;
mod job;
mod media;

pub use error::WorkerError;
pub use job::{WorkerOptions, run};
