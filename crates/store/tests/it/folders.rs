//! Folders as a tree.

use store::{Details, Folder, FolderChange, FolderError, NewProject};
use uuid::Uuid;

use crate::database::{Database, at, id, new_project};

fn folder(number: u128, owner: u128, parent: Option<u128>, name: &str) -> Folder {
    let (created_at, updated_at) = (at(1), at(1));
    Folder { id: id(number), owner: id(owner), parent: parent.map(id), name: name.to_owned(), created_at, updated_at }
}

async fn make(database: &Database, new: Folder) -> Result<(), FolderError> {
    database.store.create_folder(&new).await
}

/// The tree as (number, parent, name, projects).
async fn tree(database: &Database) -> (Vec<(u128, Option<u128>, String, u64)>, u64) {
    let list = database.store.folders(id(1)).await.unwrap();
    let row = |(folder, count): (Folder, u64)| (folder.id.as_u128(), folder.parent.map(|id| id.as_u128()), folder.name, count);
    (list.folders.into_iter().map(row).collect(), list.at_root)
}

async fn project_in(database: &Database, number: u128, folder_id: Option<Uuid>, is_archived: bool) {
    let details = Details { folder_id, is_archived, ..Details::default() };
    let new = NewProject { details, ..new_project(number, id(1)) };
    database.store.create_project(new, at(0)).await.unwrap();
}

pub async fn names_are_unique_at_their_place(database: &Database) {
    database.owner(1).await;
    database.owner(2).await;
    make(database, folder(10, 1, None, "Week 1")).await.unwrap();
    make(database, folder(11, 1, Some(10), "Monday")).await.unwrap();
    make(database, folder(12, 1, None, "Week 2")).await.unwrap();
    make(database, folder(13, 1, Some(12), "Monday")).await.unwrap();
    make(database, folder(20, 2, None, "Week 1")).await.unwrap();
    assert!(matches!(make(database, folder(14, 1, None, "Week 1")).await, Err(FolderError::NameTaken)));
    assert!(matches!(make(database, folder(14, 1, Some(10), "Monday")).await, Err(FolderError::NameTaken)));
    assert!(matches!(make(database, folder(14, 1, Some(20), "x")).await, Err(FolderError::NoParent)), "not somebody else's");
    let expected = [(11, Some(10), "Monday"), (13, Some(12), "Monday"), (10, None, "Week 1"), (12, None, "Week 2")];
    assert_eq!(tree(database).await.0, expected.map(|(id, parent, name)| (id, parent, name.to_owned(), 0)));
    assert!(database.store.folder(id(2), id(10)).await.unwrap().is_none());
    assert_eq!(database.store.folder(id(1), id(11)).await.unwrap(), Some(folder(11, 1, Some(10), "Monday")));
}

pub async fn no_folder_comes_to_lie_in_itself(database: &Database) {
    database.owner(1).await;
    for (number, parent) in [(10, None), (11, Some(10)), (12, Some(11)), (13, None)] {
        make(database, folder(number, 1, parent, &format!("f{number}"))).await.unwrap();
    }
    let change = async |number, name: Option<&str>, parent: Option<Option<u128>>| {
        let change = FolderChange { name: name.map(str::to_owned), parent: parent.map(|parent| parent.map(id)) };
        database.store.change_folder(id(1), id(number), change, at(9)).await
    };
    for below in [10, 11, 12] {
        assert!(matches!(change(10, None, Some(Some(below))).await, Err(FolderError::Inside)), "{below}");
    }
    assert!(matches!(change(10, None, Some(Some(99))).await, Err(FolderError::NoParent)));
    assert!(matches!(change(99, Some("x"), None).await, Err(FolderError::NotFound)));
    assert!(matches!(change(13, Some("f10"), None).await, Err(FolderError::NameTaken)));
    assert_eq!(change(13, None, None).await.unwrap().updated_at, at(1), "nothing has changed");
    let moved = change(11, Some("new"), Some(None)).await.unwrap();
    assert_eq!((moved.parent, moved.name.as_str(), moved.updated_at), (None, "new", at(9)));
    change(10, None, Some(Some(12))).await.expect("what was inside it is outside now");
    // Two moves at the same moment make no circle either.
    let (one, other) = tokio::join!(change(11, None, Some(Some(13))), change(13, None, Some(Some(11))));
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
}

pub async fn a_deleted_folder_loses_nothing(database: &Database) {
    database.owner(1).await;
    for (number, parent, name) in
        [(10, None, "a"), (11, Some(10), "b"), (12, Some(11), "a"), (13, Some(11), "c"), (14, Some(12), "d")]
    {
        make(database, folder(number, 1, parent, name)).await.unwrap();
    }
    make(database, folder(15, 1, None, "c")).await.unwrap();
    for (project, folder, archived) in [(1, Some(11), false), (2, Some(11), true), (3, None, false), (4, Some(14), false)] {
        project_in(database, project, folder.map(id), archived).await;
    }
    assert_eq!(tree(database).await.0[2], (11, Some(10), "b".to_owned(), 1), "what is put away does not count");
    let before = database.record(id(1)).await.event_number;
    assert!(!database.store.delete_folder(id(2), id(11), at(5)).await.unwrap(), "not somebody else's");
    assert!(database.store.delete_folder(id(1), id(11), at(5)).await.unwrap());
    assert!(!database.store.delete_folder(id(1), id(11), at(5)).await.unwrap());
    let project = database.record(id(1)).await;
    assert_eq!((project.details.folder_id, project.event_number), (None, before + 1), "and who looks at it hears of it");
    assert_eq!(database.record(id(2)).await.details.folder_id, None);
    let rows = [(10, None, "a", 0), (12, Some(10), "a", 0), (13, Some(10), "c", 0), (15, None, "c", 0), (14, Some(12), "d", 1)];
    let (mut found, at_root) = tree(database).await;
    found.sort_by_key(|row| (row.2.clone(), row.0));
    assert_eq!((found, at_root), (rows.map(|(id, parent, name, count)| (id, parent, name.to_owned(), count)).to_vec(), 2));
    assert!(database.store.delete_folder(id(1), id(10), at(6)).await.unwrap());
    let (found, _) = tree(database).await;
    let names: Vec<_> = found.iter().map(|row| (row.0, row.1, row.2.as_str())).collect();
    assert_eq!(names, [(12, None, "a"), (15, None, "c"), (13, None, "c (2)"), (14, Some(12), "d")]);
}
