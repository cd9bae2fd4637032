//! What every vendor's adapter promises: one suite per ability, run on all vendors against the simulator, faults included.

mod setup;
mod speech;
