//! Writing results where the user wants them: complete under their name, or not at all.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use render::leftover;
use tempfile::NamedTempFile;

use crate::fail::{Unusable, reason};

/// How the names of temporary files begin.
const TEMPORARY: &str = ".shortsai-";

/// The files of one finished short.
#[derive(Debug, Clone)]
pub struct OutputFiles {
    pub video: PathBuf,
    pub srt: PathBuf,
    pub vtt: PathBuf,
    pub ass: PathBuf,
    pub thumbnail: PathBuf,
    /// Whose pictures are in it; only written where some were found rather than made.
    pub credits: PathBuf,
}

impl OutputFiles {
    /// The files beside `output`, or beside the current folder's `<name of source>.mp4`; checks that they can be written and
    /// replace none of the `media` that the video is made of, so that no work is done for a video that has nowhere to go.
    pub fn plan(output: Option<&Path>, source: &Path, media: &[PathBuf]) -> anyhow::Result<Self> {
        let video = match output {
            Some(output) => output.to_owned(),
            None => PathBuf::from(source.file_stem().unwrap_or_default()).with_extension("mp4"),
        };
        if video.extension().is_none_or(|extension| !extension.eq_ignore_ascii_case("mp4")) {
            return Err(Unusable(format!("the output {} must end in .mp4", video.display())).into());
        }
        if video.is_dir() {
            bail!("the output {} is a folder; give a file name that ends in .mp4", video.display());
        }
        let folder = folder_of(&video);
        let failed = |what: &str, error: &std::io::Error| {
            anyhow!("the output folder {} can't be {what} ({}); choose another with -o", folder.display(), reason(error))
        };
        std::fs::create_dir_all(folder).map_err(|error| failed("made", &error))?;
        leftover::sweep_files(folder, TEMPORARY);
        temporary(folder).map_err(|error| failed("written to", &error))?;
        let files = Self {
            srt: video.with_extension("srt"),
            vtt: video.with_extension("vtt"),
            ass: video.with_extension("ass"),
            thumbnail: video.with_extension("jpg"),
            credits: video.with_extension("credits.txt"),
            video,
        };
        files.spare(media)?;
        Ok(files)
    }

    /// A thumbnail `rocket.jpg` must not take the place of the photograph `rocket.jpg`.
    fn spare(&self, media: &[PathBuf]) -> anyhow::Result<()> {
        let media: Vec<PathBuf> = media.iter().filter_map(|file| file.canonicalize().ok()).collect();
        let lost = |file: &&PathBuf| file.canonicalize().is_ok_and(|file| media.contains(&file));
        match [&self.video, &self.thumbnail, &self.srt, &self.vtt, &self.ass].into_iter().find(lost) {
            Some(file) => {
                let problem = format!(
                    "the output would replace {}, which the video is made of; choose another name with -o",
                    file.display()
                );
                Err(Unusable(problem).into())
            }
            None => Ok(()),
        }
    }
}

/// Writes bytes under a temporary name and renames.
pub fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    place(path, |temporary| std::fs::write(temporary, bytes))
}

/// Copies files, each from the first path to the second: all under temporary names, then all are renamed in their order. So a
/// disk that is full leaves none of them.
pub fn copy_all(files: &[(PathBuf, &Path)]) -> anyhow::Result<()> {
    let copied: Vec<NamedTempFile> = files
        .iter()
        .map(|(from, to)| prepare(to, |temporary| std::fs::copy(from, temporary).map(|_| ())))
        .collect::<anyhow::Result<_>>()?;
    files.iter().zip(copied).try_for_each(|((_, to), temporary)| rename(temporary, to))
}

fn place(path: &Path, fill: impl FnOnce(&Path) -> std::io::Result<()>) -> anyhow::Result<()> {
    rename(prepare(path, fill)?, path)
}

fn prepare(path: &Path, fill: impl FnOnce(&Path) -> std::io::Result<()>) -> anyhow::Result<NamedTempFile> {
    let context = || format!("{} can't be written", path.display());
    let temporary = temporary(folder_of(path)).with_context(context)?;
    fill(temporary.path()).with_context(context)?;
    readable_by_others(temporary.as_file()).with_context(context)?;
    temporary.as_file().sync_all().with_context(context)?;
    Ok(temporary)
}

fn rename(temporary: NamedTempFile, path: &Path) -> anyhow::Result<()> {
    let renamed = temporary.persist(path).map_err(|error| error.error);
    renamed.with_context(|| format!("{} can't be written", path.display()))?;
    Ok(())
}

/// A file under a temporary name, held for as long as this process writes it.
fn temporary(folder: &Path) -> std::io::Result<NamedTempFile> {
    let file = tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(folder)?;
    leftover::hold(file.as_file());
    Ok(file)
}

/// Temporary files are made for their owner only; a finished video is an ordinary file.
#[cfg(unix)]
fn readable_by_others(file: &std::fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable_by_others(_: &std::fs::File) -> std::io::Result<()> {
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
