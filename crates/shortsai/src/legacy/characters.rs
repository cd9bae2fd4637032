//! Characters, with those of their pictures that are in the bucket, in the row itself, or can be fetched.

use assets::{Kind, Place};
use model::character::{Character, Picture, Voice};
use store::{CharacterRecord, LegacyMoment, LegacyTable, Noun};

use super::media::Wanted;
use super::row::Row;
use super::{Owned, TakeOver, own};

const NOUN: &str = "characters";

pub async fn take(over: &mut TakeOver<'_>, from: &LegacyMoment) -> anyhow::Result<()> {
    let mut rows = from.read(LegacyTable::Characters).await?;
    loop {
        let page: Vec<Row> = rows.page().await?.into_iter().map(Row).collect();
        if page.is_empty() {
            return Ok(());
        }
        for row in page {
            take_one(over, &row).await?;
        }
    }
}

async fn take_one(over: &mut TakeOver<'_>, row: &Row) -> anyhow::Result<()> {
    let Some(owner) = over.owner(NOUN, row) else { return Ok(()) };
    let Some(id) = row.id("id") else {
        over.report.left(NOUN, "they have no id", row);
        return Ok(());
    };
    over.characters.insert(id, Owned { id, owner });
    if !over.store.in_use(Noun::Character, &[id]).await?.is_empty() {
        over.report.here(NOUN);
        return Ok(());
    }
    let named = row.texts("images");
    let wanted = named.iter().map(|text| Wanted { text: text.clone(), place: Place::Characters, kind: Kind::Image }).collect();
    let found = over.media.find(wanted, &mut over.report).await?;
    let mut pictures = Vec::new();
    for text in &named {
        match &found[text] {
            Ok(object) => {
                let picture = Picture { key: object.key.clone(), media_type: object.media_type.clone() };
                if !pictures.contains(&picture) {
                    pictures.push(picture);
                }
            }
            Err(why) => over.report.changed(NOUN, &format!("a picture of theirs {why}"), row),
        }
    }
    let show_id = row.id("show_id").and_then(|show| own(&over.shows, show, owner));
    if show_id.is_none() && row.words("show_id").is_some() {
        over.report.changed(NOUN, "their show is not there, or somebody else's", row);
    }
    let character = Character {
        id,
        owner,
        project: None,
        name: row.plain("name"),
        description: row.plain("description"),
        pictures,
        voice: Voice::said(row.text("voice_provider").map(str::to_owned), row.text("voice_id").map(str::to_owned)),
    };
    let record = CharacterRecord {
        character,
        voice_settings: row.json("voice_settings").cloned(),
        show_id,
        created_at: row.time("created_at").unwrap_or(over.now),
    };
    over.report.new_one(NOUN);
    if !over.dry_run {
        over.store.create_character(record).await?;
    }
    Ok(())
}
