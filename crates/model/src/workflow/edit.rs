//! What the user's changes do to what has been made.

use uuid::Uuid;

use super::{Edit, GivenSpeech, NewTask, Rejection, SceneChange, SceneDraft, Step, request};
use crate::event::Event;
use crate::project::{Asset, Project, Scene, Settings, Slot, SlotStatus, estimated_seconds};
use crate::storyboard::MAX_SCENES;
use crate::task::TaskKind;

pub(super) fn apply(step: &mut Step, edit: Edit) -> Result<(), Rejection> {
    let before = step.project.clone();
    let (project, enqueue) = (&mut step.project, &mut step.enqueue);
    match edit {
        Edit::Settings { settings, remake } => change_settings(project, *settings, remake, enqueue),
        Edit::PutScene { id, number, narration, visual_description, seconds } => {
            put_scene(project, id, number, (narration, visual_description, seconds), enqueue)?;
        }
        Edit::ChangeScene { scene, change } => {
            let position = position(project, scene)?;
            let number = change.number;
            change_scene(&mut project.scenes[position], change, enqueue);
            if let Some(number) = number {
                let moved = project.scenes.remove(position);
                let place = usize::try_from(number.saturating_sub(1)).unwrap_or(0).min(project.scenes.len());
                project.scenes.insert(place, moved);
            }
        }
        Edit::DeleteScene { scene } => {
            let position = position(project, scene)?;
            project.scenes.remove(position);
        }
        Edit::GiveMusic(asset) => give_music(project, asset),
        Edit::ReplaceScenes(drafts) => replace_scenes(project, drafts, enqueue),
    }
    for (index, scene) in project.scenes.iter_mut().enumerate() {
        scene.number = index as i32 + 1;
    }
    if *project != before {
        project.revision += 1;
        step.events.push(Event::Reset);
    }
    Ok(())
}

fn position(project: &Project, scene: Uuid) -> Result<usize, Rejection> {
    project.scenes.iter().position(|candidate| candidate.id == scene).ok_or(Rejection::NoSuchScene)
}

fn change_settings(project: &mut Project, settings: Settings, remake: bool, enqueue: &mut Vec<NewTask>) {
    let old = std::mem::replace(&mut project.settings, settings);
    let new = &project.settings;
    let about = (&old.topic, &old.language, &old.style) != (&new.topic, &new.language, &new.style);
    if about && project.script.status.is_active() {
        let kind = project.script_task();
        request(&mut project.script, kind, project.id, enqueue);
    }
    // Music of the user's own is only silent until music is switched on again.
    if !new.include_music && !project.music.given && project.music.status != SlotStatus::Draft {
        project.music = Slot { generation: project.music.generation + 1, ..Slot::default() };
    }
    if !remake {
        return;
    }
    let asked = |ability| old.choice.of(ability) != new.choice.of(ability);
    let look = (&old.style, &old.title, old.video.size, &old.language) != (&new.style, &new.title, new.video.size, &new.language);
    let look = look || asked("image") || (&old.reference, &old.characters) != (&new.reference, &new.characters);
    let speech = (&old.language, old.speech_speed) != (&new.language, new.speech_speed);
    let vendor = old.speech_vendor != new.speech_vendor || asked("speech");
    let voice = old.voice != new.voice;
    let mood = (&old.music_prompt, &old.style, &old.title) != (&new.music_prompt, &new.style, &new.title);
    let mood = mood || asked("music");
    for scene in &mut project.scenes {
        if look {
            forget_picture(scene, enqueue);
        }
        let speaks_otherwise = match &scene.voice {
            None => speech || vendor || voice,
            Some(own) => speech || (vendor && own.vendor.is_empty()),
        };
        if speaks_otherwise {
            forget_speech(scene, enqueue);
        }
    }
    if mood && !project.music.given {
        discard(&mut project.music, TaskKind::ComposeMusic, project.id, enqueue);
    }
}

fn put_scene(
    project: &mut Project,
    id: Uuid,
    number: i32,
    (narration, visual_description, seconds): (String, String, Option<f64>),
    enqueue: &mut Vec<NewTask>,
) -> Result<(), Rejection> {
    if number < 1 {
        return Err(Rejection::Invalid { field: "scene_number", problem: format!("{number} is not a place from 1") });
    }
    if let Some(scene) = project.scenes.iter_mut().find(|scene| scene.number == number) {
        let change = SceneChange {
            narration: Some(narration),
            visual_description: Some(visual_description),
            seconds,
            ..SceneChange::default()
        };
        change_scene(scene, change, enqueue);
        return Ok(());
    }
    if project.scenes.len() >= MAX_SCENES {
        return Err(Rejection::Invalid { field: "scenes", problem: format!("a project has at most {MAX_SCENES} scenes") });
    }
    let mut scene = Scene::new(id, number, narration, visual_description);
    scene.duration_seconds = seconds.filter(|seconds| seconds.is_finite()).unwrap_or(scene.duration_seconds);
    project.scenes.push(scene);
    Ok(())
}

fn change_scene(scene: &mut Scene, change: SceneChange, enqueue: &mut Vec<NewTask>) {
    if let Some(narration) = change.narration.filter(|narration| *narration != scene.narration) {
        scene.narration = narration;
        forget_speech(scene, enqueue);
    }
    if let Some(description) = change.visual_description.filter(|description| *description != scene.visual_description) {
        scene.visual_description = description;
        forget_picture(scene, enqueue);
    }
    if let Some(voice) = change.voice.filter(|voice| *voice != scene.voice) {
        scene.voice = voice;
        forget_speech(scene, enqueue);
    }
    if let Some(character) = change.character {
        scene.character = character;
    }
    if let Some(seconds) = change.seconds.filter(|seconds| seconds.is_finite())
        && scene.audio.asset.is_none()
    {
        scene.duration_seconds = seconds;
    }
    if let Some(moving) = change.moving {
        scene.moving = moving;
    }
    if let Some(asset) = change.given_image {
        give(&mut scene.image, Some(asset));
        forget_clip(scene);
    }
    if let Some(asset) = change.given_video {
        give(&mut scene.video, Some(asset));
        scene.moving = true;
    }
    if let Some(given) = change.given_speech {
        let GivenSpeech { asset, seconds, words } = *given;
        give(&mut scene.audio, Some(asset));
        scene.words_missing = false;
        scene.word_timings = words;
        scene.duration_seconds = seconds.filter(|seconds| seconds.is_finite()).unwrap_or(scene.duration_seconds);
    }
    if let Some(asset) = change.given_sfx {
        give(&mut scene.sfx, Some(asset));
    }
}

/// Throws away what was made; if it was being waited for, it is asked for again.
fn discard(slot: &mut Slot, kind: TaskKind, subject: Uuid, enqueue: &mut Vec<NewTask>) {
    let wanted = slot.status.is_active();
    let pending = slot.status == SlotStatus::Pending;
    *slot = Slot { generation: slot.generation + 1, ..Slot::default() };
    if wanted {
        request(slot, kind, subject, enqueue);
    } else if pending {
        slot.status = SlotStatus::Pending;
    }
}

/// Throws the picture away, unless the user gave it, and the clip that was made from it.
fn forget_picture(scene: &mut Scene, enqueue: &mut Vec<NewTask>) {
    if !scene.image.given {
        discard(&mut scene.image, TaskKind::DrawImage, scene.id, enqueue);
        forget_clip(scene);
    }
}

/// A made clip shows the old picture; if it was being waited for, it waits for the new one.
fn forget_clip(scene: &mut Scene) {
    if scene.video.given || scene.video.status == SlotStatus::Draft {
        return;
    }
    let wanted = scene.video.status.is_active() || scene.video.status == SlotStatus::Pending;
    let status = if wanted { SlotStatus::Pending } else { SlotStatus::Draft };
    scene.video = Slot { status, generation: scene.video.generation + 1, ..Slot::default() };
    scene.moving = false;
}

fn forget_speech(scene: &mut Scene, enqueue: &mut Vec<NewTask>) {
    scene.words_missing = false;
    discard(&mut scene.audio, TaskKind::Speak, scene.id, enqueue);
    scene.word_timings.clear();
    scene.duration_seconds = estimated_seconds(&scene.narration);
}

fn give_music(project: &mut Project, asset: Option<Asset>) {
    project.settings.include_music |= asset.is_some();
    give(&mut project.music, asset);
}

/// Puts the user's own medium in, or takes it out again.
fn give(slot: &mut Slot, asset: Option<Asset>) {
    let same = slot.given && slot.asset.as_ref().map(|asset| &asset.key) == asset.as_ref().map(|asset| &asset.key);
    if same || (asset.is_none() && !slot.given) {
        return;
    }
    let status = if asset.is_some() { SlotStatus::Completed } else { SlotStatus::Draft };
    *slot = Slot { status, generation: slot.generation + 1, given: asset.is_some(), asset, ..Slot::default() };
}

/// Keeps unchanged scenes with all that was made for them, wherever they stand now; of the others, the scene that stood
/// in the same place is changed rather than replaced.
fn replace_scenes(project: &mut Project, drafts: Vec<SceneDraft>, enqueue: &mut Vec<NewTask>) {
    let mut old: Vec<Option<Scene>> = std::mem::take(&mut project.scenes).into_iter().map(Some).collect();
    let unchanged = |scene: &Scene, draft: &SceneDraft| {
        scene.narration == draft.narration && scene.visual_description == draft.visual_description
    };
    let kept: Vec<Option<Scene>> = drafts
        .iter()
        .enumerate()
        .map(|(index, draft)| {
            let here = old.get(index).is_some_and(|scene| scene.as_ref().is_some_and(|scene| unchanged(scene, draft)));
            let place = if here {
                Some(index)
            } else {
                old.iter().position(|scene| scene.as_ref().is_some_and(|scene| unchanged(scene, draft)))
            };
            place.and_then(|place| old[place].take())
        })
        .collect();
    for (index, (draft, kept)) in drafts.into_iter().zip(kept).enumerate() {
        let scene = kept.or_else(|| old.get_mut(index).and_then(Option::take));
        let mut scene = scene.unwrap_or_else(|| {
            let scene = Scene::new(draft.id, 0, draft.narration.clone(), draft.visual_description.clone());
            Scene { voice: draft.voice.clone(), ..scene }
        });
        let change = SceneChange {
            narration: Some(draft.narration),
            visual_description: Some(draft.visual_description),
            character: Some(draft.character),
            voice: Some(draft.voice),
            ..SceneChange::default()
        };
        change_scene(&mut scene, change, enqueue);
        give(&mut scene.image, draft.image);
        scene.moving = draft.video.is_some();
        scene.look = draft.look;
        give(&mut scene.video, draft.video);
        project.scenes.push(scene);
    }
}
