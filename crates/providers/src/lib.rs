//! The abilities that a short needs (script, pictures, clips, speech, alignment, music) as one trait each, and the vendors that have them.
//!
//! What lives here speaks to one vendor, or works offline, and knows nothing of projects, users or SQL. Stages of a task,
//! retries and limits belong to the engine.

pub mod abilities;
pub mod align;
pub mod aligner;
pub mod api;
pub mod breaker;
pub mod catalogue;
pub mod character;
pub mod choice;
pub mod clip;
pub mod composer;
pub mod edge;
pub mod elevenlabs;
pub mod error;
pub mod espeak;
pub mod gemini;
pub mod groq;
pub mod http;
pub mod image;
pub mod job;
pub mod keys;
pub mod media;
pub mod models;
pub mod music;
pub mod narration;
pub mod ollama;
pub mod openai;
pub mod openverse;
pub mod parts;
pub mod pexels;
pub mod picture_model;
pub mod pixabay;
pub mod poster;
pub mod prompts;
mod resolver;
pub mod script;
pub mod settings;
pub mod simulator;
pub mod sound;
pub mod speech;
mod spoken;
pub mod stock;
pub mod suno;
pub mod vendor;
pub mod vertex;
pub mod voice;
mod writing;
