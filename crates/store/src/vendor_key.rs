//! Vendors' keys of users: sealed in the database, opened only for whoever asks a vendor. And users' wishes about vendors.

use chrono::{DateTime, Utc};
use model::choice::Choice;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::entity::{user, vendor_key};
use crate::error::During;
use crate::record::{from_json, json};
use crate::transaction::stored;
use crate::vault::Vault;
use crate::{Store, StoreError};

/// Whose key it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyOf {
    /// The user's, until it is taken away.
    User,
    /// Only for the tasks of one project, until then.
    Run {
        /// Which project.
        project: Uuid,
        /// Until when.
        until: DateTime<Utc>,
    },
}

/// An opened key. It has no `Debug`, so that nobody prints it by accident.
pub struct VendorKey {
    /// The vendor's name.
    pub vendor: String,
    /// Whether it came with a request, for one project.
    pub of_run: bool,
    /// The key, or `None` when it was sealed with a secret that the server no longer has.
    pub secret: Option<String>,
}

impl Store {
    /// Keeps a vendor's key; it takes the place of the one that is there for the same user, project and vendor. `nonce` must
    /// be random.
    pub async fn put_vendor_key(
        &self,
        owner: Uuid,
        (of, vendor, secret): (KeyOf, &str, &str),
        vault: &Vault,
        nonce: [u8; 24],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let (project_id, expires_at) = match of {
            KeyOf::User => (None, None),
            KeyOf::Run { project, until } => (Some(project), Some(stored(until))),
        };
        let sealed = vault.seal(secret, &place(owner, project_id, vendor), nonce);
        let id = id_of(owner, project_id, vendor);
        let row = vendor_key::Model {
            id,
            owner_id: owner,
            project_id,
            vendor: vendor.to_owned(),
            sealed,
            expires_at,
            updated_at: stored(now),
        };
        let columns = [vendor_key::Column::Sealed, vendor_key::Column::ExpiresAt, vendor_key::Column::UpdatedAt];
        vendor_key::Entity::insert(row.into_active_model())
            .on_conflict(OnConflict::column(vendor_key::Column::Id).update_columns(columns).to_owned())
            .exec_without_returning(&self.db)
            .await
            .during("keeping a key of", owner)?;
        let over = vendor_key::Entity::delete_many().filter(vendor_key::Column::ExpiresAt.lt(stored(now)));
        over.exec(&self.db).await.during("removing keys whose time is over", "")?;
        Ok(())
    }

    /// Takes the user's own key of a vendor away.
    pub async fn remove_vendor_key(&self, owner: Uuid, vendor: &str) -> Result<(), StoreError> {
        let removed = vendor_key::Entity::delete_by_id(id_of(owner, None, vendor)).exec(&self.db).await;
        removed.during("removing a key of", owner)?;
        Ok(())
    }

    /// The keys for the tasks of a project (or only the user's own): those of the run first.
    pub async fn vendor_keys(
        &self,
        owner: Uuid,
        project: Option<Uuid>,
        vault: &Vault,
        now: DateTime<Utc>,
    ) -> Result<Vec<VendorKey>, StoreError> {
        let places = Condition::any().add(vendor_key::Column::ProjectId.is_null());
        let places = match project {
            Some(project) => places.add(vendor_key::Column::ProjectId.eq(project)),
            None => places,
        };
        let lasts =
            Condition::any().add(vendor_key::Column::ExpiresAt.is_null()).add(vendor_key::Column::ExpiresAt.gte(stored(now)));
        let rows = vendor_key::Entity::find()
            .filter(vendor_key::Column::OwnerId.eq(owner))
            .filter(places)
            .filter(lasts)
            .order_by_asc(vendor_key::Column::Vendor)
            .all(&self.db)
            .await
            .during("reading the keys of", owner)?;
        let open = |row: vendor_key::Model| VendorKey {
            secret: vault.open(&row.sealed, &place(row.owner_id, row.project_id, &row.vendor)).ok(),
            of_run: row.project_id.is_some(),
            vendor: row.vendor,
        };
        let mut keys: Vec<VendorKey> = rows.into_iter().map(open).collect();
        keys.sort_by_key(|key| !key.of_run);
        Ok(keys)
    }

    /// Keeps the user's wishes about vendors.
    pub async fn set_user_choice(&self, owner: Uuid, choice: &Choice) -> Result<(), StoreError> {
        let wishes = json(choice, &format!("user {owner}"), "choice")?;
        let update = user::Entity::update_many().col_expr(user::Column::Choice, Expr::value(wishes));
        update.filter(user::Column::Id.eq(owner)).exec(&self.db).await.during("changing user", owner)?;
        Ok(())
    }

    /// The user's wishes about vendors.
    pub async fn user_choice(&self, owner: Uuid) -> Result<Choice, StoreError> {
        let row = user::Entity::find_by_id(owner).one(&self.db).await.during("reading user", owner)?;
        let choice = row.and_then(|row| row.choice);
        Ok(choice.map(|choice| from_json(choice, &format!("user {owner}"), "choice")).transpose()?.unwrap_or_default())
    }
}

/// What a sealed key belongs to.
fn place(owner: Uuid, project: Option<Uuid>, vendor: &str) -> String {
    format!("vendor_key/{owner}/{}/{vendor}", project.map(|project| project.to_string()).unwrap_or_default())
}

/// It follows from the place, so that there is one key for each.
fn id_of(owner: Uuid, project: Option<Uuid>, vendor: &str) -> Uuid {
    Uuid::new_v5(&owner, place(owner, project, vendor).as_bytes())
}
