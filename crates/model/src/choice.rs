//! Whom to ask: wishes about vendors and models, by name. Who is there at all, and what the names mean, is not known here.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

/// The name that stands for everybody who is there, best first.
pub const AUTO: &str = "auto";

/// How fast narrations may be spoken; 1.0 is the voice's own speed.
pub const SPEEDS: RangeInclusive<f64> = 0.5..=2.0;

/// What vendors can make, by name.
pub const ABILITIES: [&str; 6] = ["script", "image", "speech", "align", "clip", "music"];

/// Wishes of whoever runs a server, of a user or of a project.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Choice {
    /// For each ability (`script`, `image`, `speech`, `align`, `clip`, `music`) the vendors in the order in which they are
    /// asked.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub vendors: BTreeMap<String, Vec<String>>,
    /// For each ability the model; only for a vendor that has it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub models: BTreeMap<String, String>,
    /// Whether the next vendor of the list is asked when one fails for a reason of its own: an outage, a used-up quota.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback: Option<bool>,
    /// Whether [`AUTO`] includes services on the internet that ask for no key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keyless: Option<bool>,
}

impl Choice {
    /// These wishes, and `others` where these say nothing.
    #[must_use]
    pub fn or(&self, others: &Self) -> Self {
        let mut both = self.clone();
        for (ability, vendors) in &others.vendors {
            both.vendors.entry(ability.clone()).or_insert_with(|| vendors.clone());
        }
        for (ability, model) in &others.models {
            both.models.entry(ability.clone()).or_insert_with(|| model.clone());
        }
        both.fallback = self.fallback.or(others.fallback);
        both.keyless = self.keyless.or(others.keyless);
        both
    }

    /// What is wished for one ability: its vendors and its model.
    pub fn of(&self, ability: &str) -> (Option<&Vec<String>>, Option<&String>) {
        (self.vendors.get(ability), self.models.get(ability))
    }

    /// The same with one vendor for one ability.
    #[must_use]
    pub fn with(mut self, ability: &str, vendor: &str) -> Self {
        self.vendors.insert(ability.to_owned(), vec![vendor.to_owned()]);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearer_wishes_come_first() {
        let server = Choice { fallback: Some(true), ..Choice::default() }.with("image", "gemini").with("speech", "edge");
        let project = Choice { keyless: Some(true), ..Choice::default() }.with("image", "openverse");
        let both = project.or(&server);
        assert_eq!(both.vendors["image"], ["openverse"]);
        assert_eq!(both.vendors["speech"], ["edge"]);
        assert_eq!((both.fallback, both.keyless), (Some(true), Some(true)));
    }
}
