//! What the simulator of vendors promises: each vendor's shapes, keys, faults, and the ledger.

mod client;
mod elevenlabs;
mod gemini;
mod openai;
mod wire;
