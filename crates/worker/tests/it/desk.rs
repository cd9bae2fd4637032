//! Objects, a storyboard of them, and workers that can be called.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use assets::{Assets, FetchSettings, Fetcher, Place};
use axum::Router;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use image::{ImageFormat, Rgb, RgbImage};
use model::storyboard::Storyboard;
use model::trace::Propagation;
use secrecy::SecretString;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use worker::dispatch::{DispatchSettings, Dispatcher, Identity, TargetSettings};
use worker::{Service, ServiceSettings, WorkerOptions};

pub const SECRET: &str = "a secret that is long enough";

pub fn clock() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).expect("a time of our days")
}

/// What all workers of a test share, and a folder for each.
pub struct Desk {
    pub assets: Assets,
    folder: TempDir,
    pictures: Vec<String>,
    sound: String,
}

/// A worker at an address.
pub struct Worker {
    pub service: Service,
    pub address: SocketAddr,
    /// Breaks all its connections.
    pub cut: CancellationToken,
}

impl Worker {
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Desk {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let assets = Assets::folder(&folder.path().join("objects"))
            .expect("a folder of objects")
            .with_links("https://api.example", SecretString::from("a secret of links".to_owned()));
        let mut pictures = Vec::new();
        for seed in 1..=4u32 {
            let picture = RgbImage::from_fn(120, 200, |x, y| Rgb([(x * seed) as u8, (y * 3) as u8, ((x + y) * seed / 2) as u8]));
            let mut png = std::io::Cursor::new(Vec::new());
            picture.write_to(&mut png, ImageFormat::Png).expect("a picture is encoded");
            let stored = assets.put(Place::SceneImages, Bytes::from(png.into_inner())).await.expect("stores");
            pictures.push(stored.key);
        }
        let spec =
            hound::WavSpec { channels: 1, sample_rate: 16_000, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
        let mut wav = std::io::Cursor::new(Vec::new());
        let mut writer = hound::WavWriter::new(&mut wav, spec).expect("a WAV");
        for index in 0..16_000 {
            let sample = (f64::from(index) * 0.13).sin() * 9000.0;
            writer.write_sample(sample as i16).expect("a sample");
        }
        writer.finalize().expect("a whole WAV");
        let sound = assets.put(Place::SceneAudio, Bytes::from(wav.into_inner())).await.expect("stores").key;
        Self { assets, folder, pictures, sound }
    }

    /// A file in the folder of objects.
    pub fn object(&self, name: &str) -> PathBuf {
        self.folder.path().join("objects").join(name)
    }

    /// The names of the segments that all workers have in common.
    pub fn shared_segments(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.object("cache")).expect("there is a cache");
        let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
        names.filter(|name| name.starts_with("segment-")).collect()
    }

    /// Of some scenes of that many seconds; the first one is spoken.
    pub fn payload(&self, scenes: usize, seconds: f64) -> Value {
        let scenes: Vec<Value> = (0..scenes)
            .map(|index| {
                let picture = &self.pictures[index % self.pictures.len()];
                match index {
                    0 => json!({ "imageUrl": picture, "audioUrl": self.sound, "narration": "Hello there", "duration": 5,
                        "wordTimings": [{ "word": "Hello", "start": 0.1, "end": 0.4 }, { "word": "there", "start": 0.5, "end": 0.9 }] }),
                    _ => json!({ "imageUrl": picture, "duration": seconds }),
                }
            })
            .collect();
        json!({ "projectId": "p", "size": { "width": 90, "height": 160 }, "fps": 24, "scenes": scenes })
    }

    pub fn storyboard(&self, scenes: usize, seconds: f64) -> Storyboard {
        Storyboard::from_json(&self.payload(scenes, seconds).to_string()).expect("a storyboard")
    }

    /// A worker with places for so many jobs, and for so many that wait.
    pub async fn worker(&self, name: &str, jobs_at_once: usize, waiting: usize) -> Worker {
        self.worker_with(name, (jobs_at_once, waiting), FetchSettings::default()).await
    }

    /// One that fetches from so many more places.
    pub async fn worker_with(&self, name: &str, (jobs_at_once, waiting): (usize, usize), fetch: FetchSettings) -> Worker {
        let settings = ServiceSettings {
            secret: SecretString::from(SECRET.to_owned()),
            options: WorkerOptions { fetcher: Some(Fetcher::new(fetch)), ..self.options(name, true) },
            jobs_at_once,
            waiting,
            version: "1.2.3",
            propagation: Propagation::OFF,
            clock,
        };
        let service = Service::new(self.assets.clone(), settings);
        let (address, cut) = listen(service.router()).await;
        Worker { service, address, cut }
    }

    pub fn options(&self, name: &str, shared: bool) -> WorkerOptions {
        let folder = self.folder.path().join(name);
        WorkerOptions {
            cache: Some(folder.join("segments")),
            temp_dir: Some(folder.join("work")),
            workers: 1,
            shared,
            ..WorkerOptions::default()
        }
    }

    pub fn dispatcher(&self, workers: &[SocketAddr], settings: impl FnOnce(&mut DispatchSettings)) -> Dispatcher {
        let target = |address: &SocketAddr| TargetSettings {
            url: format!("http://{address}").parse().expect("an address"),
            asynchronous: false,
            identity: false,
        };
        let mut dispatch = DispatchSettings {
            propagation: Propagation::OFF,
            targets: workers.iter().map(target).collect(),
            secret: SecretString::from(SECRET.to_owned()),
            identity: Identity::Metadata("127.0.0.1:1".to_owned()),
            webhook_url: None,
            fan_out: 1,
            options: self.options("caller", false),
            clock,
        };
        settings(&mut dispatch);
        Dispatcher::new(self.assets.clone(), dispatch)
    }
}

/// Serves on a free port; the token breaks all connections, as if the machine were gone.
pub async fn listen(router: Router) -> (SocketAddr, CancellationToken) {
    listen_with(|_| router).await
}

/// The same for a router that knows its address.
pub async fn listen_with(router: impl FnOnce(SocketAddr) -> Router) -> (SocketAddr, CancellationToken) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let router = router(address);
    let cut = CancellationToken::new();
    let runtime = cut.clone();
    // A runtime of its own: with it go all its connections.
    std::thread::spawn(move || {
        let runtime_of_server =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let listener = runtime_of_server.block_on(async { TcpListener::from_std(listener.into_std()?) }).expect("a listener");
        runtime_of_server.spawn(async move { axum::serve(listener, router).await });
        runtime_of_server.block_on(runtime.cancelled());
        runtime_of_server.shutdown_background();
    });
    (address, cut)
}

/// Waits for something that another task does; the limit is far beyond what it takes.
pub async fn soon<T>(what: &str, wait: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), wait).await.unwrap_or_else(|_| panic!("waited too long for {what}"))
}

pub fn nothing_told() -> Arc<dyn Fn(f64) + Send + Sync> {
    Arc::new(|_| ())
}
