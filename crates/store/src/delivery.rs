//! Handing messages of webhooks out to be sent, and taking back what became of it.
//!
//! The rules are those of the task queue: a claim counts an attempt and holds for a time, whoever reports must still be the one
//! who holds it, and what a dead process has held is handed out again. So a message may be sent twice, but is never lost;
//! receivers know it by its id.

use chrono::{DateTime, Duration, Utc};
use model::notice::{Notice, NoticeKind};
use model::webhook::{PATIENCE, Verdict};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::claim::skip_locked;
use crate::entity::{webhook_attempt, webhook_endpoint, webhook_message};
use crate::error::During;
use crate::message::{Attempt, MessageState};
use crate::record::from_json;
use crate::transaction::stored;
use crate::vault::{CannotOpen, Vault};
use crate::webhook::{self, Webhook, webhook_of};
use crate::{Store, StoreError};

/// What a user reads whose endpoint was switched off.
const GONE: &str = "The receiver answered 410 Gone.";
const SILENT: &str = "The receiver has taken nothing for five days.";

/// A message that was handed out. It has no `Debug`, so that nobody prints its secrets.
pub struct Delivery {
    /// Identity of the message.
    pub message: Uuid,
    /// What is told.
    pub notice: Notice,
    /// When it happened.
    pub created_at: DateTime<Utc>,
    /// From 1; counts all attempts, also those whose process died.
    pub attempt: i32,
    /// From 1; counts those since somebody wished that it is sent again.
    pub tries: i32,
    /// Where it goes.
    pub webhook: Webhook,
    /// What signs it, the newest first.
    pub secrets: Result<Vec<String>, CannotOpen>,
}

impl Store {
    /// Hands out the message that has waited longest, if one is due that is not of these users: they have enough on the way.
    pub async fn claim_delivery(
        &self,
        vault: &Vault,
        busy: &[Uuid],
        lease: Duration,
        now: DateTime<Utc>,
    ) -> Result<Option<Delivery>, StoreError> {
        use webhook_message::Column::{DueAt, OwnerId};
        let now = stored(now);
        let due = || {
            let due = webhook_message::Entity::find().filter(DueAt.lte(now));
            let due = if busy.is_empty() { due } else { due.filter(OwnerId.is_not_in(busy.iter().copied())) };
            due.order_by_asc(DueAt)
        };
        // Most looks find nothing, and then must not keep anybody from writing.
        if due().one(&self.db).await.during("looking for", "messages")?.is_none() {
            return Ok(None);
        }
        let write = self.write().await.during("claiming", "a message")?;
        let mut claimed = None;
        while claimed.is_none() {
            let next = skip_locked(write.txn.get_database_backend(), due().limit(1));
            let Some(row) = next.one(&write.txn).await.during("claiming", "a message")? else { break };
            let endpoint = webhook_endpoint::Entity::find_by_id(row.endpoint_id).one(&write.txn).await;
            let endpoint = endpoint.during("reading webhook", row.endpoint_id)?;
            claimed = match endpoint.filter(|endpoint| endpoint.enabled) {
                Some(endpoint) => Some(hold(&write.txn, row, endpoint, (vault, now + lease), now).await?),
                // It was written while somebody switched the endpoint off or took it away.
                None => {
                    let ended = end(&write.txn, row.id, MessageState::Failed).await;
                    ended.during("ending message", row.id)?;
                    None
                }
            };
        }
        write.commit().await.during("claiming", "a message")?;
        Ok(claimed)
    }

    /// Reports an attempt and what follows from it; `false` when somebody else has the message by now, and then nothing changes.
    pub async fn finish_delivery(
        &self,
        delivery: &Delivery,
        attempt: &Attempt,
        verdict: Verdict,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let (id, now) = (delivery.message, stored(now));
        let write = self.write().await.during("reporting on message", id)?;
        lock(&write.txn, delivery.webhook.id).await.during("reporting on message", id)?;
        if !release(&write.txn, delivery, verdict, now).await.during("reporting on message", id)? {
            return Ok(false);
        }
        let row = webhook_attempt::Model {
            message_id: id,
            number: delivery.attempt,
            at: stored(attempt.at),
            status: attempt.status.map(i32::from),
            error: attempt.error.clone(),
            millis: attempt.millis,
        };
        let insert = webhook_attempt::Entity::insert(row.into_active_model());
        insert.exec_without_returning(&write.txn).await.during("noting an attempt of message", id)?;
        let judged = judge(&write.txn, delivery, verdict, now).await;
        judged.during("noting how webhook does", delivery.webhook.id)?;
        write.commit_tasks().await.during("reporting on message", id)?;
        Ok(true)
    }

    /// When the next message is due, or whoever holds one has had time enough.
    pub async fn next_delivery_at(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        use webhook_message::Column::DueAt;
        let next = webhook_message::Entity::find().select_only().column(DueAt).filter(DueAt.is_not_null()).order_by_asc(DueAt);
        next.into_tuple().one(&self.db).await.during("looking for", "the next message")
    }
}

/// Counts an attempt and keeps others away until then.
async fn hold(
    txn: &impl ConnectionTrait,
    row: webhook_message::Model,
    endpoint: webhook_endpoint::Model,
    (vault, until): (&Vault, DateTime<Utc>),
    now: DateTime<Utc>,
) -> Result<Delivery, StoreError> {
    use webhook_message::Column::{Attempt, DueAt, Id, LeaseUntil, Tries};
    let (attempt, tries) = (row.attempt + 1, row.tries + 1);
    let held = webhook_message::Entity::update_many()
        .col_expr(Attempt, Expr::value(attempt))
        .col_expr(Tries, Expr::value(tries))
        .col_expr(DueAt, Expr::value(until))
        .col_expr(LeaseUntil, Expr::value(until))
        .filter(Id.eq(row.id));
    held.exec(txn).await.during("claiming message", row.id)?;
    Ok(Delivery {
        message: row.id,
        notice: from_json(row.notice, &format!("message {}", row.id), "notice")?,
        created_at: row.created_at,
        attempt,
        tries,
        secrets: webhook::secrets(&endpoint, vault, now),
        webhook: webhook_of(endpoint)?,
    })
}

/// Locks the endpoint: whoever changes it locks it before its messages, too.
async fn lock(txn: &impl ConnectionTrait, endpoint: Uuid) -> Result<(), DbErr> {
    // On SQLite the transaction itself is the lock.
    if txn.get_database_backend() == DbBackend::Postgres {
        webhook_endpoint::Entity::find_by_id(endpoint).lock_exclusive().one(txn).await?;
    }
    Ok(())
}

/// Lets go of the message as the verdict says; whether it was still held.
async fn release(txn: &impl ConnectionTrait, delivery: &Delivery, verdict: Verdict, now: DateTime<Utc>) -> Result<bool, DbErr> {
    use webhook_message::Column::{Attempt, DueAt, Id, LeaseUntil, State};
    let (state, due) = match verdict {
        Verdict::Taken => (MessageState::Delivered, None),
        Verdict::GivenUp | Verdict::Gone => (MessageState::Failed, None),
        Verdict::Again(wait) => (MessageState::Waiting, Some(now + Duration::from_std(wait).unwrap_or_default())),
    };
    let released = webhook_message::Entity::update_many()
        .col_expr(State, Expr::value(state.name()))
        .col_expr(DueAt, Expr::value(due))
        .col_expr(LeaseUntil, Expr::value(None::<DateTime<Utc>>))
        .filter(Id.eq(delivery.message))
        .filter(Attempt.eq(delivery.attempt))
        .filter(LeaseUntil.is_not_null());
    Ok(released.exec(txn).await?.rows_affected == 1)
}

/// Notes how the endpoint does, and switches it off when there is no hope.
async fn judge(txn: &impl ConnectionTrait, delivery: &Delivery, verdict: Verdict, now: DateTime<Utc>) -> Result<(), DbErr> {
    use webhook_endpoint::Column::{FailingSince, Id};
    let endpoint = delivery.webhook.id;
    let counts = !matches!(delivery.notice.kind, NoticeKind::RenderProgress | NoticeKind::Test);
    let since = |since: Option<DateTime<Utc>>| {
        webhook_endpoint::Entity::update_many().col_expr(FailingSince, Expr::value(since)).filter(Id.eq(endpoint))
    };
    match verdict {
        Verdict::Taken => {
            since(None).filter(FailingSince.is_not_null()).exec(txn).await?;
        }
        Verdict::Gone => webhook::disable(txn, endpoint, GONE, now).await?,
        Verdict::Again(_) | Verdict::GivenUp if counts => {
            since(Some(now)).filter(FailingSince.is_null()).exec(txn).await?;
            let patience = Duration::from_std(PATIENCE).unwrap_or_default();
            let failing = webhook_endpoint::Entity::find_by_id(endpoint).one(txn).await?.and_then(|row| row.failing_since);
            // One failure long ago and one just now are not days of failures: a message that is given up has failed for more
            // than a day, and whatever is taken meanwhile ends the count.
            if verdict == Verdict::GivenUp && failing.is_some_and(|failing| failing <= now - patience) {
                webhook::disable(txn, endpoint, SILENT, now).await?;
            }
        }
        Verdict::Again(_) | Verdict::GivenUp => {}
    }
    Ok(())
}

async fn end(txn: &impl ConnectionTrait, message: Uuid, state: MessageState) -> Result<(), DbErr> {
    use webhook_message::Column::{DueAt, Id, LeaseUntil, State};
    let ended = webhook_message::Entity::update_many()
        .col_expr(State, Expr::value(state.name()))
        .col_expr(DueAt, Expr::value(None::<DateTime<Utc>>))
        .col_expr(LeaseUntil, Expr::value(None::<DateTime<Utc>>))
        .filter(Id.eq(message));
    ended.exec(txn).await?;
    Ok(())
}
