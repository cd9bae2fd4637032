//! Users: the local owner of an installation without sign-in, and people who sign in.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QuerySelect,
};
use uuid::Uuid;

use crate::entity::{plan, user};
use crate::error::During;
use crate::transaction::stored;
use crate::{Store, StoreError};

/// The same everywhere, so that a copied database keeps its owner.
pub(crate) const LOCAL_OWNER: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);

/// Somebody who owns projects.
#[derive(Debug, Clone, PartialEq)]
pub struct User {
    /// Identity.
    pub id: Uuid,
    /// What people call them; never empty.
    pub name: String,
    /// In lower case; the local owner has none.
    pub email: Option<String>,
    /// When the address was proved to be theirs.
    pub email_verified_at: Option<DateTime<Utc>>,
    /// Address of a picture of them.
    pub image: Option<String>,
    /// What Google calls them.
    pub google_id: Option<String>,
    /// What they may do.
    pub role: Role,
    /// `FREE` or `PRO`.
    pub subscription_plan: String,
    /// `free`, `pro` or `enterprise`.
    pub tier: String,
    /// Whether they are kept out.
    pub is_blocked: bool,
    /// Their plan.
    pub plan: Option<Uuid>,
    /// When they came first.
    pub created_at: DateTime<Utc>,
    /// When this changed last.
    pub updated_at: DateTime<Utc>,
}

/// What somebody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Use the product.
    User,
    /// And manage its users and plans.
    Admin,
}

impl Role {
    /// The name in the database and on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "USER",
            Self::Admin => "ADMIN",
        }
    }

    /// The role of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::User, Self::Admin].into_iter().find(|role| role.name() == name)
    }
}

/// What somebody is known as where they come from.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// What Google calls them; never changes.
    pub google_id: String,
    /// Proved to be theirs.
    pub email: String,
    /// May be empty.
    pub name: String,
    /// Address of a picture of them.
    pub image: Option<String>,
}

/// What signing in has come to.
#[derive(Debug, Clone, PartialEq)]
pub struct SignedIn {
    /// Who that is now.
    pub user: User,
    /// They were not here before.
    pub is_new: bool,
}

impl Store {
    /// The local owner, created if absent.
    pub async fn local_owner(&self, now: DateTime<Utc>) -> Result<Uuid, StoreError> {
        insert_local_owner(&self.db, now).await.during("creating", "the local owner")?;
        Ok(LOCAL_OWNER)
    }

    /// The user, if there is one.
    pub async fn user(&self, id: Uuid) -> Result<Option<User>, StoreError> {
        Ok(user::Entity::find_by_id(id).one(&self.db).await.during("reading user", id)?.map(user_of))
    }

    /// The user of that address.
    pub async fn user_by_email(&self, email: &str) -> Result<Option<User>, StoreError> {
        let found = user::Entity::find().filter(user::Column::Email.eq(email.trim().to_lowercase())).one(&self.db).await;
        Ok(found.during("looking for", "a user")?.map(user_of))
    }

    /// Adds a user by address, or finds the one who has it: the first sign-in under it makes it theirs.
    pub async fn add_user(&self, id: Uuid, email: &str, role: Role, now: DateTime<Utc>) -> Result<SignedIn, StoreError> {
        let write = self.write().await.during("adding", "a user")?;
        let email = email.trim().to_lowercase();
        let found = user::Entity::find().filter(user::Column::Email.eq(email.as_str())).one(&write.txn).await;
        if let Some(row) = found.during("looking for", "a user")? {
            return Ok(SignedIn { user: user_of(row), is_new: false });
        }
        let plan_id = free_plan(&write.txn).await.during("adding", "a user")?;
        let row = user::Model { role: role.name().to_owned(), plan_id, ..fresh(id, &email, now) };
        user::Entity::insert(row.clone().into_active_model())
            .exec_without_returning(&write.txn)
            .await
            .during("adding", "a user")?;
        write.commit().await.during("adding", "a user")?;
        Ok(SignedIn { user: user_of(row), is_new: true })
    }

    /// Signs somebody in whom Google knows: the one with that Google id, else the one with that address, else a new user.
    ///
    /// The first one of all, and whoever's address is among `admins`, becomes an administrator.
    pub async fn sign_in(
        &self,
        profile: &Profile,
        admins: &[String],
        new_id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<SignedIn, StoreError> {
        let (now, email) = (stored(now), profile.email.trim().to_lowercase());
        let write = self.write().await.during("signing in", &email)?;
        let txn = &write.txn;
        take_turn(txn, now).await.during("signing in", &email)?;
        let by_google = user::Entity::find().filter(user::Column::GoogleId.eq(profile.google_id.as_str())).one(txn).await;
        let found = match by_google.during("looking for", "a user")? {
            Some(row) => Some(row),
            None => user::Entity::find()
                .filter(user::Column::Email.eq(email.as_str()))
                .one(txn)
                .await
                .during("looking for", "a user")?,
        };
        let is_new = found.is_none();
        let others = user::Entity::find().filter(user::Column::SignedInAt.is_not_null()).count(txn).await;
        let is_first = others.during("counting", "users")? == 0;
        let mut row = match found {
            Some(row) => row,
            None => {
                let plan_id = free_plan(txn).await.during("signing in", &email)?;
                user::Model { plan_id, ..fresh(new_id, &email, now) }
            }
        };
        row.google_id = Some(profile.google_id.clone());
        row.email_verified_at = row.email_verified_at.or(Some(now));
        row.image = profile.image.clone().or(row.image);
        if !profile.name.trim().is_empty() {
            row.name = profile.name.trim().to_owned();
        }
        if is_first || admins.iter().any(|admin| admin.trim().eq_ignore_ascii_case(&email)) {
            row.role = Role::Admin.name().to_owned();
        }
        (row.updated_at, row.signed_in_at) = (Some(now), Some(now));
        let columns = [
            user::Column::GoogleId,
            user::Column::EmailVerifiedAt,
            user::Column::Image,
            user::Column::Name,
            user::Column::Role,
            user::Column::UpdatedAt,
            user::Column::SignedInAt,
        ];
        user::Entity::insert(row.clone().into_active_model())
            .on_conflict(OnConflict::column(user::Column::Id).update_columns(columns).to_owned())
            .exec_without_returning(txn)
            .await
            .during("signing in", &email)?;
        write.commit().await.during("signing in", &email)?;
        Ok(SignedIn { user: user_of(row), is_new })
    }

    /// All who are or were here, the newest first.
    pub async fn users(&self) -> Result<Vec<User>, StoreError> {
        use sea_orm::QueryOrder;
        let rows = user::Entity::find().order_by_desc(user::Column::CreatedAt).order_by_asc(user::Column::Id).all(&self.db).await;
        Ok(rows.during("reading", "the users")?.into_iter().map(user_of).collect())
    }
}

/// Of two who sign in first at the same moment, one waits here: only one may be the first.
pub(crate) async fn take_turn(txn: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<(), DbErr> {
    insert_local_owner(txn, now).await?;
    if txn.get_database_backend() == DbBackend::Postgres {
        user::Entity::find_by_id(LOCAL_OWNER).lock_exclusive().one(txn).await?;
    }
    Ok(())
}

async fn insert_local_owner(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<(), DbErr> {
    let row = user::Model {
        name: "Local owner".to_owned(),
        email: None,
        role: Role::Admin.name().to_owned(),
        ..fresh(LOCAL_OWNER, "", now)
    };
    user::Entity::insert(row.into_active_model())
        .on_conflict(OnConflict::column(user::Column::Id).do_nothing().to_owned())
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// The plan of those who are new: the one that their subscription is called, if there is one.
pub(crate) async fn free_plan(txn: &impl ConnectionTrait) -> Result<Option<Uuid>, DbErr> {
    let free = plan::Entity::find().filter(plan::Column::Slug.eq("free")).one(txn).await?;
    Ok(free.map(|plan| plan.id))
}

/// A new user of that address, called by its local part.
fn fresh(id: Uuid, email: &str, now: DateTime<Utc>) -> user::Model {
    user::Model {
        id,
        name: email.split('@').next().unwrap_or_default().to_owned(),
        email: Some(email.to_owned()),
        plan_id: None,
        budget_micros: None,
        choice: None,
        created_at: stored(now),
        email_verified_at: None,
        image: None,
        google_id: None,
        role: Role::User.name().to_owned(),
        subscription_plan: "FREE".to_owned(),
        tier: "free".to_owned(),
        is_blocked: false,
        updated_at: Some(stored(now)),
        signed_in_at: None,
    }
}

pub(crate) fn user_of(row: user::Model) -> User {
    User {
        id: row.id,
        name: row.name,
        email: row.email,
        email_verified_at: row.email_verified_at,
        image: row.image,
        google_id: row.google_id,
        // What this version does not know may do the least.
        role: Role::from_name(&row.role).unwrap_or(Role::User),
        subscription_plan: row.subscription_plan,
        tier: row.tier,
        is_blocked: row.is_blocked,
        plan: row.plan_id,
        created_at: row.created_at,
        updated_at: row.updated_at.unwrap_or(row.created_at),
    }
}
