//! The data folder: one SQLite file and a few folders.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};

use crate::cli;
use crate::fail::reason;

/// Paths of everything that is kept.
#[derive(Debug, Clone)]
pub struct DataDir {
    root: PathBuf,
    config: Option<PathBuf>,
}

impl DataDir {
    /// The folder that the user named, or the platform's data directory; it is made if it is not there.
    pub fn open(arguments: &cli::DataDir) -> anyhow::Result<Self> {
        let root = match &arguments.data_dir {
            Some(folder) => folder.clone(),
            None => match directories::ProjectDirs::from("", "", "shortsai") {
                Some(folders) => folders.data_dir().to_owned(),
                None => bail!("this account has no home folder to keep data in; name a folder with --data-dir"),
            },
        };
        std::fs::create_dir_all(&root).map_err(|error| {
            anyhow!("the data folder {} can't be made ({}); name another with --data-dir", root.display(), reason(&error))
        })?;
        let root = root.canonicalize().with_context(|| format!("the data folder {}", root.display()))?;
        Ok(Self { root, config: arguments.config.clone() })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn database_url(&self) -> String {
        format!("sqlite://{}", self.root.join("shortsai.db").display())
    }

    /// The configuration file that the user named.
    pub fn config(&self) -> Option<&Path> {
        self.config.as_deref()
    }

    /// Made and given media.
    pub fn objects(&self) -> PathBuf {
        self.root.join("objects")
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
