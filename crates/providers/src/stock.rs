//! Stock: photographs and films that others have made and that may be used, with the name, licence and page of each.
//!
//! How each vendor is searched is in a file of its name; what is searched for and chosen is in the folder beside this file.

use async_trait::async_trait;
use bytes::Bytes;
use model::project::Credit;
use model::storyboard::Size;

use crate::error::ProviderError;

mod choice;
mod clips;
mod file;
mod images;
mod words;

pub use clips::StockClips;
pub(crate) use file::{File, MOST_OF_FILM, MOST_OF_PICTURE, nearest_file};
pub use images::StockImages;

/// Searches a stock of photographs or films.
#[async_trait]
pub trait StockProvider: Send + Sync {
    /// Short lower-case name, such as `pexels`.
    fn vendor(&self) -> &'static str;
    /// What it finds, best match first; free of charge. May be empty.
    async fn search(&self, search: &Search) -> Result<Vec<Found>, ProviderError>;
    /// The file of what was found.
    async fn fetch(&self, found: &Found) -> Result<Bytes, ProviderError>;
}

/// What is looked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// A few words.
    pub words: String,
    /// Films rather than photographs.
    pub films: bool,
    /// The size of the video: what is found has about its proportions, where there is a choice.
    pub size: Size,
    /// BCP 47 tag of the words' language.
    pub language: String,
    /// From 0: further results.
    pub page: u32,
}

/// Something that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The vendor's own id.
    pub id: String,
    /// Where its file is.
    pub file: String,
    /// A small picture of it.
    pub preview: String,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// The length of a film; 0 for photographs.
    pub seconds: f64,
    /// Whose work it is.
    pub credit: Credit,
}
