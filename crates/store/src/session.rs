//! Who is signed in: sessions of browsers and access tokens of programs. Only hashes are kept, so that a stolen database lets
//! nobody in.

use chrono::{DateTime, Duration, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::entity::{access_token, session, user};
use crate::error::During;
use crate::transaction::stored;
use crate::user::user_of;
use crate::{Store, StoreError, User};

/// How long a session lasts after it was last used.
pub fn session_lifetime() -> Duration {
    Duration::days(30)
}

/// A session's end moves at most so often: not every request writes.
fn extended_after() -> Duration {
    Duration::hours(24)
}

/// That a token was used is noted at most so often.
fn noted_after() -> Duration {
    Duration::hours(1)
}

/// What a program with a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// See.
    Read,
    /// See, bring files and order renders.
    Render,
    /// Everything that its user may do, except managing keys, tokens and other users.
    Write,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Read, Self::Render, Self::Write];

    /// The name in the database and on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Render => "render",
            Self::Write => "write",
        }
    }

    /// The scope of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

/// A user's token, without the secret.
#[derive(Debug, Clone, PartialEq)]
pub struct AccessToken {
    /// Identity.
    pub id: Uuid,
    /// What its user calls it.
    pub name: String,
    /// What it may do.
    pub scope: Scope,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was used last, to the hour.
    pub used_at: Option<DateTime<Utc>>,
    /// When it ends.
    pub expires_at: Option<DateTime<Utc>>,
}

impl AccessToken {
    /// A secret out of two random identities. It begins with a mark, so that a scanner of secrets knows it.
    pub fn secret(random: [Uuid; 2]) -> String {
        let [one, other] = random.map(|id| id.simple().to_string());
        format!("shortsai_{one}{other}")
    }
}

impl Store {
    /// Begins a session that whoever has `secret` can use.
    pub async fn begin_session(&self, user: Uuid, secret: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
        let now = stored(now);
        let row = session::Model { hash: hash(secret), user_id: user, created_at: now, expires_at: now + session_lifetime() };
        session::Entity::insert(row.into_active_model()).exec_without_returning(&self.db).await.during("signing in", user)?;
        Ok(())
    }

    /// Forgets sessions that are over; answers how many there were.
    pub async fn forget_sessions(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let over = session::Entity::delete_many().filter(session::Column::ExpiresAt.lte(stored(now)));
        let gone = over.exec(&self.db).await.during("removing", "sessions that are over")?;
        Ok(gone.rows_affected)
    }

    /// Whose session that is and when it ends, if it is one. Using it makes it last longer.
    pub async fn session(&self, secret: &str, now: DateTime<Utc>) -> Result<Option<(User, DateTime<Utc>)>, StoreError> {
        let (now, hash) = (stored(now), hash(secret));
        let found = session::Entity::find_by_id(hash.as_str()).one(&self.db).await.during("reading", "a session")?;
        let Some(row) = found.filter(|row| row.expires_at > now) else { return Ok(None) };
        let Some(user) = self.user(row.user_id).await? else { return Ok(None) };
        let longer = now + session_lifetime();
        if longer - row.expires_at < extended_after() {
            return Ok(Some((user, row.expires_at)));
        }
        let extend = session::Entity::update_many().col_expr(session::Column::ExpiresAt, Expr::value(longer));
        extend.filter(session::Column::Hash.eq(hash)).exec(&self.db).await.during("extending", "a session")?;
        Ok(Some((user, longer)))
    }

    /// Ends a session.
    pub async fn end_session(&self, secret: &str) -> Result<(), StoreError> {
        session::Entity::delete_by_id(hash(secret)).exec(&self.db).await.during("ending", "a session")?;
        Ok(())
    }

    /// Keeps a new token of the user's; `secret` is shown to them and to nobody after that.
    pub async fn add_token(&self, owner: Uuid, token: &AccessToken, secret: &str) -> Result<(), StoreError> {
        let row = access_token::Model {
            id: token.id,
            user_id: owner,
            name: token.name.clone(),
            scope: token.scope.name().to_owned(),
            hash: hash(secret),
            created_at: stored(token.created_at),
            used_at: None,
            expires_at: token.expires_at.map(stored),
        };
        access_token::Entity::insert(row.into_active_model())
            .exec_without_returning(&self.db)
            .await
            .during("adding a token of", owner)?;
        Ok(())
    }

    /// The user's tokens, the newest first.
    pub async fn tokens(&self, owner: Uuid) -> Result<Vec<AccessToken>, StoreError> {
        let own = access_token::Entity::find().filter(access_token::Column::UserId.eq(owner));
        let own = own.order_by_desc(access_token::Column::CreatedAt).order_by_asc(access_token::Column::Id).all(&self.db).await;
        Ok(own.during("reading the tokens of", owner)?.into_iter().map(token_of).collect())
    }

    /// Takes a token of the user's back; `false` when they have no such token.
    pub async fn revoke_token(&self, owner: Uuid, id: Uuid) -> Result<bool, StoreError> {
        let own = access_token::Entity::delete_many().filter(access_token::Column::Id.eq(id));
        let gone = own.filter(access_token::Column::UserId.eq(owner)).exec(&self.db).await.during("revoking token", id)?;
        Ok(gone.rows_affected == 1)
    }

    /// Whose token that is and what it may do, if it is one.
    pub async fn token(&self, secret: &str, now: DateTime<Utc>) -> Result<Option<(User, Scope)>, StoreError> {
        let now = stored(now);
        let found = access_token::Entity::find().filter(access_token::Column::Hash.eq(hash(secret)));
        let found = found.find_also_related(user::Entity).one(&self.db).await.during("reading", "a token")?;
        let Some((row, Some(user))) = found.filter(|(row, _)| row.expires_at.is_none_or(|end| end > now)) else {
            return Ok(None);
        };
        if row.used_at.is_none_or(|used| now - used >= noted_after()) {
            let note = access_token::Entity::update_many().col_expr(access_token::Column::UsedAt, Expr::value(now));
            note.filter(access_token::Column::Id.eq(row.id)).exec(&self.db).await.during("noting the use of", "a token")?;
        }
        Ok(Some((user_of(user), token_of(row).scope)))
    }
}

fn token_of(row: access_token::Model) -> AccessToken {
    AccessToken {
        id: row.id,
        name: row.name,
        // What this version does not know may do the least.
        scope: Scope::from_name(&row.scope).unwrap_or(Scope::Read),
        created_at: row.created_at,
        used_at: row.used_at,
        expires_at: row.expires_at,
    }
}

/// Secrets are long and random, so a plain hash is enough: there is nothing to guess.
fn hash(secret: &str) -> String {
    Sha256::digest(secret.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
