//! What the user's commands do.

use uuid::Uuid;

use super::{Command, NewTask, Rejection, Step, music_event, render_event, request, scene_event};
use crate::event::{Event, Medium};
use crate::project::{Project, ProjectStatus, Render, RenderStatus, Slot, SlotStatus};
use crate::task::TaskKind;

/// The error that a cancelled slot shows.
const CANCELLED: &str = "Cancelled.";

pub(super) fn apply(step: &mut Step, command: Command) -> Result<(), Rejection> {
    match command {
        Command::GenerateAll { force } => generate(step, force, |_| true),
        Command::GenerateImages { force } => generate(step, force, |kind| kind == TaskKind::DrawImage),
        Command::GenerateAudio { force } => generate(step, force, |kind| kind == TaskKind::Speak),
        Command::Resume => generate(step, false, |_| true),
        Command::Generate { scene, medium, force } => generate_one(step, scene, medium, force),
        Command::GenerateMusic => generate_music(step),
        Command::Cancel => {
            cancel(step);
            Ok(())
        }
        Command::Pause => {
            pause(step);
            Ok(())
        }
        Command::SkipScene { scene: _ } => Err(Rejection::NothingToSkip),
        Command::Render { id, when_ready } => render(step, id, when_ready),
    }
}

/// Asks for every wanted slot that is not there; what is being made already is left alone, so that a command sent twice
/// has the effect of one.
fn generate(step: &mut Step, force: bool, wanted: impl Fn(TaskKind) -> bool) -> Result<(), Rejection> {
    let Project { id, settings, scenes, music, status, .. } = &mut step.project;
    if scenes.is_empty() {
        return Err(Rejection::NoScenes);
    }
    for scene in scenes {
        if wanted(TaskKind::DrawImage) {
            let shown_by_clip = scene.moving && scene.video.asset.is_some();
            if !shown_by_clip {
                want(&mut scene.image, TaskKind::DrawImage, scene.id, force, &mut step.enqueue);
            }
        }
        if wanted(TaskKind::Speak) {
            want(&mut scene.audio, TaskKind::Speak, scene.id, force, &mut step.enqueue);
        }
    }
    if settings.include_music && wanted(TaskKind::ComposeMusic) {
        want(music, TaskKind::ComposeMusic, *id, force, &mut step.enqueue);
    }
    *status = ProjectStatus::Generating;
    step.events.push(Event::Reset);
    Ok(())
}

fn want(slot: &mut Slot, kind: TaskKind, subject: Uuid, force: bool, enqueue: &mut Vec<NewTask>) {
    let missing = matches!(slot.status, SlotStatus::Draft | SlotStatus::Pending | SlotStatus::Failed);
    let again = force && slot.status == SlotStatus::Completed && !slot.given;
    if again {
        slot.take += 1;
    }
    if missing || again {
        request(slot, kind, subject, enqueue);
    }
}

fn generate_one(step: &mut Step, scene: Uuid, medium: Medium, force: bool) -> Result<(), Rejection> {
    let scene = step.project.scenes.iter_mut().find(|candidate| candidate.id == scene).ok_or(Rejection::NoSuchScene)?;
    let (slot, kind) = match medium {
        Medium::Image => (&mut scene.image, TaskKind::DrawImage),
        Medium::Audio => (&mut scene.audio, TaskKind::Speak),
        Medium::Sfx => return Err(Rejection::Unavailable("sound effects can't be made here; give the scene one of your own")),
        Medium::Video => return Err(Rejection::Unavailable("no vendor for clips is configured")),
    };
    if slot.status.is_active() {
        return Ok(());
    }
    if slot.status == SlotStatus::Completed {
        if !force {
            return Ok(());
        }
        slot.take += 1;
        slot.given = false;
    }
    request(slot, kind, scene.id, &mut step.enqueue);
    step.events.push(scene_event(scene, medium));
    begin(&mut step.project);
    Ok(())
}

fn generate_music(step: &mut Step) -> Result<(), Rejection> {
    let Project { id, settings, music, .. } = &mut step.project;
    if !settings.include_music {
        let problem = "the project has no music; switch include_music on first".to_owned();
        return Err(Rejection::Invalid { field: "include_music", problem });
    }
    if music.status.is_active() {
        return Ok(());
    }
    if music.status == SlotStatus::Completed {
        music.take += 1;
    }
    request(music, TaskKind::ComposeMusic, *id, &mut step.enqueue);
    step.events.push(music_event(music));
    begin(&mut step.project);
    Ok(())
}

/// A single request makes the project generate, but does not end a pause.
fn begin(project: &mut Project) {
    if project.status != ProjectStatus::Paused {
        project.status = ProjectStatus::Generating;
    }
}

fn cancel(step: &mut Step) {
    let project = &mut step.project;
    let mut stopped = matches!(project.status, ProjectStatus::Generating | ProjectStatus::Paused);
    let scenes = project.scenes.iter_mut().flat_map(|scene| [&mut scene.image, &mut scene.audio]);
    for slot in scenes.chain(std::iter::once(&mut project.music)) {
        if slot.status.is_active() || slot.status == SlotStatus::Pending {
            give_up(slot);
            stopped = true;
        }
    }
    if let Some(render) = project.render.as_mut().filter(|render| !render.status.is_final()) {
        render.status = RenderStatus::Cancelled;
        step.events.push(render_event(render));
    }
    if stopped {
        project.status = ProjectStatus::Failed;
        step.events.push(Event::Reset);
    }
}

/// What was there before the request stays there.
fn give_up(slot: &mut Slot) {
    slot.generation += 1;
    if slot.asset.is_some() {
        slot.status = SlotStatus::Completed;
    } else {
        slot.status = SlotStatus::Failed;
        slot.error = Some(CANCELLED.to_owned());
    }
}

fn pause(step: &mut Step) {
    let project = &mut step.project;
    if project.status != ProjectStatus::Generating {
        return;
    }
    let scenes = project.scenes.iter_mut().flat_map(|scene| [&mut scene.image, &mut scene.audio]);
    for slot in scenes.chain(std::iter::once(&mut project.music)) {
        if slot.status == SlotStatus::Queued {
            slot.status = SlotStatus::Pending;
            slot.generation += 1;
        }
    }
    project.status = ProjectStatus::Paused;
    step.events.push(Event::Reset);
}

fn render(step: &mut Step, id: Uuid, when_ready: bool) -> Result<(), Rejection> {
    let project = &mut step.project;
    if project.scenes.is_empty() {
        return Err(Rejection::NoScenes);
    }
    if !when_ready {
        let missing = project.missing_for_render();
        if !missing.is_empty() {
            return Err(Rejection::NotReady(missing));
        }
    }
    if let Some(active) = project.render.as_mut().filter(|render| !render.status.is_final()) {
        // The same video is on its way already; asking twice must not render twice.
        if active.revision == project.revision || active.status == RenderStatus::Waiting {
            return Ok(());
        }
        active.status = RenderStatus::Cancelled;
        step.events.push(render_event(active));
    }
    let render =
        Render { id, status: RenderStatus::Waiting, progress: 0.0, error: None, output: None, revision: project.revision };
    step.events.push(render_event(&render));
    project.render = Some(render);
    Ok(())
}
