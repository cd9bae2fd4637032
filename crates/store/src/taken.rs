//! Rows that are taken over from another installation, under the ids that they had there. What is here already stays as it is.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use model::usage::{Money, Used};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, Iterable, PrimaryKeyToColumn, PrimaryKeyTrait,
    QueryFilter, QuerySelect,
};
use uuid::Uuid;

use crate::account::{count, lock_user};
use crate::entity::{character, folder, plan, project, scene, show, usage, user};
use crate::error::During;
use crate::load::{CHUNK, padded};
use crate::logged::row_of;
use crate::place::placed;
use crate::record::{fill_details, new_project_row, new_scene_row};
use crate::transaction::stored;
use crate::user::{free_plan, take_turn};
use crate::{LoggedCall, ProjectRecord, Store, StoreError, User};

/// What has an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noun {
    /// Somebody.
    User,
    /// What users may have.
    Plan,
    /// Of projects.
    Folder,
    /// A series.
    Show,
    /// Somebody in pictures.
    Character,
    /// A video.
    Project,
    /// A part of one.
    Scene,
    /// A line of the ledger.
    Call,
}

/// What has become of somebody who was to be taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakenUser {
    /// They are here now.
    New,
    /// They were here before, under the same id.
    Known,
    /// Somebody else here has their Google account or their address: it is the same person.
    Same(Uuid),
}

impl Store {
    /// Those of the ids that are in use, whoever has them.
    pub async fn in_use(&self, noun: Noun, ids: &[Uuid]) -> Result<HashSet<Uuid>, StoreError> {
        let found = match noun {
            Noun::User => there::<user::Entity>(&self.db, ids).await,
            Noun::Plan => there::<plan::Entity>(&self.db, ids).await,
            Noun::Folder => there::<folder::Entity>(&self.db, ids).await,
            Noun::Show => there::<show::Entity>(&self.db, ids).await,
            Noun::Character => there::<character::Entity>(&self.db, ids).await,
            Noun::Project => there::<project::Entity>(&self.db, ids).await,
            Noun::Scene => there::<scene::Entity>(&self.db, ids).await,
            Noun::Call => there::<usage::Entity>(&self.db, ids).await,
        };
        found.during("looking for ids of", format!("{noun:?}").to_lowercase())
    }

    /// Who a user of another installation is here: the one with that id, with that Google account or with that address.
    pub async fn known_user(&self, wanted: &User) -> Result<Option<Uuid>, StoreError> {
        known(&self.db, wanted).await.during("looking for", "a user")
    }

    /// Takes somebody over, unless they are here. Who names no plan gets the one of those who are new. `signed_in_at` is there
    /// where they have signed in before: the first of all who signs in becomes an administrator.
    pub async fn take_user(&self, new: &User, signed_in_at: Option<DateTime<Utc>>) -> Result<TakenUser, StoreError> {
        let doing = "taking over user";
        let write = self.write().await.during(doing, new.id)?;
        let txn = &write.txn;
        take_turn(txn, new.created_at).await.during(doing, new.id)?;
        match known(txn, new).await.during(doing, new.id)? {
            Some(id) if id == new.id => return Ok(TakenUser::Known),
            Some(id) => return Ok(TakenUser::Same(id)),
            None => {}
        }
        let plan_id = match new.plan {
            Some(plan) => Some(plan),
            None => free_plan(txn).await.during(doing, new.id)?,
        };
        let row = user::Model {
            id: new.id,
            name: new.name.clone(),
            email: new.email.clone(),
            plan_id,
            budget_micros: None,
            choice: None,
            created_at: stored(new.created_at),
            email_verified_at: new.email_verified_at.map(stored),
            image: new.image.clone(),
            google_id: new.google_id.clone(),
            role: new.role.name().to_owned(),
            subscription_plan: new.subscription_plan.clone(),
            tier: new.tier.clone(),
            is_blocked: new.is_blocked,
            updated_at: Some(stored(new.updated_at)),
            signed_in_at: signed_in_at.map(stored),
        };
        user::Entity::insert(row.into_active_model()).exec_without_returning(txn).await.during(doing, new.id)?;
        write.commit().await.during(doing, new.id)?;
        Ok(TakenUser::New)
    }

    /// Takes a project with its scenes over, unless it is here; `false` when it is. All or nothing of it lands.
    pub async fn take_project(&self, new: &ProjectRecord) -> Result<bool, StoreError> {
        let (id, doing) = (new.project.id, "taking over project");
        let write = self.write().await.during(doing, id)?;
        let txn = &write.txn;
        let mut row = new_project_row(&new.project, stored(new.created_at))?;
        let details = placed(txn, new.details.clone()).await.during(doing, id)?;
        fill_details(&mut row, &details)?;
        row.updated_at = stored(new.updated_at);
        let nothing = OnConflict::column(project::Column::Id).do_nothing().to_owned();
        let insert = project::Entity::insert(row.into_active_model()).on_conflict(nothing);
        if insert.exec_without_returning(txn).await.during(doing, id)? == 0 {
            return Ok(false);
        }
        let mut rows = Vec::with_capacity(new.project.scenes.len());
        for scene in &new.project.scenes {
            let created_at = new.scene_created_at.get(&scene.id).copied().unwrap_or(new.created_at);
            rows.push(new_scene_row(scene, id, stored(created_at))?);
        }
        for some in rows.chunks(CHUNK) {
            let some = some.iter().cloned().map(IntoActiveModel::into_active_model);
            let insert = scene::Entity::insert_many::<scene::ActiveModel, _>(some);
            insert.exec_without_returning(txn).await.during("taking over the scenes of project", id)?;
        }
        write.commit().await.during(doing, id)?;
        Ok(true)
    }

    /// Takes lines of the ledger over, each with the time of its call, and counts those that were made since `counts_from`: they
    /// belong to a period that has not ended. Lines that are here already, by id or by key, are left out; answers how many were
    /// new.
    pub async fn take_calls(
        &self,
        calls: Vec<(LoggedCall, DateTime<Utc>)>,
        counts_from: DateTime<Utc>,
    ) -> Result<usize, StoreError> {
        let write = self.write().await.during("taking over", "calls")?;
        let (recent, old): (Vec<_>, Vec<_>) = calls.into_iter().partition(|(_, when)| *when >= counts_from);
        let mut taken = 0;
        let rows: Vec<usage::Model> = old.into_iter().map(|(call, when)| row_of(call, false, when)).collect();
        for some in rows.chunks(CHUNK) {
            let some = some.iter().cloned().map(IntoActiveModel::into_active_model);
            let insert = usage::Entity::insert_many::<usage::ActiveModel, _>(some).on_conflict(leave());
            taken += insert.exec_without_returning(&write.txn).await.during("taking over", "calls")? as usize;
        }
        // Everybody locks users in the same order, so that nobody waits for ever.
        let mut recent = recent;
        recent.sort_by_key(|(call, _)| call.owner);
        for (call, when) in recent {
            let used = if call.failed { Used::default() } else { Used::of(call.unit, call.units, Money(0)) };
            let (owner, id) = (call.owner, call.id);
            let row = row_of(call, used != Used::default(), when);
            let insert = usage::Entity::insert(row.into_active_model()).on_conflict(leave());
            if insert.exec_without_returning(&write.txn).await.during("taking over call", id)? == 1 {
                taken += 1;
                lock_user(&write.txn, owner).await.during("counting a call of", owner)?;
                count(&write.txn, owner, when, used).await.during("counting a call of", owner)?;
            }
        }
        write.commit().await.during("taking over", "calls")?;
        Ok(taken)
    }
}

fn leave() -> OnConflict {
    OnConflict::new().do_nothing().to_owned()
}

async fn there<E>(db: &impl ConnectionTrait, ids: &[Uuid]) -> Result<HashSet<Uuid>, DbErr>
where
    E: EntityTrait,
    E::PrimaryKey: PrimaryKeyTrait<ValueType = Uuid>,
{
    let key = E::PrimaryKey::iter().next().expect("an entity has a key").into_column();
    let mut found = HashSet::new();
    for some in ids.chunks(CHUNK) {
        let rows = E::find().select_only().column(key).filter(key.is_in(padded(some.iter().copied())));
        found.extend(rows.into_tuple::<Uuid>().all(db).await?);
    }
    Ok(found)
}

async fn known(db: &impl ConnectionTrait, wanted: &User) -> Result<Option<Uuid>, DbErr> {
    if user::Entity::find_by_id(wanted.id).one(db).await?.is_some() {
        return Ok(Some(wanted.id));
    }
    for (column, value) in [(user::Column::GoogleId, &wanted.google_id), (user::Column::Email, &wanted.email)] {
        let Some(value) = value else { continue };
        if let Some(row) = user::Entity::find().filter(column.eq(value.as_str())).one(db).await? {
            return Ok(Some(row.id));
        }
    }
    Ok(None)
}
