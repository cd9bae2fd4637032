//! The data folder: one SQLite file, unless another database is named, and a few folders.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};

use crate::cli;
use crate::fail::reason;

/// Places of everything that is kept.
// No `Debug`: the database's address may hold a password.
#[derive(Clone)]
pub struct DataDir {
    root: PathBuf,
    database_url: Option<String>,
    config: Option<PathBuf>,
}

impl DataDir {
    /// The folder that the user named, or the platform's data directory; it is made if it is not there.
    pub fn open(arguments: &cli::DataDir) -> anyhow::Result<Self> {
        let mut data = Self::named(arguments)?;
        std::fs::create_dir_all(&data.root).map_err(|error| {
            anyhow!("the data folder {} can't be made ({}); name another with --data-dir", data.root.display(), reason(&error))
        })?;
        data.root = data.root.canonicalize().with_context(|| format!("the data folder {}", data.root.display()))?;
        Ok(data)
    }

    /// The same, without looking whether it is there.
    pub fn named(arguments: &cli::DataDir) -> anyhow::Result<Self> {
        let root = match &arguments.data_dir {
            Some(folder) => folder.clone(),
            None => match directories::ProjectDirs::from("", "", "shortsai") {
                Some(folders) => folders.data_dir().to_owned(),
                None => bail!("this account has no home folder to keep data in; name a folder with --data-dir"),
            },
        };
        // An empty variable is how a shell or a compose file leaves it out.
        let database_url = arguments.database_url.clone().filter(|url| !url.trim().is_empty());
        Ok(Self { root, database_url, config: arguments.config.clone() })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The named database, or the file in the folder. May hold a password: not to be shown.
    pub fn database_url(&self) -> String {
        let file = || format!("sqlite://{}", self.root.join("shortsai.db").display());
        self.database_url.clone().unwrap_or_else(file)
    }

    /// Where the database is, if it is not in the folder; to be shown.
    pub fn other_database(&self) -> Option<String> {
        self.database_url.as_deref().map(store::without_secrets)
    }

    /// Where the database is; to be shown.
    pub fn whereabouts(&self) -> String {
        self.other_database().unwrap_or_else(|| self.root.display().to_string())
    }

    /// The configuration file that the user named.
    pub fn config(&self) -> Option<&Path> {
        self.config.as_deref()
    }

    /// Where file names in the configuration begin: the configuration's own folder.
    pub fn config_folder(&self) -> &Path {
        self.config.as_deref().and_then(Path::parent).unwrap_or(&self.root)
    }

    /// The secret that vendors' keys are sealed with, where the environment names none.
    pub fn secret(&self) -> PathBuf {
        self.root.join("secret")
    }

    /// Made and given media.
    pub fn objects(&self) -> PathBuf {
        self.root.join("objects")
    }

    /// Backups of the database, where no other place is named.
    pub fn backups(&self) -> PathBuf {
        self.root.join("backups")
    }

    /// Encoded scenes, so that a changed scene costs one scene. Safe to delete at any time.
    pub fn segments(&self) -> PathBuf {
        self.root.join("segments")
    }

    /// Half-made videos, one folder for each process that works on this folder.
    pub fn work(&self) -> PathBuf {
        self.root.join("work")
    }

    /// Locks of the processes that work on this folder.
    pub fn workers(&self) -> PathBuf {
        self.root.join("workers")
    }
}
