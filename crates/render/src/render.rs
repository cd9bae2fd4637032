//! The whole way from a plan to an MP4: workers draw and encode segments, the sound is made beside them, and both are joined
//! as they come.
//!
//! Each step lives in a module of its own; here is only their order, progress, stopping and cleaning up.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Barrier, Mutex};
use std::time::{Duration, Instant};

use tempfile::{NamedTempFile, TempDir};
use tracing::{Span, info_span};

use crate::arrivals::Arrivals;
use crate::cache::Cache;
use crate::captions::Captions;
use crate::encode::{self, Watch};
use crate::error::RenderError;
use crate::join;
use crate::leftover;
use crate::options::{Encoder, Flow, Progress, RenderOptions, Report, Stage};
use crate::plan::Plan;
use crate::scene;
use crate::segment::{self, Segment};
use crate::sound::{self, Loudness};
use crate::text::Fonts;

/// How often the progress callback is asked; a stop takes effect within this time and one frame.
const TICK: Duration = Duration::from_millis(50);
/// How the names of temporary files beside the output, and of working folders, begin.
const PART: &str = ".render-";
const WORK: &str = "shortsai-render-";
/// The part of the progress that drawing takes.
const DRAWING_SHARE: f64 = 0.97;

/// A part of a video that is made ahead of the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Indexes of scenes, from 0; the transition at a scene's begin is the scene's own.
    pub scenes: BTreeSet<usize>,
    /// Whether the sound of the whole video is mixed.
    pub sound: bool,
}

/// What came out of [`prepare`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prepared {
    /// Segments of the part.
    pub segments: usize,
    /// Segments that were in the cache.
    pub cache_hits: usize,
}

/// What the threads of one render share.
struct Job<'a> {
    plan: &'a Plan,
    options: &'a RenderOptions,
    /// Only this is made, into the cache.
    part: Option<&'a Part>,
    encoder: Encoder,
    segments: Vec<Segment>,
    units: Vec<Range<usize>>,
    /// Asked for in the cache, unit by unit.
    next_fetch: AtomicUsize,
    /// The units that are not in the cache, or not as a whole.
    missing: Mutex<Vec<Range<usize>>>,
    next_unit: AtomicUsize,
    folder: &'a Path,
    /// The video before it has its name; a part has none.
    target: Option<&'a Path>,
    cache: Option<Cache>,
    /// The segments, and behind them the sound.
    arrivals: Arrivals,
    /// When the last segment was there.
    drawn: Mutex<Option<Instant>>,
    stop: AtomicBool,
    frames_done: AtomicU64,
    error: Mutex<Option<RenderError>>,
    loudness: Mutex<Option<(Loudness, f64)>>,
}

/// Renders a plan to the MP4 `output`. The file appears under its name only when it is complete; on an error or a stop
/// nothing is left behind.
///
/// `progress` is called from one thread about twenty times a second.
///
/// # Errors
/// [`RenderError::Stopped`] when `progress` says so; otherwise a plain sentence on what failed and what to do.
pub fn render(
    plan: &Plan,
    output: &Path,
    options: &RenderOptions,
    progress: &(dyn Fn(Progress) -> Flow + Sync),
) -> Result<Report, RenderError> {
    let begun = Instant::now();
    // Before any work: an output that can't be written should be known at once.
    if plan.reads(output) {
        let error = std::io::Error::other("it is one of the files that the video is made of; give the video another name");
        return Err(RenderError::file("can't write to", output, &error));
    }
    let target = output_file(output)?;
    let folder = working_folder(options)?;
    let _held = leftover::hold_folder(folder.path());
    let cache = Cache::of(options)?;
    let (encoder, unavailable) = encode::available(options.encoder, options.quality);
    let unnamed = target.path().to_owned();
    let job = Job { target: Some(&unnamed), ..Job::new(plan, (options, encoder), folder.path(), cache) };
    job.run(progress)?;
    let (loudness, sound_seconds) = lock(&job.loudness).take().expect("the sound is made when no thread failed");
    let drawn = lock(&job.drawn).take().expect("all is drawn when no thread failed").duration_since(begun).as_secs_f64();
    let timeline = &plan.timeline;
    tell(progress, Stage::Joining, 0.99)?;
    let bytes = publish(target, output)?;
    let joined = begun.elapsed().as_secs_f64();
    // It is done: too late to stop.
    let _ = tell(progress, Stage::Done, 1.0);
    Ok(Report {
        seconds: timeline.seconds(),
        frames: timeline.frame_count(),
        bytes,
        segments: job.segments.len(),
        cache_hits: job.segments.len() - job.encoded(),
        loudness_lufs: loudness.lufs,
        true_peak_dbtp: loudness.true_peak_dbtp,
        warnings: plan.warnings.iter().cloned().chain(unavailable).chain(missing_glyphs(plan)).collect(),
        estimated_scenes: plan.estimated_scenes.clone(),
        stage_seconds: vec![("sound", sound_seconds), ("drawing", drawn), ("joining", joined - drawn)],
    })
}

/// Draws and encodes a part of a plan into the cache (and the shared one), where a later [`render`], here or elsewhere, finds it.
/// `progress` is that of the part.
///
/// # Errors
/// Those of [`render()`], and when the options name no cache or the plan has no such scene.
pub fn prepare(
    plan: &Plan,
    part: &Part,
    options: &RenderOptions,
    progress: &(dyn Fn(Progress) -> Flow + Sync),
) -> Result<Prepared, RenderError> {
    let count = plan.timeline.scenes.len();
    if let Some(scene) = part.scenes.last().filter(|scene| **scene >= count) {
        return Err(RenderError::Part(format!("there is no scene with index {scene}; the video has {count}")));
    }
    let Some(cache) = Cache::of(options)? else {
        return Err(RenderError::Part("a part of a video is of use only with a cache; name one".to_owned()));
    };
    let folder = working_folder(options)?;
    let _held = leftover::hold_folder(folder.path());
    let (encoder, _) = encode::available(options.encoder, options.quality);
    let mut job = Job { part: Some(part), ..Job::new(plan, (options, encoder), folder.path(), Some(cache)) };
    job.units.retain(|unit| part.scenes.contains(&job.segments[unit.start].scene));
    job.run(progress)?;
    let segments = job.units.iter().map(ExactSizeIterator::len).sum();
    // It is done: too late to stop.
    let _ = tell(progress, Stage::Done, 1.0);
    Ok(Prepared { segments, cache_hits: segments - job.encoded() })
}

fn tell(progress: &(dyn Fn(Progress) -> Flow + Sync), stage: Stage, fraction: f64) -> Result<(), RenderError> {
    match progress(Progress { stage, fraction }) {
        Flow::Continue => Ok(()),
        Flow::Stop => Err(RenderError::Stopped),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // The values behind these locks are whole at any time, also when a thread has panicked.
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// A temporary file beside the output; it is removed when it is dropped.
fn output_file(output: &Path) -> Result<NamedTempFile, RenderError> {
    let folder = output_folder(output);
    if output.is_dir() {
        let error = std::io::Error::other("it is a folder; give the name of a file");
        return Err(RenderError::file("can't write to", output, &error));
    }
    leftover::sweep_files(&folder, PART);
    let target = tempfile::Builder::new().prefix(PART).suffix(".part").tempfile_in(&folder);
    let target = target.map_err(|error| RenderError::file("can't write to", &folder, &error))?;
    leftover::hold(target.as_file());
    Ok(target)
}

fn output_folder(output: &Path) -> PathBuf {
    match output.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn working_folder(options: &RenderOptions) -> Result<TempDir, RenderError> {
    let place = options.temp_dir.clone().unwrap_or_else(std::env::temp_dir);
    leftover::sweep_folders(&place, WORK);
    let folder = tempfile::Builder::new().prefix(WORK).tempdir_in(&place);
    folder.map_err(|error| RenderError::file("can't write intermediate files to", &place, &error))
}

/// Flushes the finished file to the disk and gives it its name; answers its size.
fn publish(target: NamedTempFile, output: &Path) -> Result<u64, RenderError> {
    let failed = |error: std::io::Error| RenderError::file("can't write to", output, &error);
    // ffmpeg has written to the same file under its name.
    let file = target.as_file();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Temporary files are private; a finished video is an ordinary file.
        file.set_permissions(std::fs::Permissions::from_mode(0o644)).map_err(failed)?;
    }
    file.sync_all().map_err(failed)?;
    let bytes = file.metadata().map_err(failed)?.len();
    target.persist(output).map_err(|error| failed(error.error))?;
    #[cfg(unix)]
    std::fs::File::open(output_folder(output)).and_then(|folder| folder.sync_all()).map_err(failed)?;
    Ok(bytes)
}

/// One warning for each scene with characters that no bundled font has.
fn missing_glyphs(plan: &Plan) -> Vec<String> {
    let mut fonts = Fonts::bundled();
    let timeline = &plan.timeline;
    let mut warnings = Vec::new();
    for scene in &timeline.scenes {
        let missing = Captions::new(scene, &timeline.captions, timeline.size, timeline.fps).missing(&mut fonts);
        if !missing.is_empty() {
            let characters: String = missing.iter().take(20).collect();
            warnings.push(format!("scene {}: no bundled font has {characters}; the captions leave them out", scene.number));
        }
    }
    warnings
}

impl<'a> Job<'a> {
    fn new(plan: &'a Plan, (options, encoder): (&'a RenderOptions, Encoder), folder: &'a Path, cache: Option<Cache>) -> Self {
        let segments = segment::segments(plan);
        Self {
            plan,
            options,
            part: None,
            encoder,
            arrivals: Arrivals::of(segments.len() + 1),
            units: segment::units(&segments),
            segments,
            next_fetch: AtomicUsize::new(0),
            missing: Mutex::new(Vec::new()),
            next_unit: AtomicUsize::new(0),
            folder,
            target: None,
            cache,
            drawn: Mutex::new(None),
            stop: AtomicBool::new(false),
            frames_done: AtomicU64::new(0),
            error: Mutex::new(None),
            loudness: Mutex::new(None),
        }
    }

    fn sound_path(&self) -> PathBuf {
        self.folder.join("sound.m4a")
    }

    /// Makes all segments and the sound, or what is wanted of them; returns when every thread and child is gone.
    fn run(&self, progress: &(dyn Fn(Progress) -> Flow + Sync)) -> Result<(), RenderError> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let workers = if self.options.workers == 0 { cores } else { self.options.workers }.clamp(1, self.units.len().max(1));
        let (sender, done) = mpsc::channel::<()>();
        let fetched = Barrier::new(workers);
        // Threads are in no span by themselves.
        let span = &Span::current();
        std::thread::scope(|scope| {
            for _ in 0..workers {
                let (sender, fetched) = (sender.clone(), &fetched);
                scope.spawn(move || {
                    self.note(self.fetch());
                    // Only when all is known that is missing can it be shared out.
                    if fetched.wait().is_leader() {
                        self.sort_missing();
                    }
                    fetched.wait();
                    self.note(span.in_scope(|| self.work()));
                    drop(sender);
                });
            }
            if self.part.is_none_or(|part| part.sound) {
                let sender = sender.clone();
                scope.spawn(move || {
                    self.note(span.in_scope(|| self.make_sound()));
                    drop(sender);
                });
            }
            if let Some(target) = self.target {
                let sender = sender.clone();
                scope.spawn(move || {
                    self.note(span.in_scope(|| self.join(target)));
                    drop(sender);
                });
            }
            drop(sender);
            let total = self.units.iter().map(|unit| self.frames(unit)).sum::<u64>().max(1) as f64;
            // The channel carries nothing: it closes when the last thread is through.
            while done.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                let fraction = self.frames_done.load(Ordering::Relaxed) as f64 / total * DRAWING_SHARE;
                if !self.stop.load(Ordering::Relaxed) {
                    self.note(tell(progress, Stage::Drawing, fraction));
                }
            }
        });
        if let Some(cache) = &self.cache {
            // Too large a cache is no reason to fail a finished video.
            let _ = cache.prune();
        }
        match lock(&self.error).take() {
            None => Ok(()),
            Some(error) => Err(error),
        }
    }

    /// Keeps the first error and stops the other threads; their own "stopped" is only an echo.
    fn note(&self, result: Result<(), RenderError>) {
        if let Err(error) = result {
            let mut first = lock(&self.error);
            if first.is_none() {
                *first = Some(error);
            }
            self.stop.store(true, Ordering::Relaxed);
        }
    }

    /// Takes units from the cache, and notes those that are not there.
    fn fetch(&self) -> Result<(), RenderError> {
        loop {
            let turn = self.next_fetch.fetch_add(1, Ordering::Relaxed);
            let Some(unit) = self.units.get(turn) else { return Ok(()) };
            if self.stop.load(Ordering::Relaxed) {
                return Err(RenderError::Stopped);
            }
            if !self.fetch_unit(unit.clone())? {
                lock(&self.missing).push(unit.clone());
                continue;
            }
            for index in unit.clone() {
                self.frames_done.fetch_add(self.segments[index].len(), Ordering::Relaxed);
                self.arrivals.arrive(index);
            }
        }
    }

    fn fetch_unit(&self, mut unit: Range<usize>) -> Result<bool, RenderError> {
        let Some(cache) = &self.cache else { return Ok(false) };
        unit.try_fold(true, |all, index| {
            let path = self.segment_path(index);
            let found = || cache.fetch(&self.recipe(&self.segments[index]), &path);
            Ok(all && found().map_err(|error| RenderError::file("can't write", &path, &error))?)
        })
    }

    /// Encodes what is missing, unit by unit.
    fn work(&self) -> Result<(), RenderError> {
        let mut fonts = Fonts::bundled();
        loop {
            let turn = self.next_unit.fetch_add(1, Ordering::Relaxed);
            let Some(unit) = lock(&self.missing).get(turn).cloned() else { return Ok(()) };
            if self.stop.load(Ordering::Relaxed) {
                return Err(RenderError::Stopped);
            }
            let drawn = || {
                self.frames_done.fetch_add(1, Ordering::Relaxed);
            };
            let settings = (self.options.quality, self.encoder);
            let segments = (unit.start, &self.segments[unit.clone()]);
            let _span = info_span!("segment", scene = segments.1[0].scene + 1, first = unit.start, count = unit.len()).entered();
            let watch = Watch { stop: &self.stop, drawn: &drawn, complete: &|index| self.keep(index) };
            encode::encode(self.plan, segments, settings, self.folder, &mut fonts, &watch)?;
        }
    }

    /// Puts the longest units first, so that no worker begins a long one at the end.
    fn sort_missing(&self) {
        lock(&self.missing).sort_by_key(|unit| (std::cmp::Reverse(self.frames(unit)), unit.start));
    }

    fn frames(&self, unit: &Range<usize>) -> u64 {
        self.segments[unit.clone()].iter().map(Segment::len).sum()
    }

    /// How many segments were not in the cache.
    fn encoded(&self) -> usize {
        lock(&self.missing).iter().map(ExactSizeIterator::len).sum()
    }

    /// A segment was encoded.
    fn keep(&self, index: usize) -> Result<(), RenderError> {
        if let Some(cache) = &self.cache {
            let path = self.segment_path(index);
            let kept = cache.keep(&self.recipe(&self.segments[index]), &path);
            kept.map_err(|error| RenderError::file("can't keep in the cache", &path, &error))?;
        }
        self.arrivals.arrive(index);
        self.forget_still(self.segments[index].scene);
        if let Some(before) = self.segments[index].scene.checked_sub(1) {
            self.forget_still(before);
        }
        Ok(())
    }

    /// Drops a scene's still once all is drawn that shows it: the scene and the transition to the next one.
    fn forget_still(&self, scene: usize) {
        let from = self.segments.partition_point(|segment| segment.scene < scene);
        let length = self.segments[from..].iter().take_while(|segment| segment.scene == scene).count();
        let until = (from + length + 1).min(self.segments.len());
        if self.arrivals.all(from..until) {
            scene::forget_still(self.plan, scene);
        }
    }

    /// Copies the sound and one segment after the other to the video while later segments are still drawn.
    fn join(&self, target: &Path) -> Result<(), RenderError> {
        let _span = info_span!("join").entered();
        self.arrivals.wait(self.segments.len(), &self.stop)?;
        // The process that joins needs memory, which the first stills have left by then.
        self.arrivals.wait(self.segments.len() * 3 / 4, &self.stop)?;
        let counts: Vec<u64> = self.segments.iter().map(Segment::len).collect();
        let arrived = |index| {
            self.arrivals.wait(index, &self.stop)?;
            if index + 1 == self.segments.len() {
                *lock(&self.drawn) = Some(Instant::now());
            }
            Ok(())
        };
        let timeline = &self.plan.timeline;
        let sound = (self.sound_path(), &*timeline.title);
        join::join(self.folder, &counts, timeline.fps, (&sound.0, sound.1), target, (&arrived, &self.stop))
    }

    fn segment_path(&self, index: usize) -> PathBuf {
        self.folder.join(join::segment_name(index))
    }

    fn recipe(&self, segment: &Segment) -> String {
        segment::recipe(self.plan, segment, self.options.quality, self.encoder)
    }

    fn remembered_sound(&self, cache: &Cache) -> Result<Loudness, RenderError> {
        let (path, recipe) = (self.sound_path(), sound::recipe(self.plan));
        let measures = format!("loudness of\n{recipe}");
        let failed = |error: std::io::Error| RenderError::file("can't keep in the cache", &path, &error);
        if let Some(loudness) = cache.get(&measures).and_then(|bytes| serde_json::from_slice(&bytes).ok())
            && cache.fetch(&recipe, &path).map_err(failed)?
        {
            return Ok(loudness);
        }
        let loudness = sound::make(self.plan, self.folder, &path, &self.stop)?;
        cache.keep(&recipe, &path).map_err(failed)?;
        let bytes = serde_json::to_vec(&loudness).expect("two numbers can be written");
        cache.put(&measures, &bytes).map_err(failed)?;
        Ok(loudness)
    }

    fn make_sound(&self) -> Result<(), RenderError> {
        let _span = info_span!("mix").entered();
        let begun = Instant::now();
        let loudness = match &self.cache {
            None => sound::make(self.plan, self.folder, &self.sound_path(), &self.stop)?,
            Some(cache) => self.remembered_sound(cache)?,
        };
        *lock(&self.loudness) = Some((loudness, begun.elapsed().as_secs_f64()));
        self.arrivals.arrive(self.segments.len());
        Ok(())
    }
}
