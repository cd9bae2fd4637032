//! Characters: those of users, for all their projects, and those of scripts, for one project each. They never change.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use model::character::{Character, Picture, Voice};
use model::project::Project;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select,
};
use serde_json::Value;
use uuid::Uuid;

use crate::delete::drop_referenced;
use crate::entity::{character, character_picture, project, scene};
use crate::error::During;
use crate::load::{self, CHUNK, padded};
use crate::place::show_held;
use crate::project::touch;
use crate::record::{from_json, json};
use crate::transaction::stored;
use crate::{Store, StoreError};

/// A character as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct CharacterRecord {
    /// Who or what it is.
    pub character: Character,
    /// What the Studio wants of the voice; kept, and used by nobody yet.
    pub voice_settings: Option<Value>,
    /// The series that it belongs to.
    pub show_id: Option<Uuid>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

impl CharacterRecord {
    /// A character that belongs to no series.
    pub fn new(character: Character, created_at: DateTime<Utc>) -> Self {
        Self { character, voice_settings: None, show_id: None, created_at: stored(created_at) }
    }
}

impl Store {
    /// Keeps a new character.
    pub async fn create_character(&self, new: CharacterRecord) -> Result<(), StoreError> {
        let id = new.character.id;
        let write = self.write().await.during("creating character", id)?;
        let show_id = show_held(&write.txn, new.show_id).await.during("creating character", id)?;
        insert(&write.txn, [CharacterRecord { show_id, ..new }]).await?;
        write.commit().await.during("creating character", id)
    }

    /// The owner's characters for all projects, newest first.
    pub async fn characters(&self, owner: Uuid) -> Result<Vec<CharacterRecord>, StoreError> {
        load(&self.db, of_owner(owner).filter(character::Column::ProjectId.is_null()))
            .await
            .during("reading the characters of", owner)
    }

    /// The character with that id, if it is that owner's.
    pub async fn character(&self, owner: Uuid, id: Uuid) -> Result<Option<CharacterRecord>, StoreError> {
        let mut found =
            load(&self.db, of_owner(owner).filter(character::Column::Id.eq(id))).await.during("reading character", id)?;
        Ok(found.pop())
    }

    /// Those of the ids that are characters of that owner which that project may use, in that order.
    pub async fn characters_by_id(&self, owner: Uuid, project: Uuid, ids: &[Uuid]) -> Result<Vec<CharacterRecord>, StoreError> {
        let mut found = HashMap::new();
        for some in ids.chunks(CHUNK) {
            let wanted =
                of_owner(owner).filter(usable(project)).filter(character::Column::Id.is_in(padded(some.iter().copied())));
            let records = load(&self.db, wanted).await.during("reading the characters of", owner)?;
            found.extend(records.into_iter().map(|record| (record.character.id, record)));
        }
        Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
    }

    /// All characters that the project may use: its script's, and its owner's, newest first.
    pub async fn cast(&self, project: &Project) -> Result<Vec<Character>, StoreError> {
        let wanted = of_owner(project.owner).filter(usable(project.id));
        let records = load(&self.db, wanted).await.during("reading the characters of project", project.id)?;
        Ok(records.into_iter().map(|record| record.character).collect())
    }

    /// Makes these the characters of the project's script. Answers the keys of pictures that nothing refers to any more.
    pub async fn set_script_characters(
        &self,
        project: Uuid,
        characters: Vec<Character>,
        now: DateTime<Utc>,
    ) -> Result<Vec<String>, StoreError> {
        let write = self.write().await.during("changing the characters of project", project)?;
        let mut keys = pictures_of_project(&write.txn, project).await.during("reading the characters of project", project)?;
        let ids: Vec<Uuid> = characters.iter().map(|character| character.id).collect();
        insert(&write.txn, characters.into_iter().map(|character| CharacterRecord::new(character, now))).await?;
        let others = character::Entity::delete_many().filter(character::Column::ProjectId.eq(project));
        let others = others.filter(character::Column::Id.is_not_in(ids)).exec(&write.txn).await;
        others.during("removing characters of project", project)?;
        drop_referenced(&write.txn, &mut keys).await.during("looking for other users of the pictures of project", project)?;
        write.commit().await.during("changing the characters of project", project)?;
        Ok(keys.into_iter().collect())
    }

    /// Deletes the owner's character; projects that had chosen it go on without it, and keep what was made.
    ///
    /// Answers the keys of its pictures that nothing else refers to, sorted; `None` when there is no such character.
    pub async fn delete_character(&self, owner: Uuid, id: Uuid, now: DateTime<Utc>) -> Result<Option<Vec<String>>, StoreError> {
        let write = self.write().await.during("deleting character", id)?;
        let txn = &write.txn;
        let found = load(txn, of_owner(owner).filter(character::Column::Id.eq(id))).await.during("reading character", id)?;
        let Some(record) = found.into_iter().next() else { return Ok(None) };
        let users = projects_with(txn, owner, id).await?;
        for before in load::lock_all(txn, &users).await.during("reading the projects of character", id)? {
            let mut after = before.clone();
            after.character_ids = without(before.character_ids.clone(), id, before.id)?;
            touch(txn, before, after, now).await?;
        }
        let scenes = scene::Entity::update_many().col_expr(scene::Column::CharacterId, Expr::value(None::<Uuid>));
        scenes.filter(scene::Column::CharacterId.eq(id)).exec(txn).await.during("changing the scenes of character", id)?;
        character::Entity::delete_by_id(id).exec(txn).await.during("deleting character", id)?;
        let mut keys: BTreeSet<String> = record.character.pictures.into_iter().map(|picture| picture.key).collect();
        drop_referenced(txn, &mut keys).await.during("looking for other users of the pictures of character", id)?;
        let users: Vec<Uuid> = users.into_iter().collect();
        write.commit_changed(&users).await.during("deleting character", id)?;
        Ok(Some(keys.into_iter().collect()))
    }
}

/// The owner's characters, newest first.
fn of_owner(owner: Uuid) -> Select<character::Entity> {
    character::Entity::find()
        .filter(character::Column::OwnerId.eq(owner))
        .order_by_desc(character::Column::CreatedAt)
        .order_by_desc(character::Column::Id)
}

/// The owner's characters of that show, newest first.
pub(crate) async fn of_show(db: &impl ConnectionTrait, owner: Uuid, show: Uuid) -> Result<Vec<CharacterRecord>, DbErr> {
    load(db, of_owner(owner).filter(character::Column::ShowId.eq(show))).await
}

/// Those of no project, and of that one.
fn usable(project: Uuid) -> Condition {
    Condition::any().add(character::Column::ProjectId.is_null()).add(character::Column::ProjectId.eq(project))
}

/// The owner's projects that have chosen the character, or have a scene of it.
async fn projects_with(txn: &impl ConnectionTrait, owner: Uuid, id: Uuid) -> Result<BTreeSet<Uuid>, StoreError> {
    let doing = "looking for the projects of character";
    let choosing = project::Entity::find()
        .select_only()
        .columns([project::Column::Id, project::Column::CharacterIds])
        .filter(project::Column::OwnerId.eq(owner))
        .filter(project::Column::CharacterIds.is_not_null());
    let mut users = BTreeSet::new();
    for (project, ids) in choosing.into_tuple::<(Uuid, Value)>().all(txn).await.during(doing, id)? {
        let ids: Vec<Uuid> = from_json(ids, &format!("project {project}"), "character_ids")?;
        if ids.contains(&id) {
            users.insert(project);
        }
    }
    let scenes = scene::Entity::find().select_only().column(scene::Column::ProjectId).filter(scene::Column::CharacterId.eq(id));
    users.extend(scenes.into_tuple::<Uuid>().all(txn).await.during(doing, id)?);
    Ok(users)
}

/// A project's choice without the character.
fn without(ids: Option<Value>, id: Uuid, project: Uuid) -> Result<Option<Value>, StoreError> {
    let what = format!("project {project}");
    let Some(ids) = ids else { return Ok(None) };
    let mut ids: Vec<Uuid> = from_json(ids, &what, "character_ids")?;
    ids.retain(|chosen| *chosen != id);
    (!ids.is_empty()).then(|| json(ids, &what, "character_ids")).transpose()
}

/// Adds characters; one that is there already stays as it is.
pub(crate) async fn insert(
    db: &impl ConnectionTrait,
    records: impl IntoIterator<Item = CharacterRecord>,
) -> Result<(), StoreError> {
    for CharacterRecord { character, voice_settings, show_id, created_at } in records {
        let Character { id, owner, project, name, description, pictures, voice } = character;
        let (voice_provider, voice_id) = voice.map_or((None, None), |voice| (Some(voice.vendor), Some(voice.name)));
        let row = character::Model {
            id,
            owner_id: owner,
            project_id: project,
            show_id,
            name,
            description,
            voice_provider,
            voice_id,
            voice_settings,
            created_at: stored(created_at),
        };
        let pictures = (0..).zip(pictures).map(|(place, Picture { key, media_type })| {
            character_picture::Model { character_id: id, place, object_key: key, media_type }.into_active_model()
        });
        let nothing = OnConflict::column(character::Column::Id).do_nothing().to_owned();
        let added = character::Entity::insert(row.into_active_model()).on_conflict(nothing).exec_without_returning(db).await;
        if added.during("creating character", id)? == 1 {
            let pictures = character_picture::Entity::insert_many(pictures).exec_without_returning(db).await;
            pictures.during("adding the pictures of character", id)?;
        }
    }
    Ok(())
}

/// The keys of the pictures of a script's characters.
pub(crate) async fn pictures_of_project(db: &impl ConnectionTrait, project: Uuid) -> Result<BTreeSet<String>, DbErr> {
    let records = load(db, character::Entity::find().filter(character::Column::ProjectId.eq(project))).await?;
    Ok(records.into_iter().flat_map(|record| record.character.pictures).map(|picture| picture.key).collect())
}

/// The characters with their pictures.
async fn load(db: &impl ConnectionTrait, wanted: Select<character::Entity>) -> Result<Vec<CharacterRecord>, DbErr> {
    let rows = wanted.all(db).await?;
    let mut pictures: HashMap<Uuid, Vec<Picture>> = HashMap::new();
    for some in rows.chunks(CHUNK) {
        let ids = padded(some.iter().map(|row| row.id));
        let of_some = character_picture::Entity::find().filter(character_picture::Column::CharacterId.is_in(ids));
        for row in of_some.order_by_asc(character_picture::Column::Place).all(db).await? {
            let picture = Picture { key: row.object_key, media_type: row.media_type };
            pictures.entry(row.character_id).or_default().push(picture);
        }
    }
    let record = |row: character::Model| {
        let character = Character {
            pictures: pictures.remove(&row.id).unwrap_or_default(),
            id: row.id,
            owner: row.owner_id,
            project: row.project_id,
            name: row.name,
            description: row.description,
            voice: Voice::said(row.voice_provider, row.voice_id),
        };
        CharacterRecord { character, voice_settings: row.voice_settings, show_id: row.show_id, created_at: row.created_at }
    };
    Ok(rows.into_iter().map(record).collect())
}
