//! Where backups are kept: a folder, or the bucket of the objects. What lies there beside them is left alone.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use assets::Assets;

use crate::backup::Manifest;
use crate::fail::reason;

/// One of them.
#[derive(Clone)]
pub enum Place {
    Folder(PathBuf),
    Bucket(Assets),
}

/// What is known of a backup there.
pub struct Found {
    pub name: String,
    /// What is wrong with one that can't be used.
    pub manifest: anyhow::Result<Manifest>,
    /// The names of its files.
    pub files: Vec<String>,
}

impl Place {
    /// For people.
    pub fn whereabouts(&self) -> String {
        match self {
            Self::Folder(folder) => format!("in {}", folder.display()),
            Self::Bucket(assets) => assets.whereabouts(),
        }
    }

    /// All backups, oldest first.
    pub async fn list(&self) -> anyhow::Result<Vec<Found>> {
        let mut found: Vec<Found> = Vec::new();
        for file in self.files().await? {
            let Some(name) = Manifest::name_of(&file) else { continue };
            match found.last_mut().filter(|last| last.name == name) {
                Some(last) => last.files.push(file),
                None => {
                    let unfinished = Err(anyhow!("it is not whole: {}.json is missing", name));
                    found.push(Found { name: name.to_owned(), manifest: unfinished, files: vec![file] });
                }
            }
        }
        for backup in &mut found {
            let said = Manifest::file_name(&backup.name);
            if backup.files.contains(&said) {
                let manifest = Manifest::read(&backup.name, &self.read(&said).await?);
                backup.manifest = manifest.and_then(|manifest| match backup.files.contains(&manifest.file) {
                    true => Ok(manifest),
                    false => bail!("it is not whole: {} is missing", manifest.file),
                });
            }
        }
        Ok(found)
    }

    /// Names of files, sorted.
    async fn files(&self) -> anyhow::Result<Vec<String>> {
        match self {
            Self::Bucket(assets) => Ok(assets.list_backups().await?.into_iter().map(|(name, _)| name).collect()),
            Self::Folder(folder) => {
                let entries = match std::fs::read_dir(folder) {
                    Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
                    entries => entries.map_err(|error| unusable(folder, &error))?,
                };
                let mut names: Vec<String> =
                    entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
                names.sort();
                Ok(names)
            }
        }
    }

    /// A small file.
    async fn read(&self, file: &str) -> anyhow::Result<Vec<u8>> {
        let temp = tempfile::tempdir().context("a temporary folder can't be made")?;
        let path = self.fetch(file, temp.path()).await?;
        tokio::fs::read(&path).await.with_context(|| format!("{} can't be read", path.display()))
    }

    /// A file as a local one: itself, or a copy in the folder `temp`.
    pub async fn fetch(&self, file: &str, temp: &Path) -> anyhow::Result<PathBuf> {
        match self {
            Self::Folder(folder) => Ok(folder.join(file)),
            Self::Bucket(assets) => {
                let to = temp.join(file);
                assets.fetch_backup(file, &to).await?;
                Ok(to)
            }
        }
    }

    /// Keeps a backup: its file first, so that whatever has a manifest is whole.
    pub async fn put(&self, manifest: &Manifest, file: &Path) -> anyhow::Result<()> {
        let said = file.with_file_name(Manifest::file_name(&manifest.name));
        std::fs::write(&said, manifest.json()).with_context(|| said.display().to_string())?;
        for (name, path) in [(&manifest.file, file), (&Manifest::file_name(&manifest.name), &said)] {
            match self {
                Self::Folder(folder) => put_file(folder, name, path).map_err(|error| unusable(folder, &error))?,
                Self::Bucket(assets) => assets.put_backup(name, path).await?,
            }
        }
        Ok(())
    }

    /// Removes a backup: what says that it is whole goes first.
    pub async fn delete(&self, found: &Found) -> anyhow::Result<()> {
        let said = Manifest::file_name(&found.name);
        let mut files: Vec<&String> = found.files.iter().collect();
        files.sort_by_key(|file| **file != said);
        for file in files {
            match self {
                Self::Bucket(assets) => assets.delete_backup(file).await?,
                Self::Folder(folder) => match std::fs::remove_file(folder.join(file)) {
                    Err(error) if error.kind() != ErrorKind::NotFound => return Err(unusable(folder, &error)),
                    _ => {}
                },
            }
        }
        Ok(())
    }
}

/// Nobody else can read it, and it is whole or not there.
fn put_file(folder: &Path, name: &str, path: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut part = tempfile::Builder::new().prefix(".part-").tempfile_in(folder)?;
    std::io::copy(&mut std::fs::File::open(path)?, &mut part)?;
    part.as_file().sync_all()?;
    part.persist_noclobber(folder.join(name)).map(drop).map_err(|error| error.error)
}

fn unusable(folder: &Path, error: &std::io::Error) -> anyhow::Error {
    anyhow!("the folder for backups {} can't be used ({}); choose another with --folder", folder.display(), reason(error))
}
