//! Folders: where users keep their projects, as a tree. Which folder a project is in stands in the project's own row.
//!
//! Whoever changes a user's tree holds the user's row, so that names stay unique and no two moves make a circle together.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::account::lock_user;
use crate::entity::{folder, project};
use crate::error::During;
use crate::load;
use crate::place::named;
use crate::project::touch;
use crate::transaction::stored;
use crate::{Store, StoreError};

/// The most characters of a folder's name.
pub const LONGEST_FOLDER_NAME: usize = 50;

/// A place for projects and other folders.
#[derive(Debug, Clone, PartialEq)]
pub struct Folder {
    /// Identity.
    pub id: Uuid,
    /// Whose it is.
    pub owner: Uuid,
    /// The folder that it is in; `None` at the root.
    pub parent: Option<Uuid>,
    /// Its name, which no other folder at the same place has.
    pub name: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

/// What to change; `None` leaves it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FolderChange {
    /// The name.
    pub name: Option<String>,
    /// The folder to move it into; `Some(None)` is the root.
    pub parent: Option<Option<Uuid>>,
}

/// All folders of a user.
#[derive(Debug, Clone, PartialEq)]
pub struct FolderList {
    /// By name, each with the number of its projects that are not put away.
    pub folders: Vec<(Folder, u64)>,
    /// How many projects are in no folder, without those put away.
    pub at_root: u64,
}

/// Why a folder was not made or changed.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// There is none with that id, or it is somebody else's.
    #[error("there is no such folder")]
    NotFound,
    /// There is no folder of that owner to put it into.
    #[error("there is no such folder to put it into")]
    NoParent,
    /// It would be inside itself.
    #[error("a folder can't be moved into itself or into a folder inside it")]
    Inside,
    /// Another folder at the same place has that name.
    #[error("there is a folder with this name already")]
    NameTaken,
    /// Trouble with the database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// The owner's folders, and how many projects are where.
    pub async fn folders(&self, owner: Uuid) -> Result<FolderList, StoreError> {
        let doing = "reading the folders of";
        let rows = of_owner(&self.db, owner).await?;
        let counts = project::Entity::find()
            .select_only()
            .column(project::Column::FolderId)
            .column_as(Expr::cust("COUNT(*)"), "projects")
            .filter(project::Column::OwnerId.eq(owner))
            .filter(project::Column::IsArchived.eq(false))
            .filter(project::Column::Question.is_null())
            .group_by(project::Column::FolderId)
            .into_tuple::<(Option<Uuid>, i64)>()
            .all(&self.db)
            .await
            .during(doing, owner)?;
        let counts: HashMap<Option<Uuid>, i64> = counts.into_iter().collect();
        let count = |id: Option<Uuid>| counts.get(&id).copied().unwrap_or_default().unsigned_abs();
        let folders =
            rows.into_iter().map(|row| (count(Some(row.id)), row)).map(|(count, row)| (folder_of(row), count)).collect();
        Ok(FolderList { folders, at_root: count(None) })
    }

    /// The folder, if it is that owner's.
    pub async fn folder(&self, owner: Uuid, id: Uuid) -> Result<Option<Folder>, StoreError> {
        let row = folder::Entity::find_by_id(id).one(&self.db).await.during("reading folder", id)?;
        Ok(row.filter(|row| row.owner_id == owner).map(folder_of))
    }

    /// Makes a folder.
    pub async fn create_folder(&self, new: &Folder) -> Result<(), FolderError> {
        let write = self.write().await.during("making folder", new.id)?;
        lock_user(&write.txn, new.owner).await.during("making folder", new.id)?;
        let there = of_owner(&write.txn, new.owner).await?;
        if new.parent.is_some_and(|parent| !there.iter().any(|row| row.id == parent)) {
            return Err(FolderError::NoParent);
        }
        if taken(&there, new.parent, &new.name) {
            return Err(FolderError::NameTaken);
        }
        let row = folder::Model {
            id: new.id,
            owner_id: new.owner,
            parent_id: new.parent,
            name: new.name.clone(),
            created_at: stored(new.created_at),
            updated_at: stored(new.updated_at),
        };
        folder::Entity::insert(row.into_active_model())
            .exec_without_returning(&write.txn)
            .await
            .during("making folder", new.id)?;
        Ok(write.commit().await.during("making folder", new.id)?)
    }

    /// Renames or moves the owner's folder.
    pub async fn change_folder(
        &self,
        owner: Uuid,
        id: Uuid,
        change: FolderChange,
        now: DateTime<Utc>,
    ) -> Result<Folder, FolderError> {
        let write = self.write().await.during("changing folder", id)?;
        lock_user(&write.txn, owner).await.during("changing folder", id)?;
        let there = of_owner(&write.txn, owner).await?;
        let before = there.iter().find(|row| row.id == id).ok_or(FolderError::NotFound)?;
        let mut after = before.clone();
        after.name = change.name.unwrap_or(after.name);
        after.parent_id = change.parent.unwrap_or(after.parent_id);
        if after == *before {
            return Ok(folder_of(after));
        }
        check_parent(&there, id, after.parent_id)?;
        let others: Vec<_> = there.iter().filter(|row| row.id != id).cloned().collect();
        if taken(&others, after.parent_id, &after.name) {
            return Err(FolderError::NameTaken);
        }
        after.updated_at = stored(now);
        let row = after.clone().into_active_model().reset_all();
        folder::Entity::update(row).exec(&write.txn).await.during("changing folder", id)?;
        write.commit().await.during("changing folder", id)?;
        Ok(folder_of(after))
    }

    /// Deletes the owner's folder. Its projects are in no folder then, and the folders in it take its place; one whose name is
    /// taken there gets a number. `false` when there is no such folder.
    pub async fn delete_folder(&self, owner: Uuid, id: Uuid, now: DateTime<Utc>) -> Result<bool, StoreError> {
        loop {
            if let Some(done) = self.try_to_delete_folder(owner, id, now).await? {
                return Ok(done);
            }
        }
    }

    /// `None` when a project has come into it meanwhile, which is to be taken out too.
    async fn try_to_delete_folder(&self, owner: Uuid, id: Uuid, now: DateTime<Utc>) -> Result<Option<bool>, StoreError> {
        let write = self.write().await.during("deleting folder", id)?;
        let txn = &write.txn;
        let inside = project::Entity::find().select_only().column(project::Column::Id);
        let inside = inside.filter(project::Column::FolderId.eq(id)).filter(project::Column::OwnerId.eq(owner));
        let inside: Vec<Uuid> = inside.into_tuple().all(txn).await.during("reading the projects of folder", id)?;
        let mut projects = Vec::new();
        for some in inside.chunks(load::CHUNK) {
            let some: BTreeSet<Uuid> = some.iter().copied().collect();
            projects.extend(load::lock_all(txn, &some).await.during("reading the projects of folder", id)?);
        }
        lock_user(txn, owner).await.during("deleting folder", id)?;
        let mut there = of_owner(txn, owner).await?;
        let Some(place) = there.iter().position(|row| row.id == id) else { return Ok(Some(false)) };
        let gone = there.remove(place);
        for before in projects.into_iter().filter(|project| project.folder_id == Some(id)) {
            let after = project::Model { folder_id: None, ..before.clone() };
            touch(txn, before, after, now).await?;
        }
        folder::Entity::delete_by_id(id).exec(txn).await.during("deleting folder", id)?;
        if named(txn, owner, project::Column::FolderId, id).await.during("reading the projects of folder", id)? {
            return Ok(None);
        }
        let children: Vec<_> = there.iter().filter(|row| row.parent_id == Some(id)).cloned().collect();
        for child in children {
            let name = free_name(&there, gone.parent_id, &child.name);
            let moved = folder::Model { parent_id: gone.parent_id, name, updated_at: stored(now), ..child };
            there.push(moved.clone());
            let row = moved.into_active_model().reset_all();
            folder::Entity::update(row).exec(txn).await.during("moving a folder out of folder", id)?;
        }
        write.commit_changed(&inside).await.during("deleting folder", id)?;
        Ok(Some(true))
    }
}

/// The owner's folders by name.
async fn of_owner(db: &impl ConnectionTrait, owner: Uuid) -> Result<Vec<folder::Model>, StoreError> {
    let own = folder::Entity::find().filter(folder::Column::OwnerId.eq(owner));
    let mut rows = own.order_by_asc(folder::Column::Id).all(db).await.during("reading the folders of", owner)?;
    // Databases sort texts in ways of their own.
    rows.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(rows)
}

/// Whether a folder may be put there.
fn check_parent(there: &[folder::Model], id: Uuid, parent: Option<Uuid>) -> Result<(), FolderError> {
    let mut above = parent;
    // No way up is longer than there are folders.
    for _ in 0..=there.len() {
        let Some(step) = above else { return Ok(()) };
        if step == id {
            return Err(FolderError::Inside);
        }
        above = there.iter().find(|row| row.id == step).ok_or(FolderError::NoParent)?.parent_id;
    }
    Err(FolderError::Inside)
}

fn taken(there: &[folder::Model], parent: Option<Uuid>, name: &str) -> bool {
    there.iter().any(|row| row.parent_id == parent && row.name == name)
}

/// The name, with a number if it is taken there.
fn free_name(there: &[folder::Model], parent: Option<Uuid>, name: &str) -> String {
    let numbered = |number: usize| {
        let number = format!(" ({number})");
        let room = LONGEST_FOLDER_NAME - number.chars().count();
        name.chars().take(room).collect::<String>() + &number
    };
    let mut names = std::iter::once(name.to_owned()).chain((2..).map(numbered));
    names.find(|name| !taken(there, parent, name)).expect("one of endlessly many numbers is free")
}

fn folder_of(row: folder::Model) -> Folder {
    Folder {
        id: row.id,
        owner: row.owner_id,
        parent: row.parent_id,
        name: row.name,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}
