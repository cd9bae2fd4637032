//! shortsai.toml as it is written: which key stands in which line, and which of them there are not.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::schema::{self, TABLES};
use crate::environment::spelling::nearest;

/// A key with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its table: empty for none, `plan.free` with the user's own name, `price[0]` for the first of a list.
    pub table: String,
    pub name: String,
    pub line: usize,
    /// As it is written, but texts without their quotes.
    pub value: String,
}

/// All keys of a file, in its order, with its tables and the mistakes in their names.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Document {
    pub entries: Vec<Entry>,
    pub tables: Vec<(String, usize)>,
    /// A sentence for each name that there is not.
    pub unknown: Vec<String>,
}

/// How the names of tables are written in the schema and by the user.
struct Place<'a> {
    schema: &'a str,
    shown: &'a str,
}

impl Document {
    /// Fails where the text is no TOML: that is said better by whoever reads its values.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        let root = DeTable::parse(text)?;
        let mut document = Self::default();
        let reader = Reader { text };
        reader.top(&mut document, root.get_ref());
        document.entries.sort_by_key(|entry| entry.line);
        document.tables.sort_by_key(|(_, line)| *line);
        Ok(document)
    }

    /// The entry of a path such as `objects.bucket`.
    pub fn get(&self, path: &str) -> Option<&Entry> {
        let (table, name) = path.rsplit_once('.').unwrap_or(("", path));
        self.entries.iter().find(|entry| entry.table == table && entry.name == name)
    }
}

struct Reader<'a> {
    text: &'a str,
}

impl Reader<'_> {
    fn top(&self, document: &mut Document, root: &DeTable<'_>) {
        for (key, value) in root {
            let (name, line) = (key.get_ref().as_ref(), self.line(key.span()));
            let is_own = TABLES.contains(&format!("{name}.*").as_str());
            match value.get_ref() {
                DeValue::Table(table) if is_own => {
                    for (own, inner) in table {
                        let (shown, schema) = (format!("{name}.{}", own.get_ref()), format!("{name}.*"));
                        let line = self.line(own.span());
                        if let DeValue::Table(inner) = inner.get_ref() {
                            self.table(document, &Place { schema: &schema, shown: &shown }, line, inner);
                        }
                    }
                }
                DeValue::Table(table) if TABLES.contains(&name) && name != "price" => {
                    self.table(document, &Place { schema: name, shown: name }, line, table);
                }
                DeValue::Array(list) if name == "price" => {
                    for (index, item) in list.iter().enumerate() {
                        if let DeValue::Table(table) = item.get_ref() {
                            let (shown, line) = (format!("price[{index}]"), self.line(item.span()));
                            self.table(document, &Place { schema: "price", shown: &shown }, line, table);
                        }
                    }
                }
                // Whoever reads the values says what is wrong with a table that is none.
                _ if is_own || (!name.is_empty() && TABLES.contains(&name)) => {}
                _ if schema::keys_of("").any(|key| key.name == name) => document.entries.push(self.entry("", key, value)),
                _ => document.unknown.push(unknown_top(name, line)),
            }
        }
    }

    fn table(&self, document: &mut Document, place: &Place<'_>, line: usize, table: &DeTable<'_>) {
        document.tables.push((place.shown.to_owned(), line));
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            if place.schema == "alias" || schema::keys_of(place.schema).any(|known| known.name == name) {
                document.entries.push(self.entry(place.shown, key, value));
            } else {
                document.unknown.push(unknown_in(place, name, self.line(key.span())));
            }
        }
    }

    fn entry(&self, table: &str, key: &Spanned<std::borrow::Cow<'_, str>>, value: &Spanned<DeValue<'_>>) -> Entry {
        let written = self.text.get(value.span()).unwrap_or_default();
        let value = match value.get_ref() {
            DeValue::String(text) => text.as_ref().to_owned(),
            _ => written.split_whitespace().collect::<Vec<_>>().join(" "),
        };
        Entry { table: table.to_owned(), name: key.get_ref().as_ref().to_owned(), line: self.line(key.span()), value }
    }

    fn line(&self, span: Range<usize>) -> usize {
        self.text.as_bytes().iter().take(span.start).filter(|byte| **byte == b'\n').count() + 1
    }
}

fn unknown_top(name: &str, line: usize) -> String {
    let tables = TABLES.iter().filter(|table| !table.is_empty()).map(|table| table.trim_end_matches(".*"));
    let keys = schema::keys_of("").map(|key| key.name);
    let homes: Vec<String> = homes(name).collect();
    let hint = match (nearest(name, keys.chain(tables.clone())), homes.as_slice()) {
        (Some(right), _) if tables.clone().any(|table| table == right) => format!("do you mean [{right}]?"),
        (Some(right), _) => format!("do you mean {right:?}?"),
        (None, [one]) => format!("it belongs into [{one}]"),
        (None, []) => format!("tables are {}", tables.map(|table| format!("[{table}]")).collect::<Vec<_>>().join(", ")),
        (None, several) => format!("it belongs into a table: [{}]", several.join("], [")),
    };
    format!("line {line}: there is no table or key {name:?}; {hint}")
}

fn unknown_in(place: &Place<'_>, name: &str, line: usize) -> String {
    let keys = || schema::keys_of(place.schema).map(|key| key.name);
    let homes: Vec<String> = homes(name).collect();
    let hint = match (nearest(name, keys()), homes.as_slice()) {
        (Some(right), _) => format!("do you mean {right:?}?"),
        (None, [one]) if one.is_empty() => "it belongs above all tables".to_owned(),
        (None, [one]) => format!("it belongs into [{one}]"),
        _ => format!("its keys are {}", keys().collect::<Vec<_>>().join(", ")),
    };
    let shown = if place.schema == "price" { "[[price]]".to_owned() } else { format!("[{}]", place.shown) };
    format!("line {line}: {shown} has no key {name:?}; {hint}")
}

/// The tables that have such a key.
fn homes(name: &str) -> impl Iterator<Item = String> {
    let own = |table: &str| table.replace(".*", ".NAME");
    schema::KEYS.iter().filter(move |key| key.name == name).map(move |key| own(key.table))
}

#[cfg(test)]
mod tests {
    use super::super::schema::KEYS;
    use super::*;

    #[test]
    fn keys_are_found_with_their_lines() {
        let text = "trusted_proxies = [\n  \"10.0.0.1\",\n]\n\n[objects]\nbucket = \"films\"\n\n[plan.free]\nname = 'Free'\n\n[[price]]\nvendor = \"x\"\n[[price]]\nusd = 1.5\n[alias]\n\"old.model\" = \"new\"\n";
        let document = Document::parse(text).expect("TOML");
        assert_eq!(document.unknown, Vec::<String>::new());
        let found: Vec<_> = document
            .entries
            .iter()
            .map(|entry| (entry.table.as_str(), entry.name.as_str(), entry.line, entry.value.as_str()))
            .collect();
        let expected = [
            ("", "trusted_proxies", 1, "[ \"10.0.0.1\", ]"),
            ("objects", "bucket", 6, "films"),
            ("plan.free", "name", 9, "Free"),
            ("price[0]", "vendor", 12, "x"),
            ("price[1]", "usd", 14, "1.5"),
            ("alias", "old.model", 16, "new"),
        ];
        assert_eq!(found, expected);
        assert_eq!(document.get("objects.bucket").map(|entry| entry.line), Some(6));
        assert_eq!(document.get("trusted_proxies").map(|entry| entry.line), Some(1));
        let tables: Vec<_> = document.tables.iter().map(|(table, line)| (table.as_str(), *line)).collect();
        assert_eq!(tables, [("objects", 5), ("plan.free", 8), ("price[0]", 11), ("price[1]", 13), ("alias", 15)]);
    }

    #[test]
    fn every_unknown_name_is_said_with_the_nearest() {
        let check = |text: &str, expected: &[&str]| {
            let document = Document::parse(text).expect("TOML");
            assert_eq!(document.unknown, expected, "{text}");
        };
        let two = [
            "line 2: [backup] has no key \"evry\"; do you mean \"every\"?",
            "line 3: [backup] has no key \"keep-last\"; do you mean \"keep_last\"?",
        ];
        check("[backup]\nevry = \"6h\"\nkeep-last = 3", &two);
        check("[object]\nbucket = \"x\"", &["line 1: there is no table or key \"object\"; do you mean [objects]?"]);
        check("trusted_proxy = []", &["line 1: there is no table or key \"trusted_proxy\"; do you mean \"trusted_proxies\"?"]);
        check("keep_last = 1", &["line 1: there is no table or key \"keep_last\"; it belongs into [backup]"]);
        check("bucket = 1", &["line 1: there is no table or key \"bucket\"; it belongs into a table: [objects], [backup]"]);
        check("[backup]\ngrace = \"1d\"", &["line 2: [backup] has no key \"grace\"; it belongs into [objects]"]);
        check("[backup]\nprompts = \"x\"", &["line 2: [backup] has no key \"prompts\"; it belongs above all tables"]);
        check("[vendor.gemini]\nvoise = \"x\"", &["line 2: [vendor.gemini] has no key \"voise\"; do you mean \"voice\"?"]);
        check("[[price]]\nvender = \"x\"", &["line 2: [[price]] has no key \"vender\"; do you mean \"vendor\"?"]);
        check("[owner]\ncolour = 1", &["line 2: [owner] has no key \"colour\"; its keys are plan, budget_usd_per_month"]);
        // In one line, with dots, and with a table in a table.
        check("owner = { plam = \"x\" }", &["line 1: [owner] has no key \"plam\"; do you mean \"plan\"?"]);
        check("owner.plam = \"x\"", &["line 1: [owner] has no key \"plam\"; do you mean \"plan\"?"]);
        check(
            "[server.limits]\nx = 1",
            &[
                "line 1: [server] has no key \"limits\"; its keys are requests_per_minute, address_requests_per_minute, allow_plain_http",
            ],
        );
    }

    /// What the tables' own types refuse with is what they know.
    #[test]
    fn the_schema_is_what_the_tables_read() {
        for table in TABLES.into_iter().filter(|table| *table != "alias") {
            let own = table.replace(".*", ".gemini");
            let text = match own.as_str() {
                "" => "zzz = 1".to_owned(),
                "price" => "[[price]]\nvendor = \"x\"\nmodel = \"x\"\nunit = \"image\"\nusd = 1.0\nzzz = 1".to_owned(),
                own => format!("[{own}]\nzzz = 1"),
            };
            let error = toml::from_str::<super::super::Config>(&text).expect_err("zzz is nothing").to_string();
            let (_, known) = error.split_once("expected").unwrap_or_else(|| panic!("{error}"));
            let mut known: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
            let mut here: Vec<&str> = schema::keys_of(table).map(|key| key.name).collect();
            if table.is_empty() {
                here.extend(TABLES.iter().filter(|table| !table.is_empty()).map(|table| table.trim_end_matches(".*")));
            }
            known.sort_unstable();
            here.sort_unstable();
            assert_eq!(known, here, "[{table}]");
        }
        for variable in crate::environment::ALL.iter().filter(|variable| !variable.key().is_empty()) {
            let key = variable.key();
            let vendors = key.strip_prefix("vendor.").and_then(|rest| rest.split_once('.'));
            let key = vendors.map_or(key.to_owned(), |(_, name)| format!("vendor.*.{name}"));
            assert!(KEYS.iter().any(|known| known.path() == key), "{variable:?}");
        }
    }
}
