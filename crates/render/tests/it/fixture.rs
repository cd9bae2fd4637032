//! Small made-up media: textured pictures, tones and clips in a folder of their own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use image::{Rgb, RgbImage};
use model::storyboard::Storyboard;
use render::{Flow, FolderMedia, Plan, RenderError, RenderOptions, Report, SharedCache};
use tempfile::TempDir;

/// A folder with `a.png`, `b.jpg`, `c.png`, `one.wav`, `two.wav`, `music.wav`, and an empty `out` and `work`.
pub struct Fixture {
    pub folder: TempDir,
}

impl Fixture {
    pub fn new() -> Self {
        let fixture = Self::empty();
        for (name, seed) in [("a.png", 3), ("b.jpg", 5), ("c.png", 7)] {
            let picture = RgbImage::from_fn(220, 300, |x, y| {
                Rgb([(x * seed) as u8 / 2 + 60, (y * 2) as u8 / 2, ((x + y) * seed / 3) as u8])
            });
            picture.save(fixture.path(name)).expect("saves a picture");
        }
        fixture.tone("one.wav", 22_050, 2.5, 300.0, 0.1);
        fixture.tone("two.wav", 48_000, 1.37, 500.0, 0.6);
        fixture.tone("music.wav", 44_100, 1.1, 200.0, 0.3);
        fixture
    }

    /// A folder with an empty `out` and `work` only.
    pub fn empty() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in ["out", "work"] {
            std::fs::create_dir(folder.path().join(name)).expect("makes a folder");
        }
        Self { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A tone from its first sample to its last.
    pub fn tone(&self, name: &str, rate: u32, seconds: f64, frequency: f64, level: f64) {
        let spec =
            hound::WavSpec { channels: 1, sample_rate: rate, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
        let mut wav = hound::WavWriter::create(self.path(name), spec).expect("creates a WAV");
        for index in 0..(seconds * f64::from(rate)) as u32 {
            let angle = f64::from(index) / f64::from(rate) * frequency * std::f64::consts::TAU;
            wav.write_sample((angle.cos() * level * 32_000.0) as i16).expect("writes a sample");
        }
        wav.finalize().expect("finishes the WAV");
    }

    /// A storyboard of 180×320 with the given scenes and further fields, as JSON without braces.
    pub fn storyboard(&self, scenes: &str, more: &str) -> Storyboard {
        let json = format!(r#"{{"title":"A “test”: 100 %","size":{{"width":180,"height":320}},"scenes":[{scenes}]{more}}}"#);
        Storyboard::from_json(&json).expect("a valid storyboard")
    }

    pub fn plan(&self, scenes: &str, more: &str) -> Result<Plan, RenderError> {
        render::plan(&self.storyboard(scenes, more), &FolderMedia::new(self.folder.path()))
    }

    /// A plan of one or more scenes in another size.
    pub fn plan_sized(&self, (width, height): (u32, u32), scenes: &str) -> Result<Plan, RenderError> {
        let json = format!(r#"{{"size":{{"width":{width},"height":{height}}},"scenes":[{scenes}]}}"#);
        let storyboard = Storyboard::from_json(&json)?;
        render::plan(&storyboard, &FolderMedia::new(self.folder.path()))
    }

    pub fn options(&self) -> RenderOptions {
        RenderOptions { temp_dir: Some(self.path("work")), ..RenderOptions::default() }
    }

    /// Renders to `out/video.mp4`.
    pub fn render(&self, plan: &Plan, options: &RenderOptions) -> Report {
        render::render(plan, &self.path("out/video.mp4"), options, &|_| Flow::Continue).expect("renders")
    }

    /// The names in a folder of the fixture.
    pub fn names(&self, folder: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.path(folder)).expect("lists the folder");
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
    }
}

/// A cache that all have in common, in memory.
#[derive(Debug, Default)]
pub struct Bucket(Mutex<BTreeMap<String, Vec<u8>>>);

impl SharedCache for Bucket {
    fn get(&self, name: &str) -> Option<Vec<u8>> {
        self.0.lock().expect("no panic").get(name).cloned()
    }

    fn put(&self, name: &str, bytes: Vec<u8>) {
        self.0.lock().expect("no panic").insert(name.to_owned(), bytes);
    }
}

/// Whether this ffmpeg can encode so; if not, the test's output says what is left out.
#[expect(clippy::print_stderr, reason = "a test that leaves something out must say so")]
pub fn has_encoder(name: &str) -> bool {
    let list = String::from_utf8(run("ffmpeg", &["-v", "error", "-encoders"])).expect("text");
    let found = list.lines().any(|line| line.split_whitespace().nth(1) == Some(name));
    if !found {
        eprintln!("this ffmpeg has no encoder {name}: left out");
    }
    found
}

/// Runs a program and answers its stdout.
pub fn run(program: &str, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(program).args(arguments).output().expect("the program is installed");
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// ffprobe's answer as `key=value` lines.
pub fn probe(video: &Path, arguments: &[&str]) -> String {
    let mut all = vec!["-v", "error", "-of", "default=noprint_wrappers=1"];
    all.extend(arguments);
    all.push(video.to_str().expect("a plain path"));
    String::from_utf8(run("ffprobe", &all)).expect("text")
}

/// The sound of a video as 48 kHz stereo.
pub fn sound(video: &Path) -> Vec<f32> {
    let path = video.to_str().expect("a plain path");
    let bytes = run("ffmpeg", &["-v", "error", "-i", path, "-f", "f32le", "-ac", "2", "-ar", "48000", "-"]);
    bytes.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().expect("four bytes"))).collect()
}
