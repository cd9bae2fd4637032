//! Limits of vendors that wait instead of failing: how many calls at once and how many a minute, for a vendor as a whole and
//! for each of its users, across all processes that share the database.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QuerySelect,
};

use crate::entity::{task, vendor_gate};
use crate::error::During;
use crate::lease::held;
use crate::transaction::stored;
use crate::{Lease, Store, StoreError};

/// When a running call makes others wait, they look again after this time: nobody knows when it ends.
const LOOK_AGAIN: chrono::Duration = chrono::Duration::seconds(1);

/// What may go on at a time; `None` is without a limit.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Limit {
    /// Calls that run at once.
    pub at_once: Option<u32>,
    /// Calls that begin in a minute; as many can begin together after a pause of a minute.
    pub per_minute: Option<u32>,
}

/// A vendor's limits.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Limits {
    /// For all users together.
    pub vendor: Limit,
    /// For each user.
    pub user: Limit,
}

/// Whether a call may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// It may, and counts until the lease ends.
    Entered,
    /// A limit is reached.
    Wait {
        /// Try again then.
        until: DateTime<Utc>,
        /// Only this user has to wait; otherwise everybody.
        user_only: bool,
    },
    /// The lease is lost.
    Lost,
}

impl Limits {
    /// Whether nothing is limited.
    pub fn are_none(&self) -> bool {
        *self == Self::default()
    }
}

impl Store {
    /// Asks whether a call to a vendor may begin now. It then counts as running until its lease ends, is finished or put back.
    pub async fn enter(&self, lease: &Lease, vendor: &str, limits: &Limits, now: DateTime<Utc>) -> Result<Entry, StoreError> {
        if limits.are_none() {
            return Ok(Entry::Entered);
        }
        self.enter_limited(lease, vendor, limits, stored(now)).await.during("asking for a place at", vendor)
    }

    async fn enter_limited(&self, lease: &Lease, vendor: &str, limits: &Limits, now: DateTime<Utc>) -> Result<Entry, DbErr> {
        let write = self.write().await?;
        let gates =
            [(format!("{vendor} for all"), limits.vendor, false), (format!("{vendor} for {}", lease.owner), limits.user, true)];
        let mut open = Vec::new();
        for (key, limit, user_only) in gates {
            // Always in this order, so that nobody waits in a circle.
            let gate = lock(&write.txn, &key, limit, now).await?;
            if let Some(most) = limit.at_once
                && running(&write.txn, lease, vendor, user_only, now).await? >= u64::from(most)
            {
                return Ok(Entry::Wait { until: now + LOOK_AGAIN, user_only });
            }
            if let Some(rate) = limit.per_minute {
                if gate.tokens < 1.0 {
                    return Ok(Entry::Wait { until: now + time_for(1.0 - gate.tokens, rate), user_only });
                }
                open.push(vendor_gate::Model { tokens: gate.tokens - 1.0, ..gate });
            }
        }
        let counts = task::Entity::update_many().col_expr(task::Column::Vendor, Expr::value(vendor)).filter(held(lease));
        if counts.exec(&write.txn).await?.rows_affected != 1 {
            return Ok(Entry::Lost);
        }
        for gate in open {
            let taken = vendor_gate::Entity::update_many()
                .col_expr(vendor_gate::Column::Tokens, Expr::value(gate.tokens))
                .col_expr(vendor_gate::Column::CountedAt, Expr::value(gate.counted_at))
                .filter(vendor_gate::Column::Key.eq(gate.key));
            taken.exec(&write.txn).await?;
        }
        write.commit().await?;
        Ok(Entry::Entered)
    }
}

/// The bucket, locked and filled up for the time since it was counted last.
async fn lock(txn: &DatabaseTransaction, key: &str, limit: Limit, now: DateTime<Utc>) -> Result<vendor_gate::Model, DbErr> {
    let size = f64::from(limit.per_minute.unwrap_or(0));
    let full = vendor_gate::Model { key: key.to_owned(), tokens: size, counted_at: now };
    vendor_gate::Entity::insert(full.clone().into_active_model())
        .on_conflict(OnConflict::column(vendor_gate::Column::Key).do_nothing().to_owned())
        .exec_without_returning(txn)
        .await?;
    let find = vendor_gate::Entity::find_by_id(key);
    let find = if txn.get_database_backend() == DbBackend::Postgres { find.lock_exclusive() } else { find };
    let gate = find.one(txn).await?.unwrap_or(full);
    // Another machine's clock may be behind: time is never counted twice.
    let passed = (now - gate.counted_at).max(chrono::Duration::zero());
    let tokens = gate.tokens + passed.as_seconds_f64() * size / 60.0;
    Ok(vendor_gate::Model { tokens: tokens.min(size), counted_at: Ord::max(gate.counted_at, now), ..gate })
}

/// Other calls to the vendor that are running, of this user or of everybody.
async fn running(
    txn: &DatabaseTransaction,
    lease: &Lease,
    vendor: &str,
    user_only: bool,
    now: DateTime<Utc>,
) -> Result<u64, DbErr> {
    let mut others = task::Entity::find()
        .filter(task::Column::Vendor.eq(vendor))
        .filter(task::Column::LeaseUntil.gte(now))
        .filter(task::Column::Id.ne(lease.task));
    if user_only {
        others = others.filter(task::Column::OwnerId.eq(lease.owner));
    }
    others.count(txn).await
}

/// How long it takes until so many tokens have come.
fn time_for(tokens: f64, per_minute: u32) -> chrono::Duration {
    let microseconds = (tokens * 60e6 / f64::from(per_minute)).ceil().min(60e6);
    // Within a minute the bucket is full; a rate of zero is looked at again each minute.
    chrono::Duration::microseconds(microseconds as i64)
}
