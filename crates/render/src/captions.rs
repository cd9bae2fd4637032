//! Which caption stands on which frame: pages and the spoken word, switched on the exact frame.
//!
//! How a state looks is in `page`; how words form pages is the model's rule.

use std::borrow::Cow;
use std::collections::BTreeSet;

use model::caption::{CaptionOptions, CaptionPage, CaptionStyle, WordTiming, pages};
use model::storyboard::Size;
use model::timeline::TimelineScene;

use crate::frame::Frame;
use crate::look::{Look, RISE};
use crate::overlay::Overlay;
use crate::page::{self, PageDrawing};
use crate::text::{Fonts, Layout};

/// A page comes in over these frames: opacity (of 256) and how many pixels lower than its place, at a width of 1080.
const ENTRANCE: [(u16, f32); 3] = [(96, RISE), (190, 6.0), (240, 2.0)];

/// A word's bounce: how long it takes in seconds, the size it starts from, and how far it swings over its own size.
const POP_SECONDS: f64 = 0.2;
const POP_FROM: f64 = 0.5;
const POP_SWING: f64 = 3.4;

/// The captions of one scene. States are drawn when they are first needed; frames are expected in order.
pub(crate) struct Captions<'a> {
    words: &'a [WordTiming],
    pages: Vec<CaptionPage>,
    fps: u32,
    options: &'a CaptionOptions,
    look: Look,
    drawn: Option<DrawnPage>,
}

struct DrawnPage {
    page: usize,
    layout: Layout,
    /// What states share whose words are the same.
    shared: Option<PageDrawing>,
    /// The page while one word is spoken: that word's index, and the box if there is something to see.
    words: Option<(usize, Option<Overlay>)>,
    /// The spoken word where it has a box of its own: its index, its frame, and the box.
    spoken: Option<(usize, u64, Option<Overlay>)>,
}

/// What a frame shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CaptionState {
    /// Index of the page in the scene.
    pub(crate) page: usize,
    /// Index of the spoken word in the page.
    pub(crate) word: usize,
    /// Frames since the page came.
    pub(crate) age: u64,
    /// Frames since the spoken word came.
    pub(crate) spoken: u64,
}

impl<'a> Captions<'a> {
    /// The captions of `scene`; nothing is drawn yet.
    pub(crate) fn new(scene: &'a TimelineScene, options: &'a CaptionOptions, size: Size, fps: u32) -> Self {
        let pages = match options.style {
            CaptionStyle::None => Vec::new(),
            _ => pages(&scene.words, options.page_limits(), scene.frame_count as f64 / f64::from(fps)),
        };
        Self { words: &scene.words, pages, fps, options, look: Look::new(options, size), drawn: None }
    }

    /// What frame `index` of the scene shows.
    pub(crate) fn state(&self, index: u64) -> Option<CaptionState> {
        let page = self.pages.iter().position(|page| self.frame(page.start) <= index && index < self.frame(page.end))?;
        let range = self.pages[page].words.clone();
        let word = self.words[range.clone()].iter().rposition(|word| self.frame(word.start) <= index).unwrap_or(0);
        let spoken = index.saturating_sub(self.frame(self.words[range.start + word].start));
        Some(CaptionState { page, word, age: index - self.frame(self.pages[page].start), spoken })
    }

    /// The first frame whose time is not more than half a frame before `seconds`.
    fn frame(&self, seconds: f64) -> u64 {
        // A hair less, so that a time on the very half is not pushed a frame further by its last binary digit.
        (seconds * f64::from(self.fps) - 0.5 - 1e-6).ceil().max(0.0) as u64
    }

    /// Draws the caption of frame `index`, if it has one.
    pub(crate) fn draw(&mut self, index: u64, frame: &mut Frame, fonts: &mut Fonts) {
        let Some(state) = self.state(index) else { return };
        self.prepare(state, fonts);
        let Some(drawn) = &self.drawn else { return };
        let (opacity, lower) = self.entrance(state.age);
        let words = drawn.words.as_ref().and_then(|(_, overlay)| overlay.as_ref());
        let spoken = drawn.spoken.as_ref().and_then(|(_, _, overlay)| overlay.as_ref());
        for overlay in words.into_iter().chain(spoken) {
            overlay.blend(frame, lower, opacity);
        }
    }

    /// Opacity and how many pixels lower, for a page of some age in frames.
    fn entrance(&self, age: u64) -> (u16, usize) {
        // Where words come one by one, they need no page that comes in.
        let one_by_one = matches!(self.look.style, CaptionStyle::Pop | CaptionStyle::Typewriter | CaptionStyle::Word);
        match ENTRANCE.get(age as usize).filter(|_| !one_by_one) {
            Some((opacity, pixels)) => (*opacity, (pixels * self.look.unit() / 2.0).round() as usize * 2),
            None => (256, 0),
        }
    }

    /// Draws what `state` shows, unless the frame before showed the same.
    fn prepare(&mut self, state: CaptionState, fonts: &mut Fonts) {
        if self.drawn.as_ref().is_none_or(|drawn| drawn.page != state.page) {
            let layout = self.lay_out(state.page, fonts);
            self.drawn = Some(DrawnPage { page: state.page, layout, shared: None, words: None, spoken: None });
        }
        let bounce = self.bounce(state);
        let look = self.look;
        let Some(drawn) = &mut self.drawn else { return };
        // Without a highlight all states of a page look the same.
        let word = if look.style == CaptionStyle::Plain { 0 } else { state.word };
        if drawn.words.as_ref().is_none_or(|(of, _)| *of != word) {
            drawn.words = Some((word, drawn.draw_words(word, look)));
        }
        if let Some((step, scale)) = bounce
            && drawn.spoken.as_ref().is_none_or(|(of, at, _)| (*of, *at) != (word, step))
        {
            drawn.spoken = Some((word, step, page::scaled_word(&drawn.layout, word, scale, look)));
        }
    }

    /// The frame of the spoken word's bounce and its size then; `None` in styles where words keep still.
    fn bounce(&self, state: CaptionState) -> Option<(u64, f32)> {
        if !matches!(self.look.style, CaptionStyle::Pop | CaptionStyle::Word) {
            return None;
        }
        // A word that is spoken faster bounces faster: it is at rest when the next one comes.
        let index = self.pages[state.page].words.start + state.word;
        let begin = self.frame(self.words[index].start);
        let next = self.words.get(index + 1).map_or(u64::MAX, |next| self.frame(next.start).saturating_sub(begin + 1));
        let frames = ((POP_SECONDS * f64::from(self.fps)).round() as u64).min(next);
        let step = state.spoken.min(frames);
        if step == frames {
            return Some((step, 1.0));
        }
        let left = 1.0 - (step + 1) as f64 / (frames + 1) as f64;
        let swing = 1.0 - (POP_SWING + 1.0) * left.powi(3) + POP_SWING * left.powi(2);
        Some((step, (POP_FROM + (1.0 - POP_FROM) * swing) as f32))
    }

    fn lay_out(&self, page: usize, fonts: &mut Fonts) -> Layout {
        let words = &self.words[self.pages[page].words.clone()];
        let words: Vec<Cow<'_, str>> = words.iter().map(|word| self.options.in_case(word.word.trim())).collect();
        fonts.lay_out(&words, &self.look.fit())
    }

    /// Characters of this scene that no bundled font has.
    pub(crate) fn missing(&self, fonts: &mut Fonts) -> BTreeSet<char> {
        (0..self.pages.len()).flat_map(|page| self.lay_out(page, fonts).missing).collect()
    }
}

impl DrawnPage {
    /// The page's words while `word` is spoken, without those that have not come yet or have a box of their own.
    fn draw_words(&mut self, word: usize, look: Look) -> Option<Overlay> {
        let all = 0..self.layout.words.len();
        let (words, active) = match look.style {
            CaptionStyle::Pop | CaptionStyle::Word => (0..word, None),
            CaptionStyle::Typewriter => (0..word + 1, None),
            CaptionStyle::Plain => (all, None),
            _ => (all, Some(word)),
        };
        if words.is_empty() {
            return None;
        }
        if self.shared.as_ref().is_none_or(|shared| shared.words != words) {
            self.shared = page::page(&self.layout, words, look);
        }
        Some(page::state(self.shared.as_ref()?, &self.layout, active, look))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::storyboard::{Focus, Motion, Transition};
    use model::timeline::Visual;

    fn scene(words: &[(&str, f64, f64)]) -> TimelineScene {
        TimelineScene {
            number: 1,
            first_frame: 0,
            frame_count: 90,
            visual: Visual::Still { medium: "a".into(), motion: Motion::Still, focus: Focus { x: 0.5, y: 0.5 } },
            audio: None,
            words: words.iter().map(|(word, start, end)| WordTiming { word: (*word).into(), start: *start, end: *end }).collect(),
            transition: Transition::Cut,
        }
    }

    #[test]
    fn the_spoken_word_switches_on_the_exact_frame() {
        let scene = scene(&[("one", 0.1, 0.4), ("two", 0.5166, 0.9), ("three.", 0.95, 1.2), ("Four", 2.5, 2.7)]);
        let options = CaptionOptions::default();
        let captions = Captions::new(&scene, &options, Size::default(), 30);
        let check = |index, expected: Option<(usize, usize)>| {
            assert_eq!(captions.state(index).map(|state| (state.page, state.word)), expected, "frame {index}");
        };
        // Frame n is shown from n/30 s; a word at 0.1 s belongs to frame 3, one at 0.5166 s (15.498) to frame 15.
        check(2, None);
        check(3, Some((0, 0)));
        check(14, Some((0, 0)));
        check(15, Some((0, 1)));
        check(28, Some((0, 2)));
        check(27, Some((0, 1)));
        // The page lingers 0.35 s after its last word, then the screen is free until the next.
        check(45, Some((0, 2)));
        check(47, None);
        check(75, Some((1, 0)));
        check(74, None);
        check(89, Some((1, 0)));
    }

    #[test]
    fn a_bounce_swings_over_and_ends_before_the_next_word() {
        let scene = scene(&[("one", 0.0, 0.4), ("two", 0.5, 0.55), ("three", 0.6, 1.2), ("now", 1.2, 1.2), ("end", 1.2, 1.5)]);
        let options = CaptionOptions { style: CaptionStyle::Pop, max_words: 5, ..CaptionOptions::default() };
        let captions = Captions::new(&scene, &options, Size::default(), 30);
        let check = |index, expected: [u32; 3]| {
            let percent = |index| {
                let scale = captions.bounce(captions.state(index).expect("a caption")).expect("it bounces").1;
                (scale * 100.0).round() as u32
            };
            assert_eq!([percent(index), percent(index + 1), percent(index + 2)], expected, "frame {index}");
        };
        check(0, [86, 107, 114]);
        check(4, [109, 103, 100]);
        // "two" has three frames: two for its bounce and one at rest.
        check(15, [110, 111, 100]);
        check(18, [86, 107, 114]);
        check(36, [86, 107, 114]);
    }

    #[test]
    fn one_word_at_a_time_is_one_word_a_page() {
        let scene = scene(&[("one", 0.1, 0.4), ("two", 0.5, 0.9), ("three.", 0.95, 1.2)]);
        let options = CaptionOptions { style: CaptionStyle::Word, ..CaptionOptions::default() };
        let captions = Captions::new(&scene, &options, Size::default(), 30);
        let pages: Vec<_> = captions.pages.iter().map(|page| page.words.clone()).collect();
        assert_eq!(pages, [0..1, 1..2, 2..3]);
    }
}
