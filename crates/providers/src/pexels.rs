//! Pexels: its search for photographs and films, and what its codes mean.

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

/// Results on a page: all are looked at, so more are better up to the vendor's limit of 80.
const PER_PAGE: &str = "40";
/// What everything there may be used under.
const LICENCE: &str = "Pexels License";
/// The languages that it can be searched in, by the first part of their tags.
const LOCALES: [&str; 28] = [
    "en-US", "pt-BR", "es-ES", "ca-ES", "de-DE", "it-IT", "fr-FR", "sv-SE", "id-ID", "pl-PL", "ja-JP", "zh-CN", "ko-KR", "th-TH",
    "nl-NL", "hu-HU", "vi-VN", "cs-CZ", "da-DK", "fi-FI", "uk-UA", "el-GR", "ro-RO", "nb-NO", "sk-SK", "tr-TR", "ru-RU", "zh-TW",
];

/// The API with a key.
pub fn api(http: Http, base: String, key: Option<Key>) -> Api {
    Api { http, vendor: Vendor::Pexels, base, key, authorise, explain }
}

/// The key stands alone, without `Bearer`.
fn authorise(request: RequestBuilder, key: &str) -> RequestBuilder {
    request.header("Authorization", key)
}

/// A month's allowance that is used up comes with the status of a short wait.
fn explain(status: u16, body: &Value, said: &str) -> Option<ProviderError> {
    let code = body["code"].as_str().unwrap_or_default().to_ascii_lowercase();
    let used_up = status == 429 && (code.contains("quota") || code.contains("month"));
    used_up.then(|| ProviderError::Quota(format!("Quota exceeded: Pexels takes no more searches this month: {said}")))
}

/// Whether the key works, by one free search.
///
/// # Errors
/// As the search.
pub async fn probe(api: &Api) -> Result<String, ProviderError> {
    let page: Page = api.get("/search", &[("query", "sea"), ("per_page", "1")]).await?;
    Ok(format!("key works, a search for the sea finds {} photographs", page.total_results))
}

/// The stock.
#[derive(Debug, Clone)]
pub struct Pexels {
    api: Api,
}

impl Pexels {
    /// Searched through this API.
    pub fn new(api: Api) -> Self {
        Self { api }
    }
}

#[async_trait]
impl StockProvider for Pexels {
    fn vendor(&self) -> &'static str {
        Vendor::Pexels.name()
    }

    async fn search(&self, search: &Search) -> Result<Vec<Found>, ProviderError> {
        let page = (u64::from(search.page) + 1).to_string();
        let mut query = vec![
            ("query", search.words.as_str()),
            ("orientation", orientation(search.size)),
            ("per_page", PER_PAGE),
            ("page", page.as_str()),
        ];
        if let Some(locale) = locale(&search.language) {
            query.push(("locale", locale));
        }
        let path = if search.films { "/videos/search" } else { "/search" };
        let page: Page = self.api.get(path, &query).await?;
        let films = page.videos.into_iter().filter_map(|film| film_of(film, search.size));
        Ok(page.photos.into_iter().map(photo_of).chain(films).collect())
    }

    async fn fetch(&self, found: &Found) -> Result<Bytes, ProviderError> {
        self.api.download(&found.file, MOST_OF_FILM.max(MOST_OF_PICTURE)).await
    }
}

fn orientation(size: Size) -> &'static str {
    match size.width.cmp(&size.height) {
        std::cmp::Ordering::Less => "portrait",
        std::cmp::Ordering::Equal => "square",
        std::cmp::Ordering::Greater => "landscape",
    }
}

/// The vendor's name of a language: the very one, else another country's.
fn locale(tag: &str) -> Option<&'static str> {
    let first = |tag: &str| tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    let exact = LOCALES.iter().find(|locale| locale.eq_ignore_ascii_case(tag));
    exact.or_else(|| LOCALES.iter().find(|locale| first(locale) == first(tag))).copied()
}

fn photo_of(photo: Photo) -> Found {
    let file = [photo.src.original, photo.src.large2x.clone()].into_iter().find(|file| !file.is_empty()).unwrap_or_default();
    Found {
        id: photo.id.to_string(),
        file,
        preview: photo.src.medium,
        width: photo.width,
        height: photo.height,
        seconds: 0.0,
        credit: credit(photo.photographer, photo.url),
    }
}

/// A film, in the file that fits the video best; `None` if there is no MP4.
fn film_of(film: Film, video: Size) -> Option<Found> {
    let mp4 = film.video_files.into_iter().filter(|file| file.file_type == "video/mp4");
    let files = mp4.filter_map(|file| Some(File { address: file.link, width: file.width?, height: file.height? }));
    let file = nearest_file(files, video)?;
    Some(Found {
        id: film.id.to_string(),
        file: file.address,
        preview: film.image,
        width: file.width,
        height: file.height,
        seconds: film.duration,
        credit: credit(film.user.name, film.url),
    })
}

fn credit(author: String, source: String) -> Credit {
    let author = if author.trim().is_empty() { Vendor::Pexels.to_string() } else { author };
    Credit { author, licence: LICENCE.to_owned(), source }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Page {
    total_results: u64,
    photos: Vec<Photo>,
    videos: Vec<Film>,
}

#[derive(Deserialize)]
struct Photo {
    id: u64,
    width: u32,
    height: u32,
    url: String,
    #[serde(default)]
    photographer: String,
    src: Sources,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Sources {
    original: String,
    large2x: String,
    medium: String,
}

#[derive(Deserialize)]
struct Film {
    id: u64,
    url: String,
    #[serde(default)]
    image: String,
    duration: f64,
    #[serde(default)]
    user: User,
    video_files: Vec<VideoFile>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct User {
    name: String,
}

#[derive(Deserialize)]
struct VideoFile {
    #[serde(default)]
    file_type: String,
    width: Option<u32>,
    height: Option<u32>,
    link: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_documented_answers_are_read() {
        let page: Page = serde_json::from_str(include_str!("../fixtures/pexels-photos.json")).expect("a fixture is JSON");
        let photo = page.photos.into_iter().map(photo_of).next().expect("there is one");
        assert_eq!((photo.id.as_str(), photo.width, photo.height, photo.seconds), ("2014422", 3024, 4032, 0.0));
        assert_eq!(photo.file, "https://images.pexels.com/photos/2014422/pexels-photo-2014422.jpeg");
        let source = "https://www.pexels.com/photo/brown-rocks-during-golden-hour-2014422/";
        let expected = Credit { author: "Joey Farina".into(), licence: "Pexels License".into(), source: source.into() };
        assert_eq!(photo.credit, expected);

        let page: Page = serde_json::from_str(include_str!("../fixtures/pexels-films.json")).expect("a fixture is JSON");
        let films: Vec<Found> = page.videos.into_iter().filter_map(|film| film_of(film, Size::default())).collect();
        assert_eq!(films.len(), 1, "a film without an MP4 is none");
        assert_eq!((films[0].width, films[0].height, films[0].seconds), (1080, 1920, 22.0));
        assert_eq!(films[0].file, "https://videos.pexels.com/video-files/1448735/1448735-hd_1080_1920_24fps.mp4");
        assert_eq!(films[0].credit.author, "Ruvim Miksanskiy");
    }

    #[test]
    fn languages_have_its_names() {
        let check = |tag: &str, expected: Option<&str>| assert_eq!(locale(tag), expected, "{tag}");
        check("pt-BR", Some("pt-BR"));
        check("pt-PT", Some("pt-BR"));
        check("zh-tw", Some("zh-TW"));
        check("en", Some("en-US"));
        check("sw", None);
        check("", None);
    }

    #[test]
    fn a_used_up_month_is_no_short_wait() {
        let check = |status, code: &str| explain(status, &json!({ "status": status, "code": code }), code);
        assert!(matches!(check(429, "Monthly quota exceeded"), Some(ProviderError::Quota(_))));
        assert_eq!(check(429, "Rate limit exceeded"), None);
        assert_eq!(check(401, "Unauthorized"), None);
    }
}
