//! Random sequences of all that can happen, against a queue as the store would keep it. What is checked is written down in
//! `docs/workflow.md`; the numbers in the messages are those of that list.

use proptest::prelude::*;

use super::*;

/// A task as the store keeps it: its attempt is 0 until somebody claims it.
#[derive(Debug, Clone, Copy)]
struct Queued {
    target: Target,
    attempt: i32,
}

/// A project, its queue, and all tasks that there ever were.
struct World {
    project: Project,
    queue: Vec<Queued>,
    past: Vec<Target>,
    ids: u128,
}

/// One thing that happens: what, to which, and how.
type Dice = (u8, u8, u8);

impl World {
    fn new(scenes: u128) -> Self {
        let mut project = project(scenes);
        project.settings.topic = "a topic".to_owned();
        Self { project, queue: Vec::new(), past: Vec::new(), ids: 1000 }
    }

    fn fresh(&mut self) -> Uuid {
        self.ids += 1;
        id(self.ids)
    }

    /// Applies one input as the store does, and checks what must hold whatever it was.
    fn apply(&mut self, input: Input) {
        let before = self.project.clone();
        let Ok(step) = transition(&before, input.clone()) else { return };
        check_step(&before, &step);
        check_project(&step.project);
        if keeps_assets(&input) {
            check_assets(&before, &step.project);
        }
        let ended_in_failure = before.status != ProjectStatus::Failed && step.project.status == ProjectStatus::Failed;
        let told = !step.project.failures().is_empty() || input == Input::Command(Command::Cancel);
        assert!(!ended_in_failure || told, "5: a project that failed says why");
        if let Input::Command(command) = &input
            && !matches!(command, Command::SkipScene { scene: None })
        {
            let again = transition(&step.project, input.clone()).expect("what was possible once is possible twice");
            assert_eq!((&again.project, &again.enqueue), (&step.project, &vec![]), "9: sent twice is sent once: {command:?}");
        }
        self.project = step.project;
        for task in step.enqueue.iter().map(|task| task.target) {
            assert!(!self.past.contains(&task), "1: no request has two tasks");
            self.past.push(task);
            self.queue.push(Queued { target: task, attempt: 0 });
        }
        let open = self.project.open_targets();
        self.queue.retain(|task| open.contains(&task.target));
        assert_eq!(self.queue.len(), open.len(), "1: every open request has exactly one task");
    }

    /// Claims a task, also one whose lease has ended because its worker died or the clock jumped.
    fn claim(&mut self, index: usize) {
        self.queue[index].attempt += 1;
        let Queued { target, attempt } = self.queue[index];
        if attempt > MAX_ATTEMPTS {
            let failure = Failure { class: FailureClass::Fatal, message: "it ended too often".to_owned() };
            self.apply(Input::Failed { target, attempt, failure, jitter: 0.0 });
        } else {
            self.apply(Input::Started(target));
        }
    }

    fn happen(&mut self, (what, pick, how): Dice) {
        let fresh = self.fresh();
        let index = usize::from(pick) % self.queue.len().max(1);
        match what {
            0..40 => {
                if let Some(input) = self.users(what % 20, pick, how, fresh) {
                    self.apply(input);
                }
            }
            40..44 => {
                if let Some(target) = self.past.get(usize::from(pick) % self.past.len().max(1)).copied() {
                    self.apply(report(target, how, how % 5));
                }
            }
            _ if self.queue.is_empty() => {}
            _ if self.queue[index].attempt == 0 || how.is_multiple_of(8) => self.claim(index),
            _ => self.apply(report(self.queue[index].target, how, self.queue[index].attempt.unsigned_abs() as u8)),
        }
    }

    fn users(&self, what: u8, pick: u8, how: u8, fresh: Uuid) -> Option<Input> {
        let flag = how.is_multiple_of(2);
        let scene = self.project.scenes.get(usize::from(pick) % 5).map_or(fresh, |scene| scene.id);
        let medium = [Medium::Image, Medium::Audio, Medium::Video, Medium::Sfx][usize::from(how / 2) % 4];
        let command = match what {
            0..3 => Command::GenerateAll { force: flag },
            3 => Command::GenerateImages { force: flag },
            4 => Command::GenerateAudio { force: flag },
            5..9 => Command::Generate { scene, medium, force: flag },
            9 => Command::GenerateMusic,
            10 if pick.is_multiple_of(3) => Command::Cancel,
            10 => Command::SkipScene { scene: flag.then_some(scene) },
            11 => Command::Pause,
            12 | 13 => Command::Resume,
            14 if how.is_multiple_of(3) => Command::RenderStoryboard { id: fresh, storyboard: storyboard(pick % 2) },
            14 => Command::Render { id: fresh, when_ready: flag },
            _ => return Some(Input::Edit(edit(what, pick, how, scene, fresh))),
        };
        Some(Input::Command(command))
    }

    /// Lets everything end: with success, or with one failure among it.
    fn drain(&mut self, fails: Option<u8>) {
        let mut left = fails;
        for _ in 0..200 {
            let Some(task) = self.queue.first().copied() else { return };
            let fail = left.take_if(|left| *left == 0).is_some();
            left = left.map(|left| left - 1);
            if fail {
                let failure = Failure { class: FailureClass::Refused, message: "no".to_owned() };
                self.apply(Input::Failed { target: task.target, attempt: 1, failure, jitter: 0.5 });
            } else {
                self.apply(Input::Finished(task.target, product(task.target.kind)));
            }
        }
        panic!("5: the work never ends: {:?}", self.queue);
    }
}

fn edit(what: u8, pick: u8, how: u8, scene: Uuid, fresh: Uuid) -> Edit {
    let flag = how.is_multiple_of(2);
    let text = |letter: char| Some(format!("{letter}{}", pick % 3));
    let change = |change| Edit::ChangeScene { scene, change };
    match (what, how % 6) {
        (15, 0) => change(SceneChange { narration: text('n'), ..SceneChange::default() }),
        (15, 1) => change(SceneChange { visual_description: text('v'), ..SceneChange::default() }),
        (15, 2) => change(SceneChange { number: Some(i32::from(pick % 5)), moving: Some(flag), ..SceneChange::default() }),
        (15, 3) => change(SceneChange { given_image: Some(asset("mine")), ..SceneChange::default() }),
        (15, 4) => Edit::GiveMusic((!pick.is_multiple_of(3)).then(|| asset(&format!("song {}", pick % 3)))),
        (15, _) if flag => change(SceneChange { voice: Some((pick > 100).then(Voice::default)), ..SceneChange::default() }),
        (15, _) => change(SceneChange {
            given_sfx: Some(asset("boo")),
            given_video: (pick % 3 == 0).then(|| asset("own clip")),
            given_speech: (pick % 3 == 1).then(|| GivenSpeech {
                asset: asset("own voice"),
                seconds: Some(2.0),
                words: Vec::new(),
            }),
            ..SceneChange::default()
        }),
        (16, 0..3) => Edit::DeleteScene { scene },
        (16 | 17, _) => Edit::PutScene {
            id: fresh,
            number: i32::from(pick % 6),
            narration: "put".to_owned(),
            visual_description: "put".to_owned(),
            seconds: flag.then_some(3.0),
        },
        (18, _) => {
            let settings = Settings {
                include_music: flag,
                topic: format!("t{}", pick % 2),
                voice: format!("v{}", pick % 2),
                ..Settings::default()
            };
            Edit::Settings { settings: Box::new(settings), remake: pick.is_multiple_of(2) }
        }
        _ => {
            let draft = |n: u8| SceneDraft {
                id: Uuid::new_v5(&fresh, &[n]),
                narration: format!("n{n}"),
                visual_description: format!("v{n}"),
                image: (n == 1 && flag).then(|| asset("mine")),
                video: (n == 2 && flag).then(|| asset("clip")),
                look: SceneLook::default(),
                character: None,
                voice: None,
            };
            Edit::ReplaceScenes((0..how % 3).map(draft).collect())
        }
    }
}

/// What a worker says about its task.
fn report(target: Target, how: u8, attempt: u8) -> Input {
    let fail = |class| {
        let failure = Failure { class, message: "it broke".to_owned() };
        Input::Failed { target, attempt: i32::from(attempt), failure, jitter: f64::from(how) / 255.0 }
    };
    match how % 16 {
        0 => Input::Progressed(target, f64::from(how) / 255.0),
        1 => Input::Started(target),
        2 | 3 => fail(FailureClass::Retry { after: None }),
        4 => fail(FailureClass::Fatal),
        5 => fail([FailureClass::Refused, FailureClass::Quota][usize::from(how / 16) % 2]),
        6 => Input::HitBudget { target, reason: "no money left".to_owned() },
        7 => Input::Finished(target, product(TaskKind::ALL[usize::from(how / 16) % 7])),
        8 | 9 if target.kind == TaskKind::Speak => {
            Input::Finished(target, Product::Speech { asset: asset("wordless"), seconds: 2.0, words: None })
        }
        _ => Input::Finished(target, product(target.kind)),
    }
}

fn keeps_assets(input: &Input) -> bool {
    use Command::{Cancel, Pause, Resume, SkipScene};
    matches!(
        input,
        Input::Command(Cancel | Pause | Resume | SkipScene { .. })
            | Input::Started(_)
            | Input::Progressed(..)
            | Input::Failed { .. }
            | Input::HitBudget { .. }
    )
}

fn check_step(before: &Project, step: &Step) {
    let project = &step.project;
    let (open_before, open) = (before.open_targets(), project.open_targets());
    let made = |target: &Target| step.enqueue.iter().any(|task| task.target == *target);
    let orphan = open.iter().find(|target| !open_before.contains(target) && !made(target));
    assert_eq!(orphan, None, "1: every open request has a task");
    assert!(step.retry.is_none() || open == open_before, "1: a request that is tried again stays open");
    if step.stale {
        assert_eq!(project, before, "2: a stale report changes nothing");
        assert!(step.events.is_empty() && step.enqueue.is_empty() && step.retry.is_none(), "2: and nothing follows from it");
    }
    assert!(project.revision >= before.revision && project.script.generation >= before.script.generation, "3");
    assert!(project.music.generation >= before.music.generation, "3: generations never fall");
    for (old, new) in shared_scenes(before, project) {
        let generations = |scene: &Scene| [scene.image.generation, scene.audio.generation, scene.video.generation];
        assert!(generations(old).iter().zip(generations(new)).all(|(old, new)| new >= *old), "3: generations never fall");
    }
    if let (Some(old), Some(new)) = (&before.render, &project.render)
        && old.id == new.id
    {
        let place = |status| match status {
            RenderStatus::Waiting => 0,
            RenderStatus::Queued => 1,
            RenderStatus::Rendering => 2,
            RenderStatus::Completed | RenderStatus::Failed | RenderStatus::Cancelled => 3,
        };
        assert!(new.progress >= old.progress && place(new.status) >= place(old.status), "4: a render only moves forward");
        assert!(!old.status.is_final() || new.status == old.status, "4: a finished render stays as it is");
        assert_eq!(new.storyboard, old.storyboard, "11: what a render was given to show stays");
    }
    let told = step.events.contains(&Event::Project { status: project.status });
    assert_eq!(told, before.status != project.status, "10: whoever listens hears of every new status");
}

fn check_project(project: &Project) {
    let active = project.slots().any(|(_, _, slot)| slot.status.is_active());
    let at_work = matches!(project.status, ProjectStatus::Generating | ProjectStatus::Paused);
    assert!(project.status != ProjectStatus::Generating || active, "5: a project that is generating has a task");
    assert!(at_work || !active, "5: a project that has ended has none");
    assert!(project.notice.is_none() || project.status == ProjectStatus::Paused, "8: only a pause has a reason");
    if let Some(render) = project.render.as_ref().filter(|render| render.storyboard.is_some()) {
        assert_ne!(render.status, RenderStatus::Waiting, "11: a storyboard of the user's own waits for nothing");
    }
    for (scene, kind, slot) in project.slots() {
        let waits_for_picture = kind == TaskKind::Animate && scene.is_some_and(|scene| scene.image.status.is_active());
        let paused = project.status == ProjectStatus::Paused;
        assert!(slot.status != SlotStatus::Pending || paused || waits_for_picture, "6: only a pause or a picture holds back");
        let there = slot.asset.is_some() || kind == TaskKind::WriteScript;
        assert!(slot.status != SlotStatus::Completed || there, "7: what is completed is there");
        assert_eq!(slot.status == SlotStatus::Failed, slot.error.is_some(), "7: what failed says why, and nothing else does");
    }
    for scene in &project.scenes {
        assert!(!scene.words_missing || scene.audio.status != SlotStatus::Completed, "7: a narration has its words");
        assert!(!scene.words_missing || scene.audio.asset.is_some(), "7: words are looked for in a sound that is there");
    }
    assert!(project.scenes.iter().zip(1..).all(|(scene, number)| scene.number == number), "scenes are numbered 1, 2, 3 …");
}

/// 8: no failure, cancel or pause loses what is there.
fn check_assets(before: &Project, after: &Project) {
    assert_eq!(before.scenes.len(), after.scenes.len());
    for (old, new) in shared_scenes(before, after) {
        let assets = |scene: &Scene| [&scene.image, &scene.audio, &scene.video, &scene.sfx].map(|slot| slot.asset.clone());
        assert_eq!(assets(old), assets(new), "8: nothing that is there is lost");
    }
    assert_eq!(before.music.asset, after.music.asset, "8: nothing that is there is lost");
}

fn shared_scenes<'a>(before: &'a Project, after: &'a Project) -> impl Iterator<Item = (&'a Scene, &'a Scene)> {
    let same = |new: &'a Scene| before.scenes.iter().find(|old| old.id == new.id).map(|old| (old, new));
    after.scenes.iter().filter_map(same)
}

/// Lets a sequence happen, then lets everything end.
fn play(scenes: u128, sequence: Vec<Dice>, fails: Option<u8>) {
    let mut world = World::new(scenes);
    for dice in sequence {
        world.happen(dice);
    }
    world.drain(fails);
    assert_ne!(world.project.status, ProjectStatus::Generating, "5: when all tasks have ended, the project has ended");
    world.apply(Input::Command(Command::GenerateAll { force: false }));
    world.drain(None);
    let status = world.project.status;
    assert!(
        matches!(status, ProjectStatus::Completed),
        "5: after success with everything it is completed: {status:?}: {:?}",
        world.project.failures()
    );
    let again = transition(&world.project, Input::Command(Command::GenerateAll { force: false })).expect("there are scenes");
    assert_eq!(again.enqueue, [], "9: what is there is not made again");
}

macro_rules! sequences {
    ($($name:ident: $scenes:expr),*) => {$(
        proptest! {
            #![proptest_config(ProptestConfig { cases: 25_000, failure_persistence: None, ..ProptestConfig::default() })]
            #[test]
            fn $name(sequence in prop::collection::vec((0u8..110, any::<u8>(), any::<u8>()), 10..50), fails in any::<Option<u8>>()) {
                play($scenes, sequence, fails.map(|fails| fails % 8));
            }
        }
    )*};
}

// Four tests rather than one, so that they run side by side.
sequences! {
    any_sequence_from_a_topic_keeps_the_invariants: 0,
    any_sequence_with_one_scene_keeps_the_invariants: 1,
    any_sequence_with_two_scenes_keeps_the_invariants: 2,
    any_sequence_with_three_scenes_keeps_the_invariants: 3
}
