//! The job itself.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use assets::{Assets, Fetcher, MediaType, Place, Stored};
use bytes::Bytes;
use metrics::counter;
use model::project::RenderOutput;
use model::storyboard::Storyboard;
use model::subtitles;
use render::{Encoder, Flow, Part, Plan, Prepared, Progress, RenderOptions, Report, SharedCache};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tracing::field::Empty;
use tracing::{Instrument, Span};

use crate::error::WorkerError;
use crate::media::fetch;
use crate::shared::BucketCache;

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
    /// Whether other workers use the same object store: what is encoded is kept there for them too.
    pub shared: bool,
    /// Who fetches media that are addresses; without one they must be object keys.
    pub fetcher: Option<Fetcher>,
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
    let span = tracing::info_span!("render", scenes = storyboard.scenes.len(), segments = Empty, cached = Empty, seconds = Empty);
    rendered(storyboard, assets, options, progress, cancel).instrument(span).await
}

async fn rendered(
    storyboard: Storyboard,
    assets: &Assets,
    options: &WorkerOptions,
    progress: Arc<dyn Fn(f64) + Send + Sync>,
    cancel: CancellationToken,
) -> Result<RenderOutput, WorkerError> {
    let temp = temporary_folder(options.temp_dir.clone().unwrap_or_else(std::env::temp_dir))?;
    let media = fetch(&storyboard, (assets, options.fetcher.as_ref()), temp.path()).await?;
    let video = temp.path().join("video.mp4");
    let shared = options.shared.then(|| BucketCache::new(assets));
    let render_options = options.for_renderer(temp.path(), shared.clone());
    let draw = {
        let video = video.clone();
        move || {
            let plan = render::plan_cached(&storyboard, &media, &render_options)?;
            let report = render::render(&plan, &video, &render_options, &|now| tell(now, &*progress, &cancel))?;
            let thumbnail = render::thumbnail(&plan)?;
            Ok(Made { report, plan, thumbnail })
        }
    };
    let made = blocking(draw, shared.as_deref()).await?;
    note_segments(made.report.segments, made.report.cache_hits);
    Span::current().record("seconds", made.report.seconds);
    store(assets, &video, made).instrument(tracing::info_span!("store")).await
}

/// Draws a part of a video into the cache that workers share, so that one of them can put the whole together.
///
/// # Errors
/// As [`run`].
#[tracing::instrument(skip_all, fields(scenes = part.scenes.len(), segments, cached))]
pub(crate) async fn prepare(
    storyboard: Storyboard,
    part: Part,
    assets: &Assets,
    options: &WorkerOptions,
    progress: Arc<dyn Fn(f64) + Send + Sync>,
    cancel: CancellationToken,
) -> Result<(), WorkerError> {
    let temp = temporary_folder(options.temp_dir.clone().unwrap_or_else(std::env::temp_dir))?;
    let media = fetch(&storyboard, (assets, options.fetcher.as_ref()), temp.path()).await?;
    let shared = BucketCache::new(assets);
    let render_options = options.for_renderer(temp.path(), Some(shared.clone()));
    let draw = move || {
        let plan = render::plan_cached(&storyboard, &media, &render_options)?;
        Ok(render::prepare(&plan, &part, &render_options, &|now| tell(now, &*progress, &cancel))?)
    };
    let Prepared { segments, cache_hits } = blocking(draw, Some(&shared)).await?;
    note_segments(segments, cache_hits);
    tracing::info!("a part is there");
    Ok(())
}

/// Takes over the video of this storyboard that somebody else has put into the object store under the name `foreign`, and makes
/// the captions and the thumbnail that belong to it.
pub(crate) async fn finish_video(
    foreign: &str,
    storyboard: Storyboard,
    assets: &Assets,
    options: &WorkerOptions,
) -> Result<RenderOutput, WorkerError> {
    let temp = temporary_folder(options.temp_dir.clone().unwrap_or_else(std::env::temp_dir))?;
    let media = fetch(&storyboard, (assets, options.fetcher.as_ref()), temp.path()).await?;
    let render_options = options.for_renderer(temp.path(), None);
    let look = move || {
        let plan = render::plan_cached(&storyboard, &media, &render_options)?;
        let thumbnail = render::thumbnail(&plan)?;
        Ok((plan, thumbnail))
    };
    let (plan, thumbnail) = blocking(look, None).await?;
    let video = assets.adopt(Place::Renders, foreign, &temp.path().join("video.mp4")).await.map_err(WorkerError::Store)?;
    let warnings = vec!["an older render worker made this video; it looks and sounds as that worker does it".to_owned()];
    output(assets, &plan, (video, plan.timeline.seconds()), thumbnail, warnings).await
}

impl WorkerOptions {
    fn for_renderer(&self, temp: &Path, shared: Option<Arc<BucketCache>>) -> RenderOptions {
        RenderOptions {
            workers: self.workers,
            cache: self.cache.clone(),
            shared: shared.map(|shared| shared as Arc<dyn SharedCache>),
            encoder: self.encoder,
            temp_dir: Some(temp.to_owned()),
            ..RenderOptions::default()
        }
    }
}

/// How many segments there were, and how many of them in a cache.
fn note_segments(segments: usize, cached: usize) {
    let span = Span::current();
    span.record("segments", segments).record("cached", cached);
    for (from, count) in [("cache", cached), ("encoder", segments - cached)] {
        counter!("shortsai_render_segments_total", "from" => from).increment(count as u64);
    }
}

fn tell(now: Progress, progress: &(dyn Fn(f64) + Send + Sync), cancel: &CancellationToken) -> Flow {
    progress(now.fraction);
    if cancel.is_cancelled() { Flow::Stop } else { Flow::Continue }
}

/// Carries out work that keeps a processor busy; at its end, however it ended, what it has encoded is stored for others.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, WorkerError> + Send + 'static,
    shared: Option<&BucketCache>,
) -> Result<T, WorkerError> {
    let span = Span::current();
    let done = tokio::task::spawn_blocking(move || span.in_scope(work)).await;
    if let Some(shared) = shared {
        shared.flush().await;
    }
    done.map_err(|error| {
        tracing::error!(%error, "the render thread died");
        WorkerError::Internal
    })?
}

fn temporary_folder(place: PathBuf) -> Result<TempDir, WorkerError> {
    let folder =
        std::fs::create_dir_all(&place).and_then(|()| tempfile::Builder::new().prefix("shortsai-render-").tempdir_in(&place));
    folder.map_err(|error| WorkerError::Temp { path: place.display().to_string(), reason: error.to_string() })
}

async fn store(assets: &Assets, video: &Path, made: Made) -> Result<RenderOutput, WorkerError> {
    let Made { report, plan, thumbnail } = made;
    let video = assets.put_file(Place::Renders, video).await.map_err(WorkerError::Store)?;
    tracing::info!(
        seconds = report.seconds,
        bytes = video.bytes,
        cached = report.cache_hits,
        segments = report.segments,
        loudness = report.loudness_lufs,
        "rendered"
    );
    let mut warnings = plan.warnings.clone();
    let more: Vec<String> = report.warnings.into_iter().filter(|warning| !warnings.contains(warning)).collect();
    warnings.extend(more);
    output(assets, &plan, (video, report.seconds), thumbnail, warnings).await
}

/// Stores what belongs to a video.
async fn output(
    assets: &Assets,
    plan: &Plan,
    (video, seconds): (Stored, f64),
    thumbnail: Vec<u8>,
    warnings: Vec<String>,
) -> Result<RenderOutput, WorkerError> {
    let cues = subtitles::cues(&plan.timeline);
    let text = |media_type, text| assets.put_text(Place::Captions, media_type, text);
    let srt = text(MediaType::SRT, subtitles::to_srt(&cues)).await.map_err(WorkerError::Store)?;
    let vtt = text(MediaType::VTT, subtitles::to_vtt(&cues)).await.map_err(WorkerError::Store)?;
    let ass = text(MediaType::ASS, subtitles::to_ass(&plan.timeline)).await.map_err(WorkerError::Store)?;
    let thumbnail = assets.put(Place::Thumbnails, Bytes::from(thumbnail)).await.map_err(WorkerError::Store)?;
    Ok(RenderOutput {
        video: video.key,
        srt: srt.key,
        vtt: vtt.key,
        ass: Some(ass.key),
        thumbnail: thumbnail.key,
        seconds,
        bytes: i64::try_from(video.bytes).unwrap_or(i64::MAX),
        warnings,
    })
}
