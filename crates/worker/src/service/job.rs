//! The jobs of a worker: what is asked for twice is made once, some at a time, and the others wait in a short line.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::wire::{News, RenderRequest};

/// Ended jobs that are remembered, so that whoever missed the answer can ask again.
const REMEMBERED: usize = 256;

/// One job.
pub(crate) struct Job {
    pub(crate) id: String,
    /// Of what is to be made.
    content: [u8; 32],
    pub(crate) news: watch::Sender<News>,
    pub(crate) cancel: CancellationToken,
    /// Cancelled when its webhook has been told the end, or there is none.
    pub(crate) told: CancellationToken,
}

/// Why a job is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Too many wait already.
    Busy,
    /// The worker is being stopped.
    Stopping,
    /// The id is that of a job with another content.
    Other,
}

/// A job that was taken.
pub(crate) enum Taken {
    /// It has to be carried out.
    New(Arc<Job>),
    /// It is there already.
    Known(Arc<Job>),
}

/// All jobs.
pub(crate) struct Jobs {
    most: usize,
    stop: CancellationToken,
    all: Mutex<All>,
}

#[derive(Default)]
struct All {
    jobs: HashMap<String, Arc<Job>>,
    ended: VecDeque<String>,
}

impl Jobs {
    /// Takes `most` jobs at a time, with those that wait, until `stop` fires.
    pub(crate) fn new(most: usize, stop: CancellationToken) -> Self {
        Self { most, stop, all: Mutex::default() }
    }

    fn all(&self) -> MutexGuard<'_, All> {
        // Whole at any time, also after a panic.
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a job, or finds it. One that has failed or was cancelled is done again.
    pub(crate) fn take(&self, request: &RenderRequest) -> Result<Taken, Refused> {
        let content = content(request);
        let mut all = self.all();
        if let Some(job) = all.jobs.get(&request.id) {
            let over = matches!(*job.news.borrow(), News::Failed { .. } | News::Cancelled);
            match job.content == content {
                false => return Err(Refused::Other),
                true if !over => return Ok(Taken::Known(job.clone())),
                true => {}
            }
        }
        if self.stop.is_cancelled() {
            return Err(Refused::Stopping);
        }
        if all.jobs.values().filter(|job| !job.news.borrow().is_final()).count() >= self.most {
            return Err(Refused::Busy);
        }
        let (news, _) = watch::channel(News::Accepted);
        let job = Arc::new(Job {
            id: request.id.clone(),
            content,
            news,
            cancel: self.stop.child_token(),
            told: CancellationToken::new(),
        });
        all.ended.retain(|id| *id != job.id);
        all.jobs.insert(job.id.clone(), job.clone());
        Ok(Taken::New(job))
    }

    /// The job with that id.
    pub(crate) fn find(&self, id: &str) -> Option<Arc<Job>> {
        self.all().jobs.get(id).cloned()
    }

    /// Whether another one would be taken.
    pub(crate) fn has_room(&self) -> bool {
        !self.stop.is_cancelled() && self.running() < self.most
    }

    /// Jobs that have not ended.
    pub(crate) fn running(&self) -> usize {
        self.all().jobs.values().filter(|job| !job.news.borrow().is_final()).count()
    }

    /// Notes how a job ended, and forgets the oldest one.
    pub(crate) fn end(&self, job: &Job, news: News) {
        job.news.send_replace(news);
        let mut all = self.all();
        all.ended.push_back(job.id.clone());
        if all.ended.len() > REMEMBERED
            && let Some(oldest) = all.ended.pop_front()
        {
            all.jobs.remove(&oldest);
        }
    }
}

/// What makes two requests the same: not whom they tell.
fn content(request: &RenderRequest) -> [u8; 32] {
    let part = serde_json::to_vec(&request.part).unwrap_or_default();
    Sha256::new().chain_update(request.payload.to_string()).chain_update(part).finalize().into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request(id: &str, content: u32) -> RenderRequest {
        let payload = json!({ "content": content });
        RenderRequest { id: id.to_owned(), payload, webhook_url: None, webhook_token: None, part: None }
    }

    fn is_new(jobs: &Jobs, id: &str, content: u32) -> Result<bool, Refused> {
        jobs.take(&request(id, content)).map(|taken| matches!(taken, Taken::New(_)))
    }

    fn end(jobs: &Jobs, id: &str, news: News) {
        jobs.end(&jobs.find(id).expect("it is there"), news);
    }

    #[test]
    fn the_same_is_made_once_and_what_failed_again() {
        let stop = CancellationToken::new();
        let jobs = Jobs::new(2, stop.clone());
        assert_eq!(is_new(&jobs, "a", 1), Ok(true));
        assert_eq!(is_new(&jobs, "a", 1), Ok(false));
        assert_eq!(is_new(&jobs, "a", 2), Err(Refused::Other));
        assert_eq!(is_new(&jobs, "b", 1), Ok(true));
        assert_eq!(is_new(&jobs, "c", 1), Err(Refused::Busy));
        assert_eq!(is_new(&jobs, "b", 1), Ok(false), "a full worker still knows its jobs");
        end(&jobs, "a", News::Completed { result_url: None, output: None });
        assert_eq!(is_new(&jobs, "a", 1), Ok(false));
        end(&jobs, "b", News::Failed { error: String::new(), retry: true });
        assert_eq!(is_new(&jobs, "b", 1), Ok(true));
        stop.cancel();
        assert_eq!(is_new(&jobs, "d", 1), Err(Refused::Stopping));
        assert!(jobs.find("b").expect("it is there").cancel.is_cancelled());
    }

    #[test]
    fn only_so_many_ended_jobs_are_remembered() {
        let jobs = Jobs::new(1, CancellationToken::new());
        for index in 0..=REMEMBERED {
            assert_eq!(is_new(&jobs, &index.to_string(), 1), Ok(true));
            end(&jobs, &index.to_string(), News::Cancelled);
        }
        assert!(jobs.find("0").is_none() && jobs.find("1").is_some());
    }
}
