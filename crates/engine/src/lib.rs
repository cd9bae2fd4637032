//! Takes tasks from the queue and carries them out: claiming, leases, heartbeats, retries, and one file per task kind. Besides it sends
//! what webhooks are told.
//!
//! It knows vendors only as abilities and rendering only as the [`Renderer`] trait; it has no HTTP and no SQL.

mod abilities;
mod blocked;
mod carry;
mod collector;
mod courier;
mod failure;
mod keep;
mod measures;
mod report;
mod request;
mod rescue;
mod run;
mod tasks;

pub use abilities::{Checkpoint, Engine, EngineSettings, Perform, RenderFailure, RenderJob, Renderer, Vendors};
pub use collector::{CollectError, Collected, Collecting, Count, SHORTEST_GRACE, Step, collect, no_step};
pub use courier::{Courier, CourierAnswer, Deliveries, deliver};
pub use rescue::WorkerLock;
pub use run::{run, run_with};
pub use tasks::TaskError;
