//! What follows from each fault of each vendor, as a table that is checked in: docs/vendor-faults.md. The classes that matter are
//! asserted in the suites of the abilities; here a change of any of them is seen.

use std::fmt::Write as _;

use providers::align::{AlignProvider, AlignRequest};
use providers::elevenlabs;
use providers::elevenlabs::alignment::ElevenLabsAlignment;
use providers::error::ProviderError;
use providers::image::ImageProvider;
use providers::job::{JobProvider, Polled};
use providers::script;
use providers::simulator::{Fault, FaultKind};
use providers::sound::{self, Sound};
use providers::vendor::Vendor;

use super::setup::{World, key, outcome, start, waiting};
use super::{image, jobs, speech, stock};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/vendor-faults.md");
/// What stands above the tables.
const HEAD: &str = include_str!("faults.md");

/// What can go wrong with every call, by the words of the page.
fn faults() -> Vec<(&'static str, Fault)> {
    use FaultKind as K;
    vec![
        ("wrong key", K::Unauthorized.into()),
        ("empty account", K::PaymentRequired.into()),
        ("model is gone", K::ModelNotFound.into()),
        ("too many calls", K::RateLimited.into()),
        ("too many calls, wait 7 s", waiting(K::RateLimited)),
        ("error 500", K::ServerError.into()),
        ("error 503, wait 7 s", waiting(K::Unavailable)),
        ("page with status 502", K::Html.into()),
        ("page with status 200", Fault { status: Some(200), ..K::Html.into() }),
        ("content declined", K::Refusal.into()),
        ("nothing in the answer", K::Empty.into()),
        ("other kind of file", K::WrongMediaType.into()),
        ("broken JSON", K::MalformedJson.into()),
        ("answer cut off", K::Cut.into()),
        ("answer drips", K::Drip.into()),
    ]
}

fn of_scripts() -> Vec<(&'static str, Fault)> {
    vec![("JSON in a code fence", FaultKind::CodeFence.into()), ("too few scenes", FaultKind::TooFewScenes.into())]
}

fn of_sounds() -> Vec<(&'static str, Fault)> {
    vec![("WAV without a length", FaultKind::StreamedWav.into())]
}

fn of_jobs() -> Vec<(&'static str, Fault)> {
    vec![
        ("job fails", FaultKind::JobFails.into()),
        ("job is not begun", FaultKind::JobNotBegun.into()),
        ("job never ends", FaultKind::JobNeverEnds.into()),
    ]
}

/// One table: its columns are vendors, its rows faults of a call of that kind.
struct Table {
    title: &'static str,
    /// As the simulator calls it.
    ability: &'static str,
    columns: Vec<Vendor>,
    rows: Vec<(&'static str, Fault)>,
    attempt: fn(Vendor, &World) -> futures::future::LocalBoxFuture<'_, String>,
}

fn tables() -> Vec<Table> {
    use Vendor as V;
    let with = |more: Vec<_>| [faults(), more].concat();
    let table = |title, ability, columns, rows, attempt| Table { title, ability, columns, rows, attempt };
    vec![
        table("Scripts", "script", vec![V::Gemini, V::OpenAi, V::Ollama], with(of_scripts()), |v, w| Box::pin(write(v, w))),
        table("Pictures that are made", "image", vec![V::Gemini, V::OpenAi], faults(), |v, w| Box::pin(draw(v, w))),
        table("Pictures that are found", "stock", vec![V::Pexels, V::Pixabay, V::Openverse], faults(), |v, w| {
            Box::pin(find(v, w))
        }),
        table("Voices", "speech", vec![V::ElevenLabs, V::Gemini, V::OpenAi, V::Groq, V::Edge], with(of_sounds()), |v, w| {
            Box::pin(speak(v, w))
        }),
        table("Word times", "align", vec![V::ElevenLabs], faults(), |v, w| Box::pin(align(v, w))),
        table("Clips: the order", "clip", vec![V::Gemini, V::Vertex], with(of_jobs()), |v, w| Box::pin(order(v, "clip", w))),
        table("Clips: asking about it", "poll", vec![V::Gemini, V::Vertex], faults(), |v, w| Box::pin(ask(v, "clip", w))),
        table("Clips that are found", "stock", vec![V::Pexels, V::Pixabay], faults(), |v, w| Box::pin(find_clip(v, w))),
        table("Music at once", "music", vec![V::ElevenLabs], faults(), |v, w| Box::pin(compose(v, w))),
        table("Music: the order", "music", vec![V::Suno, V::Gemini], with(of_jobs()), |v, w| Box::pin(order(v, "music", w))),
        table("Music: asking about it", "poll", vec![V::Suno, V::Gemini], faults(), |v, w| Box::pin(ask(v, "music", w))),
    ]
}

async fn write(vendor: Vendor, world: &World) -> String {
    let scripts = super::script::all(world).into_iter().find(|scripts| scripts.vendor() == vendor.name()).expect("it writes");
    outcome(&script::write(&*scripts, &super::script::request(), "").await)
}

async fn draw(vendor: Vendor, world: &World) -> String {
    let (images, ..) = image::all(world).into_iter().find(|(_, name, _)| *name == vendor.name()).expect("it draws");
    outcome(&images.draw(&image::request(), "").await)
}

async fn find(vendor: Vendor, world: &World) -> String {
    outcome(&stock::images(world, vendor).draw(&stock::request(), "").await)
}

async fn find_clip(vendor: Vendor, world: &World) -> String {
    let clips = stock::clips(world, vendor);
    match clips.submit(&stock::clip_request(), "").await {
        Ok(job) => standing(clips.poll(&job).await, clips.charges()),
        failed => outcome(&failed),
    }
}

async fn speak(vendor: Vendor, world: &World) -> String {
    let (voices, ..) = speech::all(world).into_iter().find(|(_, name, _)| *name == vendor.name()).expect("it speaks");
    outcome(&voices.speak(&speech::request("Good."), "").await)
}

async fn align(_: Vendor, world: &World) -> String {
    let api = elevenlabs::api(world.http.clone(), world.base(Vendor::ElevenLabs), key());
    let tone = Sound { samples: (0..24_000).map(|index| (index as f32 * 0.1).sin() * 0.5).collect(), rate: 24_000 };
    let request = AlignRequest {
        sound: sound::wav(&tone),
        sound_media_type: "audio/wav".into(),
        seconds: 1.0,
        text: "Good.".into(),
        language: "en".into(),
    };
    outcome(&ElevenLabsAlignment::new(api, "forced-alignment".into()).align(&request, "").await)
}

async fn compose(vendor: Vendor, world: &World) -> String {
    let (composer, ..) = jobs::composers(world).into_iter().find(|(_, name, _)| *name == vendor.name()).expect("it composes");
    outcome(&composer.compose(&jobs::wish(), "order").await)
}

/// The fault is in the order; the job is then asked about until its end.
async fn order(vendor: Vendor, ability: &'static str, world: &World) -> String {
    let errand = jobs::errand(world, (vendor.name(), ability), usize::MAX);
    match errand.submit("order").await {
        Ok(job) => standing(jobs::ended(&*errand, &job).await, true),
        failed => outcome(&failed),
    }
}

/// The order went well; the fault is in each question about it.
async fn ask(vendor: Vendor, ability: &'static str, world: &World) -> String {
    let errand = jobs::errand(world, (vendor.name(), ability), usize::MAX);
    let job = errand.submit("order").await.expect("nothing is wrong with the order");
    standing(jobs::ended(&*errand, &job).await, true)
}

/// How a job stands in the end, as the engine takes it.
fn standing<T>(polled: Result<Polled<T>, ProviderError>, charges: bool) -> String {
    let class = |error| outcome(&Err::<(), _>(error));
    match polled {
        Ok(Polled::Done(_)) => "ok".into(),
        Ok(Polled::NotYet { .. }) => "waits".into(),
        Ok(Polled::Failed(error)) => class(error),
        // The job goes on.
        Err(error @ ProviderError::Retry { .. }) => class(error).replacen("retry", "asks again", 1),
        Err(error) if charges => class(error.after_payment()),
        Err(error) => class(error),
    }
}

async fn cell(table: &Table, vendor: Vendor, fault: &Fault) -> String {
    let world = start();
    world.misbehave(vendor.name(), table.ability, fault.clone(), None);
    (table.attempt)(vendor, &world).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_of_all_faults_is_up_to_date() {
    let mut page = HEAD.to_owned();
    for table in tables() {
        write!(page, "\n## {}\n\n| fault |", table.title).expect("texts can be written to");
        for vendor in &table.columns {
            write!(page, " `{}` |", vendor.name()).expect("texts can be written to");
        }
        page += &format!("\n|---|{}\n", "---|".repeat(table.columns.len()));
        for (name, fault) in &table.rows {
            let cells = futures::future::join_all(table.columns.iter().map(|vendor| cell(&table, *vendor, fault))).await;
            writeln!(page, "| {name} | {} |", cells.join(" | ")).expect("texts can be written to");
        }
    }
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(FILE, &page).expect("the page can be written");
    }
    let checked_in = std::fs::read_to_string(FILE).unwrap_or_default();
    let hint = "what follows from a fault has changed; look at the difference after UPDATE=1 cargo test -p providers --test vendors faults";
    assert!(checked_in == page, "{hint}");
}
