//! Captions as files beside the video: SubRip (`.srt`), WebVTT (`.vtt`) and, with look and word times, SubStation (`.ass`).

mod ass;

pub use ass::to_ass;

use crate::caption::{joined, pages};
use crate::timeline::Timeline;

/// One subtitle cue: start and end in seconds of the whole video, and its text.
#[derive(Debug, Clone, PartialEq)]
pub struct Cue {
    /// Seconds from the start of the video.
    pub start: f64,
    /// Seconds from the start of the video.
    pub end: f64,
    /// One line of text.
    pub text: String,
}

/// The cues of a whole video, page by page as they stand on the screen; where that is one big word at a time, players still
/// get pages that can be read.
pub fn cues(timeline: &Timeline) -> Vec<Cue> {
    let fps = f64::from(timeline.fps);
    let mut cues = Vec::new();
    for scene in &timeline.scenes {
        let offset = scene.first_frame as f64 / fps;
        for page in pages(&scene.words, timeline.captions.file_limits(), scene.frame_count as f64 / fps) {
            let text = joined(scene.words[page.words].iter().map(|word| word.word.as_str()));
            cues.push(Cue { start: offset + page.start, end: offset + page.end, text });
        }
    }
    cues
}

/// The cues as a SubRip file.
pub fn to_srt(cues: &[Cue]) -> String {
    let mut out = String::new();
    for (index, cue) in cues.iter().enumerate() {
        out.push_str(&format!(
            "{}\n{} --> {}\n{}\n\n",
            index + 1,
            stamp(cue.start, ','),
            stamp(cue.end, ','),
            one_line(&cue.text)
        ));
    }
    out
}

/// The cues as a WebVTT file.
pub fn to_vtt(cues: &[Cue]) -> String {
    let mut out = String::from("WEBVTT\n\n");
    for cue in cues {
        // VTT is markup: these three would start a tag or an entity.
        let text = one_line(&cue.text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        out.push_str(&format!("{} --> {}\n{text}\n\n", stamp(cue.start, '.'), stamp(cue.end, '.')));
    }
    out
}

/// A blank line would end the cue early and `-->` would start another.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace("-->", "→")
}

fn stamp(seconds: f64, decimal: char) -> String {
    let millis = (seconds.max(0.0) * 1000.0).round() as u64;
    format!("{:02}:{:02}:{:02}{decimal}{:03}", millis / 3_600_000, millis / 60_000 % 60, millis / 1000 % 60, millis % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_formats_are_exact() {
        let cues = [
            Cue { start: 0.0, end: 1.25, text: "One small step".into() },
            Cue { start: 3661.0004, end: 3662.5, text: "a < b & c --> d".into() },
        ];
        assert_eq!(
            to_srt(&cues),
            "1\n00:00:00,000 --> 00:00:01,250\nOne small step\n\n2\n01:01:01,000 --> 01:01:02,500\na < b & c → d\n\n"
        );
        assert_eq!(
            to_vtt(&cues),
            "WEBVTT\n\n00:00:00.000 --> 00:00:01.250\nOne small step\n\n01:01:01.000 --> 01:01:02.500\na &lt; b &amp; c → d\n\n"
        );
    }
}
