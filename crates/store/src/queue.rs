//! Putting tasks in the queue and taking them out again, inside the transaction that changes the project.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use model::project::Project;
use model::task::Target;
use model::workflow::Step;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::entity::task;
use crate::load::CHUNK;
use crate::task::TaskState;

/// The id of the one task that serves a target. It follows from the target, so that nothing here needs randomness.
pub fn task_id(target: Target) -> Uuid {
    Uuid::new_v5(&target.subject, format!("{}/{}", target.kind.name(), target.generation).as_bytes())
}

/// Puts the step's new tasks in the queue.
pub async fn enqueue(txn: &impl ConnectionTrait, step: &Step, now: DateTime<Utc>) -> Result<(), DbErr> {
    // One edit can ask for a thing and then take that back; such a task need not exist.
    let wanted: HashSet<Target> = step.project.open_targets().into_iter().collect();
    let tasks: Vec<_> = step.enqueue.iter().filter(|task| wanted.contains(&task.target)).zip(0..).collect();
    for some in tasks.chunks(CHUNK) {
        let rows = some.iter().map(|(new, place)| {
            let row = task::Model {
                id: task_id(new.target),
                project_id: step.project.id,
                owner_id: step.project.owner,
                kind: new.target.kind.name().to_owned(),
                subject: new.target.subject,
                generation: new.target.generation,
                state: TaskState::Ready.name().to_owned(),
                priority: new.priority,
                run_at: now,
                place: *place,
                attempt: 0,
                lease_owner: None,
                lease_until: None,
                vendor_ref: None,
                last_error: None,
                created_at: now,
                finished_at: None,
            };
            row.into_active_model()
        });
        task::Entity::insert_many::<task::ActiveModel, _>(rows).exec_without_returning(txn).await?;
    }
    Ok(())
}

/// Cancels every open task of the project whose target nobody wants any more, except `own`.
pub async fn cancel_unwanted(
    txn: &impl ConnectionTrait,
    project: &Project,
    own: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let open = [TaskState::Ready.name(), TaskState::Running.name()];
    let ids = task::Entity::find()
        .select_only()
        .column(task::Column::Id)
        .filter(task::Column::ProjectId.eq(project.id))
        .filter(task::Column::State.is_in(open));
    let ids: Vec<Uuid> = ids.into_tuple().all(txn).await?;
    let wanted: HashSet<Uuid> = project.open_targets().into_iter().map(task_id).chain(own).collect();
    let unwanted: Vec<Uuid> = ids.into_iter().filter(|id| !wanted.contains(id)).collect();
    for some in unwanted.chunks(CHUNK) {
        task::Entity::update_many()
            .col_expr(task::Column::State, Expr::value(TaskState::Cancelled.name()))
            .col_expr(task::Column::LeaseOwner, Expr::value(None::<String>))
            .col_expr(task::Column::LeaseUntil, Expr::value(None::<DateTime<Utc>>))
            .col_expr(task::Column::FinishedAt, Expr::value(now))
            .filter(task::Column::Id.is_in(some.iter().copied()))
            .exec(txn)
            .await?;
    }
    Ok(())
}
