//! Questions to vendors outside of any video: each is carried by a project of its own, whose id follows from who asks what.
//! So the same question asked again finds the answer, or the task that makes it, and is not paid twice.

use chrono::{DateTime, Utc};
use model::project::{ProjectStatus, Settings};
use model::question::{Ask, Question};
use model::workflow::{Command, Input};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::apply::change;
use crate::entity::project;
use crate::error::During;
use crate::project::insert_asking;
use crate::record::project_record;
use crate::transaction::stored;
use crate::{ApplyError, Details, NewProject, ProjectRecord, Store, StoreError, load};

/// How long a question and its answer are kept.
pub const KEEP: chrono::Duration = chrono::Duration::hours(24);
/// The most questions that are forgotten at a time.
const AT_ONCE: u64 = 500;

/// A question to be asked.
#[derive(Debug, Clone, PartialEq)]
pub struct NewQuestion {
    /// Its identity: the same for the same question of the same user.
    pub id: Uuid,
    /// Who asks; the user must exist.
    pub owner: Uuid,
    /// What is asked.
    pub ask: Ask,
    /// What shapes the answer.
    pub settings: Settings,
    /// And what the Studio adds.
    pub details: Details,
    /// 0 at first; another number asks for another answer to the same.
    pub take: i32,
}

impl Store {
    /// The question as it is, if it is there and not too old.
    pub async fn question(&self, id: Uuid, now: DateTime<Utc>) -> Result<Option<ProjectRecord>, StoreError> {
        let record = self.project(id).await?;
        Ok(record.filter(|record| record.project.question.is_some() && now < record.created_at + KEEP))
    }

    /// Writes a question down, if it is not there yet. Nobody works at it until it is [asked](Self::ask).
    pub async fn note_question(&self, new: &NewQuestion, now: DateTime<Utc>) -> Result<(), StoreError> {
        let id = new.id;
        let write = self.write().await.during("noting question", id)?;
        if let Some(row) = load::lock(&write.txn, id).await.during("reading question", id)? {
            if stored(now) < row.created_at + KEEP {
                return Ok(());
            }
            // Its objects are left alone: they may be what is asked about just now.
            project::Entity::delete_by_id(id).exec(&write.txn).await.during("forgetting question", id)?;
        }
        let NewQuestion { id, owner, ask, settings, details, take } = new.clone();
        let project = NewProject { id, owner, settings, details, source: None, characters: Vec::new() };
        match insert_asking(&write.txn, project, (Some(Question { ask, answer: None }), take), now).await {
            Ok(_) => write.commit_changed(&[id]).await.during("noting question", id),
            // Somebody else was faster.
            Err(StoreError::Exists(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Has a question answered unless it is, or somebody is at work: with `again` also one that has an answer.
    pub async fn ask(&self, id: Uuid, again: bool, now: DateTime<Utc>) -> Result<ProjectRecord, ApplyError> {
        let write = self.write().await.during("asking question", id)?;
        let row = load::lock(&write.txn, id).await.during("reading question", id)?.ok_or(ApplyError::NotFound)?;
        let record = project_record(row.clone(), Vec::new(), None)?;
        let command = match record.project.status {
            ProjectStatus::Generating => None,
            ProjectStatus::Completed => again.then_some(Command::GenerateAll { force: true }),
            ProjectStatus::Draft | ProjectStatus::Paused | ProjectStatus::Failed => Some(Command::Resume),
        };
        let Some(command) = command else { return Ok(record) };
        let changed = change(&write.txn, row, (Input::Command(command), self.cause), stored(now)).await?;
        write.commit_changed(&[id]).await.during("asking question", id)?;
        Ok(changed.record)
    }

    /// Forgets questions that are too old; answers the keys of their objects that nothing else refers to.
    pub async fn forget_questions(&self, now: DateTime<Utc>) -> Result<Vec<String>, StoreError> {
        let old = project::Entity::find()
            .select_only()
            .column(project::Column::Id)
            .filter(project::Column::Question.is_not_null())
            .filter(project::Column::CreatedAt.lte(stored(now) - KEEP))
            .order_by_asc(project::Column::CreatedAt)
            .limit(AT_ONCE);
        let old: Vec<Uuid> = old.into_tuple().all(&self.db).await.during("looking for", "old questions")?;
        let mut objects = Vec::new();
        for id in old {
            objects.extend(self.delete_project(id).await?.unwrap_or_default());
        }
        Ok(objects)
    }
}
