//! How exactly the camera moves: displacement measured on rendered frames, without knowing how they were made.

use std::f64::consts::TAU;
use std::path::Path;

use image::{Rgb, RgbImage};
use model::storyboard::Storyboard;
use render::{Flow, FolderMedia};

/// Frames of the measured scene, and every how many of them are looked at.
const FRAMES: u64 = 180;
const STEP: u64 = 4;
/// The degree of the smooth curve that the picture's place over time is compared with.
const DEGREE: usize = 7;
const SIZE: usize = 1080;

/// Periods of the waves across and down, in pixels of the picture.
const PERIODS: [f64; 2] = [61.0, 67.0];

fn waves(x: f64, y: f64) -> f64 {
    120.0 + 50.0 * (x / PERIODS[0] * TAU).sin() + 40.0 * (y / PERIODS[1] * TAU).sin()
}

/// The worst motion's deviation from a smooth path, in pixels: root mean square over time, of both directions together.
pub fn measure(folder: &Path) -> anyhow::Result<f64> {
    let side = SIZE as u32 * 9 / 8;
    let picture = RgbImage::from_fn(side, side, |x, y| Rgb([waves(f64::from(x) + 0.5, f64::from(y) + 0.5).round() as u8; 3]));
    picture.save(folder.join("waves.png"))?;
    let mut worst = 0.0f64;
    for motion in ["zoomIn", "zoomOut", "panLeft", "panRight", "panUp", "panDown", "drift"] {
        let json = format!(
            r#"{{"size":{{"width":{SIZE},"height":{SIZE}}},"scenes":[{{"imageUrl":"waves.png","duration":6,"motion":"{motion}"}}]}}"#
        );
        let plan = render::plan(&Storyboard::from_json(&json)?, &FolderMedia::new(folder))?;
        // Where the first and the last pixel of the frame stand in the waves, across and down.
        let mut places: [Vec<f64>; 4] = Default::default();
        let mut waves: [Option<Wave>; 2] = [None; 2];
        let mut number = 0;
        render::raw_frames(&plan, 0..FRAMES, &mut |frame| {
            if number % STEP == 0 {
                for (direction, wave) in waves.iter_mut().enumerate() {
                    let profile = profile(frame, direction);
                    let found = wave.map_or_else(|| Wave::found(&profile, PERIODS[direction]), |wave| wave.fitted(&profile));
                    places[2 * direction].push(found.place(0.0));
                    places[2 * direction + 1].push(found.place((SIZE - 1) as f64));
                    *wave = Some(found);
                }
            }
            number += 1;
            Flow::Continue
        })?;
        let squares = |ends: &[Vec<f64>]| ends.iter().map(|place| roughness(place)).sum::<f64>() / 2.0;
        worst = worst.max((squares(&places[..2]) + squares(&places[2..])).sqrt());
    }
    Ok(worst)
}

/// Means of the luma of all columns (direction 0) or rows (1).
fn profile(frame: &[u8], direction: usize) -> Vec<f64> {
    let mut sums = vec![0.0; SIZE];
    for (index, sample) in frame[..SIZE * SIZE].iter().enumerate() {
        sums[if direction == 0 { index % SIZE } else { index / SIZE }] += f64::from(*sample) / SIZE as f64;
    }
    sums
}

/// A wave along one direction of the frame.
#[derive(Clone, Copy)]
struct Wave {
    offset: f64,
    sine: f64,
    cosine: f64,
    /// Radians per pixel.
    frequency: f64,
    /// The phase of the first pixel. It goes on from frame to frame and never jumps back by a turn.
    angle: f64,
    /// In pixels of the picture.
    period: f64,
}

impl Wave {
    /// The wave of a first profile. From a wrong length of the wave the nearest one is not found: several are tried.
    fn found(profile: &[f64], period: f64) -> Self {
        let start = |step: u32| {
            let frequency = TAU / period * (0.85 + 0.01 * f64::from(step));
            let rows = profile.iter().enumerate().map(|(x, value)| {
                let (sine, cosine) = (frequency * x as f64).sin_cos();
                (vec![1.0, sine, cosine], *value)
            });
            let known = least_squares(rows, 3);
            Self { offset: known[0], sine: known[1], cosine: known[2], frequency, angle: 0.0, period }.fitted(profile)
        };
        let apart = |wave: &Self| -> f64 {
            let at = |x: f64| wave.offset + wave.sine * (wave.frequency * x).sin() + wave.cosine * (wave.frequency * x).cos();
            profile.iter().enumerate().map(|(x, value)| (value - at(x as f64)).powi(2)).sum()
        };
        (0..40).map(start).min_by(|a, b| apart(a).total_cmp(&apart(b))).expect("there is more than one try")
    }

    /// The wave nearest to a profile, by least squares; this one is the first guess.
    fn fitted(mut self, profile: &[f64]) -> Self {
        for _ in 0..12 {
            let rows = profile.iter().enumerate().map(|(x, value)| {
                let (sine, cosine) = (self.frequency * x as f64).sin_cos();
                let slope = x as f64 * (self.sine * cosine - self.cosine * sine);
                let missing = value - self.offset - self.sine * sine - self.cosine * cosine;
                (vec![1.0, sine, cosine, slope], missing)
            });
            let step = least_squares(rows, 4);
            self.offset += step[0];
            self.sine += step[1];
            self.cosine += step[2];
            self.frequency += step[3];
        }
        let turn = self.cosine.atan2(self.sine) - self.angle;
        self.angle += turn - (turn / TAU).round() * TAU;
        self
    }

    /// Where a pixel of the frame stands in the picture, in pixels of the picture, up to whole periods.
    fn place(&self, x: f64) -> f64 {
        (self.frequency * x + self.angle) / TAU * self.period
    }
}

/// The mean square deviation of values from a smooth curve over time.
fn roughness(values: &[f64]) -> f64 {
    let time = |index: usize| 2.0 * index as f64 / (values.len() - 1) as f64 - 1.0;
    let basis = |t: f64| (0..=DEGREE).map(|degree| (degree as f64 * t.clamp(-1.0, 1.0).acos()).cos()).collect::<Vec<f64>>();
    let curve = least_squares(values.iter().enumerate().map(|(index, value)| (basis(time(index)), *value)), DEGREE + 1);
    let deviation = |(index, value): (usize, &f64)| {
        let smooth: f64 = basis(time(index)).iter().zip(&curve).map(|(basis, weight)| basis * weight).sum();
        (value - smooth).powi(2)
    };
    values.iter().enumerate().map(deviation).sum::<f64>() / values.len() as f64
}

/// The unknowns that fit `rows` (factors and the value that they should give) best.
fn least_squares(rows: impl Iterator<Item = (Vec<f64>, f64)>, unknowns: usize) -> Vec<f64> {
    let mut system = vec![vec![0.0; unknowns + 1]; unknowns];
    for (factors, value) in rows {
        for (equation, factor) in system.iter_mut().zip(&factors) {
            for (sum, other) in equation.iter_mut().zip(factors.iter().chain([&value])) {
                *sum += factor * other;
            }
        }
    }
    for pivot in 0..unknowns {
        let best = (pivot..unknowns).max_by(|a, b| system[*a][pivot].abs().total_cmp(&system[*b][pivot].abs()));
        system.swap(pivot, best.unwrap_or(pivot));
        let (above, below) = system.split_at_mut(pivot + 1);
        for row in below {
            let factor = row[pivot] / above[pivot][pivot];
            row.iter_mut().zip(&above[pivot]).for_each(|(value, upper)| *value -= factor * upper);
        }
    }
    let mut solution = vec![0.0; unknowns];
    for row in (0..unknowns).rev() {
        let known: f64 = (row + 1..unknowns).map(|column| system[row][column] * solution[column]).sum();
        solution[row] = (system[row][unknowns] - known) / system[row][row];
    }
    solution
}
