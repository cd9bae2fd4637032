//! Backups of the database: how often a server takes them, where they are kept, for how long and for whom. The environment
//! overrules the file where both say something.

use std::path::{Path, PathBuf};

use age::secrecy::SecretString;
use anyhow::{Context, bail, ensure};
use assets::Assets;
use chrono::Duration;
use serde::Deserialize;

use crate::backup::place::Place;
use crate::backup::prune::Keep;
use crate::backup::{Keys, Lock, identities, recipients};
use crate::config::switch;
use crate::environment::{
    SHORTSAI_BACKUP_BUCKET, SHORTSAI_BACKUP_EVERY, SHORTSAI_BACKUP_FOLDER, SHORTSAI_BACKUP_PASSPHRASE,
    SHORTSAI_BACKUP_RECIPIENTS, Variable,
};

/// How often, unless something else is said.
const EVERY: &str = "6h";
/// How many of the last are kept, unless something else is said.
const KEEP_LAST: usize = 4;
const NO_BUCKET: &str = "backups are to be kept in the bucket, but none is configured (docs/storage.md)";

/// The table `backup`.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BackupConfig {
    every: Option<String>,
    folder: Option<PathBuf>,
    bucket: Option<bool>,
    keep_last: Option<usize>,
    keep_daily: usize,
    keep_weekly: usize,
    keep_monthly: usize,
    recipients: Vec<String>,
    identity_file: Option<PathBuf>,
    passphrase_file: Option<PathBuf>,
}

/// What the command line says besides.
#[derive(Debug, Default, Clone)]
pub struct Named {
    pub folder: Option<PathBuf>,
    pub bucket: bool,
    pub identity: Option<PathBuf>,
}

impl BackupConfig {
    /// How often a server takes one by itself; `configured` says whether the table is in the file. Without it, only if the
    /// environment says how often: who has nothing set up has no place that is safer than the data folder itself.
    pub fn every(&self, configured: bool, variable: impl Fn(Variable) -> Option<String>) -> anyhow::Result<Option<Duration>> {
        let own = configured.then(|| self.every.clone().unwrap_or_else(|| EVERY.to_owned()));
        match variable(SHORTSAI_BACKUP_EVERY).or(own) {
            None => Ok(None),
            Some(text) if text.trim() == "off" => Ok(None),
            Some(text) => match every(&text) {
                Some(time) => Ok(Some(time)),
                None => bail!("backup.every is {text:?}; write hours or days, such as 6h or 1d, or off"),
            },
        }
    }

    /// Where they are kept; `usual` is for those who name no place, and file names are relative to `folder`.
    pub fn places(
        &self,
        named: &Named,
        assets: &Assets,
        (folder, usual): (&Path, PathBuf),
        variable: impl Fn(Variable) -> Option<String>,
    ) -> anyhow::Result<Vec<Place>> {
        let (own_folder, own_bucket) = match (&named.folder, named.bucket) {
            (None, false) => {
                let own = variable(SHORTSAI_BACKUP_FOLDER).map(PathBuf::from).or_else(|| self.folder.clone());
                (own.map(|own| folder.join(own)), self.wants_bucket(&variable)?)
            }
            // The user's own folder is relative to where they are.
            (own, bucket) => (own.clone(), bucket),
        };
        let mut places = Vec::new();
        if own_bucket {
            ensure!(assets.is_remote(), NO_BUCKET);
            places.push(Place::Bucket(assets.clone()));
        }
        places.extend(own_folder.map(Place::Folder));
        if places.is_empty() {
            places.push(Place::Folder(usual));
        }
        Ok(places)
    }

    /// All that is wrong with them. `has_bucket` says whether objects are in one.
    pub fn problems(
        &self,
        configured: bool,
        has_bucket: bool,
        folder: &Path,
        variable: impl Fn(Variable) -> Option<String>,
    ) -> Vec<anyhow::Error> {
        let mut problems = Vec::new();
        problems.extend(self.every(configured, &variable).err());
        match self.wants_bucket(&variable) {
            Ok(true) if !has_bucket => problems.push(anyhow::anyhow!(NO_BUCKET)),
            Ok(_) => {}
            Err(error) => problems.push(error),
        }
        problems.extend(self.lock(folder, &variable).err());
        if self.keep().last == 0 {
            problems.push(anyhow::anyhow!("backup.keep_last is 0; give 1 or more"));
        }
        problems
    }

    fn wants_bucket(&self, variable: impl Fn(Variable) -> Option<String>) -> anyhow::Result<bool> {
        match variable(SHORTSAI_BACKUP_BUCKET) {
            None => Ok(self.bucket.unwrap_or(false)),
            Some(text) => switch(SHORTSAI_BACKUP_BUCKET, &text),
        }
    }

    /// How many are kept.
    pub fn keep(&self) -> Keep {
        let last = self.keep_last.unwrap_or(KEEP_LAST);
        Keep { last, daily: self.keep_daily, weekly: self.keep_weekly, monthly: self.keep_monthly }
    }

    /// What new ones are locked with.
    pub fn lock(&self, folder: &Path, variable: impl Fn(Variable) -> Option<String>) -> anyhow::Result<Lock> {
        let named = variable(SHORTSAI_BACKUP_RECIPIENTS);
        let recipients = match &named {
            Some(list) => recipients(list.split(',').filter(|one| !one.trim().is_empty())),
            None => recipients(self.recipients.iter().map(String::as_str)),
        };
        let recipients = recipients.context("backup.recipients")?;
        match (recipients.is_empty(), self.passphrase(folder, &variable)?) {
            (true, None) => Ok(Lock::Open),
            (true, Some(passphrase)) => Ok(Lock::Passphrase(passphrase)),
            (false, None) => Ok(Lock::Recipients(recipients)),
            (false, Some(_)) => bail!("backups can be encrypted for recipients or by a passphrase, not both; remove one of them"),
        }
    }

    /// What they are opened with.
    pub fn keys(&self, named: &Named, folder: &Path, variable: impl Fn(Variable) -> Option<String>) -> anyhow::Result<Keys> {
        let file = named.identity.clone().or_else(|| self.identity_file.as_ref().map(|file| folder.join(file)));
        let identities = file.as_deref().map(identities).transpose()?.unwrap_or_default();
        Ok(Keys { identities, passphrase: self.passphrase(folder, variable)? })
    }

    fn passphrase(&self, folder: &Path, variable: impl Fn(Variable) -> Option<String>) -> anyhow::Result<Option<SecretString>> {
        let text = match (variable(SHORTSAI_BACKUP_PASSPHRASE), &self.passphrase_file) {
            (Some(text), _) => text,
            (None, None) => return Ok(None),
            (None, Some(file)) => {
                let file = folder.join(file);
                std::fs::read_to_string(&file).with_context(|| format!("backup.passphrase_file {}", file.display()))?
            }
        };
        let text = text.trim();
        ensure!(text.chars().count() >= 12, "the passphrase for backups is shorter than 12 characters; set a longer one");
        Ok(Some(SecretString::from(text.to_owned())))
    }
}

fn every(text: &str) -> Option<Duration> {
    let (number, unit) = text.trim().split_at_checked(text.trim().len().checked_sub(1)?)?;
    let number = number.parse::<u16>().ok().map(i64::from).filter(|number| *number > 0)?;
    match unit {
        "h" => Some(Duration::hours(number)),
        "d" => Some(Duration::days(number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(file: &str) -> BackupConfig {
        toml::from_str(file).expect("a table")
    }

    fn environment<'a>(pairs: &'a [(&str, &str)]) -> impl Fn(Variable) -> Option<String> + 'a {
        |named| pairs.iter().find(|(known, _)| *known == named.name()).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn a_schedule_is_there_when_it_was_asked_for() {
        let check = |file: &str, configured: bool, pairs: &[(&str, &str)], hours: Option<i64>| {
            let found = config(file).every(configured, environment(pairs)).expect("good");
            assert_eq!(found.map(|time| time.num_hours()), hours, "{file:?} {pairs:?}");
        };
        check("", false, &[], None);
        check("", true, &[], Some(6));
        check("every = \"1d\"", true, &[], Some(24));
        check("every = \"off\"", true, &[], None);
        check("", false, &[("SHORTSAI_BACKUP_EVERY", "12h")], Some(12));
        check("every = \"1d\"", true, &[("SHORTSAI_BACKUP_EVERY", "off")], None);
        let error = config("every = \"0h\"").every(true, environment(&[])).expect_err("refused").to_string();
        assert!(error.contains("such as 6h or 1d"), "{error}");
    }

    #[test]
    fn places_are_those_of_the_command_line_first() {
        let assets = Assets::memory();
        let folder = |config: &BackupConfig, named: &Named, pairs: &[(&str, &str)]| {
            let places = config.places(named, &assets, (Path::new("/etc"), "/data/backups".into()), environment(pairs));
            places.map(|places| places.iter().map(Place::whereabouts).collect::<Vec<_>>())
        };
        let named = Named { folder: Some("mine".into()), ..Named::default() };
        let own = config("folder = \"kept\"");
        assert_eq!(folder(&config(""), &Named::default(), &[]).expect("good"), ["in /data/backups"]);
        assert_eq!(folder(&own, &Named::default(), &[]).expect("good"), ["in /etc/kept"]);
        assert_eq!(folder(&own, &Named::default(), &[("SHORTSAI_BACKUP_FOLDER", "/b")]).expect("good"), ["in /b"]);
        assert_eq!(folder(&own, &named, &[]).expect("good"), ["in mine"]);
        let error = folder(&config("bucket = true"), &Named::default(), &[]).expect_err("there is none").to_string();
        assert!(error.contains("none is configured"), "{error}");
    }

    #[test]
    fn locks_are_clear() {
        let lock = |file: &str, pairs: &[(&str, &str)]| config(file).lock(Path::new("/"), environment(pairs));
        let one = age::x25519::Identity::generate().to_public().to_string();
        assert!(matches!(lock("", &[]), Ok(Lock::Open)));
        let file = format!("recipients = [\"{one}\"]");
        assert!(matches!(lock(&file, &[]), Ok(Lock::Recipients(all)) if all.len() == 1));
        let secret = [("SHORTSAI_BACKUP_PASSPHRASE", "correct horse battery")];
        assert!(matches!(lock("", &secret), Ok(Lock::Passphrase(_))));
        let refused = |result: anyhow::Result<Lock>| format!("{:#}", result.err().expect("refused"));
        assert!(refused(lock(&file, &secret)).contains("not both"));
        assert!(refused(lock("", &[("SHORTSAI_BACKUP_PASSPHRASE", "short")])).contains("shorter than 12"));
        assert!(refused(lock("recipients = [\"age1nonsense\"]", &[])).contains("is no recipient"));
    }
}
