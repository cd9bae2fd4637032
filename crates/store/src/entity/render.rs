//! Table `render`: all renders; a project's own one is named by `project.render_id`.

use sea_orm::entity::prelude::*;

/// One render; `output` is a `model::project::RenderOutput`, `storyboard` a `model::storyboard::Storyboard`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "render")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub project_id: Uuid,
    pub status: String,
    pub progress: f64,
    pub error: Option<String>,
    pub output: Option<Json>,
    pub revision: i64,
    pub storyboard: Option<Json>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
