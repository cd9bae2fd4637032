//! Chores: work that one process does for all, now and then, such as collecting objects that nobody names.

use chrono::{DateTime, Duration, Utc};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter};

use crate::entity::chore::{Column, Entity, Model};
use crate::error::During;
use crate::transaction::stored;
use crate::{Store, StoreError};

impl Store {
    /// Takes a chore for so long, unless another process has it or it was done less than `every` ago.
    pub async fn begin_chore(
        &self,
        name: &str,
        holder: &str,
        (every, lease): (Duration, Duration),
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let row = Model { name: name.to_owned(), holder: None, held_until: None, done_at: None };
        Entity::insert(row.into_active_model())
            .on_conflict(OnConflict::column(Column::Name).do_nothing().to_owned())
            .exec_without_returning(&self.db)
            .await
            .during("noting the chore", name)?;
        let now = stored(now);
        let free = Condition::any().add(Column::HeldUntil.is_null()).add(Column::HeldUntil.lte(now));
        let due = Condition::any().add(Column::DoneAt.is_null()).add(Column::DoneAt.lte(now - every));
        let taken = Entity::update_many()
            .col_expr(Column::Holder, Expr::value(holder))
            .col_expr(Column::HeldUntil, Expr::value(now + lease))
            .filter(Column::Name.eq(name))
            .filter(free)
            .filter(due)
            .exec(&self.db)
            .await
            .during("taking the chore", name)?;
        Ok(taken.rows_affected == 1)
    }

    /// Keeps it for so much longer; whether it still is the holder's.
    pub async fn keep_chore(&self, name: &str, holder: &str, lease: Duration, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let kept = Entity::update_many()
            .col_expr(Column::HeldUntil, Expr::value(stored(now) + lease))
            .filter(Column::Name.eq(name))
            .filter(Column::Holder.eq(holder))
            .exec(&self.db)
            .await
            .during("keeping the chore", name)?;
        Ok(kept.rows_affected == 1)
    }

    /// Gives it back, done or not.
    pub async fn end_chore(&self, name: &str, holder: &str, done: Option<DateTime<Utc>>) -> Result<(), StoreError> {
        let mut end = Entity::update_many()
            .col_expr(Column::Holder, Expr::value(None::<String>))
            .col_expr(Column::HeldUntil, Expr::value(None::<DateTime<Utc>>));
        if let Some(now) = done {
            end = end.col_expr(Column::DoneAt, Expr::value(stored(now)));
        }
        let end = end.filter(Column::Name.eq(name)).filter(Column::Holder.eq(holder));
        end.exec(&self.db).await.during("ending the chore", name)?;
        Ok(())
    }
}
