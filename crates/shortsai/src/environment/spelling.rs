//! Whether a name is a slip of the pen for another one.

use strsim::osa_distance;

/// The name that was most likely meant, for somebody who certainly meant one of these: the nearest, if it is near at all.
pub fn nearest<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let distance = |name: &str| osa_distance(&wrong.to_ascii_lowercase(), &name.to_ascii_lowercase());
    let (distance, name) = names.into_iter().map(|name| (distance(name), name)).min_by_key(|(distance, _)| *distance)?;
    // A third of the letters may be wrong: what has less in common is another word.
    (distance * 3 <= wrong.len().max(name.len())).then_some(name)
}

/// Whether a variable that may well be somebody else's looks like a slip for one of ours: some letters are wrong, few for its
/// length, and it still begins as ours does.
pub fn is_slip(wrong: &str, right: &str) -> bool {
    let most = match right.len() {
        ..8 => 0,
        8..=12 => 1,
        _ => 2,
    };
    let without = |name: &str| name.replace(['_', '-', '.'], "");
    if without(wrong) == without(right) {
        return true;
    }
    // The keys of several accounts are numbered.
    let numbered = wrong.trim_end_matches(|character: char| character.is_ascii_digit()).trim_end_matches('_');
    if most == 0 || numbered == right || !begin_alike(wrong, right) {
        return false;
    }
    let (wrong_parts, right_parts): (Vec<_>, Vec<_>) = (wrong.split('_').collect(), right.split('_').collect());
    let few = |wrong: &str, right: &str| {
        let distance = osa_distance(wrong, right);
        distance * 2 < wrong.len().max(right.len()) || same_letters(wrong, right)
    };
    let each =
        wrong_parts.len() != right_parts.len() || wrong_parts.iter().zip(&right_parts).all(|(wrong, right)| few(wrong, right));
    each && osa_distance(wrong, right) <= most
}

/// The first word says whose a variable is: R2 and B2 are two companies, as Groq and Grok are.
fn begin_alike(wrong: &str, right: &str) -> bool {
    let first = |name: &str| name.split('_').next().unwrap_or_default().to_owned();
    let (wrong, right) = (first(wrong), first(right));
    match wrong.len().min(right.len()) {
        0..5 => same_letters(&wrong, &right),
        _ => osa_distance(&wrong, &right) <= 1,
    }
}

fn same_letters(one: &str, other: &str) -> bool {
    let sorted = |name: &str| {
        let mut letters = name.as_bytes().to_vec();
        letters.sort_unstable();
        letters
    };
    sorted(one) == sorted(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found() {
        let names = ["every", "folder", "keep_last", "keep_daily", "recipients"];
        let check = |wrong: &str, expected: Option<&str>| assert_eq!(nearest(wrong, names), expected, "{wrong}");
        check("evry", Some("every"));
        check("Every", Some("every"));
        check("keep-last", Some("keep_last"));
        check("keepdaily", Some("keep_daily"));
        check("reciepients", Some("recipients"));
        check("directory", None);
        assert_eq!(nearest("x", []), None);
    }
}
