//! What every vendor's adapter promises: one suite per ability, run on all vendors against the simulator, faults included.

mod image;
mod jobs;
mod setup;
mod stock;
