//! Renders, old ones too: rows are kept, and the newest of a project is a part of the project.

use chrono::{DateTime, Utc};
use model::project::Render;
use sea_orm::EntityTrait;
use uuid::Uuid;

use crate::entity::{project, render};
use crate::error::During;
use crate::record::render_of;
use crate::{Store, StoreError};

/// A render as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct RenderRecord {
    /// The render.
    pub render: Render,
    /// Of which project.
    pub project: Uuid,
    /// Whose project that is.
    pub owner: Uuid,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl Store {
    /// The render with that id.
    pub async fn render(&self, id: Uuid) -> Result<Option<RenderRecord>, StoreError> {
        let Some(row) = render::Entity::find_by_id(id).one(&self.db).await.during("reading render", id)? else {
            return Ok(None);
        };
        let project =
            project::Entity::find_by_id(row.project_id).one(&self.db).await.during("reading the project of render", id)?;
        // Between the two queries the project can have been deleted, and the render with it.
        let Some(project) = project else { return Ok(None) };
        let (created_at, updated_at) = (row.created_at, row.updated_at);
        Ok(Some(RenderRecord { render: render_of(row)?, project: project.id, owner: project.owner_id, created_at, updated_at }))
    }
}
