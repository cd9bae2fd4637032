//! Segments: what the cache keeps and the join copies, each a few closed GOPs of one scene.
//!
//! Which frames belong together and what shapes them is here; encoding them is in `encode`.

use std::ops::Range;

use model::timeline::Visual;

use crate::camera::Camera;
use crate::encode;
use crate::options::{Encoder, Quality};
use crate::plan::Plan;
use crate::scene;

/// The longest segment, in seconds. It is the distance of keyframes too, so cutting costs no bits.
pub(crate) const SEGMENT_SECONDS: u32 = 2;
/// A run is this part of what one worker would get if all that is left were shared out evenly: runs become shorter towards
/// the end, so that no core waits long for another's last one, and few processes are started.
const PART_OF_SHARE: f64 = 0.7;

/// Some frames of one scene that can be decoded on their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    /// Index of the scene.
    pub(crate) scene: usize,
    /// Frames of the scene.
    pub(crate) frames: Range<u64>,
}

impl Segment {
    /// How many frames it has.
    pub(crate) fn len(&self) -> u64 {
        self.frames.end - self.frames.start
    }
}

/// The segments of a plan in their order. A transition is a segment of its own, because it also shows the scene before:
/// another picture there must not cost this whole scene.
pub(crate) fn segments(plan: &Plan) -> Vec<Segment> {
    let most = u64::from(SEGMENT_SECONDS * plan.timeline.fps);
    let mut segments = Vec::new();
    for (scene, entry) in plan.timeline.scenes.iter().enumerate() {
        let begin = scene::transition_frames(plan, scene);
        let rest = entry.frame_count - begin;
        let parts = rest.div_ceil(most);
        let cut = |part: u64| begin + rest * part / parts;
        if begin > 0 {
            segments.push(Segment { scene, frames: 0..begin });
        }
        segments.extend((0..parts).map(|part| Segment { scene, frames: cut(part)..cut(part + 1) }));
    }
    segments
}

/// Puts the segments with the indexes `missing` (rising) into runs: neighbours that one process encodes one after the
/// other. The longest run comes first, so that no worker begins a long one at the end.
///
/// The same segments and workers always give the same runs, and so the same bytes.
pub(crate) fn runs(
    segments: &[Segment],
    missing: &[usize],
    workers: usize,
    is_clip: impl Fn(usize) -> bool,
) -> Vec<Range<usize>> {
    let frames = |run: Range<usize>| segments[run].iter().map(Segment::len).sum::<u64>();
    let mut left: u64 = missing.iter().map(|index| segments[*index].len()).sum();
    let mut runs = Vec::new();
    let mut run: Option<Range<usize>> = None;
    // A clip is decoded from its start: cutting it would decode it twice.
    let inseparable =
        |a: &usize, b: &usize| a + 1 == *b && segments[*a].scene == segments[*b].scene && is_clip(segments[*a].scene);
    for part in missing.chunk_by(inseparable) {
        let (from, to) = (part[0], part[part.len() - 1] + 1);
        let next = match run.take() {
            Some(run) if run.end == from => run.start..to,
            gap => {
                if let Some(run) = gap {
                    left -= frames(run.clone());
                    runs.push(run);
                }
                from..to
            }
        };
        let length = frames(next.clone());
        if length as f64 >= left as f64 * PART_OF_SHARE / workers as f64 {
            left -= length;
            runs.push(next);
        } else {
            run = Some(next);
        }
    }
    runs.extend(run);
    runs.sort_by_key(|run| std::cmp::Reverse(frames(run.clone())));
    runs
}

/// Everything that shapes a segment, as text to be hashed.
pub(crate) fn recipe(plan: &Plan, segment: &Segment, quality: Quality, encoder: Encoder) -> String {
    let timeline = &plan.timeline;
    let scene = &timeline.scenes[segment.scene];
    let before = match scene::transition_frames(plan, segment.scene) {
        length if segment.frames.start < length => format!("{:?} {length} {}", scene.transition, held(plan, segment.scene - 1)),
        _ => String::new(),
    };
    format!(
        "segment {}\n{}\n{} {}\n{:?}\n{}\n{before}\n{:?}\n{:?}\n{:?}",
        crate::RENDER_VERSION,
        plan.ffmpeg,
        timeline.size,
        timeline.fps,
        segment.frames,
        shown(plan, segment.scene),
        scene.words,
        timeline.captions,
        encode::arguments(timeline.fps, quality, encoder),
    )
}

/// What shapes the pictures of a scene. A file counts by its content, not by its name.
fn shown(plan: &Plan, index: usize) -> String {
    let (scene, file) = (&plan.timeline.scenes[index], &plan.scenes[index].visual);
    let look = match &scene.visual {
        Visual::Still { motion, focus, .. } => format!("{motion:?} {focus:?}"),
        Visual::Clip { .. } => "clip".to_owned(),
    };
    format!("{look} {} {}", file.hash, scene.frame_count)
}

/// What shapes a scene's last picture, which is held under the next scene's transition.
///
/// Where a still's camera ends does not depend on the scene's length (unless it is very short), so that another narration
/// costs one scene and not its neighbour too.
fn held(plan: &Plan, index: usize) -> String {
    let (scene, file) = (&plan.timeline.scenes[index], &plan.scenes[index].visual);
    match scene.visual {
        Visual::Still { motion, focus, .. } => {
            let camera = Camera::new(motion, focus, scene.frame_count, plan.timeline.fps);
            format!("{motion:?} {focus:?} {} {} {}", file.hash, camera.headroom(), scene.frame_count == 1)
        }
        Visual::Clip { .. } => format!("clip {} {}", file.hash, scene.frame_count),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_few_segments_are_shared_out_evenly() {
        let segments: Vec<Segment> =
            [(0, 0..60), (0, 60..120), (1, 0..12), (1, 12..70), (1, 70..128), (1, 128..186), (2, 0..12), (2, 12..72)]
                .map(|(scene, frames)| Segment { scene, frames })
                .into();
        let check = |missing: &[usize], workers, clip: Option<usize>, expected: &[(usize, usize)]| {
            let runs = runs(&segments, missing, workers, |scene| Some(scene) == clip);
            let runs: Vec<(usize, usize)> = runs.into_iter().map(|run| (run.start, run.end)).collect();
            assert_eq!(runs, expected, "{missing:?}");
        };
        check(&[2, 3, 4, 5, 6], 2, None, &[(2, 4), (4, 5), (5, 6), (6, 7)]);
        check(&[2, 3, 4, 5, 6], 2, Some(1), &[(2, 6), (6, 7)]);
        check(&[6], 2, None, &[(6, 7)]);
        check(&[0, 1, 2, 3, 4, 5, 6, 7], 1, None, &[(0, 6), (6, 8)]);
        check(&[0, 1, 2, 3, 4, 5, 6, 7], 2, None, &[(0, 4), (4, 6), (6, 8)]);
        check(&[0, 1, 3, 4, 6, 7], 2, None, &[(0, 2), (3, 5), (6, 8)]);
        check(&[], 2, None, &[]);
    }

    proptest! {
        #[test]
        fn every_missing_segment_is_in_one_run(
            scenes in prop::collection::vec(1u64..6, 1..12), keep in prop::collection::vec(any::<bool>(), 60), workers in 1usize..9,
        ) {
            let segments: Vec<Segment> = scenes.iter().enumerate()
                .flat_map(|(scene, parts)| (0..*parts).map(move |part| Segment { scene, frames: part * 50..(part + 1) * 50 }))
                .collect();
            let missing: Vec<usize> = (0..segments.len()).filter(|index| keep[*index]).collect();
            let runs = runs(&segments, &missing, workers, |scene| scene.is_multiple_of(3));
            let mut covered: Vec<usize> = runs.iter().cloned().flatten().collect();
            covered.sort_unstable();
            prop_assert_eq!(covered, missing);
            let starts_within = |run: &Range<usize>| {
                let before = run.start.checked_sub(1).filter(|before| keep[*before]).map(|before| segments[before].scene);
                segments[run.start].scene.is_multiple_of(3) && before == Some(segments[run.start].scene)
            };
            prop_assert!(!runs.iter().any(starts_within), "a clip is cut: {runs:?}");
            prop_assert!(runs.is_sorted_by_key(|run| std::cmp::Reverse(run.len())));
        }
    }
}
