//! What a stock is searched for: a few strong words out of a scene's texts, and fewer if those find nothing.

use crate::poster::{choice, words};

/// How many words the searches have, most first: a stock finds what has all of them.
const LENGTHS: [usize; 3] = [3, 2, 1];
/// Words of a title are a last resort, and mostly no description.
const MOST_OF_TITLE: usize = 2;
/// The longest search that every stock takes, in characters.
const MOST_LETTERS: usize = 100;

/// The searches for a scene, best first and without repetitions; none if the texts have no words.
pub fn searches(description: &str, narration: &str, title: &str, language: &str) -> Vec<String> {
    let mut strong = strong_words(description, language);
    if strong.is_empty() {
        strong = strong_words(narration, language);
    }
    let mut searches: Vec<String> = LENGTHS.iter().map(|length| best(&strong, *length)).collect();
    searches.push(best(&strong_words(title, language), MOST_OF_TITLE));
    searches.retain(|search| !search.is_empty());
    let mut seen = Vec::new();
    searches.retain(|search| {
        let new = !seen.contains(search);
        seen.push(search.clone());
        new
    });
    searches
}

/// A word, and whether it names something that can be seen.
type Word = (String, bool);

/// The words that say what is to be seen, in order and once each.
fn strong_words(text: &str, language: &str) -> Vec<Word> {
    let mut strong: Vec<Word> = Vec::new();
    for word in text.split(is_break).map(|word| word.trim_matches('-')) {
        let folded = words::fold(word);
        let told = strong.iter().any(|(known, _)| words::fold(known) == folded);
        if !told && !words::is_stop(&folded) && !is_number(&folded) && !words::any_pattern(CRAFT, &folded) {
            strong.push((word.to_lowercase(), choice::names_a_thing(&folded, language)));
        }
    }
    strong
}

/// So many words, in the order of the text: those that name something visible before the others, of which long ones say more
/// in any language.
fn best(strong: &[Word], count: usize) -> String {
    let mut places: Vec<usize> = (0..strong.len()).collect();
    places.sort_by_key(|place| match &strong[*place] {
        (_, true) => (false, 0),
        (word, false) => (true, usize::MAX - word.chars().count()),
    });
    places.truncate(count);
    places.sort_unstable();
    let line = places.iter().map(|place| strong[*place].0.as_str()).collect::<Vec<_>>().join(" ");
    line.chars().take(MOST_LETTERS).collect()
}

/// Whether a word ends here. Marks within words of Hindi or Thai are none.
fn is_break(letter: char) -> bool {
    letter.is_whitespace()
        || (letter.is_ascii_punctuation() && letter != '-')
        || matches!(letter, '¡' | '¿' | '«' | '»' | '।' | '\u{2010}'..='\u{206f}' | '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ff20}')
}

/// Sizes and counts find nothing; years do.
fn is_number(word: &str) -> bool {
    let is_year = word.len() == 4 && word.bytes().all(|byte| byte.is_ascii_digit());
    word.starts_with(|first: char| first.is_ascii_digit()) && !is_year
}

/// Words about how a picture is made rather than what is in it, in English, Portuguese and Spanish.
const CRAFT: &str = "shot* close-up* closeup* close wide wide-angle angle* view* camera* cinematic* lighting lit render* \
illustration* image* picture* photo* scene* frame* background* foreground* vertical* horizontal* portrait* style* stylized \
detailed detail* dramatic* realistic photorealistic hyper* ultra* quality high-quality resolution aesthetic* composition* \
depict* show* featur* zoom* slow-motion vibrant bokeh focus* \
imagem imagens foto* cena* fundo* plano* estilo* detalh* iluminacao vista* mostra* realista* qualidade vertical* retrato* \
imagen* escena* fondo* detall* iluminacion muestra* calidad primer primeiro";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_strong_words_and_then_fewer() {
        let check = |language: &str, (description, narration, title): (&str, &str, &str), expected: &[&str]| {
            assert_eq!(searches(description, narration, title, language), expected, "{description}");
        };
        let description = "Cinematic wide shot of a red rocket launching over the ocean, dramatic lighting, 4k";
        let expected = ["rocket launching ocean", "rocket launching", "rocket", "moon landing"];
        check("en", (description, "", "Moon Landing 1969"), &expected);
        let expected = ["gatos dormem janela", "gatos janela", "gatos", "vida gato"];
        check("pt-BR", ("", "Os gatos dormem na janela.", "Vida de gato"), &expected);
        check("pt", ("Coração vermelho", "", ""), &["coração vermelho", "coração"]);
        check("de", ("Ein Wald", "", "Wald"), &["ein wald", "wald"]);
        check("ja", ("月面を歩く", "", ""), &["月面を歩く"]);
        check("en", ("a the of", " ", "!"), &[]);
    }

    #[test]
    fn searches_are_short() {
        let long = searches(&"x".repeat(5_000), "", "", "en");
        assert_eq!(long, ["x".repeat(MOST_LETTERS)]);
    }
}
