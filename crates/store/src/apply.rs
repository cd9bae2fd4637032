//! The one writer of workflow state: lock the project, let the state machine decide, write what changed.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use model::event::Event;
use model::notice;
use model::project::{Project, RenderStatus, Scene};
use model::trace::TraceParent;
use model::workflow::{Input, Step, transition};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter};
use uuid::Uuid;

use crate::entity::{event, project, render, scene};
use crate::error::During;
use crate::load::{self, CHUNK, Rows};
use crate::message::{self, News};
use crate::record::{changes, fill_project, fill_render, fill_scene, json, new_render_row, new_scene_row, project_record, word};
use crate::transaction::stored;
use crate::update::update_all;
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
        let Change { record, stale } = change(&write.txn, row, (input, self.cause), stored(now)).await?;
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

/// Applies one input to the locked project, for the span that it comes from. Tasks that nobody wants any more are cancelled.
pub async fn change(
    txn: &impl ConnectionTrait,
    row: project::Model,
    (input, cause): (Input, Option<TraceParent>),
    now: DateTime<Utc>,
) -> Result<Change, ApplyError> {
    let report = Report { project: row.id, input, own: None, cause };
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
    /// The span that new tasks belong to.
    pub cause: Option<TraceParent>,
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
    let (mut news, mut told, mut changed) = (Vec::new(), Vec::new(), Changed::default());
    for rows in load::parts(txn, rows).await.during("reading", "projects")? {
        let reports = of_project.remove(&rows.project.id).unwrap_or_default();
        let before = project_record(rows.project.clone(), rows.scenes.clone(), rows.render.clone())?;
        let mut after =
            Step { project: before.project.clone(), enqueue: Vec::new(), retry: None, events: Vec::new(), stale: false };
        let mut enqueue = Vec::new();
        let own: Vec<Uuid> = reports.iter().filter_map(|(_, report)| report.own).collect();
        for (place, report) in reports {
            let mut step = transition(&after.project, report.input)?;
            if step.events.is_empty() && step.project != after.project {
                // Whoever polls or follows a project looks at nothing but the number of its newest event.
                step.events.push(Event::Reset);
            }
            verdicts[place] = Some(Verdict { stale: step.stale, retry: step.retry });
            let notices = notice::between(&after.project, &step.project);
            after.project = step.project;
            enqueue.extend(step.enqueue.into_iter().map(|task| (task, report.cause)));
            after.events.extend(step.events);
            let number = before.event_number + after.events.len() as i64;
            told.push(News { owner: after.project.owner, number, notices });
        }
        let id = rows.project.id;
        queue::enqueue(txn, &after.project, &enqueue, now).await.during("putting tasks in the queue for project", id)?;
        let cancelled = queue::cancel_unwanted(txn, &before.project, &after.project, &own, now);
        cancelled.await.during("cancelling tasks of project", id)?;
        if after.project == before.project && after.events.is_empty() {
            records.push(before);
            continue;
        }
        news.extend(event_rows(id, before.event_number, &after.events, now)?);
        write(txn, rows, &before.project, &after, &mut changed, now).await?;
        let created_at = |scene: &Scene| (scene.id, before.scene_created_at.get(&scene.id).copied().unwrap_or(now));
        records.push(ProjectRecord {
            event_number: before.event_number + after.events.len() as i64,
            updated_at: now,
            scene_created_at: after.project.scenes.iter().map(created_at).collect(),
            project: after.project,
            ..before
        });
    }
    message::tell(txn, &told, now).await?;
    update_all(txn, project::Column::Id, changed.projects).await.during("changing", "projects")?;
    update_all(txn, scene::Column::Id, changed.scenes).await.during("changing", "scenes")?;
    for some in news.chunks(CHUNK) {
        let some = some.iter().cloned().map(IntoActiveModel::into_active_model);
        let insert = event::Entity::insert_many::<event::ActiveModel, _>(some);
        insert.exec_without_returning(txn).await.during("adding", "events")?;
    }
    Ok(Changes { records, verdicts })
}

/// Rows whose changed columns are still to be written, those of all projects together.
#[derive(Default)]
struct Changed {
    projects: Vec<project::ActiveModel>,
    scenes: Vec<scene::ActiveModel>,
}

/// Writes what is new or gone, and leaves what has changed to the caller.
async fn write(
    txn: &impl ConnectionTrait,
    rows: Rows,
    before: &Project,
    step: &Step,
    changed: &mut Changed,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let project = &step.project;
    let mut row = rows.project.clone();
    fill_project(&mut row, project)?;
    row.event_number += step.events.len() as i64;
    row.updated_at = now;
    changed.projects.extend(changes(rows.project, &row));
    write_scenes(txn, rows.scenes.into_iter().zip(&before.scenes), project, &mut changed.scenes, now).await?;
    write_render(txn, rows.render, project, now).await
}

async fn write_scenes(
    txn: &impl ConnectionTrait,
    before: impl Iterator<Item = (scene::Model, &Scene)>,
    project: &Project,
    changed: &mut Vec<scene::ActiveModel>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut old: HashMap<Uuid, (scene::Model, &Scene)> = before.map(|(row, scene)| (row.id, (row, scene))).collect();
    let mut new = Vec::new();
    for scene in &project.scenes {
        match old.remove(&scene.id) {
            Some((_, before)) if before == scene => {}
            Some((row, _)) => {
                let mut after = row.clone();
                fill_scene(&mut after, scene)?;
                changed.extend(changes::<_, scene::ActiveModel>(row, &after));
            }
            None => new.push(new_scene_row(scene, project.id, now)?),
        }
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
    Ok(())
}

async fn write_render(
    txn: &impl ConnectionTrait,
    before: Option<render::Model>,
    project: &Project,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let Some(render) = &project.render else { return Ok(()) };
    if let Some(before) = before {
        let mut after = before.clone();
        if before.id == render.id {
            fill_render(&mut after, render)?;
            return update_render(txn, before, after, now).await.during("changing render", render.id);
        }
        // A newer one takes its place: the state machine forgets it, but its row stays and must not wait for ever.
        let replaced = crate::record::render_of(before.clone())?;
        if !replaced.status.is_final() {
            after.status = word(RenderStatus::Cancelled, &format!("render {}", before.id), "status")?;
            update_render(txn, before, after, now).await.during("cancelling render", replaced.id)?;
        }
    }
    let insert = render::Entity::insert(new_render_row(render, project.id, now)?.into_active_model());
    insert.exec_without_returning(txn).await.during("adding render", render.id)?;
    Ok(())
}

async fn update_render(
    txn: &impl ConnectionTrait,
    before: render::Model,
    mut after: render::Model,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    if after != before {
        after.updated_at = now;
    }
    if let Some(changed) = changes::<_, render::ActiveModel>(before, &after) {
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
