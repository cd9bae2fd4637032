//! A task: one paid or slow step of one scene or project, and how it can end.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::caption::WordTiming;
use crate::project::{Asset, RenderOutput};
use crate::question::Answer;

/// What a task does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// Writes the project's script.
    WriteScript,
    /// Makes a scene's still.
    DrawImage,
    /// Speaks a scene's narration.
    Speak,
    /// Finds when each word of a narration is heard, if its vendor did not say.
    AlignWords,
    /// Makes a scene's clip from its still.
    Animate,
    /// Composes the project's music.
    ComposeMusic,
    /// Renders the project.
    Render,
    /// Answers the project's question.
    Answer,
}

impl TaskKind {
    /// All kinds.
    pub const ALL: [Self; 8] = [
        Self::WriteScript,
        Self::DrawImage,
        Self::Speak,
        Self::AlignWords,
        Self::Animate,
        Self::ComposeMusic,
        Self::Render,
        Self::Answer,
    ];

    /// The name in the database and in logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::WriteScript => "write_script",
            Self::DrawImage => "draw_image",
            Self::Speak => "speak",
            Self::AlignWords => "align_words",
            Self::Animate => "animate",
            Self::ComposeMusic => "compose_music",
            Self::Render => "render",
            Self::Answer => "answer",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Which request a task serves. Two tasks never have the same target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Target {
    /// What is done.
    pub kind: TaskKind,
    /// The scene (`DrawImage`, `Speak`, `AlignWords`, `Animate`) or the render (`Render`); the project itself for the script,
    /// the music and the answer.
    pub subject: Uuid,
    /// The slot's generation when the task was made; 1 for a render.
    pub generation: i64,
}

impl Target {
    /// The one request for a render.
    pub fn of_render(render: Uuid) -> Self {
        Self { kind: TaskKind::Render, subject: render, generation: 1 }
    }
}

/// What a finished task has made.
#[derive(Debug, Clone, PartialEq)]
pub enum Product {
    /// A script.
    Script {
        /// Title of the video; empty when there is none.
        title: String,
        /// Description for publishing; empty when there is none.
        description: String,
        /// The scenes in order.
        scenes: Vec<ScriptScene>,
    },
    /// A still.
    Image(Asset),
    /// A narration with its length in seconds and its words.
    Speech {
        /// The sound.
        asset: Asset,
        /// Exact length.
        seconds: f64,
        /// When each word is heard; `None` when the vendor does not say.
        words: Option<Vec<WordTiming>>,
    },
    /// When each word of a narration is heard.
    Words(Vec<WordTiming>),
    /// A clip.
    Clip(Asset),
    /// Music.
    Music(Asset),
    /// A video.
    Video(RenderOutput),
    /// An answer to the project's question.
    Answer(Answer),
}

/// One scene of a written script.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScriptScene {
    /// What is said.
    pub narration: String,
    /// What the picture shows.
    pub visual_description: String,
    /// Guessed length in seconds.
    pub seconds: f64,
}

/// Why a task failed.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// What follows from it.
    pub class: FailureClass,
    /// A sentence for the user.
    pub message: String,
}

/// What follows from a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureClass {
    /// Passing: try again, not before the vendor's own wish.
    Retry {
        /// The vendor's wish (`Retry-After`).
        after: Option<Duration>,
    },
    /// Trying again can't help.
    Fatal,
    /// The vendor declines this content.
    Refused,
    /// The allowance is used up.
    Quota,
    /// Nobody knows what became of the call: it may have been carried out and charged. So it counts as spent, and only the
    /// user decides whether it is made again.
    Unknown,
}

/// Tries of one task before a passing trouble counts as final.
pub const MAX_ATTEMPTS: i32 = 4;
const FIRST_WAIT: Duration = Duration::from_secs(2);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// How long to wait before the next try, or `None` when it was the last.
///
/// `attempt` counts from 1. `jitter` (0 to 1) spreads the tries of many tasks: the wait is between half and all of
/// 2, 4, 8 … s, and never shorter than the vendor asked for.
pub fn retry_wait(class: FailureClass, attempt: i32, jitter: f64) -> Option<Duration> {
    let FailureClass::Retry { after } = class else { return None };
    if attempt >= MAX_ATTEMPTS {
        return None;
    }
    let doubled = FIRST_WAIT * 2u32.saturating_pow(attempt.saturating_sub(1).clamp(0, 10) as u32);
    let jitter = if jitter.is_finite() { jitter.clamp(0.0, 1.0) } else { 1.0 };
    let spread = doubled.min(LONGEST_WAIT).mul_f64(0.5 + 0.5 * jitter);
    Some(spread.max(after.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_honour_the_vendor() {
        let retry = |after| FailureClass::Retry { after };
        let seconds = Duration::from_secs;
        let check = |class, attempt, jitter, expected| assert_eq!(retry_wait(class, attempt, jitter), expected);
        check(retry(None), 1, 1.0, Some(seconds(2)));
        check(retry(None), 1, 0.0, Some(seconds(1)));
        check(retry(None), 3, 1.0, Some(seconds(8)));
        check(retry(Some(seconds(30))), 1, 0.5, Some(seconds(30)));
        check(retry(None), MAX_ATTEMPTS, 1.0, None);
        check(FailureClass::Fatal, 1, 1.0, None);
        check(FailureClass::Quota, 1, 1.0, None);
    }
}
