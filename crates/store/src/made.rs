//! What has been made before, by the hash of the request: the reason why nothing is paid for twice.

use chrono::{DateTime, Utc};
use model::project::Asset;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, EntityTrait, IntoActiveModel};

use crate::entity::made;
use crate::error::During;
use crate::record::{from_json, json};
use crate::transaction::stored;
use crate::{Store, StoreError};

/// The result of a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Made {
    /// The object.
    pub asset: Asset,
    /// What else belongs to it, such as the seconds and words of speech.
    pub detail: serde_json::Value,
}

impl Store {
    /// What that request has made before.
    pub async fn made(&self, request_hash: &str) -> Result<Option<Made>, StoreError> {
        let row =
            made::Entity::find_by_id(request_hash).one(&self.db).await.during("looking up what was made for", request_hash)?;
        let made = |row: made::Model| {
            let asset = from_json(row.asset, &format!("what was made for {request_hash}"), "asset")?;
            Ok(Made { asset, detail: row.detail })
        };
        row.map(made).transpose()
    }

    /// Remembers what a request has made, in place of an older result.
    pub async fn remember(&self, request_hash: &str, made: &Made, now: DateTime<Utc>) -> Result<(), StoreError> {
        remember(&self.db, request_hash, made, now).await
    }

    /// Forgets it: the object has gone.
    pub async fn forget(&self, request_hash: &str) -> Result<(), StoreError> {
        made::Entity::delete_by_id(request_hash).exec(&self.db).await.during("forgetting what was made for", request_hash)?;
        Ok(())
    }
}

/// The same, perhaps as a part of a transaction.
pub async fn remember(db: &impl ConnectionTrait, request_hash: &str, made: &Made, now: DateTime<Utc>) -> Result<(), StoreError> {
    let row = made::Model {
        request_hash: request_hash.to_owned(),
        asset: json(&made.asset, "what was made", "asset")?,
        asset_key: made.asset.key.clone(),
        detail: made.detail.clone(),
        created_at: stored(now),
    };
    let columns = [made::Column::Asset, made::Column::AssetKey, made::Column::Detail, made::Column::CreatedAt];
    made::Entity::insert(row.into_active_model())
        .on_conflict(OnConflict::column(made::Column::RequestHash).update_columns(columns).to_owned())
        .exec_without_returning(db)
        .await
        .during("remembering", &made.asset.key)?;
    Ok(())
}
