//! What workers report. A report about a request that is no longer wanted changes nothing.

use uuid::Uuid;

use super::{Step, command, made_by, music_event, render_event, scene_event};
use crate::event::{Event, Medium};
use crate::project::{Asset, Project, RenderStatus, Scene, Slot, SlotStatus};
use crate::storyboard::MAX_SCENES;
use crate::task::{Failure, FailureClass, Product, ScriptScene, Target, TaskKind, retry_wait};

pub(super) fn started(step: &mut Step, target: Target) {
    match find(&mut step.project, target) {
        Found::Scene(scene, medium) => {
            if begin(slot_of(scene, medium)) {
                step.events.push(scene_event(scene, medium));
            }
        }
        Found::Script(project) => {
            if begin(&mut project.script) {
                step.events.push(Event::Reset);
            }
        }
        Found::Music(slot) => {
            if begin(slot) {
                step.events.push(music_event(slot));
            }
        }
        Found::Render(project) => {
            let now = project.revision;
            if let Some(render) = &mut project.render {
                // What is rendered is the project as it is now, not as it was when the render was asked for.
                let revision = if render.storyboard.is_some() { render.revision } else { now };
                if (render.status, render.revision) != (RenderStatus::Rendering, revision) {
                    render.status = RenderStatus::Rendering;
                    render.revision = revision;
                    step.events.push(render_event(render));
                }
            }
        }
        Found::Stale => step.stale = true,
    }
}

/// A task whose worker died is started again; that is no news.
fn begin(slot: &mut Slot) -> bool {
    std::mem::replace(&mut slot.status, SlotStatus::Processing) != SlotStatus::Processing
}

pub(super) fn progressed(step: &mut Step, target: Target, fraction: f64) {
    let Found::Render(project) = find(&mut step.project, target) else {
        step.stale = true;
        return;
    };
    if let Some(render) = project.render.as_mut()
        && fraction > render.progress
    {
        render.progress = fraction.min(1.0);
        step.events.push(render_event(render));
    }
}

pub(super) fn finished(step: &mut Step, target: Target, product: Product) {
    if let Some(flaw) = flaw(target.kind, &product) {
        let failure = Failure { class: FailureClass::Fatal, message: flaw };
        failed(step, target, 1, failure, 0.0);
        return;
    }
    match (find(&mut step.project, target), product) {
        (Found::Script(project), Product::Script { title, description, scenes }) => {
            land_script(project, (title, description), scenes);
            step.events.push(Event::Reset);
        }
        (Found::Script(project), Product::Answer(answer)) => {
            project.script.status = SlotStatus::Completed;
            project.script.error = None;
            if let Some(question) = &mut project.question {
                question.answer = Some(answer);
            }
            step.events.push(Event::Reset);
        }
        (Found::Scene(scene, medium), product) => {
            land_in_scene(scene, product);
            step.events.push(scene_event(scene, medium));
        }
        (Found::Music(slot), Product::Music(asset)) => {
            fill(slot, asset);
            step.events.push(music_event(slot));
        }
        (Found::Render(project), Product::Video(output)) => {
            if let Some(render) = &mut project.render {
                render.status = RenderStatus::Completed;
                render.progress = 1.0;
                render.output = Some(output);
                step.events.push(render_event(render));
            }
            return;
        }
        _ => {
            step.stale = true;
            return;
        }
    }
    step.project.revision += 1;
}

/// What is wrong with a product, as a sentence: a result that can't be used must not leave its request open for ever.
fn flaw(kind: TaskKind, product: &Product) -> Option<String> {
    let fault =
        |what: &str| Some(format!("An internal error happened: {} came back {what}; the log may say why.", made_by(kind)));
    match (kind, product) {
        (TaskKind::WriteScript, Product::Script { scenes, .. }) if scenes.is_empty() => {
            Some("The script has no scene.".to_owned())
        }
        (TaskKind::WriteScript, Product::Script { scenes, .. }) if scenes.len() > MAX_SCENES => Some(format!(
            "The script has {} scenes, and a project has at most {MAX_SCENES}; ask for a shorter one.",
            scenes.len()
        )),
        (TaskKind::Speak, Product::Speech { seconds, .. }) if !(seconds.is_finite() && *seconds >= 0.0) => {
            fault("without a length")
        }
        (TaskKind::WriteScript, Product::Script { .. })
        | (TaskKind::DrawImage, Product::Image(_))
        | (TaskKind::Speak, Product::Speech { .. })
        | (TaskKind::AlignWords, Product::Words(_))
        | (TaskKind::Animate, Product::Clip(_))
        | (TaskKind::ComposeMusic, Product::Music(_))
        | (TaskKind::Render, Product::Video(_))
        | (TaskKind::Answer, Product::Answer(_)) => None,
        _ => fault("as something else"),
    }
}

/// Makes the scenes, if nobody has put others in meanwhile, and wants everything for them.
fn land_script(project: &mut Project, (title, description): (String, String), scenes: Vec<ScriptScene>) {
    project.script.status = SlotStatus::Completed;
    project.script.error = None;
    let settings = &mut project.settings;
    for (own, written) in [(&mut settings.title, title), (&mut settings.description, description)] {
        if own.trim().is_empty() {
            *own = written;
        }
    }
    if project.scenes.is_empty() {
        let (id, generation) = (project.id, project.script.generation);
        let scene = |(number, scene): (i32, ScriptScene)| {
            // The id follows from the request, so that nothing here needs randomness.
            let id = Uuid::new_v5(&id, format!("script {generation} scene {number}").as_bytes());
            let mut made = Scene::new(id, number, scene.narration, scene.visual_description);
            if scene.seconds.is_finite() && scene.seconds > 0.0 {
                made.duration_seconds = scene.seconds;
            }
            made
        };
        project.scenes = (1..).zip(scenes).map(scene).collect();
    }
    command::want_everything(project, false);
}

fn land_in_scene(scene: &mut Scene, product: Product) {
    match product {
        Product::Image(asset) => fill(&mut scene.image, asset),
        Product::Clip(asset) => {
            fill(&mut scene.video, asset);
            scene.moving = true;
        }
        Product::Speech { asset, seconds, words } => {
            fill(&mut scene.audio, asset);
            scene.duration_seconds = seconds;
            scene.words_missing = words.is_none();
            scene.word_timings = words.unwrap_or_default();
            if scene.words_missing {
                // The sound is kept; the narration is only complete with its words.
                scene.audio.status = SlotStatus::Pending;
            }
        }
        Product::Words(words) => {
            scene.audio.status = SlotStatus::Completed;
            scene.audio.error = None;
            scene.words_missing = false;
            scene.word_timings = words;
        }
        Product::Script { .. } | Product::Music(_) | Product::Video(_) | Product::Answer(_) => {}
    }
}

pub(super) fn failed(step: &mut Step, target: Target, attempt: i32, failure: Failure, jitter: f64) {
    let retry = retry_wait(failure.class, attempt, jitter);
    let again = retry.is_some();
    let last = Some(told(failure));
    let fail = |slot: &mut Slot| {
        slot.attempts = attempt;
        slot.status = if again { SlotStatus::Queued } else { SlotStatus::Failed };
        slot.error = last.clone().filter(|_| !again);
    };
    match find(&mut step.project, target) {
        Found::Script(project) => {
            fail(&mut project.script);
            step.events.push(Event::Reset);
        }
        Found::Scene(scene, medium) => {
            fail(slot_of(scene, medium));
            step.events.push(scene_event(scene, medium));
            if !again {
                // Clients show the text of a failure only when they read the whole state again.
                step.events.push(Event::Reset);
            }
        }
        Found::Music(slot) => {
            fail(slot);
            step.events.push(music_event(slot));
        }
        Found::Render(project) => {
            if let Some(render) = project.render.as_mut().filter(|_| !again) {
                render.status = RenderStatus::Failed;
                render.error = last;
                step.events.push(render_event(render));
            }
        }
        Found::Stale => {
            step.stale = true;
            return;
        }
    }
    step.retry = retry;
}

/// Clients know by these words that trying again is of no use today.
fn told(failure: Failure) -> String {
    match failure.class {
        FailureClass::Quota if !failure.message.starts_with("Quota exceeded") => format!("Quota exceeded: {}", failure.message),
        _ => failure.message,
    }
}

pub(super) fn hit_budget(step: &mut Step, target: Target, reason: String) {
    match find(&mut step.project, target) {
        Found::Stale => {
            step.stale = true;
            return;
        }
        Found::Script(Project { script: slot, .. }) | Found::Music(slot) => slot.status = SlotStatus::Pending,
        Found::Scene(scene, medium) => slot_of(scene, medium).status = SlotStatus::Pending,
        Found::Render(project) => {
            if let Some(render) = &mut project.render {
                render.status = RenderStatus::Failed;
                render.error = Some(reason.clone());
                step.events.push(render_event(render));
            }
        }
    }
    command::hold_back(&mut step.project);
    step.project.notice = Some(reason);
    step.events.push(Event::Reset);
}

/// What a target means in the project as it is now.
enum Found<'a> {
    Script(&'a mut Project),
    Scene(&'a mut Scene, Medium),
    Music(&'a mut Slot),
    Render(&'a mut Project),
    Stale,
}

fn find(project: &mut Project, target: Target) -> Found<'_> {
    if !project.open_targets().contains(&target) {
        return Found::Stale;
    }
    let medium = match target.kind {
        TaskKind::WriteScript | TaskKind::Answer => return Found::Script(project),
        TaskKind::ComposeMusic => return Found::Music(&mut project.music),
        TaskKind::Render => return Found::Render(project),
        TaskKind::DrawImage => Medium::Image,
        TaskKind::Speak | TaskKind::AlignWords => Medium::Audio,
        TaskKind::Animate => Medium::Video,
    };
    project.scenes.iter_mut().find(|scene| scene.id == target.subject).map_or(Found::Stale, |scene| Found::Scene(scene, medium))
}

fn slot_of(scene: &mut Scene, medium: Medium) -> &mut Slot {
    match medium {
        Medium::Image => &mut scene.image,
        Medium::Audio => &mut scene.audio,
        Medium::Video => &mut scene.video,
        Medium::Sfx => &mut scene.sfx,
    }
}

fn fill(slot: &mut Slot, asset: Asset) {
    slot.status = SlotStatus::Completed;
    slot.asset = Some(asset);
    slot.given = false;
    slot.error = None;
}
