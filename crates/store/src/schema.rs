//! How a database's schema stands to this version's, and bringing it up to date. The steps themselves are in `migration`.
//!
//! A step that an older version can't live with has the word `contract` in its name. All others only add, so that an older
//! version still works beside a newer one, and after going back to it.

use sea_orm::{ConnectionTrait, DbBackend, DbErr};
use sea_orm_migration::MigratorTrait;

use crate::Store;
use crate::migration::Migrator;

/// The word in the name of a step that older versions can't live with.
const CONTRACT: &str = "contract";

/// A database's steps beside those that this version knows, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Steps {
    /// What it still has to go.
    pub missing: Vec<String>,
    /// What newer versions have gone with it.
    pub newer: Vec<String>,
}

/// What bringing a schema up to date has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrated {
    /// The newest step before; `None` where there was no schema.
    pub from: Option<String>,
    /// The newest step now.
    pub to: String,
    /// The steps in between.
    pub gone: Vec<String>,
    /// Those of newer versions, with which this one can work.
    pub newer: Vec<String>,
}

impl Steps {
    /// How a database stands that has gone these.
    pub fn of(gone: &[String]) -> Self {
        let known = known();
        Self {
            missing: known.iter().filter(|step| !gone.contains(step)).cloned().collect(),
            newer: gone.iter().filter(|step| !known.contains(step)).cloned().collect(),
        }
    }

    /// The newer step that keeps this version from working with the database, if one does: it took something away; or steps of
    /// ours are missing beneath it, so that it belongs to another history.
    pub fn obstacle(&self) -> Option<&str> {
        let mut newer = self.newer.iter().map(String::as_str);
        if self.missing.is_empty() { newer.find(|step| takes_away(step)) } else { newer.next() }
    }
}

/// Whether older versions can't live with the step.
pub fn takes_away(step: &str) -> bool {
    step.split('_').any(|word| word == CONTRACT)
}

fn known() -> Vec<String> {
    Migrator::migrations().iter().map(|step| step.name().to_owned()).collect()
}

/// Runs the steps that are missing, in one transaction: two processes that start together wait for each other, and a
/// step that fails leaves nothing behind. Answers the newer step that this version can't live with, if there is one.
pub(crate) async fn bring_up_to_date(store: &Store) -> Result<Result<Migrated, String>, DbErr> {
    let write = store.write().await?;
    if write.txn.get_database_backend() == DbBackend::Postgres {
        write.txn.execute_unprepared("SELECT pg_advisory_xact_lock(7310583091)").await?;
    }
    let gone = Migrator::get_migration_models(&write.txn).await?;
    let gone: Vec<String> = gone.into_iter().map(|step| step.version).collect();
    let steps = Steps::of(&gone);
    if let Some(obstacle) = steps.obstacle() {
        return Ok(Err(obstacle.to_owned()));
    }
    let from = gone.last().cloned();
    let to = steps.newer.last().or(steps.missing.last()).or(gone.last()).cloned().unwrap_or_default();
    if steps.newer.is_empty() {
        Migrator::up(&write.txn, None).await?;
    }
    write.commit().await?;
    Ok(Ok(Migrated { from, to, gone: steps.missing, newer: steps.newer }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_version_goes_on_with_what_only_adds() {
        let check = |missing: usize, newer: &[&str], expected: Option<&str>| {
            let mut gone = known();
            gone.truncate(gone.len() - missing);
            gone.extend(newer.iter().map(|step| (*step).to_owned()));
            let steps = Steps::of(&gone);
            assert_eq!((steps.missing.len(), steps.newer.len()), (missing, newer.len()));
            assert_eq!(steps.obstacle(), expected, "{newer:?}");
        };
        check(0, &[], None);
        check(3, &[], None);
        check(0, &["m0900_more", "m0901_contracts", "m0902_subcontract"], None);
        check(0, &["m0900_more", "m0901_contract_drop_x"], Some("m0901_contract_drop_x"));
        check(0, &["m0900_drop_x_contract", "m0901_more"], Some("m0900_drop_x_contract"));
        check(1, &["m0900_more"], Some("m0900_more"));
    }
}
