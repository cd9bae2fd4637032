//! Chords: which notes belong to a degree of the scale, and how one chord leads to the next.

/// A chord in position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chord {
    /// MIDI note of the root, in the octave of the bass.
    pub root: i32,
    /// MIDI notes of the middle voices, rising.
    pub voices: Vec<i32>,
}

/// Lowest and highest place of the lowest middle voice: around middle C, above the bass and below where a voice is
/// understood.
const LOWEST: std::ops::Range<i32> = 52..64;
/// The bass sings from E1.
const BASS: i32 = 28;

/// Puts a progression into voices that move as little as possible. `key` is 0 to 11 semitones above C; degrees as in
/// [`super::mood::Character::progressions`].
pub(super) fn lead(degrees: &[u8], key: i32, scale: [i32; 7], sevenths: bool) -> Vec<Chord> {
    let mut chords: Vec<Chord> = Vec::with_capacity(degrees.len());
    for degree in degrees {
        let classes = classes(*degree, key, scale, sevenths);
        let root = BASS + (classes[0] - BASS).rem_euclid(12);
        let before = chords.last().map(|chord| chord.voices.as_slice());
        let voices = positions(&classes).into_iter().min_by_key(|voices| movement(before, voices)).unwrap_or_default();
        chords.push(Chord { root, voices });
    }
    chords
}

/// Pitch classes, the root first.
fn classes(degree: u8, key: i32, scale: [i32; 7], sevenths: bool) -> Vec<i32> {
    let (degree, raised) = (usize::from(degree % 10), degree >= 10);
    let note = |step: usize| key + scale[(degree + step) % 7];
    let mut classes = vec![note(0), note(2) + i32::from(raised), note(4)];
    if sevenths {
        classes.push(note(6));
    }
    classes.iter().map(|class| class.rem_euclid(12)).collect()
}

/// All inversions in close position with the lowest voice in [`LOWEST`].
fn positions(classes: &[i32]) -> Vec<Vec<i32>> {
    LOWEST
        .filter(|lowest| classes.contains(&lowest.rem_euclid(12)))
        .map(|lowest| {
            let mut voices: Vec<i32> = classes.iter().map(|class| lowest + (class - lowest).rem_euclid(12)).collect();
            voices.sort_unstable();
            voices
        })
        .collect()
}

/// How far the voices move; for the first chord, how far it lies from the middle of the range.
fn movement(before: Option<&[i32]>, voices: &[i32]) -> i32 {
    match before {
        Some(before) => before.iter().zip(voices).map(|(from, to)| (from - to).abs()).sum(),
        None => (voices[0] - (LOWEST.start + LOWEST.end) / 2).abs(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAJOR: [i32; 7] = [0, 2, 4, 5, 7, 9, 11];

    #[test]
    fn chords_are_those_of_the_scale_and_move_little() {
        let chords = lead(&[0, 4, 5, 3], 0, MAJOR, false);
        let classes: Vec<Vec<i32>> = chords
            .iter()
            .map(|chord| {
                let mut classes: Vec<i32> = chord.voices.iter().map(|voice| voice % 12).collect();
                classes.sort_unstable();
                classes
            })
            .collect();
        assert_eq!(classes, [vec![0, 4, 7], vec![2, 7, 11], vec![0, 4, 9], vec![0, 5, 9]]);
        assert_eq!(chords.iter().map(|chord| chord.root % 12).collect::<Vec<_>>(), [0, 7, 9, 5]);
        for pair in chords.windows(2) {
            assert!(movement(Some(&pair[0].voices), &pair[1].voices) <= 6, "{pair:?}");
        }
    }

    #[test]
    fn the_dominant_in_minor_has_a_major_third() {
        let minor = [0, 2, 3, 5, 7, 8, 10];
        assert_eq!(classes(14, 9, minor, false), [4, 8, 11]);
        assert_eq!(classes(4, 9, minor, false), [4, 7, 11]);
        assert_eq!(classes(4, 0, MAJOR, true), [7, 11, 2, 5]);
    }
}
