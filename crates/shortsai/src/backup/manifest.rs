//! What is known of a backup without opening it: a small JSON file beside it, written last. A backup without one is not whole.

use std::collections::BTreeMap;

use anyhow::{bail, ensure};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use store::Contents;
use uuid::Uuid;

/// What every name begins with.
const FRONT: &str = "shortsai-";
/// The form of this file that is written, and the newest that is understood.
const FORMAT: u32 = 1;

/// One backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// The form of this file.
    pub format: u32,
    /// Such as `shortsai-20261127T120000000Z-0123abcd`; names sort by time.
    pub name: String,
    pub made_at: DateTime<Utc>,
    /// The version of the program that made it.
    pub program: String,
    pub database: Kind,
    /// The file with the backup, beside this one.
    pub file: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its SHA-256, as hexadecimal digits.
    pub sha256: String,
    pub encryption: Encryption,
    /// The steps of the schema's history, in order.
    pub schema: Vec<String>,
    /// Rows of each table.
    pub rows: BTreeMap<String, i64>,
}

/// Which database it is of, and so the form of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The file itself, compressed by gzip.
    Sqlite,
    /// pg_dump's custom format, which is compressed in itself.
    Postgres,
}

/// What is needed to read it. Encrypted files are in the format of age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encryption {
    None,
    /// The key of one of those for whom it was made.
    Recipients,
    Passphrase,
}

impl Kind {
    pub fn of_url(url: &str) -> Self {
        if url.starts_with("sqlite://") { Self::Sqlite } else { Self::Postgres }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }

    fn ending(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite.gz",
            Self::Postgres => "pgdump",
        }
    }
}

impl Manifest {
    /// A new one, of a file that is still to be written.
    pub fn new(kind: Kind, contents: Contents, encryption: Encryption, id: Uuid, now: DateTime<Utc>) -> Self {
        let id = id.simple().to_string();
        let name = format!("{FRONT}{}-{}", now.format("%Y%m%dT%H%M%S%3fZ"), &id[..8]);
        let age = if encryption == Encryption::None { "" } else { ".age" };
        Self {
            format: FORMAT,
            file: format!("{name}.{}{age}", kind.ending()),
            name,
            made_at: now,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            database: kind,
            bytes: 0,
            sha256: String::new(),
            encryption,
            schema: contents.steps,
            rows: contents.rows,
        }
    }

    /// Reads one that lies under that name.
    pub fn read(name: &str, json: &[u8]) -> anyhow::Result<Self> {
        let manifest: Self = match serde_json::from_slice(json) {
            Ok(manifest) => manifest,
            Err(error) => bail!("{name}.json is damaged ({error}); take another backup"),
        };
        ensure!(manifest.format <= FORMAT, "the backup {name} was made by a newer version of ShortsAI; update ShortsAI");
        let own = manifest.name == name && manifest.file.starts_with(&format!("{name}.")) && !manifest.file.contains('/');
        ensure!(own, "{name}.json is about another backup; take another backup");
        Ok(manifest)
    }

    pub fn json(&self) -> Vec<u8> {
        let mut json = serde_json::to_vec_pretty(self).expect("all of it can be JSON");
        json.push(b'\n');
        json
    }

    /// The name of the file that says this.
    pub fn file_name(name: &str) -> String {
        format!("{name}.json")
    }

    /// The name of the backup that a file belongs to.
    pub fn name_of(file: &str) -> Option<&str> {
        let name = file.split('.').next().filter(|name| name.starts_with(FRONT))?;
        (name.len() < file.len()).then_some(name)
    }

    /// What the database had.
    pub fn contents(&self) -> Contents {
        Contents { steps: self.schema.clone(), rows: self.rows.clone() }
    }

    pub fn all_rows(&self) -> i64 {
        self.rows.values().sum()
    }

    /// The newest step of the schema.
    pub fn step(&self) -> &str {
        self.schema.last().map_or("none", String::as_str)
    }

    /// Says how another content differs, if it does.
    pub fn difference(&self, found: &Contents) -> Option<String> {
        if self.schema != found.steps {
            return Some(format!(
                "its schema is at {}, not at {}",
                found.steps.last().map_or("nothing", |step| step),
                self.step()
            ));
        }
        let tables = self.rows.keys().chain(found.rows.keys());
        let mut tables: Vec<&String> = tables.filter(|table| self.rows.get(*table) != found.rows.get(*table)).collect();
        tables.dedup();
        let count = |rows: Option<&i64>| rows.map_or("no such table".to_owned(), |rows| format!("{rows} rows"));
        tables
            .first()
            .map(|table| format!("table {table} has {}, not {}", count(found.rows.get(*table)), count(self.rows.get(*table))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        let rows = BTreeMap::from([("project".to_owned(), 3), ("user".to_owned(), 1)]);
        let contents = Contents { steps: vec!["m0001_first".to_owned()], rows };
        let now = DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
        Manifest::new(Kind::Postgres, contents, Encryption::Passphrase, Uuid::from_u128(7), now)
    }

    #[test]
    fn it_is_read_back_under_its_own_name_only() {
        let manifest = manifest();
        assert_eq!(manifest.file, "shortsai-20270115T080000000Z-00000000.pgdump.age");
        assert_eq!(Manifest::name_of(&manifest.file), Some(manifest.name.as_str()));
        assert_eq!(Manifest::name_of("shortsai.db"), None);
        assert_eq!(Manifest::read(&manifest.name, &manifest.json()).expect("good"), manifest);
        let refused = |name: &str, json: &[u8]| Manifest::read(name, json).expect_err("refused").to_string();
        assert!(refused("shortsai-2", &manifest.json()).contains("about another backup"));
        assert!(refused(&manifest.name, &manifest.json()[1..]).contains("is damaged"));
        let newer = Manifest { format: FORMAT + 1, ..manifest.clone() };
        assert!(refused(&manifest.name, &newer.json()).contains("update ShortsAI"));
        let outside = Manifest { file: format!("{}./../../etc/passwd", manifest.name), ..manifest.clone() };
        assert!(refused(&manifest.name, &outside.json()).contains("about another backup"));
    }

    #[test]
    fn every_difference_is_told() {
        let manifest = manifest();
        let mut found = manifest.contents();
        assert_eq!(manifest.difference(&found), None);
        found.rows.insert("project".to_owned(), 2);
        assert_eq!(manifest.difference(&found).as_deref(), Some("table project has 2 rows, not 3 rows"));
        found.rows.remove("project");
        assert_eq!(manifest.difference(&found).as_deref(), Some("table project has no such table, not 3 rows"));
        found.steps.clear();
        assert!(manifest.difference(&found).expect("differs").contains("its schema is at nothing"));
    }
}
