//! Which caption stands on which frame: pages and the spoken word, switched on the exact frame.
//!
//! How a state looks is in `overlay`; how words form pages is the model's rule.

use std::collections::BTreeSet;

use model::caption::{CaptionOptions, CaptionPage, CaptionStyle, WordTiming, pages};
use model::storyboard::{Size, parse_colour};
use model::timeline::TimelineScene;

use crate::frame::Frame;
use crate::overlay::{self, Look, Overlay, PageDrawing};
use crate::text::{Fonts, Layout};

/// A page comes in over these frames: opacity (of 256) and how many pixels lower than its place, at a width of 1080.
const ENTRANCE: [(u16, f32); 3] = [(96, 14.0), (190, 6.0), (240, 2.0)];

/// The captions of one scene. States are drawn when they are first needed; frames are expected in order.
pub(crate) struct Captions<'a> {
    words: &'a [WordTiming],
    pages: Vec<CaptionPage>,
    fps: u32,
    look: Look,
    size: Size,
    drawn: Option<DrawnPage>,
}

struct DrawnPage {
    page: usize,
    layout: Layout,
    drawing: Option<PageDrawing>,
    state: Option<(usize, Overlay)>,
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
}

impl<'a> Captions<'a> {
    /// The captions of `scene`; nothing is drawn yet.
    pub(crate) fn new(scene: &'a TimelineScene, options: &CaptionOptions, size: Size, fps: u32) -> Self {
        let pages = match options.style {
            CaptionStyle::None => Vec::new(),
            _ => pages(&scene.words, options.max_words, scene.frame_count as f64 / f64::from(fps)),
        };
        let highlight = parse_colour(&options.highlight).unwrap_or([0xff, 0xd9, 0x3d]);
        let look = Look { style: options.style, highlight, position: options.position };
        Self { words: &scene.words, pages, fps, look, size, drawn: None }
    }

    /// What frame `index` of the scene shows.
    pub(crate) fn state(&self, index: u64) -> Option<CaptionState> {
        let page = self.pages.iter().position(|page| self.frame(page.start) <= index && index < self.frame(page.end))?;
        let range = self.pages[page].words.clone();
        let spoken = self.words[range].iter().rposition(|word| self.frame(word.start) <= index).unwrap_or(0);
        Some(CaptionState { page, word: spoken, age: index - self.frame(self.pages[page].start) })
    }

    /// The first frame whose time is not more than half a frame before `seconds`.
    fn frame(&self, seconds: f64) -> u64 {
        // A hair less, so that a time on the very half is not pushed a frame further by its last binary digit.
        (seconds * f64::from(self.fps) - 0.5 - 1e-6).ceil().max(0.0) as u64
    }

    /// Draws the caption of frame `index`, if it has one.
    pub(crate) fn draw(&mut self, index: u64, frame: &mut Frame, fonts: &mut Fonts) {
        let Some(state) = self.state(index) else { return };
        let lower = |pixels: f32| (pixels * overlay::unit(self.size) / 2.0).round() as usize * 2;
        let (opacity, lower) = match ENTRANCE.get(state.age as usize) {
            Some((opacity, pixels)) => (*opacity, lower(*pixels)),
            None => (256, 0),
        };
        if let Some(overlay) = self.overlay(state, fonts) {
            overlay.blend(frame, lower, opacity);
        }
    }

    fn overlay(&mut self, state: CaptionState, fonts: &mut Fonts) -> Option<&Overlay> {
        if self.drawn.as_ref().is_none_or(|drawn| drawn.page != state.page) {
            let layout = self.lay_out(state.page, fonts);
            let drawing = overlay::page(&layout, self.look, self.size);
            self.drawn = Some(DrawnPage { page: state.page, layout, drawing, state: None });
        }
        let drawn = self.drawn.as_mut().expect("the page was just drawn");
        // Without a highlight all states of a page look the same.
        let word = if self.look.style == CaptionStyle::Plain { 0 } else { state.word };
        if drawn.state.as_ref().is_none_or(|(drawn, _)| *drawn != word) {
            let drawing = drawn.drawing.as_ref()?;
            drawn.state = Some((word, overlay::state(drawing, &drawn.layout, word, self.look, self.size)));
        }
        drawn.state.as_ref().map(|(_, overlay)| overlay)
    }

    fn lay_out(&self, page: usize, fonts: &mut Fonts) -> Layout {
        let words: Vec<&str> = self.words[self.pages[page].words.clone()].iter().map(|word| word.word.trim()).collect();
        let width = self.size.width as f32 * (1.0 - 2.0 * overlay::SIDE) - 2.0 * 9.0 * overlay::unit(self.size);
        fonts.lay_out(&words, overlay::FONT_SIZE * overlay::unit(self.size), width)
    }

    /// Characters of this scene that no bundled font has.
    pub(crate) fn missing(&self, fonts: &mut Fonts) -> BTreeSet<char> {
        (0..self.pages.len()).flat_map(|page| self.lay_out(page, fonts).missing).collect()
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
        let captions = Captions::new(&scene, &CaptionOptions::default(), Size::default(), 30);
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
}
