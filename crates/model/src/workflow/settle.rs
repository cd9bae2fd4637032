//! The conclusions that hold after any input: which waiting things get a task, whether the project is done, and whether a
//! waiting render can begin.

use super::{NewTask, Step, priority, render_event, request, scene_event};
use crate::event::{Event, Medium};
use crate::project::{Project, ProjectStatus, RenderStatus, Scene, SlotStatus};
use crate::task::{Target, TaskKind};

/// Why a clip can't be made.
const NO_PICTURE: &str = "A clip is made from the scene's picture, and there is none.";

pub(super) fn settle(step: &mut Step) {
    if step.project.status == ProjectStatus::Generating {
        ask_for_what_waits(step);
    }
    let project = &mut step.project;
    let busy = project.slots().any(|(_, _, slot)| slot.status.is_active() || slot.status == SlotStatus::Pending);
    if project.status == ProjectStatus::Generating && !busy {
        let failed = project.slots().any(|(_, _, slot)| slot.status == SlotStatus::Failed);
        project.status = if failed { ProjectStatus::Failed } else { ProjectStatus::Completed };
    }
    let paused = project.status == ProjectStatus::Paused;
    if !paused {
        project.notice = None;
    }
    let of_its_own = project.render.as_ref().is_some_and(|render| render.storyboard.is_some());
    if of_its_own || !(paused || busy) {
        settle_render(step);
    }
}

/// Only a pause holds things back: in a project that is generating each gets its task, except clips whose picture is being
/// made. So such a project always has something at work, and ends when nothing is left.
fn ask_for_what_waits(step: &mut Step) {
    let Step { project, enqueue, events, .. } = step;
    let kind = project.script_task();
    let Project { id, script, scenes, music, settings, .. } = project;
    if script.status == SlotStatus::Pending {
        if scenes.is_empty() {
            request(script, kind, *id, enqueue);
        } else {
            // Somebody has put scenes in since: there is nothing left to write.
            script.status = SlotStatus::Draft;
        }
    }
    // Whoever reads the whole state again needs no word about each part.
    let told = events.contains(&Event::Reset);
    for scene in scenes {
        let before = [scene.image.status, scene.audio.status, scene.video.status];
        ask_for_scene(scene, enqueue);
        let after = [scene.image.status, scene.audio.status, scene.video.status];
        for (medium, (before, after)) in [Medium::Image, Medium::Audio, Medium::Video].into_iter().zip(before.iter().zip(&after))
        {
            if before != after && !told {
                events.push(scene_event(scene, medium));
            }
        }
    }
    if music.status == SlotStatus::Pending && settings.include_music {
        request(music, TaskKind::ComposeMusic, *id, enqueue);
    }
}

fn ask_for_scene(scene: &mut Scene, enqueue: &mut Vec<NewTask>) {
    if scene.video.status == SlotStatus::Pending && scene.image.asset.is_none() && scene.image.status == SlotStatus::Draft {
        scene.image.status = SlotStatus::Pending;
    }
    if scene.image.status == SlotStatus::Pending {
        request(&mut scene.image, TaskKind::DrawImage, scene.id, enqueue);
    }
    if scene.audio.status == SlotStatus::Pending {
        let kind = scene.speech_task();
        request(&mut scene.audio, kind, scene.id, enqueue);
    }
    if scene.video.status == SlotStatus::Pending && !scene.image.status.is_active() {
        if scene.image.asset.is_some() {
            request(&mut scene.video, TaskKind::Animate, scene.id, enqueue);
        } else {
            scene.video.status = SlotStatus::Failed;
            scene.video.error = Some(NO_PICTURE.to_owned());
        }
    }
}

fn settle_render(step: &mut Step) {
    let project = &mut step.project;
    let of_project = project.missing_for_render();
    let Some(render) = project.render.as_mut().filter(|render| render.status == RenderStatus::Waiting) else { return };
    let missing = if render.storyboard.is_some() { Vec::new() } else { of_project };
    if missing.is_empty() {
        render.status = RenderStatus::Queued;
        render.revision = project.revision;
        step.enqueue.push(NewTask { target: Target::of_render(render.id), priority: priority(TaskKind::Render) });
    } else {
        render.status = RenderStatus::Failed;
        render.error = Some(missing.join("; "));
    }
    let event = render_event(render);
    step.events.push(event);
}
