//! `shortsai render`: only the renderer, with local files.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::Context;
use model::storyboard::Storyboard;
use model::subtitles;
use render::{Flow, FolderMedia, Media, Progress, Quality, RenderError, RenderOptions, Report};

use crate::bars::Bars;
use crate::cli;
use crate::fail::INTERRUPTED;
use crate::output::{self, OutputFiles};
use crate::signal::wait_for_signal;

pub fn render(arguments: cli::Render) -> anyhow::Result<ExitCode> {
    let begun = Instant::now();
    let path = &arguments.storyboard;
    let text = std::fs::read_to_string(path).with_context(|| format!("the storyboard {} can't be read", path.display()))?;
    let storyboard = Storyboard::from_json(&text).with_context(|| path.display().to_string())?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let files = OutputFiles::plan(arguments.output.as_deref(), path, &media_of(&storyboard, folder))?;
    let options = RenderOptions {
        quality: quality(arguments.quality),
        encoder: (&arguments.encoder).into(),
        cache: arguments.cache,
        ..RenderOptions::default()
    };
    let plan = render::plan_cached(&storyboard, &FolderMedia::new(folder), &options)?;
    let report = match draw(&plan, &files, &options)? {
        Some(report) => report,
        None => {
            eprintln!("Stopped. Nothing was written.");
            return Ok(ExitCode::from(INTERRUPTED));
        }
    };
    let cues = subtitles::cues(&plan.timeline);
    output::write(&files.srt, subtitles::to_srt(&cues).as_bytes())?;
    output::write(&files.vtt, subtitles::to_vtt(&cues).as_bytes())?;
    output::write(&files.ass, subtitles::to_ass(&plan.timeline).as_bytes())?;
    output::write(&files.thumbnail, &render::thumbnail(&plan)?)?;
    for warning in &report.warnings {
        eprintln!("note: {warning}");
    }
    println!("{}", files.video.display());
    let took = begun.elapsed().as_secs_f64();
    println!("  {:.1} s long, {:.1} MB, rendered in {took:.1} s", report.seconds, report.bytes as f64 / 1e6);
    Ok(ExitCode::SUCCESS)
}

fn media_of(storyboard: &Storyboard, folder: &Path) -> Vec<PathBuf> {
    let of_scenes = storyboard.scenes.iter().flat_map(|scene| [&scene.image_url, &scene.video_url, &scene.audio_url]);
    let media = FolderMedia::new(folder);
    of_scenes.chain([&storyboard.bg_music_url]).flatten().filter_map(|name| media.path(name).ok()).collect()
}

/// Renders with a bar; `None` after a Ctrl-C.
fn draw(plan: &render::Plan, files: &OutputFiles, options: &RenderOptions) -> anyhow::Result<Option<Report>> {
    static STOP: AtomicBool = AtomicBool::new(false);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.spawn(async {
        wait_for_signal().await;
        STOP.store(true, Ordering::Relaxed);
    });
    let bars = Mutex::new(Bars::new());
    let tell = |progress: Progress| {
        if let Ok(mut bars) = bars.lock() {
            bars.video(progress.fraction);
        }
        if STOP.load(Ordering::Relaxed) { Flow::Stop } else { Flow::Continue }
    };
    let done = render::render(plan, &files.video, options, &tell);
    if let Ok(mut bars) = bars.lock() {
        bars.finish();
    }
    match done {
        Ok(report) => Ok(Some(report)),
        Err(RenderError::Stopped) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn quality(quality: cli::Quality) -> Quality {
    match quality {
        cli::Quality::Draft => Quality::Draft,
        cli::Quality::Standard => Quality::Standard,
        cli::Quality::High => Quality::High,
    }
}
