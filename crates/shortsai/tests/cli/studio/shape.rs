//! Which fields are read from an answer, and what they must be.

use serde_json::Value;

/// Checks fields, written as `name:kind` with blanks between; `a.b` is inside `a`. A kind with `?` may be `null`, but the field
/// must be there. Kinds: `text` (not empty), `string`, `number`, `count` (a whole number), `bool`, `list`, `object`, `time`
/// (ISO 8601 in UTC with milliseconds), `media` (an address of a file here), or `a|b|c` for one of these words.
#[track_caller]
pub fn reads(what: &str, value: &Value, fields: &str) {
    for field in fields.split_whitespace() {
        let (path, kind) = field.split_once(':').expect("a field and its kind");
        let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
        let holder = if parent.is_empty() { value } else { &value[parent] };
        let holder = holder.as_object().unwrap_or_else(|| panic!("{what}: {path} is asked of {holder} in {value}"));
        let found = holder.get(name).unwrap_or_else(|| panic!("{what} has no {path}: {value}"));
        let optional = kind.ends_with('?');
        let kind = kind.trim_end_matches('?');
        assert!((optional && found.is_null()) || is(found, kind), "{what}: {path} is no {kind}: {found} in {value}");
    }
}

/// Checks each entry of a list; answers the list.
#[track_caller]
pub fn reads_each<'a>(what: &str, value: &'a Value, fields: &str) -> &'a [Value] {
    let list = value.as_array().unwrap_or_else(|| panic!("{what} is no list: {value}"));
    for entry in list {
        reads(what, entry, fields);
    }
    list
}

/// A text of an answer.
#[track_caller]
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}")).to_owned()
}

fn is(value: &Value, kind: &str) -> bool {
    match kind {
        "text" => value.as_str().is_some_and(|text| !text.is_empty()),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "count" => value.is_u64(),
        "bool" => value.is_boolean(),
        "list" => value.is_array(),
        "object" => value.is_object(),
        "time" => value.as_str().is_some_and(is_time),
        "media" => value.as_str().is_some_and(|url| url.starts_with("/api/assets?url=")),
        words => value.as_str().is_some_and(|text| words.split('|').any(|word| word == text)),
    }
}

fn is_time(text: &str) -> bool {
    text.len() == "2026-01-31T10:20:30.000Z".len() && text.ends_with('Z') && chrono::DateTime::parse_from_rfc3339(text).is_ok()
}
