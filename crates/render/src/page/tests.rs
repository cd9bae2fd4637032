use std::borrow::Cow;
use std::sync::{LazyLock, Mutex};

use model::caption::{CaptionFont, CaptionOptions, CaptionPosition, safe_area};
use proptest::prelude::*;

use super::*;
use crate::text::Fonts;

static FONTS: LazyLock<Mutex<Fonts>> = LazyLock::new(|| Mutex::new(Fonts::bundled()));

/// More than any shadow alone has.
const SOLID: u8 = 222;

/// Where something of a page is solid in any of its states: rows and columns, as ranges.
fn solid(words: &[Cow<'_, str>], look: Look) -> Option<(Range<usize>, Range<usize>)> {
    let layout = FONTS.lock().expect("no test failed with it").lay_out(words, &look.fit());
    let all = 0..words.len();
    let mut overlays: Vec<Overlay> = Vec::new();
    if let Some(page) = page(&layout, all.clone(), look) {
        overlays.extend(all.clone().map(|word| state(&page, &layout, Some(word), look)));
    }
    // The largest of a bounce.
    overlays.extend(all.filter_map(|word| scaled_word(&layout, word, 1.14, look)));
    let places = || overlays.iter().flat_map(|overlay| overlay.opaque(SOLID));
    let range = |places: Vec<usize>| Some(*places.iter().min()?..*places.iter().max()? + 1);
    Some((range(places().map(|(x, _)| x).collect())?, range(places().map(|(_, y)| y).collect())?))
}

fn check_inside(words: &[Cow<'_, str>], look: Look) -> Result<(), TestCaseError> {
    if let Some((columns, rows)) = solid(words, look) {
        let area = safe_area(look.size);
        let inside = columns.start as f64 >= area.left
            && columns.end as f64 <= area.right
            && rows.start as f64 >= area.top
            && rows.end as f64 <= area.bottom;
        prop_assert!(inside, "{:?} fills columns {:?} and rows {:?} of {:?}: {:?}", words, columns, rows, area, look);
    }
    Ok(())
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "[a-zA-ZÀ-ſ]{1,12}[.,!?]?",
        1 => "[a-zA-Z]{20,120}",
        1 => "[Ά-ώА-я]{1,12}",
        1 => "[ء-ي]{1,12}[0-9]{0,3}",
        1 => "[א-ת]{1,10}",
        1 => "[क-ह]([ािीुूेैोौ्]?[क-ह]){0,6}",
        1 => "[ก-ฮ]([ะ-ู]?[่-๋]?[ก-ฮ]){0,20}",
        1 => "[一-鿿ぁ-んァ-ン]{1,20}",
        1 => "[가-힣]{1,8}",
        1 => "([😀-😿]|👩‍🚀|🇧🇷|👍🏽|7️⃣){1,4}",
        1 => "[ạ-ỹẠ-Ỹ]{1,14}",
        1 => "[a-z](\u{301}|\u{323}|\u{308}){1,4}[a-z]{0,5}",
        1 => "[ -~]{1,20}",
    ]
}

fn look() -> impl Strategy<Value = Look> {
    use CaptionStyle::*;
    let size = prop_oneof![
        Just((180, 320)),
        Just((320, 180)),
        Just((200, 200)),
        Just((160, 200)),
        Just((72, 128)),
        Just((400, 64)),
        Just((64, 400))
    ];
    let style =
        prop_oneof![Just(Karaoke), Just(Box), Just(Pop), Just(Typewriter), Just(Word), Just(Outline), Just(Minimal), Just(Plain)];
    let position = prop_oneof![Just(CaptionPosition::Top), Just(CaptionPosition::Middle), Just(CaptionPosition::Bottom)];
    let font =
        prop_oneof![Just(CaptionFont::Montserrat), Just(CaptionFont::Noto), Just(CaptionFont::Anton), Just(CaptionFont::Bebas)];
    (size, style, position, font, 0.5f64..=2.0, 1usize..=3).prop_map(|((width, height), style, position, font, scale, lines)| {
        let options = CaptionOptions { style, position, font, size: scale, max_lines: lines, ..CaptionOptions::default() };
        Look::new(&options, Size { width, height })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn nothing_solid_ever_leaves_what_apps_leave_free(words in prop::collection::vec(word(), 1..7), look in look()) {
        let words: Vec<Cow<'_, str>> = words.iter().map(|word| Cow::Borrowed(word.trim())).collect();
        check_inside(&words, look)?;
    }
}

#[test]
fn captions_in_full_size_keep_inside_too() {
    let longest = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft";
    for words in [vec!["One", "short", "page"], vec![longest], vec!["jQÅy", "ffj", "Ǻ"], vec!["👩‍🚀👍🏽", "7️⃣"]]
    {
        let words: Vec<Cow<'_, str>> = words.into_iter().map(Cow::Borrowed).collect();
        for style in [CaptionStyle::Karaoke, CaptionStyle::Box, CaptionStyle::Word] {
            for size in [1.0, 2.0] {
                let options = CaptionOptions { style, size, position: CaptionPosition::Top, ..CaptionOptions::default() };
                check_inside(&words, Look::new(&options, Size::default())).expect("inside");
            }
        }
    }
}
