//! What explains the rest: the OpenAPI document, the reference page made from it, and the page at `/`.

use axum::Router;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{ComponentsBuilder, Info, License, OpenApi, OpenApiBuilder};
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::AppState;

const HOME: &str = include_str!("../../pages/home.html");
/// As it is written in the page.
const EXAMPLE_HOST: &str = "localhost:3333";
const HOME_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; form-action 'none'";

const ABOUT: &str = "\
A script becomes a finished vertical short: pictures, narration, music, word-timed captions and one MP4.

**The short way**: send a script to `POST /api/shorts` and ask `GET /api/shorts/{id}` until `status` is `completed`.

**Step by step**: create a project, send `generate_all` to `/api/workflow/command`, follow `/api/events/{projectId}`, \
change what you don't like (only that is made anew), then `POST /api/render`.

- Bodies are JSON of at most 1 MiB (16 MiB where pictures and sounds may be inside), whatever the content type says; unknown fields are ignored.
- Errors are JSON with a plain sentence in `error` and, for wrong fields, `details` nested like the body. A body that is \
not JSON is a 400 that names the line and column.
- Addresses in answers are relative to this server. Times are ISO 8601 in UTC; lengths are in seconds.
- Every answer has an `x-request-id`; send your own to find the request in the server's log.
- Who asks: on one's own machine whoever is there, without signing in (the server then listens there only). With sign-in, a \
browser's session, or an access token as `Authorization: Bearer …` or `x-api-key`. Web pages of other origins are refused.
- Too many requests get a 429 with `Retry-After` in seconds.";

/// The document's front matter.
pub fn introduction() -> OpenApi {
    let tag = |name: &str, about: &str| TagBuilder::new().name(name).description(Some(about)).build();
    let mut info = Info::new("ShortsAI", env!("CARGO_PKG_VERSION"));
    info.description = Some(ABOUT.to_owned());
    let mut license = License::new("MIT OR Apache-2.0");
    license.identifier = Some("MIT OR Apache-2.0".to_owned());
    info.license = Some(license);
    let tags = [
        tag("Shorts", "The whole way in one call."),
        tag("Projects", "A topic or script with its settings."),
        tag("Scenes", "The parts of a project: what is said and what is shown."),
        tag("Folders", "Where projects are kept, as a tree."),
        tag("Shows", "Series of projects."),
        tag("Characters", "Who looks alike in every picture."),
        tag("AI", "Single questions to vendors, outside of any video."),
        tag("Workflow", "Have things made, and watch."),
        tag("Renders", "One video from everything."),
        tag("Webhooks", "Who is told what becomes of your projects."),
        tag("Files", "What was made, and what you bring."),
        tag("Account", "You, your keys of vendors and your access tokens."),
        tag("Admin", "For administrators: who is here and what is new."),
        tag("Sign-in", "Sessions of browsers, in the shapes that clients of Auth.js know."),
        tag("Server", "About the server itself."),
    ];
    let components = ComponentsBuilder::new()
        .security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new("authjs.session-token"))))
        .security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)))
        .security_scheme("key", SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("x-api-key"))))
        .build();
    let any = ["session", "token", "key"].map(|name| SecurityRequirement::new::<_, [&str; 0], &str>(name, []));
    OpenApiBuilder::new().info(info).tags(Some(tags)).components(Some(components)).security(Some(any)).build()
}

/// Get this document
///
/// OpenAPI 3.1, complete.
#[utoipa::path(
    get, path = "/api/openapi.json", tag = "Server", operation_id = "getOpenApi", security(()),
    responses((status = 200, description = "The document.", body = serde_json::Value)),
)]
pub async fn openapi_json(axum::Extension(Document(json)): axum::Extension<Document>) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], json).into_response()
}

/// The document as it is sent.
#[derive(Clone)]
pub struct Document(pub Bytes);

impl Document {
    /// Written once, when the server starts.
    pub fn of(openapi: &OpenApi) -> Self {
        Self(Bytes::from(serde_json::to_vec(openapi).unwrap_or_default()))
    }
}

/// The pages for people.
///
/// A web app takes the place of the page at `/`.
pub fn pages(with_home: bool) -> Router<AppState> {
    let config = Config::new(["/api/openapi.json"]).validator_url("none").try_it_out_enabled(true).display_request_duration(true);
    let pages = Router::new().merge(SwaggerUi::new("/docs").config(config));
    if with_home { pages.route("/", get(home)) } else { pages }
}

/// The page's example names the address under which the page was asked for.
async fn home(headers: HeaderMap) -> Response {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or(EXAMPLE_HOST);
    // It is put into HTML, so it must be nothing but a name.
    let plain = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte));
    let host = if plain { host } else { EXAMPLE_HOST };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(HOME_POLICY)),
    ];
    (headers, HOME.replace(EXAMPLE_HOST, host)).into_response()
}
