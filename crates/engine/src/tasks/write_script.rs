//! `write_script`: title, description and scenes out of a project's topic.

use model::language;
use model::task::{Product, ScriptScene};
use model::usage::Unit;
use providers::abilities::Candidate;
use providers::script::{Script, ScriptProvider, ScriptRequest};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::ProjectRecord;

use super::ask::Order;
use super::keep::{keep_detail, made_before, no_object};
use super::{TaskError, Work};
use crate::{failure, request};

/// What is kept of a script.
#[derive(Serialize, Deserialize)]
struct Written {
    title: String,
    description: String,
    /// Narration, visual description and seconds of each scene.
    scenes: Vec<(String, String, f64)>,
}

/// The lengths that the Studio asks for when its user chooses none.
const SECONDS: (u32, u32) = (65, 90);
/// More scenes are a slip of the writer, and would cost accordingly.
const MOST_SCENES: usize = 100;

pub(super) async fn write_script(work: Work<'_>) -> Result<Product, TaskError> {
    let request = request_of(work.record);
    work.first_of(&work.abilities.scripts, |writer| Box::pin(write_by(work, &request, writer))).await
}

async fn write_by(work: Work<'_>, request: &ScriptRequest, writer: &Candidate<dyn ScriptProvider>) -> Result<Product, TaskError> {
    let address = request::address("write_script", &inputs(request, writer));
    if let Some(made) = made_before(work, &address).await?
        && let Ok(written) = serde_json::from_value::<Written>(made.detail)
    {
        return Ok(product(written));
    }
    let key = work.key(&work.record.project.script);
    let script = work.ask(Order::of(writer, Unit::Script, 1.0), writer.provider.write(request, &key)).await?;
    let written = checked(script, &writer.vendor)?;
    let detail = json!(&written);
    keep_detail(work, &address, no_object(writer.name()), detail).await?;
    Ok(product(written))
}

/// What nobody could make a video of is as good as no answer.
fn checked(script: Script, vendor: &str) -> Result<Written, TaskError> {
    let Script { title, description, scenes } = script;
    let spoken = |scene: &providers::script::ScriptScene| !scene.narration.trim().is_empty();
    if scenes.is_empty() || !scenes.iter().all(spoken) {
        return Err(failure::retry(format!("{vendor} has written a script without narration; trying again may help")).into());
    }
    if scenes.len() > MOST_SCENES {
        let message = format!("{vendor} has written {} scenes; {MOST_SCENES} are the most", scenes.len());
        return Err(failure::retry(message).into());
    }
    let scenes = scenes.into_iter().map(|scene| (scene.narration, scene.visual_description, scene.seconds));
    Ok(Written { title, description, scenes: scenes.collect() })
}

fn product(Written { title, description, scenes }: Written) -> Product {
    let scene = |(narration, visual_description, seconds)| ScriptScene { narration, visual_description, seconds };
    Product::Script { title, description, scenes: scenes.into_iter().map(scene).collect() }
}

fn request_of(record: &ProjectRecord) -> ScriptRequest {
    let settings = &record.project.settings;
    let wish = |name: &str| {
        let wish = record.details.duration_config.as_ref()?.get(name)?.as_u64()?;
        u32::try_from(wish).ok()
    };
    let min_seconds = wish("min").unwrap_or(SECONDS.0);
    ScriptRequest {
        topic: settings.topic.clone(),
        style: settings.style.clone(),
        language: language::tag(&settings.language),
        min_seconds,
        max_seconds: wish("max").unwrap_or(SECONDS.1).max(min_seconds),
        scene_count: wish("targetScenes").filter(|count| *count > 0),
        take: record.project.script.take.unsigned_abs(),
    }
}

/// All that shapes the script. Taken apart without `..`, so that a new field forces a decision.
fn inputs(request: &ScriptRequest, writer: &Candidate<dyn ScriptProvider>) -> Value {
    let ScriptRequest { topic, style, language, min_seconds, max_seconds, scene_count, take } = request;
    let inputs = json!({
        "vendor": writer.vendor, "model": writer.model, "topic": topic, "style": style, "language": language,
        "min_seconds": min_seconds, "max_seconds": max_seconds, "scene_count": scene_count, "take": take,
    });
    request::with_version(inputs, writer.provider.version())
}
