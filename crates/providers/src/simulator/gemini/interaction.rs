//! The Interactions API: text, pictures and music at once, clips in the background.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use serde_json::{Value, json};

use super::super::call::{Asked, text_of};
use super::super::fault::FaultKind;
use super::super::file::Recipe;
use super::super::job::{Ending, Job, Stage};
use super::super::media::{self, ClipOrder, PictureFormat, PictureOrder, SongOrder, SoundFormat};
use super::super::reply::Reply;
use super::super::schema;
use super::super::vendor::Trouble;
use super::super::world::World;
use super::super::writer;
use super::model::{self, Kind};
use super::{error, invalid, picture, refuse, tokens};

/// What ids begin with.
const PREFIX: &str = "v1_";
/// US dollars for one second of a clip.
const CLIP_PRICE: f64 = 0.1;

/// What a request asks for.
pub(super) fn read(body: &Value) -> Asked {
    let name = body["model"].as_str().unwrap_or_default();
    let format = &body["response_format"];
    let ability = match model::kind(name) {
        Some(Kind::Image) => "image",
        Some(Kind::Music) => "music",
        Some(Kind::Clip) => "clip",
        Some(Kind::Speech) => "speech",
        _ if format["mime_type"] == "application/json" => "script",
        _ => "text",
    };
    Asked::new(ability, name)
        .with("prompt", texts(body))
        .with("system", text_of(&body["system_instruction"]))
        .with_references(&pictures(body))
        .with("aspectRatio", text_of(&format["aspect_ratio"]))
        .with("resolution", text_of(&format["resolution"]))
        .with("duration", format["duration"].clone())
        .with("background", body["background"].clone())
}

pub(super) fn create(world: &World, body: &Value, asked: &Asked, bend: Option<FaultKind>) -> Reply {
    let Some(kind) = model::kind(&asked.model).filter(|kind| *kind != Kind::Speech) else {
        return refuse(&Trouble::NoModel, asked);
    };
    let background = body["background"] == true;
    if background && body["store"] == false {
        return invalid("background=true requires store=true.");
    }
    if texts(body).is_empty() && pictures(body).is_empty() {
        return invalid("input is required.");
    }
    let made = match kind {
        Kind::Clip => clip(body, asked).map(|order| (vec![Recipe::Clip(order)], Value::Null)),
        Kind::Image => image(body, asked).map(|order| (vec![Recipe::Picture(order)], Value::Null)),
        Kind::Music => Ok((vec![Recipe::Song(song(asked))], Value::Null)),
        Kind::Text | Kind::Speech => Ok((Vec::new(), json!(text(body, asked, bend)))),
    };
    let (products, said) = match made {
        Ok(made) => made,
        Err(message) => return invalid(&message),
    };
    let price = price(&products);
    let memory =
        json!({ "said": said, "uri": body["response_format"]["delivery"] == "uri", "tokens": tokens(asked.prompt().as_bytes()) });
    let id = world.jobs.order("gemini", Job::new(&asked.model, products, memory, Ending::from(bend)));
    let reply = if background {
        Reply::ok(&status(&id, &asked.model, "queued"))
    } else {
        match world.jobs.finish(&id) {
            Some((job, stage)) => shown(world, &id, &job, stage),
            None => unknown(),
        }
    };
    match (reply.status, price) {
        (200, Some((unit, amount, price))) => reply.priced(unit, amount, price),
        _ => reply,
    }
}

pub(super) fn get(world: &World, id: &str) -> Reply {
    let polled = id.strip_prefix(PREFIX).and_then(|id| Some((id, world.jobs.poll(id, world.options.polls)?)));
    polled.map_or_else(unknown, |(id, (job, stage))| shown(world, id, &job, stage))
}

pub(super) fn cancel(world: &World, id: &str) -> Reply {
    let cancelled = id.strip_prefix(PREFIX).and_then(|id| Some((id, world.jobs.cancel(id, world.options.polls)?)));
    cancelled.map_or_else(unknown, |(id, (job, stage))| shown(world, id, &job, stage))
}

/// The file behind a link of a clip: with `?alt=media` its bytes, else what it is.
pub(super) fn download(world: &World, id: &str, alt: Option<&str>, bend: Option<FaultKind>) -> Reply {
    match world.files.fetch(id) {
        None => error(
            403,
            "PERMISSION_DENIED",
            &format!("You do not have permission to access the File {id} or it may not exist."),
            &Value::Null,
        ),
        Some(Err(problem)) => error(500, "INTERNAL", &problem, &Value::Null),
        Some(Ok(media)) if alt == Some("media") => match bend {
            Some(FaultKind::Empty) => Reply::nothing(media.media_type),
            Some(FaultKind::WrongMediaType) => Reply::file(media.mislabelled()),
            _ => Reply::file(media),
        },
        Some(Ok(media)) => Reply::ok(&json!({
            "name": format!("files/{id}"), "mimeType": media.media_type, "sizeBytes": media.bytes.len().to_string(),
            "uri": world.link(&format!("/gemini/v1beta/files/{id}")), "state": "ACTIVE", "source": "GENERATED",
        })),
    }
}

fn unknown() -> Reply {
    invalid("Invalid interaction name")
}

fn status(id: &str, model: &str, status: &str) -> Value {
    json!({ "id": format!("{PREFIX}{id}"), "object": "interaction", "model": model, "status": status })
}

fn shown(world: &World, id: &str, job: &Job, stage: Stage) -> Reply {
    let plain = |name: &str| Reply::ok(&status(id, &job.model, name));
    match (stage, job.ending) {
        (Stage::Queued, _) => plain("queued"),
        (Stage::Running(_), _) => plain("in_progress"),
        (Stage::Cancelled, _) => plain("cancelled"),
        (Stage::Ended, Ending::Failed | Ending::NotBegun) => {
            let mut body = status(id, &job.model, "failed");
            body["error"] = json!({ "code": "internal", "message": "The generation failed. Please try again." });
            Reply::ok(&body)
        }
        (Stage::Ended, _) => match content(world, id, job) {
            Ok(content) => {
                let mut body = status(id, &job.model, "completed");
                let steps = if content.is_empty() { json!([]) } else { json!([{ "type": "model_output", "content": content }]) };
                body["steps"] = steps;
                let asked = job.request["tokens"].as_u64().unwrap_or(0);
                body["usage"] =
                    json!({ "total_input_tokens": asked, "total_output_tokens": 1_000, "total_tokens": asked + 1_000 });
                Reply::ok(&body)
            }
            Err(problem) => error(500, "INTERNAL", &problem, &Value::Null),
        },
    }
}

/// What a finished job has in it.
fn content(world: &World, id: &str, job: &Job) -> Result<Vec<Value>, String> {
    match job.ending {
        Ending::Empty => return Ok(Vec::new()),
        Ending::Refused => {
            let sorry = "I can't help with this request because it may go against the safety guidelines.";
            return Ok(vec![json!({ "type": "text", "text": sorry })]);
        }
        _ => {}
    }
    if let Some(said) = job.request["said"].as_str() {
        return Ok(vec![json!({ "type": "text", "text": said })]);
    }
    let mut content = Vec::new();
    for recipe in &job.products {
        let kind = match recipe {
            Recipe::Clip(_) => "video",
            Recipe::Song(_) | Recipe::Speech(_) => "audio",
            Recipe::Picture(_) | Recipe::Ready(_) => "image",
        };
        let media = recipe.make()?;
        let media = if job.ending == Ending::Mislabelled { media.mislabelled() } else { media };
        let media_type = media.media_type;
        if job.request["uri"] == true {
            let file = world.files.keep(&format!("gemini {id}"), Recipe::Ready(media));
            content.push(
                json!({ "type": kind, "uri": world.link(&format!("/gemini/v1beta/files/{file}")), "mime_type": media_type }),
            );
        } else {
            content.push(json!({ "type": kind, "data": BASE64.encode(&media.bytes), "mime_type": media_type }));
        }
    }
    Ok(content)
}

fn price(products: &[Recipe]) -> Option<(&'static str, f64, f64)> {
    Some(match products.first()? {
        Recipe::Clip(order) => ("seconds", order.seconds, CLIP_PRICE),
        Recipe::Song(_) => ("songs", 1.0, 0.08),
        _ => ("images", 1.0, 0.067),
    })
}

/// The text, or the script, as the format wants it.
fn text(body: &Value, asked: &Asked, bend: Option<FaultKind>) -> String {
    let prompt = format!("{}\n{}", body["system_instruction"].as_str().unwrap_or_default(), asked.prompt());
    let format = &body["response_format"];
    if format["mime_type"] != "application/json" {
        return writer::plain(&prompt, pictures(body).first().and_then(|picture| media::seen(picture)));
    }
    let script = writer::script(&prompt, if bend == Some(FaultKind::TooFewScenes) { 0.5 } else { 1.0 });
    let script = if format["schema"].is_object() { schema::fill(&format["schema"], &script) } else { script.free_form() };
    writer::bent(&script, bend)
}

fn image(body: &Value, asked: &Asked) -> Result<PictureOrder, String> {
    let format = &body["response_format"];
    let (width, height) = picture::size(format["aspect_ratio"].as_str(), format["image_size"].as_str())?;
    let jpeg = format["mime_type"] == "image/jpeg";
    Ok(PictureOrder {
        prompt: asked.prompt().to_owned(),
        label: asked.model.clone(),
        width,
        height,
        format: if jpeg { PictureFormat::Jpeg } else { PictureFormat::Png },
        references: pictures(body),
    })
}

fn song(asked: &Asked) -> SongOrder {
    let seconds = if asked.model.contains("clip") { 30.0 } else { 60.0 };
    SongOrder {
        prompt: asked.prompt().to_owned(),
        style: String::new(),
        title: asked.prompt().to_owned(),
        seconds: Some(seconds),
        take: 0,
        format: SoundFormat::Mp3 { rate: 44_100, kilobits: 192 },
    }
}

fn clip(body: &Value, asked: &Asked) -> Result<ClipOrder, String> {
    let format = &body["response_format"];
    if format["type"] != "video" {
        return Err("response_format.type must be \"video\" for this model.".to_owned());
    }
    let seconds = match &format["duration"] {
        Value::Null => 8.0,
        Value::String(text) => text.strip_suffix('s').and_then(|number| number.parse::<f64>().ok()).unwrap_or(0.0),
        _ => return Err("Invalid value at 'response_format.duration': expected a string such as \"8s\".".to_owned()),
    };
    if !(3.0..=10.0).contains(&seconds) {
        return Err("Invalid value at 'response_format.duration': must be between 3s and 10s.".to_owned());
    }
    let short = match format["resolution"].as_str().unwrap_or("720p") {
        "360p" => 360,
        "720p" => 720,
        "1080p" => 1080,
        "4k" => 2160,
        other => return Err(format!("Invalid resolution: {other}. Supported: 360p, 720p, 1080p, 4k.")),
    };
    let (width, height) = match format["aspect_ratio"].as_str().unwrap_or("16:9") {
        "9:16" => (short, short * 16 / 9),
        "16:9" => (short * 16 / 9, short),
        other => return Err(format!("Invalid aspect ratio: {other}. Supported: 16:9, 9:16.")),
    };
    Ok(ClipOrder {
        prompt: asked.prompt().to_owned(),
        label: asked.model.clone(),
        width,
        height,
        seconds,
        sound: true,
        first_frame: pictures(body).into_iter().next(),
    })
}

/// The input is a text, or a list of texts and files.
fn texts(body: &Value) -> String {
    match &body["input"] {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect::<Vec<_>>().join("\n"),
        _ => String::new(),
    }
}

fn pictures(body: &Value) -> Vec<Bytes> {
    let parts = body["input"].as_array().into_iter().flatten().filter(|part| part["type"] == "image");
    parts.filter_map(|part| BASE64.decode(part["data"].as_str()?).ok()).map(Bytes::from).collect()
}
