//! Files as clients send them: inside the request as a data URI, or as a file of their own. Pictures that vendors are to look at are
//! looked at here first.

use assets::{Place, check_picture, sniff};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use model::character::Picture;
use model::project::Asset;

use crate::error::ApiError;
use crate::key::own_medium_in;
use crate::signed::Signed;

/// The most bytes of one file.
const MOST: usize = 10 << 20;

/// Stores a character's picture; `text` is what the client has sent in that field.
pub async fn of_character(app: &Signed, field: &str, text: &str) -> Result<Picture, ApiError> {
    let bytes = match within(field, text)? {
        Some(bytes) => bytes,
        None => {
            let key = own_medium_in(app, field, text, &["image"]).await?.key;
            app.assets.get(&key).await?
        }
    };
    checked(field, bytes.clone()).await?;
    let stored = app.assets.put(Place::Characters, bytes).await?;
    Ok(Picture { key: stored.key, media_type: stored.media_type.to_owned() })
}

/// The key of the client's own picture that a project's pictures should look like.
pub async fn of_style(app: &Signed, field: &str, text: &str) -> Result<String, ApiError> {
    if let Some(bytes) = within(field, text)? {
        checked(field, bytes.clone()).await?;
        let key = app.assets.put(Place::Uploads, bytes).await?.key;
        app.store.note_upload(app.user.id, &key, (app.clock)()).await?;
        return Ok(key);
    }
    let key = own_medium_in(app, field, text, &["image"]).await?.key;
    checked(field, app.assets.get(&key).await?).await?;
    Ok(key)
}

/// A client's own medium of that kind (`image`, `video` or `audio`).
pub async fn medium(app: &Signed, field: &str, text: &str, kind: &'static str) -> Result<Asset, ApiError> {
    let Some(bytes) = within(field, text)? else { return own_medium_in(app, field, text, &[kind]).await };
    let media_type = sniff(&bytes).map(|found| found.mime).unwrap_or("unknown");
    if media_type.split('/').next() != Some(kind) {
        return Err(ApiError::field(field, format!("The file's content is of type {media_type}, but needed is: {kind}")));
    }
    if bytes.len() > MOST {
        return Err(ApiError::field(field, format!("The file has {} bytes; at most {MOST} are taken here", bytes.len())));
    }
    if kind == "image" {
        checked(field, bytes.clone()).await?;
    }
    let stored = app.assets.put(Place::Uploads, bytes).await?;
    app.store.note_upload(app.user.id, &stored.key, (app.clock)()).await?;
    own_medium_in(app, field, &stored.key, &[kind]).await
}

/// The file that is inside the field itself, if it is a data URI.
fn within(field: &str, text: &str) -> Result<Option<Bytes>, ApiError> {
    let Some(rest) = text.trim().strip_prefix("data:") else { return Ok(None) };
    decoded(rest).map(Some).map_err(|problem| ApiError::field(field, problem))
}

/// Refuses what no vendor could look at.
async fn checked(field: &str, bytes: Bytes) -> Result<(), ApiError> {
    if bytes.len() > MOST {
        return Err(ApiError::field(field, format!("The picture has {} bytes; at most {MOST} are taken", bytes.len())));
    }
    let checked = tokio::task::spawn_blocking(move || check_picture(&bytes)).await;
    let checked = checked.map_err(|error| ApiError::Internal(format!("a picture could not be looked at: {error}")))?;
    checked.map(|_| ()).map_err(|error| ApiError::field(field, format!("The picture can't be used: {error}")))
}

/// The content of a data URI without its scheme. What it says of its type does not matter: that is seen from the content.
fn decoded(rest: &str) -> Result<Bytes, &'static str> {
    let (header, data) = rest.split_once(',').ok_or("Expected a data URI such as data:image/png;base64,…")?;
    if !header.to_ascii_lowercase().ends_with(";base64") {
        return Err("Expected a data URI in base64, such as data:image/png;base64,…");
    }
    BASE64.decode(data.trim()).map(Bytes::from).map_err(|_| "The data URI is not whole: its base64 can't be decoded")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_uris_are_decoded() {
        let check = |rest: &str, expected: Option<&'static [u8]>| assert_eq!(decoded(rest).ok().as_deref(), expected, "{rest}");
        check("image/png;base64,aGk=", Some(b"hi"));
        check("text/html;BASE64, aGk= ", Some(b"hi"));
        check("image/png,hi", None);
        check("image/png;base64,aGk", None);
        check("image/png;base64", None);
    }
}
