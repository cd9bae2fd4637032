//! The one writer of workflow state: lock the project, let the state machine decide, write what changed.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use model::event::Event;
use model::project::{Project, RenderStatus, Scene};
use model::workflow::{Input, Step, transition};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter};
use uuid::Uuid;

use crate::entity::{event, project, render, scene};
use crate::error::During;
use crate::load::{self, CHUNK, Rows};
use crate::record::{changes, fill_project, fill_render, fill_scene, json, new_render_row, new_scene_row, project_record, word};
use crate::transaction::stored;
use crate::{ApplyError, ProjectRecord, Store, StoreError, queue};

/// What has become of an input.
#[derive(Debug, Clone, PartialEq)]
pub struct Applied {
    /// The project afterwards.
    pub record: ProjectRecord,
    /// The input spoke of a request that is no longer wanted; nothing changed.
    pub stale: bool,
}

impl Store {
    /// Applies one input in one transaction.
    pub async fn apply(&self, project: Uuid, input: Input, now: DateTime<Utc>) -> Result<Applied, ApplyError> {
        let write = self.write().await.during("changing project", project)?;
        let row = load::lock(&write.txn, project).await.during("reading project", project)?.ok_or(ApplyError::NotFound)?;
        let Change { record, stale, .. } = change(&write.txn, row, input, None, stored(now)).await?;
        write.commit().await.during("changing project", project)?;
        self.changed();
        Ok(Applied { record, stale })
    }
}

/// What has become of an input, inside the transaction.
pub struct Change {
    /// The project afterwards.
    pub record: ProjectRecord,
    /// Nothing changed.
    pub stale: bool,
    /// When the failed task is to be tried again.
    pub retry: Option<Duration>,
}

/// Applies one input to the locked project. Tasks that nobody wants any more are cancelled, except `own`: the caller
/// decides about that one.
pub async fn change(
    txn: &impl ConnectionTrait,
    row: project::Model,
    input: Input,
    own: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<Change, ApplyError> {
    let id = row.id;
    let mut loaded = load::parts(txn, vec![row]).await.during("reading project", id)?;
    let rows = loaded.pop().ok_or(ApplyError::NotFound)?;
    let before = project_record(rows.project.clone(), rows.scenes.clone(), rows.render.clone())?;
    let mut step = transition(&before.project, input)?;
    if step.events.is_empty() && step.project != before.project {
        // Whoever polls or follows a project looks at nothing but the number of its newest event.
        step.events.push(Event::Reset);
    }
    let (stale, retry) = (step.stale, step.retry);
    let unchanged = step.project == before.project && step.events.is_empty();
    let record = if unchanged { before } else { write(txn, rows, &step, now).await? };
    queue::enqueue(txn, &step, now).await.during("putting tasks in the queue for project", id)?;
    queue::cancel_unwanted(txn, &step.project, own, now).await.during("cancelling tasks of project", id)?;
    Ok(Change { record, stale, retry })
}

/// Writes the changed columns of the changed rows, and the events; answers the project as it is now.
async fn write(txn: &impl ConnectionTrait, rows: Rows, step: &Step, now: DateTime<Utc>) -> Result<ProjectRecord, StoreError> {
    let project = &step.project;
    let mut row = rows.project.clone();
    fill_project(&mut row, project)?;
    row.event_number += step.events.len() as i64;
    row.updated_at = now;
    let scenes = write_scenes(txn, rows.scenes, project, now).await?;
    let render = write_render(txn, rows.render, project, now).await?;
    write_events(txn, project.id, rows.project.event_number, &step.events, now).await?;
    if let Some(changed) = changes::<_, project::ActiveModel>(rows.project, &row) {
        project::Entity::update(changed).exec(txn).await.during("changing project", project.id)?;
    }
    project_record(row, scenes, render)
}

async fn write_scenes(
    txn: &impl ConnectionTrait,
    rows: Vec<scene::Model>,
    project: &Project,
    now: DateTime<Utc>,
) -> Result<Vec<scene::Model>, StoreError> {
    let mut old: HashMap<Uuid, scene::Model> = rows.into_iter().map(|row| (row.id, row)).collect();
    let mut rows = Vec::with_capacity(project.scenes.len());
    let mut new = Vec::new();
    for scene in &project.scenes {
        let row = match old.remove(&scene.id) {
            Some(before) => change_scene(txn, before, scene).await?,
            None => {
                let row = new_scene_row(scene, project.id, now)?;
                new.push(row.clone());
                row
            }
        };
        rows.push(row);
    }
    let removed: Vec<Uuid> = old.into_keys().collect();
    for some in removed.chunks(CHUNK) {
        let gone = scene::Column::Id.is_in(some.iter().copied());
        scene::Entity::delete_many().filter(gone).exec(txn).await.during("removing scenes of project", project.id)?;
    }
    for some in new.chunks(CHUNK) {
        let some = some.iter().cloned().map(IntoActiveModel::into_active_model);
        let insert = scene::Entity::insert_many::<scene::ActiveModel, _>(some);
        insert.exec_without_returning(txn).await.during("adding scenes to project", project.id)?;
    }
    Ok(rows)
}

async fn change_scene(txn: &impl ConnectionTrait, before: scene::Model, scene: &Scene) -> Result<scene::Model, StoreError> {
    let mut after = before.clone();
    fill_scene(&mut after, scene)?;
    if let Some(changed) = changes::<_, scene::ActiveModel>(before, &after) {
        scene::Entity::update(changed).exec(txn).await.during("changing scene", scene.id)?;
    }
    Ok(after)
}

async fn write_render(
    txn: &impl ConnectionTrait,
    before: Option<render::Model>,
    project: &Project,
    now: DateTime<Utc>,
) -> Result<Option<render::Model>, StoreError> {
    let Some(render) = &project.render else { return Ok(None) };
    if let Some(before) = before {
        let mut after = before.clone();
        if before.id == render.id {
            fill_render(&mut after, render)?;
            update_render(txn, before, &mut after, now).await.during("changing render", render.id)?;
            return Ok(Some(after));
        }
        // A newer one takes its place: the state machine forgets it, but its row stays and must not wait for ever.
        let replaced = crate::record::render_of(before.clone())?;
        if !replaced.status.is_final() {
            after.status = word(RenderStatus::Cancelled, &format!("render {}", before.id), "status")?;
            update_render(txn, before, &mut after, now).await.during("cancelling render", replaced.id)?;
        }
    }
    let row = new_render_row(render, project.id, now)?;
    let insert = render::Entity::insert(row.clone().into_active_model());
    insert.exec_without_returning(txn).await.during("adding render", render.id)?;
    Ok(Some(row))
}

async fn update_render(
    txn: &impl ConnectionTrait,
    before: render::Model,
    after: &mut render::Model,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    if *after != before {
        after.updated_at = now;
    }
    if let Some(changed) = changes::<_, render::ActiveModel>(before, after) {
        render::Entity::update(changed).exec(txn).await?;
    }
    Ok(())
}

pub async fn write_events(
    txn: &impl ConnectionTrait,
    project: Uuid,
    last: i64,
    events: &[Event],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut rows = Vec::with_capacity(events.len());
    for (number, event) in (last + 1..).zip(events) {
        let body = json(event, &format!("event {number} of project {project}"), "body")?;
        rows.push(event::Model { project_id: project, number, body, created_at: now }.into_active_model());
    }
    if rows.is_empty() {
        return Ok(());
    }
    let insert = event::Entity::insert_many::<event::ActiveModel, _>(rows);
    insert.exec_without_returning(txn).await.during("adding events to project", project)?;
    Ok(())
}
