//! The one writer of workflow state: lock the project, let the state machine decide, write what changed.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use chrono::{DateTime, Utc};
use model::event::Event;
use model::project::{Project, RenderStatus};
use model::workflow::{Input, Step, transition};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, Iterable, QueryFilter};
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
        let Change { record, stale } = change(&write.txn, row, input, stored(now)).await?;
        write.commit_changed(&[project]).await.during("changing project", project)?;
        Ok(Applied { record, stale })
    }
}

/// What has become of an input, inside the transaction.
pub struct Change {
    /// The project afterwards.
    pub record: ProjectRecord,
    /// Nothing changed.
    pub stale: bool,
}

/// Applies one input to the locked project. Tasks that nobody wants any more are cancelled.
pub async fn change(
    txn: &impl ConnectionTrait,
    row: project::Model,
    input: Input,
    now: DateTime<Utc>,
) -> Result<Change, ApplyError> {
    let report = Report { project: row.id, input, own: None };
    let mut changes = change_all(txn, vec![row], vec![report], now).await?;
    let record = changes.records.pop().ok_or(ApplyError::NotFound)?;
    let verdict = changes.verdicts.pop().flatten().ok_or(ApplyError::NotFound)?;
    Ok(Change { record, stale: verdict.stale })
}

/// An input for one of several projects.
pub struct Report {
    /// Which.
    pub project: Uuid,
    /// What.
    pub input: Input,
    /// A task that the caller takes out of the queue itself.
    pub own: Option<Uuid>,
}

/// What has become of a report.
#[derive(Debug, Clone, Copy)]
pub struct Verdict {
    /// Nothing changed.
    pub stale: bool,
    /// When the failed task is to be tried again.
    pub retry: Option<Duration>,
}

/// What has become of several reports.
pub struct Changes {
    /// The projects afterwards, in the order in which their rows were given.
    pub records: Vec<ProjectRecord>,
    /// One for each report; `None` when its project is not among the rows.
    pub verdicts: Vec<Option<Verdict>>,
}

/// Applies reports to locked projects, in order, with as few statements for many as for one where that is possible.
pub async fn change_all(
    txn: &impl ConnectionTrait,
    rows: Vec<project::Model>,
    reports: Vec<Report>,
    now: DateTime<Utc>,
) -> Result<Changes, ApplyError> {
    let mut verdicts: Vec<Option<Verdict>> = vec![None; reports.len()];
    let mut of_project: HashMap<Uuid, Vec<(usize, Report)>> = HashMap::new();
    for (place, report) in reports.into_iter().enumerate() {
        of_project.entry(report.project).or_default().push((place, report));
    }
    let mut records = Vec::with_capacity(rows.len());
    let (mut news, mut scenes) = (Vec::new(), Vec::new());
    for rows in load::parts(txn, rows).await.during("reading", "projects")? {
        let reports = of_project.remove(&rows.project.id).unwrap_or_default();
        let before = project_record(rows.project.clone(), rows.scenes.clone(), rows.render.clone())?;
        let mut after =
            Step { project: before.project.clone(), enqueue: Vec::new(), retry: None, events: Vec::new(), stale: false };
        let own: Vec<Uuid> = reports.iter().filter_map(|(_, report)| report.own).collect();
        for (place, report) in reports {
            let mut step = transition(&after.project, report.input)?;
            if step.events.is_empty() && step.project != after.project {
                // Whoever polls or follows a project looks at nothing but the number of its newest event.
                step.events.push(Event::Reset);
            }
            verdicts[place] = Some(Verdict { stale: step.stale, retry: step.retry });
            after.project = step.project;
            after.enqueue.extend(step.enqueue);
            after.events.extend(step.events);
        }
        let id = rows.project.id;
        queue::enqueue(txn, &after.project, &after.enqueue, now).await.during("putting tasks in the queue for project", id)?;
        let cancelled = queue::cancel_unwanted(txn, &before.project, &after.project, &own, now);
        cancelled.await.during("cancelling tasks of project", id)?;
        let unchanged = after.project == before.project && after.events.is_empty();
        news.extend(event_rows(id, rows.project.event_number, &after.events, now)?);
        records.push(if unchanged { before } else { write(txn, rows, &after, &mut scenes, now).await? });
    }
    update_scenes(txn, scenes).await.during("changing", "scenes")?;
    for some in news.chunks(CHUNK) {
        let some = some.iter().cloned().map(IntoActiveModel::into_active_model);
        let insert = event::Entity::insert_many::<event::ActiveModel, _>(some);
        insert.exec_without_returning(txn).await.during("adding", "events")?;
    }
    Ok(Changes { records, verdicts })
}

/// Writes the changed columns of the changed rows, except those of `scenes`, which are left to the caller; answers the project
/// as it is now.
async fn write(
    txn: &impl ConnectionTrait,
    rows: Rows,
    step: &Step,
    scenes: &mut Vec<scene::ActiveModel>,
    now: DateTime<Utc>,
) -> Result<ProjectRecord, StoreError> {
    let project = &step.project;
    let mut row = rows.project.clone();
    fill_project(&mut row, project)?;
    row.event_number += step.events.len() as i64;
    row.updated_at = now;
    let scenes = write_scenes(txn, rows.scenes, project, scenes, now).await?;
    let render = write_render(txn, rows.render, project, now).await?;
    if let Some(changed) = changes::<_, project::ActiveModel>(rows.project, &row) {
        project::Entity::update(changed).exec_without_returning(txn).await.during("changing project", project.id)?;
    }
    project_record(row, scenes, render)
}

async fn write_scenes(
    txn: &impl ConnectionTrait,
    rows: Vec<scene::Model>,
    project: &Project,
    changed: &mut Vec<scene::ActiveModel>,
    now: DateTime<Utc>,
) -> Result<Vec<scene::Model>, StoreError> {
    let mut old: HashMap<Uuid, scene::Model> = rows.into_iter().map(|row| (row.id, row)).collect();
    let mut rows = Vec::with_capacity(project.scenes.len());
    let mut new = Vec::new();
    for scene in &project.scenes {
        let row = match old.remove(&scene.id) {
            Some(before) => {
                let mut after = before.clone();
                fill_scene(&mut after, scene)?;
                changed.extend(changes::<_, scene::ActiveModel>(before, &after));
                after
            }
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

/// Writes changed scenes; those that change in the same way (all that begin, say) in one statement.
async fn update_scenes(txn: &impl ConnectionTrait, changed: Vec<scene::ActiveModel>) -> Result<(), DbErr> {
    let mut alike: BTreeMap<String, (scene::ActiveModel, Vec<Uuid>)> = BTreeMap::new();
    for row in changed {
        let id = row.id.clone().take();
        // With the columns' names: the same value in another column is another change.
        let set: Vec<_> =
            scene::Column::iter().map(|column| (column, row.get(column))).filter(|(_, value)| value.is_set()).collect();
        alike.entry(format!("{set:?}")).or_insert_with(|| (row, Vec::new())).1.extend(id);
    }
    for (row, ids) in alike.into_values() {
        for some in ids.chunks(CHUNK) {
            let update = scene::Entity::update_many().set(row.clone());
            update.filter(scene::Column::Id.is_in(load::padded(some.iter().copied()))).exec(txn).await?;
        }
    }
    Ok(())
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
        render::Entity::update(changed).exec_without_returning(txn).await?;
    }
    Ok(())
}

pub fn event_rows(project: Uuid, last: i64, events: &[Event], now: DateTime<Utc>) -> Result<Vec<event::Model>, StoreError> {
    let row = |(number, event): (i64, &Event)| {
        let body = json(event, &format!("event {number} of project {project}"), "body")?;
        Ok(event::Model { project_id: project, number, body, created_at: now })
    };
    (last + 1..).zip(events).map(row).collect()
}
