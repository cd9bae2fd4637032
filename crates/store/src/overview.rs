//! The whole queue at a glance, for whoever runs the server: what waits, what runs, what failed, what was spent. Each question
//! costs about as much as there are open tasks, however many are done.

use chrono::{DateTime, Utc};
use model::task::TaskKind;
use model::usage::Money;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::account::periods;
use crate::entity::{chore, task, used};
use crate::error::During;
use crate::task::{TaskRecord, TaskState, task_record};
use crate::transaction::stored;
use crate::{Store, StoreError};

/// The open tasks of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueOf {
    /// Which kind.
    pub kind: TaskKind,
    /// They could be begun at once.
    pub waiting: i64,
    /// Since when the oldest of those could.
    pub waiting_since: Option<DateTime<Utc>>,
    /// They are to be tried again later, or wait for a vendor's limit.
    pub later: i64,
    /// They are being carried out.
    pub running: i64,
}

/// A running task.
#[derive(Debug, Clone, PartialEq)]
pub struct RunningTask {
    /// The task.
    pub task: TaskRecord,
    /// Which process has it.
    pub worker: String,
    /// When its lease ends unless that process keeps it.
    pub lease_until: DateTime<Utc>,
}

/// One of the three states of an open task, by the conditions of the queue's own indexes.
fn line() -> Condition {
    Condition::all().add(task::Column::Turn.is_not_null())
}
fn later() -> Condition {
    let free = Condition::all().add(task::Column::Turn.is_null()).add(task::Column::LeaseUntil.is_null());
    free.add(task::Column::FinishedAt.is_null())
}
fn held() -> Condition {
    Condition::all().add(task::Column::LeaseUntil.is_not_null())
}

impl Store {
    /// The open tasks of each kind, also of those kinds that have none.
    pub async fn queue_overview(&self, now: DateTime<Utc>) -> Result<Vec<QueueOf>, StoreError> {
        let empty = |kind| QueueOf { kind, waiting: 0, waiting_since: None, later: 0, running: 0 };
        let mut queue: Vec<QueueOf> = TaskKind::ALL.into_iter().map(empty).collect();
        // Those whose time has come get into line when somebody looks for work.
        let now = stored(now);
        let due = later().add(task::Column::RunAt.lte(now));
        for (is_due, state) in [(true, line()), (true, due), (false, later().add(task::Column::RunAt.gt(now)))] {
            for (kind, count, since) in self.count_tasks(state).await? {
                let Some(of) = queue.iter_mut().find(|of| of.kind.name() == kind) else { continue };
                match is_due {
                    true => {
                        of.waiting += count;
                        of.waiting_since = [of.waiting_since, since].into_iter().flatten().min();
                    }
                    false => of.later += count,
                }
            }
        }
        for (kind, count, _) in self.count_tasks(held()).await? {
            if let Some(of) = queue.iter_mut().find(|of| of.kind.name() == kind) {
                of.running += count;
            }
        }
        Ok(queue)
    }

    async fn count_tasks(&self, state: Condition) -> Result<Vec<(String, i64, Option<DateTime<Utc>>)>, StoreError> {
        let counted = task::Entity::find()
            .select_only()
            .column(task::Column::Kind)
            .column_as(task::Column::Id.count(), "tasks")
            .column_as(task::Column::RunAt.min(), "since")
            .filter(state)
            .group_by(task::Column::Kind);
        counted.into_tuple().all(&self.db).await.during("counting", "the tasks")
    }

    /// The running tasks that were asked for longest ago, at most so many.
    pub async fn running_tasks(&self, most: u64) -> Result<Vec<RunningTask>, StoreError> {
        let rows = task::Entity::find().filter(held()).order_by_asc(task::Column::CreatedAt).limit(most);
        let rows = rows.all(&self.db).await.during("listing", "the running tasks")?;
        let running = rows.into_iter().filter_map(|row| {
            let (worker, lease_until) = (row.lease_owner.clone()?, row.lease_until?);
            Some(task_record(row).map(|task| RunningTask { task, worker, lease_until }))
        });
        running.collect()
    }

    /// The tasks that failed since then, newest first, at most so many.
    pub async fn failed_tasks(&self, since: DateTime<Utc>, most: u64) -> Result<Vec<TaskRecord>, StoreError> {
        let rows = task::Entity::find()
            .filter(task::Column::State.eq(TaskState::Failed.name()))
            .filter(task::Column::FinishedAt.gte(stored(since)))
            .order_by_desc(task::Column::FinishedAt)
            .limit(most);
        let rows = rows.all(&self.db).await.during("listing", "the failed tasks")?;
        rows.into_iter().map(task_record).collect()
    }

    /// What all users have spent today and this month (UTC) by this server's own keys, estimated.
    pub async fn spent(&self, now: DateTime<Utc>) -> Result<(Money, Money), StoreError> {
        let mut sums = [Money(0); 2];
        for (sum, period) in sums.iter_mut().zip(periods(now)) {
            let spent = used::Entity::find()
                .select_only()
                .column_as(Expr::cust("CAST(COALESCE(SUM(cost_micros), 0) AS BIGINT)"), "spent")
                .filter(used::Column::Period.eq(&period));
            let spent: Option<i64> = spent.into_tuple().one(&self.db).await.during("adding up what was spent in", &period)?;
            *sum = Money(spent.unwrap_or_default());
        }
        Ok((sums[0], sums[1]))
    }

    /// When a chore was last done.
    pub async fn chore_done(&self, name: &str) -> Result<Option<DateTime<Utc>>, StoreError> {
        let row = chore::Entity::find_by_id(name.to_owned()).one(&self.db).await.during("reading the chore", name)?;
        Ok(row.and_then(|row| row.done_at))
    }
}
