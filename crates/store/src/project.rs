//! Projects: creating, reading and listing them, and the details that the Studio stores with them.
//!
//! What the workflow changes is written in `apply` only; deleting is in `delete`.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use model::character::{Character, Voice};
use model::event::Event;
use model::project::{Project, ProjectStatus, Settings, Slot};
use model::question::Question;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    SqlErr,
};
use uuid::Uuid;

use crate::apply::event_rows;
use crate::character::{self, CharacterRecord};
use crate::entity::{event, project, scene};
use crate::error::During;
use crate::load;
use crate::place::placed;
use crate::record::{changes, fill_details, new_project_row, project_record};
use crate::transaction::stored;
use crate::{Store, StoreError};

/// A project to be created.
#[derive(Debug, Clone, PartialEq)]
pub struct NewProject {
    /// Its identity.
    pub id: Uuid,
    /// Whose it is; the user must exist.
    pub owner: Uuid,
    /// What it is about and how it should look and sound.
    pub settings: Settings,
    /// What the Studio stores with it.
    pub details: Details,
    /// Path of the script that `shortsai make` was given; unique with the owner.
    pub source: Option<String>,
    /// Characters of its script, which only this project knows.
    pub characters: Vec<Character>,
}

/// What the Studio stores with a project and the workflow never looks at.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Details {
    /// Labels for finding it again.
    pub tags: Vec<String>,
    /// The folder it is in; `None` is the root.
    pub folder_id: Option<Uuid>,
    /// The show whose episode it is.
    pub show_id: Option<Uuid>,
    /// Which one, counted from 1.
    pub episode_number: Option<i32>,
    /// Whether it is put away.
    pub is_archived: bool,
    /// The Studio's choice of length.
    pub duration_config: Option<serde_json::Value>,
    /// The Studio's choice of a clip vendor, such as `veo`.
    pub video_model: String,
    /// The Studio's choice of a speech vendor's model.
    pub audio_model: Option<String>,
}

/// A session's wish to be the only one that edits a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectLock {
    /// The session, by the name that it gave itself.
    pub session: String,
    /// When it ends, unless it is asked for again.
    pub until: DateTime<Utc>,
}

/// A project as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct ProjectRecord {
    /// All that the workflow decides on.
    pub project: Project,
    /// What the Studio stores with it.
    pub details: Details,
    /// Who has it open for editing, or had until the lock ended.
    pub lock: Option<ProjectLock>,
    /// Path of the script that `shortsai make` was given.
    pub source: Option<String>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When anything of it last changed.
    pub updated_at: DateTime<Utc>,
    /// Number of the newest event, 0 if there is none.
    pub event_number: i64,
    /// When each live scene was created.
    pub scene_created_at: BTreeMap<Uuid, DateTime<Utc>>,
}

/// Which projects to list.
#[derive(Debug, Clone, PartialEq)]
pub struct ProjectQuery {
    /// Whose.
    pub owner: Uuid,
    /// At most so many; `None` for all.
    pub limit: Option<u64>,
    /// Skip so many of the newest.
    pub offset: u64,
    /// Only those in that folder; `Some(None)` is the root.
    pub folder: Option<Option<Uuid>>,
    /// Only those put away, or only those not.
    pub archived: Option<bool>,
}

/// One page of a list of projects.
#[derive(Debug, Clone, PartialEq)]
pub struct ProjectPage {
    /// The page, newest first.
    pub projects: Vec<ProjectRecord>,
    /// How many there are on all pages.
    pub total: u64,
}

impl ProjectRecord {
    /// The project as one that speaks with that voice.
    #[must_use]
    pub fn with_voice(mut self, voice: &Voice) -> Self {
        let settings = &mut self.project.settings;
        if !voice.vendor.is_empty() {
            let vendors = settings.choice.vendors.entry("speech".to_owned()).or_default();
            let known = vendors.first().unwrap_or(&settings.speech_vendor);
            if *known != voice.vendor {
                // A model belongs to its vendor.
                settings.choice.models.remove("speech");
                self.details.audio_model = None;
            }
            *vendors = vec![voice.vendor.clone()];
            settings.speech_vendor.clone_from(&voice.vendor);
        }
        settings.voice.clone_from(&voice.name);
        self
    }
}

impl Store {
    /// Creates a project without scenes.
    pub async fn create_project(&self, new: NewProject, now: DateTime<Utc>) -> Result<ProjectRecord, StoreError> {
        let id = new.id;
        let write = self.write().await.during("creating project", id)?;
        let row = insert(&write.txn, new, now).await?;
        write.commit_changed(&[id]).await.during("creating project", id)?;
        project_record(row, Vec::new(), None)
    }

    /// The project with that id.
    pub async fn project(&self, id: Uuid) -> Result<Option<ProjectRecord>, StoreError> {
        let mut found = self.load(project::Entity::find_by_id(id)).await?;
        Ok(found.pop())
    }

    /// The owner's project that was made from that script.
    pub async fn project_by_source(&self, owner: Uuid, source: &str) -> Result<Option<ProjectRecord>, StoreError> {
        let of_source =
            project::Entity::find().filter(project::Column::OwnerId.eq(owner)).filter(project::Column::Source.eq(source));
        let mut found = self.load(of_source).await?;
        Ok(found.pop())
    }

    /// One page of an owner's projects, newest first.
    pub async fn projects(&self, query: &ProjectQuery) -> Result<ProjectPage, StoreError> {
        let mut wanted = project::Entity::find()
            .filter(project::Column::OwnerId.eq(query.owner))
            // Those that carry questions are nobody's to see.
            .filter(project::Column::Question.is_null());
        if let Some(folder) = query.folder {
            wanted = wanted.filter(match folder {
                Some(folder) => project::Column::FolderId.eq(folder),
                None => project::Column::FolderId.is_null(),
            });
        }
        if let Some(archived) = query.archived {
            wanted = wanted.filter(project::Column::IsArchived.eq(archived));
        }
        let total = wanted.clone().count(&self.db).await.during("counting the projects of user", query.owner)?;
        let most = i64::MAX as u64;
        let page = wanted
            .order_by_desc(project::Column::CreatedAt)
            .order_by_desc(project::Column::Id)
            // SQLite knows no offset without a limit.
            .limit(query.limit.unwrap_or(most).min(most))
            .offset(query.offset.min(most));
        Ok(ProjectPage { projects: self.load(page).await?, total })
    }

    /// Stores the Studio's details; `false` when there is no such project.
    pub async fn set_details(&self, id: Uuid, details: &Details, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let write = self.write().await.during("changing project", id)?;
        let Some(row) = load::lock(&write.txn, id).await.during("reading project", id)? else { return Ok(false) };
        let number = row.event_number;
        let details = placed(&write.txn, details.clone()).await.during("changing project", id)?;
        if write_details(&write.txn, row, &details, now).await?.event_number != number {
            write.commit_changed(&[id]).await.during("changing project", id)?;
        }
        Ok(true)
    }

    /// Which project a scene belongs to.
    pub async fn project_of_scene(&self, scene: Uuid) -> Result<Option<Uuid>, StoreError> {
        let row = scene::Entity::find_by_id(scene).one(&self.db).await.during("reading scene", scene)?;
        Ok(row.map(|row| row.project_id))
    }

    /// The wanted projects as they all were at one moment.
    pub(crate) async fn load(&self, wanted: Select<project::Entity>) -> Result<Vec<ProjectRecord>, StoreError> {
        let rows = async {
            let moment = self.snapshot().await?;
            let rows = wanted.all(&moment).await?;
            let parts = load::parts(&moment, rows).await?;
            moment.commit().await?;
            Ok(parts)
        };
        let rows: Vec<load::Rows> = rows.await.during("reading", "projects")?;
        rows.into_iter().map(|rows| project_record(rows.project, rows.scenes, rows.render)).collect()
    }
}

/// Adds the row of a project without scenes.
pub(crate) async fn insert(db: &impl ConnectionTrait, new: NewProject, now: DateTime<Utc>) -> Result<project::Model, StoreError> {
    insert_asking(db, new, (None, 0), now).await
}

/// The same for one that may carry a question, which is asked for the `take`th time.
pub(crate) async fn insert_asking(
    db: &impl ConnectionTrait,
    new: NewProject,
    (question, take): (Option<Question>, i32),
    now: DateTime<Utc>,
) -> Result<project::Model, StoreError> {
    let project = Project {
        id: new.id,
        owner: new.owner,
        status: ProjectStatus::default(),
        settings: new.settings,
        scenes: Vec::new(),
        script: Slot { take, ..Slot::default() },
        question: question.map(Box::new),
        notice: None,
        music: Slot::default(),
        render: None,
        revision: 0,
    };
    let mut row = new_project_row(&project, stored(now))?;
    let details = placed(db, new.details).await.during("creating project", row.id)?;
    fill_details(&mut row, &details)?;
    row.source = new.source;
    let insert = project::Entity::insert(row.clone().into_active_model());
    let _ = match insert.exec_without_returning(db).await {
        Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => {
            let script = row.source.as_ref().map(|source| format!(" of the script {source}")).unwrap_or_default();
            return Err(StoreError::Exists(format!("the project {}{script}", row.id)));
        }
        done => done.during("creating project", row.id)?,
    };
    character::insert(db, new.characters.into_iter().map(|character| CharacterRecord::new(character, now))).await?;
    Ok(row)
}

/// Stores the Studio's details in the locked row of a project.
pub(crate) async fn write_details(
    txn: &impl ConnectionTrait,
    before: project::Model,
    details: &Details,
    now: DateTime<Utc>,
) -> Result<project::Model, StoreError> {
    let mut after = before.clone();
    fill_details(&mut after, details)?;
    write_row(txn, before, after, now).await
}

/// Writes what changed in a project's row beside the workflow. That is an event too: whoever polls or follows the project
/// looks at nothing but the number of its newest event.
pub(crate) async fn write_row(
    txn: &impl ConnectionTrait,
    before: project::Model,
    after: project::Model,
    now: DateTime<Utc>,
) -> Result<project::Model, StoreError> {
    if after == before { Ok(before) } else { touch(txn, before, after, now).await }
}

/// The same, also where what changed is in another table.
pub(crate) async fn touch(
    txn: &impl ConnectionTrait,
    before: project::Model,
    mut after: project::Model,
    now: DateTime<Utc>,
) -> Result<project::Model, StoreError> {
    let (id, now) = (before.id, stored(now));
    for event in event_rows(id, before.event_number, &[Event::Reset], now)? {
        event::Entity::insert(event.into_active_model())
            .exec_without_returning(txn)
            .await
            .during("adding an event to project", id)?;
    }
    after.event_number += 1;
    after.updated_at = now;
    if let Some(row) = changes::<_, project::ActiveModel>(before, &after) {
        project::Entity::update(row).exec(txn).await.during("changing project", id)?;
    }
    Ok(after)
}
