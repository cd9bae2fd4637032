//! What the user's commands do. They mark what is wanted; the tasks for it are made when the input is settled.

use std::sync::Arc;

use uuid::Uuid;

use super::{Command, Rejection, Step, music_event, render_event, request, scene_event};
use crate::event::{Event, Medium};
use crate::project::{Project, ProjectStatus, Render, RenderStatus, Scene, Slot, SlotStatus};
use crate::storyboard::Storyboard;
use crate::task::TaskKind;

/// The error that a cancelled slot shows.
pub(crate) const CANCELLED: &str = "Cancelled.";

pub(super) fn apply(step: &mut Step, command: Command) -> Result<(), Rejection> {
    match command {
        Command::GenerateAll { force } => generate_all(step, force),
        Command::GenerateImages { force } => generate(step, |project| want_images(project, force)),
        Command::GenerateAudio { force } => generate(step, |project| want_narrations(project, force)),
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
        Command::Resume => resume(step),
        Command::SkipScene { scene } => skip_scene(step, scene),
        Command::Render { id, when_ready } => render(step, id, when_ready),
        Command::RenderStoryboard { id, storyboard } => {
            begin_render(step, id, Some(storyboard));
            Ok(())
        }
    }
}

/// What is being made already is left alone, so that a command sent twice has the effect of one.
fn generate(step: &mut Step, want: impl FnOnce(&mut Project)) -> Result<(), Rejection> {
    if step.project.scenes.is_empty() {
        return Err(Rejection::NoScenes);
    }
    want(&mut step.project);
    step.project.status = ProjectStatus::Generating;
    step.events.push(Event::Reset);
    Ok(())
}

/// Without scenes the script is written (or the question answered) first; the rest is asked for when it lands.
fn generate_all(step: &mut Step, force: bool) -> Result<(), Rejection> {
    let project = &mut step.project;
    let about = project.question.is_some() || !project.settings.topic.trim().is_empty();
    if !project.scenes.is_empty() || !about {
        return generate(step, |project| want_everything(project, force));
    }
    let script = &mut project.script;
    if script.status == SlotStatus::Completed {
        // Its scenes have been deleted, so the same script again is not what is wanted.
        script.take += 1;
        script.status = SlotStatus::Draft;
    }
    want(script, false);
    project.status = ProjectStatus::Generating;
    step.events.push(Event::Reset);
    Ok(())
}

/// Wants all that is missing; with `force` everything but clips anew, except what the user gave.
pub(super) fn want_everything(project: &mut Project, force: bool) {
    for scene in &mut project.scenes {
        // A clip is only made because somebody asked for it by name; one that failed is still missing.
        if scene.video.status == SlotStatus::Failed {
            want(&mut scene.video, false);
        }
    }
    want_images(project, force);
    want_narrations(project, force);
    if project.settings.include_music {
        want(&mut project.music, force);
    }
}

fn want_images(project: &mut Project, force: bool) {
    for scene in &mut project.scenes {
        // Nobody misses a picture behind a clip, unless it was asked for and failed.
        let shown_by_clip = scene.moving && scene.video.status == SlotStatus::Completed;
        if !shown_by_clip || scene.image.status == SlotStatus::Failed {
            want(&mut scene.image, force);
        }
    }
}

fn want_narrations(project: &mut Project, force: bool) {
    for scene in &mut project.scenes {
        want_narration(scene, force);
    }
}

fn want_narration(scene: &mut Scene, force: bool) {
    if force {
        drop_wordless(scene);
    }
    want(&mut scene.audio, force);
}

/// Another narration is wanted than the one whose words could not be found.
fn drop_wordless(scene: &mut Scene) {
    if scene.words_missing && matches!(scene.audio.status, SlotStatus::Failed | SlotStatus::Skipped) {
        scene.words_missing = false;
        scene.audio.asset = None;
        scene.audio.take += 1;
    }
}

fn want(slot: &mut Slot, force: bool) {
    let missing = matches!(slot.status, SlotStatus::Draft | SlotStatus::Failed);
    let another = force && slot.status == SlotStatus::Completed && !slot.given;
    let after_all = force && slot.status == SlotStatus::Skipped;
    if another {
        slot.take += 1;
    }
    if missing || another || after_all {
        slot.status = SlotStatus::Pending;
        slot.attempts = 0;
        slot.error = None;
    }
}

fn generate_one(step: &mut Step, id: Uuid, medium: Medium, force: bool) -> Result<(), Rejection> {
    let position = position(&step.project, id)?;
    let scene = &mut step.project.scenes[position];
    let slot = match medium {
        Medium::Image => &mut scene.image,
        Medium::Audio => {
            if force {
                drop_wordless(scene);
            }
            &mut scene.audio
        }
        Medium::Video => &mut scene.video,
        Medium::Sfx => return Err(Rejection::Unavailable("sound effects can't be made here; give the scene one of your own")),
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
    match medium {
        Medium::Video => ask_for_clip(scene, &mut step.enqueue, &mut step.events),
        Medium::Audio => {
            let kind = scene.speech_task();
            request(&mut scene.audio, kind, id, &mut step.enqueue);
        }
        Medium::Image | Medium::Sfx => request(&mut scene.image, TaskKind::DrawImage, id, &mut step.enqueue),
    }
    step.events.push(scene_event(scene, medium));
    begin(&mut step.project);
    Ok(())
}

/// A clip needs the scene's picture: it waits while the picture is being made, and asks for it if nobody has.
fn ask_for_clip(scene: &mut Scene, enqueue: &mut Vec<super::NewTask>, events: &mut Vec<Event>) {
    let picture_comes = scene.image.status.is_active();
    if scene.image.asset.is_some() && !picture_comes {
        request(&mut scene.video, TaskKind::Animate, scene.id, enqueue);
        return;
    }
    scene.video.status = SlotStatus::Pending;
    scene.video.attempts = 0;
    scene.video.error = None;
    if !picture_comes {
        request(&mut scene.image, TaskKind::DrawImage, scene.id, enqueue);
        events.push(scene_event(scene, Medium::Image));
    }
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
        music.given = false;
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
    for slot in project.slots_mut() {
        if slot.status.is_active() || slot.status == SlotStatus::Pending {
            give_up(slot);
            stopped = true;
        }
    }
    for scene in &mut project.scenes {
        // A sound without word times is not a finished narration.
        if scene.words_missing && scene.audio.status == SlotStatus::Completed {
            scene.audio.status = SlotStatus::Failed;
            scene.audio.error = Some(CANCELLED.to_owned());
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
    if step.project.status == ProjectStatus::Generating {
        hold_back(&mut step.project);
        step.events.push(Event::Reset);
    }
}

/// Pauses the project. What is between two tries has been begun and may have been paid for, so it stays with its task.
pub(super) fn hold_back(project: &mut Project) {
    for slot in project.slots_mut() {
        if slot.status == SlotStatus::Queued && slot.attempts == 0 {
            slot.status = SlotStatus::Pending;
            slot.generation += 1;
        }
    }
    project.status = ProjectStatus::Paused;
}

/// Goes on where it stood: what waits and what failed is asked for, nothing that nobody wanted before.
fn resume(step: &mut Step) -> Result<(), Rejection> {
    let project = &mut step.project;
    if project.status == ProjectStatus::Draft {
        return generate_all(step, false);
    }
    let written = matches!(project.script.status, SlotStatus::Draft | SlotStatus::Completed);
    if project.scenes.is_empty() && written {
        return Err(Rejection::NoScenes);
    }
    for slot in project.slots_mut().filter(|slot| slot.status == SlotStatus::Failed) {
        want(slot, false);
    }
    project.status = ProjectStatus::Generating;
    step.events.push(Event::Reset);
    Ok(())
}

fn skip_scene(step: &mut Step, scene: Option<Uuid>) -> Result<(), Rejection> {
    let project = &mut step.project;
    let first = |is: fn(SlotStatus) -> bool| {
        project.scenes.iter().position(|scene| [&scene.image, &scene.audio, &scene.video].iter().any(|slot| is(slot.status)))
    };
    let position = match scene {
        Some(id) => position(project, id)?,
        None => first(|status| status == SlotStatus::Failed)
            .or_else(|| first(|status| status.is_active() || status == SlotStatus::Pending))
            .ok_or(Rejection::NothingToSkip)?,
    };
    let scene = &mut project.scenes[position];
    skip(&mut scene.image, true);
    skip(&mut scene.audio, !scene.words_missing);
    if scene.video.status != SlotStatus::Draft {
        skip(&mut scene.video, true);
    }
    if project.status == ProjectStatus::Failed {
        // Perhaps that was all that was wrong.
        project.status = ProjectStatus::Generating;
    }
    step.events.push(Event::Reset);
    Ok(())
}

/// Does without what is not there; an older version that is there stays.
fn skip(slot: &mut Slot, whole: bool) {
    if matches!(slot.status, SlotStatus::Completed | SlotStatus::Skipped) {
        return;
    }
    slot.generation += 1;
    slot.attempts = 0;
    slot.error = None;
    slot.status = if slot.asset.is_some() && whole { SlotStatus::Completed } else { SlotStatus::Skipped };
}

fn render(step: &mut Step, id: Uuid, when_ready: bool) -> Result<(), Rejection> {
    let project = &mut step.project;
    let scenes_come = project.script.status.is_active() || project.script.status == SlotStatus::Pending;
    if project.scenes.is_empty() && !(when_ready && scenes_come) {
        return Err(Rejection::NoScenes);
    }
    if !when_ready {
        let missing = project.missing_for_render();
        if !missing.is_empty() {
            return Err(Rejection::NotReady(missing));
        }
    }
    begin_render(step, id, None);
    Ok(())
}

/// A new render takes the place of one that shows something else.
fn begin_render(step: &mut Step, id: Uuid, storyboard: Option<Arc<Storyboard>>) {
    let project = &mut step.project;
    if let Some(active) = project.render.as_mut().filter(|render| !render.status.is_final()) {
        let up_to_date = storyboard.is_some() || active.revision == project.revision || active.status == RenderStatus::Waiting;
        if active.storyboard == storyboard && up_to_date {
            // The same video is on its way already; asking twice must not render twice.
            return;
        }
        active.status = RenderStatus::Cancelled;
        step.events.push(render_event(active));
    }
    let (status, revision) = (RenderStatus::Waiting, project.revision);
    let render = Render { id, status, progress: 0.0, error: None, output: None, revision, storyboard };
    step.events.push(render_event(&render));
    project.render = Some(render);
}

fn position(project: &Project, scene: Uuid) -> Result<usize, Rejection> {
    project.scenes.iter().position(|candidate| candidate.id == scene).ok_or(Rejection::NoSuchScene)
}
