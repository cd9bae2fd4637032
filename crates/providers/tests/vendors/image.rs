//! Models that draw.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::{StatusCode, Uri};
use axum::response::IntoResponse;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::storyboard::Size;
use providers::error::ProviderError;
use providers::gemini::images::GeminiImages;
use providers::http::Http;
use providers::image::{ImageProvider, ImageRequest, Reference};
use providers::openai::images::OpenAiImages;
use providers::prompts::Prompts;
use providers::simulator::{Fault, FaultKind};
use providers::vendor::Vendor;
use providers::{gemini, openai};
use serde_json::json;

use super::setup::{World, key, outcome, pixels, png, start, waiting};

/// A small video: the pictures for it are made soon.
const SMALL: Size = Size { width: 540, height: 960 };

fn prompts() -> Prompts {
    Prompts::load(None).expect("good templates")
}

/// Somebody who draws, the vendor's name, and the size of the pictures for a tall video.
pub type Artist = (Box<dyn ImageProvider>, &'static str, (u32, u32));

/// All that draw.
pub fn all(world: &World) -> Vec<Artist> {
    let gemini = || gemini::api(world.http.clone(), world.base(Vendor::Gemini), key());
    let openai = || openai::api(world.http.clone(), world.base(Vendor::OpenAi), key());
    let banana = || GeminiImages::new(gemini(), "gemini-nano-banana-2.1".into(), prompts());
    vec![
        (Box::new(banana()), "gemini", (768, 1376)),
        (Box::new(banana().through_interactions()), "gemini", (768, 1376)),
        (Box::new(OpenAiImages::new(openai(), "gpt-image-1".into(), prompts())), "openai", (1024, 1536)),
        (Box::new(OpenAiImages::new(openai(), "dall-e-3".into(), prompts())), "openai", (1024, 1792)),
    ]
}

pub fn request() -> ImageRequest {
    ImageRequest {
        description: "A red rocket over the sea".into(),
        style: "watercolour".into(),
        size: SMALL,
        scene_number: 1,
        scene_count: 3,
        ..ImageRequest::default()
    }
}

#[tokio::test]
async fn pictures_have_the_proportions_and_the_prompt() {
    let world = start();
    for (images, vendor, size) in all(&world) {
        world.simulator.forget();
        let image = images.draw(&request(), "order-1").await.expect("a picture");
        assert_eq!((images.vendor(), image.media_type, pixels(&image.bytes)), (vendor, "image/png", size));
        assert_eq!(image.credit, None, "what is made has no author to name");
        let calls = world.calls("image");
        assert_eq!(calls.len(), 1, "{}", images.model());
        assert_eq!(calls[0].idempotency_key.as_deref(), Some("order-1"));
        let prompt = calls[0].details["prompt"].as_str().expect("a prompt");
        for words in ["A red rocket over the sea", "Style: watercolour", "Vertical", "no text"] {
            assert!(prompt.contains(words), "{prompt}");
        }
        assert_eq!(images.version(), prompts().version("image.jinja"));
    }
}

#[tokio::test]
async fn wide_and_square_videos_get_their_pictures() {
    let world = start();
    let check = async |at: usize, width, height, expected| {
        let (images, ..) = all(&world).remove(at);
        let request = ImageRequest { size: Size { width, height }, ..request() };
        let image = images.draw(&request, "").await.expect("a picture");
        assert_eq!(pixels(&image.bytes), expected, "{} {width}×{height}", images.model());
    };
    check(0, 960, 540, (1376, 768)).await;
    check(0, 540, 676, (928, 1152)).await;
    check(1, 540, 540, (1024, 1024)).await;
    check(2, 960, 540, (1536, 1024)).await;
    check(3, 540, 540, (1024, 1024)).await;
}

#[tokio::test]
async fn references_reach_those_that_see() {
    let world = start();
    let reference = |character: Option<&str>| Reference {
        description: character.map(|_| "red hair".to_owned()).unwrap_or_default(),
        bytes: png(64, 64),
        media_type: "image/png".into(),
        character: character.map(str::to_owned),
    };
    let request = ImageRequest { references: vec![reference(Some("Ana")), reference(None)], ..request() };
    let check = async |at: usize, path: &str, count: Option<u64>, says: &[&str]| {
        world.simulator.forget();
        let (images, ..) = all(&world).remove(at);
        images.draw(&request, "order-2").await.expect("a picture");
        let call = world.calls("image").remove(0);
        assert!(call.path.ends_with(path), "{}", call.path);
        assert_eq!(call.details.get("references").and_then(serde_json::Value::as_u64), count);
        assert_eq!(call.idempotency_key.as_deref(), Some("order-2"));
        let prompt = call.details["prompt"].as_str().expect("a prompt");
        assert!(says.iter().all(|words| prompt.contains(words)), "{prompt}");
        assert_eq!(prompt.contains("looks as"), count.is_some(), "who is not shown is not pointed at: {prompt}");
        assert!(prompt.contains("Ana: red hair"), "who can't see can read: {prompt}");
        assert!(images.follows_references());
    };
    let named = ["Ana looks as in the picture of Ana", "Picture of Ana:", "Picture of the wanted style:"];
    check(0, ":generateContent", Some(2), &named).await;
    check(1, "interactions", Some(2), &named).await;
    check(2, "images/edits", Some(2), &["Picture 1 is the picture of Ana.", "Picture 2 is the style picture."]).await;
    check(3, "images/generations", None, &[]).await;
}

#[tokio::test]
async fn every_fault_has_its_class() {
    let world = start();
    let table: [(Fault, &str); 14] = [
        (FaultKind::Unauthorized.into(), "unavailable"),
        (FaultKind::PaymentRequired.into(), "quota"),
        (FaultKind::ModelNotFound.into(), "unavailable"),
        (FaultKind::RateLimited.into(), "retry"),
        (waiting(FaultKind::RateLimited), "retry in 7 s"),
        (waiting(FaultKind::Unavailable), "retry in 7 s"),
        (FaultKind::Empty.into(), "retry"),
        (FaultKind::WrongMediaType.into(), "retry"),
        (FaultKind::MalformedJson.into(), "retry"),
        // It was paid for, and what has become of it is not known.
        (FaultKind::Cut.into(), "unknown"),
        (FaultKind::Drip.into(), "ok"),
        (FaultKind::Refusal.into(), "refused"),
        (FaultKind::Html.into(), "retry"),
        (FaultKind::ServerError.into(), "retry"),
    ];
    for (images, vendor, _) in all(&world) {
        for (fault, expected) in &table {
            world.misbehave(vendor, "image", fault.clone(), None);
            let drawn = images.draw(&request(), "").await;
            assert_eq!(outcome(&drawn), *expected, "{} {fault:?}: {drawn:?}", images.model());
            world.simulator.behave();
        }
    }
}

#[tokio::test]
async fn a_refusal_is_worded_milder_exactly_once() {
    let world = start();
    for (images, vendor, _) in all(&world) {
        let check = async |times, expected: &str, keys: &[&str]| {
            world.simulator.forget();
            world.misbehave(vendor, "image", FaultKind::Refusal, times);
            let drawn = images.draw(&request(), "order-3").await;
            assert_eq!(outcome(&drawn), expected, "{}: {drawn:?}", images.model());
            let calls = world.calls("image");
            let sent: Vec<&str> = calls.iter().filter_map(|call| call.idempotency_key.as_deref()).collect();
            assert_eq!(sent, keys);
            let milder = |at: usize| calls[at].details["prompt"].as_str().is_some_and(|prompt| prompt.contains("harmless"));
            assert_eq!((milder(0), milder(1)), (false, true));
            world.simulator.behave();
        };
        check(Some(1), "ok", &["order-3", "order-3-simpler"]).await;
        check(None, "refused", &["order-3", "order-3-simpler"]).await;
    }
}

/// A server that the simulator is not: what it is asked for, and answers by path.
async fn serve(answer: fn(&str, &str) -> (StatusCode, String, Bytes)) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let (seen, own) = (asked.clone(), base.clone());
    let router = Router::new().fallback(move |uri: Uri| async move {
        seen.lock().expect("nobody panics here").push(uri.path().to_owned());
        let (status, media_type, body) = answer(uri.path(), &own);
        (status, [("content-type", media_type)], body).into_response()
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    (base, asked)
}

#[tokio::test]
async fn a_model_that_is_only_behind_interactions_says_so_once() {
    let (base, asked) = serve(|path, _| {
        let data = STANDARD.encode(png(300, 500));
        let (status, body) = match path {
            "/interactions" => (StatusCode::OK, {
                json!({ "id": "v1_a", "status": "completed",
                    "steps": [{ "type": "model_output", "content": [{ "type": "image", "mime_type": "image/png", "data": data }] }] })
            }),
            _ => (StatusCode::NOT_FOUND, {
                json!({ "error": { "code": 404, "status": "NOT_FOUND",
                    "message": "This model is only available through the Interactions API." } })
            }),
        };
        (status, "application/json".into(), body.to_string().into())
    })
    .await;
    let api = gemini::api(Http::new().expect("a client"), base, key());
    let images = GeminiImages::new(api, "tomorrow".into(), prompts());
    for _ in 0..2 {
        let image = images.draw(&request(), "").await.expect("a picture");
        assert_eq!(pixels(&image.bytes), (300, 500));
    }
    let asked = asked.lock().expect("nobody panics here");
    assert_eq!(*asked, ["/models/tomorrow:generateContent", "/interactions", "/interactions"]);
}

#[tokio::test]
async fn a_paid_picture_behind_a_link_is_fetched_again_and_never_bought_again() {
    let check = async |fetched: fn(&str, &str) -> (StatusCode, String, Bytes), expected: &str, fetches: usize| {
        let (base, asked) = serve(fetched).await;
        let api = openai::api(Http::new().expect("a client"), base, key());
        let images = OpenAiImages::new(api, "somebodys-model".into(), prompts());
        let drawn = images.draw(&request(), "").await;
        assert_eq!(outcome(&drawn), expected, "{drawn:?}");
        let asked = asked.lock().expect("nobody panics here");
        let count = |path: &str| asked.iter().filter(|asked| *asked == path).count();
        assert_eq!((count("/images/generations"), count("/made.png")), (1, fetches), "{asked:?}");
    };
    /// Made, and then what comes of fetching it.
    fn made(path: &str, own: &str, status: StatusCode) -> (StatusCode, String, Bytes) {
        match path {
            "/images/generations" => {
                let body = json!({ "data": [{ "url": format!("{own}/made.png") }] }).to_string();
                (StatusCode::OK, "application/json".into(), body.into())
            }
            _ => (status, "image/png".into(), png(300, 500)),
        }
    }
    check(|path, own| made(path, own, StatusCode::SERVICE_UNAVAILABLE), "unknown", 4).await;
    check(|path, own| made(path, own, StatusCode::TOO_MANY_REQUESTS), "unknown", 4).await;
    // What is gone does not come back.
    check(|path, own| made(path, own, StatusCode::NOT_FOUND), "unknown", 1).await;
    check(|path, own| made(path, own, StatusCode::FORBIDDEN), "unknown", 1).await;
    check(|path, own| made(path, own, StatusCode::OK), "ok", 1).await;
}

#[tokio::test]
async fn servers_may_answer_with_a_link_and_small_pictures_are_turned_down() {
    let (base, _) = serve(|path, own| match path {
        "/images/generations" => {
            let body = json!({ "data": [{ "url": format!("{own}/made.png") }] }).to_string();
            (StatusCode::OK, "application/json".into(), body.into())
        }
        _ => (StatusCode::OK, "image/png".into(), png(300, 500)),
    })
    .await;
    let api = openai::api(Http::new().expect("a client"), base, key());
    let images = OpenAiImages::new(api, "somebodys-model".into(), prompts());
    let image = images.draw(&request(), "").await.expect("a picture");
    assert_eq!(pixels(&image.bytes), (300, 500));
    let drawn = images.draw(&ImageRequest { size: Size::default(), ..request() }, "").await;
    let expected = "OpenAI made a picture of 300×500 pixels, too small for a video of 1080×1920; choose another model or a \
                    smaller video";
    assert_eq!(drawn, Err(ProviderError::Fatal(expected.into())));
}
