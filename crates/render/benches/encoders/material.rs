//! What is encoded: raw frames as the renderer gives them to its encoder, of four kinds of pictures and of transitions.
//!
//! Each is made of stretches that are segments in a render: two seconds from the middle of scenes, or a transition.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use image::{Rgb, RgbImage};
use render::{Flow, FolderMedia};
use serde_json::{Value, json};

use crate::encoder;

/// Width and height in pixels.
pub const SIZE: (u32, u32) = (1080, 1920);
/// Frames per second.
pub const FPS: u32 = 30;
/// Seconds of a scene, and where in it the two seconds begin.
const SCENE_SECONDS: f64 = 6.0;
const STRETCH_BEGINS: f64 = 2.0;
const WORDS: [&str; 8] = ["Nobody", "expected", "the", "quiet", "harbour", "to", "wake", "early."];

/// A kind of pictures.
pub struct Material {
    pub name: &'static str,
    /// A file of I420 frames.
    pub raw: PathBuf,
    pub frames: u64,
    /// Frames of each stretch, which begins with a keyframe.
    pub stretch: u64,
}

impl Material {
    /// Its length.
    pub fn seconds(&self) -> f64 {
        self.frames as f64 / f64::from(FPS)
    }
}

/// Makes all of them in `folder`.
pub fn all(folder: &Path) -> anyhow::Result<Vec<Material>> {
    let photographs = ["astronaut.png", "rocket.jpg"];
    for name in ["astronaut.png", "rocket.jpg", "chelsea.png"] {
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/photos");
        std::fs::copy(examples.join(name), folder.join(name)).with_context(|| format!("examples/photos/{name}"))?;
    }
    for number in 0..2 {
        poster(number).save(folder.join(format!("poster{number}.png")))?;
        grain(number).save(folder.join(format!("grain{number}.png")))?;
    }
    moving(folder, "astronaut.png", "rocket.jpg", "clip0.mp4")?;
    moving(folder, "chelsea.png", "astronaut.png", "clip1.mp4")?;
    let middle = (STRETCH_BEGINS, 2 * u64::from(FPS));
    Ok(vec![
        draw(folder, ("photographs", &photographs), middle)?,
        draw(folder, ("posters", &["poster0.png", "poster1.png"]), middle)?,
        draw(folder, ("grain", &["grain0.png", "grain1.png"]), middle)?,
        draw(folder, ("clips", &["clip0.mp4", "clip1.mp4"]), middle)?,
        draw(folder, ("transitions", &["chelsea.png", "poster0.png", "rocket.jpg", "astronaut.png"]), (0.0, 15))?,
    ])
}

/// So many frames of a scene of each file, from a time on, with captions, one after the other.
fn draw(folder: &Path, (name, files): (&'static str, &[&str]), (from, stretch): (f64, u64)) -> anyhow::Result<Material> {
    let motions = ["zoomIn", "panLeft", "zoomOut"];
    let transitions = ["fadeBlack", "crossfade", "slide", "zoomThrough"];
    let scenes: Vec<Value> = files
        .iter()
        .zip(motions.iter().cycle().zip(transitions))
        .map(|(file, (motion, transition))| {
            let words: Vec<Value> = (0..16)
                .map(|index| json!({ "word": WORDS[index % 8], "start": index as f64 * 0.36, "end": index as f64 * 0.36 + 0.3 }))
                .collect();
            let field = if file.ends_with(".mp4") { "videoUrl" } else { "imageUrl" };
            json!({ field: file, "duration": SCENE_SECONDS, "motion": motion, "transition": transition, "wordTimings": words })
        })
        .collect();
    let storyboard = model::storyboard::Storyboard::from_json(&json!({ "fps": FPS, "scenes": scenes }).to_string())?;
    let plan = render::plan(&storyboard, &FolderMedia::new(folder))?;
    let raw = folder.join(format!("{name}.yuv"));
    let mut out = BufWriter::new(File::create(&raw)?);
    for scene in 0..files.len() {
        let first = ((scene as f64 * SCENE_SECONDS + from) * f64::from(FPS)) as u64;
        let mut failed = None;
        let drawn = render::raw_frames(&plan, first..first + stretch, &mut |frame| match out.write_all(frame) {
            Ok(()) => Flow::Continue,
            Err(error) => {
                failed = Some(error);
                Flow::Stop
            }
        });
        drawn.map_err(|error| failed.map_or_else(|| anyhow::Error::new(error), anyhow::Error::new))?;
    }
    out.flush()?;
    Ok(Material { name, raw, frames: stretch * files.len() as u64, stretch })
}

/// Flat shapes with hard edges, big letter-like forms, and dark and light gradients: what generators of flat art draw.
fn poster(number: u32) -> RgbImage {
    RgbImage::from_fn(1200, 2000, |x, y| {
        let (u, v) = (f64::from(x) / 1200.0, f64::from(y) / 2000.0);
        // A dark gradient behind everything, as skies have.
        let mut colour = [10.0 + 30.0 * v, 12.0 + 14.0 * v, 40.0 + 60.0 * v * v];
        let sun = (u - 0.5).hypot((v - 0.35) * 1.667);
        if sun < 0.28 {
            colour = [250.0 - sun * 160.0, 190.0 - sun * 300.0, 90.0];
        }
        let hills = 0.62 + 0.05 * (u * 9.0 + f64::from(number)).sin() + 0.02 * (u * 31.0).sin();
        if v > hills {
            colour = if number == 0 { [24.0, 70.0, 72.0] } else { [92.0, 34.0, 60.0] };
        }
        // Strokes on a grid: forms with the edges of letters.
        let (column, row) = ((u * 9.0) as u32, (v * 15.0) as u32);
        let (across, down) = ((u * 9.0).fract(), (v * 15.0).fract());
        let stroke = match (column * 7 + row * 5 + number) % 4 {
            0 => (0.2..0.36).contains(&across),
            1 => (0.6..0.74).contains(&down),
            2 => (across - down).abs() < 0.1,
            _ => ((across - 0.5).hypot(down - 0.5) - 0.3).abs() < 0.07,
        };
        if (10..13).contains(&row) && (1..8).contains(&column) && stroke {
            colour = [244.0, 240.0, 228.0];
        }
        Rgb(colour.map(|value| value as u8))
    })
}

/// Waves of many sizes under a fine grain, as film and sensors have it.
fn grain(number: u32) -> RgbImage {
    RgbImage::from_fn(1200, 2000, |x, y| {
        let (u, v) = (f64::from(x) / 1200.0, f64::from(y) / 1200.0);
        let mut height = 0.0;
        for octave in 0..6 {
            let size = 2.3f64.powi(octave);
            let angle = f64::from(number) * 1.7 + f64::from(octave) * 2.1;
            height += ((angle.cos() * u + angle.sin() * v) * size * 11.0).sin() / size.powf(0.8);
        }
        let hash = x.wrapping_mul(0x9e37_79b1) ^ y.wrapping_mul(0x85eb_ca77) ^ number.wrapping_mul(0xc2b2_ae3d);
        let grain = f64::from((hash ^ hash >> 15).wrapping_mul(0x2c1b_3c6d) >> 24) / 255.0 - 0.5;
        let level = (0.4 + height * 0.2 + grain * 0.08).clamp(0.0, 1.0);
        Rgb([30.0, 40.0, 60.0].map(|dark: f64| (dark + level * (225.0 - dark)) as u8))
    })
}

/// Eight seconds of a moving camera over one photograph and then, with a hard cut, over another, under a fractal and noise.
fn moving(folder: &Path, first: &str, second: &str, clip: &str) -> anyhow::Result<()> {
    let mut command = encoder::ffmpeg();
    command.args(["-loglevel", "error"]);
    for photograph in [first, second] {
        command.args(["-loop", "1", "-framerate", "30", "-i"]).arg(folder.join(photograph));
    }
    let camera = "scale=1200:1800:force_original_aspect_ratio=increase,\
        crop=720:1280:x='(iw-ow)/2*(1+sin(t*1.3))':y='(ih-oh)/2*(1+sin(t*0.9))'";
    let filter = format!(
        "[0:v]{camera},trim=end=3,setsar=1,format=yuv420p[a];[1:v]{camera},trim=end=5,setsar=1,format=yuv420p[b];\
         [a][b]concat=n=2[camera];mandelbrot=s=720x1280:r=30,format=yuv420p[fractal];\
         [camera][fractal]blend=all_mode=screen:all_opacity=0.25,noise=alls=5:allf=t:all_seed=7,format=yuv420p[out]"
    );
    command.args(["-filter_complex", &filter, "-map", "[out]", "-t", "8", "-c:v", "libx264", "-preset", "veryfast"]);
    let status = command.args(["-crf", "14"]).arg(folder.join(clip)).status().context("starting ffmpeg")?;
    ensure!(status.success(), "making {clip}: {status}");
    Ok(())
}
