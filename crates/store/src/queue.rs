//! Putting tasks in the queue and taking them out again, inside the transaction that changes the project.
//!
//! Users take turns (start-time fair queueing): a task's turn is the one after its user's last task of the same priority,
//! but not before the turn that the lane has come to. So somebody's ten thousand tasks don't delay another's first one, and a
//! claim need only take the smallest turn.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use model::project::Project;
use model::task::Target;
use model::trace::TraceParent;
use model::workflow::NewTask;
use sea_orm::sea_query::{Expr, ExprTrait, Func, Query, SimpleExpr};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::entity::task;
use crate::lane::Lane;
use crate::load::CHUNK;
use crate::task::TaskState;

/// The id of the one task that serves a target. It follows from the target, so that nothing here needs randomness.
pub fn task_id(target: Target) -> Uuid {
    Uuid::new_v5(&target.subject, format!("{}/{}", target.kind.name(), target.generation).as_bytes())
}

/// Puts new tasks in the queue, each with the span of the request that wanted it.
pub async fn enqueue(
    txn: &impl ConnectionTrait,
    project: &Project,
    new: &[(NewTask, Option<TraceParent>)],
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    if new.is_empty() {
        return Ok(());
    }
    // One edit can ask for a thing and then take that back; such a task need not exist.
    let wanted: HashSet<Target> = project.open_targets().into_iter().collect();
    let mut tasks: Vec<_> = new.iter().filter(|(task, _)| wanted.contains(&task.target)).zip(0..).collect();
    tasks.sort_by_key(|((task, _), place)| (std::cmp::Reverse(task.priority), *place));
    let mut turns = Turns::of(project.owner);
    let mut rows = Vec::with_capacity(tasks.len());
    for ((new, trace), place) in tasks {
        let lane = Lane::of(new.target.kind).number();
        let turn = turns.next(txn, lane, new.priority).await?;
        rows.push(task::Model {
            id: task_id(new.target),
            project_id: project.id,
            owner_id: project.owner,
            kind: new.target.kind.name().to_owned(),
            subject: new.target.subject,
            generation: new.target.generation,
            state: TaskState::Ready.name().to_owned(),
            priority: new.priority,
            run_at: now,
            place,
            attempt: 0,
            lease_owner: None,
            lease_until: None,
            vendor_ref: None,
            last_error: None,
            created_at: now,
            finished_at: None,
            lane,
            turn: Some(turn),
            vendor: None,
            making: None,
            trace: trace.map(|trace| trace.to_string()),
        });
    }
    for some in rows.chunks(CHUNK) {
        let some = some.iter().cloned().map(IntoActiveModel::into_active_model);
        task::Entity::insert_many::<task::ActiveModel, _>(some).exec_without_returning(txn).await?;
    }
    Ok(())
}

/// Gives one user's new tasks their turns, most urgent first.
struct Turns {
    owner: Uuid,
    /// By lane: the next turn, and the priority that it was looked up for.
    next: HashMap<i32, (i64, i32)>,
}

impl Turns {
    fn of(owner: Uuid) -> Self {
        Self { owner, next: HashMap::new() }
    }

    async fn next(&mut self, txn: &impl ConnectionTrait, lane: i32, priority: i32) -> Result<i64, DbErr> {
        let turn = match self.next.get(&lane) {
            Some((next, of)) if *of == priority => *next,
            Some((next, _)) => Ord::max(*next, self.after_own(txn, lane, priority).await?),
            None => Ord::max(head(txn, lane).await?, self.after_own(txn, lane, priority).await?),
        };
        self.next.insert(lane, (turn + 1, priority));
        Ok(turn)
    }

    /// The turn after the user's last task of that priority in line. Less urgent ones don't count: they can wait.
    async fn after_own(&self, txn: &impl ConnectionTrait, lane: i32, priority: i32) -> Result<i64, DbErr> {
        let own = task::Entity::find()
            .select_only()
            .column(task::Column::Turn)
            .filter(task::Column::OwnerId.eq(self.owner))
            .filter(task::Column::Lane.eq(lane))
            .filter(task::Column::Priority.eq(priority))
            .filter(task::Column::Turn.is_not_null())
            .order_by_desc(task::Column::Turn);
        Ok(own.into_tuple::<i64>().one(txn).await?.map_or(0, |turn| turn + 1))
    }
}

/// The turn that a lane has come to.
pub async fn head(txn: &impl ConnectionTrait, lane: i32) -> Result<i64, DbErr> {
    let first = task::Entity::find()
        .select_only()
        .column(task::Column::Turn)
        .filter(task::Column::Lane.eq(lane))
        .filter(task::Column::Turn.is_not_null())
        .order_by_asc(task::Column::Turn);
    Ok(first.into_tuple::<i64>().one(txn).await?.unwrap_or(0))
}

/// The turn that the lane of the task at hand has come to, for an update: those that are given back go first again.
pub fn head_expr() -> SimpleExpr {
    let mut first = Query::select();
    first
        .expr(Func::min(Expr::col(("other", task::Column::Turn))))
        .from_as(task::Entity, "other")
        .and_where(Expr::col(("other", task::Column::Lane)).equals((task::Entity, task::Column::Lane)))
        .and_where(Expr::col(("other", task::Column::Turn)).is_not_null());
    Func::coalesce([SimpleExpr::SubQuery(None, Box::new(first.into())), Expr::value(0_i64)]).into()
}

/// Cancels the tasks that the project no longer wants, except `own`: the caller decides about those.
pub async fn cancel_unwanted(
    txn: &impl ConnectionTrait,
    before: &Project,
    after: &Project,
    own: &[Uuid],
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let wanted: HashSet<Target> = after.open_targets().into_iter().collect();
    let gone = before.open_targets().into_iter().filter(|target| !wanted.contains(target)).map(task_id);
    let gone: Vec<Uuid> = gone.filter(|id| !own.contains(id)).collect();
    for some in gone.chunks(CHUNK) {
        task::Entity::update_many()
            .col_expr(task::Column::State, Expr::value(TaskState::Cancelled.name()))
            .col_expr(task::Column::Turn, Expr::value(None::<i64>))
            .col_expr(task::Column::Vendor, Expr::value(None::<String>))
            .col_expr(task::Column::Making, Expr::value(None::<String>))
            .col_expr(task::Column::LeaseOwner, Expr::value(None::<String>))
            .col_expr(task::Column::LeaseUntil, Expr::value(None::<DateTime<Utc>>))
            .col_expr(task::Column::FinishedAt, Expr::value(now))
            .filter(task::Column::Id.is_in(some.iter().copied()))
            .filter(task::Column::State.is_in([TaskState::Ready.name(), TaskState::Running.name()]))
            .exec(txn)
            .await?;
    }
    Ok(())
}
