//! Who this server is, for private Cloud Run services: ID tokens of a Google service account.
//!
//! On Google's machines the metadata server gives them; elsewhere a key file of the account is exchanged for one.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

/// Tokens are valid for an hour; one that ends so soon is not used any more.
const MARGIN: i64 = 300;
/// For so many seconds a metadata server that gave none is not asked again.
const NONE: i64 = 60;
const PATIENCE: Duration = Duration::from_secs(10);

/// Where ID tokens come from.
#[derive(Debug, Clone)]
pub enum Identity {
    /// The metadata server at that `host` or `host:port`, usually `metadata.google.internal`.
    Metadata(String),
    /// A service account's key, as the JSON of its file.
    Key(SecretString),
}

/// Tokens that are still good.
pub(crate) struct IdTokens {
    client: reqwest::Client,
    identity: Identity,
    clock: fn() -> DateTime<Utc>,
    kept: Mutex<HashMap<String, (Option<SecretString>, i64)>>,
}

#[derive(Deserialize)]
struct KeyFile {
    client_email: String,
    private_key: SecretString,
    token_uri: String,
}

#[derive(Serialize)]
struct Assertion<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    target_audience: &'a str,
    iat: i64,
    exp: i64,
}

#[derive(Deserialize)]
struct Exchanged {
    id_token: SecretString,
}

#[derive(Deserialize)]
struct Expiry {
    exp: i64,
}

impl IdTokens {
    pub(crate) fn new(client: reqwest::Client, identity: Identity, clock: fn() -> DateTime<Utc>) -> Self {
        Self { client, identity, clock, kept: Mutex::default() }
    }

    /// A token for that service; none where nobody gives this server one, which a public service does not mind. Errors are plain
    /// sentences.
    pub(crate) async fn of(&self, audience: &str) -> Result<Option<SecretString>, String> {
        let now = (self.clock)().timestamp();
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(audience).cloned();
        if let Some((token, expires)) = kept
            && now < expires - MARGIN
        {
            return Ok(token);
        }
        let (token, expires) = match &self.identity {
            Identity::Key(key) => Some(self.exchange_key(key, audience, now).await?),
            Identity::Metadata(host) => {
                self.ask_metadata(host, audience).await.inspect_err(|reason| tracing::warn!("{reason}")).ok()
            }
        }
        .map_or((None, now + MARGIN + NONE), |token| {
            let expires = expiry(token.expose_secret()).unwrap_or(now);
            (Some(token), expires)
        });
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).insert(audience.to_owned(), (token.clone(), expires));
        Ok(token)
    }

    async fn ask_metadata(&self, host: &str, audience: &str) -> Result<SecretString, String> {
        let url = format!("http://{host}/computeMetadata/v1/instance/service-accounts/default/identity");
        let asked = self.client.get(url).query(&[("audience", audience), ("format", "full")]);
        let answer = asked.header("metadata-flavor", "Google").timeout(PATIENCE).send().await;
        let problem = |reason: String| {
            format!(
                "the metadata server {host} gave no ID token for {audience} ({reason}); elsewhere than on Google's machines set GOOGLE_APPLICATION_CREDENTIALS to the key file of a service account"
            )
        };
        let answer = answer.and_then(reqwest::Response::error_for_status).map_err(|error| problem(reason(&error)))?;
        let token = answer.text().await.map_err(|error| problem(reason(&error)))?;
        Ok(SecretString::from(token.trim().to_owned()))
    }

    async fn exchange_key(&self, key: &SecretString, audience: &str, now: i64) -> Result<SecretString, String> {
        let unusable = |reason: String| format!("the key of the service account can't be used ({reason}); make a new key file");
        let key: KeyFile = serde_json::from_str(key.expose_secret()).map_err(|error| unusable(error.to_string()))?;
        let claims = Assertion {
            iss: &key.client_email,
            sub: &key.client_email,
            aud: &key.token_uri,
            target_audience: audience,
            iat: now,
            exp: now + 3600,
        };
        let signing = EncodingKey::from_rsa_pem(key.private_key.expose_secret().as_bytes());
        let assertion = signing.and_then(|signing| jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &signing));
        let assertion = assertion.map_err(|error| unusable(error.to_string()))?;
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")
            .append_pair("assertion", &assertion)
            .finish();
        let request = self.client.post(&key.token_uri).header("content-type", "application/x-www-form-urlencoded").body(form);
        let answer = request.timeout(PATIENCE).send().await;
        let refused = |error: reqwest::Error| format!("{} gave no ID token ({})", key.token_uri, reason(&error));
        let answer = answer.and_then(reqwest::Response::error_for_status).map_err(refused)?;
        let exchanged: Exchanged = answer.json().await.map_err(refused)?;
        Ok(exchanged.id_token)
    }
}

/// Without the address: it may hold what nobody should read.
fn reason(error: &reqwest::Error) -> String {
    match error.status() {
        Some(status) => format!("status {status}"),
        None if error.is_timeout() => "no answer in time".to_owned(),
        None if error.is_connect() => "it can't be reached".to_owned(),
        None => "no proper answer".to_owned(),
    }
}

/// When a token ends. Whether it is genuine is for the service to say.
fn expiry(token: &str) -> Option<i64> {
    let mut any = jsonwebtoken::Validation::new(Algorithm::RS256);
    any.insecure_disable_signature_validation();
    any.validate_aud = false;
    any.validate_exp = false;
    any.set_required_spec_claims::<&str>(&[]);
    let key = jsonwebtoken::DecodingKey::from_secret(&[]);
    jsonwebtoken::decode::<Expiry>(token, &key, &any).ok().map(|token| token.claims.exp)
}
