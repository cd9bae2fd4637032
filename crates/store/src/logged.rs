//! Vendor calls that were made elsewhere, and of which somebody tells: lines of the ledger like those of our own calls.

use chrono::{DateTime, Utc};
use model::usage::{Money, Unit, Used};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use uuid::Uuid;

use crate::account::{count, lock_user};
use crate::entity::{project, usage};
use crate::error::During;
use crate::transaction::stored;
use crate::{LedgerLine, Store, StoreError, UsageState};

/// A call that was made elsewhere.
#[derive(Debug, Clone, PartialEq)]
pub struct LoggedCall {
    /// Identity of its line.
    pub id: Uuid,
    /// For whom.
    pub owner: Uuid,
    /// For which of their projects.
    pub project: Option<Uuid>,
    /// Who was asked.
    pub vendor: String,
    /// Which model.
    pub model: String,
    /// What is counted.
    pub unit: Unit,
    /// How many of it.
    pub units: f64,
    /// What was read and written, in the vendor's tokens.
    pub tokens: (i64, i64),
    /// Nothing came of it.
    pub failed: bool,
    /// What the vendor said.
    pub error: Option<String>,
    /// A second call with this name is the same one.
    pub key: Option<String>,
}

/// Why a call was not written down.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// There is no such user.
    #[error("there is no such user")]
    NoUser,
    /// The user has no such project.
    #[error("the user has no such project")]
    NoProject,
    /// Trouble with the database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Writes a call down, and counts a picture or speech that came of it for the user; answers its line, and whether that is
    /// new: a call whose key is known is not written again.
    pub async fn log_call(&self, call: LoggedCall, now: DateTime<Utc>) -> Result<(LedgerLine, bool), LogError> {
        let (id, doing) = (call.id, "writing down call");
        let write = self.write().await.during(doing, id)?;
        let txn = &write.txn;
        let user = lock_user(txn, call.owner).await.during(doing, id)?.ok_or(LogError::NoUser)?;
        if let Some(project) = call.project {
            let there = project::Entity::find_by_id(project).one(txn).await.during("reading project", project)?;
            if there.is_none_or(|row| row.owner_id != user.id) {
                return Err(LogError::NoProject);
            }
        }
        let used = match (call.failed, call.unit) {
            (false, Unit::Image | Unit::SpeechSecond) => Used { requests: 0, ..Used::of(call.unit, call.units, Money(0)) },
            _ => Used::default(),
        };
        let row = row_of(call, used != Used::default(), now);
        let key = row.idempotency_key.clone();
        let insert =
            usage::Entity::insert(row.clone().into_active_model()).on_conflict(OnConflict::new().do_nothing().to_owned());
        let is_new = insert.exec_without_returning(txn).await.during(doing, id)? == 1;
        let row = if is_new {
            count(txn, row.owner_id, now, used).await.during(doing, id)?;
            row
        } else {
            let same = usage::Entity::find().filter(usage::Column::IdempotencyKey.eq(key)).one(txn).await;
            same.during("reading the call before", id)?.unwrap_or(row)
        };
        write.commit().await.during(doing, id)?;
        let lines = self.lines_of(vec![row]).await?;
        let line = lines.into_iter().next().expect("a row has a line");
        Ok((line, is_new))
    }
}

/// The line of such a call.
pub(crate) fn row_of(call: LoggedCall, counts: bool, now: DateTime<Utc>) -> usage::Model {
    usage::Model {
        id: call.id,
        owner_id: call.owner,
        project_id: call.project.unwrap_or_default(),
        task_id: Uuid::nil(),
        attempt: 0,
        kind: "logged".to_owned(),
        vendor: call.vendor,
        model: call.model,
        unit: call.unit.name().to_owned(),
        units: call.units,
        cost_micros: None,
        counts,
        state: if call.failed { UsageState::Refunded } else { UsageState::Settled }.name().to_owned(),
        error: call.error.filter(|_| call.failed),
        created_at: stored(now),
        settled_at: Some(stored(now)),
        tokens_input: call.tokens.0,
        tokens_output: call.tokens.1,
        idempotency_key: call.key,
    }
}
