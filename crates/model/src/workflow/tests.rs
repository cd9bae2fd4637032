mod own;
mod sequences;

use super::*;
use crate::project::{ProjectStatus, RenderOutput};
use crate::question::{Answer, Ask, Question};
use crate::task::{FailureClass, MAX_ATTEMPTS, ScriptScene};

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn asset(key: &str) -> Asset {
    Asset { key: key.to_owned(), media_type: "image/jpeg".to_owned(), bytes: 1, made_by: "test/1".to_owned(), credit: None }
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
        question: None,
        notice: None,
        scenes: (0..scenes).map(|n| Scene::new(id(10 + n), n as i32 + 1, format!("Words {n}"), format!("Picture {n}"))).collect(),
        music: Slot::default(),
        render: None,
        revision: 0,
    }
}

/// A storyboard of the user's own.
fn storyboard(number: u8) -> Arc<Storyboard> {
    let text = format!(r#"{{"scenes":[{{"imageUrl":"mine-{number}.jpg","duration":2}}]}}"#);
    Arc::new(Storyboard::from_json(&text).expect("a good storyboard"))
}

fn written(narration: &str) -> ScriptScene {
    ScriptScene { narration: narration.to_owned(), visual_description: "a picture".to_owned(), seconds: 3.0 }
}

fn product(kind: TaskKind) -> Product {
    match kind {
        TaskKind::DrawImage => Product::Image(asset("image")),
        TaskKind::Speak => Product::Speech { asset: asset("audio"), seconds: 2.0, words: Some(vec![]) },
        TaskKind::WriteScript => {
            Product::Script { title: "Written".into(), description: "d".into(), scenes: vec![written("One."), written("Two.")] }
        }
        TaskKind::AlignWords => Product::Words(vec![]),
        TaskKind::Animate => Product::Clip(asset("clip")),
        TaskKind::ComposeMusic => Product::Music(asset("music")),
        TaskKind::Render => Product::Video(output()),
        TaskKind::Answer => Product::Answer(Answer::Text { text: "yes".into() }),
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

    fn edit(&mut self, edit: Edit) -> Step {
        self.input(Input::Edit(edit)).expect("the edit is possible")
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
fn a_question_is_answered_once_and_again_only_on_demand() {
    let mut run = Run::new(0);
    run.project.settings.include_music = false;
    run.project.question = Some(Box::new(Question { ask: Ask::Voices, answer: None }));
    assert_eq!(kinds(&run.command(Command::Resume)), [TaskKind::Answer]);
    assert_eq!(run.command(Command::Resume).enqueue.len(), 0, "somebody is at work already");
    run.fail(run.queue[0], FailureClass::Refused);
    assert_eq!((run.project.status, run.project.script.error.as_deref()), (ProjectStatus::Failed, Some("the vendor is down")));
    run.command(Command::Resume);
    run.drain();
    let answer = |run: &Run| run.project.question.as_ref().and_then(|question| question.answer.clone());
    assert_eq!((run.project.status, answer(&run)), (ProjectStatus::Completed, Some(Answer::Text { text: "yes".into() })));
    assert!(run.project.scenes.is_empty(), "a script that is an answer makes no scenes");
    assert_eq!(kinds(&run.command(Command::GenerateAll { force: true })), [TaskKind::Answer]);
    assert_eq!(run.project.script.take, 1);
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
fn a_storyboard_of_the_users_own_needs_nothing_of_the_project() {
    let mut run = Run::new(2);
    let command = |number, show| Command::RenderStoryboard { id: id(number), storyboard: storyboard(show) };
    let shown = |run: &Run| {
        let render = run.project.render.clone().expect("a render");
        (render.id, render.status, render.shown(&run.project).ok().map(Arc::new))
    };
    assert_eq!(run.command(command(90, 1)).enqueue.len(), 1, "nothing has been made yet");
    assert_eq!(run.command(command(91, 1)).enqueue, [], "the same is on its way");
    assert_eq!(shown(&run), (id(90), RenderStatus::Queued, Some(storyboard(1))));
    run.command(Command::GenerateAll { force: false });
    run.command(Command::Pause);
    assert_eq!(run.command(command(92, 2)).enqueue.len(), 1, "another takes its place, also while the project is paused");
    run.command(Command::Resume);
    let target = run.queue.iter().copied().find(|target| target.kind == TaskKind::Render).expect("one render is open");
    assert_eq!(target.subject, id(92));
    run.input(Input::Started(target)).expect("started");
    let change = SceneChange { narration: Some("New".to_owned()), ..SceneChange::default() };
    run.input(Input::Edit(Edit::ChangeScene { scene: id(10), change })).expect("an edit");
    assert_eq!(run.command(command(93, 2)).enqueue, [], "it shows nothing of what was edited");
    run.finish(target);
    assert_eq!(shown(&run), (id(92), RenderStatus::Completed, Some(storyboard(2))));
    run.drain();
    run.command(Command::GenerateAll { force: false });
    run.drain();
    run.command(command(94, 1));
    run.command(Command::Render { id: id(95), when_ready: false });
    let (render, _, of_project) = shown(&run);
    assert_eq!((render, of_project.map(|shown| shown.scenes.len())), (id(95), Some(2)), "the project's own video is another one");
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
            character: None,
            voice: None,
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

fn of_topic() -> Run {
    let mut run = Run::new(0);
    run.project.settings.topic = "the Moon".to_owned();
    run
}

fn kinds(step: &Step) -> Vec<TaskKind> {
    step.enqueue.iter().map(|task| task.target.kind).collect()
}

#[test]
fn a_topic_becomes_a_script_and_then_everything_else() {
    let mut run = of_topic();
    assert_eq!(kinds(&run.command(Command::GenerateAll { force: false })), [TaskKind::WriteScript]);
    assert_eq!(kinds(&run.command(Command::GenerateAll { force: true })), []);
    run.command(Command::Render { id: id(99), when_ready: true });
    let step = run.finish(run.queue[0]);
    assert_eq!(step.enqueue.len(), 5);
    assert_eq!((run.project.scenes.len(), run.project.settings.title.as_str()), (2, "Written"));
    assert_eq!(run.project.scenes[1].duration_seconds, 3.0);
    run.drain();
    assert_eq!(run.project.status, ProjectStatus::Completed);
    assert_eq!(run.project.render.map(|render| render.status), Some(RenderStatus::Completed));
}

#[test]
fn a_script_that_lands_in_a_pause_waits_for_the_resume() {
    let mut run = of_topic();
    run.command(Command::GenerateAll { force: false });
    run.input(Input::Started(run.queue[0])).expect("started");
    run.command(Command::Pause);
    assert_eq!(run.finish(run.queue[0]).enqueue, []);
    assert_eq!((run.project.scenes.len(), run.project.status), (2, ProjectStatus::Paused));
    assert_eq!(run.command(Command::Resume).enqueue.len(), 5);
}

#[test]
fn scenes_of_the_user_are_not_overwritten_by_a_script() {
    let mut run = of_topic();
    run.command(Command::GenerateAll { force: false });
    let put =
        Edit::PutScene { id: id(50), number: 1, narration: "Mine.".into(), visual_description: "Mine.".into(), seconds: None };
    run.input(Input::Edit(put)).expect("an edit");
    run.drain();
    assert_eq!(run.project.scenes.iter().map(|scene| scene.id).collect::<Vec<_>>(), [id(50)]);
    assert_eq!(run.project.status, ProjectStatus::Completed);
}

#[test]
fn a_script_without_scenes_is_a_failure_with_its_reason() {
    let mut run = of_topic();
    run.command(Command::GenerateAll { force: false });
    let empty = Product::Script { title: String::new(), description: String::new(), scenes: vec![] };
    run.input(Input::Finished(run.queue[0], empty)).expect("taken");
    assert_eq!(run.project.status, ProjectStatus::Failed);
    assert_eq!(run.project.failures(), ["the script: The script has no scene."]);
    assert_eq!(kinds(&run.command(Command::Resume)), [TaskKind::WriteScript]);
}

/// Speaks the only narration with a vendor that tells no word times.
fn wordless() -> Run {
    let mut run = Run::new(1);
    run.command(Command::GenerateAudio { force: false });
    let speech = Product::Speech { asset: asset("sound"), seconds: 2.0, words: None };
    let step = run.input(Input::Finished(run.queue[0], speech)).expect("taken");
    assert_eq!(kinds(&step), [TaskKind::AlignWords]);
    run
}

#[test]
fn a_narration_without_word_times_is_aligned_and_never_bought_twice() {
    let mut run = wordless();
    assert_eq!(run.project.status, ProjectStatus::Generating);
    run.fail(run.queue[0], FailureClass::Fatal);
    assert_eq!(run.project.failures(), ["scene 1: the narration's word times: the vendor is down"]);
    assert_eq!(kinds(&run.command(Command::Resume)), [TaskKind::AlignWords]);
    run.command(Command::Cancel);
    assert_eq!(run.project.scenes[0].audio.status, SlotStatus::Failed, "a sound without words is not a narration");
    assert_eq!(kinds(&run.command(Command::GenerateAudio { force: false })), [TaskKind::AlignWords]);
    run.drain();
    let scene = &run.project.scenes[0];
    assert_eq!(scene.audio.asset.as_ref().map(|asset| asset.key.as_str()), Some("sound"));
    assert_eq!((scene.audio.status, scene.words_missing), (SlotStatus::Completed, false));
}

#[test]
fn another_narration_is_spoken_when_asked_for_by_name() {
    let mut run = wordless();
    run.fail(run.queue[0], FailureClass::Fatal);
    let step = run.command(Command::Generate { scene: id(10), medium: Medium::Audio, force: true });
    assert_eq!(kinds(&step), [TaskKind::Speak]);
    assert_eq!(run.project.scenes[0].audio.take, 1);
}

#[test]
fn a_clip_waits_for_its_picture() {
    let mut run = Run::new(1);
    let clip = || Command::Generate { scene: id(10), medium: Medium::Video, force: false };
    assert_eq!(kinds(&run.command(clip())), [TaskKind::DrawImage]);
    assert_eq!(run.project.scenes[0].video.status, SlotStatus::Pending);
    assert_eq!(kinds(&run.command(clip())), []);
    assert_eq!(kinds(&run.finish(run.queue[0])), [TaskKind::Animate]);
    run.drain();
    let scene = &run.project.scenes[0];
    assert_eq!((scene.video.status, scene.moving, run.project.status), (SlotStatus::Completed, true, ProjectStatus::Completed));
    let change = SceneChange { visual_description: Some("another".to_owned()), ..SceneChange::default() };
    run.input(Input::Edit(Edit::ChangeScene { scene: id(10), change })).expect("an edit");
    assert_eq!(run.project.scenes[0].video.status, SlotStatus::Draft, "it showed the old picture");
}

#[test]
fn a_clip_without_a_picture_fails_with_it() {
    let mut run = Run::new(1);
    run.command(Command::Generate { scene: id(10), medium: Medium::Video, force: false });
    run.fail(run.queue[0], FailureClass::Refused);
    assert_eq!(run.project.status, ProjectStatus::Failed);
    assert_eq!(run.project.failures().len(), 2);
    assert_eq!(kinds(&run.command(Command::Resume)), [TaskKind::DrawImage]);
    run.drain();
    assert_eq!(run.project.status, ProjectStatus::Completed);
    assert!(run.project.scenes[0].moving);
}

#[test]
fn skipping_takes_the_first_that_failed_and_rendering_names_what_it_lacks() {
    let mut run = Run::new(3);
    assert_eq!(run.input(Input::Command(Command::SkipScene { scene: None })).err(), Some(Rejection::NothingToSkip));
    run.command(Command::GenerateAll { force: false });
    run.fail(run.queue[2], FailureClass::Refused);
    run.drain();
    assert_eq!(run.project.status, ProjectStatus::Failed);
    run.command(Command::SkipScene { scene: None });
    let scene = &run.project.scenes[1];
    assert_eq!((scene.image.status, scene.audio.status), (SlotStatus::Skipped, SlotStatus::Completed));
    assert_eq!(run.project.status, ProjectStatus::Completed);
    let render = run.input(Input::Command(Command::Render { id: id(98), when_ready: false }));
    assert_eq!(render.err(), Some(Rejection::NotReady(vec!["scene 2 has no picture (it was skipped)".to_owned()])));
    assert_eq!(kinds(&run.command(Command::GenerateAll { force: false })), []);
    let picture = Command::Generate { scene: id(11), medium: Medium::Image, force: false };
    assert_eq!(kinds(&run.command(picture)), [TaskKind::DrawImage]);
}

#[test]
fn a_budget_pauses_the_project_with_its_reason() {
    let mut run = Run::new(2);
    run.command(Command::GenerateAll { force: false });
    let (broke, running) = (run.queue[0], run.queue[1]);
    for target in [broke, running] {
        run.input(Input::Started(target)).expect("started");
    }
    let reason = "The project has used up its 5.00 USD.".to_owned();
    run.input(Input::HitBudget { target: broke, reason: reason.clone() }).expect("taken");
    assert_eq!((run.project.status, run.project.notice.clone()), (ProjectStatus::Paused, Some(reason)));
    assert_eq!(run.queue, [running]);
    assert_eq!(run.project.scenes[0].image.status, SlotStatus::Pending);
    run.finish(running);
    assert_eq!(run.command(Command::Resume).enqueue.len(), 4);
    assert_eq!(run.project.notice, None);
}

#[test]
fn a_used_up_quota_says_so_in_words_that_clients_know() {
    let mut run = Run::new(1);
    run.command(Command::GenerateImages { force: false });
    run.fail(run.queue[0], FailureClass::Quota);
    assert_eq!(run.project.scenes[0].image.error.as_deref(), Some("Quota exceeded: the vendor is down"));
}

#[test]
fn a_product_of_the_wrong_kind_is_a_failure() {
    let mut run = Run::new(1);
    run.command(Command::GenerateImages { force: false });
    run.input(Input::Finished(run.queue[0], Product::Music(asset("music")))).expect("taken");
    assert_eq!(run.project.status, ProjectStatus::Failed);
    assert!(run.project.failures()[0].contains("the picture came back as something else"));
}

#[test]
fn a_resume_asks_for_nothing_that_nobody_wanted() {
    let mut run = Run::new(2);
    run.command(Command::GenerateImages { force: false });
    run.command(Command::Pause);
    assert_eq!(kinds(&run.command(Command::Resume)), [TaskKind::DrawImage, TaskKind::DrawImage]);
}

#[test]
fn numbers_that_are_none_do_no_harm() {
    let mut run = Run::new(2);
    let change = SceneChange { number: Some(i32::MIN), seconds: Some(f64::NAN), ..SceneChange::default() };
    run.input(Input::Edit(Edit::ChangeScene { scene: id(11), change })).expect("an edit");
    assert_eq!((run.project.scenes[0].id, run.project.scenes[0].duration_seconds), (id(11), 1.0));
    run.command(Command::GenerateAll { force: false });
    let failure = Failure { class: FailureClass::Retry { after: None }, message: "busy".to_owned() };
    let input = Input::Failed { target: run.queue[0], attempt: i32::MIN, failure, jitter: f64::NAN };
    assert_eq!(run.input(input).expect("taken").retry, Some(Duration::from_secs(2)));
    let endless = Product::Speech { asset: asset("sound"), seconds: f64::INFINITY, words: None };
    run.input(Input::Finished(run.queue[1], endless)).expect("taken");
    assert!(run.project.failures()[0].contains("the narration came back without a length"), "{:?}", run.project.failures());
    run.drain();
    run.command(Command::Resume);
    run.drain();
    run.command(Command::Render { id: id(99), when_ready: false });
    let step = run.input(Input::Progressed(run.queue[0], f64::NAN)).expect("taken");
    assert_eq!(step.events, []);
}
