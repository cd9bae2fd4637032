use model::task::TaskKind;
use model::workflow::Command;
use store::{Made, Outcome};

use crate::database::{Database, asset, at, id, product, storyboard};

/// Makes everything of the project and renders it; objects are called after `name(task)`.
async fn finish_all(database: &Database, project: u128, name: impl Fn(TaskKind) -> String) {
    let project = database.project_with_scenes(project, 1, 1).await;
    database.generate(project, 1).await;
    database.command(project, Command::Render { id: id(project.as_u128() + 100), when_ready: true }, 1).await;
    while let Some(lease) = database.claim("worker", 3).await {
        let made = product(lease.target.kind, &name(lease.target.kind));
        assert!(database.store.finish(&lease, Outcome::Done(made), at(3)).await.unwrap());
    }
}

pub async fn only_unused_objects_are_named(database: &Database) {
    let store = &database.store;
    // The two projects share a picture, music and a video; each has a narration of its own.
    let shared = |kind: TaskKind| kind.name().to_owned();
    finish_all(database, 5, |kind| if kind == TaskKind::Speak { "five".to_owned() } else { shared(kind) }).await;
    finish_all(database, 6, |kind| if kind == TaskKind::Speak { "six".to_owned() } else { shared(kind) }).await;
    for key in ["five", "six", "draw_image"] {
        store.remember(key, &Made { asset: asset(key), detail: serde_json::Value::Null }, at(4)).await.unwrap();
    }

    assert_eq!(store.delete_project(id(5)).await.unwrap(), Some(vec!["five".to_owned()]));
    assert_eq!(store.made("five").await.unwrap(), None, "what has gone is made again");
    assert!(store.made("draw_image").await.unwrap().is_some(), "what another project shows stays");
    assert_eq!(store.project(id(5)).await.unwrap(), None);
    assert_eq!(store.render(id(105)).await.unwrap(), None);
    assert_eq!(store.events_after(id(5), 0, 100).await.unwrap(), []);
    for table in ["scene", "task", "render", "event"] {
        let rows = database.count(&format!("SELECT count(*) FROM {table}")).await;
        let left = database.count(&format!("SELECT count(*) FROM {table} WHERE project_id IN (SELECT id FROM project)")).await;
        assert!(rows == left && left > 0, "{table} has {rows} rows, {left} of them of the other project");
    }

    let video = ["render", "render.ass", "render.jpg", "render.srt", "render.vtt"];
    let mut last = vec!["compose_music", "draw_image", "six"];
    last.extend(video);
    last.sort_unstable();
    assert_eq!(store.delete_project(id(6)).await.unwrap(), Some(last.into_iter().map(str::to_owned).collect()));
    assert_eq!(database.count("SELECT count(*) FROM made").await, 0);
    assert_eq!(store.delete_project(id(6)).await.unwrap(), None);
}

pub async fn objects_to_be_rendered_stay(database: &Database) {
    finish_all(database, 5, |kind| kind.name().to_owned()).await;
    let other = database.project_with_scenes(6, 1, 1).await;
    let storyboard = storyboard(&["draw_image", "mine"]);
    let record = database.command(other, Command::RenderStoryboard { id: id(60), storyboard: storyboard.clone() }, 5).await;
    assert_eq!(record.project.render.and_then(|render| render.storyboard), Some(storyboard));
    let gone = database.store.delete_project(id(5)).await.unwrap().expect("it was there");
    assert!(gone.contains(&"speak".to_owned()) && !gone.contains(&"draw_image".to_owned()), "{gone:?}");

    let lease = database.claim("worker", 6).await.expect("the render");
    let made = product(TaskKind::Render, "video");
    assert!(database.store.finish(&lease, Outcome::Done(made), at(6)).await.unwrap());
    let gone = database.store.delete_project(other).await.unwrap().expect("it was there");
    let video = ["video", "video.ass", "video.jpg", "video.srt", "video.vtt"];
    assert_eq!(gone, ["draw_image", "mine"].into_iter().chain(video).collect::<Vec<_>>());
}

pub async fn objects_belong_to_those_who_show_them(database: &Database) {
    finish_all(database, 5, |kind| kind.name().to_owned()).await;
    let store = &database.store;
    let somebody = database.owner(2).await;
    let all = ["compose_music", "draw_image", "render", "render.jpg", "render.srt", "speak", "nobody's"].map(str::to_owned);
    let mut owned: Vec<String> = store.owned_objects(id(1), &all).await.unwrap().into_iter().collect();
    owned.sort_unstable();
    assert_eq!(owned, all[..6]);
    assert!(store.owned_objects(somebody, &all).await.unwrap().is_empty());
    assert!(store.owned_objects(id(1), &[]).await.unwrap().is_empty());
    let many: Vec<String> = (0..1_200).map(|number| format!("key {number}")).chain(["speak".to_owned()]).collect();
    assert_eq!(store.owned_objects(id(1), &many).await.unwrap().len(), 1);
}

pub async fn objects_that_no_row_names_are_told(database: &Database) {
    finish_all(database, 5, |kind| kind.name().to_owned()).await;
    let store = &database.store;
    let unnamed = async |keys: &[&str]| {
        let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        store.unnamed_objects(&keys).await.unwrap()
    };
    let named = ["compose_music", "draw_image", "render", "render.ass", "render.jpg", "render.srt", "render.vtt", "speak"];
    assert_eq!(unnamed(&named).await, Vec::<String>::new());
    assert_eq!(unnamed(&["draw_image", "b", "a"]).await, ["a", "b"]);
    assert_eq!(unnamed(&[]).await, Vec::<String>::new());
    // What was brought, what may be taken again, and what is still to be rendered.
    store.note_upload(id(1), "brought", at(4)).await.unwrap();
    store.remember("hash", &Made { asset: asset("made"), detail: serde_json::Value::Null }, at(4)).await.unwrap();
    let other = database.project_with_scenes(6, 1, 1).await;
    database.command(other, Command::RenderStoryboard { id: id(60), storyboard: storyboard(&["waiting"]) }, 5).await;
    assert_eq!(unnamed(&["brought", "made", "waiting", "a"]).await, ["a"]);
    // Shared by two projects, it survives the first.
    finish_all(database, 7, |kind| kind.name().to_owned()).await;
    store.delete_project(id(5)).await.unwrap();
    assert_eq!(unnamed(&named).await, Vec::<String>::new());
    store.delete_project(id(7)).await.unwrap();
    assert_eq!(unnamed(&named).await, named);
    let many: Vec<String> = (0..1_200).map(|number| format!("key {number}")).chain(["brought".to_owned()]).collect();
    assert_eq!(store.unnamed_objects(&many).await.unwrap().len(), 1_200);
}
