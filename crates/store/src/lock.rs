//! Locks: a session that edits a project can keep other sessions' edits away for a while.
//!
//! A lock never touches the workflow: what was asked for goes on, its results land, and everybody may start and stop it.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::entity::project;
use crate::error::During;
use crate::project::write_row;
use crate::record::project_record;
use crate::request::RequestError;
use crate::transaction::stored;
use crate::{ApplyError, ProjectRecord, Store, load};

impl Store {
    /// Gives the project to that session until then, or refuses because another session has it. Asking again extends.
    pub async fn lock_project(
        &self,
        id: Uuid,
        session: &str,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<ProjectRecord, RequestError> {
        self.set_lock(id, session, Some(until), now).await
    }

    /// Ends the session's lock, or one that has run out; refuses to end another session's live one.
    pub async fn unlock_project(&self, id: Uuid, session: &str, now: DateTime<Utc>) -> Result<ProjectRecord, RequestError> {
        self.set_lock(id, session, None, now).await
    }

    async fn set_lock(
        &self,
        id: Uuid,
        session: &str,
        until: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<ProjectRecord, RequestError> {
        let write = self.write().await.during("locking project", id)?;
        let row = load::lock(&write.txn, id).await.during("reading project", id)?.ok_or(ApplyError::NotFound)?;
        check(&row, Some(session), now)?;
        let mut after = row.clone();
        after.lock_session_id = until.map(|_| session.to_owned());
        after.lock_expires_at = until.map(stored);
        let row = write_row(&write.txn, row, after, now).await?;
        let mut rows = load::parts(&write.txn, vec![row]).await.during("reading project", id)?;
        write.commit_changed(&[id]).await.during("locking project", id)?;
        let rows = rows.pop().ok_or(ApplyError::NotFound)?;
        Ok(project_record(rows.project, rows.scenes, rows.render)?)
    }
}

/// Refuses when another session than this one has the project at that time.
pub fn check(row: &project::Model, session: Option<&str>, now: DateTime<Utc>) -> Result<(), RequestError> {
    match (&row.lock_session_id, row.lock_expires_at) {
        (Some(holder), Some(until)) if until > now && session != Some(holder.as_str()) => {
            Err(RequestError::Locked { session: holder.clone(), until })
        }
        _ => Ok(()),
    }
}
