//! The abilities that a short needs (script, pictures, clips, speech, alignment, music) as one trait each, and the vendors that have them.
//!
//! What lives here speaks to one vendor, or works offline, and knows nothing of projects, users or SQL. Stages of a task,
//! retries and limits belong to the engine.

pub mod align;
pub mod aligner;
pub mod clip;
pub mod composer;
pub mod error;
pub mod espeak;
pub mod image;
pub mod job;
pub mod music;
pub mod poster;
pub mod script;
pub mod speech;
