//! Texts as searchable words: folded to plain lower case, cut into tokens, and brought near their dictionary form.
//! Which icon a word stands for is the business of `icons` and `choice`.

/// Words looked at in one text; more would only blur the choice.
const MOST_TOKENS: usize = 400;

/// Lower case without accents: `Ação` becomes `acao`. Letters of other scripts stay as they are.
pub fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).filter(|c| !('\u{300}'..='\u{36f}').contains(c)).map(plain).collect()
}

/// The words of a text, folded; at most a few hundred.
pub fn tokens(text: &str) -> Vec<String> {
    let start: String = text.chars().take(8_000).collect();
    let folded = fold(&start);
    let parts = folded.split(|c: char| !(c.is_alphanumeric() || c == '-'));
    parts.map(|part| part.trim_matches('-')).filter(|part| !part.is_empty()).take(MOST_TOKENS).map(str::to_owned).collect()
}

/// The word and what it may be an inflected form of, likeliest first.
pub fn forms(word: &str) -> Vec<String> {
    let mut out = vec![word.to_owned()];
    let mut add = |form: String| {
        if form.chars().count() >= 3 && !out.contains(&form) {
            out.push(form);
        }
    };
    for (ending, instead) in ENDINGS {
        if let Some(stem) = word.strip_suffix(ending)
            && stem.chars().count() >= 2
        {
            add(format!("{stem}{instead}"));
        }
    }
    // English doubles the last letter before -ing and -ed: `running`, `stopped`.
    for ending in ["ing", "ed"] {
        if let Some(stem) = word.strip_suffix(ending) {
            let mut letters = stem.chars().rev();
            if let (Some(a), Some(b)) = (letters.next(), letters.next())
                && a == b
            {
                add(stem.chars().take(stem.chars().count() - 1).collect());
            }
        }
    }
    out
}

/// True if `token` fits one of the patterns, which are words parted by spaces; `film*` fits every word that starts so.
pub fn any_pattern(patterns: &str, token: &str) -> bool {
    patterns.split_whitespace().any(|pattern| match pattern.strip_suffix('*') {
        Some(start) => token.starts_with(start),
        None => token == pattern,
    })
}

/// Inflected endings of English, Portuguese and Spanish and what they come from.
const ENDINGS: &[(&str, &str)] = &[
    ("s", ""),
    ("es", ""),
    ("ies", "y"),
    ("ves", "f"),
    ("oes", "ao"),
    ("aes", "ao"),
    ("ais", "al"),
    ("eis", "el"),
    ("ois", "ol"),
    ("ns", "m"),
    ("ces", "z"),
    ("ing", ""),
    ("ing", "e"),
    ("ed", ""),
    ("ed", "e"),
    ("er", ""),
    ("a", "o"),
    ("as", "o"),
    ("inho", "o"),
    ("inha", "a"),
    ("ito", "o"),
    ("ita", "a"),
];

/// Words that carry no picture, or one that misleads: articles, pronouns, helpers, in three languages.
pub fn is_stop(word: &str) -> bool {
    word.chars().count() < 2 || STOP.split_whitespace().any(|stop| stop == word)
}

const STOP: &str = "a an the and or but if of to in on at by for with from as is are was were be been being it its this that these \
those he she they we you i his her their our your my me him them us not no so than then there here what which who whom when where \
why how all any some more most much many very just only also can could will would shall should may might must do does did done has \
have had into over under about after before again between through during out off up down one ones own same such too each other both \
few because while until get got let make made like say said see go goes went come came know think take put even still yet ever never \
o os as um uma uns umas e ou mas se de do da dos das em no na nos nas ao aos por pelo pela pelos pelas para com sem sob sobre que \
quem qual quais quando onde como porque pois ja nao sim mais menos muito muita muitos muitas pouco todo toda todos todas cada outro \
outra outros outras este esta estes estas esse essa esses essas isso isto aquele aquela aquilo ele ela eles elas voce voces nos eu \
tu meu minha seu sua seus suas nosso nossa foi ser era eram sao esta estao estava ter tem tinha ha havia fazer faz fez pode podem \
vai vao so ate entre depois antes ainda tambem mesmo mesma assim entao la ali aqui \
el los las un unos unas y pero si del al lo le les su sus con sin por que quien cual cuando donde porque ya mas menos muy mucho \
todo este estos ese esos aquel el ella ellos ellas yo mi tu nuestro fue ser es son esta estan estaba haber hay hacer hace puede van \
solo hasta entre despues antes aun tambien mismo asi entonces alli aqui";

fn plain(c: char) -> char {
    match c {
        'à'..='å' | 'ā' | 'ă' => 'a',
        'è'..='ë' | 'ē' | 'ę' => 'e',
        'ì'..='ï' | 'ī' => 'i',
        'ò'..='ö' | 'ø' | 'ō' => 'o',
        'ù'..='ü' | 'ū' => 'u',
        'ç' | 'ć' | 'č' => 'c',
        'ñ' | 'ń' => 'n',
        'š' | 'ś' => 's',
        'ž' | 'ź' | 'ż' => 'z',
        'ý' | 'ÿ' => 'y',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::{any_pattern, fold, forms, tokens};

    #[test]
    fn texts_fold_to_plain_lower_case() {
        let check = |text: &str, expected: &str| assert_eq!(fold(text), expected);
        check("Ação! CORAÇÃO", "acao! coracao");
        check("Nin\u{0303}o", "nino");
        check("Ünï", "uni");
        check("日本", "日本");
    }

    #[test]
    fn words_come_near_their_dictionary_form() {
        let check = |word: &str, expected: &str| assert!(forms(word).iter().any(|form| form == expected), "{word} → {expected}");
        check("rockets", "rocket");
        check("galaxies", "galaxy");
        check("running", "run");
        check("wolves", "wolf");
        check("leoes", "leao");
        check("animais", "animal");
        check("viagens", "viagem");
        check("gata", "gato");
        check("peces", "pez");
        check("gatinho", "gato");
    }

    #[test]
    fn long_texts_give_few_words() {
        assert_eq!(tokens("one, TWO — three!"), ["one", "two", "three"]);
        assert_eq!(tokens("a-b -- (c)"), ["a-b", "c"]);
        assert!(tokens(&"word ".repeat(10_000)).len() <= 400);
    }

    #[test]
    fn patterns_fit_whole_words_or_starts() {
        assert!(any_pattern("film* noir", "filme"));
        assert!(!any_pattern("film* noir", "noire"));
    }
}
