//! What is wrong with a draft, in sentences that a model can act on and a user can read.

use model::language;
use model::script::has_words;

use super::draft::Draft;
use super::plain::spoken;
use super::wish::{Wish, name};

/// The longest title, in characters.
pub(super) const TITLE: usize = 50;

/// Its code.
const ENGLISH: &str = "en";

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Problem {
    /// What is wrong and how it should be.
    pub sentence: String,
    /// Whether it can be mended here without making anything up, if asking does not help.
    pub mendable: bool,
}

/// All that is wrong; nothing for a script that can be used as it is.
pub(super) fn problems(draft: &Draft, wish: &Wish) -> Vec<Problem> {
    let must = [scene_count(draft, wish), silent_scenes(draft), length(draft, wish), language(draft, wish)];
    let should = [title(draft), texts_missing(draft), pictures_missing(draft)];
    let problem = |mendable| move |sentence| Problem { sentence, mendable };
    must.into_iter().flatten().map(problem(false)).chain(should.into_iter().flatten().map(problem(true))).collect()
}

fn scene_count(draft: &Draft, wish: &Wish) -> Option<String> {
    let count = u32::try_from(draft.scenes.len()).unwrap_or(u32::MAX);
    let scenes = if count == 1 { "is 1 scene" } else { &format!("are {count} scenes") };
    (!wish.scenes.contains(&count)).then(|| format!("There {scenes}; write {}.", wish.scenes()))
}

fn silent_scenes(draft: &Draft) -> Option<String> {
    let silent = numbers(draft, |scene| !has_words(&spoken(&scene.narration)));
    (!silent.is_empty()).then(|| format!("Nothing is said in {}; every scene needs a narration.", scenes(&silent)))
}

fn length(draft: &Draft, wish: &Wish) -> Option<String> {
    let count: f64 = draft.scenes.iter().map(|scene| wish.pace.count(&spoken(&scene.narration))).sum();
    let seconds = count / wish.pace.per_second;
    let allowed = wish.allowed();
    let much = if seconds < *allowed.start() { "short" } else { "long" };
    (!draft.scenes.is_empty() && !allowed.contains(&seconds)).then(|| {
        format!(
            "The narrations are too {much}: {count:.0} {unit} in all, about {seconds:.0} s when read aloud; write {}.",
            wish.length(),
            unit = wish.unit()
        )
    })
}

/// Whether the narrations are plainly in another language. Texts that do not tell are taken.
fn language(draft: &Draft, wish: &Wish) -> Option<String> {
    let wanted = language::known(&wish.language);
    let text: String = draft.scenes.iter().flat_map(|scene| [scene.narration.as_str(), " "]).collect();
    let written = language::writing(&text)?;
    let wanted_name = name(&wish.language);
    if let Some(wanted) = wanted.filter(|wanted| wanted.writing != written) {
        let (written, wanted) = (written.full_name(), wanted.name);
        return Some(format!(
            "The narrations are in {written} letters, which is not how {wanted} is written; write them in {wanted_name}."
        ));
    }
    let found = language::guess(&text).filter(|found| Some(*found) != wanted);
    // A language that is not in the table may look like a neighbour, but not like English.
    if let Some(found) = found.filter(|found| wanted.is_some() || found.code == ENGLISH) {
        return Some(format!(
            "The narrations are in {}; write them, the title and the description in {wanted_name}.",
            found.name
        ));
    }
    // Models that lose the language fall back into English.
    let english = |text: &str| language::guess(text).is_some_and(|found| found.code == ENGLISH);
    let lost = numbers(draft, |scene| wanted.is_none_or(|wanted| wanted.code != ENGLISH) && english(&scene.narration));
    (!lost.is_empty()).then(|| format!("What is said in {} is English; write all narrations in {wanted_name}.", scenes(&lost)))
}

fn title(draft: &Draft) -> Option<String> {
    match draft.title.chars().count() {
        0 => Some("The title is missing.".to_owned()),
        1..=TITLE => None,
        long => Some(format!("The title has {long} characters; {TITLE} are the most.")),
    }
}

fn texts_missing(draft: &Draft) -> Option<String> {
    match (draft.description.is_empty(), draft.hashtags.is_empty()) {
        (true, true) => Some("The description and the hashtags are missing.".to_owned()),
        (true, false) => Some("The description is missing.".to_owned()),
        (false, true) => Some("The hashtags are missing.".to_owned()),
        (false, false) => None,
    }
}

fn pictures_missing(draft: &Draft) -> Option<String> {
    let blank = numbers(draft, |scene| scene.visual.is_empty());
    (!blank.is_empty()).then(|| format!("The visual_description is missing in {}.", scenes(&blank)))
}

fn numbers(draft: &Draft, is: impl Fn(&super::draft::Scene) -> bool) -> Vec<usize> {
    draft.scenes.iter().enumerate().filter(|(_, scene)| is(scene)).map(|(index, _)| index + 1).collect()
}

/// `scene 3`, `scenes 1, 2 and 5`
fn scenes(numbers: &[usize]) -> String {
    let words: Vec<String> = numbers.iter().map(usize::to_string).collect();
    match words.as_slice() {
        [] => "no scene".to_owned(),
        [only] => format!("scene {only}"),
        [first @ .., last] => format!("scenes {} and {last}", first.join(", ")),
    }
}
