//! Who renders: this process, or workers elsewhere.

use std::sync::Arc;

use assets::Assets;
use async_trait::async_trait;
use engine::{RenderFailure, RenderJob, Renderer};
use model::project::RenderOutput;
use model::task::{Failure, FailureClass};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use worker::dispatch::{DispatchSettings, Dispatcher, Told, Undone};
use worker::{WorkerError, WorkerOptions};

/// Where renders are made.
#[derive(Debug, Clone)]
pub enum Renderers {
    /// In this process, one at a time.
    Here,
    /// By workers.
    Away {
        /// Which, and how they are asked. What workers make is finished with the options of this process.
        dispatch: Box<DispatchSettings>,
        /// Renders at a time.
        at_once: usize,
        /// Whether this process renders when no worker can be reached.
        or_here: bool,
    },
}

impl Renderers {
    /// Renders that go on at a time.
    pub fn at_once(&self) -> usize {
        match self {
            Self::Here => 1,
            Self::Away { at_once, .. } => *at_once,
        }
    }

    /// What each worker says, when asked whether it would render; nothing where this process renders.
    pub async fn look(&self, assets: &Assets) -> Vec<(String, Result<String, String>)> {
        match self {
            Self::Here => Vec::new(),
            Self::Away { dispatch, .. } => {
                let said = Dispatcher::new(assets.clone(), (**dispatch).clone()).look().await;
                said.into_iter().map(|(url, said)| (url.to_string(), said)).collect()
            }
        }
    }

    /// Whoever does it for the engine of this process.
    pub fn renderer(&self, assets: &Assets, options: WorkerOptions) -> Arc<dyn Renderer> {
        let here = Here { assets: assets.clone(), options: options.clone(), turn: Semaphore::new(1) };
        match self {
            Self::Here => Arc::new(here),
            Self::Away { dispatch, or_here, .. } => {
                let dispatcher = Dispatcher::new(assets.clone(), DispatchSettings { options, ..(**dispatch).clone() });
                Arc::new(Away { dispatcher, or_here: or_here.then_some(here) })
            }
        }
    }
}

/// Renders in this process.
struct Here {
    assets: Assets,
    options: WorkerOptions,
    /// A render uses every core by itself.
    turn: Semaphore,
}

#[async_trait]
impl Renderer for Here {
    async fn render(&self, job: RenderJob, progress: Told, cancel: CancellationToken) -> Result<RenderOutput, RenderFailure> {
        let _turn = tokio::select! {
            turn = self.turn.acquire() => turn,
            () = cancel.cancelled() => return Err(RenderFailure::Cancelled),
        };
        let done = worker::run(job.storyboard, &self.assets, &self.options, progress, cancel).await;
        done.map_err(|error| match error {
            WorkerError::Cancelled => RenderFailure::Cancelled,
            error => RenderFailure::Failed(Failure { class: FailureClass::Fatal, message: error.to_string() }),
        })
    }
}

/// Has it rendered elsewhere.
struct Away {
    dispatcher: Dispatcher,
    or_here: Option<Here>,
}

#[async_trait]
impl Renderer for Away {
    async fn render(&self, job: RenderJob, progress: Told, cancel: CancellationToken) -> Result<RenderOutput, RenderFailure> {
        let names = (job.id.to_string(), job.project.to_string());
        let sent = self.dispatcher.render((&names.0, &names.1), &job.storyboard, progress.clone(), &cancel).await;
        match (sent, &self.or_here) {
            (Ok(output), _) => Ok(output),
            (Err(Undone::Cancelled), _) => Err(RenderFailure::Cancelled),
            (Err(Undone::Busy(after)), _) => Err(RenderFailure::Busy(after)),
            (Err(Undone::Failed { error, retry: true }), Some(here)) => {
                tracing::warn!(error, "no worker has rendered it; rendering here");
                here.render(job, progress, cancel).await
            }
            (Err(Undone::Failed { error, retry }), _) => {
                let class = if retry { FailureClass::Retry { after: None } } else { FailureClass::Fatal };
                Err(RenderFailure::Failed(Failure { class, message: error }))
            }
        }
    }
}
