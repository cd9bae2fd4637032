//! The piece as notes: who plays what and when, over a whole number of bars.
//!
//! How a note sounds is in `instruments`; nothing here knows of samples.

use super::dice::Dice;
use super::harmony::{Chord, lead};
use super::mood::{Bass, Character, Drums, Keys, Mood, Wish, character};

/// What a note is played on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Part {
    Pad,
    Keys(Keys),
    Lead(Keys),
    Bass,
    Kick,
    Snare,
    Hat,
    Shaker,
    Rim,
    Taiko,
}

/// One note; times in beats from the beginning of the loop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Note {
    pub part: Part,
    pub start: f32,
    pub length: f32,
    /// MIDI number; no meaning for drums.
    pub pitch: i32,
    /// 0 to 1.
    pub velocity: f32,
}

/// A piece that loops.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    /// Beats per minute.
    pub tempo: f32,
    pub bars: usize,
    pub notes: Vec<Note>,
    /// Brightness of the pad, 0 to 1.
    pub bright: f32,
    /// Share of the reverb and its length in seconds.
    pub reverb: (f32, f32),
}

/// Beats in a bar.
pub(super) const BEATS: usize = 4;
/// Bars in a section.
const SECTION: usize = 4;

/// Writes a piece for a wish.
pub(super) fn arrange(wish: &Wish, dice: &mut Dice) -> Piece {
    let character = character(wish.mood);
    let (low, high) = character.tempo;
    let tempo = wish.tempo.unwrap_or_else(|| (dice.between(low, high) * wish.pace).round());
    let bars = bars(tempo);
    let key = *dice.pick(&[0, 2, 3, 5, 7, 9, 10]);
    let chords = chords(&character, key, bars / SECTION, dice);
    let keys = wish.keys.unwrap_or_else(|| *dice.pick(character.keys));
    let mut notes = Vec::new();
    pad(&character, &chords, &mut notes);
    broken_chords(&character, keys, &chords, dice, &mut notes);
    bass(character.bass, &chords, wish.mood, dice, &mut notes);
    melody(&character, lead_of(keys), &chords, key, dice, &mut notes);
    if wish.drums {
        drums(&character, bars, dice, &mut notes);
    }
    humanise(&mut notes, character.swing, tempo, dice);
    Piece { tempo, bars, notes, bright: character.bright, reverb: character.reverb }
}

/// Whole sections that last about half a minute.
fn bars(tempo: f32) -> usize {
    let bar = BEATS as f32 * 60.0 / tempo;
    let sections = (31.0 / (bar * SECTION as f32)).round() as usize;
    SECTION * sections.clamp(1, 7)
}

/// How much happens in a section, 0 to 1: a quiet beginning, a full middle, and a way back to the beginning.
fn intensity(section: usize, sections: usize) -> f32 {
    match (section, sections) {
        (0, 1) => 0.9,
        (0, _) => 0.4,
        (section, sections) if section + 1 == sections && sections > 3 => 0.7,
        (1, sections) if sections > 2 => 0.75,
        _ => 1.0,
    }
}

/// One chord for each bar; the third section may take another road.
fn chords(character: &Character, key: i32, sections: usize, dice: &mut Dice) -> Vec<Chord> {
    let main = *dice.pick(character.progressions);
    let other = *dice.pick(character.progressions);
    let degrees: Vec<u8> = (0..sections).flat_map(|section| if section == 2 { other } else { main }).collect();
    lead(&degrees, key, character.scale, character.sevenths)
}

fn bar_intensity(bar: usize, bars: usize) -> f32 {
    intensity(bar / SECTION, bars / SECTION)
}

fn pad(character: &Character, chords: &[Chord], notes: &mut Vec<Note>) {
    for (bar, chord) in chords.iter().enumerate() {
        let velocity = character.levels[0] * (0.6 + 0.4 * bar_intensity(bar, chords.len()));
        for pitch in &chord.voices {
            notes.push(Note { part: Part::Pad, start: (bar * BEATS) as f32, length: BEATS as f32, pitch: *pitch, velocity });
        }
    }
}

/// Shapes of a broken chord as steps in the pool of its notes, low to high.
const SHAPES: &[[usize; 8]] = &[
    [0, 1, 2, 3, 4, 3, 2, 1],
    [0, 2, 1, 2, 3, 2, 1, 2],
    [0, 2, 4, 2, 3, 1, 4, 2],
    [0, 1, 2, 4, 3, 2, 4, 1],
    [4, 2, 3, 1, 2, 0, 3, 1],
];

fn broken_chords(character: &Character, keys: Keys, chords: &[Chord], dice: &mut Dice, notes: &mut Vec<Note>) {
    let shapes = [dice.pick(SHAPES), dice.pick(SHAPES)];
    let up = match keys {
        Keys::Bell | Keys::Mallet => 12,
        Keys::Pluck | Keys::Piano | Keys::ElectricPiano if character.steps >= 8 => 12,
        _ => 0,
    };
    let length = BEATS as f32 / character.steps as f32;
    for (bar, chord) in chords.iter().enumerate() {
        let intensity = bar_intensity(bar, chords.len());
        let shape = shapes[bar / SECTION % 2];
        // Quiet sections leave every other note out, where there are many.
        let every = if intensity < 0.6 && character.steps > 8 { 2 } else { 1 };
        for step in (0..character.steps).step_by(every) {
            if step > 0 && dice.chance(0.08) {
                continue;
            }
            let place = shape[(step / every) % 8];
            let count = chord.voices.len();
            let pitch = chord.voices[place % count] + 12 * (place / count) as i32 + up;
            let accent = if step % (character.steps / 4).max(1) == 0 { 1.0 } else { 0.72 };
            let start = (bar * BEATS) as f32 + step as f32 * length;
            // Strings are short; the others ring until the chord changes.
            let length = if keys == Keys::Strings { length * 0.8 } else { BEATS as f32 - step as f32 * length };
            let velocity = character.levels[1] * accent * (0.65 + 0.35 * intensity);
            notes.push(Note { part: Part::Keys(keys), start, length, pitch, velocity });
        }
    }
}

fn bass(kind: Bass, chords: &[Chord], mood: Mood, dice: &mut Dice, notes: &mut Vec<Note>) {
    let bars = chords.len();
    for (bar, chord) in chords.iter().enumerate() {
        let full = bar_intensity(bar, bars);
        let begin = (bar * BEATS) as f32;
        let mut play = |beat: f32, length: f32, pitch: i32, velocity: f32| {
            notes.push(Note { part: Part::Bass, start: begin + beat, length, pitch, velocity: velocity * (0.55 + 0.45 * full) });
        };
        let next = chords[(bar + 1) % bars].root;
        match kind {
            _ if full < 0.6 => play(0.0, 3.9, chord.root, 0.8),
            Bass::Long => {
                play(0.0, if full > 0.9 { 2.9 } else { 3.9 }, chord.root, 0.9);
                if full > 0.9 {
                    play(3.0, 0.9, chord.root + 7, 0.6);
                }
            }
            Bass::Walking => {
                play(0.0, 1.4, chord.root, 1.0);
                play(1.5, 0.45, chord.root + 12, 0.55);
                play(2.0, 1.3, chord.root + 7, 0.8);
                if dice.chance(0.6) {
                    play(3.5, 0.45, if next > chord.root { next - 2 } else { next + 2 }, 0.6);
                }
            }
            Bass::Driving => {
                for step in 0..8 {
                    let accent = if step % 2 == 0 { 0.95 } else { 0.7 };
                    let leap = if matches!(mood, Mood::Energetic | Mood::Space) && step % 4 == 3 { 12 } else { 0 };
                    play(step as f32 / 2.0, 0.4, chord.root + leap, accent);
                }
            }
        }
    }
}

/// Rhythms of a phrase of two bars: beat and length of each note.
const RHYTHMS: &[&[(f32, f32)]] = &[
    &[(0.0, 1.5), (1.5, 0.5), (2.0, 2.0), (4.0, 1.0), (5.0, 1.0), (6.0, 2.0)],
    &[(0.0, 3.0), (3.0, 1.0), (4.0, 4.0)],
    &[(0.5, 0.5), (1.0, 1.0), (2.0, 1.5), (4.5, 0.5), (5.0, 2.5)],
    &[(0.0, 1.0), (1.0, 0.5), (1.5, 1.5), (4.0, 0.5), (4.5, 0.5), (5.0, 3.0)],
    &[(1.0, 1.0), (2.0, 2.0), (5.0, 1.0), (6.0, 2.0)],
];

/// The instrument that sings over the broken chords.
fn lead_of(keys: Keys) -> Keys {
    match keys {
        Keys::Pluck | Keys::Strings => Keys::Piano,
        Keys::Piano | Keys::ElectricPiano => Keys::Bell,
        Keys::Mallet => Keys::Pluck,
        Keys::Bell => Keys::ElectricPiano,
    }
}

/// A phrase of two bars and its answer, in the full sections only: the first one leaves the ground to the voice.
fn melody(character: &Character, keys: Keys, chords: &[Chord], key: i32, dice: &mut Dice, notes: &mut Vec<Note>) {
    let rhythms = [*dice.pick(RHYTHMS), *dice.pick(RHYTHMS)];
    let contour: Vec<i32> = (0..8).map(|_| *dice.pick(&[-4, -2, -2, 2, 2, 3, 5])).collect();
    let mut pitch = 74;
    for bar in (0..chords.len()).step_by(2) {
        if bar_intensity(bar, chords.len()) < 0.9 {
            continue;
        }
        let rhythm = rhythms[bar / 2 % 2];
        for (index, (beat, length)) in rhythm.iter().enumerate() {
            let chord = &chords[bar + usize::from(*beat >= 4.0)];
            let strong = beat.fract() == 0.0 || *length >= 1.5;
            let wanted = pitch + contour[index % contour.len()];
            let in_scale = |note: &i32| character.scale.contains(&(note - key).rem_euclid(12));
            let in_chord = |note: &i32| chord.voices.iter().any(|voice| (voice - note).rem_euclid(12) == 0);
            let fits = |note: &i32| if strong { in_chord(note) } else { in_scale(note) };
            let tie = pitch;
            pitch = (67..=84).filter(fits).min_by_key(|note| ((note - wanted).abs() * 2, (note - tie).abs())).unwrap_or(pitch);
            let velocity = character.levels[2] * if strong { 0.9 } else { 0.7 };
            let start = (bar * BEATS) as f32 + beat;
            notes.push(Note { part: Part::Lead(keys), start, length: *length, pitch, velocity });
        }
    }
}

/// One bar of drums in sixteen steps: `x` loud, `o` soft; for the quieter sections and for the full ones.
#[rustfmt::skip]
fn patterns(drums: Drums) -> &'static [(Part, &'static str, &'static str)] {
    match drums {
        Drums::None => &[],
        Drums::Soft => &[
            (Part::Kick,   "o...............", "x.........o....."),
            (Part::Shaker, "..o...o...o...o.", "o.x.o.x.o.x.o.x."),
        ],
        Drums::Lofi => &[
            (Part::Kick,   "x.........o.....", "x......o..x....."),
            (Part::Snare,  "....o.......o...", "....x.......x..o"),
            (Part::Hat,    "o...o...o...o...", "x.o.x.o.x.o.x.o."),
        ],
        Drums::Straight => &[
            (Part::Kick,   "x.......x.......", "x.......x.o....."),
            (Part::Snare,  "............o...", "....x.......x..."),
            (Part::Hat,    "..o...o...o...o.", "..x...x...x...x."),
            (Part::Shaker, "................", "oooooooooooooooo"),
        ],
        Drums::Club => &[
            (Part::Kick,   "x...x...x...x...", "x...x...x...x..."),
            (Part::Snare,  "................", "....x.......x..."),
            (Part::Hat,    "..o...o...o...o.", "..x...x...x...x."),
            (Part::Shaker, "................", "o.oxo.oxo.oxo.ox"),
        ],
        Drums::Taiko => &[
            (Part::Taiko,  "x.......o.......", "x..o..x.o.x..o.o"),
            (Part::Shaker, "................", "..o...o...o...o."),
        ],
        Drums::Light => &[
            (Part::Kick,   "o.......o.......", "x.......x......."),
            (Part::Rim,    "....o.......o...", "....x.......x.o."),
            (Part::Shaker, "..o...o...o...o.", "o.x.o.x.o.x.o.x."),
        ],
    }
}

fn drums(character: &Character, bars: usize, dice: &mut Dice, notes: &mut Vec<Note>) {
    for bar in 0..bars {
        let intensity = bar_intensity(bar, bars);
        // Drums rest in the first section, except where the beat is the music; there they begin softly.
        let always = matches!(character.drums, Drums::Lofi | Drums::Club);
        if intensity < 0.6 && !always {
            continue;
        }
        let last = bar + 1 == bars && bars > SECTION;
        for (part, quiet, full) in patterns(character.drums) {
            if intensity < 0.6 && *part == Part::Snare {
                continue;
            }
            let pattern = if intensity > 0.9 { full } else { quiet };
            for (step, mark) in pattern.bytes().enumerate() {
                // The last half bar makes room for the quiet beginning.
                if mark == b'.' || (last && step >= 8) {
                    continue;
                }
                let loud = if mark == b'x' { 1.0 } else { 0.55 };
                let velocity = loud * dice.between(0.85, 1.0) * (0.5 + 0.5 * intensity);
                let start = (bar * BEATS) as f32 + step as f32 / 4.0;
                notes.push(Note { part: *part, start, length: 0.25, pitch: 0, velocity });
            }
        }
    }
}

/// Swings the off-beats and takes the machine out of time and strength.
fn humanise(notes: &mut [Note], swing: f32, tempo: f32, dice: &mut Dice) {
    let beats_per_second = tempo / 60.0;
    for note in notes {
        let eighth = (note.start * 2.0).round();
        if (note.start * 2.0 - eighth).abs() < 0.01 && eighth as i32 % 2 == 1 {
            note.start += swing * 0.5;
        }
        let loose = match note.part {
            Part::Pad => 0.0,
            Part::Kick | Part::Bass | Part::Taiko => 0.003,
            _ => 0.007,
        };
        note.start += dice.noise() * loose * beats_per_second;
        note.velocity = (note.velocity * dice.between(0.88, 1.0)).clamp(0.0, 1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_is_whole_sections_of_about_half_a_minute() {
        for tempo in 40..=200 {
            let bars = bars(tempo as f32);
            let seconds = bars as f32 * 4.0 * 60.0 / tempo as f32;
            assert!(bars.is_multiple_of(SECTION) && (20.0..41.0).contains(&seconds), "{tempo} {bars} {seconds}");
        }
    }

    #[test]
    fn the_beginning_is_quiet_and_the_middle_full() {
        let mut dice = Dice::new(&["x"], 0);
        let wish = Wish { mood: Mood::Uplifting, tempo: None, pace: 1.0, keys: None, drums: true };
        let piece = arrange(&wish, &mut dice);
        let count = |section: usize| {
            let range = (section * 16) as f32 - 0.1..(section * 16 + 16) as f32 - 0.1;
            piece.notes.iter().filter(|note| range.contains(&note.start)).count()
        };
        assert!(count(2) > count(0) * 3 / 2, "{} {}", count(0), count(2));
        assert!(!piece.notes.iter().any(|note| matches!(note.part, Part::Kick | Part::Lead(_)) && note.start < 15.9));
        let silent = arrange(&Wish { drums: false, ..wish }, &mut dice);
        assert!(!silent.notes.iter().any(|note| matches!(note.part, Part::Kick | Part::Snare | Part::Hat | Part::Shaker)));
    }
}
