//! Who is making what right now: of requests that are equal at the same moment, one is sent and the others wait for it. What
//! has been made is in `made`.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, PaginatorTrait, QueryFilter, Statement};

use crate::entity::task;
use crate::error::During;
use crate::lease::held;
use crate::transaction::stored;
use crate::{Lease, Store, StoreError};

/// Whoever waits for another's answer looks again after this time: nobody knows when it comes.
const LOOK_AGAIN: chrono::Duration = chrono::Duration::seconds(1);

/// Whether a request may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Making {
    /// It may. Until the lease ends, nobody else makes an equal one.
    Begun,
    /// Another task is making it: look then for what has become of it.
    Elsewhere {
        /// When.
        until: DateTime<Utc>,
    },
    /// The lease is lost.
    Lost,
}

impl Store {
    /// Asks whether the task may make the request with that hash. Ask before looking for what was made: whoever made it has
    /// remembered it before ending.
    pub async fn begin_making(&self, lease: &Lease, request_hash: &str, now: DateTime<Utc>) -> Result<Making, StoreError> {
        self.begin(lease, request_hash, stored(now)).await.during("asking who makes", request_hash)
    }

    async fn begin(&self, lease: &Lease, request_hash: &str, now: DateTime<Utc>) -> Result<Making, DbErr> {
        let write = self.write().await?;
        if write.txn.get_database_backend() == DbBackend::Postgres {
            // Who asks at the same moment waits here. On SQLite the transaction itself is the lock.
            let lock = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
            let lock = Statement::from_sql_and_values(DbBackend::Postgres, lock, [request_hash.into()]);
            write.txn.execute_raw(lock).await?;
        }
        let others = task::Entity::find()
            .filter(task::Column::Making.eq(request_hash))
            .filter(task::Column::LeaseUntil.gte(now))
            .filter(task::Column::Id.ne(lease.task));
        if others.count(&write.txn).await? > 0 {
            return Ok(Making::Elsewhere { until: now + LOOK_AGAIN });
        }
        let makes = task::Entity::update_many().col_expr(task::Column::Making, Expr::value(request_hash)).filter(held(lease));
        if makes.exec(&write.txn).await?.rows_affected != 1 {
            return Ok(Making::Lost);
        }
        write.commit().await?;
        Ok(Making::Begun)
    }
}
