//! Rows for every table of any schema of ours: it is looked at, and each column gets a value that fits its type and its name.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::database::{Database, at};

/// How many rows each table gets.
const ROWS: i64 = 2;

/// A column as the database describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub kind: String,
    pub needed: bool,
    pub default: Option<String>,
}

/// All tables of ours with their columns, in order.
pub async fn tables(database: &Database) -> BTreeMap<String, Vec<Column>> {
    let (backend, columns) = match database.raw.get_database_backend() {
        DbBackend::Sqlite => (
            DbBackend::Sqlite,
            "SELECT m.name, c.name, lower(c.type), c.\"notnull\" OR c.pk > 0, c.dflt_value FROM sqlite_master m, pragma_table_info(m.name) c \
             WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY m.name, c.cid",
        ),
        other => (
            other,
            "SELECT c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid) \
             FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum \
             WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped \
             ORDER BY c.relname, a.attnum",
        ),
    };
    let mut tables: BTreeMap<String, Vec<Column>> = BTreeMap::new();
    for row in database.raw.query_all_raw(Statement::from_string(backend, columns)).await.expect("the schema can be read") {
        let text = |index| row.try_get_by_index::<String>(index).expect("a name");
        if text(0) == "seaql_migrations" {
            continue;
        }
        let needed = row.try_get_by_index(3).expect("yes or no");
        let default = row.try_get_by_index(4).expect("a default or none");
        tables.entry(text(0)).or_default().push(Column { name: text(1), kind: text(2), needed, default });
    }
    tables
}

/// Puts rows into every table.
pub async fn fill(database: &Database) {
    let tables = tables(database).await;
    let backend = database.raw.get_database_backend();
    // What others point to comes first.
    let first = ["user", "project", "character", "webhook_message"];
    let order = first.into_iter().chain(tables.keys().map(String::as_str).filter(|table| !first.contains(table)));
    for table in order.filter(|table| tables.contains_key(*table)) {
        for row in 1..=ROWS {
            let columns = &tables[table];
            let names: Vec<String> = columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
            let places: Vec<String> = (1..=columns.len()).map(|place| format!("${place}")).collect();
            let values = columns.iter().map(|column| value(&tables, table, column, row));
            let sql = format!("INSERT INTO \"{table}\" ({}) VALUES ({})", names.join(", "), places.join(", "));
            let insert = Statement::from_sql_and_values(backend, sql, values);
            database.raw.execute_raw(insert).await.unwrap_or_else(|error| panic!("{table}: {error}"));
        }
    }
}

/// The identity of a table's row.
pub fn id_of(table: &str, row: i64) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{table} {row}").as_bytes())
}

fn value(tables: &BTreeMap<String, Vec<Column>>, table: &str, column: &Column, row: i64) -> Value {
    let Column { name, kind, .. } = column;
    match kind.as_str() {
        kind if kind.starts_with("uuid") => reference(tables, table, name, row).into(),
        kind if kind.starts_with("json") => json_of(table, name, row).into(),
        kind if kind.starts_with("timestamp") => at(row).into(),
        "boolean" => (row == 1).into(),
        // Whoever carries a question is seen by nobody.
        "bigint" => (row * 7_000_000_000).into(),
        "integer" if name == "number" => (row as i32).into(),
        "integer" => (row as i32 + 3).into(),
        "double" | "double precision" | "real" => (row as f64 + 0.25).into(),
        "text" => text_of(table, name, row).into(),
        other => panic!("{table}.{name} is of type {other}: say here what belongs into it"),
    }
}

/// The row itself, or the one of the table that the column's name speaks of, if there is such a table yet.
fn reference(tables: &BTreeMap<String, Vec<Column>>, table: &str, name: &str, row: i64) -> Option<Uuid> {
    if name == "id" {
        return Some(id_of(table, row));
    }
    let of = match name.strip_suffix("_id").unwrap_or(name) {
        "owner" | "user" => "user",
        "message" => "webhook_message",
        "endpoint" => "webhook_endpoint",
        "subject" => "scene",
        "parent" => return None,
        other => other,
    };
    tables.contains_key(of).then(|| id_of(of, row))
}

fn json_of(table: &str, name: &str, row: i64) -> Option<Json> {
    match name {
        "question" | "answer" | "storyboard" => None,
        "tags" | "kinds" => Some(json!(["ä", "b"])),
        "word_timings" => Some(json!([{ "word": "Grüße", "start": 0.125, "end": 1.337 }])),
        "character_ids" => Some(json!([id_of("character", row)])),
        "voice" => Some(json!({ "vendor": "espeak", "name": "en-gb" })),
        "output" => Some(json!({ "video": "v", "srt": "s", "vtt": "w", "thumbnail": "t", "seconds": 1.5, "bytes": row })),
        "body" if table == "event" => Some(json!({ "type": "reset" })),
        _ if name.ends_with("asset") => {
            Some(json!({ "key": format!("{name}-{row}"), "mediaType": "image/jpeg", "bytes": row, "madeBy": "test/1" }))
        }
        _ => Some(json!({})),
    }
}

fn text_of(table: &str, name: &str, row: i64) -> String {
    match name {
        "status" if table == "render" => "completed".to_owned(),
        _ if name.ends_with("status") => "completed".to_owned(),
        "kind" if table == "task" => "draw_image".to_owned(),
        _ => format!("{table}.{name} „{row}“ 'x'"),
    }
}
