//! Reports about renders from workers elsewhere, who have no lease themselves: they count for whoever holds the lease of the
//! render's task. Without one there is nobody to report for, and nothing changes.

use chrono::{DateTime, Utc};
use model::project::RenderOutput;
use model::task::{Failure, Product, Target};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::entity::{render, task};
use crate::error::During;
use crate::queue::task_id;
use crate::task::TaskState;
use crate::{ApplyError, Lease, Outcome, Store};

/// What a worker says about a render.
#[derive(Debug, Clone, PartialEq)]
pub enum Report {
    /// It got so far, 0 to 1.
    Progress(f64),
    /// It is done.
    Done(RenderOutput),
    /// It can't be done.
    Failed(Failure),
}

/// What became of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reported {
    /// It counts.
    Taken,
    /// Nobody waits for it any more, or not yet; nothing changed.
    Late,
    /// There is no such render.
    Unknown,
}

impl Store {
    /// Takes a report about a render. If it says which `attempt` it speaks of, only that one's count. A report of progress
    /// keeps the lease until `lease_until`.
    pub async fn report_render(
        &self,
        id: Uuid,
        attempt: Option<i32>,
        report: Report,
        lease_until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Reported, ApplyError> {
        let target = Target::of_render(id);
        let of_render = task::Entity::find_by_id(task_id(target)).filter(task::Column::State.eq(TaskState::Running.name()));
        let row = of_render.one(&self.db).await.during("reading the task of render", id)?;
        let Some(row) = row.filter(|row| attempt.is_none_or(|attempt| attempt == row.attempt)) else {
            let there = render::Entity::find_by_id(id).one(&self.db).await.during("reading render", id)?.is_some();
            return Ok(if there { Reported::Late } else { Reported::Unknown });
        };
        let lease = Lease {
            target,
            task: row.id,
            project: row.project_id,
            owner: row.owner_id,
            attempt: row.attempt,
            worker: row.lease_owner.unwrap_or_default(),
            vendor_ref: row.vendor_ref,
            trace: row.trace.and_then(|trace| trace.parse().ok()),
        };
        // From here on the lease is checked as its holder's own reports are, so what happens meanwhile makes this late.
        let taken = match report {
            Report::Progress(fraction) => {
                self.heartbeat(&lease, lease_until).await? && self.progress(&lease, fraction, now).await?
            }
            Report::Done(output) => self.finish(&lease, Outcome::Done(Product::Video(output)), now).await?,
            Report::Failed(failure) => self.finish(&lease, Outcome::Failed { failure, jitter: 0.0 }, now).await?,
        };
        Ok(if taken { Reported::Taken } else { Reported::Late })
    }
}
