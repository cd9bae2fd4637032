//! Deleting a project, and finding out which of its objects nobody else needs.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use model::project::{Asset, RenderOutput, RenderStatus, Slot};
use model::question::{Answer, Question};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::character;
use crate::entity::{character_picture, made, project, render, scene};
use crate::error::During;
use crate::load::{self, CHUNK};
use crate::record::{project_record, render_of, word};
use crate::request::RequestError;
use crate::transaction::Write;
use crate::{Store, StoreError, lock};

/// Every place where a row of a project names an object, as the indexes have it. Characters' pictures are in a table of their
/// own.
pub(crate) const REFERENCES: [(&str, &str); 13] = [
    ("scene", "image_asset ->> 'key'"),
    ("scene", "audio_asset ->> 'key'"),
    ("scene", "video_asset ->> 'key'"),
    ("scene", "sfx_asset ->> 'key'"),
    ("project", "music_asset ->> 'key'"),
    ("project", "CASE WHEN length(reference_image_url) < 100 THEN reference_image_url END"),
    ("project", "question ->> 'key'"),
    ("project", "answer ->> 'key'"),
    ("render", "output ->> 'video'"),
    ("render", "output ->> 'srt'"),
    ("render", "output ->> 'vtt'"),
    ("render", "output ->> 'ass'"),
    ("render", "output ->> 'thumbnail'"),
];

impl Store {
    /// Deletes a project with its scenes, tasks, renders and events.
    ///
    /// Answers the keys of its objects that nothing else refers to any more, sorted, and forgets that they were made;
    /// `None` when there is no such project.
    pub async fn delete_project(&self, id: Uuid) -> Result<Option<Vec<String>>, StoreError> {
        let write = self.write().await.during("deleting project", id)?;
        let Some(row) = load::lock(&write.txn, id).await.during("reading project", id)? else { return Ok(None) };
        self.delete(write, row).await.map(Some)
    }

    /// The same, unless another session than this one edits the project.
    pub async fn delete_project_as(
        &self,
        id: Uuid,
        session: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Option<Vec<String>>, RequestError> {
        let write = self.write().await.during("deleting project", id)?;
        let Some(row) = load::lock(&write.txn, id).await.during("reading project", id)? else { return Ok(None) };
        lock::check(&row, session, now)?;
        Ok(Some(self.delete(write, row).await?))
    }

    async fn delete(&self, write: Write, row: project::Model) -> Result<Vec<String>, StoreError> {
        let id = row.id;
        let mut keys = keys_of(&write.txn, row).await?;
        project::Entity::delete_by_id(id).exec(&write.txn).await.during("deleting project", id)?;
        drop_referenced(&write.txn, &mut keys).await.during("looking for other users of the objects of project", id)?;
        for key in keys_to_render(&write.txn).await? {
            keys.remove(&key);
        }
        let keys: Vec<String> = keys.into_iter().collect();
        for some in keys.chunks(CHUNK) {
            let gone = made::Column::AssetKey.is_in(some);
            made::Entity::delete_many().filter(gone).exec(&write.txn).await.during("forgetting the objects of project", id)?;
        }
        write.commit_changed(&[id]).await.during("deleting project", id)?;
        Ok(keys)
    }
}

/// All objects that the project's slots and renders refer to.
async fn keys_of(txn: &impl ConnectionTrait, row: project::Model) -> Result<BTreeSet<String>, StoreError> {
    let id = row.id;
    let scenes = scene::Entity::find().filter(scene::Column::ProjectId.eq(id)).all(txn).await.during("reading project", id)?;
    let renders = render::Entity::find().filter(render::Column::ProjectId.eq(id)).all(txn).await.during("reading project", id)?;
    let project = project_record(row, scenes, None)?.project;
    let key = |slot: &Slot| slot.asset.as_ref().map(|Asset { key, .. }| key.clone());
    let mut keys: BTreeSet<String> = key(&project.music).into_iter().collect();
    if let Some(Question { ask, answer }) = project.question.as_deref() {
        keys.extend(ask.object().into_iter().chain(answer.as_ref().and_then(Answer::object)).map(str::to_owned));
    }
    // Older versions kept addresses of other servers here.
    keys.extend(project.settings.reference.filter(|reference| !reference.contains(':')));
    keys.extend(character::pictures_of_project(txn, id).await.during("reading the characters of project", id)?);
    for scene in &project.scenes {
        keys.extend([&scene.image, &scene.audio, &scene.video, &scene.sfx].into_iter().filter_map(key));
    }
    for render in renders {
        let render = render_of(render)?;
        if let Some(RenderOutput { video, srt, vtt, ass, thumbnail, .. }) = render.output {
            keys.extend([video, srt, vtt, thumbnail].into_iter().chain(ass));
        }
        keys.extend(render.storyboard.iter().flat_map(|storyboard| storyboard.media()).map(str::to_owned));
    }
    Ok(keys)
}

/// Takes out the keys that some row still refers to.
pub(crate) async fn drop_referenced(txn: &impl ConnectionTrait, keys: &mut BTreeSet<String>) -> Result<(), DbErr> {
    let candidates: Vec<String> = keys.iter().cloned().collect();
    for some in candidates.chunks(CHUNK) {
        for (table, key) in REFERENCES {
            let mut used = Query::select();
            used.distinct().expr_as(Expr::cust(key), Alias::new("key")).from(table).and_where(Expr::cust(key).is_in(some));
            for row in txn.query_all(&used).await? {
                keys.remove(&row.try_get::<String>("", "key")?);
            }
        }
        let pictures = character_picture::Entity::find().filter(character_picture::Column::ObjectKey.is_in(some));
        for picture in pictures.all(txn).await? {
            keys.remove(&picture.object_key);
        }
    }
    Ok(())
}

/// What storyboards of users' own name that are still to be rendered. Those that are done need their media no more.
pub(crate) async fn keys_to_render(txn: &impl ConnectionTrait) -> Result<Vec<String>, StoreError> {
    let open = [RenderStatus::Waiting, RenderStatus::Queued, RenderStatus::Rendering];
    let open = open.into_iter().map(|status| word(status, "renders", "status")).collect::<Result<Vec<_>, _>>()?;
    let own = render::Entity::find().filter(render::Column::Storyboard.is_not_null()).filter(render::Column::Status.is_in(open));
    let mut keys = Vec::new();
    for row in own.all(txn).await.during("reading", "renders that are not done")? {
        keys.extend(render_of(row)?.storyboard.iter().flat_map(|storyboard| storyboard.media()).map(str::to_owned));
    }
    Ok(keys)
}
