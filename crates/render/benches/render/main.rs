//! Measures the renderer against what ffmpeg alone takes and prints a table: `make bench`.
//!
//! Every time and every ratio is of this run on this machine, with what is compared run in turns. The numbers are also
//! written to a JSON file, given as the first argument. Renders are run as processes of their own, so that their memory
//! can be seen; `bench render …` is such a process.

mod ffmpeg;
mod fixture;
mod jitter;
mod process;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::Context;
use fixture::Fixture;
use model::storyboard::Storyboard;
use render::{Flow, FolderMedia, Plan, RenderOptions};
use serde_json::{Value, json};

/// How often what is compared is run in turns.
const ROUNDS: usize = 5;
/// How often ffmpeg's filters are run: they take long.
const SLOW_ROUNDS: usize = 3;
/// Scenes of the ten-minute video.
const LONG_SCENES: usize = 97;
/// The scene that is edited.
const EDITED: usize = 3;

fn main() -> anyhow::Result<()> {
    render::give_memory_back();
    // cargo adds --bench.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["render", storyboard, video, cache] => render_here(storyboard.as_ref(), video.as_ref(), Some(cache.into())),
        ["render", storyboard, video] => render_here(storyboard.as_ref(), video.as_ref(), None),
        ["fixture", folder] => keep_fixture(folder.as_ref()),
        ["jitter"] => say(&format!("{:.4} px", jitter::measure(tempfile::tempdir()?.path())?)),
        ["floor"] => floor(),
        [result] => measure(result.as_ref()),
        _ => anyhow::bail!("give the name of the JSON file for the numbers"),
    }
}

/// The fixture alone, to look at or to render by hand.
fn keep_fixture(folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)?;
    let fixture = Fixture::make(folder)?;
    fixture.storyboard("storyboard.json", 8, None)?;
    fixture.storyboard("edited.json", 8, Some(EDITED))?;
    fixture.storyboard("long.json", LONG_SCENES, None)?;
    Ok(())
}

/// One render in this process.
fn render_here(storyboard: &Path, video: &Path, cache: Option<PathBuf>) -> anyhow::Result<()> {
    let options = RenderOptions { workers: 2, cache, ..RenderOptions::default() };
    let media = FolderMedia::new(storyboard.parent().context("the storyboard is in a folder")?);
    let begun = Instant::now();
    let plan = render::plan_cached(&read(storyboard)?, &media, &options)?;
    let planned = begun.elapsed().as_secs_f64();
    let report = render::render(&plan, video, &options, &|_| Flow::Continue)?;
    say(&format!("planning {planned:.3} s, then {:.3?}", report.stage_seconds))
}

fn read(storyboard: &Path) -> anyhow::Result<Storyboard> {
    Ok(Storyboard::from_json(&std::fs::read_to_string(storyboard)?)?)
}

fn plan(storyboard: &Path) -> anyhow::Result<Plan> {
    let media = FolderMedia::new(storyboard.parent().context("the storyboard is in a folder")?);
    Ok(render::plan(&read(storyboard)?, &media)?)
}

/// Only the ratio that changes of the renderer move most, in less time.
fn floor() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    let storyboard = Fixture::make(folder)?.storyboard("storyboard.json", 8, None)?;
    let (raw, drawing) = ffmpeg::RawFrames::draw(&plan(&storyboard)?, folder)?;
    say(&format!("drawing takes {drawing:.2} processor s"))?;
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        let (floor, whole) = (raw.encode(folder)?, render_apart(&storyboard, folder, None)?);
        let processor = (floor.processor, whole.processor);
        say(&format!("encoder alone {:.2} s, render {:.2} s, processor {processor:.2?} s", floor.seconds, whole.seconds))?;
        say(&format!("memory {:.0} MB", whole.proportional))?;
        ratios.push(whole.seconds / floor.seconds);
    }
    say(&format!("whole render ÷ encoder alone {:.3}", median(ratios)))
}

/// A render in a process of its own.
fn render_apart(storyboard: &Path, folder: &Path, cache: Option<&Path>) -> anyhow::Result<process::Cost> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("render").arg(storyboard).arg(folder.join("video.mp4")).args(cache);
    process::run(vec![command])
}

fn measure(result: &Path) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    say("making the fixture")?;
    let fixture = Fixture::make(folder)?;
    let storyboard = fixture.storyboard("storyboard.json", 8, None)?;
    let edited = fixture.storyboard("edited.json", 8, Some(EDITED))?;
    let plan = plan(&storyboard)?;
    let (raw, drawing) = ffmpeg::RawFrames::draw(&plan, folder)?;
    let compared = compare(&fixture, &storyboard, &plan, &raw, folder)?;
    let (edits, nothing) = again(&storyboard, &edited, folder)?;
    say("a ten-minute video")?;
    let long = render_apart(&fixture.storyboard("long.json", LONG_SCENES, None)?, folder, None)?;
    say("the camera's path")?;
    let jitter = jitter::measure(folder)?;
    let preview = preview(&storyboard)?;
    let whole = compared.whole;
    let numbers = json!({
        "video_seconds": plan.timeline.seconds(),
        "cores": std::thread::available_parallelism()?.get(),
        "render_seconds": whole.seconds,
        "render_per_video_second": whole.seconds / plan.timeline.seconds(),
        "vs_encode_floor": compared.floor_ratio,
        "vs_ffmpeg_cli": compared.command_line / whole.seconds,
        "compositor_cpu_share": drawing / whole.processor,
        "compositor_ms_per_frame": drawing * 1000.0 / plan.timeline.frame_count() as f64,
        "one_scene_edit_ratio": edits / whole.seconds,
        "no_change_seconds": nothing,
        // Resident memory of all processes together: a page that several share is there once.
        "peak_rss_mb": whole.proportional,
        "peak_rss_10min_mb": long.proportional,
        "peak_rss_sum_mb": whole.resident,
        "peak_rss_sum_10min_mb": long.resident,
        "long_render_seconds": long.seconds,
        "jitter_px_rms": jitter,
        "preview_seconds": preview,
    });
    if let Some(folder) = result.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(result, serde_json::to_vec_pretty(&numbers)?)?;
    table(&numbers)?;
    say(&format!("written to {}", result.display()))
}

/// What renders and their counterparts took in the same minutes.
struct Compared {
    /// The median in time, with the most memory of any.
    whole: process::Cost,
    /// The median of whole render to encoder alone, round by round.
    floor_ratio: f64,
    /// Median seconds of ffmpeg's filters.
    command_line: f64,
}

fn compare(fixture: &Fixture, path: &Path, plan: &Plan, raw: &ffmpeg::RawFrames, folder: &Path) -> anyhow::Result<Compared> {
    let storyboard = read(path)?;
    let (mut renders, mut ratios, mut command_lines) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let floor = raw.encode(folder)?;
        let whole = render_apart(path, folder, None)?;
        say(&format!("round {}: encoder alone {:.2} s, render {:.2} s", round + 1, floor.seconds, whole.seconds))?;
        ratios.push(whole.seconds / floor.seconds);
        renders.push(whole);
        if round < SLOW_ROUNDS {
            let seconds = ffmpeg::command_line(fixture, &storyboard, plan, folder)?;
            say(&format!("round {}: ffmpeg's filters {seconds:.2} s", round + 1))?;
            command_lines.push(seconds);
        }
    }
    renders.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    let most = |of: fn(&process::Cost) -> f64| renders.iter().map(of).fold(0.0, f64::max);
    let mut whole = renders[ROUNDS / 2];
    (whole.resident, whole.proportional) = (most(|cost| cost.resident), most(|cost| cost.proportional));
    Ok(Compared { whole, floor_ratio: median(ratios), command_line: median(command_lines) })
}

/// Seconds of a render with one scene changed, and with nothing changed: medians.
fn again(storyboard: &Path, edited: &Path, folder: &Path) -> anyhow::Result<(f64, f64)> {
    let (mut edits, mut nothing) = (Vec::new(), Vec::new());
    for _ in 0..SLOW_ROUNDS {
        let cache = tempfile::tempdir_in(folder)?;
        render_apart(storyboard, folder, Some(cache.path()))?;
        nothing.push(render_apart(storyboard, folder, Some(cache.path()))?.seconds);
        edits.push(render_apart(edited, folder, Some(cache.path()))?.seconds);
        nothing.push(render_apart(storyboard, folder, Some(cache.path()))?.seconds);
        nothing.push(render_apart(edited, folder, Some(cache.path()))?.seconds);
    }
    say("edits measured")?;
    Ok((median(edits), median(nothing)))
}

/// Seconds from a storyboard to the first frame of a 540×960 preview.
fn preview(storyboard: &Path) -> anyhow::Result<f64> {
    let mut seconds = Vec::new();
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let media = FolderMedia::new(storyboard.parent().context("the storyboard is in a folder")?);
        render::preview(&read(storyboard)?, &media, 0.0)?;
        seconds.push(begun.elapsed().as_secs_f64());
    }
    Ok(median(seconds))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn say(text: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout(), "{text}")?)
}

fn table(numbers: &Value) -> anyhow::Result<()> {
    let rows: [(&str, &str, &str, f64); 9] = [
        ("whole render ÷ encoder alone", "vs_encode_floor", "≤", 1.15),
        ("ffmpeg's filters ÷ whole render", "vs_ffmpeg_cli", "≥", 2.0),
        ("compositor and captions, share of processor time", "compositor_cpu_share", "≤", 0.06),
        ("one of eight scenes changed ÷ whole render", "one_scene_edit_ratio", "≤", 0.22),
        ("nothing changed, seconds", "no_change_seconds", "≤", 0.5),
        ("peak memory, all processes, MB", "peak_rss_mb", "≤", 400.0),
        ("peak memory of ten minutes, MB", "peak_rss_10min_mb", "≤", 450.0),
        ("jitter of zoom and pan, pixels RMS", "jitter_px_rms", "≤", 0.02),
        ("first frame of a 540×960 preview, seconds", "preview_seconds", "≤", 0.3),
    ];
    let mut out = std::io::stdout().lock();
    let seconds = numbers["render_per_video_second"].as_f64().unwrap_or(0.0);
    writeln!(out, "\n{seconds:.3} s per second of video, {} cores\n", numbers["cores"])?;
    for (name, key, sign, bar) in rows {
        let value = numbers[key].as_f64().unwrap_or(f64::NAN);
        let met = if sign == "≤" { value <= bar } else { value >= bar };
        writeln!(out, "{} {name:<52} {value:>9.3}   {sign} {bar}", if met { "✓" } else { "✗" })?;
    }
    Ok(())
}
