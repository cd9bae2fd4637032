//! Who can read backups: age's recipients or a passphrase when one is made, age's identities or the passphrase to open it.

use std::path::Path;
use std::str::FromStr;

use age::secrecy::SecretString;
use age::{scrypt, x25519};
use anyhow::{Context, bail};

use crate::backup::manifest::Encryption;

/// How hard a passphrase is to guess: two to this power, as age's own program has it (a second or so).
const WORK: u8 = 18;
/// Backups that were made on a faster machine are opened too.
const MOST_WORK: u8 = 22;

/// What a new backup is locked with.
#[derive(Clone)]
pub enum Lock {
    /// Nothing.
    Open,
    Recipients(Vec<x25519::Recipient>),
    Passphrase(SecretString),
}

/// What backups are opened with.
#[derive(Clone, Default)]
pub struct Keys {
    pub identities: Vec<x25519::Identity>,
    pub passphrase: Option<SecretString>,
}

impl Lock {
    pub fn encryption(&self) -> Encryption {
        match self {
            Self::Open => Encryption::None,
            Self::Recipients(_) => Encryption::Recipients,
            Self::Passphrase(_) => Encryption::Passphrase,
        }
    }

    /// Nothing for no lock at all.
    pub fn encryptor(&self) -> anyhow::Result<Option<age::Encryptor>> {
        let encryptor = match self {
            Self::Open => return Ok(None),
            Self::Recipients(all) => age::Encryptor::with_recipients(all.iter().map(|one| one as &dyn age::Recipient)),
            Self::Passphrase(passphrase) => {
                let mut recipient = scrypt::Recipient::new(passphrase.clone());
                recipient.set_work_factor(WORK);
                age::Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient))
            }
        };
        encryptor.map(Some).context("the backup can't be encrypted")
    }
}

/// Those for whom backups are made, such as `age1…`.
pub fn recipients<'a>(named: impl IntoIterator<Item = &'a str>) -> anyhow::Result<Vec<x25519::Recipient>> {
    let read = |text: &str| {
        let wrong = |reason| anyhow::anyhow!("{text:?} is no recipient ({reason}); give one that age-keygen has made (age1…)");
        x25519::Recipient::from_str(text.trim()).map_err(wrong)
    };
    named.into_iter().map(read).collect()
}

/// The identities in a file of age-keygen's.
pub fn identities(path: &Path) -> anyhow::Result<Vec<x25519::Identity>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("the identities in {}", path.display()))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let found: Result<Vec<_>, _> = lines.map(x25519::Identity::from_str).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => bail!("{} has no identities; give the file that age-keygen has made (AGE-SECRET-KEY-1…)", path.display()),
    }
}

impl Keys {
    /// What opens a backup that is locked so.
    pub fn of(&self, encryption: Encryption) -> anyhow::Result<Vec<Box<dyn age::Identity>>> {
        match encryption {
            Encryption::None => Ok(Vec::new()),
            Encryption::Recipients if self.identities.is_empty() => bail!(
                "the backup is encrypted for somebody's key; name the file with that key by --identity (or backup.identity_file)"
            ),
            Encryption::Recipients => Ok(self.identities.iter().cloned().map(|one| Box::new(one) as _).collect()),
            Encryption::Passphrase => {
                let Some(passphrase) = &self.passphrase else {
                    bail!("the backup is encrypted; set its passphrase in SHORTSAI_BACKUP_PASSPHRASE (or backup.passphrase_file)")
                };
                let mut identity = scrypt::Identity::new(passphrase.clone());
                identity.set_max_work_factor(MOST_WORK);
                Ok(vec![Box::new(identity)])
            }
        }
    }
}
