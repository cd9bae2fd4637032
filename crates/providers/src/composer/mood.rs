//! From the user's words, in English, Portuguese or Spanish, to a mood, a tempo and instruments.
//!
//! What each mood sounds like is the table at the end; how it becomes notes is in `arrange`.

use super::dice::Dice;

/// The moods that can be composed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Mood {
    Calm,
    Uplifting,
    Epic,
    Dark,
    Playful,
    Lofi,
    Documentary,
    Corporate,
    Sad,
    Energetic,
    Ambient,
    Space,
}

/// What plays chords broken and melodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keys {
    Piano,
    ElectricPiano,
    Pluck,
    Mallet,
    Bell,
    Strings,
}

/// How the drums play.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Drums {
    None,
    /// A shaker and a heartbeat.
    Soft,
    /// Brushed and swung, lazily.
    Lofi,
    /// Kick and clap on the beat with off-beat hats.
    Straight,
    /// Four on the floor.
    Club,
    /// Big skins.
    Taiko,
    /// Rim and shaker, skipping.
    Light,
}

/// How the bass moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bass {
    /// One long note for each chord.
    Long,
    /// Root and fifth.
    Walking,
    /// Every eighth.
    Driving,
}

/// What the words ask for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Wish {
    pub mood: Mood,
    /// Beats per minute, if a number is named.
    pub tempo: Option<f32>,
    /// Factor on the mood's tempo.
    pub pace: f32,
    pub keys: Option<Keys>,
    pub drums: bool,
}

/// Beginnings of words (with `*`) and whole words, without accents.
const WORDS: &[(Mood, &str)] = &[
    (
        Mood::Calm,
        "calm* relax* peace* gentle soft* seren* meditat* medita* tranquil* suav* sossego paz zen sleep sono dormir quiet*",
    ),
    (
        Mood::Uplifting,
        "uplift* inspir* motiv* hope* esperan* happy feliz felic* alegr* joy* positiv* optimis* otimis* sunny triumph*",
    ),
    (
        Mood::Epic,
        "epic* cinema* cinemat* hero* trailer* orchest* orquest* majest* dramat* battle batalh* batall* adventur* aventur*",
    ),
    (
        Mood::Dark,
        "dark* myster* misteri* suspens* tens* horror terror* thrill* scary assust* sombri* oscur* escur* noir crime creepy medo",
    ),
    (Mood::Dark, "miedo sinist* eerie ominous"),
    (
        Mood::Playful,
        "playful fun funny quirk* comed* comic* kid kids child* cartoon* divert* engrac* brinc* crianca* infant* jugue* nino*",
    ),
    (Mood::Playful, "cute fofo* whimsi* humor*"),
    (Mood::Lofi, "lofi chill* study* estud* jazz* cafe coffee cozy vibe* hiphop boombap rap"),
    (Mood::Documentary, "document* natur* histor* educa* scien* cienc* cientif* explain* curios* news notici* fact* wildlife"),
    (
        Mood::Corporate,
        "corporat* business negoci* empresa* tech* tecnolog* startup* product* present* commerc* comerc* profiss* profes*",
    ),
    (Mood::Corporate, "modern* minimal*"),
    (Mood::Sad, "sad* trist* melanc* nostalg* lonel* solid* soled* emotion* emocion* grief luto saudad* heartbr* tear*"),
    (
        Mood::Energetic,
        "energ* upbeat sport* esport* deport* workout treino danc* electro* eletr* party festa fiesta power* action acao",
    ),
    (Mood::Energetic, "accion edm house techno rock gym animad* intens*"),
    (
        Mood::Ambient,
        "ambient* atmosph* atmosf* drone dream* sonh* onir* suen* ether* etere* float* flutu* soundscape spa textur*",
    ),
    (
        Mood::Space,
        "space* espac* cosm* galax* scifi futur* planet* star stars estrel* univers* astronom* synthwave retro* cyber*",
    ),
];

const KEYS: &[(Keys, &str)] = &[
    (Keys::Piano, "piano*"),
    (Keys::ElectricPiano, "rhodes wurlitzer keys teclad*"),
    (Keys::Pluck, "guitar* violao ukulele harp* harpa arpa pluck* acoustic acustic*"),
    (Keys::Mallet, "marimba kalimba xylophon* xilofon* mallet*"),
    (Keys::Bell, "bell* sino* campana* celesta glocken* musicbox"),
    (Keys::Strings, "string* cuerda* cordas violin* violino* cello*"),
];

/// Reads the prompt; where it tells nothing of the mood the style, then the title do, and at last chance.
pub(super) fn read(prompt: &str, style: &str, title: &str, dice: &mut Dice) -> Wish {
    let (prompt, style, title) = (words(prompt), words(style), words(title));
    let fallback = *dice.pick(&[Mood::Calm, Mood::Uplifting, Mood::Documentary, Mood::Lofi]);
    let mood = [&prompt, &style, &title].into_iter().find_map(|words| find(words, WORDS)).unwrap_or(fallback);
    let number = prompt.windows(2).find(|pair| pair[1] == "bpm").and_then(|pair| pair[0].parse::<f32>().ok());
    let any = |list: &str| prompt.iter().any(|word| matches(word, list));
    let pace = match (any("slow* lent* devagar despacio"), any("fast rapid* quick* veloz")) {
        (true, false) => 0.88,
        (false, true) => 1.12,
        _ => 1.0,
    };
    let without =
        |pair: &[String]| matches(&pair[0], "no without sem sin") && matches(&pair[1], "drum* percuss* bateri* beat* percusion");
    Wish {
        mood,
        tempo: number.filter(|number| (40.0..=200.0).contains(number)),
        pace,
        keys: find(&prompt, KEYS),
        drums: !prompt.windows(2).any(without),
    }
}

/// The most often named thing; the first named one of several.
fn find<T: Copy + PartialEq>(words: &[String], table: &[(T, &str)]) -> Option<T> {
    let named: Vec<T> =
        words.iter().filter_map(|word| table.iter().find(|(_, list)| matches(word, list)).map(|(thing, _)| *thing)).collect();
    let count = |thing: &T| named.iter().filter(|other| *other == thing).count();
    // `max_by_key` answers the last of equals.
    named.iter().rev().max_by_key(|thing| count(thing)).copied()
}

fn matches(word: &str, list: &str) -> bool {
    list.split(' ').any(|entry| match entry.strip_suffix('*') {
        Some(start) => word.starts_with(start),
        None => word == entry,
    })
}

/// Lower-case words without accents; `lo-fi`, `sci-fi` and `hip hop` as one word.
fn words(text: &str) -> Vec<String> {
    let plain: String = text.to_lowercase().chars().map(without_accent).collect();
    let mut plain: String = plain.chars().map(|character| if character.is_alphanumeric() { character } else { ' ' }).collect();
    for (apart, joined) in
        [("lo fi", "lofi"), ("sci fi", "scifi"), ("hip hop", "hiphop"), ("boom bap", "boombap"), ("music box", "musicbox")]
    {
        plain = plain.replace(apart, joined);
    }
    // "120bpm" as two words
    plain = plain.replace("bpm", " bpm");
    plain.split_whitespace().map(str::to_owned).collect()
}

fn without_accent(character: char) -> char {
    match character {
        'á' | 'à' | 'â' | 'ã' | 'ä' => 'a',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'í' | 'ì' | 'î' | 'ï' => 'i',
        'ó' | 'ò' | 'ô' | 'õ' | 'ö' => 'o',
        'ú' | 'ù' | 'û' | 'ü' => 'u',
        'ç' => 'c',
        'ñ' => 'n',
        other => other,
    }
}

/// What a mood sounds like.
#[derive(Debug)]
pub(super) struct Character {
    /// Beats per minute, lowest and highest.
    pub tempo: (f32, f32),
    /// Steps of the scale in semitones.
    pub scale: [i32; 7],
    /// Scale degrees from 0, one for each bar; 10 more for a major third (the dominant in minor).
    pub progressions: &'static [[u8; 4]],
    /// Chords of four notes.
    pub sevenths: bool,
    pub keys: &'static [Keys],
    pub drums: Drums,
    pub bass: Bass,
    /// How late the off-beat eighths come, in eighths.
    pub swing: f32,
    /// Brightness of the pad, 0 to 1.
    pub bright: f32,
    /// Levels of pad, broken chords, melody.
    pub levels: [f32; 3],
    /// Notes of the broken chord in a bar.
    pub steps: usize,
    /// Share of the reverb and its length in seconds.
    pub reverb: (f32, f32),
}

const MAJOR: [i32; 7] = [0, 2, 4, 5, 7, 9, 11];
const MINOR: [i32; 7] = [0, 2, 3, 5, 7, 8, 10];
const DORIAN: [i32; 7] = [0, 2, 3, 5, 7, 9, 10];
const LYDIAN: [i32; 7] = [0, 2, 4, 6, 7, 9, 11];

/// The table of moods.
#[rustfmt::skip]
pub(super) fn character(mood: Mood) -> Character {
    use Keys::{Bell, ElectricPiano, Mallet, Piano, Pluck, Strings};
    let table = |tempo, scale, progressions, sevenths, keys, drums, bass, swing, bright, levels, steps, reverb| Character {
        tempo, scale, progressions, sevenths, keys, drums, bass, swing, bright, levels, steps, reverb,
    };
    match mood {
        Mood::Calm => table((62.0, 74.0), MAJOR, &[[0, 5, 3, 4], [0, 3, 5, 4], [3, 0, 1, 4]], false, &[Piano, Pluck, ElectricPiano],
            Drums::None, Bass::Long, 0.0, 0.25, [0.75, 0.9, 0.6], 8, (0.32, 2.4)),
        Mood::Uplifting => table((98.0, 112.0), MAJOR, &[[0, 4, 5, 3], [3, 0, 4, 5], [5, 3, 0, 4]], false, &[Piano, Pluck],
            Drums::Straight, Bass::Driving, 0.0, 0.55, [0.8, 0.8, 0.75], 8, (0.24, 1.8)),
        Mood::Epic => table((78.0, 90.0), MINOR, &[[0, 5, 2, 6], [0, 3, 5, 14], [0, 6, 5, 14]], false, &[Strings],
            Drums::Taiko, Bass::Driving, 0.0, 0.6, [1.0, 0.75, 0.8], 16, (0.34, 2.6)),
        Mood::Dark => table((64.0, 78.0), MINOR, &[[0, 5, 3, 14], [0, 3, 0, 14], [0, 5, 0, 6]], false, &[Bell, Piano],
            Drums::Soft, Bass::Long, 0.0, 0.15, [1.0, 0.55, 0.5], 4, (0.42, 3.0)),
        Mood::Playful => table((108.0, 122.0), MAJOR, &[[0, 5, 1, 4], [0, 3, 0, 4], [0, 1, 4, 0]], false, &[Mallet, Pluck],
            Drums::Light, Bass::Walking, 0.16, 0.3, [0.35, 0.9, 0.85], 8, (0.16, 1.2)),
        Mood::Lofi => table((72.0, 84.0), MAJOR, &[[1, 4, 0, 5], [3, 2, 1, 0], [0, 5, 1, 4]], true, &[ElectricPiano],
            Drums::Lofi, Bass::Walking, 0.2, 0.2, [0.45, 0.9, 0.6], 8, (0.2, 1.5)),
        Mood::Documentary => table((84.0, 96.0), MAJOR, &[[5, 3, 0, 4], [0, 2, 5, 3], [0, 4, 1, 3]], false, &[Piano, Pluck, Strings],
            Drums::Soft, Bass::Long, 0.0, 0.4, [0.85, 0.75, 0.6], 8, (0.28, 2.0)),
        Mood::Corporate => table((104.0, 118.0), MAJOR, &[[0, 4, 5, 3], [0, 3, 5, 4], [3, 4, 0, 5]], false, &[Pluck, Piano],
            Drums::Light, Bass::Driving, 0.0, 0.45, [0.7, 0.85, 0.6], 8, (0.2, 1.5)),
        Mood::Sad => table((60.0, 72.0), MINOR, &[[0, 5, 2, 6], [0, 3, 5, 4], [0, 6, 5, 3]], false, &[Piano],
            Drums::None, Bass::Long, 0.0, 0.25, [0.8, 0.9, 0.75], 8, (0.34, 2.6)),
        Mood::Energetic => table((120.0, 132.0), MINOR, &[[0, 5, 2, 6], [5, 6, 0, 0], [0, 2, 6, 5]], false, &[Pluck],
            Drums::Club, Bass::Driving, 0.0, 0.65, [0.75, 0.85, 0.7], 16, (0.2, 1.4)),
        Mood::Ambient => table((58.0, 68.0), LYDIAN, &[[0, 1, 0, 4], [0, 4, 1, 5], [0, 5, 1, 0]], true, &[Bell, ElectricPiano],
            Drums::None, Bass::Long, 0.0, 0.35, [1.0, 0.5, 0.4], 4, (0.48, 3.4)),
        Mood::Space => table((76.0, 90.0), DORIAN, &[[0, 2, 3, 0], [0, 3, 0, 6], [0, 6, 3, 0]], true, &[Bell, Pluck],
            Drums::Soft, Bass::Driving, 0.0, 0.5, [0.95, 0.65, 0.5], 16, (0.4, 3.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(prompt: &str, style: &str, title: &str) -> Wish {
        read(prompt, style, title, &mut Dice::new(&[title], 0))
    }

    #[track_caller]
    fn check(prompt: &str, expected: Mood) {
        assert_eq!(wish(prompt, "", "").mood, expected, "{prompt}");
    }

    #[test]
    fn words_of_three_languages_name_moods() {
        check("calm piano", Mood::Calm);
        check("música tranquila", Mood::Calm);
        check("inspirador e alegre", Mood::Uplifting);
        check("ÉPICA, orquestral", Mood::Epic);
        check("cinematic trailer", Mood::Epic);
        check("misterioso e sombrio", Mood::Dark);
        check("suspenso oscuro", Mood::Dark);
        check("funny cartoon", Mood::Playful);
        check("divertida para niños", Mood::Playful);
        check("Lo-Fi beats to study", Mood::Lofi);
        check("hip hop", Mood::Lofi);
        check("documentário sobre a natureza", Mood::Documentary);
        check("tecnología corporativa", Mood::Corporate);
        check("triste e melancólico", Mood::Sad);
        check("energetic workout", Mood::Energetic);
        check("fiesta electrónica", Mood::Energetic);
        check("dreamy ambient", Mood::Ambient);
        check("sci-fi no espaço", Mood::Space);
        check("espacial y cósmico", Mood::Space);
    }

    #[test]
    fn the_prompt_goes_before_the_style_and_the_style_before_the_title() {
        assert_eq!(wish("sad", "epic", "A happy day").mood, Mood::Sad);
        assert_eq!(wish("with flutes", "epic", "A happy day").mood, Mood::Epic);
        assert_eq!(wish("", "", "A happy day").mood, Mood::Uplifting);
        assert_eq!(wish("happy, dark, mysterious", "", "").mood, Mood::Dark);
    }

    #[test]
    fn tempo_instruments_and_drums_can_be_asked_for() {
        let asked = wish("slow guitar at 92bpm, no drums", "", "");
        assert_eq!((asked.tempo, asked.pace, asked.keys, asked.drums), (Some(92.0), 0.88, Some(Keys::Pluck), false));
        assert_eq!(wish("rápido, sem bateria", "", "").pace, 1.12);
        assert!(!wish("sem bateria", "", "").drums && wish("bateria", "", "").drums);
        assert_eq!(wish("9000 bpm", "", "").tempo, None);
    }
}
