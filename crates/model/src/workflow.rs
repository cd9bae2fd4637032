//! The workflow state machine: `transition(project, input, id) → new project + tasks + events`.
//!
//! It is pure and total: an impossible input is a [`Rejection`], a late result is a [`Step`] that changes nothing. The
//! store is its only caller that writes, and does so in one database transaction.

mod command;
mod edit;
mod outcome;
mod settle;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::caption::WordTiming;
use crate::character::Voice;
use crate::event::{Event, Medium};
use crate::project::{Asset, Project, Render, RenderStatus, Scene, Settings, Slot, SlotStatus};
use crate::storyboard::{SceneLook, Storyboard};
use crate::task::{Failure, Product, Target, TaskKind};

pub(crate) use command::CANCELLED;

/// Everything that can happen to a project.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "there is one at a time, and it is not kept")]
pub enum Input {
    /// The user wants something made or stopped.
    Command(Command),
    /// The user changed something.
    Edit(Edit),
    /// A worker took the task up.
    Started(Target),
    /// A render got on: 0 to 1.
    Progressed(Target, f64),
    /// A task is done.
    Finished(Target, Product),
    /// A task failed in its `attempt`-th try (from 1); `jitter` (0 to 1) spreads the next one.
    Failed {
        /// Whose task.
        target: Target,
        /// From 1.
        attempt: i32,
        /// Why.
        failure: Failure,
        /// 0 to 1.
        jitter: f64,
    },
    /// Money for a task has run out: it and all that waits stays wanted, and the project is paused.
    HitBudget {
        /// Whose task.
        target: Target,
        /// A sentence for the user.
        reason: String,
    },
}

/// What a user can ask for.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Makes all that is missing; with `force` everything anew, except what the user gave.
    GenerateAll {
        /// Make everything anew.
        force: bool,
    },
    /// The same for pictures only.
    GenerateImages {
        /// Make everything anew.
        force: bool,
    },
    /// The same for narrations only.
    GenerateAudio {
        /// Make everything anew.
        force: bool,
    },
    /// Makes one medium of one scene; with `force` another version of it, even if the user gave it.
    Generate {
        /// Which scene.
        scene: Uuid,
        /// Which of its media.
        medium: Medium,
        /// Another version.
        force: bool,
    },
    /// Makes the music, another version if it is there.
    GenerateMusic,
    /// Stops and gives up what is not done.
    Cancel,
    /// Lets running tasks finish and holds the others back.
    Pause,
    /// Goes on after a pause, a failure or a cancel.
    Resume,
    /// Does without what a scene lacks: without a scene the first that failed, else the first that is at work.
    SkipScene {
        /// Which scene.
        scene: Option<Uuid>,
    },
    /// Renders the project.
    Render {
        /// Identity of the render, if a new one begins.
        id: Uuid,
        /// Wait for what is being made; otherwise all must be there.
        when_ready: bool,
    },
    /// Renders a storyboard of the user's own for the project. It needs nothing of the project, and waits for nothing.
    RenderStoryboard {
        /// Identity of the render, if a new one begins.
        id: Uuid,
        /// Its media are object keys that the project's owner may use; it has passed [`Storyboard::check`].
        storyboard: Arc<Storyboard>,
    },
}

/// What a user can change.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "there is one at a time, and it is not kept")]
pub enum Edit {
    /// New settings as a whole. With `remake`, everything they shape is made anew.
    Settings {
        /// All settings.
        settings: Box<Settings>,
        /// Reset what the changed settings shape.
        remake: bool,
    },
    /// Sets the texts of the scene with that number, or adds it.
    PutScene {
        /// Identity, if the scene is new.
        id: Uuid,
        /// Place, from 1; beyond the end it is added at the end.
        number: i32,
        /// What is said.
        narration: String,
        /// What the picture shows.
        visual_description: String,
        /// Length in seconds until the narration is spoken.
        seconds: Option<f64>,
    },
    /// Changes one scene.
    ChangeScene {
        /// Which scene.
        scene: Uuid,
        /// What changes.
        change: SceneChange,
    },
    /// Removes a scene; later ones move up.
    DeleteScene {
        /// Which scene.
        scene: Uuid,
    },
    /// Puts the user's own music in, and switches music on; `None` takes it out again, and leaves music that was made.
    GiveMusic(Option<Asset>),
    /// Makes the scenes be these, keeping all that has been made for unchanged ones.
    ReplaceScenes(Vec<SceneDraft>),
}

/// Changes of one scene; `None` leaves as is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SceneChange {
    /// What is said.
    pub narration: Option<String>,
    /// What the picture shows.
    pub visual_description: Option<String>,
    /// Length until the narration is spoken, in seconds.
    pub seconds: Option<f64>,
    /// New place, from 1.
    pub number: Option<i32>,
    /// Whether the clip is shown rather than the still.
    pub moving: Option<bool>,
    /// A picture of the user's own.
    pub given_image: Option<Asset>,
    /// A clip of the user's own; it is shown.
    pub given_video: Option<Asset>,
    /// A narration of the user's own.
    pub given_speech: Option<Box<GivenSpeech>>,
    /// A sound effect of the user's own.
    pub given_sfx: Option<Asset>,
    /// Whose scene it is; `Some(None)` is nobody's.
    pub character: Option<Option<Uuid>>,
    /// Who speaks in it; `Some(None)` is the project's voice.
    pub voice: Option<Option<Voice>>,
}

/// A narration of the user's own.
#[derive(Debug, Clone, PartialEq)]
pub struct GivenSpeech {
    /// Its sound.
    pub asset: Asset,
    /// Its length, if it is known.
    pub seconds: Option<f64>,
    /// When each word is heard; empty where nobody knows.
    pub words: Vec<WordTiming>,
}

/// A scene as a script has it.
#[derive(Debug, Clone, PartialEq)]
pub struct SceneDraft {
    /// Identity, if the scene turns out to be new.
    pub id: Uuid,
    /// What is said.
    pub narration: String,
    /// What the picture shows.
    pub visual_description: String,
    /// The user's own picture.
    pub image: Option<Asset>,
    /// The user's own clip.
    pub video: Option<Asset>,
    /// How it looks, where it differs from the other scenes.
    pub look: SceneLook,
    /// Whose scene it is.
    pub character: Option<Uuid>,
    /// Who speaks in it, where that is not the project's voice.
    pub voice: Option<Voice>,
}

/// A task to put in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewTask {
    /// What for.
    pub target: Target,
    /// Higher goes first.
    pub priority: i32,
}

/// What follows from an input.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The project afterwards.
    pub project: Project,
    /// Tasks to put in the queue.
    pub enqueue: Vec<NewTask>,
    /// Set when a failed task is to be tried again, after this wait.
    pub retry: Option<Duration>,
    /// What happened, in order.
    pub events: Vec<Event>,
    /// The input spoke of a request that is no longer wanted; nothing changed.
    pub stale: bool,
}

/// Why an input can't be taken. The sentences are for the user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The project has no such scene.
    #[error("the project has no such scene")]
    NoSuchScene,
    /// There is nothing to generate.
    #[error("the project has no scene; add one first")]
    NoScenes,
    /// There is no scene to skip.
    #[error("no scene has failed or is at work; name the scene to skip")]
    NothingToSkip,
    /// A render was asked for, but something is missing.
    #[error("the project can't be rendered yet: {}; send generate_all first", .0.join("; "))]
    NotReady(Vec<String>),
    /// Something no configured vendor can do.
    #[error("{0}")]
    Unavailable(&'static str),
    /// A value that can't be.
    #[error("{field}: {problem}")]
    Invalid {
        /// Which field.
        field: &'static str,
        /// A plain sentence.
        problem: String,
    },
}

/// Applies one input.
pub fn transition(project: &Project, input: Input) -> Result<Step, Rejection> {
    let mut step = Step { project: project.clone(), enqueue: Vec::new(), retry: None, events: Vec::new(), stale: false };
    match input {
        Input::Command(command) => command::apply(&mut step, command)?,
        Input::Edit(edit) => edit::apply(&mut step, edit)?,
        Input::Started(target) => outcome::started(&mut step, target),
        Input::Progressed(target, fraction) => outcome::progressed(&mut step, target, fraction),
        Input::Finished(target, product) => outcome::finished(&mut step, target, product),
        Input::HitBudget { target, reason } => outcome::hit_budget(&mut step, target, reason),
        Input::Failed { target, attempt, failure, jitter } => outcome::failed(&mut step, target, attempt, failure, jitter),
    }
    if !step.stale {
        settle::settle(&mut step);
    }
    if step.project.status != project.status {
        step.events.push(Event::Project { status: step.project.status });
    }
    Ok(step)
}

impl Project {
    /// The requests that a task should be serving now. Open tasks with any other target are to be cancelled.
    pub fn open_targets(&self) -> Vec<Target> {
        let mut open = Vec::new();
        let mut slot = |kind, subject, slot: &Slot| {
            if slot.status.is_active() {
                open.push(Target { kind, subject, generation: slot.generation });
            }
        };
        for scene in &self.scenes {
            slot(TaskKind::DrawImage, scene.id, &scene.image);
            slot(scene.speech_task(), scene.id, &scene.audio);
            slot(TaskKind::Animate, scene.id, &scene.video);
        }
        slot(self.script_task(), self.id, &self.script);
        slot(TaskKind::ComposeMusic, self.id, &self.music);
        if let Some(render) = &self.render
            && matches!(render.status, RenderStatus::Queued | RenderStatus::Rendering)
        {
            open.push(Target::of_render(render.id));
        }
        open
    }

    /// Each slot that decides whether the project is done, with its scene (`None` for the script and the music) and kind.
    ///
    /// The script counts only while there are no scenes: whoever has put scenes in does not need it any more.
    pub(crate) fn slots(&self) -> impl Iterator<Item = (Option<&Scene>, TaskKind, &Slot)> {
        let scenes = self.scenes.iter().flat_map(|scene| {
            [
                (Some(scene), TaskKind::DrawImage, &scene.image),
                (Some(scene), scene.speech_task(), &scene.audio),
                (Some(scene), TaskKind::Animate, &scene.video),
            ]
        });
        let unwritten = self.scenes.is_empty() || self.script.status.is_active();
        let script = std::iter::once((None, self.script_task(), &self.script)).filter(move |_| unwritten);
        let music = std::iter::once((None, TaskKind::ComposeMusic, &self.music)).filter(|_| self.settings.include_music);
        script.chain(scenes).chain(music)
    }

    /// Each slot that a task can fill.
    fn slots_mut(&mut self) -> impl Iterator<Item = &mut Slot> {
        let scenes = self.scenes.iter_mut().flat_map(|scene| [&mut scene.image, &mut scene.audio, &mut scene.video]);
        scenes.chain([&mut self.music, &mut self.script])
    }

    /// The reasons of all failed slots, as sentences that name the scene.
    pub fn failures(&self) -> Vec<String> {
        self.slots()
            .filter(|(_, _, slot)| slot.status == SlotStatus::Failed)
            .map(|(scene, kind, slot)| {
                let reason = slot.error.as_deref().unwrap_or("it failed");
                match scene {
                    Some(scene) => format!("scene {}: {}: {reason}", scene.number, made_by(kind)),
                    None => format!("{}: {reason}", made_by(kind)),
                }
            })
            .collect()
    }
}

/// What a kind of task makes, as users call it.
fn made_by(kind: TaskKind) -> &'static str {
    match kind {
        TaskKind::WriteScript => "the script",
        TaskKind::DrawImage => "the picture",
        TaskKind::Speak => "the narration",
        TaskKind::AlignWords => "the narration's word times",
        TaskKind::Animate => "the clip",
        TaskKind::ComposeMusic => "the music",
        TaskKind::Render => "the video",
        TaskKind::Answer => "the answer",
    }
}

fn render_event(render: &Render) -> Event {
    Event::Render { render: render.id, status: render.status, progress: render.progress, error: render.error.clone() }
}

/// Answers first, then narrations (they decide the lengths), then pictures, then music; a render only begins when all are
/// done.
fn priority(kind: TaskKind) -> i32 {
    match kind {
        // Somebody waits for it.
        TaskKind::Answer => 60,
        TaskKind::WriteScript => 50,
        TaskKind::Speak | TaskKind::AlignWords => 30,
        TaskKind::DrawImage => 20,
        TaskKind::Animate => 15,
        TaskKind::ComposeMusic => 10,
        TaskKind::Render => 40,
    }
}

/// Asks for the slot's content: a new request with a task of its own. A user's wish starts with all its tries.
fn request(slot: &mut Slot, kind: TaskKind, subject: Uuid, enqueue: &mut Vec<NewTask>) {
    slot.status = SlotStatus::Queued;
    slot.generation += 1;
    slot.attempts = 0;
    slot.error = None;
    enqueue.push(NewTask { target: Target { kind, subject, generation: slot.generation }, priority: priority(kind) });
}

fn scene_event(scene: &Scene, field: Medium) -> Event {
    let slot = match field {
        Medium::Image => &scene.image,
        Medium::Audio => &scene.audio,
        Medium::Video => &scene.video,
        Medium::Sfx => &scene.sfx,
    };
    let spoken = field == Medium::Audio && slot.status == SlotStatus::Completed;
    Event::Scene {
        scene: scene.id,
        field,
        status: slot.status,
        error: slot.error.clone(),
        asset: slot.asset.clone(),
        words: spoken.then(|| scene.word_timings.clone()),
        seconds: spoken.then_some(scene.duration_seconds),
    }
}

fn music_event(slot: &Slot) -> Event {
    Event::Music { status: slot.status, error: slot.error.clone(), asset: slot.asset.clone() }
}
