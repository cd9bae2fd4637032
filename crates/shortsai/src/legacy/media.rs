//! Pictures, sounds and clips that the older installation names: mostly addresses in a bucket, which is the one of now or is not;
//! sometimes the file itself, written into the row.

use std::collections::{BTreeMap, HashMap};

use anyhow::Context;
use assets::{AssetError, Assets, Fetcher, Kind, Place, check_key, is_address, sniff};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use percent_encoding::percent_decode_str;

use super::report::Report;

const NOUN: &str = "files";
/// Files that are looked for at once.
const AT_ONCE: usize = 16;
/// The most bytes of a file inside of a row.
const MOST: usize = 64 << 20;

/// How files are found.
pub struct Media<'a> {
    pub assets: &'a Assets,
    pub fetcher: &'a Fetcher,
    /// Bring what lies elsewhere.
    pub fetch: bool,
    /// Only look.
    pub dry_run: bool,
}

/// A file that a row names.
#[derive(Clone)]
pub struct Wanted {
    pub text: String,
    /// Where it is put if it is brought.
    pub place: Place,
    pub kind: Kind,
}

/// An object of ours.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    pub key: String,
    pub media_type: String,
    pub bytes: i64,
}

/// Why there is no object, as the end of a sentence.
pub type Missing = &'static str;

/// What was found: by the text in the row.
pub type Found = HashMap<String, Result<Object, Missing>>;

/// The object, and whether it was brought just now.
type Look = Result<(Object, bool), Missing>;

impl Media<'_> {
    /// Finds the files, and brings those that are to be brought.
    pub async fn find(&self, wanted: Vec<Wanted>, report: &mut Report) -> anyhow::Result<Found> {
        let each: BTreeMap<String, Wanted> = wanted.into_iter().map(|wanted| (wanted.text.clone(), wanted)).collect();
        let looks = each.into_values().map(|wanted| async move {
            let found = self.find_one(&wanted).await?;
            anyhow::Ok((wanted.text, found))
        });
        let looks: Vec<_> = looks.collect();
        let found: Vec<(String, Look)> = stream::iter(looks).buffered(AT_ONCE).try_collect().await?;
        let mut answers = Found::new();
        for (text, found) in found {
            match &found {
                Ok((_, true)) => report.new_one(NOUN),
                Ok((_, false)) => report.here(NOUN),
                Err(_) => {}
            }
            answers.insert(text, found.map(|(object, _)| object));
        }
        Ok(answers)
    }

    async fn find_one(&self, wanted: &Wanted) -> anyhow::Result<Look> {
        if let Some(rest) = wanted.text.trim().strip_prefix("data:") {
            return self.keep(rest, wanted).await;
        }
        let address = unwrapped(wanted.text.trim());
        if let Some(key) = self.key_of(&address) {
            return match self.assets.head(&key).await {
                Ok(head) if fits(head.media_type, wanted.kind) => {
                    let bytes = i64::try_from(head.bytes).unwrap_or(i64::MAX);
                    Ok(Ok((Object { key, media_type: head.media_type.to_owned(), bytes }, false)))
                }
                Ok(_) => Ok(Err("is a file of another kind")),
                Err(AssetError::NotFound(_)) if is_address(&address) && self.fetch => self.bring(&address, wanted).await,
                Err(AssetError::NotFound(_)) => Ok(Err("is not in the object store of this server")),
                Err(error) => Err(error).with_context(|| format!("looking for {key}")),
            };
        }
        match is_address(&address) {
            true if self.fetch => self.bring(&address, wanted).await,
            true => Ok(Err("lies elsewhere; with --fetch it is brought here")),
            false => Ok(Err("is no address and no file")),
        }
    }

    /// The key of what is, or was, in the bucket.
    fn key_of(&self, address: &str) -> Option<String> {
        // Where the older server did not know its bucket's address, it wrote this word for it.
        let bare = address.strip_prefix("undefined/").unwrap_or(address).trim_start_matches('/');
        self.assets.key_of_public_url(address).or_else(|| check_key(bare).then(|| bare.to_owned()))
    }

    async fn bring(&self, address: &str, wanted: &Wanted) -> anyhow::Result<Look> {
        if self.dry_run {
            return Ok(Ok((not_yet(wanted), true)));
        }
        match self.fetcher.fetch(self.assets, wanted.place, address, &[wanted.kind]).await {
            Ok(stored) => Ok(Ok((object(stored), true))),
            Err(error) => {
                tracing::info!(%error, "a file was not fetched");
                Ok(Err("can't be fetched from where it lies; bring it by hand, or make it anew"))
            }
        }
    }

    /// Keeps a file that was in the row itself.
    async fn keep(&self, rest: &str, wanted: &Wanted) -> anyhow::Result<Look> {
        let data = rest.split_once(',').filter(|(header, _)| header.ends_with(";base64")).map(|(_, data)| data);
        let bytes =
            data.filter(|data| data.len() / 4 * 3 <= MOST).and_then(|data| BASE64.decode(data.trim()).ok()).map(Bytes::from);
        let Some(bytes) = bytes else { return Ok(Err("is written into the row, and can't be read")) };
        if sniff(&bytes).is_none_or(|found| found.kind != wanted.kind) {
            return Ok(Err("is a file of another kind"));
        }
        let stored = match self.dry_run {
            true => Assets::stored_as(wanted.place, &bytes)?,
            false => self.assets.put(wanted.place, bytes).await?,
        };
        Ok(Ok((object(stored), true)))
    }
}

fn object(stored: assets::Stored) -> Object {
    let bytes = i64::try_from(stored.bytes).unwrap_or(i64::MAX);
    Object { key: stored.key, media_type: stored.media_type.to_owned(), bytes }
}

/// Stands for what a run that writes nothing would bring.
fn not_yet(wanted: &Wanted) -> Object {
    Object { key: wanted.text.clone(), media_type: String::new(), bytes: 0 }
}

fn fits(media_type: &str, kind: Kind) -> bool {
    let front = match kind {
        Kind::Image => "image/",
        Kind::Audio => "audio/",
        Kind::Video => "video/",
        Kind::Text => "text/",
    };
    media_type.starts_with(front)
}

/// The address itself, where the older server's own way to it is written around it.
fn unwrapped(text: &str) -> String {
    let Some((_, inner)) = text.split_once("/assets?url=") else { return text.to_owned() };
    let inner = inner.split('&').next().unwrap_or_default();
    percent_decode_str(inner).decode_utf8().map_or_else(|_| text.to_owned(), std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_of_the_older_server_is_taken_off() {
        let check = |text: &str, expected: &str| assert_eq!(unwrapped(text), expected);
        check("https://media.example/scenes/images/a.png", "https://media.example/scenes/images/a.png");
        check("/api/assets?url=https%3A%2F%2Fmedia.example%2Fmusic%2Fa.mp3", "https://media.example/music/a.mp3");
        check("https://app.example/api/assets?url=music/a.mp3&v=1", "music/a.mp3");
    }
}
