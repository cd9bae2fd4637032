//! Requests as one transaction each: a change of a project, or a new one, with the answer that the client was given.
//!
//! A request that comes with a key of the client's own (a [`Ticket`]) has its effect once, however often and to however
//! many processes it is sent. The key's row is the first thing that the transaction writes and the answer the last, so both
//! are there exactly when the effect is: a crash leaves neither, and the next try does it all. There is no state between
//! the two that would have to be cleaned up. A second request with the same key that comes meanwhile waits at that first
//! write (PostgreSQL holds it at the unique index, SQLite has one writer at a time), and then finds the answer.
//! A refusal takes everything back, the key too: nothing has happened, so the same request may be tried again.

use chrono::{DateTime, Duration, Utc};
use model::trace::TraceParent;
use model::workflow::Input;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};
use uuid::Uuid;

use crate::account::admit_project;
use crate::apply::change;
use crate::entity::{project, request};
use crate::error::During;
use crate::place::placed;
use crate::project::{insert, write_details};
use crate::record::{from_json, json, project_record};
use crate::transaction::stored;
use crate::webhook::{self, OneOff};
use crate::{ApplyError, Details, NewProject, ProjectRecord, Store, StoreError, load, lock};

/// How long an answer is kept.
fn keep() -> Duration {
    Duration::hours(24)
}

/// What tells a request from all others: a key that its client chose, and what it asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Whose request; different users' keys have nothing to do with each other.
    pub owner: Uuid,
    /// The client's key.
    pub key: String,
    /// A hash of all that the request says: the same for a request sent again, and for no other.
    pub fingerprint: String,
}

/// What a client was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers that belong to it.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

/// Who wants a change.
#[derive(Debug, Clone, Copy, Default)]
pub struct Caller<'a> {
    /// The request, if the client gave it a key.
    pub ticket: Option<&'a Ticket>,
    /// The session that edits, if it said which.
    pub session: Option<&'a str>,
}

/// What is to be changed in one project.
#[derive(Debug, Clone, Default)]
pub struct ProjectChange {
    /// The Studio's details, as a whole.
    pub details: Option<Details>,
    /// Then these, one after the other.
    pub inputs: Vec<Input>,
    /// Who else is told how the project's render ends.
    pub one_off: Option<OneOff>,
}

/// Why a request was not carried out. It has changed nothing then.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// As for any input.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// The key came with another request before.
    #[error("the key was used for another request within the last 24 hours")]
    KeyTaken,
    /// Another session edits the project.
    #[error("the session {session} edits the project until {until}")]
    Locked {
        /// Which.
        session: String,
        /// When its lock ends.
        until: DateTime<Utc>,
    },
    /// The owner's free account has no more projects today.
    #[error("free accounts make at most {limit} projects a day")]
    DailyLimit {
        /// So many a day.
        limit: i64,
    },
}

impl From<StoreError> for RequestError {
    fn from(error: StoreError) -> Self {
        Self::Apply(error.into())
    }
}

impl Store {
    /// The answer that this request was given before, if it was.
    pub async fn answered(&self, ticket: &Ticket, now: DateTime<Utc>) -> Result<Option<Answer>, RequestError> {
        find(&self.db, ticket, now).await
    }

    /// Changes a project in one transaction; answers what the client is told, which for a request sent again is what it was
    /// told the first time.
    pub async fn change_project(
        &self,
        id: Uuid,
        wish: ProjectChange,
        caller: Caller<'_>,
        now: DateTime<Utc>,
        answer: impl FnOnce(&ProjectRecord) -> Answer,
    ) -> Result<Answer, RequestError> {
        let write = self.write().await.during("changing project", id)?;
        if let Some(earlier) = begin(&write.txn, caller.ticket, now).await? {
            return Ok(earlier);
        }
        let row = load::lock(&write.txn, id).await.during("reading project", id)?.ok_or(ApplyError::NotFound)?;
        if wish.details.is_some() || wish.inputs.iter().any(|input| matches!(input, Input::Edit(_))) {
            lock::check(&row, caller.session, now)?;
        }
        let row = match wish.details {
            Some(details) => {
                let details = placed(&write.txn, details).await.during("changing project", id)?;
                write_details(&write.txn, row, &details, now).await?
            }
            None => row,
        };
        let record = carry_out(&write.txn, row, wish.inputs, self.cause, now).await?;
        if let (Some(one_off), Some(render)) = (&wish.one_off, &record.project.render) {
            webhook::follow(&write.txn, (record.project.owner, render.id), one_off, now).await?;
        }
        let answer = answer(&record);
        end(&write.txn, caller.ticket, &answer).await?;
        write.commit_changed(&[id]).await.during("changing project", id)?;
        Ok(answer)
    }

    /// Creates a project and applies the inputs to it, all in one transaction, unless its owner has made enough today. With
    /// `one_off`, the one that is named is told how the render of that id ends.
    pub async fn begin_project(
        &self,
        new: NewProject,
        inputs: Vec<Input>,
        one_off: Option<(Uuid, &OneOff)>,
        ticket: Option<&Ticket>,
        now: DateTime<Utc>,
        answer: impl FnOnce(&ProjectRecord) -> Answer,
    ) -> Result<Answer, RequestError> {
        let id = new.id;
        let write = self.write().await.during("creating project", id)?;
        if let Some(earlier) = begin(&write.txn, ticket, now).await? {
            return Ok(earlier);
        }
        if let Err(limit) = admit_project(&write.txn, new.owner, now).await? {
            return Err(RequestError::DailyLimit { limit });
        }
        // Before the inputs: the render may end with them.
        if let Some((render, one_off)) = one_off {
            webhook::follow(&write.txn, (new.owner, render), one_off, now).await?;
        }
        let row = insert(&write.txn, new, now).await?;
        let record = carry_out(&write.txn, row, inputs, self.cause, now).await?;
        let answer = answer(&record);
        end(&write.txn, ticket, &answer).await?;
        write.commit_changed(&[id]).await.during("creating project", id)?;
        Ok(answer)
    }

    /// Forgets the answers that are older than a day; says how many there were.
    pub async fn forget_requests(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let old = request::Entity::delete_many().filter(request::Column::CreatedAt.lte(stored(now) - keep()));
        Ok(old.exec(&self.db).await.during("forgetting", "old requests")?.rows_affected)
    }
}

/// Applies the inputs one after the other to the locked project.
async fn carry_out(
    txn: &impl ConnectionTrait,
    row: project::Model,
    inputs: Vec<Input>,
    cause: Option<TraceParent>,
    now: DateTime<Utc>,
) -> Result<ProjectRecord, ApplyError> {
    let id = row.id;
    let mut current = Some(row);
    let mut last = None;
    for input in inputs {
        let row = match current.take() {
            Some(row) => row,
            None => project::Entity::find_by_id(id).one(txn).await.during("reading project", id)?.ok_or(ApplyError::NotFound)?,
        };
        last = Some(change(txn, row, (input, cause), stored(now)).await?.record);
    }
    if let Some(record) = last {
        return Ok(record);
    }
    let rows = load::parts(txn, current.into_iter().collect()).await.during("reading project", id)?.pop();
    let rows = rows.ok_or(ApplyError::NotFound)?;
    Ok(project_record(rows.project, rows.scenes, rows.render)?)
}

/// Takes the key for this transaction; answers what was answered before, if it was taken already by the same request.
async fn begin(txn: &impl ConnectionTrait, ticket: Option<&Ticket>, now: DateTime<Utc>) -> Result<Option<Answer>, RequestError> {
    let Some(ticket) = ticket else { return Ok(None) };
    let what = format!("request {}", ticket.key);
    let now = stored(now);
    let ours = request::Entity::delete_many()
        .filter(request::Column::OwnerId.eq(ticket.owner))
        .filter(request::Column::Key.eq(&ticket.key));
    ours.filter(request::Column::CreatedAt.lte(now - keep())).exec(txn).await.during("beginning", &what)?;
    let row = request::Model {
        owner_id: ticket.owner,
        key: ticket.key.clone(),
        fingerprint: ticket.fingerprint.clone(),
        status: 0,
        headers: json(Vec::<(String, String)>::new(), &what, "headers")?,
        body: String::new(),
        created_at: now,
    };
    let first = request::Entity::insert(row.into_active_model())
        .on_conflict(OnConflict::columns([request::Column::OwnerId, request::Column::Key]).do_nothing().to_owned())
        .exec_without_returning(txn)
        .await
        .during("beginning", &what)?;
    if first == 1 {
        return Ok(None);
    }
    match find(txn, ticket, now).await? {
        Some(answer) => Ok(Some(answer)),
        // It was swept between the two statements, a day after its first use.
        None => Err(RequestError::KeyTaken),
    }
}

/// Keeps the answer for those who send the request again.
async fn end(txn: &impl ConnectionTrait, ticket: Option<&Ticket>, answer: &Answer) -> Result<(), StoreError> {
    let Some(ticket) = ticket else { return Ok(()) };
    let what = format!("request {}", ticket.key);
    let row = request::ActiveModel {
        owner_id: Set(ticket.owner),
        key: Set(ticket.key.clone()),
        status: Set(i32::from(answer.status)),
        headers: Set(json(&answer.headers, &what, "headers")?),
        body: Set(answer.body.clone()),
        ..Default::default()
    };
    request::Entity::update(row).exec(txn).await.during("answering", what)?;
    Ok(())
}

async fn find(db: &impl ConnectionTrait, ticket: &Ticket, now: DateTime<Utc>) -> Result<Option<Answer>, RequestError> {
    let what = format!("request {}", ticket.key);
    let row = request::Entity::find_by_id((ticket.owner, ticket.key.clone())).one(db).await.during("reading", &what)?;
    let Some(row) = row.filter(|row| row.created_at > now - keep()) else { return Ok(None) };
    if row.fingerprint != ticket.fingerprint {
        return Err(RequestError::KeyTaken);
    }
    let status = u16::try_from(row.status).unwrap_or(500);
    Ok(Some(Answer { status, headers: from_json(row.headers, &what, "headers")?, body: row.body }))
}
