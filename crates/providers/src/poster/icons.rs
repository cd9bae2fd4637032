//! The icon set: shapes from `icons/icons.txt`, and the words each icon stands for from `icons/keywords.txt`.
//! A name marked `round` is a little scene on a square tile, shown through a round window. Both files are part of the
//! program; choosing among icons is the business of `choice`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use kurbo::{BezPath, PathEl};
use tiny_skia::{Path, PathBuilder};

const SHAPES: &str = include_str!("../../icons/icons.txt");
const KEYWORDS: &str = include_str!("../../icons/keywords.txt");

/// One icon as written in the files.
#[derive(Debug, PartialEq, Eq)]
pub struct Icon {
    /// Its name in the set, such as `rocket`.
    pub name: &'static str,
    /// The group it stands in, which is also its mood.
    pub group: &'static str,
    /// True for a little scene on a square tile, of which only a round window is shown.
    pub round: bool,
    parts: Vec<&'static str>,
}

/// A filled shape of an icon, within a square of 32.
#[derive(Debug, Clone)]
pub struct Part {
    /// The outline.
    pub path: Path,
    /// Its own colour.
    pub rgb: [u8; 3],
    /// Opacity, 0 to 1.
    pub alpha: f32,
    /// True if overlapping outlines cut holes.
    pub even_odd: bool,
}

/// The columns of the keyword table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// English.
    English,
    /// Portuguese.
    Portuguese,
    /// Spanish.
    Spanish,
}

/// A word of the table.
#[derive(Debug)]
pub struct Entry {
    /// Place of the icon in `all()`.
    pub icon: usize,
    /// The language of the word.
    pub column: Column,
    /// True for words that fit the icon loosely, or fit many things.
    pub weak: bool,
}

struct Set {
    icons: Vec<Icon>,
    words: BTreeMap<&'static str, Vec<Entry>>,
    starts: BTreeMap<&'static str, Vec<Entry>>,
}

static SET: LazyLock<Set> = LazyLock::new(read);

/// All icons, in the order of the keyword table.
pub fn all() -> &'static [Icon] {
    &SET.icons
}

/// What a folded word (or two, joined by `_`) stands for: exact entries, else those of the longest fitting start.
pub fn entries(word: &str) -> &'static [Entry] {
    if let Some(found) = SET.words.get(word) {
        return found;
    }
    if word.contains('_') {
        return &[];
    }
    let ends = word.char_indices().map(|(at, c)| at + c.len_utf8()).rev();
    ends.filter_map(|end| SET.starts.get(&word[..end])).next().map_or(&[], Vec::as_slice)
}

impl Icon {
    /// The shapes, back to front.
    pub fn parts(&self) -> Vec<Part> {
        self.parts.iter().filter_map(|line| part(line)).collect()
    }
}

fn part(line: &str) -> Option<Part> {
    let (head, outline) = line.split_once(' ')?;
    let (even_odd, head) = head.strip_prefix('!').map_or((false, head), |rest| (true, rest));
    let (colour, alpha) = head.split_once('@').map_or((head, 1.0), |(colour, alpha)| (colour, alpha.parse().unwrap_or(1.0)));
    let channel = |at: usize| u8::from_str_radix(colour.get(at..at + 2)?, 16).ok();
    Some(Part { path: outline_path(outline)?, rgb: [channel(0)?, channel(2)?, channel(4)?], alpha, even_odd })
}

fn outline_path(outline: &str) -> Option<Path> {
    let mut builder = PathBuilder::new();
    for element in BezPath::from_svg(outline).ok()?.elements() {
        match *element {
            PathEl::MoveTo(p) => builder.move_to(p.x as f32, p.y as f32),
            PathEl::LineTo(p) => builder.line_to(p.x as f32, p.y as f32),
            PathEl::QuadTo(c, p) => builder.quad_to(c.x as f32, c.y as f32, p.x as f32, p.y as f32),
            PathEl::CurveTo(a, b, p) => {
                builder.cubic_to(a.x as f32, a.y as f32, b.x as f32, b.y as f32, p.x as f32, p.y as f32);
            }
            PathEl::ClosePath => builder.close(),
        }
    }
    builder.finish()
}

fn read() -> Set {
    let mut shapes: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut rounds = BTreeSet::new();
    let mut name = "";
    for line in SHAPES.lines().filter(|line| !line.is_empty()) {
        match line.strip_prefix('=') {
            Some(head) => {
                name = head.trim_end_matches(" round");
                if name != head {
                    rounds.insert(name);
                }
            }
            None => shapes.entry(name).or_default().push(line),
        }
    }
    let mut set = Set { icons: Vec::new(), words: BTreeMap::new(), starts: BTreeMap::new() };
    let mut group = "";
    for line in KEYWORDS.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(next) = line.strip_prefix('[') {
            group = next.trim_end_matches(']');
        } else if let Some((name, columns)) = line.split_once(':')
            && let Some((&name, parts)) = shapes.get_key_value(name)
        {
            set.icons.push(Icon { name, group, round: rounds.contains(name), parts: parts.clone() });
            add_words(&mut set, columns);
        }
    }
    set
}

fn add_words(set: &mut Set, columns: &'static str) {
    let icon = set.icons.len() - 1;
    for (cell, column) in columns.split('/').zip([Column::English, Column::Portuguese, Column::Spanish]) {
        for word in cell.split_whitespace() {
            let (weak, word) = word.strip_prefix('~').map_or((false, word), |rest| (true, rest));
            let (map, word) = match word.strip_suffix('*') {
                Some(start) => (&mut set.starts, start),
                None => (&mut set.words, word),
            };
            map.entry(word).or_default().push(Entry { icon, column, weak });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use tiny_skia::{FillRule, Mask, Transform};

    use super::super::{palette, words};
    use super::{Icon, KEYWORDS, SET, all, part};

    #[test]
    fn every_shape_parses() {
        for icon in all() {
            assert!(!icon.parts.is_empty(), "{} has no shape", icon.name);
            for line in &icon.parts {
                assert!(part(line).is_some(), "{}: {line}", icon.name);
            }
        }
    }

    #[test]
    fn every_row_has_a_shape_three_columns_and_a_known_group() {
        let known: BTreeSet<&str> = all().iter().map(|icon| icon.name).collect();
        assert_eq!(known.len(), all().len(), "an icon stands in two rows");
        for line in KEYWORDS.lines().filter(|line| line.contains(':') && !line.starts_with('#')) {
            let (name, columns) = line.split_once(':').expect("the line was chosen for its colon");
            assert!(known.contains(name), "{name} has no shape");
            assert_eq!(columns.matches('/').count(), 2, "{name}");
        }
        all().iter().for_each(|icon| assert!(palette::is_mood(icon.group), "{} is no mood", icon.group));
    }

    #[test]
    fn keywords_are_folded_and_many() {
        let mut count = 0;
        for (word, entries) in SET.words.iter().chain(&SET.starts) {
            assert_eq!(&words::fold(word), word);
            count += entries.len();
        }
        assert!(count > 1_200, "only {count} keywords");
    }

    /// A picture on a square of its own looks like a button; these are square things, not tiles.
    const SQUARE: &[&str] = &[
        "brick",
        "calendar",
        "card-file-box",
        "floppy-disk",
        "framed-picture",
        "laptop",
        "lion",
        "musical-keyboard",
        "newspaper",
        "office-building",
        "ballot-box-with-ballot",
        "window",
    ];

    #[test]
    fn no_icon_is_a_tile() {
        for icon in all().iter().filter(|icon| !icon.round && !SQUARE.contains(&icon.name)) {
            let fill = share_of_its_square(icon);
            assert!(fill < 0.855, "{} fills {fill} of its square", icon.name);
        }
    }

    fn share_of_its_square(icon: &Icon) -> f32 {
        let parts = icon.parts();
        let bounds =
            parts.iter().map(|part| part.path.bounds()).reduce(|a, b| a.join(&b).unwrap_or(a)).expect("an icon has parts");
        let side = 48.0;
        let scale = side / bounds.width().max(bounds.height());
        let fit = Transform::from_translate(-bounds.x(), -bounds.y()).post_scale(scale, scale);
        let mut mask = Mask::new(side as u32, side as u32).expect("the side is not 0");
        parts.iter().for_each(|part| mask.fill_path(&part.path, FillRule::Winding, true, fit));
        mask.data().iter().map(|cover| f32::from(*cover)).sum::<f32>() / (255.0 * side * side)
    }
}
