//! Clips out of any stock of films: the search is the order, and the film's address is the job, so that another process can
//! fetch it too.

use std::sync::Arc;

use async_trait::async_trait;
use model::project::Credit;
use serde::{Deserialize, Serialize};

use super::{Found, Search, StockProvider, choice, images, words};
use crate::clip::{Clip, ClipRequest};
use crate::error::ProviderError;
use crate::job::{JobProvider, Polled};
use crate::media;
use crate::vendor::Vendor;

/// Finds clips in a stock.
#[derive(Clone)]
pub struct StockClips {
    vendor: Vendor,
    stock: Arc<dyn StockProvider>,
}

impl std::fmt::Debug for StockClips {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("StockClips").field("vendor", &self.vendor).finish_non_exhaustive()
    }
}

/// A job's id, as JSON: where the film is, and whose it is. The stocks' addresses of films do not run out.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Job {
    v: u32,
    id: String,
    file: String,
    credit: Credit,
}

/// The version of [`Job`] that is written.
const JOB_VERSION: u32 = 1;

impl StockClips {
    /// Finds them in this vendor's stock.
    pub fn new(vendor: Vendor, stock: Arc<dyn StockProvider>) -> Self {
        Self { vendor, stock }
    }
}

#[async_trait]
impl JobProvider<ClipRequest, Clip> for StockClips {
    fn vendor(&self) -> &'static str {
        self.vendor.name()
    }

    fn model(&self) -> &str {
        "films"
    }

    /// Chooses the film. The same request finds the same one as long as the stock stays as it is.
    fn charges(&self) -> bool {
        false
    }

    async fn submit(&self, request: &ClipRequest, _: &str) -> Result<String, ProviderError> {
        let searches = words::searches(&request.description, &request.narration, "", &request.language);
        for words in &searches {
            let search =
                Search { words: words.clone(), films: true, size: request.size, language: request.language.clone(), page: 0 };
            let usable = choice::films(self.stock.search(&search).await?, request.size, f64::from(request.seconds));
            // A scene does not know how many others there are; a step of one is good for takes.
            let turn = choice::turn(usable.len(), request.scene_number, 1, request.take);
            if let Some(found) = usable.into_iter().nth(turn) {
                return job(self.vendor, found);
            }
        }
        Err(images::nothing(self.vendor, "clip", &searches))
    }

    async fn poll(&self, job: &str) -> Result<Polled<Clip>, ProviderError> {
        let Some(Job { id, file, credit, .. }) = serde_json::from_str(job).ok().filter(|job: &Job| job.v == JOB_VERSION) else {
            let message = format!("a job of {} can't be read; it is ordered anew", self.vendor);
            return Ok(Polled::Failed(ProviderError::retry(message)));
        };
        let found = Found { id, file, preview: String::new(), width: 0, height: 0, seconds: 0.0, credit };
        let bytes = match self.stock.fetch(&found).await {
            Ok(bytes) => bytes,
            Err(error @ (ProviderError::Fatal(_) | ProviderError::Unavailable(_))) => return Ok(Polled::Failed(error)),
            Err(error) => return Err(error),
        };
        match media::clip(self.vendor, &bytes) {
            Ok(media_type) => Ok(Polled::Done(Clip { bytes, media_type, credit: Some(found.credit) })),
            Err(error) => Ok(Polled::Failed(error)),
        }
    }
}

fn job(vendor: Vendor, found: Found) -> Result<String, ProviderError> {
    let job = Job { v: JOB_VERSION, id: found.id, file: found.file, credit: found.credit };
    serde_json::to_string(&job).map_err(|error| ProviderError::Fatal(format!("a film of {vendor} can't be noted: {error}")))
}
