use model::task::TaskKind;
use model::workflow::Command;
use store::{Made, Outcome};

use crate::database::{Database, asset, at, id, product};

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
