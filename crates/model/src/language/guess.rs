//! Which language a text is in, by its letters and its small words. A guess, and none where the text does not tell.

use std::collections::BTreeMap;

use unicode_script::{Script, UnicodeScript as _};
use unicode_segmentation::UnicodeSegmentation as _;

use super::table::{LANGUAGES, Language};

/// Fewer small words than this say nothing.
const FEWEST: usize = 3;

/// The language that the text is most likely in; `None` when it is too short or is like several.
///
/// Names and foreign words in it do not matter as long as the small words between them are the language's own.
pub fn guess(text: &str) -> Option<&'static Language> {
    let writing = writing(text)?;
    let of_writing = || LANGUAGES.iter().filter(|language| language.writing == writing);
    if writing == Script::Cyrillic {
        let code = if text.contains(['і', 'ї', 'є', 'ґ', 'І', 'Ї', 'Є', 'Ґ']) { "uk" } else { "ru" };
        return of_writing().find(|language| language.code == code);
    }
    if writing != Script::Latin {
        return of_writing().next();
    }
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.unicode_words().collect();
    let hits = |language: &Language| words.iter().filter(|word| language.small_words.contains(word)).count();
    let mut scores: Vec<(usize, &'static Language)> = of_writing().map(|language| (hits(language), language)).collect();
    scores.sort_by_key(|(hits, _)| std::cmp::Reverse(*hits));
    let [(best, language), (second, _), ..] = scores[..] else { return None };
    // Half as many again as the next one: neighbours share many of their small words.
    (best >= FEWEST && best * 10 >= words.len() && best * 2 >= second * 3).then_some(language)
}

/// What most of the text's letters are written in; for Japanese always [`Script::Hiragana`]. `None` without a letter.
pub fn writing(text: &str) -> Option<Script> {
    let mut counts: BTreeMap<&'static str, (usize, Script)> = BTreeMap::new();
    for letter in text.chars().filter(|letter| letter.is_alphabetic()) {
        let script = match letter.script() {
            Script::Common | Script::Inherited | Script::Unknown => continue,
            Script::Katakana => Script::Hiragana,
            script => script,
        };
        counts.entry(script.short_name()).or_insert((0, script)).0 += 1;
    }
    let count = |script: Script| counts.get(script.short_name()).map_or(0, |(count, _)| *count);
    let (han, kana) = (count(Script::Han), count(Script::Hiragana));
    let (_, most) = counts.values().max_by_key(|(count, _)| *count)?;
    match most {
        // A Japanese text is up to two thirds Chinese characters.
        Script::Han if kana * 8 >= han => Some(Script::Hiragana),
        script => Some(*script),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_tells_its_language_or_nothing() {
        let check =
            |text: &str, expected: Option<&str>| assert_eq!(guess(text).map(|language| language.code), expected, "{text}");
        check("The Moon is three days away, and it was quiet there.", Some("en"));
        check("A Lua fica a três dias daqui, e você não vê isso.", Some("pt"));
        check("La Luna está a tres días de aquí, y es muy tranquila, pero no lo ves.", Some("es"));
        check("Chaque nuit, la Lune se lève et attire l'eau vers elle dans le silence, que vous ne voyez pas.", Some("fr"));
        check("Der Mond ist nicht weit, und die Menschen sehen ihn auch.", Some("de"));
        check("Каждую ночь Луна поднимается над морем.", Some("ru"));
        check("Щоночі Місяць сходить над морем і притягує воду.", Some("uk"));
        check("月は遠くない。人々は千年見てきた。", Some("ja"));
        check("月亮不远。人们观察了几千年。", Some("zh"));
        check("달은 멀지 않다", Some("ko"));
        check("القمر ليس بعيدا", Some("ar"));
        check("Neil Armstrong, Buzz Aldrin, Michael Collins", None);
        check("1969!", None);
        // One English name in a Portuguese sentence does not make it English.
        check("\"The Dark Side of the Moon\" foi um disco que não saiu da lista, e você conhece uma das faixas.", Some("pt"));
    }
}
