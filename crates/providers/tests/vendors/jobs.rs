//! Clips and songs that are ordered and asked about, one suite for all who make them; and music that is there at once.

use std::io::Write as _;
use std::process::Command;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use model::storyboard::Size;
use providers::clip::{Clip, ClipRequest};
use providers::elevenlabs::music::ElevenLabsMusic;
use providers::error::ProviderError;
use providers::gemini::clips::GeminiClips;
use providers::gemini::interactions;
use providers::gemini::music::GeminiMusic;
use providers::http::Http;
use providers::job::{JobProvider, Polled};
use providers::keys::Key;
use providers::music::{Music, MusicProvider, MusicRequest};
use providers::prompts::Prompts;
use providers::settings::{Settings, VendorSettings};
use providers::simulator::{Fault, FaultKind};
use providers::suno::SunoMusic;
use providers::vendor::Vendor;
use providers::vertex::clips::VertexClips;
use providers::{elevenlabs, gemini, suno, vertex};

use super::setup::{World, key, outcome, png, start, waiting};

/// A vendor of jobs, with something to order from it.
#[async_trait]
pub trait Errand {
    async fn submit(&self, key: &str) -> Result<String, ProviderError>;
    async fn poll(&self, job: &str) -> Result<Polled<Made>, ProviderError>;
}

/// What was made.
#[derive(Debug)]
pub struct Made {
    bytes: Bytes,
    media_type: &'static str,
    /// As the adapter says, where it does.
    seconds: Option<f64>,
}

struct Order<Request, Product> {
    provider: Box<dyn JobProvider<Request, Product>>,
    request: Request,
    made: fn(Product) -> Made,
}

#[async_trait]
impl<Request: Send + Sync, Product: Send> Errand for Order<Request, Product> {
    async fn submit(&self, key: &str) -> Result<String, ProviderError> {
        self.provider.submit(&self.request, key).await
    }

    async fn poll(&self, job: &str) -> Result<Polled<Made>, ProviderError> {
        self.provider.poll(job).await?.fetch(async |product| Ok((self.made)(product))).await
    }
}

/// Who takes orders: name in the simulator, what is made, and whether the product is fetched from an address of its own.
const ALL: [(&str, &str, bool); 4] =
    [("gemini", "clip", true), ("vertex", "clip", false), ("gemini", "music", false), ("suno", "music", true)];

/// A new adapter, as another process would make it.
pub fn errand(world: &World, (vendor, ability): (&str, &str), most: usize) -> Box<dyn Errand> {
    let http = || Http::new().expect("a client");
    match (vendor, ability) {
        ("gemini", "clip") => {
            let api = gemini::api(http(), world.base(Vendor::Gemini), key());
            clip(GeminiClips::new(api, "gemini-omni-1.1-flash".into(), prompts()).at_most(most))
        }
        ("vertex", _) => {
            let api = vertex::api(http(), world.base(Vendor::Vertex), key());
            let clips = VertexClips::new(api, &settings(), "veo-3.1-lite-generate-001".into(), prompts());
            clip(clips.expect("a project is set").at_most(most))
        }
        ("suno", _) => {
            let api = suno::api(http(), world.base(Vendor::Suno), key());
            music(SunoMusic::new(api, &settings(), "V5".into(), prompts()).at_most(most))
        }
        _ => music(lyria(world, "lyria-3.5").at_most(most)),
    }
}

fn clip(provider: impl JobProvider<ClipRequest, Clip> + 'static) -> Box<dyn Errand> {
    let request = ClipRequest {
        picture: png(90, 160),
        picture_media_type: "image/png".into(),
        description: "A red rocket over the sea".into(),
        narration: "It rises.".into(),
        size: Size { width: 360, height: 640 },
        seconds: 3,
        ..ClipRequest::default()
    };
    let made = |clip: Clip| Made { bytes: clip.bytes, media_type: clip.media_type, seconds: None };
    Box::new(Order { provider: Box::new(provider), request, made })
}

fn music(provider: impl JobProvider<MusicRequest, Music> + 'static) -> Box<dyn Errand> {
    let made = |music: Music| Made { bytes: music.bytes, media_type: music.media_type, seconds: Some(music.seconds) };
    Box::new(Order { provider: Box::new(provider), request: wish(), made })
}

pub fn wish() -> MusicRequest {
    MusicRequest { prompt: "calm piano".into(), title: "A rocket".into(), ..MusicRequest::default() }
}

fn lyria(world: &World, model: &str) -> GeminiMusic {
    let api = gemini::api(Http::new().expect("a client"), world.base(Vendor::Gemini), key());
    GeminiMusic::new(api, model.into(), prompts())
}

fn prompts() -> Prompts {
    Prompts::load(None).expect("good templates")
}

fn settings() -> Settings {
    let own = VendorSettings { project: Some("shorts-1".into()), ..VendorSettings::default() };
    Settings { vendors: [(Vendor::Vertex, own)].into(), ..Settings::default() }
}

/// How a job stands, or the class of what is wrong.
fn standing(polled: &Result<Polled<Made>, ProviderError>) -> String {
    match polled {
        Ok(Polled::Done(_)) => "done".into(),
        Ok(Polled::NotYet { .. }) => "not yet".into(),
        Ok(Polled::Failed(error)) => format!("failed: {}", outcome(&Err::<(), _>(error.clone()))),
        Err(error) => outcome(&Err::<(), _>(error.clone())),
    }
}

/// Asks until there is something else to say than "not yet".
pub async fn ended(errand: &dyn Errand, job: &str) -> Result<Polled<Made>, ProviderError> {
    for _ in 0..5 {
        match errand.poll(job).await {
            Ok(Polled::NotYet { .. }) => {}
            ended => return ended,
        }
    }
    Ok(Polled::NotYet { ask_again_after: Duration::ZERO })
}

/// Length, and for films width and height, of a file that is decoded from its first to its last byte.
fn decoded(file: &[u8]) -> (f64, Vec<u32>) {
    let mut copy = tempfile::NamedTempFile::new().expect("a file");
    copy.write_all(file).expect("written");
    let whole = Command::new("ffmpeg").args(["-v", "error", "-xerror", "-i"]).arg(copy.path()).args(["-f", "null", "-"]).output();
    let whole = whole.expect("ffmpeg runs");
    assert!(whole.status.success() && whole.stderr.is_empty(), "{}", String::from_utf8_lossy(&whole.stderr));
    let entries = "stream=width,height:format=duration";
    let said =
        Command::new("ffprobe").args(["-v", "error", "-show_entries", entries, "-of", "csv=p=0"]).arg(copy.path()).output();
    let said = String::from_utf8(said.expect("ffprobe runs").stdout).expect("text");
    let numbers: Vec<f64> = said.split([',', '\n']).filter_map(|number| number.trim().parse().ok()).collect();
    let (seconds, size) = numbers.split_last().expect("a length");
    (*seconds, size.iter().map(|pixels| *pixels as u32).collect())
}

#[tokio::test]
async fn an_order_is_asked_about_by_another_process_until_it_is_done() {
    for (vendor, ability, downloads) in ALL {
        let world = start();
        let new = || errand(&world, (vendor, ability), usize::MAX);
        let job = new().submit("order-1").await.expect("an id");
        let Ok(Polled::NotYet { ask_again_after }) = new().poll(&job).await else {
            panic!("{vendor} {ability} is done too early")
        };
        assert!((5..=10).contains(&ask_again_after.as_secs()), "{vendor}: {ask_again_after:?}");
        let Ok(Polled::Done(made)) = ended(&*new(), &job).await else { panic!("{vendor} {ability} is never done") };
        let (seconds, size) = decoded(&made.bytes);
        match ability {
            "clip" => {
                let expected = if vendor == "vertex" { (4.0, vec![720, 1280]) } else { (3.0, vec![360, 640]) };
                assert_eq!((made.media_type, &size), ("video/mp4", &expected.1));
                assert!((seconds - expected.0).abs() < 0.1, "{vendor}: {seconds}");
            }
            _ => {
                assert_eq!(made.media_type, "audio/mpeg");
                let said = made.seconds.expect("music is measured");
                assert!((said - 60.0).abs() < 0.05 && (said - seconds).abs() < 0.1, "{vendor}: {said} of {seconds}");
            }
        }
        let orders = world.calls(ability);
        assert_eq!(orders.len(), 1, "{vendor} {ability} was ordered once");
        assert_eq!(orders[0].idempotency_key.as_deref(), Some("order-1"));
        assert_eq!(world.calls("download").len(), usize::from(downloads), "{vendor} {ability}");
        let words = if ability == "clip" { "A red rocket over the sea" } else { "calm piano" };
        let details = serde_json::to_string(&orders[0].details).expect("JSON");
        assert!(details.contains(words), "{details}");
        assert!(matches!(orders[0].details.get("instrumental"), None | Some(serde_json::Value::Bool(true))), "{details}");
    }
}

#[tokio::test]
async fn every_fault_of_an_order_has_its_class() {
    let table: [(Fault, &str); 12] = [
        (FaultKind::Unauthorized.into(), "unavailable"),
        (FaultKind::PaymentRequired.into(), "quota"),
        (FaultKind::ModelNotFound.into(), "unavailable"),
        (FaultKind::RateLimited.into(), "retry"),
        (waiting(FaultKind::RateLimited), "retry in 7 s"),
        (FaultKind::ServerError.into(), "retry"),
        (waiting(FaultKind::Unavailable), "retry in 7 s"),
        (FaultKind::Html.into(), "retry"),
        (FaultKind::MalformedJson.into(), "retry"),
        // It may have been ordered, and is not ordered again by itself.
        (FaultKind::Cut.into(), "unknown"),
        (FaultKind::Drip.into(), "ok"),
        (FaultKind::WrongMediaType.into(), "ok"),
    ];
    let world = start();
    for (vendor, ability, _) in ALL {
        for (fault, expected) in &table {
            world.misbehave(vendor, ability, fault.clone(), Some(1));
            let submitted = errand(&world, (vendor, ability), usize::MAX).submit("order-2").await;
            assert_eq!(outcome(&submitted), *expected, "{vendor} {ability} {fault:?}: {submitted:?}");
        }
    }
}

#[tokio::test]
async fn a_question_that_fails_leaves_the_job_alive() {
    let table: [(Fault, &str); 9] = [
        (FaultKind::Unauthorized.into(), "unavailable"),
        (FaultKind::RateLimited.into(), "retry"),
        (waiting(FaultKind::RateLimited), "retry in 7 s"),
        (FaultKind::ServerError.into(), "retry"),
        (waiting(FaultKind::Unavailable), "retry in 7 s"),
        (FaultKind::Html.into(), "retry"),
        (FaultKind::MalformedJson.into(), "retry"),
        (FaultKind::Cut.into(), "retry"),
        (FaultKind::Drip.into(), "not yet"),
    ];
    let world = start();
    for (vendor, ability, _) in ALL {
        world.simulator.forget();
        let new = || errand(&world, (vendor, ability), usize::MAX);
        let job = new().submit("order-3").await.expect("an id");
        for (fault, expected) in &table {
            // A question that was heard counts; only the last one is to be answered with the product.
            let job = if fault.kind == FaultKind::Drip { new().submit("order-4").await.expect("an id") } else { job.clone() };
            world.misbehave(vendor, "poll", fault.clone(), Some(1));
            let polled = new().poll(&job).await;
            assert_eq!(standing(&polled), *expected, "{vendor} {ability} {fault:?}: {polled:?}");
        }
        assert_eq!(standing(&ended(&*new(), &job).await), "done", "{vendor} {ability}");
        assert_eq!(world.calls(ability).len(), 2, "{vendor} {ability}");
    }
}

#[tokio::test]
async fn a_job_without_a_product_ends_with_a_class() {
    let world = start();
    for (vendor, ability, _) in ALL {
        // Declining without a word is what the Interactions API does; others have words for it.
        let nothing = if vendor == "gemini" { "failed: refused" } else { "failed: retry" };
        let table = [
            (FaultKind::JobFails, "failed: retry"),
            (FaultKind::JobNotBegun, "failed: retry"),
            (FaultKind::Refusal, "failed: refused"),
            (FaultKind::Empty, nothing),
            (FaultKind::JobNeverEnds, "not yet"),
            // The file may come whole next time, and asking costs nothing.
            (FaultKind::WrongMediaType, "retry"),
        ];
        for (fault, expected) in table {
            world.misbehave(vendor, ability, fault, Some(1));
            let errand = errand(&world, (vendor, ability), usize::MAX);
            let job = errand.submit("order-5").await.expect("an id");
            let polled = ended(&*errand, &job).await;
            assert_eq!(standing(&polled), expected, "{vendor} {ability} {fault:?}: {polled:?}");
        }
    }
}

#[tokio::test]
async fn what_a_vendor_has_forgotten_is_ordered_anew() {
    let world = start();
    for (vendor, ability, _) in ALL {
        let unknown = match vendor {
            "vertex" => "projects/p/locations/l/publishers/google/models/veo-3.1-generate-001/operations/gone",
            _ => "v1_gone",
        };
        for job in [unknown, "", "../../models", "a?key=b"] {
            let polled = errand(&world, (vendor, ability), usize::MAX).poll(job).await;
            assert_eq!(standing(&polled), "failed: retry", "{vendor} {ability} {job:?}: {polled:?}");
        }
    }
}

#[tokio::test]
async fn trouble_with_the_file_leaves_the_job_alive_and_too_large_a_one_ends_it() {
    let world = start();
    for (vendor, ability, downloads) in ALL {
        let new = |most| errand(&world, (vendor, ability), most);
        let job = new(usize::MAX).submit("order-6").await.expect("an id");
        let polled = ended(&*new(1000), &job).await;
        // It was made and paid for: another one would be paid for too.
        assert_eq!(standing(&polled), "failed: unknown", "{vendor} {ability}: {polled:?}");
        let Ok(Polled::Failed(error)) = polled else { panic!("it has failed") };
        assert!(error.to_string().contains("sent more than 1000 bytes; it may have been made and charged"), "{error}");
        for fault in [FaultKind::Cut, FaultKind::ServerError, FaultKind::Html, FaultKind::Empty, FaultKind::WrongMediaType] {
            if downloads {
                world.misbehave("*", "download", fault, Some(1));
                let polled = ended(&*new(usize::MAX), &job).await;
                assert_eq!(standing(&polled), "retry", "{vendor} {ability} {fault:?}: {polled:?}");
            }
        }
        assert_eq!(standing(&ended(&*new(usize::MAX), &job).await), "done", "{vendor} {ability}");
    }
}

#[tokio::test]
async fn an_interaction_that_was_cancelled_is_not_ordered_anew() {
    let world = start();
    let errand = errand(&world, ("gemini", "clip"), usize::MAX);
    let job = errand.submit("order-7").await.expect("an id");
    let api = gemini::api(world.http.clone(), world.base(Vendor::Gemini), key());
    interactions::cancel(&api, &job).await.expect("cancelled");
    assert_eq!(standing(&errand.poll(&job).await), "failed: fatal");
    assert_eq!(outcome(&interactions::cancel(&api, "v1_gone").await), "retry");
}

/// Those whose music is there at once, and how long it is.
pub fn composers(world: &World) -> [(Box<dyn MusicProvider>, &'static str, f64); 2] {
    let api = elevenlabs::api(Http::new().expect("a client"), world.base(Vendor::ElevenLabs), key());
    let elevenlabs = ElevenLabsMusic::new(api, "music_v1".into(), prompts());
    [(Box::new(elevenlabs), "elevenlabs", 60.0), (Box::new(lyria(world, "lyria-3-clip-preview")), "gemini", 30.0)]
}

#[tokio::test]
async fn music_at_once_is_measured() {
    let world = start();
    for (composer, vendor, length) in composers(&world) {
        world.simulator.forget();
        let music = composer.compose(&wish(), "order-8").await.expect("music");
        let (seconds, _) = decoded(&music.bytes);
        assert_eq!((composer.vendor(), music.media_type), (vendor, "audio/mpeg"));
        assert!((music.seconds - length).abs() < 0.05 && (music.seconds - seconds).abs() < 0.1, "{vendor}: {}", music.seconds);
        let calls = world.calls("music");
        assert_eq!((calls.len(), calls[0].idempotency_key.as_deref()), (1, Some("order-8")));
        assert!(calls[0].details["prompt"].as_str().expect("a prompt").starts_with("calm piano."));
    }
}

#[tokio::test]
async fn every_fault_of_music_at_once_has_its_class() {
    let table: [(Fault, &str); 13] = [
        (FaultKind::Unauthorized.into(), "unavailable"),
        (FaultKind::PaymentRequired.into(), "quota"),
        (FaultKind::ModelNotFound.into(), "unavailable"),
        (FaultKind::RateLimited.into(), "retry"),
        (waiting(FaultKind::RateLimited), "retry in 7 s"),
        (FaultKind::ServerError.into(), "retry"),
        (waiting(FaultKind::Unavailable), "retry in 7 s"),
        (FaultKind::Html.into(), "retry"),
        (Fault { status: Some(200), ..FaultKind::Html.into() }, "retry"),
        (FaultKind::Cut.into(), "unknown"),
        (FaultKind::WrongMediaType.into(), "retry"),
        (FaultKind::Refusal.into(), "refused"),
        (FaultKind::Drip.into(), "ok"),
    ];
    let world = start();
    for at in 0..2 {
        for (fault, expected) in &table {
            let (composer, vendor, _) = composers(&world).into_iter().nth(at).expect("two of them");
            world.misbehave(vendor, "music", fault.clone(), Some(1));
            let made = composer.compose(&wish(), "order-9").await;
            assert_eq!(outcome(&made), *expected, "{vendor} {fault:?}: {made:?}");
            if *expected == "refused" && vendor == "elevenlabs" {
                let said = made.expect_err("refused").to_string();
                assert!(said.contains("such as “Calm instrumental music with piano and strings”"), "{said}");
            }
        }
    }
}

#[tokio::test]
async fn probes_cost_nothing_and_tell_what_is_wrong() {
    let world = start();
    let with = |key: &str| Some(Key::system(key));
    let suno = |key| suno::api(world.http.clone(), world.base(Vendor::Suno), key);
    let vertex = |key| vertex::api(world.http.clone(), world.base(Vendor::Vertex), key);
    assert_eq!(suno::probe(&suno(key())).await, Ok("key works, 100 credits left".into()));
    assert_eq!(outcome(&suno::probe(&suno(with("bad-planted"))).await), "unavailable");
    let model = "veo-3.1-fast-generate-001";
    let fine = vertex::probe(&vertex(key()), &settings(), model).await;
    assert_eq!(fine, Ok("access token works, model veo-3.1-fast-generate-001 is there".into()));
    assert_eq!(outcome(&vertex::probe(&vertex(key()), &settings(), "veo-2").await), "unavailable");
    assert_eq!(outcome(&vertex::probe(&vertex(with("bad-planted")), &settings(), model).await), "unavailable");
    assert_eq!(outcome(&vertex::probe(&vertex(key()), &Settings::default(), model).await), "unavailable");
    assert!(world.simulator.calls().iter().all(|call| call.cost_usd == 0.0));
}
