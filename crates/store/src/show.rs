//! Shows: series whose episodes are projects, with characters of their own. What belongs to a show says so in its own row.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::character::{CharacterRecord, of_show};
use crate::entity::{character, project, show};
use crate::error::During;
use crate::load;
use crate::place::named;
use crate::project::touch;
use crate::transaction::stored;
use crate::{ProjectRecord, Store, StoreError};

/// A series.
#[derive(Debug, Clone, PartialEq)]
pub struct Show {
    /// Identity.
    pub id: Uuid,
    /// Whose it is.
    pub owner: Uuid,
    /// Its name.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// The look, such as `Cinematic`.
    pub style_preset: String,
    /// More about the look.
    pub visual_prompt: Option<String>,
    /// Which vendor speaks.
    pub default_tts_provider: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

/// A series and how much belongs to it.
#[derive(Debug, Clone, PartialEq)]
pub struct ShowRecord {
    /// The series.
    pub show: Show,
    /// How many projects are its episodes.
    pub episodes: u64,
    /// How many characters are its own.
    pub characters: u64,
}

impl Store {
    /// The owner's shows, the one that was changed last first.
    pub async fn shows(&self, owner: Uuid) -> Result<Vec<ShowRecord>, StoreError> {
        let doing = "reading the shows of";
        let own = show::Entity::find().filter(show::Column::OwnerId.eq(owner));
        let own = own.order_by_desc(show::Column::UpdatedAt).order_by_desc(show::Column::Id);
        let rows = own.all(&self.db).await.during(doing, owner)?;
        let episodes =
            project::Entity::find().select_only().column(project::Column::ShowId).column_as(Expr::cust("COUNT(*)"), "n");
        let episodes = episodes.filter(project::Column::OwnerId.eq(owner)).filter(project::Column::ShowId.is_not_null());
        let episodes = episodes.group_by(project::Column::ShowId).into_tuple::<(Uuid, i64)>().all(&self.db).await;
        let episodes: HashMap<Uuid, i64> = episodes.during(doing, owner)?.into_iter().collect();
        let cast =
            character::Entity::find().select_only().column(character::Column::ShowId).column_as(Expr::cust("COUNT(*)"), "n");
        let cast = cast.filter(character::Column::OwnerId.eq(owner)).filter(character::Column::ShowId.is_not_null());
        let cast = cast.group_by(character::Column::ShowId).into_tuple::<(Uuid, i64)>().all(&self.db).await;
        let cast: HashMap<Uuid, i64> = cast.during(doing, owner)?.into_iter().collect();
        let count = |of: &HashMap<Uuid, i64>, id: Uuid| of.get(&id).copied().unwrap_or_default().unsigned_abs();
        let record = |row: show::Model| ShowRecord {
            episodes: count(&episodes, row.id),
            characters: count(&cast, row.id),
            show: show_of(row),
        };
        Ok(rows.into_iter().map(record).collect())
    }

    /// The show, if it is that owner's.
    pub async fn show(&self, owner: Uuid, id: Uuid) -> Result<Option<Show>, StoreError> {
        let row = show::Entity::find_by_id(id).one(&self.db).await.during("reading show", id)?;
        Ok(row.filter(|row| row.owner_id == owner).map(show_of))
    }

    /// The show's own characters, newest first.
    pub async fn characters_of_show(&self, owner: Uuid, id: Uuid) -> Result<Vec<CharacterRecord>, StoreError> {
        of_show(&self.db, owner, id).await.during("reading the characters of show", id)
    }

    /// The newest episodes of the owner's show, at most so many.
    pub async fn episodes(&self, owner: Uuid, id: Uuid, most: u64) -> Result<Vec<ProjectRecord>, StoreError> {
        let own = project::Entity::find().filter(project::Column::OwnerId.eq(owner)).filter(project::Column::ShowId.eq(id));
        let newest = own.order_by_desc(project::Column::CreatedAt).order_by_desc(project::Column::Id).limit(most);
        self.load(newest).await
    }

    /// Makes a show.
    pub async fn create_show(&self, new: &Show) -> Result<(), StoreError> {
        let row = row_of(new).into_active_model();
        show::Entity::insert(row).exec_without_returning(&self.db).await.during("making show", new.id)?;
        Ok(())
    }

    /// Stores a changed show; `false` when its owner has none with that id.
    pub async fn change_show(&self, changed: &Show) -> Result<bool, StoreError> {
        let update = show::Entity::update_many().set(row_of(changed).into_active_model().reset_all());
        let update = update.filter(show::Column::Id.eq(changed.id)).filter(show::Column::OwnerId.eq(changed.owner));
        Ok(update.exec(&self.db).await.during("changing show", changed.id)?.rows_affected == 1)
    }

    /// Deletes the owner's show; its episodes and characters stay and belong to none. `false` when there is no such show.
    pub async fn delete_show(&self, owner: Uuid, id: Uuid, now: DateTime<Utc>) -> Result<bool, StoreError> {
        loop {
            if let Some(done) = self.try_to_delete_show(owner, id, now).await? {
                return Ok(done);
            }
        }
    }

    /// `None` when an episode has come meanwhile, which is to be taken out too.
    async fn try_to_delete_show(&self, owner: Uuid, id: Uuid, now: DateTime<Utc>) -> Result<Option<bool>, StoreError> {
        let write = self.write().await.during("deleting show", id)?;
        let txn = &write.txn;
        let found = show::Entity::find_by_id(id).one(txn).await.during("reading show", id)?;
        if found.is_none_or(|row| row.owner_id != owner) {
            return Ok(Some(false));
        }
        let episodes = episode_ids(txn, owner, id).await.during("reading the episodes of show", id)?;
        for some in episodes.chunks(load::CHUNK) {
            let some: BTreeSet<Uuid> = some.iter().copied().collect();
            for before in load::lock_all(txn, &some).await.during("reading the episodes of show", id)? {
                if before.show_id == Some(id) {
                    let after = project::Model { show_id: None, episode_number: None, ..before.clone() };
                    touch(txn, before, after, now).await?;
                }
            }
        }
        show::Entity::delete_by_id(id).exec(txn).await.during("deleting show", id)?;
        if named(txn, owner, project::Column::ShowId, id).await.during("reading the episodes of show", id)? {
            return Ok(None);
        }
        let cast = character::Entity::update_many().col_expr(character::Column::ShowId, Expr::value(None::<Uuid>));
        cast.filter(character::Column::ShowId.eq(id)).exec(txn).await.during("changing the characters of show", id)?;
        write.commit_changed(&episodes).await.during("deleting show", id)?;
        Ok(Some(true))
    }
}

async fn episode_ids(txn: &impl ConnectionTrait, owner: Uuid, id: Uuid) -> Result<Vec<Uuid>, DbErr> {
    let own = project::Entity::find().select_only().column(project::Column::Id);
    let own = own.filter(project::Column::OwnerId.eq(owner)).filter(project::Column::ShowId.eq(id));
    own.order_by_asc(project::Column::Id).into_tuple().all(txn).await
}

fn row_of(show: &Show) -> show::Model {
    show::Model {
        id: show.id,
        owner_id: show.owner,
        name: show.name.clone(),
        description: show.description.clone(),
        style_preset: show.style_preset.clone(),
        visual_prompt: show.visual_prompt.clone(),
        default_tts_provider: show.default_tts_provider.clone(),
        created_at: stored(show.created_at),
        updated_at: stored(show.updated_at),
    }
}

fn show_of(row: show::Model) -> Show {
    Show {
        id: row.id,
        owner: row.owner_id,
        name: row.name,
        description: row.description,
        style_preset: row.style_preset,
        visual_prompt: row.visual_prompt,
        default_tts_provider: row.default_tts_provider,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}
