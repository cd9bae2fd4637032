//! Files: the pictures, sounds and videos that were made, and those that users bring.

use std::ops::Range;

use assets::{Place, place_of_key};
use axum::Json;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::error::ApiError;
use crate::extract::{Asked, whole_body};
use crate::key::{key_in, no_file};
use crate::signed::Signed;
use crate::wire::asset::{StoredAsset, WhichAsset};
use crate::wire::refusal::{Error, Refusals};
use crate::{Access, AppState};

/// Nothing in a file may run; a video or picture opened by itself may still be shown.
const POLICY: &str = "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'";

/// Get a file
///
/// With `Range` for parts of it, and `ETag`. Files never change, so they may be kept for ever. Pictures of characters are only for
/// those whose characters they are.
#[utoipa::path(
    get, path = "/api/assets", tag = "Files", operation_id = "getAsset", params(WhichAsset),
    responses(
        (status = 200, description = "The file.", body = [u8], content_type = "application/octet-stream"),
        (status = 206, description = "The part that `Range` asked for.", body = [u8], content_type = "application/octet-stream"),
        (status = 304, description = "`If-None-Match` names it: the client has it already."),
        (status = 416, description = "`Range` lies outside of the file.", body = Error),
        Refusals
    ),
)]
pub async fn download(app: Signed, Asked(which): Asked<WhichAsset>, asked: HeaderMap) -> Result<Response, ApiError> {
    let url = which.url.ok_or_else(|| ApiError::field("url", "Required"))?;
    let key = key_in(&app, &url).ok_or_else(no_file)?;
    let asks = !app.user.is_local_owner || place_of_key(&key) == Some(Place::Characters);
    if asks && !app.store.owned_objects(app.user.id, std::slice::from_ref(&key)).await?.contains(&key) {
        // Somebody else's is not there, for all that the caller learns.
        return Err(no_file());
    }
    let name = which.download.as_deref();
    serve(&app, &key, &asked, name).await
}

/// Answers an object, or the part of it that is asked for; with `download`, as a file of that name.
pub async fn serve(app: &AppState, key: &str, asked: &HeaderMap, download: Option<&str>) -> Result<Response, ApiError> {
    let head = app.assets.head(key).await?;
    let mut headers = fixed_headers(app, head.media_type, &head.etag)?;
    if let Some(name) = download {
        headers.insert(header::CONTENT_DISPOSITION, attachment(name, key)?);
    }
    if asked.get(header::IF_NONE_MATCH).is_some_and(|known| names(known, &head.etag)) {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    let stale = asked.get(header::IF_RANGE).is_some_and(|tag| tag.as_bytes() != head.etag.as_bytes());
    let wish = asked.get(header::RANGE).filter(|_| !stale).and_then(|range| range.to_str().ok());
    let (status, range) = match wish.map_or(Part::Whole, |wish| part(wish, head.bytes)) {
        Part::Whole => (StatusCode::OK, 0..head.bytes),
        Part::Some(range) => {
            let text = format!("bytes {}-{}/{}", range.start, range.end - 1, head.bytes);
            headers.insert(header::CONTENT_RANGE, value(&text)?);
            (StatusCode::PARTIAL_CONTENT, range)
        }
        Part::Outside => {
            let error = format!("The range lies outside of the file, which has {} bytes.", head.bytes);
            let content_range = [(header::CONTENT_RANGE, format!("bytes */{}", head.bytes))];
            return Ok((content_range, ApiError::plain(StatusCode::RANGE_NOT_SATISFIABLE, error)).into_response());
        }
    };
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
    let body = app.assets.stream(key, range).await?;
    Ok((status, headers, Body::from_stream(body)).into_response())
}

fn fixed_headers(app: &AppState, media_type: &'static str, etag: &str) -> Result<HeaderMap, ApiError> {
    // Pages that are configured may stand on another host of the same site.
    let pages = match &app.access {
        Access::SignIn(sign_in) if !sign_in.origins.is_empty() => "same-site",
        _ => "same-origin",
    };
    Ok(HeaderMap::from_iter([
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::ETAG, value(etag)?),
        (header::ACCEPT_RANGES, HeaderValue::from_static("bytes")),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=31536000, immutable")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static(pages)),
    ]))
}

fn value(text: &str) -> Result<HeaderValue, ApiError> {
    HeaderValue::from_str(text).map_err(|_| ApiError::Internal(format!("{text:?} can't be a header")))
}

/// Whether an `If-None-Match` names the tag; weak comparison, as the standard wants here.
fn names(known: &HeaderValue, etag: &str) -> bool {
    let known = known.to_str().unwrap_or_default();
    known.split(',').map(str::trim).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

/// What a `Range` header asks for.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    /// Everything: no range, one that can't be read, or several, which a server may ignore.
    Whole,
    /// These bytes.
    Some(Range<u64>),
    /// Bytes that the file does not have.
    Outside,
}

fn part(wish: &str, length: u64) -> Part {
    let Some((first, last)) = wish.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else { return Part::Whole };
    let number = |text: &str| {
        (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().unwrap_or(u64::MAX))
    };
    let (first, last) = (first.trim(), last.trim());
    let range = match (number(first), number(last)) {
        (Some(first), Some(last)) if last < first => return Part::Whole,
        (Some(first), Some(last)) => first..last.saturating_add(1).min(length),
        (Some(first), None) if last.is_empty() => first..length,
        (None, Some(most)) if first.is_empty() => length.saturating_sub(most)..length,
        _ => return Part::Whole,
    };
    if range.start < range.end { Part::Some(range) } else { Part::Outside }
}

/// A download under a name that is safe in a header and as a file, with the ending that the content has.
fn attachment(name: &str, key: &str) -> Result<HeaderValue, ApiError> {
    const LONGEST: usize = 100;
    let ending = key.rsplit_once('.').map_or("bin", |(_, ending)| ending);
    let stem = name.strip_suffix(&format!(".{ending}")).unwrap_or(name);
    let safe = |c: char| if c.is_control() || "/\\:*?\"<>|;%'".contains(c) { '_' } else { c };
    let stem: String = stem.chars().map(safe).take(LONGEST).collect();
    let stem = match stem.trim_matches(['.', ' ']) {
        "" => "file",
        stem => stem,
    };
    let ascii: String = stem.chars().map(|c| if c.is_ascii() { c } else { '_' }).collect();
    let escape = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    let utf8: String = stem.bytes().map(escape).collect();
    value(&format!("attachment; filename=\"{ascii}.{ending}\"; filename*=UTF-8''{utf8}.{ending}"))
}

/// Upload a file
///
/// The request's body is the file itself: a picture (JPEG, PNG, WebP, GIF, AVIF), a clip (MP4, WebM, MOV) or a sound, at
/// most 64 MiB. What it is is seen from its content. Write the `key` of the answer into scripts and storyboards.
#[utoipa::path(
    post, path = "/api/assets", tag = "Files", operation_id = "uploadAsset",
    request_body(content = [u8], content_type = "application/octet-stream", description = "The file's bytes."),
    responses(
        (status = 201, description = "It is stored.", body = StoredAsset),
        (status = 415, description = "It is no picture, clip or sound that is known here.", body = Error),
        Refusals
    ),
)]
pub async fn upload(app: Signed, request: Request) -> Result<(StatusCode, Json<StoredAsset>), ApiError> {
    let bytes = whole_body(request, &app, "64 MiB").await?;
    let stored = app.assets.put(Place::Uploads, bytes).await?;
    app.store.note_upload(app.user.id, &stored.key, (app.clock)()).await?;
    Ok((StatusCode::CREATED, Json(StoredAsset::from(stored))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_range_is_understood() {
        let check = |wish: &str, expected| assert_eq!(part(wish, 100), expected, "{wish}");
        check("bytes=0-0", Part::Some(0..1));
        check("bytes=10-19", Part::Some(10..20));
        check("bytes=10-", Part::Some(10..100));
        check("bytes=90-500", Part::Some(90..100));
        check("bytes=-10", Part::Some(90..100));
        check("bytes=-500", Part::Some(0..100));
        check("bytes=99-99999999999999999999999", Part::Some(99..100));
        check("bytes=100-", Part::Outside);
        check("bytes=100-101", Part::Outside);
        check("bytes=99999999999999999999999-", Part::Outside);
        check("bytes=-0", Part::Outside);
        for whole in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes=5-4",
            "bytes=0-1,5-6",
            "bytes=+1-2",
            "items=0-1",
            "bytes=1-2-3",
        ] {
            check(whole, Part::Whole);
        }
        assert_eq!(part("bytes=0-0", 0), Part::Outside);
    }

    #[test]
    fn download_names_are_safe() {
        let check = |name: &str, expected: &str| {
            let header = attachment(name, "renders/0.mp4").expect("a header");
            assert_eq!(header.to_str().expect("ASCII"), expected, "{name}");
        };
        check("moon.mp4", "attachment; filename=\"moon.mp4\"; filename*=UTF-8''moon.mp4");
        check("moon", "attachment; filename=\"moon.mp4\"; filename*=UTF-8''moon.mp4");
        check("moon.exe", "attachment; filename=\"moon.exe.mp4\"; filename*=UTF-8''moon.exe.mp4");
        check(
            "../../a\"b\r\nSet-Cookie: x",
            "attachment; filename=\"_.._a_b__Set-Cookie_ x.mp4\"; filename*=UTF-8''_.._a_b__Set-Cookie_%20x.mp4",
        );
        check("São Paulo", "attachment; filename=\"S_o Paulo.mp4\"; filename*=UTF-8''S%C3%A3o%20Paulo.mp4");
        check("", "attachment; filename=\"file.mp4\"; filename*=UTF-8''file.mp4");
        check("...", "attachment; filename=\"file.mp4\"; filename*=UTF-8''file.mp4");
    }
}
