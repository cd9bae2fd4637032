//! Google's metadata server and token endpoint, as far as ID tokens go.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};

use crate::desk::{clock, listen};

/// A key pair of the tests; nobody's.
const KEY: &str = include_str!("../../../api/tests/it/google/test-key.der.base64");
const MODULUS: &str = include_str!("../../../api/tests/it/google/test-key.modulus");

/// The key file of a service account whose tokens are given out at that address.
pub fn key_file(host: std::net::SocketAddr) -> String {
    let key = format!("-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----\n", KEY.trim());
    json!({
        "type": "service_account",
        "client_email": "renders@project.example",
        "private_key": key,
        "token_uri": format!("http://{host}/token"),
    })
    .to_string()
}

/// Both, with what they were asked.
#[derive(Clone, Default)]
pub struct Google {
    pub asked: Arc<AtomicUsize>,
    pub assertion: Arc<Mutex<String>>,
}

/// A token for that audience.
pub fn token(audience: &str) -> String {
    let claims = json!({ "aud": audience, "exp": clock().timestamp() + 3600 });
    jsonwebtoken::encode(&Header::default(), &claims, &EncodingKey::from_secret(b"google")).expect("a token")
}

impl Google {
    pub async fn listen(&self) -> std::net::SocketAddr {
        let identity = async |State(google): State<Google>, headers: HeaderMap, Query(query): Query<Vec<(String, String)>>| {
            google.asked.fetch_add(1, Ordering::Relaxed);
            if headers.get("metadata-flavor").is_none_or(|flavor| flavor != "Google") {
                return (StatusCode::FORBIDDEN, String::new());
            }
            let audience = query.into_iter().find(|(name, _)| name == "audience").map(|(_, value)| value).unwrap_or_default();
            (StatusCode::OK, token(&audience))
        };
        let exchange = async |State(google): State<Google>, body: String| {
            google.asked.fetch_add(1, Ordering::Relaxed);
            *google.assertion.lock().expect("no panic") = body;
            axum::Json(json!({ "id_token": token("exchanged") }))
        };
        let router = Router::new()
            .route("/computeMetadata/v1/instance/service-accounts/default/identity", get(identity))
            .route("/token", post(exchange))
            .with_state(self.clone());
        listen(router).await.0
    }
}

/// Lets only requests through that show the token, as Cloud Run does for private services.
pub fn guarded(router: Router, token: String) -> Router {
    let guard = move |request: Request, next: Next| {
        let expected = format!("Bearer {token}");
        async move {
            let shown = request.headers().get("x-serverless-authorization").and_then(|value| value.to_str().ok());
            if shown == Some(expected.as_str()) { next.run(request).await } else { forbidden() }
        }
    };
    router.layer(middleware::from_fn(guard))
}

fn forbidden() -> Response {
    (StatusCode::FORBIDDEN, "<html>Your client does not have permission</html>").into_response()
}

/// The claims of the assertion in a form.
pub fn claims(form: &str) -> Value {
    let assertion = url::form_urlencoded::parse(form.as_bytes()).find(|(name, _)| name == "assertion").expect("an assertion").1;
    let mut any = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
    any.validate_aud = false;
    any.validate_exp = false;
    let key = jsonwebtoken::DecodingKey::from_rsa_components(MODULUS.trim(), "AQAB").expect("a key");
    jsonwebtoken::decode::<Value>(&assertion, &key, &any).expect("it is signed with the account's key").claims
}
