//! The cheapest way through two sounds side by side: dynamic time warping, coarse first and then fine.
//!
//! What the frames mean is in `features`; where words begin on the way is in `places`.

use std::ops::Range;

use super::features::{Features, Frame};

/// Up to so many pairs of frames are all looked at; above that a still coarser look says which are worth it.
const ALL_PAIRS: usize = 300_000;
/// Sounds shorter than this, in frames, need no coarse look.
const SHORT: usize = 64;
/// Frames that become one in the coarser look.
const COARSER: usize = 4;
/// How far the fine way may leave the coarse one, in coarse frames.
const REACH: usize = 8;
/// What a pair of frames costs of which one speaks and the other does not: about as much as two different vowels.
const MISMATCH: f32 = 5.0;
/// What a pair of silent frames costs.
const BOTH_SILENT: f32 = 0.2;
/// What a silent frame costs that only one of the two has, between words and within them.
const PAUSE_BETWEEN: f32 = 0.8;
const PAUSE_WITHIN: f32 = 2.5;
/// What a frame costs that is heard longer in one of the two, beside its distance.
const STRETCH: f32 = 0.6;

/// The way through the reference and the sound.
pub(super) struct Path {
    /// For each frame of the reference the first and the last frame of the sound that it goes with.
    pub spans: Vec<(usize, usize)>,
    /// How much farther apart the two are than the sound and the reference backwards: well below 1 where both say the same,
    /// about 1 where they do not.
    pub unlike: f32,
}

/// A sound on the way.
struct Side {
    frames: Vec<Frame>,
    voiced: Vec<bool>,
    /// Whether the other voice may pause at this frame.
    pausable: Vec<bool>,
}

/// A way, and the mean distance of the pairs in which both speak.
struct Way {
    spans: Vec<(usize, usize)>,
    distance: f32,
}

/// Finds the way with that one of the `references` (the same reading, bent to different throats) which is most like the
/// sound; `pausable` says at which of their frames the other voice may pause. All must have frames.
pub(super) fn find(references: &[Features], pausable: &[bool], sound: &Features) -> Path {
    let whole = |features: &Features, pausable: &[bool]| Side {
        frames: features.frames.clone(),
        voiced: features.voiced.clone(),
        pausable: pausable.to_vec(),
    };
    let other = whole(sound, &vec![false; sound.frames.len()]);
    let short = references.iter().map(|one| one.frames.len()).chain([other.frames.len()]).any(|count| count < SHORT);
    let look = |side: Side| if short { side } else { shrink(&side) };
    let looked_at = look(whole(sound, &other.pausable));
    let looks = references.iter().map(|reference| {
        let side = look(whole(reference, pausable));
        (way(&side, &looked_at), side, reference)
    });
    let best = looks.min_by(|one, other| one.0.distance.total_cmp(&other.0.distance));
    let Some((coarse, side, reference)) = best else { return Path { spans: Vec::new(), unlike: f32::INFINITY } };
    let unlike = coarse.distance / way(&backwards(side), &looked_at).distance;
    if short {
        return Path { spans: coarse.spans, unlike };
    }
    let one = whole(reference, pausable);
    let fine = search(&one, &other, &corridor(&coarse.spans, one.frames.len(), other.frames.len()));
    Path { spans: fine.spans, unlike }
}

/// Looks at all pairs, or at those near a coarser way.
fn way(one: &Side, other: &Side) -> Way {
    let (rows, columns) = (one.frames.len(), other.frames.len());
    if rows * columns <= ALL_PAIRS || rows.min(columns) < SHORT {
        return search(one, other, &vec![0..columns; rows]);
    }
    let coarse = way(&shrink(one), &shrink(other));
    search(one, other, &corridor(&coarse.spans, rows, columns))
}

/// The columns within reach of a coarser way, for each row.
fn corridor(coarse: &[(usize, usize)], rows: usize, columns: usize) -> Vec<Range<usize>> {
    let near = |row: usize| {
        let at = (row / COARSER).min(coarse.len() - 1);
        let (first, last) = coarse[at];
        // What is left over at the end belongs to the last coarse frames.
        let to = if at == coarse.len() - 1 { columns } else { ((last + 1 + REACH) * COARSER).min(columns) };
        first.saturating_sub(REACH) * COARSER..to
    };
    (0..rows).map(near).collect()
}

/// The same frames from the last to the first: as much like speech, but it says nothing.
fn backwards(mut side: Side) -> Side {
    side.frames.reverse();
    side.voiced.reverse();
    side.pausable.reverse();
    side
}

/// Joins neighbouring frames.
fn shrink(side: &Side) -> Side {
    let frames = side
        .frames
        .chunks_exact(COARSER)
        .map(|frames| std::array::from_fn(|number| frames.iter().map(|frame| frame[number]).sum::<f32>() / COARSER as f32));
    let most = |flags: &[bool]| {
        flags.chunks_exact(COARSER).map(|flags| 2 * flags.iter().filter(|flag| **flag).count() >= COARSER).collect()
    };
    let any = |flags: &[bool]| flags.chunks_exact(COARSER).map(|flags| flags.contains(&true)).collect();
    Side { frames: frames.collect(), voiced: most(&side.voiced), pausable: any(&side.pausable) }
}

const DIAGONAL: u8 = 0;
const SOUND_ONLY: u8 = 1;
const REFERENCE_ONLY: u8 = 2;

/// Finds the cheapest way within a corridor: for each row the columns that may be used.
fn search(one: &Side, other: &Side, corridor: &[Range<usize>]) -> Way {
    let offsets: Vec<usize> = corridor
        .iter()
        .scan(0, |sum, columns| {
            let offset = *sum;
            *sum += columns.len();
            Some(offset)
        })
        .collect();
    let mut steps = vec![DIAGONAL; offsets.last().copied().unwrap_or(0) + corridor.last().map_or(0, |last| last.len())];
    let mut above: Vec<f32> = Vec::new();
    let mut above_columns = 0..0;
    for (row, columns) in corridor.iter().enumerate() {
        let mut costs = vec![f32::INFINITY; columns.len()];
        let pause = if one.pausable[row] { PAUSE_BETWEEN } else { PAUSE_WITHIN };
        let reach = |column: usize| match above_columns.contains(&column) {
            true => above[column - above_columns.start],
            false => f32::INFINITY,
        };
        for (index, column) in columns.clone().enumerate() {
            let distance = pair(one, row, other, column);
            let along = if other.voiced[column] { distance + STRETCH } else { pause.min(distance + STRETCH) };
            let down = if one.voiced[row] { distance + STRETCH } else { PAUSE_BETWEEN.min(distance + STRETCH) };
            let diagonal = match (row, column) {
                (0, 0) => distance,
                (0, _) | (_, 0) => f32::INFINITY,
                _ => reach(column - 1) + distance,
            };
            let sound_only = if index > 0 { costs[index - 1] + along } else { f32::INFINITY };
            let reference_only = if row > 0 { reach(column) + down } else { f32::INFINITY };
            let (cost, step) = if diagonal <= sound_only && diagonal <= reference_only {
                (diagonal, DIAGONAL)
            } else if sound_only <= reference_only {
                (sound_only, SOUND_ONLY)
            } else {
                (reference_only, REFERENCE_ONLY)
            };
            costs[index] = cost;
            steps[offsets[row] + index] = step;
        }
        above = costs;
        above_columns = columns.clone();
    }
    trace(one, other, corridor, &offsets, &steps)
}

/// Goes back from the end.
fn trace(one: &Side, other: &Side, corridor: &[Range<usize>], offsets: &[usize], steps: &[u8]) -> Way {
    let mut spans = vec![(usize::MAX, 0); corridor.len()];
    let (mut row, mut column) = (corridor.len() - 1, other.frames.len() - 1);
    let (mut sum, mut count) = (0.0, 0.0);
    loop {
        let span = &mut spans[row];
        *span = (span.0.min(column), span.1.max(column));
        if one.voiced[row] && other.voiced[column] {
            sum += distance(&one.frames[row], &other.frames[column]);
            count += 1.0;
        }
        match steps[offsets[row] + column - corridor[row].start] {
            DIAGONAL if row == 0 || column == 0 => break,
            DIAGONAL => (row, column) = (row - 1, column - 1),
            SOUND_ONLY => column -= 1,
            _ => row -= 1,
        }
    }
    Way { spans, distance: if count > 0.0 { sum / count } else { f32::INFINITY } }
}

fn pair(one: &Side, row: usize, other: &Side, column: usize) -> f32 {
    match (one.voiced[row], other.voiced[column]) {
        (true, true) => distance(&one.frames[row], &other.frames[column]),
        (false, false) => BOTH_SILENT,
        _ => MISMATCH,
    }
}

/// Summed in four lanes, as processors do it at once.
fn distance(one: &Frame, other: &Frame) -> f32 {
    let mut sums = [0.0f32; 4];
    for (one, other) in one.chunks_exact(4).zip(other.chunks_exact(4)) {
        for lane in 0..4 {
            let difference = one[lane] - other[lane];
            sums[lane] += difference * difference;
        }
    }
    (sums[0] + sums[1] + sums[2] + sums[3]).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Frames that are unlike their neighbours; 0 is silence.
    fn features(sounds: &[u8]) -> Features {
        let frame = |sound: &u8| std::array::from_fn(|number| (f32::from(*sound) * (number as f32 + 1.0)).sin() * 2.0);
        Features {
            hop: 0.01,
            frames: sounds.iter().map(frame).collect(),
            voiced: sounds.iter().map(|sound| *sound > 0).collect(),
        }
    }

    fn find_in(reference: &[u8], sound: &[u8]) -> Path {
        find(&[features(reference)], &vec![true; reference.len()], &features(sound))
    }

    #[test]
    fn equal_frames_meet_and_pauses_are_stepped_over() {
        let check = |reference: &[u8], sound: &[u8], expected: &[(usize, usize)]| {
            assert_eq!(find_in(reference, sound).spans, expected);
        };
        check(&[1, 2, 3], &[1, 2, 3], &[(0, 0), (1, 1), (2, 2)]);
        check(&[1, 2, 3], &[1, 2, 2, 2, 3], &[(0, 0), (1, 3), (4, 4)]);
        check(&[1, 0, 0, 2], &[1, 2], &[(0, 0), (0, 0), (0, 0), (1, 1)]);
        check(&[7], &[1, 7, 3], &[(0, 2)]);
    }

    #[test]
    fn a_long_way_is_found_through_coarser_ones() {
        // 3,000 frames of slowly changing sounds, the second voice with a pause of 500 frames in the middle.
        let sound = |at: usize| 1 + ((at / 12) * (at / 12) % 199) as u8;
        let reference: Vec<u8> = (0..3_000).map(sound).collect();
        let mut other = reference.clone();
        other.splice(1_500..1_500, [0; 500]);
        let path = find_in(&reference, &other);
        let wrong = |(row, span): (usize, &(usize, usize))| span.0.abs_diff(if row < 1_500 { row } else { row + 500 }) > 12;
        let wrong = path.spans.iter().enumerate().filter(|(row, _)| !(1_470..1_530).contains(row)).filter(|pair| wrong(*pair));
        assert_eq!(wrong.count(), 0);
        assert!(path.unlike < 0.2, "{}", path.unlike);
        let noise: Vec<u8> = (0..3_000).map(|at| 1 + ((at / 11) * (at / 11) * 7 % 197) as u8).collect();
        let stranger = find_in(&reference, &noise).unlike;
        assert!(stranger > 0.9, "{stranger}");
    }

    proptest! {
        #[test]
        fn every_frame_has_its_place_and_the_places_rise(
            reference in prop::collection::vec(0u8..9, 1..400), sound in prop::collection::vec(0u8..9, 1..400),
        ) {
            let path = find_in(&reference, &sound);
            prop_assert_eq!(path.spans.len(), reference.len());
            prop_assert_eq!((path.spans[0].0, path.spans[reference.len() - 1].1), (0, sound.len() - 1));
            for (first, last) in &path.spans {
                prop_assert!(first <= last && *last < sound.len());
            }
            for pair in path.spans.windows(2) {
                prop_assert!(pair[0].1 <= pair[1].0 && pair[1].0 <= pair[0].1 + 1, "{:?}", pair);
            }
        }
    }
}
