//! A text cut into the words that captions show, and how long each of them takes to say.
//!
//! When they are said is guessed in [`crate::estimate`].

use unicode_segmentation::UnicodeSegmentation as _;

/// What a letter is to a speaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Latin, Cyrillic and Greek letters: vowels make syllables.
    Vowel,
    Consonant,
    Digit,
    Han,
    Kana,
    /// Thai, Lao, Burmese and Khmer.
    Southern,
    /// One block is one syllable.
    Hangul,
    /// A letter of another script.
    Letter,
    /// A sign that is spoken, such as %.
    Spoken,
    /// Punctuation, marks over letters, signs.
    Silent,
}

fn kind(letter: char) -> Kind {
    match letter {
        '0'..='9' | '\u{660}'..='\u{669}' | '\u{966}'..='\u{96f}' | '０'..='９' => Kind::Digit,
        '\u{e01}'..='\u{e2e}' | '\u{e81}'..='\u{eae}' | '\u{1000}'..='\u{1021}' | '\u{1780}'..='\u{17a2}' => Kind::Southern,
        '\u{e2f}'..='\u{e7f}' | '\u{eaf}'..='\u{eff}' | '\u{1022}'..='\u{109f}' | '\u{17a3}'..='\u{17ff}' => Kind::Silent,
        '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fa}' | 'ー' => Kind::Kana,
        '々' | '〇' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' => {
            Kind::Han
        }
        '\u{ac00}'..='\u{d7a3}' => Kind::Hangul,
        '%' | '°' | '$' | '€' | '£' | '&' | '+' | '=' | '@' | '#' => Kind::Spoken,
        _ if letter.is_alphabetic() && is_vowel(letter) => Kind::Vowel,
        'A'..='Z' | 'a'..='z' | '\u{c0}'..='\u{24f}' | '\u{370}'..='\u{52f}' | '\u{1e00}'..='\u{1fff}' => Kind::Consonant,
        _ if letter.is_alphabetic() => Kind::Letter,
        _ => Kind::Silent,
    }
}

/// Whether the letter belongs to a script without blanks.
pub(crate) fn is_dense(letter: char) -> bool {
    matches!(kind(letter), Kind::Han | Kind::Kana | Kind::Southern)
}

fn is_vowel(letter: char) -> bool {
    let lower = letter.to_lowercase().next().unwrap_or(letter);
    "aeiouyàáâãäåæèéêëìíîïòóôõöøùúûüýÿāăąēĕėęěĩīĭįıōŏőœũūŭůűųǎǐǒǔơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ\
     аеёиоуыэюяіїєαεηιουωάέήίόύώϊϋΐΰ"
        .contains(lower)
}

/// Cuts a text into words as captions show them: at blanks, and where a script has none every few characters. Signs that
/// are not spoken stay with the word in front of them.
pub fn cut(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut waiting = String::new();
    for piece in text.split_whitespace() {
        for (index, part) in runs(piece).into_iter().enumerate() {
            let spoken = part.chars().any(|letter| kind(letter) != Kind::Silent || letter.is_alphanumeric());
            match words.last_mut() {
                _ if spoken => words.push(std::mem::take(&mut waiting) + &part),
                Some(word) => {
                    // A dash between blanks keeps its blank.
                    word.push_str(if index == 0 { " " } else { "" });
                    word.push_str(&part);
                }
                None => waiting.push_str(&part),
            }
        }
    }
    words
}

/// Splits a piece without blanks where it goes from one script to another and within scripts that have no blanks.
fn runs(piece: &str) -> Vec<String> {
    let dense = |kind: Kind| matches!(kind, Kind::Han | Kind::Kana | Kind::Southern);
    let mut runs = Vec::new();
    let (mut current, mut last, mut count, mut closed) = (String::new(), Kind::Silent, 0usize, false);
    for cluster in piece.graphemes(true) {
        let letter = cluster.chars().next().unwrap_or(' ');
        let now = kind(letter);
        let opens = matches!(letter, '「' | '『' | '（' | '《' | '〈' | '【' | '“' | '‘');
        let breaks = match now {
            Kind::Silent => opens && dense(last),
            _ if last == Kind::Silent => false,
            _ if dense(now) != dense(last) => !(last == Kind::Digit && now == Kind::Han),
            _ => dense(now) && (closed || breaks_between(last, now, letter, count)),
        };
        if breaks && !current.is_empty() {
            runs.push(std::mem::take(&mut current));
            (last, count) = (Kind::Silent, 0);
        }
        current.push_str(cluster);
        if now == Kind::Silent {
            closed = !opens && last != Kind::Silent;
        } else {
            (last, closed) = (now, false);
            count += 1;
        }
    }
    if !current.is_empty() {
        runs.push(current);
    }
    runs
}

/// Whether a word may end between two characters of a script without blanks, `count` characters after its start. Words
/// can't be known without a dictionary, but particles follow what they belong to, and most Chinese words have two characters.
fn breaks_between(last: Kind, now: Kind, letter: char, count: usize) -> bool {
    match (last, now) {
        (Kind::Han, Kind::Han) => count >= 2,
        (Kind::Kana, Kind::Han) => count >= 2,
        (Kind::Kana, Kind::Kana) => count >= 6 && !matches!(letter, 'ー' | 'ゃ' | 'ゅ' | 'ょ' | 'っ' | 'ャ' | 'ュ' | 'ョ' | 'ッ'),
        (Kind::Southern, Kind::Southern) => count >= 5,
        // A vowel that is written in front of its syllable begins one.
        (Kind::Southern, Kind::Silent) => count >= 3,
        _ => false,
    }
}

/// How long a word takes to say, about 1 for each syllable. Only the ratio of words of one text means something.
pub fn weight(word: &str) -> f64 {
    let letters: Vec<(char, Kind)> = word.chars().map(|letter| (letter, kind(letter))).collect();
    let vowels = letters.iter().filter(|(_, kind)| *kind == Kind::Vowel).count();
    let last_letter = letters.iter().rposition(|(_, kind)| *kind != Kind::Silent);
    let mut weight = 0.0;
    let mut last = Kind::Silent;
    let mut digits = String::new();
    for (index, (letter, kind)) in letters.iter().enumerate() {
        match kind {
            Kind::Digit => digits.push(*letter),
            // Thousands are grouped by commas, points or blanks; the number goes on behind them.
            Kind::Silent if !digits.is_empty() && matches!(letter, '.' | ',') => {}
            _ => weight += number(&std::mem::take(&mut digits)),
        }
        weight += match kind {
            Kind::Vowel if last == Kind::Vowel => 0.25,
            // The last e of a longer word is silent or weak in English, French and Portuguese.
            Kind::Vowel if *letter == 'e' && vowels > 1 && last_letter == Some(index) => 0.25,
            Kind::Vowel => 0.7,
            // Letters that are read one by one, such as GPS.
            Kind::Consonant if vowels == 0 => 1.0,
            Kind::Consonant => 0.2,
            Kind::Han | Kind::Hangul => 1.0,
            Kind::Kana => 0.55,
            Kind::Southern | Kind::Letter => 0.5,
            Kind::Spoken => 1.5,
            Kind::Digit | Kind::Silent => 0.0,
        };
        last = *kind;
    }
    weight += number(&digits);
    // Articles and the like are hurried over.
    let spoken = letters.iter().filter(|(_, kind)| matches!(kind, Kind::Vowel | Kind::Consonant)).count();
    let hurried = vowels > 0 && spoken == letters.len() && spoken <= 3;
    (if hurried { 0.8 * weight } else { weight }).max(0.3)
}

/// Syllables of a number that is read out, about.
fn number(digits: &str) -> f64 {
    let mut syllables = 0.0;
    let length = digits.chars().count();
    for (index, digit) in digits.chars().enumerate() {
        let place = (length - index - 1) % 3;
        let zero = matches!(digit, '0' | '０' | '\u{660}' | '\u{966}');
        syllables += match place {
            _ if zero => 0.0,
            0 => 1.1,
            1 => 1.8,
            _ => 3.0,
        };
        // "thousand", "million": a year such as 1969 is read in two halves and has none.
        if place == 0 && index + 1 < length && length > 4 {
            syllables += 2.0;
        }
    }
    if length > 0 { f64::max(1.25 * syllables, 1.5) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_cut_as_captions_show_them() {
        let check = |text: &str, expected: &[&str]| assert_eq!(cut(text), expected);
        check("One small step, isn't it?", &["One", "small", "step,", "isn't", "it?"]);
        check("  The Moon — 384,400 km away … ", &["The", "Moon —", "384,400", "km", "away …"]);
        check("“ Wait ”", &["“Wait ”"]);
        check("5 % & more", &["5", "%", "&", "more"]);
        check("你好，世界。我们登上了月球", &["你好，", "世界。", "我们", "登上", "了月", "球"]);
        check("今日はGPSです。", &["今日は", "GPS", "です。"]);
        check("彼は「東京」へ行った。", &["彼は", "「東京」", "へ行った。"]);
        check("안녕하세요 여러분", &["안녕하세요", "여러분"]);
        check("3月に", &["3月に"]);
        check("", &[]);
        check("— …", &[]);
    }

    #[test]
    fn thai_is_cut_between_its_syllables() {
        let words = cut("สวัสดีครับวันนี้อากาศดีมาก");
        assert!(words.len() >= 4, "{words:?}");
        assert_eq!(words.concat(), "สวัสดีครับวันนี้อากาศดีมาก");
    }

    #[test]
    fn longer_words_weigh_more() {
        let check = |lighter: &str, heavier: &str| {
            assert!(weight(lighter) < weight(heavier), "{lighter} {} {heavier} {}", weight(lighter), weight(heavier));
        };
        check("a", "moon");
        check("moon", "lunar");
        check("cat", "GPS");
        check("three", "1969");
        check("12", "384,400");
        check("да", "космонавт");
        check("αν", "άνθρωπος");
        check("你", "你好");
    }
}
