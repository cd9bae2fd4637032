//! Jobs: what a vendor makes in its own time. Time is counted in polls, so that tests wait for nothing.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::call::hash;
use super::fault::FaultKind;
use super::file::Recipe;

/// An order that was taken.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) model: String,
    /// What will be delivered; none for answers in words.
    pub(super) products: Vec<Recipe>,
    /// What the vendor tells again later: the request, or an answer in words.
    pub(super) request: Value,
    pub(super) ending: Ending,
    pub(super) cancelled: bool,
    polls: u32,
}

/// What a job comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// Its products.
    Well,
    /// An error.
    Failed,
    /// An error before anything was made.
    NotBegun,
    /// Nothing, because the content is declined.
    Refused,
    /// Nothing, without a reason.
    Empty,
    /// It is never done.
    Never,
    /// Something else than promised.
    Mislabelled,
}

impl From<Option<FaultKind>> for Ending {
    fn from(bend: Option<FaultKind>) -> Self {
        match bend {
            Some(FaultKind::JobFails) => Self::Failed,
            Some(FaultKind::JobNotBegun) => Self::NotBegun,
            Some(FaultKind::JobNeverEnds) => Self::Never,
            Some(FaultKind::Refusal) => Self::Refused,
            Some(FaultKind::Empty) => Self::Empty,
            Some(FaultKind::WrongMediaType) => Self::Mislabelled,
            _ => Self::Well,
        }
    }
}

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Just ordered.
    Queued,
    /// Asked about, but not often enough. Counts the polls, from 1.
    Running(u32),
    /// It has come to its ending.
    Ended,
    /// Somebody has taken the order back.
    Cancelled,
}

impl Job {
    pub(super) fn new(model: &str, products: Vec<Recipe>, request: Value, ending: Ending) -> Self {
        Self { model: model.to_owned(), products, request, ending, cancelled: false, polls: 0 }
    }

    fn stage(&self, polls: u32) -> Stage {
        match self.polls {
            _ if self.cancelled => Stage::Cancelled,
            0 => Stage::Queued,
            asked if asked >= polls.max(1) && self.ending != Ending::Never => Stage::Ended,
            asked => Stage::Running(asked),
        }
    }
}

/// All jobs of all vendors, by their ids.
#[derive(Debug)]
pub(super) struct Jobs {
    /// Makes the ids of two simulators differ: a job of the last one must not be taken for one of this.
    salt: String,
    jobs: Mutex<HashMap<String, Job>>,
}

impl Jobs {
    pub(super) fn new(salt: String) -> Self {
        Self { salt, jobs: Mutex::default() }
    }

    /// Takes an order and answers its id: letters and digits that tell nothing.
    pub(super) fn order(&self, vendor: &str, job: Job) -> String {
        let mut jobs = self.jobs();
        let id = hash(format!("{} {vendor} {}", self.salt, jobs.len()).as_bytes())[..24].to_owned();
        jobs.insert(id.clone(), job);
        id
    }

    /// Asks about a job: how it is and how far. `polls` is how many times it takes.
    pub(super) fn poll(&self, id: &str, polls: u32) -> Option<(Job, Stage)> {
        let mut jobs = self.jobs();
        let job = jobs.get_mut(id)?;
        job.polls += 1;
        Some((job.clone(), job.stage(polls)))
    }

    /// Brings a job to its ending without polls.
    pub(super) fn finish(&self, id: &str) -> Option<(Job, Stage)> {
        let mut jobs = self.jobs();
        let job = jobs.get_mut(id)?;
        job.polls = u32::MAX / 2;
        Some((job.clone(), job.stage(1)))
    }

    /// Takes an order back, if it has not come to its ending yet.
    pub(super) fn cancel(&self, id: &str, polls: u32) -> Option<(Job, Stage)> {
        let mut jobs = self.jobs();
        let job = jobs.get_mut(id)?;
        job.cancelled = job.cancelled || job.stage(polls) != Stage::Ended;
        Some((job.clone(), job.stage(polls)))
    }

    fn jobs(&self) -> MutexGuard<'_, HashMap<String, Job>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_done_at_its_last_poll() {
        let jobs = Jobs::new("test".to_owned());
        let ordered = |ending| jobs.order("suno", Job::new("V5", Vec::new(), Value::Null, ending));
        let stages = |id: &str| [(); 3].map(|()| jobs.poll(id, 2).expect("it was ordered").1);
        assert_eq!(stages(&ordered(Ending::Well)), [Stage::Running(1), Stage::Ended, Stage::Ended]);
        assert_eq!(stages(&ordered(Ending::Never)), [Stage::Running(1), Stage::Running(2), Stage::Running(3)]);
        let id = ordered(Ending::Well);
        assert_eq!(jobs.cancel(&id, 2).map(|(_, stage)| stage), Some(Stage::Cancelled));
        assert_eq!(stages(&id), [Stage::Cancelled; 3]);
        assert!(jobs.poll("another", 2).is_none());
    }
}
