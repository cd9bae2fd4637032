//! Users. So far there is one: the local owner of an installation without sign-in.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::OnConflict;
use sea_orm::{EntityTrait, IntoActiveModel};
use uuid::Uuid;

use crate::entity::user;
use crate::error::During;
use crate::transaction::stored;
use crate::{Store, StoreError};

/// The same everywhere, so that a copied database keeps its owner.
const LOCAL_OWNER: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);

impl Store {
    /// The local owner, created if absent.
    pub async fn local_owner(&self, now: DateTime<Utc>) -> Result<Uuid, StoreError> {
        let row = user::Model {
            id: LOCAL_OWNER,
            name: "Local owner".to_owned(),
            email: None,
            plan_id: None,
            budget_micros: None,
            choice: None,
            created_at: stored(now),
        };
        user::Entity::insert(row.into_active_model())
            .on_conflict(OnConflict::column(user::Column::Id).do_nothing().to_owned())
            .exec_without_returning(&self.db)
            .await
            .during("creating", "the local owner")?;
        Ok(LOCAL_OWNER)
    }
}
