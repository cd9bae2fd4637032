use sea_orm::ConnectionTrait;
use store::{StoreError, open};

use crate::database::Database;

pub async fn a_newer_schema_is_refused(database: &Database) {
    let insert = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_later', 0)";
    database.raw.execute_unprepared(insert).await.unwrap();
    let error = open(&database.url).await.err().expect("a newer schema is not opened");
    assert!(matches!(error, StoreError::NewerSchema { .. }), "{error:?}");
    assert!(error.to_string().contains("m9999_later") && error.to_string().contains("update ShortsAI"), "{error}");
}

pub async fn opening_at_the_same_moment_works(database: &Database) {
    // As at the first start: no table is there yet.
    database.wipe().await;
    let opened = tokio::join!(open(&database.url), open(&database.url), open(&database.url));
    for store in [opened.0, opened.1, opened.2] {
        store.expect("all can open it").ping().await.unwrap();
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
