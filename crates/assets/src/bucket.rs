//! A bucket that speaks S3: Cloudflare's R2, Amazon's own, or any other. Settings in, a client out.

use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::{ClientOptions, RetryConfig};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use crate::AssetError;

/// A bucket and who may use it.
#[derive(Debug, Clone)]
pub struct S3Settings {
    /// Where the service is, such as `https://s3.example.com`; without it, Amazon's own.
    pub endpoint: Option<String>,
    /// Such as `eu-central-1`; `auto` at R2.
    pub region: String,
    /// Its name.
    pub bucket: String,
    /// The public half of the access key.
    pub access_key_id: String,
    /// The secret half.
    pub secret_access_key: SecretString,
    /// Whether the bucket's name is the first part of the path rather than of the host. Most services but Amazon's want that.
    pub path_style: bool,
    /// Stands before every key, for a bucket that is shared with others.
    pub prefix: Option<String>,
    /// How often a request is sent again after trouble that passes.
    pub retries: usize,
    /// How long the service may be silent.
    pub patience: Duration,
}

impl S3Settings {
    /// A bucket of Amazon's own.
    pub fn new(region: &str, bucket: &str, access_key_id: &str, secret_access_key: SecretString) -> Self {
        Self {
            endpoint: None,
            region: region.to_owned(),
            bucket: bucket.to_owned(),
            access_key_id: access_key_id.to_owned(),
            secret_access_key,
            path_style: false,
            prefix: None,
            retries: 5,
            // It also bounds how long sending one part may take: two parts of 8 MiB at once, on a slow line.
            patience: Duration::from_secs(120),
        }
    }

    /// A bucket of R2, by the account's id.
    pub fn r2(account_id: &str, bucket: &str, access_key_id: &str, secret_access_key: SecretString) -> Self {
        Self::new("auto", bucket, access_key_id, secret_access_key).at(&format!("https://{account_id}.r2.cloudflarestorage.com"))
    }

    /// The same at another service, with the bucket's name in the path.
    pub fn at(self, endpoint: &str) -> Self {
        Self { endpoint: Some(endpoint.trim().trim_end_matches('/').to_owned()), path_style: true, ..self }
    }

    /// For people.
    pub(crate) fn whereabouts(&self) -> String {
        let endpoint = self.endpoint.clone().unwrap_or_else(|| format!("Amazon's {}", self.region));
        format!("in the bucket {} at {endpoint}", self.bucket)
    }

    pub(crate) fn open(&self) -> Result<AmazonS3, AssetError> {
        // An error says that the process has one already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let impossible = |reason: String| AssetError::Settings(reason);
        let client = ClientOptions::new()
            .with_timeout_disabled()
            .with_read_timeout(self.patience)
            .with_connect_timeout(self.patience.min(Duration::from_secs(10)));
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(check_bucket(&self.bucket)?)
            .with_region(&self.region)
            .with_access_key_id(&self.access_key_id)
            .with_secret_access_key(self.secret_access_key.expose_secret())
            .with_virtual_hosted_style_request(!self.path_style)
            .with_retry(RetryConfig { max_retries: self.retries, ..RetryConfig::default() });
        let mut plain = false;
        if let Some(endpoint) = self.address()? {
            plain = endpoint.scheme() == "http";
            builder = builder.with_endpoint(endpoint.as_str().trim_end_matches('/'));
        }
        builder
            .with_client_options(client.with_allow_http(plain))
            .build()
            .map_err(|error| impossible(format!("the bucket {} can't be used: {error}", self.bucket)))
    }

    /// Where requests go: the endpoint, with the bucket's name in the host unless it is in the path.
    fn address(&self) -> Result<Option<Url>, AssetError> {
        let Some(endpoint) = &self.endpoint else { return Ok(None) };
        let wrong =
            || AssetError::Settings(format!("the endpoint {endpoint:?} is no address; give one such as https://s3.example.com"));
        let mut url = Url::parse(endpoint).map_err(|_| wrong())?;
        let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
        let host = url.host_str().filter(|_| plain && matches!(url.scheme(), "http" | "https")).ok_or_else(wrong)?.to_owned();
        if !self.path_style {
            url.set_host(Some(&format!("{}.{host}", self.bucket))).map_err(|_| wrong())?;
        }
        Ok(Some(url))
    }

    /// What stands before every key.
    pub(crate) fn key_prefix(&self) -> Result<String, AssetError> {
        let Some(prefix) = &self.prefix else { return Ok(String::new()) };
        let prefix = prefix.trim_matches('/');
        let safe = |part: &str| {
            !part.is_empty()
                && part.starts_with(|c: char| c.is_ascii_alphanumeric())
                && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        };
        match prefix.split('/').all(safe) {
            true => Ok(format!("{prefix}/")),
            false => Err(AssetError::Settings(format!(
                "the prefix {prefix:?} can't stand before keys; use letters, digits, dots, hyphens and slashes, such as shortsai"
            ))),
        }
    }
}

/// Names of buckets are parts of host names.
fn check_bucket(bucket: &str) -> Result<&str, AssetError> {
    let good = (3..=63).contains(&bucket.len())
        && bucket.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b'_'));
    match good {
        true => Ok(bucket),
        false => Err(AssetError::Settings(format!(
            "{bucket:?} is no name of a bucket; they have 3 to 63 lower-case letters, digits and hyphens"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> S3Settings {
        S3Settings::new("eu-central-1", "media", "planted-id", SecretString::from("planted-secret"))
    }

    #[test]
    fn the_address_follows_from_the_settings() {
        let check = |settings: S3Settings, expected: Option<&str>| {
            let address = settings.address().expect("an address").map(|url| url.to_string());
            assert_eq!(address.as_deref(), expected);
        };
        check(settings(), None);
        check(
            S3Settings::r2("0123abcd", "media", "id", SecretString::from("x")),
            Some("https://0123abcd.r2.cloudflarestorage.com/"),
        );
        check(settings().at("http://127.0.0.1:9000/"), Some("http://127.0.0.1:9000/"));
        check(S3Settings { path_style: false, ..settings().at("https://s3.example.com") }, Some("https://media.s3.example.com/"));
    }

    #[test]
    fn mistakes_are_named() {
        let check = |settings: S3Settings, says: &str| {
            let error = crate::Assets::s3(&settings).expect_err("refused").to_string();
            assert!(error.contains(says), "{error}\ndoes not say\n{says}");
        };
        check(S3Settings { bucket: "My Bucket".to_owned(), ..settings() }, "\"My Bucket\" is no name of a bucket");
        check(settings().at("s3.example.com"), "\"s3.example.com\" is no address");
        check(settings().at("ftp://s3.example.com"), "is no address");
        check(settings().at("https://me:word@s3.example.com"), "is no address");
        check(S3Settings { prefix: Some("../up".to_owned()), ..settings() }, "can't stand before keys");
        check(S3Settings { prefix: Some("a//b".to_owned()), ..settings() }, "can't stand before keys");
        let prefix = S3Settings { prefix: Some("/team/one/".to_owned()), ..settings() }.key_prefix().expect("good");
        assert_eq!(prefix, "team/one/");
    }

    #[test]
    fn the_secret_is_not_shown() {
        let shown = format!("{:?}", settings());
        assert!(shown.contains("media") && !shown.contains("planted-secret"), "{shown}");
    }
}
