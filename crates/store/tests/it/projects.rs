use model::workflow::{Command, Edit};
use serde_json::json;
use store::{Details, NewProject, ProjectQuery, StoreError, open};

use crate::database::{Database, at, draft, id, new_project};

fn details() -> Details {
    Details {
        tags: vec!["a".to_owned(), "ü \"b\"".to_owned()],
        folder_id: Some(id(77)),
        show_id: Some(id(78)),
        episode_number: Some(3),
        is_archived: true,
        duration_config: Some(json!({ "min": 30, "max": 60.5 })),
        video_model: "veo".to_owned(),
        audio_model: Some("tts-1".to_owned()),
    }
}

pub async fn created_projects_are_read_back(database: &Database) {
    let store = &database.store;
    let owner = store.local_owner(at(0)).await.unwrap();
    assert_eq!(store.local_owner(at(1)).await.unwrap(), owner, "the local owner is always the same");
    database.folder(77, owner.as_u128()).await;
    database.show(78, owner.as_u128()).await;
    // Finer than the databases keep it.
    let now = at(1) + chrono::Duration::nanoseconds(123_456_789);
    let new = NewProject { details: details(), source: Some("/a/b.md".to_owned()), ..new_project(5, owner) };
    let record = store.create_project(new.clone(), now).await.unwrap();
    assert_eq!(store.project(id(5)).await.unwrap().as_ref(), Some(&record));
    assert_eq!((&record.project.settings, &record.details), (&new.settings, &new.details));
    assert_eq!((record.event_number, record.project.scenes.len()), (0, 0));
    assert_eq!(store.project(id(6)).await.unwrap(), None);
    store.ping().await.unwrap();
}

pub async fn a_script_has_one_project(database: &Database) {
    let store = &database.store;
    let owner = database.owner(1).await;
    let of_script = |project, owner| NewProject { source: Some("/a.md".to_owned()), ..new_project(project, owner) };
    let record = store.create_project(of_script(5, owner), at(0)).await.unwrap();
    let again = store.create_project(of_script(6, owner), at(0)).await.unwrap_err();
    assert!(matches!(again, StoreError::Exists(_)), "{again}");
    assert!(again.to_string().contains("/a.md"), "{again}");
    assert_eq!(store.project_by_source(owner, "/a.md").await.unwrap(), Some(record));
    assert_eq!(store.project_by_source(owner, "/b.md").await.unwrap(), None);
    let other = database.owner(2).await;
    assert_eq!(store.project_by_source(other, "/a.md").await.unwrap(), None);
    store.create_project(of_script(6, other), at(0)).await.expect("another owner may use the same path");
    let nobody = store.create_project(new_project(7, id(99)), at(0)).await.unwrap_err();
    assert!(nobody.to_string().contains("does not exist"), "{nobody}");
}

pub async fn lists_are_paged_and_filtered(database: &Database) {
    let store = &database.store;
    let owner = database.owner(1).await;
    database.folder(77, 1).await;
    for project in 1..=7_u128 {
        let folder_id = (project % 2 == 0).then(|| id(77));
        let details = Details { folder_id, is_archived: project == 6, ..Details::default() };
        let new = NewProject { details, ..new_project(project, owner) };
        store.create_project(new, at(project as i64)).await.unwrap();
    }
    database.project_with_scenes(8, 2, 1).await;
    database.edit(id(3), Edit::ReplaceScenes(vec![draft(30, "A"), draft(31, "B")]), 9).await;
    database.command(id(3), Command::Render { id: id(35), when_ready: true }, 9).await;

    let all = ProjectQuery { owner, limit: None, offset: 0, folder: None, archived: None };
    let check = async |query: ProjectQuery, total, expected: &[u128]| {
        let page = store.projects(&query).await.unwrap();
        let ids: Vec<u128> = page.projects.iter().map(|record| record.project.id.as_u128()).collect();
        assert_eq!((ids.as_slice(), page.total), (expected, total), "{query:?}");
        for record in page.projects {
            assert_eq!(record, database.record(record.project.id).await, "a list has whole projects");
        }
    };
    check(all.clone(), 7, &[7, 6, 5, 4, 3, 2, 1]).await;
    check(ProjectQuery { limit: Some(2), ..all.clone() }, 7, &[7, 6]).await;
    check(ProjectQuery { limit: Some(2), offset: 4, ..all.clone() }, 7, &[3, 2]).await;
    check(ProjectQuery { offset: 5, ..all.clone() }, 7, &[2, 1]).await;
    check(ProjectQuery { offset: 50, ..all.clone() }, 7, &[]).await;
    check(ProjectQuery { folder: Some(None), ..all.clone() }, 4, &[7, 5, 3, 1]).await;
    check(ProjectQuery { folder: Some(Some(id(77))), archived: Some(false), ..all.clone() }, 2, &[4, 2]).await;
    check(ProjectQuery { archived: Some(true), ..all.clone() }, 1, &[6]).await;
    check(ProjectQuery { owner: id(2), ..all }, 1, &[8]).await;
}

pub async fn details_are_changed(database: &Database) {
    let store = &database.store;
    let before = database.project(5).await;
    database.folder(77, 1).await;
    database.show(78, 1).await;
    assert!(store.set_details(id(5), &details(), at(4)).await.unwrap());
    let after = database.record(id(5)).await;
    assert_eq!((&after.details, after.updated_at), (&details(), at(4)));
    assert_eq!((&after.project, after.created_at), (&before.project, before.created_at));
    assert!(store.set_details(id(5), &details(), at(5)).await.unwrap());
    assert_eq!(database.record(id(5)).await, after, "the same once more is no change");
    assert!(!store.set_details(id(6), &details(), at(6)).await.unwrap());
}

pub async fn scenes_know_their_project(database: &Database) {
    let project = database.project_with_scenes(5, 1, 2).await;
    let scene = database.record(project).await.project.scenes[1].id;
    assert_eq!(database.store.project_of_scene(scene).await.unwrap(), Some(project));
    assert_eq!(database.store.project_of_scene(id(9)).await.unwrap(), None);
}

pub async fn reopening_keeps_everything(database: &Database) {
    let project = database.project_with_scenes(5, 1, 2).await;
    database.generate(project, 1).await;
    let lease = database.claim("worker", 2).await.expect("there are tasks");
    let record = database.record(project).await;
    let events = database.store.events_after(project, 0, 100).await.unwrap();

    let reopened = open(&database.url).await.unwrap();
    assert_eq!(reopened.project(project).await.unwrap(), Some(record));
    assert_eq!(reopened.events_after(project, 0, 100).await.unwrap(), events);
    assert!(reopened.heartbeat(&lease, at(90)).await.unwrap(), "leases outlive the process");
}
