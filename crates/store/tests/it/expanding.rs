//! Steps of the schema that older programs must be able to live with, and how one sees that: tables before and after are compared.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use sea_orm_migration::MigratorTrait;
use store::{Migrator, takes_away};

use crate::database::Database;
use crate::filler::{Column, tables};

/// The last step before there was the rule. Every later one only adds, unless its name says `contract`.
const BEFORE_THE_RULE: &str = "m0021_webhooks";

/// A schema as far as programs depend on it.
#[derive(Debug, Clone, Default)]
struct Schema {
    tables: BTreeMap<String, Vec<Column>>,
    indexes: BTreeMap<String, Index>,
    /// What rows must meet, each with its table and its columns: foreign keys and checks.
    rules: BTreeMap<String, (String, BTreeSet<String>)>,
}

#[derive(Debug, Clone, PartialEq)]
struct Index {
    table: String,
    unique: bool,
    definition: String,
}

async fn schema(database: &Database) -> Schema {
    let is_sqlite = database.raw.get_database_backend() == DbBackend::Sqlite;
    let mut schema = Schema { tables: tables(database).await, ..Schema::default() };
    let indexes = match is_sqlite {
        true => {
            "SELECT l.name, m.name, l.\"unique\" = 1, coalesce(i.sql, l.origin || (SELECT group_concat(c.name) FROM pragma_index_info(l.name) c)) \
             FROM sqlite_master m, pragma_index_list(m.name) l LEFT JOIN sqlite_master i ON i.name = l.name WHERE m.type = 'table'"
        }
        false => {
            "SELECT i.relname::text, t.relname::text, x.indisunique, pg_get_indexdef(x.indexrelid) FROM pg_index x \
             JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid WHERE t.relnamespace = 'public'::regnamespace"
        }
    };
    let backend = database.raw.get_database_backend();
    for row in database.raw.query_all_raw(Statement::from_string(backend, indexes)).await.expect("indexes can be read") {
        let text = |at| row.try_get_by_index::<String>(at).expect("a text");
        let unique = row.try_get_by_index(2).expect("yes or no");
        schema.indexes.insert(text(0), Index { table: text(1), unique, definition: text(3) });
    }
    let rules = match is_sqlite {
        true => {
            "SELECT m.name || ': ' || f.\"from\" || ' is in ' || f.\"table\" || ' ' || f.on_delete, m.name, f.\"from\" \
             FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'"
        }
        false => {
            "SELECT t.relname || ': ' || pg_get_constraintdef(c.oid), t.relname::text, a.attname::text FROM pg_constraint c \
             JOIN pg_class t ON t.oid = c.conrelid JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ANY (c.conkey) \
             WHERE c.contype IN ('f', 'c', 'x') AND t.relnamespace = 'public'::regnamespace"
        }
    };
    for row in database.raw.query_all_raw(Statement::from_string(backend, rules)).await.expect("rules can be read") {
        let text = |at| row.try_get_by_index::<String>(at).expect("a text");
        schema.rules.entry(text(0)).or_insert_with(|| (text(1), BTreeSet::new())).1.insert(text(2));
    }
    schema
}

/// What a program that knows the schema of before can't live with.
fn breaks(before: &Schema, after: &Schema) -> Vec<String> {
    let mut broken = Vec::new();
    // The columns that are new in tables that were there.
    let mut added: BTreeMap<&str, Vec<&Column>> = BTreeMap::new();
    for (table, columns) in &before.tables {
        let Some(now) = after.tables.get(table) else {
            broken.push(format!("the table {table} is gone"));
            continue;
        };
        for column in columns {
            match now.iter().find(|other| other.name == column.name) {
                None => broken.push(format!("the column {table}.{} is gone", column.name)),
                Some(other) if other != column => broken.push(format!("the column {table}.{} is another one", column.name)),
                Some(_) => {}
            }
        }
        let new: Vec<&Column> = now.iter().filter(|column| !columns.iter().any(|known| known.name == column.name)).collect();
        for column in new.iter().filter(|column| column.needed && column.default.is_none()) {
            broken.push(format!("the column {table}.{} must be given a value", column.name));
        }
        added.insert(table, new);
    }
    // What goes with its table is told with it.
    let is_left = |table: &String| after.tables.contains_key(table);
    for (name, index) in before.indexes.iter().filter(|(_, index)| is_left(&index.table)) {
        if after.indexes.get(name) != Some(index) {
            broken.push(format!("the index {name} is gone or another one"));
        }
    }
    for (name, index) in after.indexes.iter().filter(|(name, index)| index.unique && !before.indexes.contains_key(*name)) {
        let Some(new) = added.get(index.table.as_str()) else { continue };
        // Rows that leave it empty never equal each other.
        let left_empty =
            new.iter().any(|column| !column.needed && column.default.is_none() && index.definition.contains(&column.name));
        if !left_empty {
            broken.push(format!("the index {name} refuses rows that were good"));
        }
    }
    let gone = before.rules.iter().filter(|(rule, (table, _))| is_left(table) && !after.rules.contains_key(*rule));
    broken.extend(gone.map(|(rule, _)| format!("{rule} is gone")));
    for (rule, (table, columns)) in after.rules.iter().filter(|(rule, _)| !before.rules.contains_key(*rule)) {
        let Some(new) = added.get(table.as_str()) else { continue };
        if !columns.iter().all(|column| new.iter().any(|added| added.name == *column)) {
            broken.push(format!("{rule}: that is new"));
        }
    }
    broken
}

pub async fn new_steps_only_add(database: &Database) {
    let steps: Vec<String> = Migrator::migrations().iter().map(|step| step.name().to_owned()).collect();
    let first = steps.iter().position(|step| step == BEFORE_THE_RULE).expect("history is never changed") + 1;
    database.wipe().await;
    Migrator::up(&database.raw, Some(first as u32)).await.unwrap();
    let mut before = schema(database).await;
    for step in &steps[first..] {
        Migrator::up(&database.raw, Some(1)).await.unwrap();
        let after = schema(database).await;
        let broken = breaks(&before, &after);
        assert!(takes_away(step) || broken.is_empty(), "{step} needs the word contract in its name: {broken:?}");
        before = after;
    }
}

pub async fn what_older_programs_can_not_live_with_is_seen(database: &Database) {
    let is_sqlite = database.raw.get_database_backend() == DbBackend::Sqlite;
    let check = async |statements: &str, expected: &[&str]| {
        let before = schema(database).await;
        database.raw.execute_unprepared(statements).await.unwrap_or_else(|error| panic!("{statements}: {error}"));
        assert_eq!(breaks(&before, &schema(database).await), expected, "{statements}");
    };
    check("CREATE TABLE mood (id integer PRIMARY KEY, name text NOT NULL UNIQUE, owner_id uuid REFERENCES \"user\" (id))", &[])
        .await;
    check("ALTER TABLE plan ADD COLUMN mood text", &[]).await;
    check("ALTER TABLE plan ADD COLUMN stars integer NOT NULL DEFAULT 3", &[]).await;
    check("CREATE INDEX plan_stars ON plan (stars)", &[]).await;
    check("CREATE UNIQUE INDEX plan_mood ON plan (mood)", &["the index plan_mood refuses rows that were good"]).await;
    check("ALTER TABLE plan ADD COLUMN colour text; CREATE UNIQUE INDEX plan_colour ON plan (name, colour)", &[]).await;
    check("CREATE UNIQUE INDEX plan_name ON plan (name)", &["the index plan_name refuses rows that were good"]).await;
    check("DROP INDEX webhook_message_due", &["the index webhook_message_due is gone or another one"]).await;
    check("ALTER TABLE plan DROP COLUMN features", &["the column plan.features is gone"]).await;
    let renamed = ["the column plan.description is gone"];
    check("ALTER TABLE plan RENAME COLUMN description TO words", &renamed).await;
    check("DROP TABLE chore", &["the table chore is gone"]).await;
    if !is_sqlite {
        check("ALTER TABLE plan ADD COLUMN taste text NOT NULL", &["the column plan.taste must be given a value"]).await;
        check("ALTER TABLE plan ALTER COLUMN name DROP NOT NULL", &["the column plan.name is another one"]).await;
        check("ALTER TABLE plan ALTER COLUMN stars TYPE bigint", &["the column plan.stars is another one"]).await;
        check("ALTER TABLE plan ADD CHECK (name <> '')", &["plan: CHECK ((name <> ''::text)): that is new"]).await;
    }
    // And history itself has had such steps.
    let steps: Vec<String> = Migrator::migrations().iter().map(|step| step.name().to_owned()).collect();
    let at = steps.iter().position(|step| step == "m0012_targets").expect("history is never changed") as u32;
    database.wipe().await;
    Migrator::up(&database.raw, Some(at)).await.unwrap();
    let before = schema(database).await;
    Migrator::up(&database.raw, Some(1)).await.unwrap();
    assert_eq!(breaks(&before, &schema(database).await), ["the index task_target is gone or another one"]);
}
