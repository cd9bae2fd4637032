//! The job itself.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use assets::{Assets, MediaType, Place, Stored};
use bytes::Bytes;
use model::project::RenderOutput;
use model::storyboard::Storyboard;
use model::subtitles;
use render::{Encoder, Flow, Plan, Progress, RenderOptions, Report};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::error::WorkerError;
use crate::media::{Fetched, fetch};

/// How this worker renders.
#[derive(Debug, Clone, Default)]
pub struct WorkerOptions {
    /// Encoded segments and sound are kept here, so that a changed scene costs one scene.
    pub cache: Option<PathBuf>,
    /// Where half-made files go, in a folder that is removed at the end; `None` is the system's temporary folder. It is made
    /// if it is not there.
    pub temp_dir: Option<PathBuf>,
    /// Scenes drawn at the same time; 0 is one for each core.
    pub workers: usize,
    /// Who encodes the picture.
    pub encoder: Encoder,
}

/// What the blocking part makes.
struct Made {
    report: Report,
    plan: Plan,
    thumbnail: Vec<u8>,
}

/// Renders a storyboard whose media are object keys, and stores the results.
///
/// `progress` takes a fraction from 0 to 1; once `cancel` fires the job ends within half a second with
/// [`WorkerError::Cancelled`] and leaves nothing behind.
pub async fn run(
    storyboard: Storyboard,
    assets: &Assets,
    options: &WorkerOptions,
    progress: Arc<dyn Fn(f64) + Send + Sync>,
    cancel: CancellationToken,
) -> Result<RenderOutput, WorkerError> {
    let temp = temporary_folder(options.temp_dir.clone().unwrap_or_else(std::env::temp_dir))?;
    let media = fetch(&storyboard, assets, temp.path()).await?;
    let video = temp.path().join("video.mp4");
    let made = draw(storyboard, media, &video, options.clone(), progress, cancel).await?;
    store(assets, &video, made).await
}

fn temporary_folder(place: PathBuf) -> Result<TempDir, WorkerError> {
    let folder =
        std::fs::create_dir_all(&place).and_then(|()| tempfile::Builder::new().prefix("shortsai-render-").tempdir_in(&place));
    folder.map_err(|error| WorkerError::Temp { path: place.display().to_string(), reason: error.to_string() })
}

async fn draw(
    storyboard: Storyboard,
    media: Fetched,
    video: &Path,
    options: WorkerOptions,
    progress: Arc<dyn Fn(f64) + Send + Sync>,
    cancel: CancellationToken,
) -> Result<Made, WorkerError> {
    let video = video.to_owned();
    let blocking = tokio::task::spawn_blocking(move || {
        let render_options = RenderOptions {
            workers: options.workers,
            cache: options.cache,
            encoder: options.encoder,
            temp_dir: video.parent().map(Path::to_owned),
            ..RenderOptions::default()
        };
        let plan = render::plan_cached(&storyboard, &media, &render_options)?;
        let tell = |now: Progress| {
            progress(now.fraction);
            if cancel.is_cancelled() { Flow::Stop } else { Flow::Continue }
        };
        let report = render::render(&plan, &video, &render_options, &tell)?;
        let thumbnail = render::thumbnail(&plan)?;
        Ok(Made { report, plan, thumbnail })
    });
    blocking.await.map_err(|error| {
        tracing::error!(%error, "the render thread died");
        WorkerError::Internal
    })?
}

async fn store(assets: &Assets, video: &Path, made: Made) -> Result<RenderOutput, WorkerError> {
    let cues = subtitles::cues(&made.plan.timeline);
    let text = |media_type, text| assets.put_text(Place::Captions, media_type, text);
    let srt = text(MediaType::SRT, subtitles::to_srt(&cues)).await.map_err(WorkerError::Store)?;
    let vtt = text(MediaType::VTT, subtitles::to_vtt(&cues)).await.map_err(WorkerError::Store)?;
    let ass = text(MediaType::ASS, subtitles::to_ass(&made.plan.timeline)).await.map_err(WorkerError::Store)?;
    let thumbnail = assets.put(Place::Thumbnails, Bytes::from(made.thumbnail)).await.map_err(WorkerError::Store)?;
    let Stored { key, bytes, .. } = assets.put_file(Place::Renders, video).await.map_err(WorkerError::Store)?;
    tracing::info!(
        seconds = made.report.seconds,
        bytes,
        cached = made.report.cache_hits,
        segments = made.report.segments,
        loudness = made.report.loudness_lufs,
        "rendered"
    );
    let mut warnings = made.plan.warnings;
    let more: Vec<String> = made.report.warnings.into_iter().filter(|warning| !warnings.contains(warning)).collect();
    warnings.extend(more);
    Ok(RenderOutput {
        video: key,
        srt: srt.key,
        vtt: vtt.key,
        ass: Some(ass.key),
        thumbnail: thumbnail.key,
        seconds: made.report.seconds,
        bytes: i64::try_from(bytes).unwrap_or(i64::MAX),
        warnings,
    })
}
