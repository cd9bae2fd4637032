//! Taking over an installation of the older Studio server: its rows are read page by page, as they were at one moment, and written
//! under the ids that they had. Whatever is here already stays as it is, so that it can be done again and goes on where it stopped.
//!
//! One file for each noun; how the old tables are read is in `store`.

mod calls;
mod characters;
mod folders;
mod keys;
mod media;
mod plans;
mod projects;
mod report;
mod row;
mod scenes;
mod shows;
mod slots;
mod users;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use model::usage::Allowance;
use store::{LegacyMoment, LegacyTable, Store, Vault};
use uuid::Uuid;

pub use media::Media;
pub use report::Report;
use row::Row;

/// Who takes over, and what is known of it so far.
pub struct TakeOver<'a> {
    pub store: &'a Store,
    pub vault: &'a Vault,
    pub media: Media<'a>,
    /// Only look.
    pub dry_run: bool,
    pub now: DateTime<Utc>,
    pub report: Report,
    /// Their users' ids, and which they are here.
    users: HashMap<Uuid, Uuid>,
    plans: HashMap<Uuid, (Uuid, Allowance)>,
    folders: HashMap<Uuid, Owned>,
    shows: HashMap<Uuid, Owned>,
    characters: HashMap<Uuid, Owned>,
}

/// What something is here, and whose.
#[derive(Clone, Copy)]
struct Owned {
    id: Uuid,
    owner: Uuid,
}

/// What has no place here, with its table, the columns that tell its kinds apart, and why.
const NO_PLACE: [(&str, &str, &[&str], &str); 5] = [
    ("jobs", "Job", &["type", "status"], "jobs end with the installation that began them; ask for the work again"),
    ("sessions", "sessions", &[], "everybody signs in anew"),
    ("sessions", "Session", &[], "everybody signs in anew"),
    ("verification tokens", "verification_tokens", &[], "nobody signs in by e-mail here"),
    ("verification tokens", "VerificationToken", &[], "nobody signs in by e-mail here"),
];

impl<'a> TakeOver<'a> {
    pub fn new(store: &'a Store, vault: &'a Vault, media: Media<'a>, now: DateTime<Utc>) -> Self {
        let dry_run = media.dry_run;
        Self {
            store,
            vault,
            media,
            dry_run,
            now,
            report: Report::default(),
            users: HashMap::new(),
            plans: HashMap::new(),
            folders: HashMap::new(),
            shows: HashMap::new(),
            characters: HashMap::new(),
        }
    }

    /// Takes everything over. What others point to comes first.
    pub async fn run(mut self, from: &LegacyMoment) -> anyhow::Result<Report> {
        plans::take(&mut self, from).await?;
        users::take(&mut self, from).await?;
        keys::take(&mut self, from).await?;
        folders::take(&mut self, from).await?;
        shows::take(&mut self, from).await?;
        characters::take(&mut self, from).await?;
        projects::take(&mut self, from).await?;
        calls::take(&mut self, from).await?;
        for (noun, table, columns, why) in NO_PLACE {
            for (kind, count) in from.count_by(table, columns).await? {
                let kind = if kind.is_empty() { String::new() } else { format!("{kind}: ") };
                self.report.left_many(noun, &format!("{kind}{why}"), count);
            }
        }
        Ok(self.report)
    }

    /// Who here owns what that row belongs to; it is noted where nobody does.
    fn owner(&mut self, noun: &'static str, row: &Row) -> Option<Uuid> {
        let owner = row.id("user_id").and_then(|id| self.users.get(&id)).copied();
        if owner.is_none() {
            self.report.left(noun, "they belong to a user who is not there, or was not taken over", row);
        }
        owner
    }
}

/// What is there under that id, if it is that owner's: the older server let people name what was somebody else's.
fn own(of: &HashMap<Uuid, Owned>, id: Uuid, owner: Uuid) -> Option<Uuid> {
    of.get(&id).filter(|owned| owned.owner == owner).map(|owned| owned.id)
}

/// Every row of a table.
async fn all(from: &LegacyMoment, table: LegacyTable) -> anyhow::Result<Vec<Row>> {
    let mut rows = from.read(table).await?;
    let mut all = Vec::new();
    loop {
        let page = rows.page().await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page.into_iter().map(Row));
    }
}
