use super::*;
use crate::project::{Asset, RenderOutput, Settings};
use crate::task::{Failure, FailureClass, Product, Target, TaskKind};
use crate::workflow::{Command, Input, transition};

fn project(scenes: u128) -> Project {
    let scene = |number: u128| Scene::new(Uuid::from_u128(10 + number), number as i32 + 1, "Words".into(), "Picture".into());
    Project {
        id: Uuid::from_u128(1),
        owner: Uuid::from_u128(2),
        status: ProjectStatus::Draft,
        settings: Settings::default(),
        script: Slot::default(),
        question: None,
        notice: None,
        scenes: (0..scenes).map(scene).collect(),
        music: Slot::default(),
        render: None,
        revision: 0,
    }
}

fn asset(key: &str) -> Asset {
    Asset { key: key.to_owned(), media_type: "image/jpeg".to_owned(), bytes: 1, made_by: "test/1".to_owned(), credit: None }
}

fn output() -> RenderOutput {
    serde_json::from_str(r#"{"video":"renders/v.mp4","srt":"s","vtt":"w","thumbnail":"t","seconds":1.5,"bytes":7}"#).expect("one")
}

fn product(kind: TaskKind) -> Product {
    match kind {
        TaskKind::DrawImage => Product::Image(asset("image")),
        TaskKind::Speak => Product::Speech { asset: asset("audio"), seconds: 2.0, words: None },
        TaskKind::AlignWords => Product::Words(Vec::new()),
        _ => Product::Video(output()),
    }
}

/// Applies an input; answers what is told, as kind and status.
fn apply(project: &mut Project, input: Input) -> Vec<(NoticeKind, String)> {
    let after = transition(project, input).expect("it is possible").project;
    let told = between(project, &after);
    *project = after;
    assert!(told.iter().all(|notice| notice.project == Some(project.id)));
    told.into_iter().map(|notice| (notice.kind, notice.status)).collect()
}

fn finish(project: &mut Project, target: Target) -> Vec<(NoticeKind, String)> {
    apply(project, Input::Finished(target, product(target.kind)))
}

fn target(project: &Project, kind: TaskKind, scene: usize) -> Target {
    let subject = project.scenes[scene].id;
    project.open_targets().into_iter().find(|target| target.kind == kind && target.subject == subject).expect("it is open")
}

fn fail(project: &mut Project, target: Target) -> Vec<(NoticeKind, String)> {
    let failure = Failure { class: FailureClass::Fatal, message: "no".to_owned() };
    apply(project, Input::Failed { target, attempt: 1, failure, jitter: 0.0 })
}

fn told(kind: NoticeKind) -> (NoticeKind, String) {
    (kind, kind.name().rsplit('.').next().expect("a word").to_owned())
}

#[test]
fn what_ends_is_told_once() {
    let mut project = project(2);
    let render = Uuid::from_u128(99);
    assert_eq!(apply(&mut project, Input::Command(Command::GenerateAll { force: false })), []);
    assert_eq!(apply(&mut project, Input::Command(Command::Render { id: render, when_ready: true })), []);
    let drawn = target(&project, TaskKind::DrawImage, 0);
    assert_eq!(apply(&mut project, Input::Started(drawn)), []);
    assert_eq!(finish(&mut project, drawn), [], "the narration is not there");
    let spoken = target(&project, TaskKind::Speak, 0);
    assert_eq!(finish(&mut project, spoken), [], "its words are not there");
    let aligned = target(&project, TaskKind::AlignWords, 0);
    assert_eq!(finish(&mut project, aligned), [told(NoticeKind::SceneCompleted)]);
    assert_eq!(finish(&mut project, aligned), [], "it is late");
    for kind in [TaskKind::DrawImage, TaskKind::Speak] {
        let target = target(&project, kind, 1);
        assert_eq!(finish(&mut project, target), []);
    }
    let aligned = target(&project, TaskKind::AlignWords, 1);
    let both = [told(NoticeKind::SceneCompleted), told(NoticeKind::ProjectCompleted)];
    assert_eq!(finish(&mut project, aligned), both);
    let video = Target::of_render(render);
    let progress = || [(NoticeKind::RenderProgress, "rendering".to_owned())];
    assert_eq!(apply(&mut project, Input::Started(video)), progress());
    assert_eq!(apply(&mut project, Input::Progressed(video, 0.5)), progress());
    assert_eq!(apply(&mut project, Input::Progressed(video, 0.4)), [], "it never falls");
    assert_eq!(finish(&mut project, video), [told(NoticeKind::RenderCompleted)]);
}

#[test]
fn failures_name_their_scene_and_end_the_render() {
    let mut project = project(1);
    apply(&mut project, Input::Command(Command::GenerateAll { force: false }));
    apply(&mut project, Input::Command(Command::Render { id: Uuid::from_u128(99), when_ready: true }));
    let drawn = target(&project, TaskKind::DrawImage, 0);
    assert_eq!(fail(&mut project, drawn), [told(NoticeKind::SceneFailed)]);
    let spoken = target(&project, TaskKind::Speak, 0);
    finish(&mut project, spoken);
    let aligned = target(&project, TaskKind::AlignWords, 0);
    let before = project.clone();
    let both = [told(NoticeKind::ProjectFailed), told(NoticeKind::RenderFailed)];
    assert_eq!(finish(&mut project, aligned), both, "a scene without its picture is not complete");
    let notices = between(&before, &project);
    assert_eq!(notices[0].error.as_deref(), Some("scene 1: the picture: no"));
    assert_eq!(notices[1].data(None)["error"], "scene 1: the picture: no");
}

#[test]
fn a_cancel_is_told_of_project_and_render_only() {
    let mut project = project(2);
    apply(&mut project, Input::Command(Command::GenerateAll { force: false }));
    apply(&mut project, Input::Command(Command::Render { id: Uuid::from_u128(99), when_ready: true }));
    let cancelled = (NoticeKind::RenderFailed, "cancelled".to_owned());
    let both = [told(NoticeKind::ProjectFailed), cancelled];
    assert_eq!(apply(&mut project, Input::Command(Command::Cancel)), both);
}

#[test]
fn a_render_that_is_replaced_is_told_to_be_cancelled() {
    let storyboard = |picture: &str| {
        let text = format!(r#"{{"scenes":[{{"imageUrl":"{picture}","duration":2}}]}}"#);
        std::sync::Arc::new(crate::storyboard::Storyboard::from_json(&text).expect("a good storyboard"))
    };
    let mut project = project(1);
    let ask =
        |id, picture| Input::Command(Command::RenderStoryboard { id: Uuid::from_u128(id), storyboard: storyboard(picture) });
    assert_eq!(apply(&mut project, ask(98, "a.jpg")), []);
    let before = project.clone();
    assert_eq!(apply(&mut project, ask(99, "b.jpg")), [(NoticeKind::RenderFailed, "cancelled".to_owned())]);
    assert_eq!(between(&before, &project)[0].render, Some(Uuid::from_u128(98)));
}

#[test]
fn addresses_are_paths_unless_the_server_knows_its_own() {
    let render = Render {
        id: Uuid::from_u128(9),
        status: RenderStatus::Completed,
        progress: 1.0,
        error: None,
        output: Some(output()),
        revision: 1,
        storyboard: None,
    };
    let notice = of_render(&render).expect("it is done");
    assert_eq!(notice.data(None)["resultUrl"], "/api/assets?url=renders/v.mp4");
    let data = notice.data(Some("https://shorts.example"));
    let expected = serde_json::json!({
        "status": "completed",
        "renderId": "00000000-0000-0000-0000-000000000009",
        "resultUrl": "https://shorts.example/api/assets?url=renders/v.mp4",
    });
    assert_eq!(data, expected);
    let stored = serde_json::to_string(&notice).expect("JSON");
    assert_eq!(serde_json::from_str::<Notice>(&stored).expect("the same"), notice);
}
