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

/// Some frames of one scene that can be decoded on their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    /// Index of the scene.
    pub(crate) scene: usize,
    /// Frames of the scene.
    pub(crate) frames: Range<u64>,
    /// Number of its unit.
    pub(crate) unit: usize,
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
    let mut segments: Vec<Segment> = Vec::new();
    for (scene, entry) in plan.timeline.scenes.iter().enumerate() {
        let next_unit = |segments: &[Segment]| segments.last().map_or(0, |last| last.unit + 1);
        let begin = scene::transition_frames(plan, scene);
        let rest = entry.frame_count - begin;
        let parts = rest.div_ceil(most);
        let cut = |part: u64| begin + rest * part / parts;
        if begin > 0 {
            segments.push(Segment { scene, frames: 0..begin, unit: next_unit(&segments) });
        }
        let unit = next_unit(&segments);
        // A clip is decoded from its start: cutting it would decode it twice. A still's segments share nothing, so that all cores
        // draw a scene when it alone has changed.
        let unit_of = |part: u64| if plan.is_still(scene) { unit + part as usize } else { unit };
        segments.extend((0..parts).map(|part| Segment { scene, frames: cut(part)..cut(part + 1), unit: unit_of(part) }));
    }
    segments
}

/// The units of these segments in their order: neighbours of one scene that one process encodes one after the other, always the
/// same ones together. An encoder goes into a segment with what it knows of the one before, so only whole units come out the
/// same whoever makes them: with any number of workers, on any machine, and whatever else was in the cache.
pub(crate) fn units(segments: &[Segment]) -> Vec<Range<usize>> {
    let mut begin = 0;
    let unit = |unit: &[Segment]| {
        begin += unit.len();
        begin - unit.len()..begin
    };
    segments.chunk_by(|one, other| one.unit == other.unit).map(unit).collect()
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
