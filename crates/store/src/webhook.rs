//! Endpoints of webhooks: where users want to be told, of what, and with which secret that is signed.
//!
//! What is told is in `message`, and how it leaves in `delivery`.

use chrono::{DateTime, Duration, Utc};
use model::notice::NoticeKind;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::account;
use crate::entity::{webhook_endpoint, webhook_message};
use crate::error::During;
use crate::message::{self, MessageState};
use crate::record::{from_json, json};
use crate::transaction::stored;
use crate::vault::Vault;
use crate::{Store, StoreError};

/// A user has no more endpoints of their own than this.
pub const MOST_WEBHOOKS: u64 = 20;
/// A secret that was replaced signs for so much longer.
const OLD_SECRET: Duration = Duration::hours(24);

/// Where somebody wants to be told.
#[derive(Debug, Clone, PartialEq)]
pub struct Webhook {
    /// Identity.
    pub id: Uuid,
    /// Whose it is.
    pub owner: Uuid,
    /// Where messages go.
    pub url: String,
    /// What is told.
    pub kinds: Vec<NoticeKind>,
    /// It came with the request for this render, and hears of no other.
    pub render: Option<Uuid>,
    /// Whether anything is told.
    pub enabled: bool,
    /// Why nothing is told, if the server has decided so.
    pub disabled_reason: Option<String>,
    /// Since when nothing was taken.
    pub failing_since: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// An endpoint to make.
#[derive(Debug, Clone)]
pub struct NewWebhook {
    /// Identity.
    pub id: Uuid,
    /// Whose it is.
    pub owner: Uuid,
    /// Where messages go.
    pub url: String,
    /// What is told.
    pub kinds: Vec<NoticeKind>,
    /// Whether anything is told.
    pub enabled: bool,
}

/// An endpoint that comes with the request for a render, and hears how that ends.
#[derive(Debug, Clone)]
pub struct OneOff {
    /// Where messages go.
    pub url: String,
    /// The secret, if the request brings one: sealed by [`seal_one_off`].
    pub sealed: Option<String>,
}

/// What changes of an endpoint; `None` leaves as is.
#[derive(Debug, Clone, Default)]
pub struct WebhookChange {
    /// Where messages go.
    pub url: Option<String>,
    /// What is told.
    pub kinds: Option<Vec<NoticeKind>>,
    /// Whether anything is told.
    pub enabled: Option<bool>,
}

impl Store {
    /// Makes an endpoint, unless its owner has as many as one can have. `nonce` must be random.
    pub async fn create_webhook(
        &self,
        new: &NewWebhook,
        (secret, vault, nonce): (&str, &Vault, [u8; 24]),
        now: DateTime<Utc>,
    ) -> Result<Option<Webhook>, StoreError> {
        use webhook_endpoint::Column::{OwnerId, RenderId};
        let write = self.write().await.during("making a webhook of", new.owner)?;
        // Of those who come at once for the last place, one gets it.
        account::lock_user(&write.txn, new.owner).await.during("reading user", new.owner)?;
        let own = webhook_endpoint::Entity::find().filter(OwnerId.eq(new.owner)).filter(RenderId.is_null());
        if own.count(&write.txn).await.during("counting the webhooks of", new.owner)? >= MOST_WEBHOOKS {
            return Ok(None);
        }
        let row = webhook_endpoint::Model {
            id: new.id,
            owner_id: new.owner,
            url: new.url.clone(),
            kinds: json(&new.kinds, &format!("webhook {}", new.id), "kinds")?,
            render_id: None,
            sealed: Some(vault.seal(secret, &place(new.owner), nonce)),
            sealed_before: None,
            before_until: None,
            enabled: new.enabled,
            disabled_reason: None,
            failing_since: None,
            created_at: stored(now),
            updated_at: stored(now),
        };
        let insert = webhook_endpoint::Entity::insert(row.clone().into_active_model());
        insert.exec_without_returning(&write.txn).await.during("making webhook", new.id)?;
        write.commit().await.during("making webhook", new.id)?;
        webhook_of(row).map(Some)
    }

    /// The user's own endpoints, the oldest first; not those that came with requests for renders.
    pub async fn webhooks(&self, owner: Uuid) -> Result<Vec<Webhook>, StoreError> {
        use webhook_endpoint::Column::{CreatedAt, Id, OwnerId, RenderId};
        let own = webhook_endpoint::Entity::find().filter(OwnerId.eq(owner)).filter(RenderId.is_null());
        let rows = own.order_by_asc(CreatedAt).order_by_asc(Id).all(&self.db).await.during("listing the webhooks of", owner)?;
        rows.into_iter().map(webhook_of).collect()
    }

    /// The endpoint of that id.
    pub async fn webhook(&self, id: Uuid) -> Result<Option<Webhook>, StoreError> {
        let row = webhook_endpoint::Entity::find_by_id(id).one(&self.db).await.during("reading webhook", id)?;
        row.map(webhook_of).transpose()
    }

    /// Changes an endpoint. Switching it off ends what waits for it; switching it on forgets its failures. `None` when it is
    /// gone.
    pub async fn change_webhook(
        &self,
        id: Uuid,
        change: &WebhookChange,
        now: DateTime<Utc>,
    ) -> Result<Option<Webhook>, StoreError> {
        use webhook_endpoint::Column::{DisabledReason, Enabled, FailingSince, Kinds, UpdatedAt, Url};
        let write = self.write().await.during("changing webhook", id)?;
        let mut update = webhook_endpoint::Entity::update_many().col_expr(UpdatedAt, Expr::value(stored(now)));
        if let Some(url) = &change.url {
            update = update.col_expr(Url, Expr::value(url.as_str()));
        }
        if let Some(kinds) = &change.kinds {
            update = update.col_expr(Kinds, Expr::value(json(kinds, &format!("webhook {id}"), "kinds")?));
        }
        if let Some(enabled) = change.enabled {
            update = update
                .col_expr(Enabled, Expr::value(enabled))
                .col_expr(DisabledReason, Expr::value(None::<String>))
                .col_expr(FailingSince, Expr::value(None::<DateTime<Utc>>));
        }
        let update = update.filter(webhook_endpoint::Column::Id.eq(id));
        update.exec(&write.txn).await.during("changing webhook", id)?;
        if change.enabled == Some(false) {
            message::end_waiting(&write.txn, id).await.during("ending the messages of webhook", id)?;
        }
        let row = webhook_endpoint::Entity::find_by_id(id).one(&write.txn).await.during("reading webhook", id)?;
        write.commit().await.during("changing webhook", id)?;
        row.map(webhook_of).transpose()
    }

    /// Takes an endpoint away, and its messages with it; whether it was there.
    pub async fn delete_webhook(&self, id: Uuid) -> Result<bool, StoreError> {
        let write = self.write().await.during("deleting webhook", id)?;
        let deleted = webhook_endpoint::Entity::delete_by_id(id).exec(&write.txn).await.during("deleting webhook", id)?;
        let messages = webhook_message::Entity::delete_many().filter(webhook_message::Column::EndpointId.eq(id));
        messages.exec(&write.txn).await.during("deleting the messages of webhook", id)?;
        write.commit().await.during("deleting webhook", id)?;
        Ok(deleted.rows_affected == 1)
    }

    /// Gives an endpoint another secret; the one of before signs besides for a day. Whether it was there. `nonce` must be random.
    pub async fn rotate_webhook(
        &self,
        webhook: &Webhook,
        (secret, vault, nonce): (&str, &Vault, [u8; 24]),
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        use webhook_endpoint::Column::{BeforeUntil, Id, Sealed, SealedBefore, UpdatedAt};
        let now = stored(now);
        let rotated = webhook_endpoint::Entity::update_many()
            .col_expr(SealedBefore, Expr::col(Sealed))
            .col_expr(BeforeUntil, Expr::value(now + OLD_SECRET))
            .col_expr(Sealed, Expr::value(vault.seal(secret, &place(webhook.owner), nonce)))
            .col_expr(UpdatedAt, Expr::value(now))
            .filter(Id.eq(webhook.id));
        let rotated = rotated.exec(&self.db).await.during("changing the secret of webhook", webhook.id)?;
        Ok(rotated.rows_affected == 1)
    }
}

/// The id of the endpoint that a request for a render brings: the same request brings the same.
pub fn one_off_id(render: Uuid, url: &str) -> Uuid {
    Uuid::new_v5(&render, format!("webhook {url}").as_bytes())
}

/// Seals the secret that comes with a request. `nonce` must be random.
pub fn seal_one_off(owner: Uuid, secret: &str, vault: &Vault, nonce: [u8; 24]) -> String {
    vault.seal(secret, &place(owner), nonce)
}

/// Makes the endpoint that came with a request for a render, in that request's transaction.
pub(crate) async fn follow(
    txn: &impl ConnectionTrait,
    (owner, render): (Uuid, Uuid),
    one_off: &OneOff,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let id = one_off_id(render, &one_off.url);
    let row = webhook_endpoint::Model {
        id,
        owner_id: owner,
        url: one_off.url.clone(),
        kinds: json(NoticeKind::RENDER_ENDS, &format!("webhook {id}"), "kinds")?,
        render_id: Some(render),
        sealed: one_off.sealed.clone(),
        sealed_before: None,
        before_until: None,
        enabled: true,
        disabled_reason: None,
        failing_since: None,
        created_at: stored(now),
        updated_at: stored(now),
    };
    let columns = [webhook_endpoint::Column::Sealed, webhook_endpoint::Column::UpdatedAt];
    let insert = webhook_endpoint::Entity::insert(row.into_active_model())
        .on_conflict(OnConflict::column(webhook_endpoint::Column::Id).update_columns(columns).to_owned());
    insert.exec_without_returning(txn).await.during("making webhook", id)?;
    Ok(())
}

/// The secrets that sign what goes to an endpoint now, the newest first.
///
/// # Errors
/// When they were sealed with another secret of the server.
pub(crate) fn secrets(
    row: &webhook_endpoint::Model,
    vault: &Vault,
    now: DateTime<Utc>,
) -> Result<Vec<String>, crate::CannotOpen> {
    let place = place(row.owner_id);
    let Some(sealed) = &row.sealed else { return Ok(vault.webhook_secrets(row.owner_id)) };
    let mut secrets = vec![vault.open(sealed, &place)?];
    if row.before_until.is_some_and(|until| now < until) {
        match &row.sealed_before {
            Some(before) => secrets.extend(vault.open(before, &place).ok()),
            None => secrets.extend(vault.webhook_secrets(row.owner_id)),
        }
    }
    Ok(secrets)
}

/// The endpoints that may have to hear of something of those users, or of those renders.
pub(crate) async fn listening(txn: &impl ConnectionTrait, owners: &[Uuid], renders: &[Uuid]) -> Result<Vec<Webhook>, StoreError> {
    use webhook_endpoint::Column::{Enabled, OwnerId, RenderId};
    let of_owners = || webhook_endpoint::Entity::find().filter(OwnerId.is_in(owners.iter().copied())).filter(Enabled.eq(true));
    let mut rows = of_owners().filter(RenderId.is_null()).all(txn).await.during("looking for", "webhooks")?;
    if !renders.is_empty() {
        let of_renders = of_owners().filter(RenderId.is_in(renders.iter().copied()));
        rows.extend(of_renders.all(txn).await.during("looking for", "webhooks")?);
    }
    rows.into_iter().map(webhook_of).collect()
}

/// Switches an endpoint off because nothing comes through, and ends what waits for it.
pub(crate) async fn disable(
    txn: &impl ConnectionTrait,
    id: Uuid,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<(), sea_orm::DbErr> {
    use webhook_endpoint::Column::{DisabledReason, Enabled, Id, UpdatedAt};
    let disabled = webhook_endpoint::Entity::update_many()
        .col_expr(Enabled, Expr::value(false))
        .col_expr(DisabledReason, Expr::value(reason))
        .col_expr(UpdatedAt, Expr::value(now))
        .filter(Id.eq(id));
    disabled.exec(txn).await?;
    message::end_waiting(txn, id).await
}

pub(crate) fn webhook_of(row: webhook_endpoint::Model) -> Result<Webhook, StoreError> {
    let what = format!("webhook {}", row.id);
    Ok(Webhook {
        kinds: from_json(row.kinds, &what, "kinds")?,
        id: row.id,
        owner: row.owner_id,
        url: row.url,
        render: row.render_id,
        enabled: row.enabled,
        disabled_reason: row.disabled_reason,
        failing_since: row.failing_since,
        created_at: row.created_at,
    })
}

/// What a sealed secret belongs to.
fn place(owner: Uuid) -> String {
    format!("webhook/{owner}")
}

impl Store {
    /// Forgets what is over for `keep`: messages that wait for nothing, and endpoints of single renders that have none left.
    pub async fn forget_messages(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let old = stored(now) - message::KEEP;
        let over = webhook_message::Entity::delete_many()
            .filter(webhook_message::Column::CreatedAt.lte(old))
            .filter(webhook_message::Column::State.ne(MessageState::Waiting.name()));
        let over = over.exec(&self.db).await.during("forgetting", "old messages")?.rows_affected;
        let told = webhook_message::Entity::find().select_only().column(webhook_message::Column::EndpointId);
        let told = sea_orm::QueryTrait::into_query(told);
        let lonely = webhook_endpoint::Entity::delete_many()
            .filter(webhook_endpoint::Column::CreatedAt.lte(old))
            .filter(webhook_endpoint::Column::RenderId.is_not_null())
            .filter(webhook_endpoint::Column::Id.not_in_subquery(told));
        lonely.exec(&self.db).await.during("forgetting", "webhooks of old renders")?;
        Ok(over)
    }
}
