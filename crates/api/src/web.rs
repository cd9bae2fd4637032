//! A web app that is served beside the API: all its files are read once, so that no path of a request ever reaches the disk.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::access::Origin;
use crate::secret::sha256_hex_of;
use crate::{AppState, no_such_route};

/// What is served for addresses that name no file: the app shows what it likes there.
const INDEX: &str = "index.html";
/// All files together, in bytes.
const MOST: u64 = 256 << 20;
/// Smaller files gain nothing by compression.
const WORTH_COMPRESSING: usize = 1 << 10;
/// Scripts of the app's own, and of the three hosts that built apps of the Studio's kind load theirs from; styles, fonts,
/// pictures and media from anywhere on https (avatars, voices to try). Nobody may put the app into a frame. What it sends its
/// forms to, and where these lead on to, stands after this.
const POLICY: &str = "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob: https://cdn.tailwindcss.com https://esm.sh https://aistudiocdn.com; \
                      style-src 'self' 'unsafe-inline' https:; font-src 'self' data: https:; img-src 'self' data: blob: https:; \
                      media-src 'self' data: blob: https:; connect-src 'self' data: blob: https:; worker-src 'self' blob:; \
                      frame-ancestors 'none'; base-uri 'self'; object-src 'none'; form-action 'self'";

/// The files of a web app. Cheap to clone.
#[derive(Clone)]
pub struct WebRoot {
    files: Arc<HashMap<String, File>>,
    policy: HeaderValue,
}

/// Why a folder can't be served.
#[derive(Debug, thiserror::Error)]
pub enum WebRootError {
    /// It can't be read.
    #[error("{} can't be read", .0.display())]
    Unreadable(PathBuf, #[source] std::io::Error),
    /// It is no web app.
    #[error("{} has no index.html; name the folder of a built web app, such as dist", .0.display())]
    NoIndex(PathBuf),
    /// It is too large.
    #[error("{} holds more than 256 MiB; name the folder of a built web app, such as dist", .0.display())]
    TooLarge(PathBuf),
}

struct File {
    bytes: Bytes,
    /// The same compressed, where that is worth it.
    gzip: Option<Bytes>,
    media_type: HeaderValue,
    etag: HeaderValue,
    /// The name says what is in it, so it never changes.
    lasting: bool,
}

impl WebRoot {
    /// Reads all files of a folder. What is changed in it later is served after the next start.
    ///
    /// # Errors
    /// When it can't be read or is no web app.
    pub fn read(folder: &Path) -> Result<Self, WebRootError> {
        let (mut files, mut folders, mut bytes) = (HashMap::new(), vec![folder.to_owned()], 0);
        while let Some(current) = folders.pop() {
            let unreadable = |error| WebRootError::Unreadable(current.clone(), error);
            for entry in std::fs::read_dir(&current).map_err(unreadable)? {
                let path = entry.map_err(unreadable)?.path();
                // What begins with a dot is not meant for visitors.
                let name = path.file_name().and_then(|name| name.to_str()).unwrap_or(".");
                if name.starts_with('.') {
                    continue;
                }
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let content = std::fs::read(&path).map_err(|error| WebRootError::Unreadable(path.clone(), error))?;
                bytes += content.len() as u64;
                if bytes > MOST {
                    return Err(WebRootError::TooLarge(folder.to_owned()));
                }
                let inside = path.strip_prefix(folder).unwrap_or(&path);
                let address = inside.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/");
                files.insert(address, File::new(name, content));
            }
        }
        if !files.contains_key(INDEX) {
            return Err(WebRootError::NoIndex(folder.to_owned()));
        }
        Ok(Self { files: Arc::new(files), policy: HeaderValue::from_static(POLICY) })
    }

    /// Lets the app's forms lead on to another origin too: browsers look at every redirect of the form that begins to sign in.
    pub fn with_forms_to(self, origin: &Origin) -> Self {
        let policy = HeaderValue::from_str(&format!("{POLICY} {}", origin.as_str()));
        Self { policy: policy.unwrap_or(self.policy), files: self.files }
    }

    fn find(&self, path: &str) -> Option<&File> {
        let path = percent_encoding::percent_decode_str(path.trim_start_matches('/')).decode_utf8().ok()?;
        // An address without a file of its own is the app's, except for names of files that are missing.
        self.files.get(path.as_ref()).or_else(|| {
            let last = path.rsplit('/').next().unwrap_or_default();
            self.files.get(INDEX).filter(|_| !last.contains('.') || last == INDEX)
        })
    }
}

impl File {
    fn new(name: &str, content: Vec<u8>) -> Self {
        let media_type = mime_guess::from_path(name).first_or_octet_stream();
        let text = media_type.type_() == mime_guess::mime::TEXT
            || matches!(media_type.subtype().as_str(), "javascript" | "json" | "svg" | "wasm" | "xml" | "manifest+json");
        let named = if text && media_type.get_param("charset").is_none() && media_type.subtype() != "wasm" {
            format!("{media_type}; charset=utf-8")
        } else {
            media_type.to_string()
        };
        let gzip = (text && content.len() >= WORTH_COMPRESSING).then(|| compressed(&content)).flatten();
        let etag = format!("\"{}\"", &sha256_hex_of(&content)[..32]);
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let hash = stem.rsplit_once(['-', '.']).map_or("", |(_, hash)| hash);
        let lasting = hash.len() >= 8 && hash.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        Self {
            bytes: content.into(),
            gzip,
            media_type: HeaderValue::from_str(&named).unwrap_or(HeaderValue::from_static("application/octet-stream")),
            etag: HeaderValue::from_str(&etag).expect("hexadecimal digits"),
            lasting,
        }
    }

    fn answer(&self, asked: &HeaderMap, policy: HeaderValue) -> Response {
        let mut headers = HeaderMap::new();
        headers.insert(header::ETAG, self.etag.clone());
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        let keep = if self.lasting { "public, max-age=31536000, immutable" } else { "no-cache" };
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        let known = asked.get(header::IF_NONE_MATCH).and_then(|known| known.to_str().ok()).unwrap_or_default();
        let own = self.etag.to_str().unwrap_or_default();
        if known.split(',').map(|tag| tag.trim().trim_start_matches("W/")).any(|tag| tag == "*" || tag == own) {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        headers.insert(header::CONTENT_TYPE, self.media_type.clone());
        let accepted = asked.get(header::ACCEPT_ENCODING).and_then(|accepted| accepted.to_str().ok()).unwrap_or_default();
        let takes_gzip =
            accepted.split(',').map(str::trim).any(|coding| coding.split(';').next() == Some("gzip") && !coding.ends_with("q=0"));
        match self.gzip.as_ref().filter(|_| takes_gzip) {
            Some(gzip) => {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                (headers, gzip.clone()).into_response()
            }
            None => (headers, self.bytes.clone()).into_response(),
        }
    }
}

fn compressed(content: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).ok()?;
    let gzip = encoder.finish().ok()?;
    (gzip.len() < content.len()).then(|| gzip.into())
}

/// Answers what no route does.
pub async fn fallback(State(app): State<AppState>, request: Request) -> Response {
    let path = request.uri().path();
    let is_api = path == "/api" || path.starts_with("/api/") || path == "/docs" || path.starts_with("/docs/");
    let looks = matches!(*request.method(), Method::GET | Method::HEAD);
    let found = app.web_root.as_ref().filter(|_| looks && !is_api).and_then(|root| Some((root.find(path)?, &root.policy)));
    match found {
        Some((file, policy)) => file.answer(request.headers(), policy.clone()),
        None => no_such_route().await.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> (tempfile::TempDir, WebRoot) {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, content: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("inside")).expect("a folder");
            std::fs::write(path, content).expect("written");
        };
        write("index.html", "<p>app");
        write("assets/index-Ab12Cd34.js", &"let x = 1;\n".repeat(200));
        write("a b.png", "picture");
        write(".env", "SECRET=planted");
        let root = WebRoot::read(folder.path()).expect("a web app");
        (folder, root)
    }

    #[test]
    fn only_what_is_in_the_folder_is_served() {
        let (_folder, root) = root();
        let found = |path: &str| root.find(path).map(|file| String::from_utf8_lossy(&file.bytes).into_owned());
        let app = Some("<p>app".to_owned());
        for path in ["/", "/index.html", "/projects/7", "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd"] {
            assert_eq!(found(path), app, "{path}");
        }
        assert_eq!(found("/a%20b.png").as_deref(), Some("picture"));
        for path in ["/..", "/.env", "/missing.js", "/%ff", "/../.env", "/..%2f.env"] {
            assert_eq!(found(path), None, "{path}");
        }
    }

    #[test]
    fn files_have_their_types_and_tags() {
        let (_folder, root) = root();
        let script = root.find("/assets/index-Ab12Cd34.js").expect("there");
        let asked = |pairs: &[(header::HeaderName, &str)]| {
            let value = |text: &str| HeaderValue::from_str(text).expect("a header value");
            script.answer(&pairs.iter().map(|(name, text)| (name.clone(), value(text))).collect(), root.policy.clone())
        };
        let plain = asked(&[]);
        let header_of =
            |response: &Response, name| response.headers().get(name).map(|value| value.to_str().expect("text").to_owned());
        assert_eq!(header_of(&plain, header::CONTENT_TYPE).as_deref(), Some("text/javascript; charset=utf-8"));
        assert!(header_of(&plain, header::CACHE_CONTROL).expect("there").contains("immutable"));
        assert_eq!(header_of(&plain, header::CONTENT_ENCODING), None);
        assert!(header_of(&plain, header::CONTENT_SECURITY_POLICY).expect("there").ends_with("; form-action 'self'"));
        let elsewhere = root.clone().with_forms_to(&Origin::of("https://sign-in.example/path").expect("an address"));
        assert!(elsewhere.policy.to_str().expect("text").ends_with("; form-action 'self' https://sign-in.example"));
        let gzip = asked(&[(header::ACCEPT_ENCODING, "br, gzip;q=0.8")]);
        assert_eq!(header_of(&gzip, header::CONTENT_ENCODING).as_deref(), Some("gzip"));
        let etag = header_of(&plain, header::ETAG).expect("there");
        assert_eq!(asked(&[(header::IF_NONE_MATCH, &format!("\"x\", W/{etag}"))]).status(), StatusCode::NOT_MODIFIED);
    }

    #[test]
    fn a_folder_without_an_index_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = WebRoot::read(folder.path()).err().expect("no web app").to_string();
        assert!(error.contains("has no index.html"), "{error}");
        let error = WebRoot::read(&folder.path().join("none")).err().expect("not there").to_string();
        assert!(error.contains("can't be read"), "{error}");
    }
}
