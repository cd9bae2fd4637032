//! `images/generations` and `images/edits`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use serde_json::{Value, json};

use super::super::call::{Asked, Call, text_of};
use super::super::fault::FaultKind;
use super::super::file::{Recipe, public_link};
use super::super::media::{self, PictureFormat, PictureOrder};
use super::super::multipart;
use super::super::reply::Reply;
use super::super::world::World;
use super::error::{error, invalid, missing};

pub(super) fn read(body: &Value) -> Asked {
    Asked::new("image", body["model"].as_str().unwrap_or_default())
        .with("prompt", text_of(&body["prompt"]))
        .with("size", text_of(&body["size"]))
        .with("quality", text_of(&body["quality"]))
}

/// The fields of a form as if they had come as JSON; its pictures are counted.
pub(super) fn read_form(call: &Call) -> Asked {
    let parts = multipart::parts(call);
    read(&fields(&parts)).with_references(&pictures(&parts))
}

fn pictures(parts: &[multipart::Part]) -> Vec<Bytes> {
    let pictures = parts.iter().filter(|part| part.name.starts_with("image"));
    pictures.map(|part| Bytes::from(part.bytes.clone())).collect()
}

pub(super) fn edit(world: &World, call: &Call, asked: &Asked, bend: Option<FaultKind>) -> Reply {
    let parts = multipart::parts(call);
    let references = pictures(&parts);
    if references.is_empty() {
        return missing("image");
    }
    if references.iter().any(|picture| media::seen(picture).is_none()) {
        return invalid("image", "Invalid image file or mode for image 1, please check your image file.");
    }
    answer(world, &fields(&parts), asked, references, bend)
}

pub(super) fn answer(world: &World, body: &Value, asked: &Asked, references: Vec<Bytes>, bend: Option<FaultKind>) -> Reply {
    if asked.prompt().is_empty() {
        return missing("prompt");
    }
    let own = asked.model.starts_with("gpt-image");
    if own && !body["response_format"].is_null() {
        return error(400, "invalid_request_error", None, Some("unknown_parameter"), "Unknown parameter: 'response_format'.");
    }
    let Some((width, height)) = size(body["size"].as_str().unwrap_or("auto")) else {
        return invalid("size", "Invalid size. Write it as WIDTHxHEIGHT, or auto.");
    };
    match bend {
        Some(FaultKind::Refusal) => {
            let message = "Your request was rejected as a result of our safety system. Your prompt may contain text that is not allowed by our safety system.";
            return error(400, "invalid_request_error", None, Some("content_policy_violation"), message);
        }
        Some(FaultKind::Empty) => return Reply::ok(&json!({ "created": 1_764_000_000, "data": [] })),
        _ => {}
    }
    let jpeg = body["output_format"] == "jpeg";
    let order = PictureOrder {
        prompt: asked.prompt().to_owned(),
        label: asked.model.clone(),
        width,
        height,
        format: if jpeg { PictureFormat::Jpeg } else { PictureFormat::Png },
        references,
    };
    let picture = media::picture(&order);
    let picture = if bend == Some(FaultKind::WrongMediaType) { picture.mislabelled() } else { picture };
    let by_link = !own && body["response_format"].as_str().unwrap_or("url") == "url";
    let made = if by_link {
        let name = format!("openai image {} {width} {height} {bend:?} {}", asked.prompt(), order.references.len());
        json!({ "url": public_link(world, &name, Recipe::Ready(picture), if jpeg { "jpg" } else { "png" }), "revised_prompt": asked.prompt() })
    } else {
        json!({ "b64_json": BASE64.encode(&picture.bytes) })
    };
    let tokens = u64::from(width) * u64::from(height) / 1_000;
    Reply::ok(&json!({
        "created": 1_764_000_000,
        "data": [made],
        "usage": { "input_tokens": asked.prompt().len() / 4, "output_tokens": tokens, "total_tokens": asked.prompt().len() as u64 / 4 + tokens },
    }))
    .priced("images", 1.0, 0.04)
}

/// Width and height of `1024x1536`; `auto` is a square.
fn size(wish: &str) -> Option<(u32, u32)> {
    if wish == "auto" {
        return Some((1024, 1024));
    }
    let (width, height) = wish.split_once('x')?;
    let (width, height) = (width.parse().ok()?, height.parse().ok()?);
    let fine = 64..=4_096;
    (fine.contains(&width) && fine.contains(&height)).then_some((width, height))
}

fn fields(parts: &[multipart::Part]) -> Value {
    let texts = parts.iter().filter(|part| !part.name.starts_with("image") && part.name != "mask");
    texts.map(|part| (part.name.clone(), json!(String::from_utf8_lossy(&part.bytes)))).collect::<serde_json::Map<_, _>>().into()
}
