//! The mix before mastering: every narration and every clip's own sound at its exact place and level, and the music under
//! them.
//!
//! Loudness of the whole and encoding are in `sound`.

use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::decoded::Decoded;
use crate::duck::Duck;
use crate::error::RenderError;
use crate::music::Music;
use crate::plan::Plan;
use crate::scene;
use crate::sound_file::{RATE, SoundFacts, SoundFile};
use crate::voice;

/// Loudness of the narration before mastering.
const SPEECH_LUFS: f64 = -18.0;
/// The most that a narration, and anything else, is raised, in dB: a clip may be silent but for its noise.
const MOST_SPEECH_GAIN: f64 = 36.0;
const MOST_OTHER_GAIN: f64 = 12.0;
/// A clip's own sound that stays under this (in LUFS) does not move the music.
const QUIET_CLIP: f64 = -32.0;
/// Pauses of less than this are part of the speech that the music steps back for, in steps of 10 ms.
const PAUSE: usize = 30;
/// Narrations are opened and closed over 2 ms, so that a cut never clicks; clips, which are cut anywhere, over 10 ms.
const SPEECH_EDGE: u64 = RATE as u64 / 500;
const CLIP_EDGE: u64 = RATE as u64 / 100;
/// Sample frames per block.
const BLOCK: u64 = 9600;

/// The sample at which a frame starts.
pub(crate) fn sample_of(frame: u64, fps: u32) -> u64 {
    (frame * u64::from(RATE) + u64::from(fps) / 2) / u64::from(fps)
}

/// Mixes the whole programme and gives it to `sink` block by block, as interleaved stereo.
pub(crate) fn mix(
    plan: &Plan,
    folder: &Path,
    stop: &AtomicBool,
    sink: &mut dyn FnMut(&[f32]) -> Result<(), RenderError>,
) -> Result<(), RenderError> {
    let timeline = &plan.timeline;
    let total = sample_of(timeline.frame_count(), timeline.fps);
    let mut voices = voices(plan);
    let mut music = match (&plan.music, &timeline.music) {
        (Some(file), Some(music)) => {
            let level = factor(level_gain(&file.facts, MOST_SPEECH_GAIN) + music.options.volume_db);
            let duck = music.options.duck.then(|| Duck::new(voices.iter().flat_map(Voice::speech).collect()));
            Some(Music::open(file, (level, duck), total, folder, stop)?)
        }
        _ => None,
    };
    let mut block = Vec::new();
    for at in (0..total).step_by(BLOCK as usize) {
        if stop.load(Ordering::Relaxed) {
            return Err(RenderError::Stopped);
        }
        let end = (at + BLOCK).min(total);
        block.clear();
        block.resize(2 * (end - at) as usize, 0.0);
        for voice in voices.iter_mut().filter(|voice| voice.place.start < end && voice.place.end > at) {
            voice.add(&mut block, at, (folder, stop))?;
        }
        // What is over gives its memory or its file back.
        voices.retain(|voice| voice.place.end > end);
        if let Some(music) = &mut music {
            music.add(&mut block, at)?;
        }
        sink(&block)?;
    }
    Ok(())
}

/// Something that is heard once, at its place in the programme.
struct Voice<'a> {
    scene: usize,
    file: &'a SoundFile,
    /// Opened when its time comes.
    decoded: Option<Decoded>,
    /// Sample frames of the programme.
    place: Range<u64>,
    gain: f32,
    /// Sample frames at its start and its end over which it comes and goes.
    fades: (u64, u64),
    /// Whether the music steps back for it.
    ducks: bool,
}

/// Everything that is heard but the music, in the order of the scenes.
fn voices(plan: &Plan) -> Vec<Voice<'_>> {
    let timeline = &plan.timeline;
    let mut voices = Vec::new();
    for (index, (scene, files)) in timeline.scenes.iter().zip(&plan.scenes).enumerate() {
        let start = sample_of(scene.first_frame, timeline.fps);
        let end = sample_of(scene.first_frame + scene.frame_count, timeline.fps);
        if let Some(file) = &files.sound {
            let place = start..end.min(start + file.facts.samples);
            let gain = factor(level_gain(&file.facts, MOST_SPEECH_GAIN));
            let fades = (SPEECH_EDGE, SPEECH_EDGE);
            voices.push(Voice { scene: scene.number, file, decoded: None, place, gain, fades, ducks: true });
        }
        if let Some((file, volume_db)) = &files.clip_sound {
            // Under the transition to the next scene the clip's last picture is still seen, and so it is still heard.
            let seen_on = |index: usize| match timeline.scenes.get(index) {
                Some(scene) => sample_of(scene.first_frame + scene::transition_frames(plan, index), timeline.fps),
                None => 0,
            };
            let fade_in = seen_on(index).saturating_sub(start).max(CLIP_EDGE);
            let fade_out = seen_on(index + 1).saturating_sub(end).max(CLIP_EDGE);
            let place = start..end.max(seen_on(index + 1)).min(start + file.facts.samples);
            // A sound that ends by itself is not faded for long.
            let fade_out = if place.end <= end { CLIP_EDGE } else { fade_out.min(place.end - end).max(CLIP_EDGE) };
            let gain_db = level_gain(&file.facts, MOST_OTHER_GAIN);
            let ducks = files.sound.is_none() && file.facts.lufs.is_some_and(|lufs| lufs + gain_db > QUIET_CLIP);
            let gain = factor(gain_db + volume_db);
            voices.push(Voice { scene: scene.number, file, decoded: None, place, gain, fades: (fade_in, fade_out), ducks });
        }
    }
    voices
}

impl Voice<'_> {
    /// Where it speaks, in sample frames of the programme.
    fn speech(&self) -> Vec<Range<u64>> {
        if !self.ducks {
            return Vec::new();
        }
        let place = |step: usize| (self.place.start + (step * voice::STEP) as u64).min(self.place.end);
        self.file.levels.voiced(PAUSE).into_iter().map(|span| place(span.start)..place(span.end)).collect()
    }

    /// Adds it to a block that starts at sample frame `at`.
    fn add(&mut self, block: &mut [f32], at: u64, (folder, stop): (&Path, &AtomicBool)) -> Result<(), RenderError> {
        let length = self.place.end - self.place.start;
        let decoded = match &mut self.decoded {
            Some(decoded) => decoded,
            empty => {
                let doing = format!("decoding the sound of scene {}", self.scene);
                empty.insert(Decoded::open(self.file, length, folder, doing, stop)?)
            }
        };
        let skipped = self.place.start.saturating_sub(at) as usize;
        let begin = at.max(self.place.start) - self.place.start;
        let frames = (block.len() / 2 - skipped).min((length - begin) as usize);
        let mut samples = Vec::new();
        decoded.read(begin, &mut samples, frames)?;
        let (fade_in, fade_out) = (self.fades.0.min(length / 2).max(1), self.fades.1.min(length / 2).max(1));
        let fades = begin < fade_in || begin + frames as u64 + fade_out > length;
        for (index, (out, sample)) in block[2 * skipped..].chunks_exact_mut(2).zip(samples.chunks_exact(2)).enumerate() {
            let mut gain = self.gain;
            if fades {
                let position = begin + index as u64;
                gain *= edge(position, fade_in) * edge(length - 1 - position, fade_out);
            }
            out[0] += sample[0] * gain;
            out[1] += sample[1] * gain;
        }
        Ok(())
    }
}

/// A quarter of a sine over `fade` sample frames, so that what comes and what goes have the same power together.
fn edge(position: u64, fade: u64) -> f32 {
    match position < fade {
        true => ((position as f32 + 0.5) / fade as f32 * std::f32::consts::FRAC_PI_2).sin(),
        false => 1.0,
    }
}

/// The gain in dB that brings a sound to the level of speech; silence is left alone.
fn level_gain(facts: &SoundFacts, most: f64) -> f64 {
    facts.lufs.map_or(0.0, |lufs| (SPEECH_LUFS - lufs).min(most))
}

fn factor(db: f64) -> f32 {
    10f64.powf(db / 20.0) as f32
}
