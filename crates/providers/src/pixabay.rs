//! Pixabay: its search for photographs and films, and what its codes mean.

use async_trait::async_trait;
use bytes::Bytes;
use model::project::Credit;
use model::storyboard::Size;
use reqwest::RequestBuilder;
use serde::Deserialize;
use serde_json::Value;

use crate::api::Api;
use crate::error::ProviderError;
use crate::http::Http;
use crate::keys::Key;
use crate::stock::{File, Found, MOST_OF_FILM, MOST_OF_PICTURE, Search, StockProvider, nearest_file};
use crate::vendor::Vendor;

/// Results on a page: many, since films of all orientations come together.
const PER_PAGE: &str = "60";
/// What everything there may be used under.
const LICENCE: &str = "Pixabay Content License";
/// The longer side of the picture that every key may fetch, in pixels.
const LONGER_SIDE: u32 = 1_280;
/// The languages that it can be searched in.
const LANGUAGES: [&str; 26] = [
    "cs", "da", "de", "en", "es", "fr", "id", "it", "hu", "nl", "no", "pl", "pt", "ro", "sk", "fi", "sv", "tr", "vi", "th", "bg",
    "ru", "el", "ja", "ko", "zh",
];

/// The API with a key.
pub fn api(http: Http, base: String, key: Option<Key>) -> Api {
    Api { http, vendor: Vendor::Pixabay, base, key, authorise, explain }
}

/// The key is a part of the query; no message and no log line has an address in it.
fn authorise(request: RequestBuilder, key: &str) -> RequestBuilder {
    request.query(&[("key", key)])
}

/// A key that is not taken comes as 400, with the reason in plain text.
fn explain(status: u16, _: &Value, said: &str) -> Option<ProviderError> {
    let bad_key = status == 400 && said.to_ascii_lowercase().contains("api key");
    bad_key.then(|| ProviderError::Unavailable(format!("Pixabay does not take the API key; set another one: {said}")))
}

/// Whether the key works, by one free search.
///
/// # Errors
/// As the search.
pub async fn probe(api: &Api) -> Result<String, ProviderError> {
    let page: Page = api.get("/", &[("q", "sea"), ("per_page", "3")]).await?;
    Ok(format!("key works, a search for the sea finds {} photographs", page.total))
}

/// The stock.
#[derive(Debug, Clone)]
pub struct Pixabay {
    api: Api,
}

impl Pixabay {
    /// Searched through this API.
    pub fn new(api: Api) -> Self {
        Self { api }
    }
}

#[async_trait]
impl StockProvider for Pixabay {
    fn vendor(&self) -> &'static str {
        Vendor::Pixabay.name()
    }

    async fn search(&self, search: &Search) -> Result<Vec<Found>, ProviderError> {
        let page = (u64::from(search.page) + 1).to_string();
        let mut query =
            vec![("q", search.words.as_str()), ("safesearch", "true"), ("per_page", PER_PAGE), ("page", page.as_str())];
        if let Some(language) = language(&search.language) {
            query.push(("lang", language));
        }
        if search.films {
            query.push(("video_type", "film"));
            let page: Page = self.api.get("/videos/", &query).await?;
            return Ok(page.hits.into_iter().filter_map(|hit| film_of(hit, search.size)).collect());
        }
        query.push(("image_type", "photo"));
        query.push(("orientation", orientation(search.size)));
        let page: Page = self.api.get("/", &query).await?;
        Ok(page.hits.into_iter().filter_map(photo_of).collect())
    }

    async fn fetch(&self, found: &Found) -> Result<Bytes, ProviderError> {
        self.api.download(&found.file, MOST_OF_FILM.max(MOST_OF_PICTURE)).await
    }
}

fn orientation(size: Size) -> &'static str {
    match size.width.cmp(&size.height) {
        std::cmp::Ordering::Less => "vertical",
        std::cmp::Ordering::Equal => "all",
        std::cmp::Ordering::Greater => "horizontal",
    }
}

fn language(tag: &str) -> Option<&'static str> {
    let first = tag.split(['-', '_']).next().unwrap_or_default();
    // Written Norwegian has tags of its own.
    let first = if first.eq_ignore_ascii_case("nb") || first.eq_ignore_ascii_case("nn") { "no" } else { first };
    LANGUAGES.iter().find(|language| language.eq_ignore_ascii_case(first)).copied()
}

/// A photograph in the largest file that the key may fetch, whose size follows from that of the whole.
fn photo_of(hit: Hit) -> Option<Found> {
    let (width, height) = (hit.image_width?, hit.image_height?);
    let (file, longer) = [(hit.image_url, u32::MAX), (hit.full_hd_url, 1_920), (hit.large_image_url, LONGER_SIDE)]
        .into_iter()
        .find(|(file, _)| !file.is_empty())?;
    let scale = (f64::from(longer) / f64::from(width.max(height).max(1))).min(1.0);
    Some(Found {
        id: hit.id.to_string(),
        file,
        preview: hit.webformat_url,
        width: (f64::from(width) * scale).round() as u32,
        height: (f64::from(height) * scale).round() as u32,
        seconds: 0.0,
        credit: credit(hit.user, hit.page_url),
    })
}

/// A film in the file that fits the video best.
fn film_of(hit: Hit, video: Size) -> Option<Found> {
    let Files { large, medium, small, tiny } = hit.videos?;
    let sizes = [large, medium, small, tiny].into_iter().flatten().filter(|file| !file.url.is_empty());
    let preview = sizes.clone().next().map(|file| file.thumbnail).unwrap_or_default();
    let files = sizes.map(|file| File { address: file.url, width: file.width, height: file.height });
    let file = nearest_file(files, video)?;
    Some(Found {
        id: hit.id.to_string(),
        file: file.address,
        preview,
        width: file.width,
        height: file.height,
        seconds: hit.duration.unwrap_or_default(),
        credit: credit(hit.user, hit.page_url),
    })
}

fn credit(author: String, source: String) -> Credit {
    let author = if author.trim().is_empty() { Vendor::Pixabay.to_string() } else { author };
    Credit { author, licence: LICENCE.to_owned(), source }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Page {
    total: u64,
    hits: Vec<Hit>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Hit {
    id: u64,
    #[serde(rename = "pageURL")]
    page_url: String,
    #[serde(default)]
    user: String,
    image_width: Option<u32>,
    image_height: Option<u32>,
    #[serde(default, rename = "webformatURL")]
    webformat_url: String,
    #[serde(default, rename = "largeImageURL")]
    large_image_url: String,
    /// Only for keys that Pixabay has approved, like the next.
    #[serde(default, rename = "fullHDURL")]
    full_hd_url: String,
    #[serde(default, rename = "imageURL")]
    image_url: String,
    duration: Option<f64>,
    videos: Option<Files>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Files {
    large: Option<VideoFile>,
    medium: Option<VideoFile>,
    small: Option<VideoFile>,
    tiny: Option<VideoFile>,
}

#[derive(Clone, Deserialize, Default)]
#[serde(default)]
struct VideoFile {
    url: String,
    width: u32,
    height: u32,
    thumbnail: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_answers_are_read() {
        let page: Page = serde_json::from_str(include_str!("../fixtures/pixabay-photos.json")).expect("a fixture is JSON");
        let photos: Vec<Found> = page.hits.into_iter().filter_map(photo_of).collect();
        assert_eq!((photos[0].id.as_str(), photos[0].width, photos[0].height), ("195893", 853, 1280));
        assert_eq!(photos[0].file, "https://pixabay.com/get/ed6a99fd0a76647_1280.jpg");
        let source = "https://pixabay.com/en/blossom-bloom-flower-195893/";
        let expected = Credit { author: "Josch13".into(), licence: "Pixabay Content License".into(), source: source.into() };
        assert_eq!(photos[0].credit, expected);
        assert_eq!((photos[1].width, photos[1].file.as_str()), (1280, "https://pixabay.com/get/a_1920.jpg"));

        let page: Page = serde_json::from_str(include_str!("../fixtures/pixabay-films.json")).expect("a fixture is JSON");
        let film = page.hits.into_iter().find_map(|hit| film_of(hit, Size::default())).expect("there is one");
        assert_eq!((film.width, film.height, film.seconds), (1080, 1920, 12.0));
        assert_eq!(film.file, "https://cdn.pixabay.com/video/2015/08/08/125-135736646_medium.mp4");
        assert_eq!(film.credit.source, "https://pixabay.com/videos/id-125/");
    }

    #[test]
    fn languages_have_its_names() {
        let check = |tag: &str, expected: Option<&str>| assert_eq!(language(tag), expected, "{tag}");
        check("pt-BR", Some("pt"));
        check("nb-NO", Some("no"));
        check("sw", None);
        check("", None);
    }

    #[test]
    fn a_bad_key_is_told_from_a_bad_search() {
        let check = |said: &str| explain(400, &Value::Null, said);
        assert!(matches!(check("[ERROR 400] Invalid or missing API key"), Some(ProviderError::Unavailable(_))));
        assert_eq!(check("[ERROR 400] \"page\" is out of valid range."), None);
    }
}
