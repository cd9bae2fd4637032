//! Which icons a scene gets: its words looked up in the keyword table and weighed.
//! Shapes and words of the icons live in `icons`; how they are drawn in `hero`.

use std::collections::BTreeMap;

use super::icons::{self, Column, Icon};
use super::words;
use crate::image::ImageRequest;

/// Small icons beside the large one, at most.
const MOST_ACCENTS: usize = 3;

/// What the words of a scene ask for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Choice {
    /// The large icon; none if no word is known.
    pub hero: Option<&'static Icon>,
    /// Small icons, best first.
    pub accents: Vec<&'static Icon>,
    /// The mood of the scene: that of the place it happens at, else of its large icon.
    pub mood: Option<&'static str>,
    /// The mood of the whole video, by its title.
    pub video_mood: Option<&'static str>,
}

/// Chooses the icons. The same words give the same icons; `take` asks for the next best ones, and where several fit alike
/// the number of the scene decides, so that neighbours differ.
pub fn choose(request: &ImageRequest) -> Choice {
    let own = column(&request.language);
    let mut of_title = Scores::default();
    of_title.add(&request.title, own, 1.0);
    let title = of_title.ranked();
    let mut scores = Scores::default();
    scores.add(&request.description, own, 3.0);
    scores.add(&request.narration, own, 1.0);
    let told_by_scene = !scores.icons.is_empty();
    scores.add(&request.title, own, 0.25);
    let ranked = scores.ranked();
    let place = place(&request.description);
    let Some(&(_, best)) = ranked.first() else { return Choice { mood: place, ..Choice::default() } };

    let near = if told_by_scene { 0.985 } else { 0.5 };
    let alike = ranked.iter().take_while(|(_, score)| *score >= best * near).count();
    let enough = ranked.iter().take_while(|(_, score)| *score >= best * 0.4).count();
    let turn = request.scene_number as usize;
    let mut at = turn % alike;
    if request.take > 0 {
        at = (at + request.take as usize) % enough;
    }
    let hero = &icons::all()[ranked[at].0];
    let accents = accents(&ranked, at);
    let video_mood = title.first().map(|(icon, _)| icons::all()[*icon].group);
    Choice { hero: Some(hero), accents, mood: place.or(Some(hero.group)), video_mood }
}

/// Whether a folded word of that language names something that there is an icon of, and which can therefore be seen.
pub(crate) fn names_a_thing(word: &str, language: &str) -> bool {
    let own = column(language);
    let fits = |entry: &icons::Entry| !entry.weak && own.is_none_or(|own| own == entry.column);
    words::forms(word).iter().any(|form| icons::entries(form).iter().any(fits))
}

/// The mood of the place where a description says that it happens, as in `footprints on the Moon`.
fn place(description: &str) -> Option<&'static str> {
    const ARTICLES: &str = "the a o el la los deep outer open";
    let tokens = words::tokens(description);
    (1..tokens.len()).find_map(|at| {
        let before = tokens[..at].iter().rev().find(|word| !words::any_pattern(ARTICLES, word))?;
        let told = |(_, at_words, names): &&(_, &str, &str)| {
            words::any_pattern(at_words, before) && words::any_pattern(names, &tokens[at])
        };
        PLACES.iter().find(told).map(|(mood, ..)| *mood)
    })
}

/// Places: mood, the words that put something there, and their names. What is under the moon is not in space.
const PLACES: &[(&str, &str, &str)] = &[
    (
        "space",
        "on in at into around orbiting through no na em ao pelo pela en por",
        "moon lua luna mars marte space espaco espacio orbit orbita venus jupiter saturn saturno planet planeta",
    ),
    ("ocean", "on in at into through under beneath no na em ao pelo sobre sob en por bajo", "sea ocean mar oceano"),
];

/// The next best icons. Equal points come from one and the same word, of which one icon is enough.
fn accents(ranked: &[(usize, f32)], hero: usize) -> Vec<&'static Icon> {
    let mut told = vec![ranked[hero].1];
    let mut out = Vec::new();
    for (icon, score) in ranked {
        // The last place is only for what the description itself names; a stray word of the narration is no subject.
        let enough = ranked[0].1 * if out.len() + 1 < MOST_ACCENTS { 0.30 } else { 0.45 };
        if !told.contains(score) && out.len() < MOST_ACCENTS && *score >= enough {
            told.push(*score);
            out.push(&icons::all()[*icon]);
        }
    }
    out
}

/// Points by icon; ordered maps keep sums and ties the same on every run.
#[derive(Default)]
struct Scores {
    icons: BTreeMap<usize, f32>,
    seen: BTreeMap<String, u32>,
}

impl Scores {
    fn add(&mut self, text: &str, own: Option<Column>, weight: f32) {
        let tokens = words::tokens(text);
        let mut joined = false;
        for (i, token) in tokens.iter().enumerate() {
            let next = tokens.get(i + 1).map(String::as_str);
            // Early words name the subject more often than late ones.
            let early = 1.0 / (1.0 + i as f32 * 0.02);
            // In `a cat's ear` the picture is of a cat.
            let weight = if next == Some("s") { weight * 1.6 } else { weight };
            let pair = next.map(|next| format!("{token}_{next}"));
            if let Some(pair) = pair
                && self.score(&pair, own, weight * early * 1.5)
            {
                joined = true;
                continue;
            }
            if !std::mem::take(&mut joined) && !words::is_stop(token) {
                self.score(token, own, weight * early);
            }
        }
    }

    /// Gives the points of one word; false if the table doesn't have it.
    fn score(&mut self, word: &str, own: Option<Column>, weight: f32) -> bool {
        let is_own = |column: Column| own.is_none_or(|own| own == column);
        for native in [true, false] {
            // Short words mean too many things in foreign languages.
            for form in words::forms(word).into_iter().filter(|form| native || form.chars().count() >= 4) {
                let found: Vec<_> = icons::entries(&form).iter().filter(|entry| is_own(entry.column) == native).collect();
                if found.is_empty() {
                    continue;
                }
                let times = self.seen.entry(form).and_modify(|n| *n += 1).or_insert(1);
                let rarity = 1.0 / (found.len() as f32).sqrt() / *times as f32;
                for entry in found {
                    let fit = if entry.weak { 0.28 } else { 1.0 };
                    let tongue = if native { 1.0 } else { 0.5 };
                    *self.icons.entry(entry.icon).or_default() += weight * rarity * fit * tongue;
                }
                return true;
            }
        }
        false
    }

    /// Icons with their points, most first, then in the order of the table.
    fn ranked(&self) -> Vec<(usize, f32)> {
        let mut ranked: Vec<(usize, f32)> = self.icons.iter().map(|(icon, score)| (*icon, *score)).collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        ranked
    }
}

fn column(language: &str) -> Option<Column> {
    match language.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase().as_str() {
        "en" => Some(Column::English),
        "pt" => Some(Column::Portuguese),
        "es" => Some(Column::Spanish),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::choose;
    use crate::image::ImageRequest;

    fn hero(language: &str, description: &str) -> Option<&'static str> {
        let request = ImageRequest { description: description.into(), language: language.into(), ..ImageRequest::default() };
        choose(&request).hero.map(|icon| icon.name)
    }

    fn check(language: &str, rows: &[(&str, &str)]) {
        for (text, expected) in rows {
            assert_eq!(hero(language, text), Some(*expected), "{language}: {text}");
        }
    }

    #[test]
    fn english_words_find_their_icon() {
        check(
            "en",
            &[
                ("A rocket leaves for the stars", "rocket"),
                ("Wolves howl", "wolf"),
                ("The human brain", "brain"),
                ("a BLACK HOLE swallows light", "new-moon"),
                ("Roman legions", "classical-building"),
                ("He was running late for the marathon", "person-running"),
                ("The first vaccines", "syringe"),
                ("Bitcoin explained", "coin"),
                ("Justice and the law", "balance-scale"),
                ("The piano", "musical-keyboard"),
                ("Two hearts in love", "red-heart"),
                ("Why we sleep", "bed"),
                ("a cat's ear", "cat"),
                ("a shooting star", "shooting-star"),
            ],
        );
    }

    #[test]
    fn portuguese_words_find_their_icon() {
        check(
            "pt-BR",
            &[
                ("O foguete decola", "rocket"),
                ("Os leões da savana", "lion"),
                ("Corações apaixonados", "red-heart"),
                ("A erupção do vulcão", "volcano"),
                ("Como economizar dinheiro", "bank"),
                ("Buracos negros não existem: o buraco negro", "new-moon"),
                ("Abelhas e flores", "honeybee"),
                ("Segunda guerra", "crossed-swords"),
                ("Inteligência artificial", "robot"),
                ("A rainha do Egito", "crown"),
                ("Cães e gatos", "dog"),
                ("Uma viagem ao Japão", "luggage"),
            ],
        );
    }

    #[test]
    fn spanish_words_find_their_icon() {
        check(
            "es-MX",
            &[
                ("El cohete despega", "rocket"),
                ("Los peces del acuario", "fish"),
                ("Una canción triste", "musical-note"),
                ("La ballena azul", "whale"),
                ("El corazón", "red-heart"),
                ("Ciudades del mundo", "cityscape"),
                ("El cerebro humano", "brain"),
                ("Los lápices", "pencil"),
                ("Reyes y reinas", "crown"),
                ("La montaña más alta", "snow-capped-mountain"),
            ],
        );
    }

    #[test]
    fn words_of_other_languages_help_where_the_own_has_none() {
        check("pt", &[("a telescope", "telescope")]);
        check("de", &[("Robot", "robot")]);
        assert_eq!(hero("en", "hmm, the of and"), None);
    }

    #[test]
    fn the_place_of_a_scene_decides_its_mood() {
        let check = |description: &str, expected: &str| {
            let request = ImageRequest { description: description.into(), ..ImageRequest::default() };
            assert_eq!(choose(&request).mood, Some(expected), "{description}");
        };
        check("footprints on the Moon", "space");
        check("Pegadas na Lua", "space");
        check("un perro en el espacio", "space");
        check("a lost key in the deep sea", "ocean");
        check("xyzzy on Mars", "space");
        check("a cat under the moon", "animal");
        check("um gato sobre o mar", "ocean");
        check("the full moon", "space");
        check("a wolf and the moon", "animal");
    }

    #[test]
    fn the_description_weighs_more_than_narration_and_title() {
        let request = ImageRequest {
            description: "a whale".into(),
            narration: "lions".into(),
            title: "About robots".into(),
            language: "en".into(),
            ..ImageRequest::default()
        };
        let names: Vec<_> = std::iter::once(choose(&request).hero.expect("a whale is in the table").name)
            .chain(choose(&request).accents.iter().map(|icon| icon.name))
            .collect();
        assert_eq!(names, ["whale", "lion"]);
    }

    #[test]
    fn scenes_known_only_by_the_title_take_turns() {
        let of = |scene_number| {
            let request =
                ImageRequest { title: "Galaxy, comet".into(), language: "en".into(), scene_number, ..ImageRequest::default() };
            choose(&request).hero
        };
        assert_ne!(of(1), of(2));
        assert_eq!(of(1), of(3));
    }

    #[test]
    fn another_take_shows_the_next_best_icon() {
        let of = |take| {
            let request =
                ImageRequest { description: "lion and tiger".into(), language: "en".into(), take, ..ImageRequest::default() };
            choose(&request).hero.map(|icon| icon.name)
        };
        assert_eq!((of(0), of(1), of(2)), (Some("lion"), Some("tiger"), Some("lion")));
    }
}
