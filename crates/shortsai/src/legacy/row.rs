//! A row of the older installation: JSON, from which each column is taken as what it should be, or not at all.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde_json::Value;
use store::LegacyRow;
use uuid::Uuid;

/// One row.
pub struct Row(pub LegacyRow);

impl Row {
    /// What is there and is not null.
    pub fn json(&self, column: &str) -> Option<&Value> {
        self.0.get(column).filter(|value| !value.is_null())
    }

    pub fn text(&self, column: &str) -> Option<&str> {
        self.json(column).and_then(Value::as_str)
    }

    /// The text without blanks at its ends, unless nothing is left.
    pub fn words(&self, column: &str) -> Option<&str> {
        self.text(column).map(str::trim).filter(|text| !text.is_empty())
    }

    /// The text, or an empty one.
    pub fn plain(&self, column: &str) -> String {
        self.text(column).unwrap_or_default().to_owned()
    }

    /// A number that is one: `NaN`, which PostgreSQL's decimals may be, is none.
    pub fn number(&self, column: &str) -> Option<f64> {
        let number = match self.json(column)? {
            Value::String(text) => text.trim().parse().ok(),
            value => value.as_f64(),
        };
        number.filter(|number: &f64| number.is_finite())
    }

    pub fn count(&self, column: &str) -> Option<i64> {
        self.json(column).and_then(Value::as_i64)
    }

    pub fn is(&self, column: &str) -> bool {
        self.json(column).and_then(Value::as_bool).unwrap_or(false)
    }

    /// A time; one without a zone is in UTC, as Prisma writes it.
    pub fn time(&self, column: &str) -> Option<DateTime<Utc>> {
        let text = self.text(column)?;
        let zoned = DateTime::parse_from_rfc3339(text).map(|time| time.with_timezone(&Utc));
        zoned.ok().or_else(|| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok().map(|time| time.and_utc()))
    }

    pub fn texts(&self, column: &str) -> Vec<String> {
        let texts = self.json(column).and_then(Value::as_array);
        texts.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// The id in a column. One that is no UUID becomes one that follows from it.
    pub fn id(&self, column: &str) -> Option<Uuid> {
        self.words(column).map(id_of)
    }

    /// What the row is called in a report.
    pub fn name(&self) -> String {
        let names = ["id", "user_id", "userId"];
        names.into_iter().find_map(|column| self.words(column)).unwrap_or("without an id").to_owned()
    }
}

/// The id here of what has that one there.
pub fn id_of(text: &str) -> Uuid {
    text.parse().unwrap_or_else(|_| Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("shortsai/legacy/{text}").as_bytes()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_are_what_they_should_be_or_nothing() {
        let Value::Object(columns) = json!({
            "nan": "NaN", "decimal": "1.50", "number": 2.5, "none": null, "zoned": "2025-12-01T10:00:00.5+02:00",
            "plain": "2025-12-01T10:00:00.123", "endless": "infinity", "tags": ["a", null, "b"], "text": "  ", "id": "Demo-User",
        }) else {
            panic!("an object")
        };
        let row = Row(columns);
        assert_eq!(
            [row.number("nan"), row.number("decimal"), row.number("number"), row.number("none")],
            [None, Some(1.5), Some(2.5), None]
        );
        let time = |column| row.time(column).map(|time| time.to_rfc3339());
        assert_eq!(time("zoned").as_deref(), Some("2025-12-01T08:00:00.500+00:00"));
        assert_eq!((time("plain").as_deref(), time("endless")), (Some("2025-12-01T10:00:00.123+00:00"), None));
        assert_eq!((row.texts("tags"), row.words("text")), (vec!["a".to_owned(), "b".to_owned()], None));
        assert_eq!(row.id("id"), row.id("id"));
        assert_eq!((row.id("none"), row.name().as_str()), (None, "Demo-User"));
    }
}
