//! How far the music steps back under speech: down a little before it, up again after it, and not between words.

use std::ops::Range;

use crate::sound_file::RATE;

/// How far the music steps back, in dB.
const DEPTH_DB: f32 = 9.0;
/// Sample frames in which it goes down; it is down when the speech begins.
const ATTACK: u64 = RATE as u64 / 4;
/// It stays down for this long after the speech, and needs this long to come back.
const HOLD: u64 = RATE as u64 * 3 / 10;
const RELEASE: u64 = RATE as u64 * 6 / 10;
/// Pauses in which it would hardly have come back are held through.
const SHORTEST_RETURN: u64 = RATE as u64 * 4 / 10;

/// The gain of the music over the whole programme.
#[derive(Debug)]
pub(crate) struct Duck {
    /// Stretches in which it is down, far enough apart to go up and down between them.
    down: Vec<Range<u64>>,
    /// The first stretch that is not over yet.
    next: usize,
}

impl Duck {
    /// Steps back under speech, given as sample frames in any order.
    pub(crate) fn new(mut speech: Vec<Range<u64>>) -> Self {
        speech.sort_by_key(|span| span.start);
        let mut down: Vec<Range<u64>> = Vec::new();
        for span in speech {
            let span = span.start..span.end + HOLD;
            match down.last_mut() {
                Some(last) if span.start < last.end + RELEASE + SHORTEST_RETURN + ATTACK => last.end = last.end.max(span.end),
                _ => down.push(span),
            }
        }
        Self { down, next: 0 }
    }

    /// The gain at a sample frame; places must rise from call to call.
    pub(crate) fn gain(&mut self, at: u64) -> f32 {
        while self.down.get(self.next).is_some_and(|span| span.end + RELEASE <= at) {
            self.next += 1;
        }
        let Some(span) = self.down.get(self.next) else { return 1.0 };
        let depth = if at < span.start {
            1.0 - (span.start - at) as f32 / ATTACK as f32
        } else {
            1.0 - at.saturating_sub(span.end) as f32 / RELEASE as f32
        };
        if depth <= 0.0 {
            return 1.0;
        }
        let depth = depth * depth * (3.0 - 2.0 * depth);
        10f32.powf(-DEPTH_DB / 20.0 * depth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = RATE as u64;

    #[test]
    fn the_music_is_down_under_speech_and_up_elsewhere_without_a_step() {
        let speech = vec![16 * SECOND / 5..4 * SECOND, SECOND..SECOND * 3 / 2, 4 * SECOND + 9600..5 * SECOND];
        let mut duck = Duck::new(speech.clone());
        let gains: Vec<f32> = (0..8 * SECOND).map(|at| duck.gain(at)).collect();
        let db = |at: f32| 20.0 * gains[(at * SECOND as f32) as usize].log10();
        for span in speech {
            assert!(gains[span.start as usize..span.end as usize].iter().all(|gain| (20.0 * gain.log10() + 9.0).abs() < 0.01));
        }
        assert_eq!((db(0.5), db(7.0)), (0.0, 0.0));
        assert!(db(0.95) < -6.0, "it comes too late: {}", db(0.95));
        // Between words nothing moves, and 1.5 s of pause are enough to come back some way.
        assert!((db(4.1) + 9.0).abs() < 0.01 && db(2.6) > -1.0, "{} {}", db(4.1), db(2.6));
        let steepest = gains.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
        assert!(steepest < 3e-4, "{steepest}");
    }
}
