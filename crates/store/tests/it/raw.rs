use sea_orm::ConnectionTrait;
use store::RawDatabase;

use crate::database::Database;

pub async fn a_database_is_counted_as_it_is(database: &Database) {
    database.project_with_scenes(5, 1, 3).await;
    let raw = RawDatabase::open(&database.url).await.unwrap();
    let contents = raw.contents().await.unwrap();
    assert_eq!((contents.rows["scene"], contents.rows["project"], contents.rows["plan"]), (3, 1, 0));
    assert!(contents.is_usable() && contents.newer_step().is_none());
    assert_eq!(raw.damage().await.unwrap(), None);
    assert_eq!(raw.steps().await.unwrap(), contents.steps);
    let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_later', 0)";
    database.raw.execute_unprepared(newer).await.unwrap();
    let contents = raw.contents().await.unwrap();
    assert_eq!(contents.newer_step().as_deref(), Some("m9999_later"), "and it was opened all the same");
    raw.close().await.unwrap();
}

pub async fn what_comes_later_is_in_no_copy(database: &Database) {
    database.project(1).await;
    let raw = RawDatabase::open(&database.url).await.unwrap();
    if database.url.starts_with("sqlite://") {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("copy.db");
        raw.copy_to(&path).await.unwrap();
        database.project(2).await;
        let copy = RawDatabase::open(&format!("sqlite://{}", path.display())).await.unwrap();
        assert_eq!(copy.contents().await.unwrap().rows["project"], 1);
        assert!(raw.copy_to(&path).await.is_err(), "nothing is written over");
    } else {
        let moment = raw.moment().await.unwrap();
        database.project(2).await;
        assert_eq!(moment.contents.rows["project"], 1);
        assert!(!moment.id.is_empty());
    }
    assert_eq!(raw.contents().await.unwrap().rows["project"], 2);
}

#[tokio::test]
async fn a_database_that_is_not_there_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none.db");
    assert!(RawDatabase::open(&format!("sqlite://{}", path.display())).await.is_err());
    assert!(!path.exists());
}
