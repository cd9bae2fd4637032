//! A provider of OpenID Connect on loopback that plays Google: it hands out codes and signs identities. Its key is of these
//! tests only.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::extract::{RawForm, State};
use axum::http::{StatusCode, Uri};
use axum::response::Redirect;
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub const CLIENT: &str = "the-app";
pub const CLIENT_SECRET: &str = "the-apps-secret";

#[derive(Clone)]
pub struct Google {
    address: SocketAddr,
    /// Who sits at the browser, and agrees to whatever `/authorize` asks.
    pub present: Arc<Mutex<Option<Value>>>,
    codes: Arc<Mutex<HashMap<String, Grant>>>,
}

/// What a code stands for.
#[derive(Clone)]
struct Grant {
    challenge: String,
    redirect: String,
    claims: Value,
    algorithm: Algorithm,
}

impl Google {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let google = Self { address, present: Arc::default(), codes: Arc::default() };
        let app = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/authorize", get(authorize))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .with_state(google.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        google
    }

    pub fn issuer(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Somebody agrees at the address that the app has sent them to. Answers the path and query that they are sent back to.
    /// `change` may spoil the identity.
    pub fn agree(&self, address: &str, person: &Value, change: impl FnOnce(&mut Value, &mut Algorithm)) -> String {
        let asked: HashMap<String, String> =
            reqwest::Url::parse(address).expect("an address").query_pairs().into_owned().collect();
        assert_eq!(asked["response_type"], "code");
        assert_eq!(asked["client_id"], CLIENT);
        assert_eq!(asked["code_challenge_method"], "S256");
        assert_eq!(asked["scope"], "openid profile email");
        let mut claims = json!({
            "iss": self.issuer(), "aud": CLIENT, "exp": 4_000_000_000_u64, "nonce": asked["nonce"],
        });
        for (name, value) in person.as_object().expect("claims") {
            claims[name] = value.clone();
        }
        let mut algorithm = Algorithm::RS256;
        change(&mut claims, &mut algorithm);
        let mut codes = self.codes.lock().expect("no panic holds it");
        let code = format!("code-{}", codes.len());
        let redirect = asked["redirect_uri"].clone();
        let grant = Grant { challenge: asked["code_challenge"].clone(), redirect: redirect.clone(), claims, algorithm };
        codes.insert(code.clone(), grant);
        let path = &redirect[redirect.find("/api/").expect("our own address")..];
        format!("{path}?code={code}&state={}", asked["state"])
    }
}

async fn discovery(State(google): State<Google>) -> Json<Value> {
    let issuer = google.issuer();
    Json(json!({
        "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize?hl=en"),
        "token_endpoint": format!("{issuer}/token"), "jwks_uri": format!("{issuer}/keys"),
    }))
}

/// Sends a real browser back, as the one who sits at it.
async fn authorize(State(google): State<Google>, uri: Uri) -> Result<Redirect, StatusCode> {
    let person = google.present.lock().expect("no panic holds it").clone().ok_or(StatusCode::FORBIDDEN)?;
    let asked = format!("{}{uri}", google.issuer());
    let url = reqwest::Url::parse(&asked).expect("an address");
    let (_, home) = url.query_pairs().find(|(name, _)| name == "redirect_uri").expect("it was asked for");
    let back = google.agree(&asked, &person, |_, _| ());
    Ok(Redirect::to(&format!("{}{back}", &home[..home.find("/api/").expect("our own address")])))
}

async fn keys() -> Json<Value> {
    let modulus = include_str!("google/test-key.modulus").trim();
    Json(json!({ "keys": [{ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": "test", "n": modulus, "e": "AQAB" }] }))
}

async fn token(State(google): State<Google>, RawForm(form): RawForm) -> (StatusCode, Json<Value>) {
    let text = format!("http://form/?{}", std::str::from_utf8(&form).expect("text"));
    let form: HashMap<String, String> = reqwest::Url::parse(&text).expect("a form").query_pairs().into_owned().collect();
    // A code counts once.
    let grant = google.codes.lock().expect("no panic holds it").remove(&form["code"]);
    let proved = |grant: &Grant| {
        URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"])) == grant.challenge
            && form["redirect_uri"] == grant.redirect
            && form["client_id"] == CLIENT
            && form["client_secret"] == CLIENT_SECRET
            && form["grant_type"] == "authorization_code"
    };
    let Some(grant) = grant.filter(proved) else {
        return (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant" })));
    };
    let der = STANDARD.decode(include_str!("google/test-key.der.base64").replace('\n', "")).expect("base64");
    let key = match grant.algorithm {
        Algorithm::RS256 => EncodingKey::from_rsa_der(&der),
        _ => EncodingKey::from_secret(b"anybody"),
    };
    let header = Header { kid: Some("test".to_owned()), ..Header::new(grant.algorithm) };
    let token = jsonwebtoken::encode(&header, &grant.claims, &key).expect("a signed identity");
    (StatusCode::OK, Json(json!({ "access_token": "unused", "token_type": "Bearer", "id_token": token })))
}
