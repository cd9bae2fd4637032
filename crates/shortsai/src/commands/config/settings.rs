//! What each setting is set to, and by what: a flag, a variable, a line of the file, or nothing.

use std::net::SocketAddr;
use std::path::Path;

use clap::ArgMatches;
use clap::parser::ValueSource;
use serde::{Serialize, Serializer};

use crate::config::document::{Document, Entry};
use crate::config::schema::{self, Key};
use crate::data_dir::DataDir;
use crate::environment::{self, ALL, Group, Variable, files};
use crate::sign_in;

/// Secrets that are shorter are not shown in part either.
const LONG: usize = 24;

/// Settings that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Section {
    pub title: String,
    pub settings: Vec<Setting>,
}

/// One setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// The key in its table, or the variable where there is none.
    pub name: String,
    /// What counts; nothing where nothing does. Secrets are masked.
    pub value: Option<String>,
    pub origin: Origin,
    /// What is set too and does not count.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overruled: Vec<Origin>,
    /// The variables that set it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<&'static str>,
    /// What the first of them says of itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<&'static str>,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    Flag(String),
    Variable(&'static str),
    /// A variable whose value is in a file.
    VariableFile(&'static str, String),
    /// The configuration file and the line.
    Line(String, usize),
    /// It follows from another setting.
    Other(&'static str),
    Default,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "--{flag}"),
            Self::Variable(name) => f.write_str(name),
            Self::VariableFile(name, path) => write!(f, "{name}_FILE ({path})"),
            Self::Line(file, line) => write!(f, "{file}:{line}"),
            Self::Other(name) => write!(f, "follows from {name}"),
            Self::Default => f.write_str("default"),
        }
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// All that settings can come from.
pub struct Sources<'a> {
    pub document: &'a Document,
    pub file: Option<&'a Path>,
    pub data: &'a DataDir,
    pub command: Option<&'a clap::Command>,
    pub matches: Option<&'a ArgMatches>,
    pub listen: SocketAddr,
}

/// All settings in the order of docs/shortsai.toml, after those of the program itself.
pub fn all(sources: &Sources<'_>) -> Vec<Section> {
    let mut sections = vec![
        section("places and logs", sources.variables(Group::Place)),
        section("sign-in", sources.variables(Group::SignIn).into_iter().chain([sources.cookies()]).collect()),
    ];
    for table in schema::TABLES {
        let group = match table {
            "vendor.*" => Some(Group::Vendors),
            "server" => Some(Group::Server),
            "objects" => Some(Group::Objects),
            "render" => Some(Group::Render),
            "backup" => Some(Group::Backup),
            _ => None,
        };
        let title = match table {
            "" => "above all tables".to_owned(),
            "price" => "[[price]]".to_owned(),
            table => format!("[{}]", table.replace(".*", ".NAME")),
        };
        let mut settings = match table {
            "vendor.*" | "plan.*" | "price" | "alias" => sources.own_tables(table.trim_end_matches('*')),
            table => schema::keys_of(table).map(|key| sources.key(key)).collect(),
        };
        settings.extend(group.map(|group| sources.variables(group)).unwrap_or_default());
        sections.push(section(&title, settings));
    }
    sections.push(section("traces", sources.variables(Group::Traces)));
    sections.push(section("shortsai worker", sources.variables(Group::Worker)));
    sections
}

fn section(title: &str, settings: Vec<Setting>) -> Section {
    Section { title: title.to_owned(), settings }
}

impl Sources<'_> {
    /// Those that have no key in the file.
    fn variables(&self, group: Group) -> Vec<Setting> {
        let of_group = ALL.iter().filter(|variable| variable.group() == group && variable.key().is_empty());
        of_group.map(|variable| self.setting(variable.name(), &[*variable], None, self.usual(*variable))).collect()
    }

    fn key(&self, key: &Key) -> Setting {
        let path = key.path();
        let variables: Vec<Variable> = ALL.iter().filter(|variable| variable.key() == path).copied().collect();
        let default = Some(key.default.to_owned()).filter(|default| !default.is_empty());
        let default = match path.as_str() {
            "backup.every" if self.document.tables.iter().any(|(table, _)| table == "backup") => Some("6h".to_owned()),
            "backup.folder" => Some(self.data.backups().display().to_string()),
            "objects.bucket" => Some(format!("none: in {}", self.data.objects().display())),
            _ => default,
        };
        self.setting(key.name, &variables, self.document.get(&path), default)
    }

    /// Keys of tables that the user names; for vendors, also those that a variable sets.
    fn own_tables(&self, begin: &str) -> Vec<Setting> {
        let is_own = |entry: &&Entry| entry.table == begin || entry.table.starts_with(begin);
        let path = |entry: &Entry| format!("{}.{}", entry.table, entry.name);
        let by_key: Vec<&Variable> =
            ALL.iter().filter(|variable| begin == "vendor." && variable.key().starts_with(begin)).collect();
        let entries = self.document.entries.iter().filter(is_own);
        let written = entries.filter(|entry| by_key.iter().all(|variable| variable.key() != path(entry)));
        let settings = written.map(|entry| self.setting(&path(entry), &[], Some(entry), None));
        let set =
            by_key.iter().map(|variable| self.setting(variable.key(), &[**variable], self.document.get(variable.key()), None));
        settings.chain(set).collect()
    }

    fn setting(&self, name: &str, variables: &[Variable], entry: Option<&Entry>, default: Option<String>) -> Setting {
        let file = self.file.map(|file| file.display().to_string()).unwrap_or_default();
        let mut found: Vec<(Origin, String)> = variables.iter().filter_map(|variable| self.of_variable(*variable)).collect();
        let mut overruled = Vec::new();
        if let Some(entry) = entry {
            let origin = Origin::Line(file, entry.line);
            match self.counts(entry) {
                true => found.push((origin, without_passwords(&entry.value))),
                false => overruled.push(origin),
            }
        }
        let mut found = found.into_iter();
        let (origin, value) = match found.next() {
            Some((origin, value)) => (origin, Some(value)),
            None => (Origin::Default, default),
        };
        overruled.extend(found.map(|(origin, _)| origin));
        let about = variables.first().map(|variable| variable.about());
        let variables = variables.iter().map(|variable| variable.name()).collect();
        Setting { name: name.to_owned(), value, origin, overruled, variables, about }
    }

    /// Who names one place of a bucket in the environment has not meant the other one of the file.
    fn counts(&self, entry: &Entry) -> bool {
        let is_place = entry.table == "objects" && ["account_id", "endpoint"].contains(&entry.name.as_str());
        let named = [environment::R2_ACCOUNT_ID, environment::S3_ENDPOINT].into_iter().any(|variable| variable.value().is_some());
        !(is_place && named)
    }

    fn of_variable(&self, variable: Variable) -> Option<(Origin, String)> {
        if let Some((flag, value)) = self.flag(variable) {
            return Some((Origin::Flag(flag), shown(variable, &value)));
        }
        let origin = match files::of(variable) {
            Some(path) => Origin::VariableFile(variable.name(), path.display().to_string()),
            None => Origin::Variable(variable.name()),
        };
        Some((origin, shown(variable, &variable.value()?)))
    }

    /// The flag that says the same, if it was given.
    fn flag(&self, variable: Variable) -> Option<(String, String)> {
        let (command, matches) = (self.command?, self.matches?);
        let argument = command.get_arguments().find(|argument| argument.get_env().is_some_and(|name| name == variable.name()))?;
        let id = argument.get_id().as_str();
        let given = matches.value_source(id) == Some(ValueSource::CommandLine);
        let value = matches.get_raw(id)?.next()?.to_string_lossy().into_owned();
        given.then_some((argument.get_long()?.to_owned(), value))
    }

    /// What counts where nothing is said.
    fn usual(&self, variable: Variable) -> Option<String> {
        let text = |text: &str| Some(text.to_owned());
        match variable {
            environment::SHORTSAI_DATA_DIR => Some(self.data.root().display().to_string()),
            environment::SHORTSAI_CONFIG => self.file.map(|file| file.display().to_string()),
            environment::DATABASE_URL => Some(self.data.database_url()),
            environment::SHORTSAI_LOG => text("text"),
            environment::SHORTSAI_LISTEN => Some(self.listen.to_string()),
            environment::SHORTSAI_ENCODER => text("x264"),
            environment::AUTH_URL => Some(format!("http://{}", self.listen)),
            environment::AUTH_SECRET => Some(format!("in the file {}", self.data.secret().display())),
            environment::GOOGLE_ISSUER => text(sign_in::GOOGLE),
            environment::SHORTSAI_WORKER_LISTEN => text("0.0.0.0 and PORT"),
            environment::PORT => text("8080"),
            environment::SHORTSAI_WORKER_JOBS => text("one for each processor"),
            environment::SHORTSAI_WORKER_PROCESSORS => text("all of the machine"),
            environment::SHORTSAI_WORKER_WAITING => text("4"),
            _ => None,
        }
    }

    /// Whether cookies travel in the clear is nobody's to set.
    fn cookies(&self) -> Setting {
        let address = environment::AUTH_URL.value().unwrap_or_default();
        let is_secure = sign_in::origin(environment::AUTH_URL, &address).is_ok_and(|origin| origin.is_secure());
        let value = if is_secure { "secure, HttpOnly, SameSite=Lax" } else { "not secure, HttpOnly, SameSite=Lax" };
        let origin = Origin::Other("AUTH_URL");
        Setting {
            name: "cookies".to_owned(),
            value: Some(value.to_owned()),
            origin,
            overruled: vec![],
            variables: vec![],
            about: None,
        }
    }
}

/// A value as everybody may see it.
fn shown(variable: Variable, value: &str) -> String {
    if variable == environment::DATABASE_URL {
        return store::without_secrets(value);
    }
    if !variable.is_secret() {
        return without_passwords(value);
    }
    let value = value.trim();
    let count = value.chars().count();
    match count < LONG {
        true => "set".to_owned(),
        false => format!("set, ends in {}", value.chars().skip(count - 4).collect::<String>()),
    }
}

/// Addresses may have a password in them.
fn without_passwords(value: &str) -> String {
    let one =
        |part: &str| if part.contains("://") && part.contains('@') { store::without_secrets(part) } else { part.to_owned() };
    value.split(',').map(one).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked() {
        let check = |variable: Variable, value: &str, expected: &str| assert_eq!(shown(variable, value), expected);
        check(environment::AUTH_SECRET, "short-secret", "set");
        check(environment::AUTH_SECRET, "0123456789abcdef0123456789abcdef", "set, ends in cdef");
        check(environment::DATABASE_URL, "postgres://me:se@cret@db/x?password=y", "postgres://me@db/x");
        check(environment::WORKER_URL, "http://u:p@a:8080,http://b", "http://u@a:8080,http://b");
        check(environment::AUTH_URL, "https://shorts.example", "https://shorts.example");
    }
}
