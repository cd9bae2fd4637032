//! `write_script`: title, description and scenes out of a project's topic.

use model::language;
use model::task::{Product, ScriptScene};
use model::usage::Unit;
use providers::abilities::Candidate;
use providers::script::{Draft, Script, ScriptProvider, ScriptRequest, Written, mending};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::ProjectRecord;

use super::ask::Order;
use super::keep::{Ends, found, keep_detail, made_before, no_object};
use super::{TaskError, Work};
use crate::{failure, request};

/// What is kept of a script.
#[derive(Serialize, Deserialize)]
struct Kept {
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
        && let Ok(kept) = serde_json::from_value::<Kept>(made.detail)
    {
        return Ok(product(kept));
    }
    let draft_address = request::address("draft_script", &inputs(request, writer));
    let script = match draft_before(work, &draft_address).await? {
        Some(draft) => mended(work, request, (draft, &draft_address), writer).await?,
        None => {
            let key = work.key(&work.record.project.script);
            match work.ask(order(writer), writer.provider.write(request, &key)).await? {
                Written::Script(script) => script,
                Written::Draft(draft) => {
                    keep_draft(work, &draft_address, &draft, writer).await?;
                    mended(work, request, (draft, &draft_address), writer).await?
                }
            }
        }
    };
    let kept = checked(script, &writer.vendor)?;
    let detail = json!(&kept);
    keep_detail(work, &address, (no_object(writer.name()), detail), Ends::Task).await?;
    Ok(product(kept))
}

/// One question, whatever comes of it.
fn order(writer: &Candidate<dyn ScriptProvider>) -> Order<'_> {
    Order::of(writer, Unit::Script, 1.0)
}

/// What the writer makes of a draft when it is told what is wrong: another call, which needs room of its own. Without room, or
/// an answer, a draft that can be used is.
async fn mended(
    work: Work<'_>,
    request: &ScriptRequest,
    (draft, address): (Draft, &str),
    writer: &Candidate<dyn ScriptProvider>,
) -> Result<Script, TaskError> {
    let key = mending(&work.key(&work.record.project.script));
    let error = match work.ask(order(writer), writer.provider.mend(request, &draft, &key)).await {
        Ok(Written::Script(script)) => return Ok(script),
        Ok(Written::Draft(_)) if draft.usable.is_some() => return draft.settle().map_err(TaskError::Vendor),
        Ok(Written::Draft(still)) => {
            // It was answered, and the next try goes on from there.
            keep_draft(work, address, &still, writer).await?;
            return still.settle().map_err(TaskError::Vendor);
        }
        Err(error) => error,
    };
    let (Some(usable), true) =
        (draft.usable, matches!(error, TaskError::Vendor(_) | TaskError::OverBudget(_) | TaskError::Failed(_)))
    else {
        return Err(error);
    };
    if let TaskError::Vendor(error) = &error {
        work.give_up_call(error).await?;
    }
    Ok(usable)
}

async fn draft_before(work: Work<'_>, address: &str) -> Result<Option<Draft>, TaskError> {
    let made = found(work, address).await?;
    Ok(made.and_then(|made| serde_json::from_value(made.detail).ok()))
}

async fn keep_draft(
    work: Work<'_>,
    address: &str,
    draft: &Draft,
    writer: &Candidate<dyn ScriptProvider>,
) -> Result<(), TaskError> {
    keep_detail(work, address, (no_object(writer.name()), json!(draft)), Ends::Call(1.0)).await.map(drop)
}

/// What nobody could make a video of is as good as no answer.
fn checked(script: Script, vendor: &str) -> Result<Kept, TaskError> {
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
    Ok(Kept { title, description, scenes: scenes.collect() })
}

fn product(Kept { title, description, scenes }: Kept) -> Product {
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
