//! Every schema that somebody may stand on, with rows in all of its tables, brought up to date.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use sea_orm_migration::MigratorTrait;
use store::{Migrator, ProjectQuery, migrate};

use crate::database::Database;
use crate::filler::{self, id_of};

/// The rows of a table as texts, in order: what each of those columns holds.
async fn rows(database: &Database, table: &str, columns: &[String]) -> Vec<Vec<Option<String>>> {
    let backend = database.raw.get_database_backend();
    let shown = |column: &String| match backend {
        DbBackend::Sqlite => format!("quote(\"{column}\")"),
        _ => format!("\"{column}\"::text"),
    };
    let shown: Vec<String> = columns.iter().map(shown).collect();
    let sql = format!("SELECT {} FROM \"{table}\"", shown.join(", "));
    let found = database.raw.query_all_raw(Statement::from_string(backend, sql)).await.expect("the rows can be read");
    let row = |row: &sea_orm::QueryResult| (0..columns.len()).map(|at| row.try_get_by_index(at).expect("a text")).collect();
    let mut rows: Vec<Vec<Option<String>>> = found.iter().map(row).collect();
    rows.sort();
    rows
}

pub async fn every_schema_is_brought_up_to_date_with_all_that_is_in_it(database: &Database) {
    let steps: Vec<String> = Migrator::migrations().iter().map(|step| step.name().to_owned()).collect();
    for (gone, step) in (1..).zip(&steps) {
        database.wipe().await;
        Migrator::up(&database.raw, Some(gone)).await.unwrap();
        filler::fill(database).await;
        let before = filler::tables(database).await;
        let mut names: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (table, columns) in &before {
            names.insert(table, columns.iter().map(|column| column.name.clone()).collect());
        }

        // Only columns that are still there afterwards are compared, so the rows are read when those are known.
        let mut held = BTreeMap::new();
        for (table, columns) in &names {
            held.insert(*table, rows(database, table, columns).await);
        }
        let (store, migrated) = migrate(&database.url).await.unwrap_or_else(|error| panic!("from {step}: {error:?}"));
        assert_eq!((migrated.from.as_ref(), &migrated.gone), (Some(step), &steps[gone as usize..].to_vec()));
        let after = filler::tables(database).await;
        for (table, columns) in &names {
            let stays: Vec<usize> = match after.get(*table) {
                Some(now) => (0..columns.len()).filter(|at| now.iter().any(|column| column.name == columns[*at])).collect(),
                None => panic!("from {step}: the table {table} is gone"),
            };
            let kept: Vec<String> = stays.iter().map(|at| columns[*at].clone()).collect();
            let mut before: Vec<Vec<Option<String>>> =
                held[table].iter().map(|row| stays.iter().map(|at| row[*at].clone()).collect()).collect();
            before.sort();
            assert_eq!(before.len(), 2, "from {step}: {table} was filled");
            assert_eq!(rows(database, table, &kept).await, before, "from {step}: {table}");
        }

        let of_first = ProjectQuery { owner: id_of("user", 1), limit: None, offset: 0, folder: None, archived: None };
        let page = store.projects(&of_first).await.unwrap_or_else(|error| panic!("from {step}: {error:?}"));
        assert_eq!((page.total, page.projects[0].project.scenes.len()), (1, 1), "from {step}");
        assert_eq!(store.events_after(id_of("project", 2), 0, 10).await.unwrap().len(), 1, "from {step}");
        assert_eq!(store.users().await.unwrap().len(), 2, "from {step}");
        database.raw.ping().await.expect("it still answers");
    }
}
