//! Transactions that behave the same on both databases: writers that take turns, and readers that see one moment.

use std::sync::Arc;

use chrono::{DateTime, SubsecRound, Utc};
use sea_orm::{
    AccessMode, DatabaseTransaction, DbBackend, DbErr, IsolationLevel, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};
use tokio::sync::OwnedMutexGuard;

use uuid::Uuid;

use crate::Store;
use crate::changes::Signal;

/// A transaction that writes. Dropping it without a commit takes everything back.
pub struct Write {
    /// The transaction.
    pub txn: DatabaseTransaction,
    signal: Arc<Signal>,
    /// Held until after the end of the transaction: fields are dropped in order.
    _turn: Option<OwnedMutexGuard<()>>,
}

impl Write {
    /// Makes it last, with nobody to be told.
    pub async fn commit(self) -> Result<(), DbErr> {
        self.txn.commit().await
    }

    /// Makes it last and tells the followers of those projects, here and elsewhere.
    pub async fn commit_changed(self, projects: &[Uuid]) -> Result<(), DbErr> {
        self.txn.commit().await?;
        for project in projects {
            self.signal.tell(*project);
            self.signal.tell_others(Some(*project));
        }
        Ok(())
    }

    /// Makes it last and tells those who wait for tasks, here and elsewhere.
    pub async fn commit_tasks(self) -> Result<(), DbErr> {
        self.txn.commit().await?;
        self.signal.tell_of_tasks();
        self.signal.tell_others(None);
        Ok(())
    }
}

impl Store {
    /// Begins a transaction that writes.
    ///
    /// SQLite has one writer at a time. Within this process they queue here, which is fair and wakes the next one at once;
    /// against other processes the transaction takes the write lock at its beginning, because one that has read first
    /// cannot wait for it later.
    pub(crate) async fn write(&self) -> Result<Write, DbErr> {
        let turn = match self.db.get_database_backend() {
            DbBackend::Sqlite => Some(self.turn.clone().lock_owned().await),
            _ => None,
        };
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        Ok(Write { txn: self.db.begin_with_options(options).await?, signal: self.signal.clone(), _turn: turn })
    }

    /// Begins a transaction whose queries all see the same moment.
    pub(crate) async fn snapshot(&self) -> Result<DatabaseTransaction, DbErr> {
        match self.db.get_database_backend() {
            DbBackend::Sqlite => self.db.begin().await,
            _ => self.db.begin_with_config(Some(IsolationLevel::RepeatableRead), Some(AccessMode::ReadOnly)).await,
        }
    }
}

/// The time as precisely as both databases keep it, so that what is answered now is what is read later.
pub fn stored(time: DateTime<Utc>) -> DateTime<Utc> {
    time.trunc_subsecs(6)
}
