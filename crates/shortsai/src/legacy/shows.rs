//! Shows: series of projects.

use store::{LegacyMoment, LegacyTable, Noun, Show};

use super::{Owned, TakeOver, all};

const NOUN: &str = "shows";

pub async fn take(over: &mut TakeOver<'_>, from: &LegacyMoment) -> anyhow::Result<()> {
    for row in all(from, LegacyTable::Shows).await? {
        let Some(owner) = over.owner(NOUN, &row) else { continue };
        let Some(id) = row.id("id") else {
            over.report.left(NOUN, "they have no id", &row);
            continue;
        };
        over.shows.insert(id, Owned { id, owner });
        if !over.store.in_use(Noun::Show, &[id]).await?.is_empty() {
            over.report.here(NOUN);
            continue;
        }
        let created_at = row.time("created_at").unwrap_or(over.now);
        let show = Show {
            id,
            owner,
            name: row.plain("name"),
            description: row.plain("description"),
            style_preset: row.words("style_preset").unwrap_or("Cinematic").to_owned(),
            visual_prompt: row.words("visual_prompt").map(str::to_owned),
            default_tts_provider: row.words("default_tts_provider").unwrap_or("gemini").to_owned(),
            created_at,
            updated_at: row.time("updated_at").unwrap_or(created_at),
        };
        over.report.new_one(NOUN);
        if !over.dry_run {
            over.store.create_show(&show).await?;
        }
    }
    Ok(())
}
