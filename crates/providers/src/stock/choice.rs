//! Which of the things that a stock has found is taken: large enough, of the video's orientation, and another one for each
//! scene and take.

use model::storyboard::Size;

use super::Found;
use crate::media;

/// Films shorter than this only flash by, in seconds.
const SHORTEST_FILM: f64 = 2.0;
/// Longer films are large files of which most is thrown away, in seconds.
const LONG_FILM: f64 = 60.0;

/// Those that can be used as a picture, best first: the stock's own order among equals.
pub fn pictures(mut found: Vec<Found>, video: Size) -> Vec<Found> {
    found.retain(|one| media::is_large_enough((one.width, one.height), video));
    found.sort_by_key(|one| (!same_orientation(one, video), is_stretched(one, video)));
    found
}

/// Those that can be used as a film of so many seconds, best first.
pub fn films(mut found: Vec<Found>, video: Size, seconds: f64) -> Vec<Found> {
    found.retain(|one| one.seconds >= SHORTEST_FILM && media::is_large_enough((one.width, one.height), video));
    found.sort_by_key(|one| {
        (one.seconds < seconds, !same_orientation(one, video), one.seconds > LONG_FILM, is_stretched(one, video))
    });
    found
}

/// Whose turn it is among `count` things: for scene `number` of `scenes` (from 1), and another one for each take. Scenes with
/// the same words begin at neighbouring places; takes step over the places of the other scenes, and come back to the first
/// only after all.
pub fn turn(count: usize, number: u32, scenes: u32, take: u32) -> usize {
    let count = count.max(1);
    let mut step = scenes.max(1) as usize;
    while common_divisor(step, count) != 1 {
        step += 1;
    }
    (number.saturating_sub(1) as usize % count + (take as usize % count) * (step % count)) % count
}

fn common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

fn same_orientation(one: &Found, video: Size) -> bool {
    one.width.cmp(&one.height) == video.width.cmp(&video.height)
}

/// Whether it has fewer pixels than the video.
fn is_stretched(one: &Found, video: Size) -> bool {
    one.width < video.width || one.height < video.height
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use model::project::Credit;
    use proptest::prelude::*;

    use super::*;

    fn found(id: &str, width: u32, height: u32, seconds: f64) -> Found {
        let credit = Credit { author: String::new(), licence: String::new(), source: String::new() };
        Found { id: id.into(), file: String::new(), preview: String::new(), width, height, seconds, credit }
    }

    fn ids(found: &[Found]) -> Vec<&str> {
        found.iter().map(|one| one.id.as_str()).collect()
    }

    #[test]
    fn tall_and_sharp_pictures_come_first() {
        let all = vec![
            found("wide", 6000, 4000, 0.0),
            found("soft", 720, 1280, 0.0),
            found("small", 400, 600, 0.0),
            found("good", 2000, 3000, 0.0),
            found("also good", 1080, 1920, 0.0),
        ];
        assert_eq!(ids(&pictures(all, Size::default())), ["good", "also good", "soft", "wide"]);
    }

    #[test]
    fn long_enough_films_come_first() {
        let all = vec![
            found("flash", 1080, 1920, 1.0),
            found("short", 1080, 1920, 4.0),
            found("endless", 1080, 1920, 300.0),
            found("wide", 1920, 1080, 12.0),
            found("good", 1080, 1920, 8.0),
        ];
        assert_eq!(ids(&films(all, Size::default(), 8.0)), ["good", "endless", "wide", "short"]);
    }

    proptest! {
        #[test]
        fn scenes_and_takes_differ_while_there_is_something_left(count in 1_usize..80, scenes in 1_u32..40, number in 1_u32..40) {
            let by_scene: BTreeSet<usize> = (1..=scenes).map(|number| turn(count, number, scenes, 0)).collect();
            prop_assert_eq!(by_scene.len(), count.min(scenes as usize));
            let by_take: BTreeSet<usize> = (0..count as u32).map(|take| turn(count, number, scenes, take)).collect();
            prop_assert_eq!(by_take.len(), count);
            prop_assert!(by_take.iter().all(|place| *place < count));
            prop_assert!(turn(count, u32::MAX, u32::MAX, u32::MAX) < count);
        }
    }
}
