//! Users and kinds of tasks whose limits are reached: not claimed again before there is hope.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use model::task::TaskKind;
use uuid::Uuid;

/// A user, or everybody, and a kind of task.
type Who = (Option<Uuid>, TaskKind);

/// Until when whose tasks of which kind are left alone; everybody's, where no user is named.
#[derive(Default)]
pub(crate) struct Blocked(Mutex<HashMap<Who, DateTime<Utc>>>);

impl Blocked {
    /// Leaves them alone until then.
    pub fn add(&self, owner: Option<Uuid>, kind: TaskKind, until: DateTime<Utc>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert((owner, kind), until);
    }

    /// Those of these kinds that may be claimed now, and whose tasks may not.
    pub fn at(&self, kinds: &[TaskKind], now: DateTime<Utc>) -> (Vec<TaskKind>, Vec<(Uuid, TaskKind)>) {
        let mut blocked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        blocked.retain(|_, until| *until > now);
        let free = kinds.iter().copied().filter(|kind| !blocked.contains_key(&(None, *kind))).collect();
        (free, blocked.keys().filter_map(|(owner, kind)| owner.map(|owner| (owner, *kind))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_blocked_are_free_again_at_their_time() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).expect("a possible time");
        let (speak, draw) = (TaskKind::Speak, TaskKind::DrawImage);
        let user = Uuid::from_u128(1);
        let blocked = Blocked::default();
        blocked.add(Some(user), speak, at(20));
        blocked.add(None, draw, at(10));
        let check = |seconds, kinds: &[TaskKind], users: &[(Uuid, TaskKind)]| {
            assert_eq!(blocked.at(&[speak, draw], at(seconds)), (kinds.to_vec(), users.to_vec()));
        };
        check(9, &[speak], &[(user, speak)]);
        check(10, &[speak, draw], &[(user, speak)]);
        check(20, &[speak, draw], &[]);
        check(9, &[speak, draw], &[]);
    }
}
