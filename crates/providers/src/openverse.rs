//! Openverse: its search for openly licensed photographs, with or without a token, and what its codes mean.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use model::project::Credit;
use model::storyboard::Size;
use serde::Deserialize;
use serde_json::Value;

use crate::api::{Api, bearer};
use crate::error::ProviderError;
use crate::http::Http;
use crate::keys::Key;
use crate::media;
use crate::stock::{Found, MOST_OF_PICTURE, Search, StockProvider};
use crate::vendor::Vendor;

/// Results on a page: as many as are given without a token.
const PER_PAGE: &str = "20";
/// What may be sold and may be changed: a video crops what it shows, moves it and writes over it.
const LICENCE_TYPE: &str = "commercial,modification";
/// A longer wait than this is the end of a day's allowance.
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);

/// The API with a token, or without one: then fewer searches are allowed.
pub fn api(http: Http, base: String, key: Option<Key>) -> Api {
    Api { http, vendor: Vendor::Openverse, base, key, authorise: bearer, explain }
}

/// How long to wait is said in words: `Expected available in 34 seconds.`
fn explain(status: u16, _: &Value, said: &str) -> Option<ProviderError> {
    if status != 429 {
        return None;
    }
    let words: Vec<&str> = said.split_whitespace().collect();
    let seconds = words.windows(2).find(|pair| pair[1].starts_with("second")).and_then(|pair| pair[0].parse().ok());
    let after = seconds.map(Duration::from_secs);
    if after.is_some_and(|after| after > LONGEST_WAIT) {
        return Some(ProviderError::Quota(format!("Quota exceeded: Openverse takes no more searches today: {said}")));
    }
    Some(ProviderError::Retry { message: format!("Openverse takes no more requests just now (429): {said}"), after })
}

/// Whether it can be searched, by one free search.
///
/// # Errors
/// As the search.
pub async fn probe(api: &Api) -> Result<String, ProviderError> {
    let page: Page = api.get("/images/", &[("q", "sea"), ("page_size", "1")]).await?;
    let how = if api.key.is_some() { "token works" } else { "works without a token" };
    Ok(format!("{how}, a search for the sea finds {} photographs", page.result_count))
}

/// The stock.
#[derive(Debug, Clone)]
pub struct Openverse {
    api: Api,
}

impl Openverse {
    /// Searched through this API.
    pub fn new(api: Api) -> Self {
        Self { api }
    }
}

#[async_trait]
impl StockProvider for Openverse {
    fn vendor(&self) -> &'static str {
        Vendor::Openverse.name()
    }

    /// Finds photographs; it has no films.
    async fn search(&self, search: &Search) -> Result<Vec<Found>, ProviderError> {
        if search.films {
            return Ok(Vec::new());
        }
        let page = (u64::from(search.page) + 1).to_string();
        let query = [
            ("q", search.words.as_str()),
            ("license_type", LICENCE_TYPE),
            ("mature", "false"),
            ("aspect_ratio", aspect_ratio(search.size)),
            ("extension", "jpg,jpeg,png,webp"),
            ("page_size", PER_PAGE),
            ("page", page.as_str()),
        ];
        let page: Page = self.api.get("/images/", &query).await?;
        Ok(page.results.into_iter().filter_map(|result| found(result, &self.api.base, search.size)).collect())
    }

    async fn fetch(&self, found: &Found) -> Result<Bytes, ProviderError> {
        self.api.download(&found.file, MOST_OF_PICTURE).await
    }
}

fn aspect_ratio(size: Size) -> &'static str {
    match size.width.cmp(&size.height) {
        std::cmp::Ordering::Less => "tall",
        std::cmp::Ordering::Equal => "square",
        std::cmp::Ordering::Greater => "wide",
    }
}

/// A result that may be used; `None` if it is too small, of unknown size or unfit for all ages.
fn found(result: Photo, base: &str, video: Size) -> Option<Found> {
    let (width, height) = (result.width?, result.height?);
    if result.mature || !media::is_large_enough((width, height), video) {
        return None;
    }
    Some(Found {
        credit: Credit {
            author: result.creator.filter(|name| !name.trim().is_empty()).unwrap_or_else(|| Vendor::Openverse.to_string()),
            licence: licence(&result.license, result.license_version.as_deref().unwrap_or_default()),
            source: result.foreign_landing_url.unwrap_or(result.detail_url),
        },
        id: result.id,
        file: secure(result.url, base),
        preview: result.thumbnail.unwrap_or_default(),
        width,
        height,
        seconds: 0.0,
    })
}

/// Old entries have addresses of the time before https, which the same hosts serve today.
fn secure(address: String, base: &str) -> String {
    match address.strip_prefix("http://") {
        Some(rest) if base.starts_with("https://") => format!("https://{rest}"),
        _ => address,
    }
}

/// The name of a licence as people write it, such as `CC BY-SA 4.0`.
fn licence(code: &str, version: &str) -> String {
    let name = match code {
        "cc0" => "CC0".to_owned(),
        "pdm" => "Public Domain Mark".to_owned(),
        code => format!("CC {}", code.to_uppercase()),
    };
    format!("{name} {version}").trim_end().to_owned()
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Page {
    result_count: u64,
    results: Vec<Photo>,
}

#[derive(Deserialize)]
struct Photo {
    id: String,
    url: String,
    creator: Option<String>,
    license: String,
    license_version: Option<String>,
    foreign_landing_url: Option<String>,
    #[serde(default)]
    detail_url: String,
    thumbnail: Option<String>,
    width: Option<u32>,
    height: Option<u32>,
    #[serde(default)]
    mature: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_answer_is_read() {
        let page: Page = serde_json::from_str(include_str!("../fixtures/openverse-images.json")).expect("a fixture is JSON");
        let base = Vendor::Openverse.base_url();
        let all: Vec<Found> = page.results.into_iter().filter_map(|one| found(one, base, Size::default())).collect();
        assert_eq!(all.len(), 2, "what is small, of no size or not for all ages is left out");
        assert_eq!(all[0].file, "https://live.staticflickr.com/65535/50000000001_b.jpg");
        let source = "https://www.flickr.com/photos/anaribeiro/50000000001";
        let expected = Credit { author: "Ana Ribeiro".into(), licence: "CC BY-SA 2.0".into(), source: source.into() };
        assert_eq!((all[0].credit.clone(), all[0].width, all[0].height), (expected, 1365, 2048));
        assert_eq!((all[1].credit.author.as_str(), all[1].credit.licence.as_str()), ("Openverse", "CC0 1.0"));
    }

    #[test]
    fn licences_are_written_as_people_do() {
        let check = |code: &str, version: &str, expected: &str| assert_eq!(licence(code, version), expected);
        check("by", "4.0", "CC BY 4.0");
        check("pdm", "1.0", "Public Domain Mark 1.0");
        check("by-sa", "", "CC BY-SA");
    }

    #[test]
    fn waits_are_read_out_of_words() {
        let check = |said: &str, expected: fn(&ProviderError) -> bool| {
            let error = explain(429, &Value::Null, said).expect("explained");
            assert!(expected(&error), "{error:?}");
        };
        let short =
            |error: &ProviderError| matches!(error, ProviderError::Retry { after: Some(after), .. } if after.as_secs() == 34);
        check("Request was throttled. Expected available in 34 seconds.", short);
        check("Request was throttled.", |error| matches!(error, ProviderError::Retry { after: None, .. }));
        check("Expected available in 86400 seconds.", |error| matches!(error, ProviderError::Quota(_)));
        assert_eq!(explain(500, &Value::Null, ""), None);
    }
}
