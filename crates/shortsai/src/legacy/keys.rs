//! Users' keys of vendors: plain there, or veiled as the Studio sends them; sealed here.

use std::collections::HashSet;

use store::{KeyOf, LegacyMoment, LegacyTable, nonce};

use super::{TakeOver, all};
use crate::wiring::new_id;

const NOUN: &str = "vendor keys";

/// The columns, and whose keys they are.
const COLUMNS: [(&str, &str); 4] =
    [("gemini_key", "gemini"), ("elevenlabs_key", "elevenlabs"), ("suno_key", "suno"), ("groq_key", "groq")];

pub async fn take(over: &mut TakeOver<'_>, from: &LegacyMoment) -> anyhow::Result<()> {
    for row in all(from, LegacyTable::ApiKeys).await? {
        let given: Vec<(&str, &str)> =
            COLUMNS.iter().filter_map(|(column, vendor)| Some((*vendor, row.words(column)?))).collect();
        if given.is_empty() {
            continue;
        }
        let Some(owner) = over.owner(NOUN, &row) else { continue };
        let known = over.store.vendor_keys(owner, None, over.vault, over.now).await?;
        let known: HashSet<String> = known.into_iter().map(|key| key.vendor).collect();
        for (vendor, text) in given {
            match api::vendor_key_as_meant(text) {
                // The Studio shows a mask, and some have stored what they were shown.
                Ok(key) if key.is_empty() || key.starts_with("****") => {
                    over.report.left(NOUN, "they are no keys but masks of some", &row);
                }
                Err(_) => over.report.left(NOUN, "they can be no keys: too long, or not in plain characters", &row),
                Ok(_) if known.contains(vendor) => over.report.here(NOUN),
                Ok(key) => {
                    over.report.new_one(NOUN);
                    if !over.dry_run {
                        over.store
                            .put_vendor_key(owner, (KeyOf::User, vendor, &key), over.vault, nonce(new_id), over.now)
                            .await?;
                    }
                }
            }
        }
    }
    Ok(())
}
