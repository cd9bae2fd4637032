//! Lanes of the queue: tasks of different lanes never wait for each other.

use model::task::TaskKind;

/// What may run side by side with what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lane {
    /// Vendors' work: short, and mostly waiting.
    Media,
    /// Renders: long, and each uses the whole machine.
    Render,
}

impl Lane {
    /// All lanes.
    pub const ALL: [Self; 2] = [Self::Media, Self::Render];

    /// The lane of that kind of task.
    pub fn of(kind: TaskKind) -> Self {
        match kind {
            TaskKind::Render => Self::Render,
            _ => Self::Media,
        }
    }

    /// The kinds of tasks in this lane.
    pub fn kinds(self) -> Vec<TaskKind> {
        TaskKind::ALL.into_iter().filter(|kind| Self::of(*kind) == self).collect()
    }

    /// The number in the database.
    pub(crate) fn number(self) -> i32 {
        match self {
            Self::Media => 0,
            Self::Render => 1,
        }
    }
}
