//! Where projects and characters are: the folder and the show that they name are there as long as they do.
//!
//! Nothing but a transaction of its own keeps a folder from being deleted between a look at it and a change that names it. So
//! whoever writes such a name holds the row that it names until the end of the transaction, and whoever deletes that row looks,
//! after it is gone, whether somebody was faster. Rows are held in this order: projects, users, folders and shows.

use sea_orm::sea_query::LockType;
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, PrimaryKeyTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::Details;
use crate::entity::{folder, project, show};

/// The details without a folder or show that has been deleted meanwhile: as if that had happened a moment later.
pub async fn placed(txn: &impl ConnectionTrait, mut details: Details) -> Result<Details, DbErr> {
    details.folder_id = held::<folder::Entity>(txn, details.folder_id).await?;
    details.show_id = show_held(txn, details.show_id).await?;
    if details.show_id.is_none() {
        details.episode_number = None;
    }
    Ok(details)
}

/// The show, held until the end of the transaction; `None` when there is none any more.
pub async fn show_held(txn: &impl ConnectionTrait, id: Option<Uuid>) -> Result<Option<Uuid>, DbErr> {
    held::<show::Entity>(txn, id).await
}

async fn held<E>(txn: &impl ConnectionTrait, id: Option<Uuid>) -> Result<Option<Uuid>, DbErr>
where
    E: EntityTrait,
    E::PrimaryKey: PrimaryKeyTrait<ValueType = Uuid>,
{
    let Some(wanted) = id else { return Ok(None) };
    let find = E::find_by_id(wanted);
    // On SQLite the transaction itself is the lock.
    let find = if txn.get_database_backend() == DbBackend::Postgres { find.lock(LockType::KeyShare) } else { find };
    Ok(find.one(txn).await?.and(id))
}

/// Whether some project of that owner still names the folder or show, in that column.
pub async fn named(txn: &impl ConnectionTrait, owner: Uuid, column: project::Column, id: Uuid) -> Result<bool, DbErr> {
    let own = project::Entity::find().filter(project::Column::OwnerId.eq(owner));
    Ok(own.filter(column.eq(id)).one(txn).await?.is_some())
}
