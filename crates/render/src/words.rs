//! The words of every scene: those of the storyboard set right, and estimates where it has none.
//!
//! The rules are in `model::timings` and `model::estimate`; here they meet the measured sounds.

use std::ops::Range;

use model::estimate;
use model::storyboard::Storyboard;
use model::timeline::Timeline;
use model::timings;

use crate::plan::SceneFiles;
use crate::sound_file::RATE;
use crate::voice;

/// Pauses shorter than this are part of a word or of its neighbours, in steps of 10 ms.
const PAUSE: usize = 25;

/// Sets the words of a timeline right and estimates those that are missing. Answers the scenes (from 1) with estimates, and
/// what people should know.
pub(crate) fn complete(timeline: &mut Timeline, storyboard: &Storyboard, files: &[SceneFiles]) -> (Vec<usize>, Vec<String>) {
    let (mut estimated, mut warnings) = (Vec::new(), Vec::new());
    let fps = f64::from(timeline.fps);
    for ((scene, told), files) in timeline.scenes.iter_mut().zip(&storyboard.scenes).zip(files) {
        let length = scene.frame_count as f64 / fps;
        if scene.words.is_empty() {
            scene.words = estimate::word_timings(&told.narration, &voiced(files, length));
            if !scene.words.is_empty() {
                estimated.push(scene.number);
                warnings.push(format!("scene {}: word timings were estimated", scene.number));
            }
        }
        let given = scene.words.len();
        match timings::set_right(&mut scene.words, length) {
            0 => {}
            wrong => warnings.push(format!(
                "scene {}: {wrong} of {given} word timings overlap, run backwards or lie outside of the scene's {length:.2} s; they \
                 were set right",
                scene.number
            )),
        }
    }
    (estimated, warnings)
}

/// Where in a scene somebody speaks, in seconds; all of it where no sound says more.
fn voiced(files: &SceneFiles, length: f64) -> Vec<Range<f64>> {
    let sound = files.sound.as_ref().or(files.clip_sound.as_ref().map(|(sound, _)| sound));
    let seconds = |step: usize| ((step * voice::STEP) as f64 / f64::from(RATE)).min(length);
    let spans = sound.map(|sound| sound.levels.voiced(PAUSE)).unwrap_or_default();
    let spans: Vec<Range<f64>> = spans.into_iter().map(|span| seconds(span.start)..seconds(span.end)).collect();
    let heard = spans.iter().any(|span| span.end > span.start);
    if heard { spans } else { std::iter::once(0.0..length).collect() }
}
