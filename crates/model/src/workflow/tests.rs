use proptest::prelude::*;

use super::*;
use crate::project::RenderOutput;
use crate::task::{FailureClass, MAX_ATTEMPTS};

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn asset(key: &str) -> Asset {
    Asset { key: key.to_owned(), media_type: "image/jpeg".to_owned(), bytes: 1, made_by: "test/1".to_owned() }
}

fn output() -> RenderOutput {
    let key = || "k".to_owned();
    RenderOutput {
        video: key(),
        srt: key(),
        vtt: key(),
        ass: Some(key()),
        thumbnail: key(),
        seconds: 1.0,
        bytes: 1,
        warnings: vec![],
    }
}

fn project(scenes: u128) -> Project {
    Project {
        id: id(1),
        owner: id(2),
        status: ProjectStatus::Draft,
        settings: Settings { include_music: true, ..Settings::default() },
        script: Slot::default(),
        notice: None,
        scenes: (0..scenes).map(|n| Scene::new(id(10 + n), n as i32 + 1, format!("Words {n}"), format!("Picture {n}"))).collect(),
        music: Slot::default(),
        render: None,
        revision: 0,
    }
}

fn product(kind: TaskKind) -> Product {
    match kind {
        TaskKind::DrawImage => Product::Image(asset("image")),
        TaskKind::Speak => Product::Speech { asset: asset("audio"), seconds: 2.0, words: Some(vec![]) },
        TaskKind::WriteScript => Product::Script { title: "t".into(), description: "d".into(), scenes: vec![] },
        TaskKind::AlignWords => Product::Words(vec![]),
        TaskKind::Animate => Product::Clip(asset("clip")),
        TaskKind::ComposeMusic => Product::Music(asset("music")),
        TaskKind::Render => Product::Video(output()),
    }
}

/// A project with its queue, as the store would keep them.
struct Run {
    project: Project,
    queue: Vec<Target>,
}

impl Run {
    fn new(scenes: u128) -> Self {
        Self { project: project(scenes), queue: Vec::new() }
    }

    fn input(&mut self, input: Input) -> Result<Step, Rejection> {
        let step = transition(&self.project, input)?;
        self.project = step.project.clone();
        self.queue.extend(step.enqueue.iter().map(|task| task.target));
        let open = self.project.open_targets();
        self.queue.retain(|target| open.contains(target));
        Ok(step)
    }

    fn command(&mut self, command: Command) -> Step {
        self.input(Input::Command(command)).expect("the command is possible")
    }

    fn finish(&mut self, target: Target) -> Step {
        self.input(Input::Finished(target, product(target.kind))).expect("a result is never rejected")
    }

    fn fail(&mut self, target: Target, class: FailureClass) -> Step {
        let failure = Failure { class, message: "the vendor is down".to_owned() };
        self.input(Input::Failed { target, attempt: MAX_ATTEMPTS, failure, jitter: 0.5 }).expect("a failure is never rejected")
    }

    fn drain(&mut self) {
        while let Some(target) = self.queue.first().copied() {
            self.finish(target);
        }
    }
}

#[test]
fn generate_all_asks_for_each_missing_thing_once() {
    let mut run = Run::new(3);
    assert_eq!(run.command(Command::GenerateAll { force: false }).enqueue.len(), 7);
    assert_eq!(run.command(Command::GenerateAll { force: false }).enqueue.len(), 0);
    assert_eq!(run.command(Command::GenerateAll { force: true }).enqueue.len(), 0, "what is being made is not made twice");
    run.drain();
    assert_eq!(run.project.status, ProjectStatus::Completed);
    assert_eq!(run.command(Command::GenerateAll { force: false }).enqueue.len(), 0);
    assert_eq!(run.project.status, ProjectStatus::Completed);
    assert_eq!(run.command(Command::GenerateAll { force: true }).enqueue.len(), 7);
    assert!(run.project.scenes.iter().all(|scene| scene.image.take == 1));
}

#[test]
fn one_failed_scene_leaves_the_others_to_finish() {
    let mut run = Run::new(3);
    run.command(Command::GenerateAll { force: false });
    run.command(Command::Render { id: id(99), when_ready: true });
    let broken = run.queue[2];
    run.fail(broken, FailureClass::Refused);
    assert_eq!(run.project.status, ProjectStatus::Generating);
    run.drain();
    assert_eq!(run.project.status, ProjectStatus::Failed);
    assert_eq!(run.project.failures(), ["scene 2: the picture: the vendor is down"]);
    let render = run.project.render.clone().expect("the render is kept");
    assert_eq!(render.status, RenderStatus::Failed);
    assert_eq!(render.error.as_deref(), Some("scene 2: the picture: the vendor is down"));
    let step = run.command(Command::Resume);
    assert_eq!(step.enqueue.len(), 1, "only what failed is made again");
}

#[test]
fn a_late_result_never_lands() {
    let mut run = Run::new(1);
    run.command(Command::GenerateAll { force: false });
    let late = run.queue.clone();
    run.command(Command::Cancel);
    assert_eq!(run.project.status, ProjectStatus::Failed);
    for target in late {
        assert!(run.finish(target).stale);
    }
    assert!(run.project.scenes[0].image.asset.is_none());
}

#[test]
fn a_pause_holds_back_what_waits_and_lets_running_work_land() {
    let mut run = Run::new(2);
    run.command(Command::GenerateAll { force: false });
    let running = run.queue[0];
    run.input(Input::Started(running)).expect("started");
    run.command(Command::Pause);
    assert_eq!(run.queue, [running]);
    assert!(!run.finish(running).stale);
    assert_eq!(run.project.status, ProjectStatus::Paused);
    assert_eq!(run.command(Command::Resume).enqueue.len(), 4);
    run.drain();
    assert_eq!(run.project.status, ProjectStatus::Completed);
}

#[test]
fn a_render_waits_for_everything_and_its_progress_never_falls() {
    let mut run = Run::new(1);
    assert!(matches!(run.input(Input::Command(Command::Render { id: id(98), when_ready: false })), Err(Rejection::NotReady(_))));
    run.command(Command::GenerateAll { force: false });
    run.command(Command::Render { id: id(99), when_ready: true });
    while run.queue[0].kind != TaskKind::Render {
        run.finish(run.queue[0]);
    }
    let target = run.queue[0];
    run.input(Input::Started(target)).expect("started");
    run.input(Input::Progressed(target, 0.5)).expect("progress");
    assert!(run.input(Input::Progressed(target, 0.2)).expect("progress").events.is_empty());
    run.finish(target);
    assert!(run.input(Input::Progressed(target, 0.9)).expect("late progress").stale);
    let render = run.project.render.expect("there");
    assert_eq!((render.status, render.progress), (RenderStatus::Completed, 1.0));
}

#[test]
fn changing_one_narration_costs_one_narration() {
    let mut run = Run::new(3);
    run.command(Command::GenerateAll { force: false });
    run.drain();
    let drafts = (0..3)
        .map(|n| SceneDraft {
            look: Default::default(),
            id: id(50 + n),
            narration: if n == 1 { "New words".to_owned() } else { format!("Words {n}") },
            visual_description: format!("Picture {n}"),
            image: None,
            video: None,
        })
        .collect();
    run.input(Input::Edit(Edit::ReplaceScenes(drafts))).expect("an edit");
    let step = run.command(Command::GenerateAll { force: false });
    let made: Vec<_> = step.enqueue.iter().map(|task| (task.target.kind, task.target.subject)).collect();
    assert_eq!(made, [(TaskKind::Speak, id(11))]);
}

#[test]
fn a_given_picture_is_only_replaced_when_asked_by_name() {
    let mut run = Run::new(1);
    let change = SceneChange { given_image: Some(asset("mine")), ..SceneChange::default() };
    run.input(Input::Edit(Edit::ChangeScene { scene: id(10), change })).expect("an edit");
    let step = run.command(Command::GenerateAll { force: true });
    assert!(step.enqueue.iter().all(|task| task.target.kind != TaskKind::DrawImage));
    let step = run.command(Command::Generate { scene: id(10), medium: Medium::Image, force: true });
    assert_eq!(step.enqueue.len(), 1);
}

#[test]
fn a_retry_keeps_the_request_open_until_the_last_try() {
    let mut run = Run::new(1);
    run.command(Command::GenerateAll { force: false });
    let target = run.queue[0];
    let failure = Failure { class: FailureClass::Retry { after: None }, message: "busy".to_owned() };
    let step = run.input(Input::Failed { target, attempt: 1, failure: failure.clone(), jitter: 1.0 }).expect("taken");
    assert_eq!(step.retry, Some(Duration::from_secs(2)));
    assert!(run.queue.contains(&target));
    assert!(step.events.iter().all(|event| !matches!(event, Event::Scene { error: Some(_), .. })));
    let step = run.input(Input::Failed { target, attempt: MAX_ATTEMPTS, failure, jitter: 1.0 }).expect("taken");
    assert_eq!(step.retry, None);
    assert!(!run.queue.contains(&target));
}

fn any_input() -> impl Strategy<Value = (u8, u8, bool)> {
    (0u8..22, any::<u8>(), any::<bool>())
}

fn build(run: &Run, past: &[Target], (what, pick, flag): (u8, u8, bool), fresh: Uuid) -> Input {
    let scene = run.project.scenes.get(pick as usize % run.project.scenes.len().max(1)).map_or(fresh, |scene| scene.id);
    let any_past = past.get(pick as usize % past.len().max(1)).copied();
    let target = any_past.unwrap_or(Target { kind: TaskKind::Speak, subject: scene, generation: 1 });
    let change = |change| Input::Edit(Edit::ChangeScene { scene, change });
    match what {
        0 | 1 => Input::Command(Command::GenerateAll { force: flag }),
        2 => Input::Command(Command::GenerateImages { force: flag }),
        3 => Input::Command(Command::GenerateAudio { force: flag }),
        4 => Input::Command(Command::Generate { scene, medium: if flag { Medium::Image } else { Medium::Audio }, force: flag }),
        5 => Input::Command(Command::GenerateMusic),
        6 => Input::Command(Command::Cancel),
        7 => Input::Command(Command::Pause),
        8 => Input::Command(Command::Resume),
        9 => Input::Command(Command::Render { id: fresh, when_ready: flag }),
        10 => change(SceneChange { narration: Some(format!("n{}", pick % 3)), ..SceneChange::default() }),
        11 => change(SceneChange { visual_description: Some(format!("v{}", pick % 3)), ..SceneChange::default() }),
        12 => change(SceneChange { number: Some(i32::from(pick % 5)), ..SceneChange::default() }),
        13 => Input::Edit(Edit::DeleteScene { scene }),
        14 => Input::Edit(Edit::PutScene {
            id: fresh,
            number: i32::from(pick % 6),
            narration: "put".to_owned(),
            visual_description: "put".to_owned(),
            seconds: flag.then_some(3.0),
        }),
        15 => {
            let settings = Settings { include_music: flag, voice: format!("v{}", pick % 2), ..Settings::default() };
            Input::Edit(Edit::Settings { settings: Box::new(settings), remake: pick % 2 == 0 })
        }
        16 => Input::Started(target),
        17 => Input::Progressed(target, f64::from(pick) / 255.0),
        18 | 19 => Input::Finished(target, product(target.kind)),
        _ => Input::Failed {
            target,
            attempt: i32::from(pick % 5) + 1,
            failure: Failure {
                class: if flag { FailureClass::Retry { after: None } } else { FailureClass::Fatal },
                message: "x".into(),
            },
            jitter: 0.5,
        },
    }
}

fn check_invariants(before: &Project, step: &Step) {
    let project = &step.project;
    let (open_before, open) = (before.open_targets(), project.open_targets());
    let enqueued: Vec<Target> = step.enqueue.iter().map(|task| task.target).collect();
    assert!(enqueued.iter().all(|target| open.contains(target)), "a task is made only for an open request");
    assert!(enqueued.iter().all(|target| !open_before.contains(target)), "no request has two tasks");
    let orphan = open.iter().find(|target| !open_before.contains(target) && !enqueued.contains(target));
    assert_eq!(orphan, None, "every open request has a task");
    assert!(step.retry.is_none() || open == open_before, "a request that is tried again stays open");
    if step.stale {
        assert_eq!(project, before);
        assert!(step.events.is_empty() && step.enqueue.is_empty());
    }
    for (_, _, slot) in project.slots() {
        assert!(slot.status != SlotStatus::Completed || slot.asset.is_some());
        assert_eq!(slot.status == SlotStatus::Failed, slot.error.is_some());
    }
    let busy = project.slots().any(|(_, _, slot)| slot.status.is_active() || slot.status == SlotStatus::Pending);
    assert!(project.status != ProjectStatus::Completed || !busy);
    assert!(project.status != ProjectStatus::Generating || busy);
    assert!(project.scenes.iter().enumerate().all(|(index, scene)| scene.number == index as i32 + 1));
    assert!(project.revision >= before.revision);
    if let (Some(old), Some(new)) = (&before.render, &project.render)
        && old.id == new.id
    {
        assert!(new.progress >= old.progress);
        assert!(!old.status.is_final() || new.status == old.status, "a finished render stays as it is");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]
    #[test]
    fn any_sequence_keeps_the_invariants(inputs in prop::collection::vec(any_input(), 1..60)) {
        let mut run = Run::new(3);
        let mut past: Vec<Target> = Vec::new();
        for (index, input) in inputs.into_iter().enumerate() {
            let before = run.project.clone();
            let input = build(&run, &past, input, id(1000 + index as u128));
            if let Ok(step) = run.input(input) {
                check_invariants(&before, &step);
                past.extend(step.enqueue.iter().map(|task| task.target));
            }
        }
    }
}
