//! Whose objects are whose: an object belongs to everybody whose projects show it or have made it, or whose characters it
//! shows. Objects are stored once for all, so the rows that name them are the only thing that tells. Files that users bring
//! are noted.

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, OnConflict, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::delete::{REFERENCES, drop_referenced, keys_to_render};
use crate::entity::{made, upload};
use crate::error::During;
use crate::load::CHUNK;
use crate::transaction::stored;
use crate::{Store, StoreError};

impl Store {
    /// Those of the objects that some project of that owner has in a scene, as its music, as the picture to go by or as a file of
    /// a render, that a question is about or its answer, and pictures of that owner's characters.
    pub async fn owned_objects(&self, owner: Uuid, keys: &[String]) -> Result<HashSet<String>, StoreError> {
        let mut owned = HashSet::new();
        for some in keys.chunks(CHUNK) {
            owned.extend(owned_in(&self.db, owner, some).await.during("looking whose objects are those of", owner)?);
        }
        Ok(owned)
    }

    /// Those of the objects that no row names: no scene, project, render, question, character or upload, no render that is still
    /// to be made, and nothing that could be taken again for the same request. Asked in one moment.
    pub async fn unnamed_objects(&self, keys: &[String]) -> Result<Vec<String>, StoreError> {
        let mut unnamed = Vec::new();
        let snapshot = self.snapshot().await.during("looking for", "objects that nobody names")?;
        for some in keys.chunks(CHUNK) {
            let mut left: BTreeSet<String> = some.iter().cloned().collect();
            drop_referenced(&snapshot, &mut left).await.during("looking for", "objects that nobody names")?;
            let kept = kept_in(&snapshot, some).await.during("looking for", "objects that nobody names")?;
            for key in kept.into_iter().chain(keys_to_render(&snapshot).await?) {
                left.remove(&key);
            }
            unnamed.extend(left);
        }
        Ok(unnamed)
    }

    /// Notes that a user has brought that file.
    pub async fn note_upload(&self, owner: Uuid, key: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
        let row = upload::Model { asset_key: key.to_owned(), owner_id: owner, created_at: stored(now) };
        upload::Entity::insert(row.into_active_model())
            .on_conflict(OnConflict::columns([upload::Column::AssetKey, upload::Column::OwnerId]).do_nothing().to_owned())
            .exec_without_returning(&self.db)
            .await
            .during("noting a file of", owner)?;
        Ok(())
    }
}

/// Those that somebody has brought, or that could be taken again for the same request.
async fn kept_in(db: &impl ConnectionTrait, keys: &[String]) -> Result<Vec<String>, DbErr> {
    let brought = upload::Entity::find().select_only().column(upload::Column::AssetKey);
    let mut kept: Vec<String> = brought.filter(upload::Column::AssetKey.is_in(keys)).into_tuple().all(db).await?;
    let made_before = made::Entity::find().select_only().column(made::Column::AssetKey);
    kept.extend(made_before.filter(made::Column::AssetKey.is_in(keys)).into_tuple::<String>().all(db).await?);
    Ok(kept)
}

async fn owned_in(db: &impl ConnectionTrait, owner: Uuid, keys: &[String]) -> Result<Vec<String>, DbErr> {
    let brought = upload::Entity::find().select_only().column(upload::Column::AssetKey);
    let brought = brought.filter(upload::Column::OwnerId.eq(owner)).filter(upload::Column::AssetKey.is_in(keys));
    let mut owned: Vec<String> = brought.into_tuple().all(db).await?;
    for (table, key) in REFERENCES {
        let project = if table == "project" { "id" } else { "project_id" };
        let own = Query::select().column("id").from("project").and_where(Expr::col("owner_id").eq(owner)).take();
        let mut named = Query::select();
        named.distinct().expr_as(Expr::cust(key), Alias::new("key")).from(table);
        named.and_where(Expr::cust(key).is_in(keys)).and_where(Expr::col(project).in_subquery(own));
        for row in db.query_all(&named).await? {
            owned.push(row.try_get("", "key")?);
        }
    }
    let own = Query::select().column("id").from("character").and_where(Expr::col("owner_id").eq(owner)).take();
    let mut pictures = Query::select();
    pictures.distinct().expr_as(Expr::col("object_key"), Alias::new("key")).from("character_picture");
    pictures.and_where(Expr::col("object_key").is_in(keys)).and_where(Expr::col("character_id").in_subquery(own));
    for row in db.query_all(&pictures).await? {
        owned.push(row.try_get("", "key")?);
    }
    Ok(owned)
}
