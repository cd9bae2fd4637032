//! Addresses that let somebody without any key read or bring one object for a while.
//!
//! A bucket signs them itself. For a folder they lead to this server's `/files/…`, and the secret of the server signs method,
//! key and end; the route that answers them is in `api`.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use object_store::signer::Signer;
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use tokio::io::AsyncRead;

use crate::transfer::take_in;
use crate::{AssetError, Assets, Home, Kind, Stored, key, media_type_of_key, place_of_key, sniff};

/// Buckets sign for no longer than a week.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What signs addresses of this server.
#[derive(Debug)]
pub(crate) struct Links {
    /// Where others find this server, without a slash at the end.
    base: String,
    secret: SecretString,
}

/// What an address is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkTo {
    /// Reading it.
    Get,
    /// Bringing it.
    Put,
}

impl LinkTo {
    fn method(self) -> Method {
        match self {
            Self::Get => Method::GET,
            Self::Put => Method::PUT,
        }
    }
}

impl Assets {
    /// The same, with signed addresses of this server for objects that are in no bucket. `base` is where others find the
    /// server, such as `https://shorts.example`; the secret must be the same for all processes behind it.
    #[must_use]
    pub fn with_links(self, base: &str, secret: SecretString) -> Self {
        let base = base.trim_end_matches('/').to_owned();
        Self { links: Some(Arc::new(Links { base, secret })), ..self }
    }

    /// An address under which the object can be read for so long.
    pub async fn sign_get(&self, key: &str, lifetime: Duration, now: DateTime<Utc>) -> Result<String, AssetError> {
        self.sign(LinkTo::Get, key, lifetime, now).await
    }

    /// An address to which this very object can be sent for so long. A bucket does not check that it is the one: whoever
    /// receives it there looks with [`Self::check_content`].
    pub async fn sign_put(&self, key: &str, lifetime: Duration, now: DateTime<Utc>) -> Result<String, AssetError> {
        self.sign(LinkTo::Put, key, lifetime, now).await
    }

    async fn sign(&self, to: LinkTo, key: &str, lifetime: Duration, now: DateTime<Utc>) -> Result<String, AssetError> {
        let (path, lifetime) = (self.path(key)?, lifetime.min(LONGEST));
        if let Home::Bucket(bucket, _) = &self.home {
            let url = bucket.signed_url(to.method(), &path, lifetime).await;
            return url.map(String::from).map_err(|source| AssetError::store("signing an address of", key, source));
        }
        let links = self.links.as_ref().ok_or_else(|| {
            AssetError::Settings("addresses of files can't be signed: this process does not know where others find it".to_owned())
        })?;
        let expires = now.timestamp().saturating_add(i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX));
        let mac = links.mac(to, key, expires).finalize().into_bytes();
        let signature: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(format!("{}/files/{key}?expires={expires}&signature={signature}", links.base))
    }

    /// Whether an address of this server was signed here for this, and still holds. Takes as long for a wrong signature as for
    /// a right one.
    pub fn check_link(&self, to: LinkTo, key: &str, expires: i64, signature: &str, now: DateTime<Utc>) -> bool {
        let Some(links) = self.links.as_ref().filter(|_| key::check_key(key)) else { return false };
        let right = links.mac(to, key, expires).verify_slice(&bytes_of_hex(signature)).is_ok();
        right && now.timestamp() < expires
    }

    /// Takes the object of that very key from a stream.
    ///
    /// # Errors
    /// [`AssetError::OtherContent`] when it is another one.
    pub async fn receive(
        &self,
        key: &str,
        reader: &mut (impl AsyncRead + Unpin + ?Sized),
        most: u64,
    ) -> Result<Stored, AssetError> {
        self.path(key)?;
        let media_type = key::type_of_key(key).ok_or_else(|| AssetError::NotFound(key.to_owned()))?;
        let other = || AssetError::OtherContent(key.to_owned());
        // Captions can't be told by their first bytes; that the hash is right says that they are the ones that were meant.
        let fits = |found: Option<crate::MediaType>| match found {
            Some(found) => found == media_type,
            None => media_type.kind == Kind::Text,
        };
        let content = take_in(reader, most, |found| if fits(found) { Ok(()) } else { Err(other()) }).await?;
        let place = place_of_key(key).ok_or_else(other)?;
        if key::of_content(place, &content.digest, media_type) != key {
            return Err(other());
        }
        let stored = Stored { key: key.to_owned(), media_type: media_type.mime, bytes: content.bytes };
        self.put_file_as(&stored, content.file.path(), &content.digest).await?;
        Ok(stored)
    }

    /// Reads an object to its end and says whether it is what its key names.
    pub async fn check_content(&self, key: &str) -> Result<bool, AssetError> {
        use futures::StreamExt;
        use sha2::Digest;
        let head = self.head(key).await?;
        let mut parts = self.stream(key, 0..head.bytes).await?;
        let (mut hash, mut first) = (Sha256::new(), Vec::new());
        while let Some(part) = parts.next().await {
            let part = part?;
            hash.update(&part);
            let wanted = crate::transfer::SNIFF_BYTES.saturating_sub(first.len()).min(part.len());
            first.extend_from_slice(&part[..wanted]);
        }
        let media_type = sniff(&first).map(|found| found.mime).or(media_type_of_key(key));
        let same_type = media_type == media_type_of_key(key);
        let place = place_of_key(key).zip(key::type_of_key(key));
        Ok(same_type && place.is_some_and(|(place, kind)| key::of_content(place, &hash.finalize(), kind) == key))
    }
}

impl Links {
    fn mac(&self, to: LinkTo, key: &str, expires: i64) -> Hmac<Sha256> {
        let secret = self.secret.expose_secret().as_bytes();
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes secrets of every length");
        // The name in front keeps what is signed here apart from all else that the secret signs.
        mac.update(format!("shortsai/files\n{}\n{key}\n{expires}", to.method()).as_bytes());
        mac
    }
}

/// The bytes of hexadecimal digits; nothing for anything else, which no signature equals.
fn bytes_of_hex(text: &str) -> Vec<u8> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2)).unwrap_or_default();
    digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "scenes/images/0123456789abcdef0123456789abcdef.png";

    #[tokio::test]
    async fn an_address_is_good_for_what_it_was_signed_for_and_no_more() {
        let assets = Assets::memory().with_links("https://shorts.example/", SecretString::from("a secret of the server"));
        let now = DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
        let url = assets.sign_get(KEY, Duration::from_secs(60), now).await.expect("signed");
        let (path, query) = url.split_once('?').expect("a query");
        assert_eq!(path, format!("https://shorts.example/files/{KEY}"));
        let (expires, signature) = query.split_once("&signature=").expect("a signature");
        let expires: i64 = expires.trim_start_matches("expires=").parse().expect("a number");
        let check = |to, key: &str, expires, signature: &str, seconds: i64, expected: bool| {
            let then = now + chrono::TimeDelta::seconds(seconds);
            assert_eq!(assets.check_link(to, key, expires, signature, then), expected, "{to:?} {key} {expires} {signature}");
        };
        check(LinkTo::Get, KEY, expires, signature, 0, true);
        check(LinkTo::Get, KEY, expires, signature, 59, true);
        check(LinkTo::Get, KEY, expires, signature, 60, false);
        check(LinkTo::Put, KEY, expires, signature, 0, false);
        check(LinkTo::Get, KEY, expires + 1, signature, 0, false);
        check(LinkTo::Get, &KEY.replace("png", "jpg"), expires, signature, 0, false);
        check(LinkTo::Get, KEY, expires, &signature[1..], 0, false);
        check(LinkTo::Get, KEY, expires, "", 0, false);
        check(LinkTo::Get, KEY, expires, &"0".repeat(64), 0, false);
        let other = Assets::memory().with_links("https://shorts.example", SecretString::from("another secret"));
        assert!(!other.check_link(LinkTo::Get, KEY, expires, signature, now));
        assert!(!Assets::memory().check_link(LinkTo::Get, KEY, expires, signature, now));
        let unsigned = Assets::memory().sign_get(KEY, Duration::from_secs(60), now).await.expect_err("no secret");
        assert!(unsigned.to_string().contains("can't be signed"), "{unsigned}");
        assert!(assets.sign_get("../etc/passwd", LONGEST, now).await.is_err());
    }
}
