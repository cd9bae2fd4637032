//! The numbered events of a project, for clients that follow it live.

use model::event::Event;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::entity::event;
use crate::error::During;
use crate::record::from_json;
use crate::{Store, StoreError};

/// An event with its place in the project's history.
#[derive(Debug, Clone, PartialEq)]
pub struct NumberedEvent {
    /// 1, 2, 3 … without a gap.
    pub number: i64,
    /// What happened.
    pub event: Event,
}

impl Store {
    /// The project's events with a number above `after`, in order, at most `limit`.
    pub async fn events_after(&self, project: Uuid, after: i64, limit: u64) -> Result<Vec<NumberedEvent>, StoreError> {
        let rows = event::Entity::find()
            .filter(event::Column::ProjectId.eq(project))
            .filter(event::Column::Number.gt(after))
            .order_by_asc(event::Column::Number)
            .limit(limit.min(i64::MAX as u64))
            .all(&self.db)
            .await
            .during("reading the events of project", project)?;
        let event = |row: event::Model| {
            let what = format!("event {} of project {project}", row.number);
            Ok(NumberedEvent { number: row.number, event: from_json(row.body, &what, "body")? })
        };
        rows.into_iter().map(event).collect()
    }
}
