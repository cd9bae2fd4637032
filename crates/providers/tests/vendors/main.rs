//! What every vendor's adapter promises: one suite per ability, run on all vendors against the simulator, faults included.

mod character;
mod faults;
mod image;
mod jobs;
mod script;
mod setup;
mod speech;
mod stock;
