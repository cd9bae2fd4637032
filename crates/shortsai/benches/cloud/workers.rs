//! One render by one worker of two processors, by two of one, and after an edit by another one.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, ensure};
use assets::{Assets, Place};
use chrono::DateTime;
use model::project::RenderOutput;
use model::storyboard::Storyboard;
use secrecy::SecretString;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use worker::WorkerOptions;
use worker::dispatch::{DispatchSettings, Dispatcher, Identity, TargetSettings};

use crate::process::{Process, SECRET};
use crate::{Figures, media, median};

const SCENES: u32 = 8;
const ROUNDS: u32 = 3;

pub async fn measure(figures: &mut Figures) -> anyhow::Result<()> {
    println!("{SCENES} scenes of about 4 s, 1080x1920:");
    let (mut shared_out, mut edits) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let folder = tempfile::tempdir()?;
        let (whole, video) = render(folder.path(), "whole", &[2], 1, round).await?;
        let (parts, other) = render(folder.path(), "parts", &[1, 1], 2, round).await?;
        ensure!(video == other, "the frames differ");
        // The bucket is warm; the worker is another one.
        let objects = folder.path().join("whole/objects");
        let worker = Process::worker(&folder.path().join("edit"), &objects, 2)?;
        let assets = Assets::folder(&objects)?;
        let edited = storyboard(&assets, round, Some(3)).await?;
        let begun = Instant::now();
        send(&assets, std::slice::from_ref(&worker.url), 1, "edited", &edited).await?;
        let edit = begun.elapsed().as_secs_f64();
        println!("    whole {whole:.2} s, by two {parts:.2} s, after an edit {edit:.2} s");
        shared_out.push(parts / whole);
        edits.push(edit / whole);
    }
    figures.note("fanout_vs_local", median(shared_out));
    figures.note("shared_cache_edit_ratio", median(edits));
    Ok(())
}

/// Renders with fresh workers and an empty bucket; answers the seconds, and the video's key, which names its content.
async fn render(folder: &Path, name: &str, processors: &[usize], fan_out: usize, round: u32) -> anyhow::Result<(f64, String)> {
    let objects = folder.join(name).join("objects");
    let assets = Assets::folder(&objects)?;
    let storyboard = storyboard(&assets, round, None).await?;
    let started: anyhow::Result<Vec<Process>> = processors
        .iter()
        .enumerate()
        .map(|(index, processors)| Process::worker(&folder.join(format!("{name}{index}")), &objects, *processors))
        .collect();
    let workers = started?;
    let urls: Vec<String> = workers.iter().map(|worker| worker.url.clone()).collect();
    let begun = Instant::now();
    let output = send(&assets, &urls, fan_out, name, &storyboard).await?;
    Ok((begun.elapsed().as_secs_f64(), output.video))
}

async fn send(
    assets: &Assets,
    urls: &[String],
    fan_out: usize,
    id: &str,
    storyboard: &Storyboard,
) -> anyhow::Result<RenderOutput> {
    let target = |url: &String| anyhow::Ok(TargetSettings { url: url.parse()?, asynchronous: false, identity: false });
    let settings = DispatchSettings {
        targets: urls.iter().map(target).collect::<Result<_, _>>()?,
        secret: SecretString::from(SECRET),
        identity: Identity::Metadata("127.0.0.1:1".to_owned()),
        webhook_url: None,
        fan_out,
        options: WorkerOptions::default(),
        propagation: model::trace::Propagation::OFF,
        clock: || DateTime::UNIX_EPOCH,
    };
    let dispatcher = Dispatcher::new(assets.clone(), settings);
    let output = dispatcher.render((id, "p"), storyboard, Arc::new(|_| ()), &CancellationToken::new()).await;
    output.map_err(|undone| anyhow::anyhow!("not rendered: {undone:?}"))
}

async fn storyboard(assets: &Assets, round: u32, edited: Option<u32>) -> anyhow::Result<Storyboard> {
    let mut scenes = Vec::new();
    for scene in 0..SCENES {
        let seed = round * 100 + scene;
        let changed = if edited == Some(scene) { 50 } else { 0 };
        let picture = assets.put(Place::SceneImages, media::picture(1200, 2100, seed + changed)?.into()).await?.key;
        let sound = assets.put(Place::SceneAudio, media::sound(3.6 + f64::from(scene % 3) * 0.4, seed)?.into()).await?.key;
        let word = |index: u32| json!({ "word": format!("word{index}"), "start": f64::from(index) * 0.4, "end": f64::from(index) * 0.4 + 0.35 });
        scenes.push(json!({ "imageUrl": picture, "audioUrl": sound, "wordTimings": (0..8).map(word).collect::<Vec<_>>(), "transition": "crossfade" }));
    }
    Storyboard::from_json(&json!({ "scenes": scenes }).to_string()).context("the storyboard")
}
