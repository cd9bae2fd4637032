//! Folders and shows that go while a project is being put into them: no project names one that is not there.

use std::sync::Arc;

use sea_orm::DbBackend;
use store::{Answer, Caller, Details, NewProject, ProjectChange, ProjectRecord};
use tokio::runtime::Handle;
use tokio::task::{JoinHandle, block_in_place};

use crate::database::{Database, at, id, new_project};

/// What is deleted.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Place {
    Folder,
    Show,
}

async fn make(database: &Database, place: Place) {
    database.owner(1).await;
    match place {
        Place::Folder => database.folder(10, 1).await,
        Place::Show => database.show(10, 1).await,
    }
}

fn inside(place: Place) -> Details {
    match place {
        Place::Folder => Details { folder_id: Some(id(10)), ..Details::default() },
        Place::Show => Details { show_id: Some(id(10)), episode_number: Some(3), ..Details::default() },
    }
}

fn deletion(store: store::Store, place: Place) -> JoinHandle<bool> {
    tokio::spawn(async move {
        match place {
            Place::Folder => store.delete_folder(id(1), id(10), at(5)).await.unwrap(),
            Place::Show => store.delete_show(id(1), id(10), at(5)).await.unwrap(),
        }
    })
}

fn answer() -> Answer {
    Answer { status: 200, headers: Vec::new(), body: String::new() }
}

async fn check_nowhere(database: &Database, project: u128, what: &str) {
    let details = database.record(id(project)).await.details;
    assert_eq!((details.folder_id, details.show_id, details.episode_number), (None, None, None), "{what}");
}

/// The deletion came first; whoever had looked before still names what was there.
pub async fn what_is_gone_is_not_named(database: &Database) {
    let store = &database.store;
    for (place, number) in [(Place::Folder, 100), (Place::Show, 200)] {
        make(database, place).await;
        database.project(number).await;
        assert!(deletion(store.clone(), place).await.unwrap());
        let wish = ProjectChange { details: Some(inside(place)), ..ProjectChange::default() };
        store.change_project(id(number), wish, Caller::default(), at(6), |_| answer()).await.unwrap();
        check_nowhere(database, number, &format!("changed, {place:?}")).await;
        assert!(store.set_details(id(number), &inside(place), at(7)).await.unwrap());
        check_nowhere(database, number, &format!("set, {place:?}")).await;
        let new = NewProject { details: inside(place), ..new_project(number + 1, id(1)) };
        store.begin_project(new, Vec::new(), None, None, at(8), |_| answer()).await.unwrap();
        check_nowhere(database, number + 1, &format!("begun, {place:?}")).await;
    }
}

/// The deletion comes while a project has been put there and nobody else can see that yet.
pub async fn what_comes_in_meanwhile_is_taken_out(database: &Database) {
    let store = &database.store;
    for (place, number) in [(Place::Folder, 100), (Place::Show, 200)] {
        make(database, place).await;
        database.project(number).await;
        let deleted = Arc::new(std::sync::Mutex::new(None));
        let meanwhile = |record: &ProjectRecord| {
            let details = &record.details;
            assert!(details.folder_id.or(details.show_id).is_some(), "it is there still");
            *deleted.lock().unwrap() = Some(deletion(store.clone(), place));
            block_in_place(|| Handle::current().block_on(waits(database)));
            answer()
        };
        let wish = ProjectChange { details: Some(inside(place)), ..ProjectChange::default() };
        store.change_project(id(number), wish, Caller::default(), at(6), meanwhile).await.unwrap();
        let deletion = deleted.lock().unwrap().take().expect("it has begun");
        assert!(deletion.await.unwrap(), "{place:?}");
        check_nowhere(database, number, &format!("{place:?}")).await;
    }
}

/// Until somebody waits for a lock. On SQLite, whoever writes waits for its turn anyway.
async fn waits(database: &Database) {
    if database.raw.get_database_backend() != DbBackend::Postgres {
        return;
    }
    let waiting = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while database.count(waiting).await == 0 {
        tokio::task::yield_now().await;
    }
}
