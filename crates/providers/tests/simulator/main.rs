//! What the simulator of vendors promises: each vendor's shapes, keys, faults, and the ledger.

mod client;
mod edge;
mod elevenlabs;
mod gemini;
mod jobs;
mod openai;
mod stock;
mod text;
mod wire;
