use proptest::prelude::*;

use super::*;

fn narrations(script: &Script) -> Vec<&str> {
    script.scenes.iter().map(|scene| scene.narration.as_str()).collect()
}

#[track_caller]
fn check(text: &str, title: &str, expected: &[&str]) {
    let script = from_text(text, None).expect("a good text");
    assert_eq!(script.title, title);
    assert_eq!(narrations(&script), expected);
}

#[test]
fn paragraphs_become_scenes_and_short_ones_go_together() {
    let keeper = "In 1886 a storm put out every light along the coast, except for one lamp.";
    let mara = "Mara carried oil up two hundred steps, because the pump had frozen that night.";
    check(&format!("The light\n\n{keeper}\n\n{mara}\n"), "The light", &[keeper, mara]);
    check("Yes.\n\nNo.\n\nPerhaps, said the keeper of the light.", "Yes", &["Yes. No. Perhaps, said the keeper of the light."]);
}

#[test]
fn long_paragraphs_are_cut_between_sentences() {
    let one = "People have watched the Moon for thousands of years, and they still ask the same question today.";
    let two = "It pulls the water of the seas toward itself, and nobody could say why for a very long time.";
    check(&format!("{one} {two}"), "People have watched the Moon for thousands of", &[one, two]);
}

#[test]
fn the_language_is_guessed_or_given() {
    let language = |text: &str, given: Option<&str>| from_text(text, given).expect("a good text").settings.language;
    assert_eq!(language("A Lua fica a três dias daqui, e você não vê isso.", None), "pt-BR");
    assert_eq!(language("Der Mond ist nicht weit, und die Menschen sehen ihn.", None), "de");
    assert_eq!(language("Hm.", None), "en");
    assert_eq!(language("Hm.", Some("Spanish")), "es");
}

#[test]
fn writings_without_blanks_are_cut_too() {
    let text = "人们已经观察了月亮几千年，至今仍在问同一个问题。如果它消失了，会发生什么？海水会平静下来，夜晚会变得更黑，许多动物会迷路，\
                而我们的日子会变得更短，因为月亮让地球转得更慢。";
    let script = from_text(text, None).expect("a good text");
    assert_eq!((script.settings.language.as_str(), script.scenes.len() > 1), ("zh", true));
    assert_eq!(narrations(&script).concat(), text);
}

#[test]
fn wrapped_lines_are_one_paragraph_and_lines_are_told() {
    let script = from_text("\u{feff}\n\nThe Moon\nrises over\tthe sea.\n", None).expect("a good text");
    assert_eq!(narrations(&script), ["The Moon rises over the sea."]);
    assert_eq!(script.scenes[0].line, 3);
}

#[test]
fn what_can_not_be_spoken_is_refused() {
    let check = |text: &str, expected: &str| assert_eq!(from_text(text, None).expect_err("refused").to_string(), expected);
    check("  \n", "line 1: there is no paragraph to narrate; write at least one paragraph of text under the title");
    check("***\n\n…", "line 1: scene 1: \"*** …\" has no words to speak; write at least one word");
    let long = "The sea was calm and the sky was dark over the whole coast.\n\n".repeat(2000);
    assert!(from_text(&long, None).is_err_and(|error| error.to_string().contains("too long for one video")));
}

#[test]
fn a_text_with_markdown_is_not_plain() {
    for text in ["# Title\n\nText.", "---\nlanguage: en\n---\nText.", "Text.\n\n![a cat](cat.png)\nMore.", "\u{feff}## Part\n"] {
        assert!(!is_plain(text), "{text}");
    }
    assert!(is_plain("Just #1 of many.\n#hashtag\n\nMore!"));
}

#[test]
fn titles_are_cut_behind_words() {
    let check = |text: &str, expected: &str| assert_eq!(short(text, 12), expected, "{text}");
    check("The Moon", "The Moon");
    check("The quiet Moon", "The quiet");
    check("The quieter, Moon", "The quieter");
    check("月亮月亮月亮月亮月亮月亮月亮", "月亮月亮月亮月亮月亮月亮");
}

fn bare(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_whitespace()).collect()
}

proptest! {
    #[test]
    fn nothing_is_dropped_or_moved_and_scenes_have_a_good_length(
        text in "([A-Za-z0-9éñдж你好はก]{1,9}[,.!?…。、]?[ \n]{0,3}){0,120}",
    ) {
        match from_text(&text, Some("en")) {
            Ok(script) => {
                let said = bare(&narrations(&script).concat());
                let whole = bare(&text);
                let headed = bare(text.trim_start().lines().next().unwrap_or_default()) + &said;
                prop_assert!(said == whole || headed == whole, "{said} {whole}");
                let pace = crate::language::pace("en");
                for scene in &script.scenes {
                    prop_assert!(pace.seconds(&scene.narration) <= LONGEST + 1.0, "{}", scene.narration);
                }
            }
            Err(error) => prop_assert!(!text.chars().any(char::is_alphanumeric), "{error}"),
        }
    }

    #[test]
    fn any_text_is_cut_or_refused_without_a_panic(text in "(.|\n){0,300}") {
        if let Ok(script) = from_text(&text, None) {
            prop_assert!(script.scenes.iter().all(|scene| crate::script::has_words(&scene.narration)));
        }
    }
}
