//! Folders, all at the root: there were no others.

use store::{Folder, LegacyMoment, LegacyTable, Noun};

use super::{Owned, TakeOver, all};

const NOUN: &str = "folders";

pub async fn take(over: &mut TakeOver<'_>, from: &LegacyMoment) -> anyhow::Result<()> {
    for row in all(from, LegacyTable::Folders).await? {
        let Some(owner) = over.owner(NOUN, &row) else { continue };
        let (Some(id), Some(name)) = (row.id("id"), row.words("name")) else {
            over.report.left(NOUN, "they have no id or no name", &row);
            continue;
        };
        over.folders.insert(id, Owned { id, owner });
        if !over.store.in_use(Noun::Folder, &[id]).await?.is_empty() {
            over.report.here(NOUN);
            continue;
        }
        let created_at = row.time("created_at").unwrap_or(over.now);
        let updated_at = row.time("updated_at").unwrap_or(created_at);
        let folder = Folder { id, owner, parent: None, name: name.to_owned(), created_at, updated_at };
        let there = over.store.folders(owner).await?.folders;
        if let Some((same, _)) = there.iter().find(|(other, _)| other.parent.is_none() && other.name == folder.name) {
            over.folders.insert(id, Owned { id: same.id, owner });
            over.report.here(NOUN);
            over.report.changed(NOUN, "their owner has one of the same name here; their projects are in that one", &row);
            continue;
        }
        over.report.new_one(NOUN);
        if !over.dry_run {
            over.store.create_folder(&folder).await?;
        }
    }
    Ok(())
}
