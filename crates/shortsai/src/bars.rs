//! Progress on the terminal: bars for people, plain lines for logs.

use std::io::IsTerminal;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// The bars of one short.
pub struct Bars {
    all: MultiProgress,
    plain: bool,
    narration: Bar,
    pictures: Bar,
    music: Bar,
    video: Bar,
}

/// One bar, on the screen once there is something to show.
struct Bar {
    name: &'static str,
    bar: Option<ProgressBar>,
    told: u64,
}

/// The video's progress in steps; also of the plain lines, every tenth of the way.
const STEPS: u64 = 100;

impl Bars {
    pub fn new() -> Self {
        let bar = |name| Bar { name, bar: None, told: 0 };
        Self {
            all: MultiProgress::new(),
            plain: !std::io::stderr().is_terminal(),
            narration: bar("narration"),
            pictures: bar("pictures"),
            music: bar("music"),
            video: bar("video"),
        }
    }

    pub fn narration(&mut self, done: usize, of: usize) {
        count(&self.all, self.plain, &mut self.narration, done, of);
    }

    pub fn pictures(&mut self, done: usize, of: usize) {
        count(&self.all, self.plain, &mut self.pictures, done, of);
    }

    pub fn music(&mut self, done: usize, of: usize) {
        count(&self.all, self.plain, &mut self.music, done, of);
    }

    /// `fraction` from 0 to 1.
    pub fn video(&mut self, fraction: f64) {
        let step = (fraction * STEPS as f64) as u64;
        if self.plain {
            if step / 10 > self.video.told / 10 {
                eprintln!("{:<10}{step:>4} %", self.video.name);
                self.video.told = step;
            }
            return;
        }
        let all = &self.all;
        let bar = self.video.bar.get_or_insert_with(|| new_bar(all, "video", STEPS, "{percent:>3} %"));
        bar.set_position(step);
    }

    /// Leaves the bars as they are on the screen.
    pub fn finish(&mut self) {
        for bar in [&self.narration, &self.pictures, &self.music, &self.video] {
            if let Some(bar) = &bar.bar {
                bar.abandon();
            }
        }
    }
}

fn count(all: &MultiProgress, plain: bool, bar: &mut Bar, done: usize, of: usize) {
    let (done, of) = (done as u64, of as u64);
    if plain {
        if done == of && bar.told < done {
            eprintln!("{:<10}{done:>4} of {of}", bar.name);
            bar.told = done;
        }
        return;
    }
    let name = bar.name;
    bar.bar.get_or_insert_with(|| new_bar(all, name, of, "{pos} of {len}")).set_position(done);
}

fn new_bar(all: &MultiProgress, name: &'static str, length: u64, tail: &str) -> ProgressBar {
    let template = format!("{{prefix:<10}} {{bar:32.yellow/black.bright}} {tail}");
    // The template is a constant of ours; if indicatif ever refuses it, its default still shows progress.
    let style = ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━━─");
    let bar = all.add(ProgressBar::new(length));
    bar.set_style(style);
    bar.set_prefix(name);
    bar
}
