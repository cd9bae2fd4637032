//! One vendor's HTTP interface: where it is, how it wants its key, what its codes mean. The calls themselves are in the
//! vendors' own modules.

use std::time::Duration;

use bytes::Bytes;
use reqwest::{Method, RequestBuilder, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::ProviderError;
use crate::http::{self, Answer, Effect, Explain, Http, Missing, Terms};
use crate::keys::Key;
use crate::resolver::is_public;
use crate::vendor::Vendor;

/// The largest answer in JSON: pictures come in it as base64.
const MOST: usize = 64 << 20;
/// Between the tries to fetch a file.
const PAUSES: [Duration; 3] = [Duration::from_millis(200), Duration::from_millis(600), Duration::from_millis(1800)];

/// A vendor that can be asked.
#[derive(Debug, Clone)]
pub struct Api {
    /// The client.
    pub http: Http,
    /// Who it is.
    pub vendor: Vendor,
    /// Without a slash at the end.
    pub base: String,
    /// The key to show, if there is one.
    pub key: Option<Key>,
    /// Puts the key into a request.
    pub authorise: fn(RequestBuilder, &str) -> RequestBuilder,
    /// What the vendor's codes mean.
    pub explain: Explain,
}

/// The key as a bearer token.
pub fn bearer(request: RequestBuilder, key: &str) -> RequestBuilder {
    request.bearer_auth(key)
}

impl Api {
    /// A request to a path of the vendor's, such as `/models`, with the key in it.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.with_key(self.http.client().request(method, format!("{}{path}", self.base)))
    }

    /// Sends a request.
    ///
    /// # Errors
    /// See [`Http::send`].
    pub async fn send(&self, request: RequestBuilder, effect: Effect) -> Result<Answer, ProviderError> {
        self.http.send(request, self.terms(effect, MOST)).await
    }

    /// Sends JSON and reads JSON. `key` is the call's idempotency key.
    ///
    /// # Errors
    /// See [`Http::send`]; an answer that is no such JSON is [`unreadable`].
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &(impl Serialize + ?Sized),
        key: &str,
        effect: Effect,
    ) -> Result<T, ProviderError> {
        let request = self.request(Method::POST, path).json(body);
        let request = if key.is_empty() { request } else { request.header("Idempotency-Key", key) };
        parse(self.vendor, &self.send(request, effect).await?)
    }

    /// Asks for JSON, free of charge.
    ///
    /// # Errors
    /// See [`Self::post`].
    pub async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> Result<T, ProviderError> {
        parse(self.vendor, &self.send(self.request(Method::GET, path).query(query), Effect::Free).await?)
    }

    /// Sends a free request for what may not be there, and reads JSON; `None` where that is what the vendor's answer means.
    ///
    /// # Errors
    /// See [`Self::post`].
    pub async fn find<T: DeserializeOwned>(&self, request: RequestBuilder, missing: Missing) -> Result<Option<T>, ProviderError> {
        let found = self.http.find(request, self.terms(Effect::Free, MOST), missing).await?;
        found.map(|answer| parse(self.vendor, &answer)).transpose()
    }

    /// Fetches a file that was made and paid for. Asking for it costs nothing, so it is asked for several times.
    ///
    /// # Errors
    /// [`ProviderError::Unknown`] when it can't be had: made again, it would be paid for again.
    pub async fn download_made(&self, address: &str, most: usize) -> Result<Bytes, ProviderError> {
        let mut pauses = PAUSES.into_iter();
        let error = loop {
            let error = match self.download(address, most).await {
                Ok(file) => return Ok(file),
                Err(error) => error,
            };
            match (pauses.next(), &error) {
                (Some(pause), ProviderError::Retry { .. }) => tokio::time::sleep(pause).await,
                _ => break error,
            }
        };
        Err(error.after_payment())
    }

    /// Fetches a file that the vendor's answer names. The key goes along only to the vendor's own origin.
    ///
    /// # Errors
    /// For an address that is neither the vendor's own nor public https; see also [`Http::send`].
    pub async fn download(&self, address: &str, most: usize) -> Result<Bytes, ProviderError> {
        let vendor = self.vendor;
        let odd = || ProviderError::Fatal(format!("{vendor} names a file at an address that can't be fetched"));
        let url = Url::parse(address).map_err(|_| odd())?;
        let own = Url::parse(&self.base).is_ok_and(|base| base.origin() == url.origin());
        let request = match own {
            true => self.with_key(self.http.client().get(url)),
            false if is_public(&url) => self.http.files().get(url),
            false => return Err(odd()),
        };
        Ok(self.http.send(request, self.terms(Effect::Free, most)).await?.body)
    }

    /// The vendor's own words as they may stand in a sentence of ours: on one line, short, without the key, in quotation marks.
    pub fn quoted(&self, words: &str) -> String {
        http::quoted(words, self.key.as_ref())
    }

    /// This interface for calls whose bad statuses mean something of their own.
    #[must_use]
    pub fn explained_by(&self, explain: Explain) -> Self {
        Self { explain, ..self.clone() }
    }

    fn with_key(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.key {
            Some(key) => (self.authorise)(request, key.expose()),
            None => request,
        }
    }

    fn terms(&self, effect: Effect, most: usize) -> Terms<'_> {
        Terms { vendor: self.vendor, key: self.key.as_ref(), effect, most, explain: self.explain }
    }
}

fn parse<T: DeserializeOwned>(vendor: Vendor, answer: &Answer) -> Result<T, ProviderError> {
    serde_json::from_slice(&answer.body).map_err(|_| unreadable(vendor))
}

/// The vendor has answered, and perhaps charged, but what it says is no such answer. Asking again may help, and the next
/// answer may be charged too.
pub fn unreadable(vendor: Vendor) -> ProviderError {
    ProviderError::retry(format!("{vendor} gave an answer that can't be read"))
}
