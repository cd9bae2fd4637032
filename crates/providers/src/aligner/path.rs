//! The cheapest way through two sounds side by side: dynamic time warping, coarse first and then fine.
//!
//! What the frames mean is in `features`; where words begin on the way is in `places`.

use std::ops::Range;

use super::features::{Features, Frame, NUMBERS};

/// In a coarse look, up to so many pairs of frames are all looked at; above that a still coarser look says which are worth it.
const ALL_PAIRS: usize = 4_000_000;
/// Sounds shorter than this, in frames, need no coarse look.
const SHORT: usize = 64;
/// Frames that become one in the coarser look.
const COARSER: usize = 4;
/// How far the fine way may leave the coarse one, in coarse frames.
const REACH: usize = 8;
/// What a pair of frames costs of which one speaks and the other does not: about as much as two different vowels.
const MISMATCH: f32 = 5.5;
/// What a pair of silent frames costs.
const BOTH_SILENT: f32 = 0.2;
/// What a silent frame costs that only one of the two has, between words and within them.
const PAUSE_BETWEEN: f32 = 0.3;
const PAUSE_WITHIN: f32 = 2.5;
/// What a frame costs that is heard longer in one of the two, beside its distance.
const STRETCH: f32 = 0.6;

/// For each frame of the reference the first and the last frame of the sound that it goes with.
pub(super) struct Path {
    pub spans: Vec<(usize, usize)>,
}

/// A sound on the way.
struct Side {
    frames: Vec<Frame>,
    voiced: Vec<bool>,
    /// Whether a pause is likely at this frame.
    pausable: Vec<bool>,
}

/// Finds the way; `pausable` says at which frames of the reference the other voice may pause. Both must have frames.
pub(super) fn find(reference: &Features, pausable: Vec<bool>, sound: &Features) -> Path {
    let one = Side { frames: reference.frames.clone(), voiced: reference.voiced.clone(), pausable };
    let other = Side { frames: sound.frames.clone(), voiced: sound.voiced.clone(), pausable: Vec::new() };
    way(&one, &other, false)
}

fn way(one: &Side, other: &Side, coarse: bool) -> Path {
    let (rows, columns) = (one.frames.len(), other.frames.len());
    if rows.min(columns) < SHORT || (coarse && rows * columns <= ALL_PAIRS) {
        return search(one, other, &vec![0..columns; rows]);
    }
    let coarse = way(&shrink(one), &shrink(other), true);
    let corridor: Vec<Range<usize>> = (0..rows)
        .map(|row| {
            let at = (row / COARSER).min(coarse.spans.len() - 1);
            let (first, last) = coarse.spans[at];
            let from = first.saturating_sub(REACH) * COARSER;
            let to = ((last + 1 + REACH) * COARSER).min(columns);
            // What is left over at the end belongs to the last coarse frames.
            let from = if row + COARSER > rows || at == coarse.spans.len() - 1 { from.min(columns - 1) } else { from };
            from..if at == coarse.spans.len() - 1 { columns } else { to }
        })
        .collect();
    search(one, other, &corridor)
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
fn search(one: &Side, other: &Side, corridor: &[Range<usize>]) -> Path {
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
    trace(other, corridor, &offsets, &steps)
}

/// Goes back from the end.
fn trace(other: &Side, corridor: &[Range<usize>], offsets: &[usize], steps: &[u8]) -> Path {
    let mut spans = vec![(usize::MAX, 0); corridor.len()];
    let (mut row, mut column) = (corridor.len() - 1, other.frames.len() - 1);
    loop {
        let span = &mut spans[row];
        *span = (span.0.min(column), span.1.max(column));
        match steps[offsets[row] + column - corridor[row].start] {
            DIAGONAL if row == 0 || column == 0 => break,
            DIAGONAL => (row, column) = (row - 1, column - 1),
            SOUND_ONLY => column -= 1,
            _ => row -= 1,
        }
    }
    Path { spans }
}

fn pair(one: &Side, row: usize, other: &Side, column: usize) -> f32 {
    match (one.voiced[row], other.voiced[column]) {
        (true, true) => distance(&one.frames[row], &other.frames[column]),
        (false, false) => BOTH_SILENT,
        _ => MISMATCH,
    }
}

fn distance(one: &Frame, other: &Frame) -> f32 {
    (0..NUMBERS).map(|number| (one[number] - other[number]).powi(2)).sum::<f32>().sqrt()
}
