//! Writing results where the user wants them: complete under their name, or not at all.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::fail::Unusable;

/// The files of one finished short.
#[derive(Debug, Clone)]
pub struct OutputFiles {
    pub video: PathBuf,
    pub srt: PathBuf,
    pub vtt: PathBuf,
    pub thumbnail: PathBuf,
}

impl OutputFiles {
    /// The files beside `output`, or beside the current folder's `<name of source>.mp4`; checks that they can be written,
    /// so that no work is done for a video that has nowhere to go.
    pub fn plan(output: Option<&Path>, source: &Path) -> anyhow::Result<Self> {
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
        std::fs::create_dir_all(folder)
            .with_context(|| format!("the output folder {} can't be made; choose another with -o", folder.display()))?;
        tempfile::Builder::new()
            .prefix(".shortsai-")
            .tempfile_in(folder)
            .with_context(|| format!("the output folder {} can't be written to; choose another with -o", folder.display()))?;
        Ok(Self {
            srt: video.with_extension("srt"),
            vtt: video.with_extension("vtt"),
            thumbnail: video.with_extension("jpg"),
            video,
        })
    }
}

/// Writes bytes under a temporary name and renames.
pub fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    place(path, |temporary| std::fs::write(temporary, bytes))
}

/// Copies a file under a temporary name and renames.
pub fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    place(to, |temporary| std::fs::copy(from, temporary).map(|_| ()))
}

fn place(path: &Path, fill: impl FnOnce(&Path) -> std::io::Result<()>) -> anyhow::Result<()> {
    let context = || format!("{} can't be written", path.display());
    let temporary = tempfile::Builder::new().prefix(".shortsai-").tempfile_in(folder_of(path)).with_context(context)?;
    fill(temporary.path()).with_context(context)?;
    readable_by_others(temporary.as_file()).with_context(context)?;
    temporary.as_file().sync_all().with_context(context)?;
    temporary.persist(path).map_err(|error| error.error).with_context(context)?;
    Ok(())
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
