//! Pictures out of any stock: searched for by a scene's own words, and kept with their credit.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Found, Search, StockProvider, choice, words};
use crate::error::ProviderError;
use crate::image::{Image, ImageProvider, ImageRequest};
use crate::media;
use crate::vendor::Vendor;

/// Version of the choice; raise it with every change by which the same request finds something else.
const VERSION: &str = "choice-1";
/// So many files are tried if one can't be used.
const MOST_FILES: usize = 4;

/// Finds pictures in a stock.
#[derive(Clone)]
pub struct StockImages {
    vendor: Vendor,
    stock: Arc<dyn StockProvider>,
}

impl std::fmt::Debug for StockImages {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("StockImages").field("vendor", &self.vendor).finish_non_exhaustive()
    }
}

impl StockImages {
    /// Finds them in this vendor's stock.
    pub fn new(vendor: Vendor, stock: Arc<dyn StockProvider>) -> Self {
        Self { vendor, stock }
    }

    /// What can be used, by the first search that finds any.
    async fn candidates(&self, request: &ImageRequest) -> Result<Vec<Found>, ProviderError> {
        let searches = words::searches(&request.description, &request.narration, &request.title, &request.language);
        for words in &searches {
            let search =
                Search { words: words.clone(), films: false, size: request.size, language: request.language.clone(), page: 0 };
            let usable = choice::pictures(self.stock.search(&search).await?, request.size);
            if !usable.is_empty() {
                return Ok(usable);
            }
        }
        Err(nothing(self.vendor, "picture", &searches))
    }

    async fn fetch(&self, found: &Found, request: &ImageRequest) -> Result<Image, ProviderError> {
        let bytes = self.stock.fetch(found).await?;
        let picture = media::look(self.vendor, bytes.clone()).await?;
        if !media::is_large_enough((picture.width, picture.height), request.size) {
            return Err(ProviderError::retry(format!("{} sent a smaller picture than it has announced", self.vendor)));
        }
        Ok(Image { bytes, media_type: picture.media_type, credit: Some(found.credit.clone()) })
    }
}

#[async_trait]
impl ImageProvider for StockImages {
    fn vendor(&self) -> &'static str {
        self.vendor.name()
    }

    fn model(&self) -> &str {
        "photos"
    }

    fn version(&self) -> String {
        VERSION.to_owned()
    }

    async fn draw(&self, request: &ImageRequest, _: &str) -> Result<Image, ProviderError> {
        let candidates = self.candidates(request).await?;
        let first = choice::turn(candidates.len(), request.scene_number, request.scene_count, request.take);
        let mut trouble = nothing(self.vendor, "picture", &[]);
        // Stocks link to files of many hosts, some of which are gone: the next best picture serves as well.
        for found in candidates.iter().cycle().skip(first).take(MOST_FILES.min(candidates.len())) {
            match self.fetch(found, request).await {
                Ok(image) => return Ok(image),
                Err(error) => trouble = error,
            }
        }
        Err(trouble)
    }
}

/// Nothing fits.
pub(super) fn nothing(vendor: Vendor, thing: &str, searches: &[String]) -> ProviderError {
    let searched = match searches.first() {
        Some(words) => format!(" for “{words}”, nor for fewer words"),
        None => " for a scene without words".to_owned(),
    };
    ProviderError::Fatal(format!(
        "{vendor} has no {thing}{searched}; describe the scene in other words, or choose another {thing} vendor"
    ))
}
