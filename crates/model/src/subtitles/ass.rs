//! Captions as Advanced SubStation Alpha (`.ass`): the same pages as in the picture, with font, colours, size and place, and
//! karaoke tags for the words.
//!
//! Editors and players draw it with the fonts that they have, so it resembles the picture but is not the same.

use crate::caption::{CaptionFont, CaptionOptions, CaptionPosition, CaptionStyle, WordTiming, blank_between, pages, safe_area};
use crate::storyboard::{Size, parse_colour};
use crate::timeline::Timeline;

/// Font size and outline at a width of 1080, as in the picture.
const FONT_SIZE: f64 = 80.0;
const OUTLINE: f64 = 9.0;
/// The middle of captions at the bottom of a short, as a share of the height.
const LOWER_THIRD: f64 = 0.66;

/// The captions of a whole video as an ASS file.
pub fn to_ass(timeline: &Timeline) -> String {
    let (size, options) = (timeline.size, &timeline.captions);
    let mut out = format!(
        "[Script Info]\n; The captions as they stand in the picture, word by word.\nTitle: {}\nScriptType: v4.00+\n\
         WrapStyle: 0\nScaledBorderAndShadow: yes\nYCbCr Matrix: TV.709\nPlayResX: {}\nPlayResY: {}\n\n{}\n",
        visible(&timeline.title),
        size.width,
        size.height,
        styles(options, size, is_right_to_left(timeline))
    );
    out.push_str("[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n");
    let fps = f64::from(timeline.fps);
    for scene in &timeline.scenes {
        let offset = scene.first_frame as f64 / fps;
        for page in pages(&scene.words, options.page_limits(), scene.frame_count as f64 / fps) {
            let (start, end) = (centis(offset + page.start), centis(offset + page.end));
            let place = place(options, size);
            let text = karaoke(&scene.words[page.words], offset, end, options);
            out.push_str(&format!("Dialogue: 0,{},{},Caption,,0,0,0,,{place}{text}\n", stamp(start), stamp(end)));
        }
    }
    out
}

/// The style section. Words have the secondary colour until their time comes and the primary one from then on.
fn styles(options: &CaptionOptions, size: Size, right_to_left: bool) -> String {
    let colour = |text: &str| parse_colour(text).unwrap_or([255; 3]);
    let (text, highlight) = (colour(&options.text_colour), colour(&options.highlight));
    let primary = match options.style {
        CaptionStyle::Plain | CaptionStyle::Typewriter | CaptionStyle::Minimal => text,
        _ => highlight,
    };
    // What comes word by word is wholly see-through before.
    let hidden = if appears(options.style) { 255 } else { 0 };
    let unit = f64::from(size.width.min(size.height)) / 1080.0;
    let letters = FONT_SIZE * unit * options.size * options.style.scale() * options.font.scale();
    let (font, bold, line) = face(options.font);
    let outline = if options.style == CaptionStyle::Minimal { 1.0 } else { OUTLINE } * letters / FONT_SIZE;
    let (area, margin) = (safe_area(size), 0.02 * f64::from(size.height));
    let side = area.left + outline;
    let (alignment, vertical) = match options.position {
        CaptionPosition::Top => (8, area.top + margin),
        CaptionPosition::Middle => (5, 0.0),
        CaptionPosition::Bottom if size.height > size.width => (2, f64::from(size.height) * (1.0 - LOWER_THIRD) - letters),
        CaptionPosition::Bottom => (2, f64::from(size.height) - area.bottom + margin),
    };
    let vertical = vertical.max(if alignment == 2 { f64::from(size.height) - area.bottom } else { 0.0 });
    // With this players order the whole line by its letters; otherwise they would set each word after a tag to the right.
    let encoding = if right_to_left { -1 } else { 1 };
    format!(
        "[V4+ Styles]\nFormat: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, \
         Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, \
         MarginV, Encoding\nStyle: Caption,{font},{:.0},{},{},{},&H80000000,{bold},0,0,0,100,100,0,0,1,{outline:.1},\
         {:.1},{alignment},{side:.0},{side:.0},{vertical:.0},{encoding}\n",
        letters * line,
        abgr(primary, 0),
        abgr(text, hidden),
        abgr(options.outline(), 0),
        // Players draw the shadow also of what is see-through.
        if appears(options.style) { 0.0 } else { 3.0 * letters / FONT_SIZE },
    )
}

fn is_right_to_left(timeline: &Timeline) -> bool {
    let letter = |letter| matches!(letter, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}');
    timeline.scenes.iter().flat_map(|scene| &scene.words).any(|word| word.word.chars().any(letter))
}

/// In shorts captions at the bottom stand around a line, which the style alone can't say.
fn place(options: &CaptionOptions, size: Size) -> String {
    match options.position {
        CaptionPosition::Bottom if size.height > size.width => {
            format!("{{\\an5\\pos({},{:.0})}}", size.width / 2, f64::from(size.height) * LOWER_THIRD)
        }
        _ => String::new(),
    }
}

fn appears(style: CaptionStyle) -> bool {
    matches!(style, CaptionStyle::Pop | CaptionStyle::Typewriter)
}

/// Family, whether it must be asked for in bold (−1), and the line height in font sizes: ASS counts sizes by that.
fn face(font: CaptionFont) -> (&'static str, i32, f64) {
    match font {
        CaptionFont::Montserrat => ("Montserrat ExtraBold", 0, 1.562),
        CaptionFont::Noto => ("Noto Sans", -1, 1.362),
        CaptionFont::Anton => ("Anton", 0, 1.733),
        CaptionFont::Bebas => ("Bebas Neue", 0, 1.2),
    }
}

/// A page's words, each with its length in hundredths of a second. Lengths are differences of times on the video's own clock, so
/// that roundings never add up.
fn karaoke(words: &[WordTiming], offset: f64, end: u64, options: &CaptionOptions) -> String {
    let tag = if appears(options.style) { "ko" } else { "k" };
    let mut text = String::new();
    for (index, word) in words.iter().enumerate() {
        let begin = centis(offset + word.start);
        let next = words.get(index + 1).map_or(end, |next| centis(offset + next.start));
        let blank = words.get(index + 1).is_some_and(|next| blank_between(&word.word, &next.word));
        let shown = visible(&options.in_case(&word.word));
        text.push_str(&format!("{{\\{tag}{}}}{shown}{}", next.saturating_sub(begin), if blank { " " } else { "" }));
    }
    text
}

/// Text as it is: braces would begin a tag. A backslash has no escape, but with an invisible joiner behind it is only itself.
fn visible(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.replace('\\', "\\\u{2060}").replace('{', "\\{").replace('}', "\\}")
}

fn abgr([red, green, blue]: [u8; 3], transparent: u8) -> String {
    format!("&H{transparent:02X}{blue:02X}{green:02X}{red:02X}")
}

fn centis(seconds: f64) -> u64 {
    (seconds.max(0.0) * 100.0).round() as u64
}

fn stamp(centis: u64) -> String {
    format!("{}:{:02}:{:02}.{:02}", centis / 360_000, centis / 6000 % 60, centis / 100 % 60, centis % 100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storyboard::Storyboard;
    use proptest::prelude::*;

    fn ass(scenes: &str, captions: &str) -> String {
        let board = Storyboard::from_json(&format!(r#"{{"captions":{captions},"scenes":[{scenes}]}}"#)).expect("valid");
        to_ass(&Timeline::build(&board, &vec![None; board.scenes.len()]))
    }

    fn lines<'a>(text: &'a str, kind: &str) -> Vec<&'a str> {
        text.lines().filter_map(|line| line.strip_prefix(kind)).collect()
    }

    #[test]
    fn pages_have_exact_times_and_words_their_share() {
        let scene = r#"{"imageUrl":"a","duration":1.02},{"imageUrl":"a","duration":3,"wordTimings":[
            {"word":"Go,","start":0.0,"end":0.3},{"word":"{\\b1}now","start":0.333,"end":0.6},{"word":"今天","start":0.6666,"end":0.9},
            {"word":"天气","start":1.0,"end":1.2}]}"#;
        let text = ass(scene, "{}");
        // The second scene begins on frame 31: 1.0333 s.
        assert_eq!(
            lines(&text, "Dialogue: "),
            [
                "0,0:00:01.03,0:00:02.58,Caption,,0,0,0,,{\\an5\\pos(540,1267)}{\\k34}Go, {\\k33}\\{\\\u{2060}b1\\}now {\\k33}今天{\\k55}天气"
            ]
        );
        assert!(text.contains("PlayResX: 1080\nPlayResY: 1920\n"), "{text}");
    }

    #[test]
    fn the_style_says_what_the_picture_shows() {
        let check = |captions: &str, expected: &str| {
            assert_eq!(lines(&ass(r#"{"imageUrl":"a","duration":1}"#, captions), "Style: "), [expected]);
        };
        check(
            "{}",
            "Caption,Montserrat ExtraBold,125,&H003DD9FF,&H00FFFFFF,&H00000000,&H80000000,0,0,0,0,100,100,0,0,1,9.0,3.0,2,149,149,573,1",
        );
        check(
            r##"{"style":"typewriter","font":"noto","textColour":"#102030","position":"top","size":0.5}"##,
            "Caption,Noto Sans,54,&H00302010,&HFF302010,&H00FFFFFF,&H80000000,-1,0,0,0,100,100,0,0,1,4.5,0.0,8,145,145,307,1",
        );
    }

    #[test]
    fn words_take_the_case_of_the_picture() {
        let scene = r#"{"imageUrl":"a","duration":1,"wordTimings":[{"word":"now","start":0.1,"end":0.3}]}"#;
        let text = ass(scene, r#"{"case":"upper","style":"pop"}"#);
        assert_eq!(lines(&text, "Dialogue: "), ["0,0:00:00.10,0:00:00.65,Caption,,0,0,0,,{\\an5\\pos(540,1267)}{\\ko55}NOW"]);
    }

    proptest! {
        #[test]
        fn the_words_of_a_page_fill_it_exactly(gaps in prop::collection::vec((0.0f64..0.5, 0.01f64..0.7), 1..40)) {
            let mut clock = 0.0;
            let words: Vec<String> = gaps.iter().map(|(gap, length)| {
                let start = clock + gap;
                clock = start + length;
                format!(r#"{{"word":"w","start":{start},"end":{clock}}}"#)
            }).collect();
            let scene = format!(r#"{{"imageUrl":"a","duration":{},"wordTimings":[{}]}}"#, clock + 0.1, words.join(","));
            for line in lines(&ass(&scene, "{}"), "Dialogue: ") {
                let fields: Vec<&str> = line.splitn(10, ',').collect();
                let time = |field: &str| {
                    let (minutes, seconds) = field.rsplit_once(':').expect("a time");
                    let minutes: u64 = minutes.strip_prefix("0:").expect("hours").parse().expect("minutes");
                    minutes * 6000 + seconds.replace('.', "").parse::<u64>().expect("seconds")
                };
                let shares = fields[9].split("{\\k").skip(1).map(|part| part.split_once('}').expect("a tag").0);
                let sum: u64 = shares.map(|share| share.parse::<u64>().expect("a number")).sum();
                prop_assert_eq!(sum, time(fields[2]) - time(fields[1]));
            }
        }
    }
}
