//! The engine on a real SQLite file, with vendors and a renderer that do as they are told.

mod characters;
mod collecting;
mod courier;
mod failures;
mod house;
mod jobs;
mod questions;
mod several_calls;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use engine::WorkerLock;
use model::project::{ProjectStatus, RenderStatus, SlotStatus};
use model::storyboard::Storyboard;
use model::task::TaskKind;
use model::workflow::{Command, Edit, Input, SceneChange};
use providers::error::ProviderError;

use house::House;

#[tokio::test(flavor = "multi_thread")]
async fn a_script_becomes_a_video() {
    let house = House::new().await;
    let project = house.project(&["One.", "Two.", "Three."]).await;
    let render = house.make(project).await;
    let engine = house.engine();
    let done = house.until(project, |project| project.render.as_ref().is_some_and(|render| render.status.is_final())).await;
    engine.stop().await;
    let finished = done.render.clone().expect("there is a render");
    assert_eq!((finished.id, finished.status, finished.progress), (render, RenderStatus::Completed, 1.0));
    assert_eq!(done.status, ProjectStatus::Completed);
    assert!(done.scenes.iter().all(|scene| scene.duration_seconds == 1.5 && scene.word_timings.len() == 1));
    assert_eq!(house.vendor.calls(), (3, 3, 1));
    let storyboard = house.renderer.last_storyboard();
    assert_eq!(storyboard.scenes.iter().map(|scene| scene.narration.as_str()).collect::<Vec<_>>(), ["One.", "Two.", "Three."]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_equal_request_is_never_made_twice() {
    let house = House::new().await;
    let first = house.project(&["Same words."]).await;
    house.make_and_wait(first).await;
    assert_eq!(house.vendor.calls(), (1, 1, 1));
    let second = house.project(&["Same words."]).await;
    house.make_and_wait(second).await;
    assert_eq!(house.vendor.calls(), (1, 1, 1), "another project with the same request is served from what is there");

    let change = SceneChange { narration: Some("Other words.".to_owned()), ..SceneChange::default() };
    let scene = house.load(first).await.scenes[0].id;
    house.apply(first, Input::Edit(Edit::ChangeScene { scene, change })).await;
    house.make_and_wait(first).await;
    assert_eq!(house.vendor.calls(), (1, 2, 1), "a changed narration costs one narration");

    house.apply(first, Input::Command(Command::GenerateAll { force: true })).await;
    house.make_and_wait(first).await;
    assert_eq!(house.vendor.calls(), (2, 3, 2), "force makes another take of everything");
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_requests_at_the_same_moment_are_one_call() {
    let house = House::new().await;
    let projects = [house.project(&["Same words."]).await, house.project(&["Same words."]).await];
    for project in projects {
        house.apply(project, Input::Command(Command::GenerateAudio { force: false })).await;
    }
    let hold = house.vendor.hold.write().await;
    let engine = house.engine();
    let mut changes = house.store.changes();
    // One is put back until the other may have ended.
    while house.store.next_run_at().await.expect("readable") != Some(house.now() + chrono::Duration::seconds(1)) {
        changes.changed().await.expect("the store lives");
    }
    assert!(house.vendor.calls().1 <= 1, "the other one may not have come to its call yet");
    drop(hold);
    for project in projects {
        house.move_clock(2);
        let done = house.until(project, |project| project.scenes[0].audio.status == SlotStatus::Completed).await;
        assert_eq!((done.scenes[0].audio.attempts, done.scenes[0].duration_seconds), (0, 1.5));
    }
    engine.stop().await;
    assert_eq!(house.vendor.calls(), (0, 1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_vanished_is_made_again() {
    let house = House::new().await;
    let first = house.project(&["Same words."]).await;
    house.make_and_wait(first).await;
    let key = house.load(first).await.scenes[0].image.asset.clone().expect("a picture").key;
    house.assets.delete(&key).await.expect("deleted");
    let second = house.project(&["Same words."]).await;
    house.make_and_wait(second).await;
    assert_eq!(house.vendor.calls(), (2, 1, 1));
    assert!(house.assets.head(&key).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_scene_that_fails_for_good_leaves_the_others_to_finish() {
    let house = House::new().await;
    house.vendor.fail_on("Two.", || ProviderError::Refused("the vendor declines this text".to_owned()));
    let project = house.project(&["One.", "Two.", "Three."]).await;
    let done = house.make_and_wait(project).await;
    assert_eq!(done.status, ProjectStatus::Failed);
    let statuses: Vec<SlotStatus> = done.scenes.iter().map(|scene| scene.audio.status).collect();
    assert_eq!(statuses, [SlotStatus::Completed, SlotStatus::Failed, SlotStatus::Completed]);
    let error = done.render.and_then(|render| render.error);
    assert_eq!(error.as_deref(), Some("scene 2: the narration: the vendor declines this text"));
    assert_eq!(house.renderer.calls.load(Ordering::SeqCst), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passing_trouble_is_tried_again_after_its_wait() {
    let house = House::new().await;
    house.vendor.fail_times("One.", 1, || ProviderError::Retry { message: "busy".to_owned(), after: None });
    let project = house.project(&["One."]).await;
    house.make(project).await;
    let engine = house.engine();
    house.until(project, |project| project.scenes[0].audio.attempts == 1).await;
    let waiting = house.load(project).await;
    let audio = &waiting.scenes[0].audio;
    assert_eq!((audio.status, &audio.error), (SlotStatus::Queued, &None));
    house.move_clock(3);
    let done = house.until(project, |project| project.status != ProjectStatus::Generating).await;
    engine.stop().await;
    assert_eq!(done.status, ProjectStatus::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_in_a_vendor_fails_its_task_and_nothing_else() {
    let house = House::new().await;
    house.vendor.fail_on("Two.", || panic!("a bug in the vendor's adapter"));
    let project = house.project(&["One.", "Two."]).await;
    let done = house.make_and_wait(project).await;
    assert_eq!(done.failures(), ["scene 2: the narration: an internal error happened; the log has the details"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_stops_a_running_render() {
    let house = House::new().await;
    house.renderer.hold.store(true, Ordering::SeqCst);
    let project = house.project(&["One."]).await;
    house.make(project).await;
    let engine = house.engine();
    // A render whose task has begun may not have come to the renderer yet.
    house.renderer.begun.notified().await;
    house.apply(project, Input::Command(Command::Cancel)).await;
    house.renderer.cancelled.notified().await;
    engine.stop().await;
    let render = house.load(project).await.render.expect("a render");
    assert_eq!(render.status, RenderStatus::Cancelled);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storyboard_of_the_users_own_is_rendered_as_it_is() {
    let house = House::new().await;
    let project = house.project(&["One."]).await;
    let text = r#"{"title":"Mine","scenes":[{"narration":"Own.","imageUrl":"uploads/a.jpg","duration":2}]}"#;
    let storyboard = Arc::new(Storyboard::from_json(text).expect("a good storyboard"));
    house.apply(project, Input::Command(Command::RenderStoryboard { id: project, storyboard: storyboard.clone() })).await;
    let done = house.wait(project).await;
    assert_eq!(done.render.map(|render| render.status), Some(RenderStatus::Completed));
    assert_eq!((house.renderer.last_storyboard(), house.vendor.calls()), ((*storyboard).clone(), (0, 0, 0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_gives_a_render_back_and_the_next_engine_finishes_it() {
    let house = House::new().await;
    house.renderer.hold.store(true, Ordering::SeqCst);
    let project = house.project(&["One."]).await;
    house.make(project).await;
    let engine = house.engine();
    // A render whose task has begun may not have come to the renderer yet.
    house.renderer.begun.notified().await;
    engine.stop().await;
    house.renderer.hold.store(false, Ordering::SeqCst);
    let done = house.wait(project).await;
    assert_eq!(done.render.map(|render| render.status), Some(RenderStatus::Completed));
    assert_eq!(house.vendor.calls(), (1, 1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tasks_of_a_dead_process_are_freed_and_those_of_a_living_one_are_not() {
    let house = House::new().await;
    let project = house.project(&["One.", "Two."]).await;
    house.apply(project, Input::Command(Command::GenerateAudio { force: false })).await;
    let folder = house.folder.path().join("workers");
    let living = WorkerLock::take(&folder, "living").expect("a lock");
    let dead = WorkerLock::take(&folder, "dead").expect("a lock");
    for worker in ["living", "dead"] {
        let lease = chrono::Duration::hours(1);
        let claimed = house.store.claim(worker, &[TaskKind::Speak], house.now(), lease).await.expect("a claim");
        assert!(claimed.is_some());
    }
    let path = folder.join("dead.lock");
    drop(dead);
    std::fs::File::create(path).expect("a killed process leaves its file");
    let freed = WorkerLock::free_dead_workers(&folder, &house.store, house.now()).await.expect("looked");
    assert_eq!(freed, 1);
    assert_eq!(house.store.running_workers().await.expect("looked"), ["living"]);
    drop(living);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_takes_every_process_down_fails_in_the_end() {
    let house = House::new().await;
    let project = house.project(&["One."]).await;
    house.apply(project, Input::Command(Command::GenerateAudio { force: false })).await;
    for _ in 0..model::task::MAX_ATTEMPTS {
        let lease = chrono::Duration::hours(1);
        house.store.claim("doomed", &[TaskKind::Speak], house.now(), lease).await.expect("a claim").expect("a task");
        house.store.release_worker("doomed", house.now()).await.expect("released");
    }
    let engine = house.engine();
    let done = house.until(project, |project| project.status != ProjectStatus::Generating).await;
    engine.stop().await;
    let reason = "scene 1: the narration: the program ended 4 times while this was being made; the log may say why";
    assert_eq!(done.failures(), [reason]);
    assert_eq!(house.vendor.calls(), (0, 0, 0));
}
