//! Messages of webhooks: written in the transaction of the change that they tell of, one for each endpoint that listens, so
//! that none is lost and none is there twice. And the log of what became of them.
//!
//! They are no tasks: a task is a step towards a project's video, is wanted only as long as the project says so, and goes with
//! it. A message is wanted whatever becomes of the project, is repeated for days, and belongs to an endpoint.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use model::notice::{Notice, NoticeKind};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::entity::{webhook_attempt, webhook_endpoint, webhook_message};
use crate::error::During;
use crate::load::CHUNK;
use crate::record::{from_json, json};
use crate::transaction::stored;
use crate::webhook::{self, Webhook};
use crate::{Store, StoreError};

/// How long a message is shown after it was written.
pub const KEEP: Duration = Duration::days(30);

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageState {
    /// It waits for its next attempt, or is being sent.
    Waiting,
    /// It was taken.
    Delivered,
    /// It was given up.
    Failed,
}

impl MessageState {
    const ALL: [Self; 3] = [Self::Waiting, Self::Delivered, Self::Failed];

    /// The name in the database and on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}

/// A message with what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageRecord {
    /// Identity, the same in every attempt.
    pub id: Uuid,
    /// What is told.
    pub notice: Notice,
    /// Where it stands.
    pub state: MessageState,
    /// The attempts that were reported, in order.
    pub attempts: Vec<Attempt>,
    /// Of the next attempt, if there will be one.
    pub next_at: Option<DateTime<Utc>>,
    /// When it happened.
    pub created_at: DateTime<Utc>,
}

/// One attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    /// When it began.
    pub at: DateTime<Utc>,
    /// The status code of the answer, if there was one.
    pub status: Option<u16>,
    /// Why it was not taken.
    pub error: Option<String>,
    /// How long it took.
    pub millis: i64,
}

/// What became of the wish to send a message again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resent {
    /// It goes out at once.
    Queued,
    /// It is being sent at this moment.
    Busy,
    /// The endpoint is switched off.
    Disabled,
    /// There is no such message.
    Unknown,
}

/// What is told of one change of a project.
pub(crate) struct News {
    /// Whose project it is.
    pub owner: Uuid,
    /// The number of the change's last event.
    pub number: i64,
    /// What is told.
    pub notices: Vec<Notice>,
}

/// Writes the messages for everybody who listens.
pub(crate) async fn tell(txn: &impl ConnectionTrait, news: &[News], now: DateTime<Utc>) -> Result<(), StoreError> {
    let told: Vec<(&News, &Notice)> =
        news.iter().flat_map(|news| news.notices.iter().map(move |notice| (news, notice))).collect();
    if told.is_empty() {
        return Ok(());
    }
    let mut owners: Vec<Uuid> = told.iter().map(|(news, _)| news.owner).collect();
    owners.sort_unstable();
    owners.dedup();
    let ends = told.iter().filter(|(_, notice)| NoticeKind::RENDER_ENDS.contains(&notice.kind));
    let renders: Vec<Uuid> = ends.filter_map(|(_, notice)| notice.render).collect();
    let listening = webhook::listening(txn, &owners, &renders).await?;
    let mut rows = Vec::new();
    for (news, notice) in told {
        let hears = |webhook: &&Webhook| {
            let about = webhook.render.is_none() || webhook.render == notice.render;
            webhook.owner == news.owner && about && webhook.kinds.contains(&notice.kind)
        };
        for webhook in listening.iter().filter(hears) {
            if notice.kind == NoticeKind::RenderProgress {
                drop_older_progress(txn, webhook.id, notice).await.during("writing messages for webhook", webhook.id)?;
            }
            let (project, subject) = (notice.project.unwrap_or_default(), notice.subject().unwrap_or_default());
            let name = format!("{project}/{}/{}/{subject}", news.number, notice.kind.name());
            rows.push(row(Uuid::new_v5(&webhook.id, name.as_bytes()), webhook, notice, now)?);
        }
    }
    for some in rows.chunks(CHUNK) {
        let some = some.iter().cloned().map(IntoActiveModel::into_active_model);
        let insert = webhook_message::Entity::insert_many::<webhook_message::ActiveModel, _>(some)
            .on_conflict(OnConflict::column(webhook_message::Column::Id).do_nothing().to_owned());
        insert.exec_without_returning(txn).await.during("writing", "messages for webhooks")?;
    }
    Ok(())
}

fn row(id: Uuid, webhook: &Webhook, notice: &Notice, now: DateTime<Utc>) -> Result<webhook_message::Model, StoreError> {
    Ok(webhook_message::Model {
        id,
        endpoint_id: webhook.id,
        owner_id: webhook.owner,
        project_id: notice.project,
        kind: notice.kind.name().to_owned(),
        notice: json(notice, &format!("message {id}"), "notice")?,
        state: MessageState::Waiting.name().to_owned(),
        attempt: 0,
        tries: 0,
        due_at: Some(now),
        lease_until: None,
        created_at: now,
    })
}

/// A receiver that is slower than a render must not hear of its past.
async fn drop_older_progress(txn: &impl ConnectionTrait, endpoint: Uuid, notice: &Notice) -> Result<(), DbErr> {
    use webhook_message::Column::{EndpointId, Kind, LeaseUntil, ProjectId, State};
    let older = webhook_message::Entity::delete_many()
        .filter(EndpointId.eq(endpoint))
        .filter(ProjectId.eq(notice.project))
        .filter(Kind.eq(notice.kind.name()))
        .filter(State.eq(MessageState::Waiting.name()))
        .filter(LeaseUntil.is_null());
    older.exec(txn).await?;
    Ok(())
}

/// Gives up what waits for an endpoint.
pub(crate) async fn end_waiting(txn: &impl ConnectionTrait, endpoint: Uuid) -> Result<(), DbErr> {
    use webhook_message::Column::{DueAt, EndpointId, LeaseUntil, State};
    let ended = webhook_message::Entity::update_many()
        .col_expr(State, Expr::value(MessageState::Failed.name()))
        .col_expr(DueAt, Expr::value(None::<DateTime<Utc>>))
        .col_expr(LeaseUntil, Expr::value(None::<DateTime<Utc>>))
        .filter(EndpointId.eq(endpoint))
        .filter(State.eq(MessageState::Waiting.name()));
    ended.exec(txn).await?;
    Ok(())
}

impl Store {
    /// Sends a notice to one endpoint.
    pub async fn tell_webhook(&self, id: Uuid, webhook: &Webhook, notice: &Notice, now: DateTime<Utc>) -> Result<(), StoreError> {
        let write = self.write().await.during("writing message", id)?;
        let insert = webhook_message::Entity::insert(row(id, webhook, notice, stored(now))?.into_active_model());
        insert.exec_without_returning(&write.txn).await.during("writing message", id)?;
        write.commit_tasks().await.during("writing message", id)
    }

    /// An endpoint's messages with their attempts, the newest first, after the first `skip`.
    pub async fn messages(&self, endpoint: Uuid, skip: u64, limit: u64) -> Result<Vec<MessageRecord>, StoreError> {
        use webhook_message::Column::{CreatedAt, EndpointId, Id};
        let rows = webhook_message::Entity::find()
            .filter(EndpointId.eq(endpoint))
            .order_by_desc(CreatedAt)
            .order_by_desc(Id)
            .offset(skip.min(i64::MAX as u64))
            .limit(limit.min(CHUNK as u64))
            .all(&self.db)
            .await
            .during("listing the messages of webhook", endpoint)?;
        let ids = rows.iter().map(|row| row.id);
        let attempts = webhook_attempt::Entity::find()
            .filter(webhook_attempt::Column::MessageId.is_in(ids))
            .order_by_asc(webhook_attempt::Column::Number)
            .all(&self.db)
            .await
            .during("listing the attempts of webhook", endpoint)?;
        let mut of_message: HashMap<Uuid, Vec<Attempt>> = HashMap::new();
        for row in attempts {
            let status = row.status.and_then(|status| u16::try_from(status).ok());
            let attempt = Attempt { at: row.at, status, error: row.error, millis: row.millis };
            of_message.entry(row.message_id).or_default().push(attempt);
        }
        rows.into_iter().map(|row| record(of_message.remove(&row.id).unwrap_or_default(), row)).collect()
    }

    /// Puts a message of an endpoint in line again, with all its tries.
    pub async fn resend_message(&self, endpoint: Uuid, id: Uuid, now: DateTime<Utc>) -> Result<Resent, StoreError> {
        use webhook_message::Column::{DueAt, EndpointId, Id, LeaseUntil, State, Tries};
        let now = stored(now);
        let write = self.write().await.during("sending again message", id)?;
        let webhook = webhook_endpoint::Entity::find_by_id(endpoint).one(&write.txn).await.during("reading webhook", endpoint)?;
        match webhook {
            Some(webhook) if webhook.enabled => {}
            Some(_) => return Ok(Resent::Disabled),
            None => return Ok(Resent::Unknown),
        }
        let free = Condition::any().add(LeaseUntil.is_null()).add(LeaseUntil.lte(now));
        let again = webhook_message::Entity::update_many()
            .col_expr(State, Expr::value(MessageState::Waiting.name()))
            .col_expr(Tries, Expr::value(0))
            .col_expr(DueAt, Expr::value(now))
            .col_expr(LeaseUntil, Expr::value(None::<DateTime<Utc>>))
            .filter(Id.eq(id))
            .filter(EndpointId.eq(endpoint));
        let queued = again.filter(free).exec(&write.txn).await.during("sending again message", id)?.rows_affected == 1;
        if !queued {
            let there = webhook_message::Entity::find_by_id(id).one(&write.txn).await.during("reading message", id)?;
            let there = there.is_some_and(|row| row.endpoint_id == endpoint);
            return Ok(if there { Resent::Busy } else { Resent::Unknown });
        }
        write.commit_tasks().await.during("sending again message", id)?;
        Ok(Resent::Queued)
    }
}

fn record(attempts: Vec<Attempt>, row: webhook_message::Model) -> Result<MessageRecord, StoreError> {
    let what = format!("message {}", row.id);
    let state = MessageState::ALL.into_iter().find(|state| state.name() == row.state);
    let unknown = || StoreError::Unreadable { what: what.clone(), problem: format!("state: nothing is called `{}`", row.state) };
    Ok(MessageRecord {
        state: state.ok_or_else(unknown)?,
        id: row.id,
        notice: from_json(row.notice, &what, "notice")?,
        attempts,
        next_at: row.due_at,
        created_at: row.created_at,
    })
}
