//! A running engine whose tasks do nothing.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use assets::Assets;
use async_trait::async_trait;
use engine::{Engine, EngineSettings, RenderFailure, RenderJob, Renderer};
use model::caption::WordTiming;
use model::project::{Asset, RenderOutput};
use model::task::{Product, TaskKind};
use model::trace::Propagation;
use providers::abilities::{Abilities, nobody};
use store::Store;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::database::now;

/// Tasks that were performed.
static PERFORMED: AtomicUsize = AtomicUsize::new(0);

/// Tasks a second through one engine, until all of them are finished.
pub async fn throughput(store: &Store, tasks: usize) -> f64 {
    let settings = EngineSettings {
        worker: "bench".to_owned(),
        only: None,
        lease: Duration::from_secs(60),
        media_at_once: 64,
        renders_at_once: 1,
        limits: HashMap::new(),
        grace: Duration::from_secs(5),
    };
    let abilities = Abilities {
        scripts: nobody(),
        images: nobody(),
        speech: nobody(),
        align: nobody(),
        clips: nobody(),
        music: nobody(),
        describers: nobody(),
        portraitists: nobody(),
        fallback: false,
        speech_speed: 1.0,
    };
    let (store, assets, renderer) = (store.clone(), Assets::memory(), Arc::new(Nothing));
    let engine = Engine {
        store,
        assets,
        vendors: Arc::new(abilities),
        processors: Semaphore::new(1),
        renderer,
        prices: Arc::default(),
        settings,
        propagation: Propagation::OFF,
        clock: now,
        jitter: || 0.5,
        checkpoint: |_, _| (),
    };
    let stop = CancellationToken::new();
    PERFORMED.store(0, Ordering::Relaxed);
    let begun = Instant::now();
    let running = tokio::spawn(engine::run_with(
        Arc::new(engine),
        |_, lease, _| {
            PERFORMED.fetch_add(1, Ordering::Relaxed);
            Box::pin(std::future::ready(Ok(product(lease.target.kind))))
        },
        stop.clone(),
    ));
    while PERFORMED.load(Ordering::Relaxed) < tasks {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    // It ends when the last ones are stored.
    stop.cancel();
    running.await.expect("the engine ends cleanly").expect("an engine for all projects has no trouble");
    tasks as f64 / begun.elapsed().as_secs_f64()
}

/// What such a task would have made.
pub fn product(kind: TaskKind) -> Product {
    let asset = |media_type: &str| Asset {
        key: "scenes/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef".to_owned(),
        media_type: media_type.to_owned(),
        bytes: 123_456,
        made_by: "bench/1".to_owned(),
        credit: None,
    };
    let word =
        |number: u32| WordTiming { word: "word".to_owned(), start: f64::from(number) / 3.0, end: f64::from(number + 1) / 3.0 };
    match kind {
        TaskKind::Speak => Product::Speech { asset: asset("audio/wav"), seconds: 5.0, words: Some((0..15).map(word).collect()) },
        TaskKind::ComposeMusic => Product::Music(asset("audio/wav")),
        _ => Product::Image(asset("image/jpeg")),
    }
}

struct Nothing;

#[async_trait]
impl Renderer for Nothing {
    async fn render(
        &self,
        _: RenderJob,
        _: Arc<dyn Fn(f64) + Send + Sync>,
        _: CancellationToken,
    ) -> Result<RenderOutput, RenderFailure> {
        Err(RenderFailure::Cancelled)
    }
}
