//! Reading the rows of whole projects, with few queries whatever their number.

use std::collections::{BTreeSet, HashMap};

use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::claim::skip_locked;
use crate::entity::{project, render, scene};

/// Values in one `IN (…)`: far below what both databases take.
pub const CHUNK: usize = 500;

/// Ids for an `IN (…)`, or rows for `VALUES`, with the last one repeated until they are a power of two: few lengths are few
/// different statements, and those stay prepared.
pub fn padded<T: Clone>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.into_iter().collect();
    if let Some(last) = items.last().cloned() {
        items.resize(items.len().next_power_of_two(), last);
    }
    items
}

/// All rows of one project that the workflow decides on.
pub struct Rows {
    /// The project.
    pub project: project::Model,
    /// Its scenes in order.
    pub scenes: Vec<scene::Model>,
    /// Its newest render.
    pub render: Option<render::Model>,
}

/// The project's row, locked until the end of the transaction: whoever changes the project comes through here.
pub async fn lock(txn: &impl ConnectionTrait, id: Uuid) -> Result<Option<project::Model>, DbErr> {
    let find = project::Entity::find_by_id(id);
    // On SQLite the transaction itself is the lock.
    let find = if txn.get_database_backend() == DbBackend::Postgres { find.lock_exclusive() } else { find };
    find.one(txn).await
}

/// The rows of several projects, locked like [`lock`] does, always in the same order so that nobody waits in a circle.
pub async fn lock_all(txn: &impl ConnectionTrait, ids: &BTreeSet<Uuid>) -> Result<Vec<project::Model>, DbErr> {
    let find =
        project::Entity::find().filter(project::Column::Id.is_in(padded(ids.iter().copied()))).order_by_asc(project::Column::Id);
    let find = if txn.get_database_backend() == DbBackend::Postgres { find.lock_exclusive() } else { find };
    find.all(txn).await
}

/// The same without waiting: those that somebody else has locked are left out.
pub async fn lock_free(txn: &impl ConnectionTrait, ids: &BTreeSet<Uuid>) -> Result<Vec<project::Model>, DbErr> {
    let find = project::Entity::find().filter(project::Column::Id.is_in(padded(ids.iter().copied())));
    skip_locked(txn.get_database_backend(), find).all(txn).await
}

/// Adds scenes and renders to the projects; keeps the order.
pub async fn parts(db: &impl ConnectionTrait, projects: Vec<project::Model>) -> Result<Vec<Rows>, DbErr> {
    let mut scenes: HashMap<Uuid, Vec<scene::Model>> = HashMap::new();
    let mut renders: HashMap<Uuid, render::Model> = HashMap::new();
    for some in projects.chunks(CHUNK) {
        let ids = some.iter().map(|project| project.id);
        let rows = scene::Entity::find().filter(scene::Column::ProjectId.is_in(padded(ids))).order_by_asc(scene::Column::Number);
        for row in rows.all(db).await? {
            scenes.entry(row.project_id).or_default().push(row);
        }
        let ids: Vec<Uuid> = some.iter().filter_map(|project| project.render_id).collect();
        if !ids.is_empty() {
            let rows = render::Entity::find().filter(render::Column::Id.is_in(padded(ids))).all(db).await?;
            renders.extend(rows.into_iter().map(|row| (row.id, row)));
        }
    }
    let rows = projects.into_iter().map(|project| Rows {
        scenes: scenes.remove(&project.id).unwrap_or_default(),
        render: project.render_id.and_then(|id| renders.remove(&id)),
        project,
    });
    Ok(rows.collect())
}
