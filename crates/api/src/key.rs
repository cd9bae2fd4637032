//! Object keys on the wire: clients see `/api/assets?url=<key>`, and may send that, an absolute URL or the key itself.

use assets::{Place, check_key, media_type_of_key, place_of_key};
use axum::http::StatusCode;
use model::project::Asset;

use crate::AppState;
use crate::error::ApiError;
use crate::signed::Signed;

const FRONT: &str = "/api/assets?url=";

/// The address of an object, relative to the server.
pub fn url_of(key: &str) -> String {
    // A key is made of letters, digits, slashes and one dot: nothing to escape.
    format!("{FRONT}{key}")
}

/// The key that a text names: one of ours in any of its forms, or an address under which the bucket is public.
pub fn key_in(app: &AppState, text: &str) -> Option<String> {
    named_by(text).or_else(|| app.assets.key_of_public_url(text.trim()))
}

/// The key that a text names, if it has the form of one of ours.
pub fn named_by(text: &str) -> Option<String> {
    let text = text.trim();
    let inner = text.split_once(FRONT).map(|(_, rest)| rest.split(['&', '#']).next().unwrap_or(rest));
    let text = percent_decoded(inner.unwrap_or(text))?;
    let path = text.split(['?', '#']).next().unwrap_or(&text);
    let path = path.strip_prefix('/').unwrap_or(path);
    check_key(path).then(|| path.to_owned())
}

fn percent_decoded(text: &str) -> Option<String> {
    if !text.contains('%') {
        return Some(text.to_owned());
    }
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digits = [bytes.next()?, bytes.next()?];
            let digits = std::str::from_utf8(&digits).ok()?;
            out.push(u8::from_str_radix(digits, 16).ok()?);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok()
}

/// What to do about a file that can't be used.
const REMEDY: &str = "upload the file with POST /api/assets and give the key that it answers";

/// What a client reads about a file that is not there, or not the caller's.
pub fn not_there(text: &str) -> String {
    format!("there is no file \"{text}\" on this server; {REMEDY}")
}

/// The caller's own stored object that a client names, of one of those kinds (`image`, `video`, `audio`). Somebody else's is
/// not there, for all that the caller learns.
pub async fn own_medium(app: &Signed, text: &str, kinds: &[&str]) -> Result<Asset, String> {
    let asset = stored_medium(app, text, kinds).await?;
    // Files that the local owner has brought before that was noted have no row.
    if app.user.is_local_owner && place_of_key(&asset.key) == Some(Place::Uploads) {
        return Ok(asset);
    }
    let owned = app.store.owned_objects(app.user.id, std::slice::from_ref(&asset.key)).await;
    let owned = owned.map_err(|error| format!("the file can't be looked for: {error}"))?;
    if owned.contains(&asset.key) { Ok(asset) } else { Err(not_there(text)) }
}

/// The stored object that somebody names, of one of those kinds.
pub async fn stored_medium(app: &AppState, text: &str, kinds: &[&str]) -> Result<Asset, String> {
    let key = key_in(app, text).ok_or_else(|| format!("\"{text}\" is not a file on this server; {REMEDY}"))?;
    let media_type = media_type_of_key(&key).unwrap_or_default();
    if !kinds.iter().any(|kind| media_type.split('/').next() == Some(kind)) {
        return Err(format!("\"{text}\" is of type {media_type}, but needed is: {}", kinds.join(" or ")));
    }
    let head = app.assets.head(&key).await.map_err(|_| not_there(text))?;
    let bytes = i64::try_from(head.bytes).unwrap_or(i64::MAX);
    Ok(Asset { key, media_type: head.media_type.to_owned(), bytes, made_by: "given".to_owned(), credit: None })
}

/// The caller's own for one field of a body.
pub async fn own_medium_in(app: &Signed, field: &str, text: &str, kinds: &[&str]) -> Result<Asset, ApiError> {
    own_medium(app, text, kinds).await.map_err(|problem| ApiError::field(field, problem))
}

/// A query that names no file of ours.
pub fn no_file() -> ApiError {
    ApiError::plain(StatusCode::NOT_FOUND, "File not found")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_in_what_clients_send() {
        let key = "scenes/images/0123456789abcdef0123456789abcdef.jpg";
        let check = |text: &str, expected: Option<&str>| assert_eq!(named_by(text).as_deref(), expected, "{text}");
        check(key, Some(key));
        check(&format!("/{key}"), Some(key));
        check(&url_of(key), Some(key));
        check(&format!("http://localhost:3333/api/assets?url={key}&download=a.jpg"), Some(key));
        // Somebody else's server may have names like ours.
        check(&format!("https://cdn.example/bucket/{key}?v=1#x"), None);
        check(&format!("https://cdn.example/{key}"), None);
        check(&key.replace('/', "%2F"), Some(key));
        check(&format!("/api/assets?url={}", key.replace('/', "%2f")), Some(key));
        check("", None);
        check("photo.jpg", None);
        check("../../etc/passwd", None);
        check(&format!("../{key}"), None);
        check(&format!("x/{key}"), None);
        check(&format!("{key}/"), None);
        check(&key.replace("images", "..%2f.."), None);
        check(&format!("{key}%00"), None);
        check("%", None);
        check("%f", None);
        check("https://", None);
        check("https://ä/é", None);
    }
}
