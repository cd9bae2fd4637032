//! Marks: how far projects have got, for those who ask again and again. Few bytes of one index lookup each, and as many at
//! a time as wanted; what a project holds is read elsewhere, only when its mark has moved.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::sea_query::ExprTrait;
use sea_orm::sea_query::{Expr, JoinType, Query, SelectStatement};
use sea_orm::{ConnectionTrait, DbErr};
use uuid::Uuid;

use crate::entity::{project, render};
use crate::error::During;
use crate::load::CHUNK;
use crate::{Store, StoreError};

/// How far a project has got. While it stays the same, nothing that can be read of the project and its renders changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mark {
    /// Whose project it is.
    pub owner: Uuid,
    /// Number of the newest event, 0 if there is none.
    pub event_number: i64,
    /// When anything last changed: tells apart histories that have branched, such as after a restored backup.
    pub updated_at: DateTime<Utc>,
}

impl Store {
    /// The marks of the projects that are there.
    pub async fn project_marks(&self, projects: &[Uuid]) -> Result<HashMap<Uuid, Mark>, StoreError> {
        let mut query = Query::select();
        query.expr_as(Expr::col((project::Entity, project::Column::Id)), "asked").from(project::Entity);
        self.marks(query, (project::Entity, project::Column::Id).into(), projects).await.during("looking at", "projects")
    }

    /// The marks of the renders' projects.
    pub async fn render_marks(&self, renders: &[Uuid]) -> Result<HashMap<Uuid, Mark>, StoreError> {
        let mut query = Query::select();
        let of_render = Expr::col((render::Entity, render::Column::ProjectId)).equals((project::Entity, project::Column::Id));
        query.expr_as(Expr::col((render::Entity, render::Column::Id)), "asked").from(render::Entity).join(
            JoinType::InnerJoin,
            project::Entity,
            of_render,
        );
        self.marks(query, (render::Entity, render::Column::Id).into(), renders).await.during("looking at", "renders")
    }

    async fn marks(
        &self,
        mut query: SelectStatement,
        id: sea_orm::sea_query::ColumnRef,
        ids: &[Uuid],
    ) -> Result<HashMap<Uuid, Mark>, DbErr> {
        query
            .column((project::Entity, project::Column::OwnerId))
            .column((project::Entity, project::Column::EventNumber))
            .column((project::Entity, project::Column::UpdatedAt));
        let mut marks = HashMap::with_capacity(ids.len());
        for some in ids.chunks(CHUNK) {
            let mut query = query.clone();
            query.and_where(Expr::col(id.clone()).is_in(padded(some)));
            for row in self.db.query_all(&query).await? {
                let mark = Mark {
                    owner: row.try_get_by_index(1)?,
                    event_number: row.try_get_by_index(2)?,
                    updated_at: row.try_get_by_index(3)?,
                };
                marks.insert(row.try_get_by_index(0)?, mark);
            }
        }
        Ok(marks)
    }
}

/// The ids, with the last one repeated up to the next power of two: so there are few different statements, and the
/// connection has each of them prepared.
fn padded(ids: &[Uuid]) -> impl Iterator<Item = Uuid> {
    let more = ids.len().next_power_of_two() - ids.len();
    ids.iter().copied().chain(ids.last().copied().into_iter().cycle().take(more))
}
