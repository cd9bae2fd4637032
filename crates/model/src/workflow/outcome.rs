//! What workers report. A report about a request that is no longer wanted changes nothing.

use super::{Step, music_event, render_event, scene_event};
use crate::event::{Event, Medium};
use crate::project::{Asset, Project, RenderStatus, Scene, Slot, SlotStatus};
use crate::task::{Failure, Product, Target, TaskKind, retry_wait};

pub(super) fn started(step: &mut Step, target: Target) {
    match find(&mut step.project, target) {
        Found::Scene(scene, medium) => {
            slot_of(scene, medium).status = SlotStatus::Processing;
            step.events.push(scene_event(scene, medium));
        }
        Found::Music(slot) => {
            slot.status = SlotStatus::Processing;
            step.events.push(music_event(slot));
        }
        Found::Render(project) => {
            let revision = project.revision;
            if let Some(render) = &mut project.render {
                render.status = RenderStatus::Rendering;
                // What is rendered is the project as it is now, not as it was when the render was asked for.
                render.revision = revision;
                step.events.push(render_event(render));
            }
        }
        Found::Stale => step.stale = true,
    }
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
    match (find(&mut step.project, target), product) {
        (Found::Scene(scene, Medium::Image), Product::Image(asset)) => {
            fill(&mut scene.image, asset);
            step.events.push(scene_event(scene, Medium::Image));
        }
        (Found::Scene(scene, Medium::Audio), Product::Speech { asset, seconds, words }) => {
            fill(&mut scene.audio, asset);
            scene.duration_seconds = seconds;
            scene.word_timings = words.unwrap_or_default();
            step.events.push(scene_event(scene, Medium::Audio));
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

pub(super) fn hit_budget(step: &mut Step, _target: Target, _reason: String) {
    step.stale = true;
}

pub(super) fn failed(step: &mut Step, target: Target, attempt: i32, failure: Failure, jitter: f64) {
    step.retry = retry_wait(failure.class, attempt, jitter);
    let again = step.retry.is_some();
    let last = Some(failure.message);
    let fail = |slot: &mut Slot| {
        slot.attempts = attempt;
        slot.status = if again { SlotStatus::Queued } else { SlotStatus::Failed };
        slot.error = last.clone().filter(|_| !again);
    };
    match find(&mut step.project, target) {
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
            if let Some(render) = &mut project.render {
                render.status = if again { RenderStatus::Queued } else { RenderStatus::Failed };
                render.error = last.filter(|_| !again);
                step.events.push(render_event(render));
            }
        }
        Found::Stale => {
            step.retry = None;
            step.stale = true;
        }
    }
}

/// What a target means in the project as it is now.
enum Found<'a> {
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
        TaskKind::WriteScript => return Found::Stale,
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
