use model::workflow::{Edit, Input};
use sea_orm::ConnectionTrait;
use sea_orm_migration::MigratorTrait;
use store::{Migrator, RawDatabase, StoreError, migrate, open};

use crate::database::{Database, at, draft, id, new_project};

async fn newer_step(database: &Database, step: &str) {
    let insert = format!("INSERT INTO seaql_migrations (version, applied_at) VALUES ('{step}', 0)");
    database.raw.execute_unprepared(&insert).await.unwrap();
}

pub async fn a_newer_schema_is_refused(database: &Database) {
    newer_step(database, "m9998_more").await;
    newer_step(database, "m9999_contract_drop_look").await;
    let error = open(&database.url).await.err().expect("a schema that lacks something is not opened");
    assert!(matches!(error, StoreError::NewerSchema { .. }), "{error:?}");
    assert!(error.to_string().contains("m9999_contract_drop_look") && error.to_string().contains("update ShortsAI"), "{error}");
}

pub async fn an_older_program_goes_on_with_a_schema_that_only_grew(database: &Database) {
    database.project_with_scenes(5, 1, 2).await;
    // What a newer version does, and writes.
    for more in ["ALTER TABLE scene ADD COLUMN mood text", "ALTER TABLE project ADD COLUMN stars integer NOT NULL DEFAULT 3"] {
        database.raw.execute_unprepared(more).await.unwrap();
    }
    database.raw.execute_unprepared("UPDATE scene SET mood = 'calm'").await.unwrap();
    newer_step(database, "m9998_moods").await;
    let (store, migrated) = migrate(&database.url).await.expect("it goes on");
    assert_eq!((migrated.newer.as_slice(), migrated.gone.len()), (["m9998_moods".to_owned()].as_slice(), 0));
    assert_eq!((migrated.to.as_str(), migrated.from.as_deref()), ("m9998_moods", Some("m9998_moods")));
    assert_eq!(store.project(id(5)).await.unwrap().expect("it is there").project.scenes.len(), 2);
    let edit = Edit::ReplaceScenes(vec![draft(9, "New")]);
    store.apply(id(5), Input::Edit(edit), at(1)).await.expect("and writes");
    store.create_project(new_project(6, id(1)), at(2)).await.expect("and makes new ones");
    assert_eq!(database.count("SELECT count(*) FROM project WHERE stars = 3").await, 2);
    // Of another history, though, nobody knows what it is.
    let newest = Migrator::migrations().last().expect("there are steps").name().to_owned();
    database.raw.execute_unprepared(&format!("DELETE FROM seaql_migrations WHERE version = '{newest}'")).await.unwrap();
    assert!(matches!(open(&database.url).await.err(), Some(StoreError::NewerSchema { .. })));
}

pub async fn a_step_that_fails_leaves_the_database_as_it_was(database: &Database) {
    database.wipe().await;
    Migrator::up(&database.raw, Some(3)).await.unwrap();
    // A table of that name comes only later: then the steps before it have gone well already.
    database.raw.execute_unprepared("CREATE TABLE webhook_endpoint (mine text)").await.unwrap();
    let before = RawDatabase::open(&database.url).await.unwrap().contents().await.unwrap();
    let error = open(&database.url).await.err().expect("it can't be opened");
    assert!(matches!(error, StoreError::Open { .. }), "{error:?}");
    let after = RawDatabase::open(&database.url).await.unwrap().contents().await.unwrap();
    assert_eq!(after, before);
    assert_eq!(after.steps.len(), 3);
    database.raw.execute_unprepared("DROP TABLE webhook_endpoint").await.unwrap();
    let (_, migrated) = migrate(&database.url).await.expect("and then it goes on");
    assert_eq!((migrated.from.as_deref(), migrated.gone.len()), (Some("m0003_ass"), Migrator::migrations().len() - 3));
}

pub async fn opening_at_the_same_moment_works(database: &Database) {
    for gone in [0, 7] {
        // At first no table is there yet.
        database.wipe().await;
        Migrator::up(&database.raw, Some(gone)).await.unwrap();
        let opened = tokio::join!(migrate(&database.url), migrate(&database.url), migrate(&database.url));
        let mut moved = 0;
        for opened in [opened.0, opened.1, opened.2] {
            let (store, migrated) = opened.expect("all can open it");
            store.ping().await.unwrap();
            moved += migrated.gone.len();
        }
        assert_eq!(moved, Migrator::migrations().len() - gone as usize, "one of them did all of it");
    }
}

/// What the sentence must say for an address that can't be opened.
async fn check(url: &str, expected: &[&str]) {
    let error = open(url).await.err().unwrap_or_else(|| panic!("{url} must not open"));
    let sentence = error.to_string();
    for part in expected {
        assert!(sentence.contains(part), "{url}: \"{sentence}\" should say {part}");
    }
    for part in ["SELECT", "PRAGMA", "SqlxError", "secret"] {
        assert!(!sentence.contains(part), "{url}: \"{sentence}\" should not say {part}");
    }
}

#[tokio::test]
async fn trouble_is_told_with_its_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("letter.txt"), "Dear reader, this is not a database. ".repeat(50)).unwrap();
    check(&format!("sqlite://{}", path("none/a.db")), &["its folder does not exist", &path("none"), "create the folder"]).await;
    check(&format!("sqlite://{}", folder.path().display()), &["it is a folder", "choose a file"]).await;
    check(&format!("sqlite://{}", path("letter.txt")), &["letter.txt", "not an SQLite database", "choose another file"]).await;
    check("mysql://me:secret@host/db", &["no known kind", "sqlite://", "postgres://", "mysql://me@host/db"]).await;
    check("postgresql://me:secret@host:port/db", &["not understood", "postgresql://me@host:port/db"]).await;
    check("postgres://me:secret@127.0.0.1:1/db", &["postgres://me@127.0.0.1:1/db", "does not answer", "running"]).await;
}

#[tokio::test]
async fn a_path_is_taken_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("100 % ?why#é.db");
    open(&format!("sqlite://{}", path.display())).await.expect("any name will do").ping().await.unwrap();
    assert!(path.is_file());
}
