//! Signing in with Google, or any other provider of OpenID Connect: the authorization code flow with state, nonce and PKCE.
//!
//! The provider's addresses come from its own discovery document. An identity counts only when its signature, issuer,
//! audience, time and nonce are right, and its e-mail address has been verified.

use std::time::Duration;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use store::Profile;
use tokio::sync::OnceCell;

use crate::access::Origin;
use crate::secret::{Secret, same};

/// A provider that takes longer does not answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// What a provider says at most, in bytes.
const MOST: usize = 1 << 20;
/// What is asked for.
const SCOPE: &str = "openid profile email";

/// Who vouches for people.
pub struct Provider {
    /// Its identity, such as `https://accounts.google.com`.
    issuer: String,
    client_id: String,
    client_secret: Secret,
    http: reqwest::Client,
    known: OnceCell<Discovery>,
}

/// What a provider says of itself.
#[derive(Debug, Deserialize)]
struct Discovery {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
}

/// What ties an answer of the provider to the question, and both to one browser.
#[derive(Debug, Clone, PartialEq, serde::Serialize, Deserialize)]
pub struct Attempt {
    /// Comes back with the code.
    pub state: String,
    /// Comes back inside of the identity.
    pub nonce: String,
    /// The secret whose hash went ahead (PKCE).
    pub verifier: String,
    /// Seconds since 1970 after which it no longer counts.
    pub until: i64,
}

/// Why somebody could not be signed in; for the log, people only learn that it failed.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The provider does not answer as it should.
    #[error("the sign-in provider can't be used: {0}")]
    Provider(String),
    /// What it says does not hold.
    #[error("the identity does not hold: {0}")]
    Identity(String),
    /// The address is not proved to be theirs.
    #[error("the e-mail address is not verified")]
    NotVerified,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    #[serde(default)]
    nonce: String,
    #[serde(default)]
    email: String,
    /// Some providers write it as a text.
    #[serde(default)]
    email_verified: serde_json::Value,
    #[serde(default)]
    name: String,
    picture: Option<String>,
}

impl Provider {
    /// A provider by its issuer.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(issuer: &str, client_id: String, client_secret: Secret) -> Result<Self, SignInError> {
        // An error says that the process has one already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none()).build();
        let http = http.map_err(|error| SignInError::Provider(error.to_string()))?;
        Ok(Self { issuer: issuer.trim_end_matches('/').to_owned(), client_id, client_secret, http, known: OnceCell::new() })
    }

    /// Where its pages are; `None` when its issuer is no address.
    pub fn origin(&self) -> Option<Origin> {
        Origin::of(&self.issuer)
    }

    /// Where to send the browser.
    pub async fn address(&self, redirect: &str, attempt: &Attempt) -> Result<String, SignInError> {
        let there = &self.discovery().await?.authorization_endpoint;
        let mut url = reqwest::Url::parse(there).map_err(|_| SignInError::Provider(format!("{there:?} is no address")))?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.client_id)
            .append_pair("redirect_uri", redirect)
            .append_pair("scope", SCOPE)
            .append_pair("state", &attempt.state)
            .append_pair("nonce", &attempt.nonce)
            .append_pair("code_challenge", &challenge(&attempt.verifier))
            .append_pair("code_challenge_method", "S256");
        Ok(url.into())
    }

    /// Who has come back with that code.
    pub async fn profile(&self, code: &str, redirect: &str, attempt: &Attempt) -> Result<Profile, SignInError> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect),
            ("client_id", &self.client_id),
            ("client_secret", &self.client_secret.0),
            ("code_verifier", &attempt.verifier),
        ];
        let request = self.http.post(&self.discovery().await?.token_endpoint);
        let body =
            reqwest::Url::parse_with_params("http://form", form).map_err(|error| SignInError::Provider(error.to_string()))?;
        let request = request
            .header(reqwest::header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body.query().unwrap_or_default().to_owned());
        let tokens: Tokens = answer(request).await?;
        let claims = self.claims(&tokens.id_token).await?;
        if !same(claims.nonce.as_bytes(), attempt.nonce.as_bytes()) {
            return Err(SignInError::Identity("its nonce is another one".to_owned()));
        }
        let verified = claims.email_verified == true || claims.email_verified == "true";
        if !verified || claims.email.trim().is_empty() {
            return Err(SignInError::NotVerified);
        }
        Ok(Profile { google_id: claims.sub, email: claims.email, name: claims.name, image: claims.picture })
    }

    async fn claims(&self, token: &str) -> Result<Claims, SignInError> {
        let wrong = |error: jsonwebtoken::errors::Error| SignInError::Identity(error.to_string());
        let discovery = self.discovery().await?;
        let header = jsonwebtoken::decode_header(token).map_err(wrong)?;
        if header.alg != Algorithm::RS256 {
            return Err(SignInError::Identity(format!("it is signed with {:?}, expected RS256", header.alg)));
        }
        // Keys change; they are asked for at each sign-in, which is rare.
        let keys: JwkSet = answer(self.http.get(&discovery.jwks_uri)).await?;
        let key = match &header.kid {
            Some(id) => keys.find(id),
            None => keys.keys.first(),
        };
        let key = key.ok_or_else(|| SignInError::Identity("its key is not among the provider's".to_owned()))?;
        let key = DecodingKey::from_jwk(key).map_err(wrong)?;
        let mut rules = Validation::new(Algorithm::RS256);
        rules.set_audience(&[&self.client_id]);
        rules.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
        let claims = jsonwebtoken::decode::<Claims>(token, &key, &rules).map_err(wrong)?.claims;
        // Google has written it with and without the scheme.
        let bare = |issuer: &str| issuer.strip_prefix("https://").unwrap_or(issuer).to_owned();
        if bare(&claims.iss) != bare(&discovery.issuer) {
            return Err(SignInError::Identity(format!("it comes from {}", claims.iss)));
        }
        Ok(claims)
    }

    async fn discovery(&self) -> Result<&Discovery, SignInError> {
        let load = || async {
            let address = format!("{}/.well-known/openid-configuration", self.issuer);
            let found: Discovery = answer(self.http.get(address)).await?;
            if found.issuer.trim_end_matches('/') != self.issuer {
                return Err(SignInError::Provider(format!("it says that it is {}, not {}", found.issuer, self.issuer)));
            }
            Ok(found)
        };
        self.known.get_or_try_init(load).await
    }
}

/// Sends a request and reads the JSON that comes back.
async fn answer<T: DeserializeOwned>(request: reqwest::RequestBuilder) -> Result<T, SignInError> {
    let failed = |error: reqwest::Error| SignInError::Provider(error.without_url().to_string());
    let mut response = request.send().await.map_err(failed)?;
    let status = response.status();
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(failed)? {
        body.extend_from_slice(&part);
        if body.len() > MOST {
            return Err(SignInError::Provider("its answer is too long".to_owned()));
        }
    }
    if !status.is_success() {
        return Err(SignInError::Provider(format!("it answered {status}")));
    }
    serde_json::from_slice(&body).map_err(|error| SignInError::Provider(format!("its answer can't be read: {error}")))
}

/// The hash of the verifier that goes ahead, as PKCE wants it (`S256`).
fn challenge(verifier: &str) -> String {
    use base64::Engine;
    use sha2::{Digest, Sha256};
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_those_of_the_standard() {
        // RFC 7636, appendix B.
        assert_eq!(challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
