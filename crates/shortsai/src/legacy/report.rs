//! What was taken over, what was changed on the way, and what was left, each with its reason: nothing goes missing in silence.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value, json};

use super::row::Row;

/// So many are named of those to which the same has happened.
const EXAMPLES: usize = 3;

/// How many, by noun.
#[derive(Default)]
struct Count {
    new: u64,
    here: u64,
}

/// The same reason for several rows of one noun.
#[derive(Default)]
struct Several {
    count: i64,
    examples: Vec<String>,
}

#[derive(Default)]
pub struct Report {
    counts: Vec<(&'static str, Count)>,
    changed: BTreeMap<(&'static str, String), Several>,
    left: BTreeMap<(&'static str, String), Several>,
}

impl Report {
    /// It is new here.
    pub fn new_one(&mut self, noun: &'static str) {
        self.new_many(noun, 1);
    }

    pub fn new_many(&mut self, noun: &'static str, many: usize) {
        self.count(noun).new += many as u64;
    }

    /// It was here already.
    pub fn here(&mut self, noun: &'static str) {
        self.here_many(noun, 1);
    }

    pub fn here_many(&mut self, noun: &'static str, many: usize) {
        self.count(noun).here += many as u64;
    }

    /// It was taken over, with a change.
    pub fn changed(&mut self, noun: &'static str, why: &str, row: &Row) {
        add(&mut self.changed, (noun, why.to_owned()), row);
    }

    /// It was not taken over.
    pub fn left(&mut self, noun: &'static str, why: &str, row: &Row) {
        add(&mut self.left, (noun, why.to_owned()), row);
    }

    pub fn left_many(&mut self, noun: &'static str, why: &str, count: i64) {
        self.left.entry((noun, why.to_owned())).or_default().count += count;
    }

    fn count(&mut self, noun: &'static str) -> &mut Count {
        let at = self.counts.iter().position(|(name, _)| *name == noun).unwrap_or_else(|| {
            self.counts.push((noun, Count::default()));
            self.counts.len() - 1
        });
        &mut self.counts[at].1
    }

    /// For people.
    pub fn text(&self, place: &str, dry_run: bool) -> String {
        let done = if dry_run { "Would be taken over" } else { "Taken over" };
        let mut text = format!("{done} from {place}:\n");
        for (noun, Count { new, here }) in &self.counts {
            let _ = writeln!(text, "{new:>9} {noun}{}", if *here > 0 { format!(" ({here} were here)") } else { String::new() });
        }
        if self.counts.is_empty() {
            text.push_str("  nothing: there is nothing there\n");
        }
        for (title, notes) in [("With a change", &self.changed), ("Left there", &self.left)] {
            if !notes.is_empty() {
                let _ = writeln!(text, "{title}:");
            }
            for ((noun, why), several) in notes {
                let _ = writeln!(text, "{:>9} {noun}: {why}{}", several.count, several.such_as());
            }
        }
        text
    }

    /// For programs.
    pub fn json(&self, place: &str, dry_run: bool) -> Value {
        let counts: serde_json::Map<String, Value> = self
            .counts
            .iter()
            .map(|(noun, Count { new, here })| ((*noun).to_owned(), json!({ "new": new, "here": here })))
            .collect();
        let notes = |notes: &BTreeMap<(&'static str, String), Several>| {
            type Note<'a> = (&'a (&'static str, String), &'a Several);
            let note = |((noun, why), several): Note| json!({ "noun": noun, "why": why, "count": several.count, "examples": several.examples });
            notes.iter().map(note).collect::<Vec<_>>()
        };
        json!({ "from": place, "dryRun": dry_run, "taken": counts, "changed": notes(&self.changed), "left": notes(&self.left) })
    }
}

impl Several {
    fn such_as(&self) -> String {
        if self.examples.is_empty() { String::new() } else { format!(" (such as {})", self.examples.join(", ")) }
    }
}

fn add(notes: &mut BTreeMap<(&'static str, String), Several>, key: (&'static str, String), row: &Row) {
    let several = notes.entry(key).or_default();
    several.count += 1;
    if several.examples.len() < EXAMPLES {
        several.examples.push(row.name());
    }
}
