//! What was made for a scene or a project: where it stood there, and where it stands here.

use model::project::{Asset, Slot, SlotStatus};

use super::media::{Missing, Object};

/// Who made it; nobody has written that down there.
const MADE_BY: &str = "unknown";
/// What the older server wrote where a scene was skipped.
const SKIPPED: &str = "Skipped by user";

/// Where something stands, as far as it makes a difference here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    Nothing,
    Making,
    Done,
    Failed,
}

impl Asked {
    /// What a status of there says; `None` when it is unknown.
    pub fn of(status: Option<&str>) -> Option<Self> {
        match status {
            None | Some("draft") => Some(Self::Nothing),
            Some("pending" | "queued" | "processing" | "loading") => Some(Self::Making),
            Some("completed") => Some(Self::Done),
            Some("failed" | "error") => Some(Self::Failed),
            Some(_) => None,
        }
    }
}

/// What is known of it there.
pub struct Before<'a> {
    pub asked: Asked,
    /// The file, or why there is none; `None` when no file is named.
    pub file: Option<Result<Object, Missing>>,
    pub error: Option<&'a str>,
    /// It was being made, and will be when the project is resumed.
    pub goes_on: bool,
    /// Vendors make such things; otherwise only the user gives them.
    pub is_made: bool,
}

/// The slot here.
pub fn slot(before: Before) -> Slot {
    let asset = before.file.and_then(Result::ok).map(|object| Asset {
        key: object.key,
        media_type: object.media_type,
        bytes: object.bytes,
        made_by: MADE_BY.to_owned(),
        credit: None,
    });
    let there = if asset.is_some() { SlotStatus::Completed } else { SlotStatus::Draft };
    let skipped = before.error.is_some_and(|error| error.trim() == SKIPPED);
    let (status, error) = match before.asked {
        _ if !before.is_made => (there, None),
        Asked::Done if asset.is_none() && skipped => (SlotStatus::Skipped, Some(SKIPPED.to_owned())),
        Asked::Making if before.goes_on => (SlotStatus::Pending, None),
        Asked::Failed => {
            let why = before.error.map(str::trim).filter(|error| !error.is_empty() && *error != SKIPPED);
            (SlotStatus::Failed, Some(why.unwrap_or("It failed before it was taken over from another installation.").to_owned()))
        }
        Asked::Nothing | Asked::Making | Asked::Done => (there, None),
    };
    Slot { status, asset, error, given: !before.is_made && there == SlotStatus::Completed, ..Slot::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stood_there_stands_here() {
        let object = || Object { key: "k".to_owned(), media_type: "image/png".to_owned(), bytes: 1 };
        let check = |status: &str, has_file: bool, error: Option<&str>, goes_on: bool, expected: SlotStatus| {
            let asked = Asked::of(Some(status)).expect("known");
            let slot = slot(Before { asked, file: has_file.then(|| Ok(object())), error, goes_on, is_made: true });
            assert_eq!((slot.status, slot.asset.is_some()), (expected, has_file), "{status} {has_file} {error:?} {goes_on}");
            slot.error
        };
        check("draft", false, None, true, SlotStatus::Draft);
        check("draft", true, None, false, SlotStatus::Completed);
        for making in ["pending", "queued", "processing", "loading"] {
            check(making, false, None, true, SlotStatus::Pending);
            check(making, true, None, true, SlotStatus::Pending);
            check(making, false, None, false, SlotStatus::Draft);
            check(making, true, None, false, SlotStatus::Completed);
        }
        check("completed", true, None, false, SlotStatus::Completed);
        check("completed", false, None, false, SlotStatus::Draft);
        assert_eq!(check("completed", false, Some(SKIPPED), false, SlotStatus::Skipped).as_deref(), Some(SKIPPED));
        assert_eq!(check("failed", false, Some("429"), true, SlotStatus::Failed).as_deref(), Some("429"));
        assert!(check("error", true, None, false, SlotStatus::Failed).expect("a reason").starts_with("It failed"));
        assert_eq!(Asked::of(Some("READY")), None);
        let given = slot(Before { asked: Asked::Failed, file: Some(Ok(object())), error: None, goes_on: true, is_made: false });
        assert!(given.status == SlotStatus::Completed && given.given && given.error.is_none());
    }
}
