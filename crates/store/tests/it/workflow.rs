use std::collections::HashMap;

use model::event::{Event, Medium};
use model::project::{Project, RenderStatus, Settings};
use model::task::{Failure, FailureClass, Product};
use model::workflow::{Command, Edit, Input, SceneChange, transition};
use store::{ApplyError, Lease, Outcome};
use uuid::Uuid;

use crate::database::{Database, asset, at, draft, id, product, storyboard};

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

/// The same history twice: in the database, and in the state machine alone.
struct Run<'a> {
    database: &'a Database,
    dice: Dice,
    pure: Project,
    events: Vec<Event>,
    leases: Vec<Lease>,
    next_id: u128,
    /// As it was after the step before.
    before: store::ProjectRecord,
}

pub async fn every_history_is_stored_as_the_state_machine_says(database: &Database) {
    for seed in 1..=3 {
        let before = database.project(seed * 1_000_000).await;
        let pure = before.project.clone();
        let (dice, next_id) = (Dice(seed as u64), (seed * 1_000_000) + 1);
        let mut run = Run { database, dice, pure, events: Vec::new(), leases: Vec::new(), next_id, before };
        for step in 0..120 {
            // Slowly enough that no lease ends.
            run.step(step / 4).await;
            run.check().await;
        }
        database.store.delete_project(run.pure.id).await.unwrap();
    }
}

impl Run<'_> {
    async fn step(&mut self, now: i64) {
        match self.dice.roll(10) {
            0 if self.dice.roll(3) == 0 => {
                let open = self.pure.open_targets();
                let Some(target) = open.first().copied() else { return };
                self.input(Input::HitBudget { target, reason: "No money is left: ∆ 5.00.".to_owned() }, now).await;
            }
            0..3 => {
                let edit = self.edit();
                self.input(Input::Edit(edit), now).await;
            }
            3..5 => {
                let command = self.command();
                self.input(Input::Command(command), now).await;
            }
            5..7 => {
                let claimed = self.database.claim("worker", now).await;
                let Some(lease) = claimed else { return };
                assert!(self.pure.open_targets().contains(&lease.target), "only what is wanted is handed out");
                let stale = self.pure_input(Input::Started(lease.target));
                assert_eq!(self.database.store.start(&lease, at(now)).await.unwrap(), !stale);
                self.leases.push(lease);
            }
            _ => self.report(now).await,
        }
    }

    async fn report(&mut self, now: i64) {
        if self.leases.is_empty() {
            return;
        }
        let place = self.dice.roll(self.leases.len());
        let lease = self.leases.swap_remove(place);
        let (target, attempt) = (lease.target, lease.attempt);
        let kind = self.dice.roll(4);
        let (input, outcome) = if kind < 2 {
            let mut made = product(target.kind, &format!("key {}", self.dice.roll(9)));
            if let Product::Speech { words, .. } = &mut made {
                words.take_if(|_| self.dice.roll(2) == 0);
            }
            (Input::Finished(target, made.clone()), Outcome::Done(made))
        } else {
            let class = if kind == 2 { FailureClass::Refused } else { FailureClass::Retry { after: None } };
            let failure = Failure { class, message: format!("trouble with {target:?}") };
            (Input::Failed { target, attempt, failure: failure.clone(), jitter: 0.5 }, Outcome::Failed { failure, jitter: 0.5 })
        };
        let stale = self.pure_input(input);
        assert_eq!(self.database.store.finish(&lease, outcome, at(now)).await.unwrap(), !stale);
    }

    async fn input(&mut self, input: Input, now: i64) {
        let applied = self.database.store.apply(self.pure.id, input.clone(), at(now)).await;
        match transition(&self.pure, input.clone()) {
            Ok(_) => {
                let applied = applied.expect("what the state machine takes is stored");
                assert_eq!(applied.stale, self.pure_input(input));
                assert_eq!(applied.record, self.database.record(self.pure.id).await, "the answer is what is stored");
            }
            Err(expected) => assert!(matches!(applied, Err(ApplyError::Rejected(rejection)) if rejection == expected)),
        }
    }

    fn pure_input(&mut self, input: Input) -> bool {
        let step = transition(&self.pure, input).expect("the input is possible");
        self.pure = step.project;
        self.events.extend(step.events);
        step.stale
    }

    fn edit(&mut self) -> Edit {
        let scenes: Vec<Uuid> = self.pure.scenes.iter().map(|scene| scene.id).collect();
        let scene = scenes.get(self.dice.roll(6)).copied().unwrap_or_default();
        let words = format!("Words {}", self.dice.roll(5));
        self.next_id += 10;
        match self.dice.roll(7) {
            6 => Edit::GiveMusic((self.dice.roll(3) > 0).then(|| asset("song"))),
            0 => Edit::DeleteScene { scene },
            1 => {
                let number = Some(self.dice.roll(4) as i32 + 1);
                let given_image = (self.dice.roll(3) == 0).then(|| asset("mine"));
                let given_sfx = (self.dice.roll(3) == 0).then(|| asset("boo"));
                let given_video = (self.dice.roll(4) == 0).then(|| asset("own clip"));
                let change =
                    SceneChange { number, given_image, given_video, given_sfx, narration: Some(words), ..SceneChange::default() };
                Edit::ChangeScene { scene, change }
            }
            2 => {
                let drafts = 0..self.dice.roll(5) as u128;
                Edit::ReplaceScenes(drafts.map(|n| draft(self.next_id + n, &format!("Words {}", self.dice.roll(5)))).collect())
            }
            3 => {
                let characters = (0..self.dice.roll(3) as u128).map(id).collect();
                let include_music = self.dice.roll(2) == 0;
                let settings = Settings { voice: words, include_music, characters, ..self.pure.settings.clone() };
                Edit::Settings { settings: Box::new(settings), remake: self.dice.roll(2) == 0 }
            }
            _ => Edit::PutScene {
                id: id(self.next_id),
                number: self.dice.roll(7) as i32,
                narration: words,
                visual_description: "A \"hill\"\n\\ ∆".to_owned(),
                seconds: Some(2.5),
            },
        }
    }

    fn command(&mut self) -> Command {
        let scene = self.pure.scenes.get(self.dice.roll(5)).map_or(id(0), |scene| scene.id);
        self.next_id += 10;
        match self.dice.roll(12) {
            0 => Command::Cancel,
            1 => Command::Pause,
            2 => Command::Generate { scene, medium: Medium::Image, force: true },
            3 => Command::GenerateMusic,
            4 => Command::Render { id: id(self.next_id), when_ready: true },
            5 => Command::GenerateAll { force: true },
            6 => Command::Generate { scene, medium: Medium::Video, force: false },
            7 => Command::SkipScene { scene: Some(scene) },
            8 => Command::GenerateAll { force: false },
            9 => {
                Command::RenderStoryboard { id: id(self.next_id), storyboard: storyboard(&["mine", "boo"][self.dice.roll(2)..]) }
            }
            _ => Command::Resume,
        }
    }

    async fn check(&mut self) {
        let store = &self.database.store;
        let record = self.database.record(self.pure.id).await;
        assert_eq!(record.project, self.pure);
        assert_eq!(record.event_number, self.events.len() as i64);
        assert!(record == self.before || record.event_number > self.before.event_number, "whoever polls sees every change");
        self.before = record.clone();
        let mut events = Vec::new();
        loop {
            let page = store.events_after(self.pure.id, events.len() as i64, 50).await.unwrap();
            if page.is_empty() {
                break;
            }
            for event in page {
                assert_eq!(event.number, events.len() as i64 + 1, "events are numbered without a gap");
                events.push(event.event);
            }
        }
        assert_eq!(events, self.events);
        let open = format!(
            "SELECT count(*) FROM task WHERE state IN ('ready', 'running') AND project_id IN (SELECT id FROM project WHERE title = '{}')",
            self.pure.settings.title
        );
        assert_eq!(self.database.count(&open).await, self.pure.open_targets().len() as i64, "each open request has one task");
        let kept: HashMap<Uuid, _> = record.scene_created_at.into_iter().collect();
        assert!(self.pure.scenes.iter().all(|scene| kept.contains_key(&scene.id)) && kept.len() == self.pure.scenes.len());
    }
}

pub async fn a_rejected_input_changes_nothing(database: &Database) {
    let before = database.project(5).await;
    let rejected = database.store.apply(id(5), Input::Command(Command::GenerateImages { force: false }), at(1)).await;
    assert!(matches!(rejected, Err(ApplyError::Rejected(_))));
    assert_eq!(database.record(id(5)).await, before);
    let missing = database.store.apply(id(6), Input::Command(Command::Cancel), at(1)).await;
    assert!(matches!(missing, Err(ApplyError::NotFound)));
    let idle = database.store.apply(id(5), Input::Command(Command::Cancel), at(9)).await.unwrap();
    assert_eq!(idle.record, before, "an input without an effect does not even touch the time");
}

pub async fn commands_at_the_same_moment_ask_once(database: &Database) {
    let project = database.project_with_scenes(5, 1, 3).await;
    let before = database.record(project).await.event_number;
    let commands = (0..10).map(|_| {
        let store = database.store.clone();
        tokio::spawn(async move { store.apply(project, Input::Command(Command::GenerateAll { force: false }), at(1)).await })
    });
    let commands: Vec<_> = commands.collect();
    for command in commands {
        command.await.expect("no command panics").expect("every command is taken");
    }
    assert_eq!(database.count("SELECT count(*) FROM task").await, 7);
    assert_eq!(database.count("SELECT count(*) FROM task WHERE generation = 1 AND state = 'ready'").await, 7);
    let events = database.store.events_after(project, before, 1000).await.unwrap();
    let numbers: Vec<i64> = events.iter().map(|event| event.number).collect();
    assert_eq!(numbers, (before + 1..=before + numbers.len() as i64).collect::<Vec<_>>());
    assert_eq!(database.record(project).await.event_number, before + numbers.len() as i64);
    assert!(numbers.len() >= 10, "every command is told of");
}

pub async fn a_replaced_render_is_cancelled(database: &Database) {
    let project = database.project_with_scenes(5, 1, 1).await;
    database.generate(project, 1).await;
    while let Some(lease) = database.claim("worker", 2).await {
        database.store.finish(&lease, Outcome::Done(product(lease.target.kind, "key")), at(2)).await.unwrap();
    }
    let render = async |render: u128, seconds| {
        database.command(project, Command::Render { id: id(render), when_ready: false }, seconds).await;
        database.store.render(id(render)).await.unwrap().expect("the render is stored")
    };
    let first = render(50, 3).await;
    assert_eq!((first.project, first.owner, first.created_at), (project, id(1), at(3)));
    assert_eq!(first.render.status, RenderStatus::Queued);
    let lease = database.claim("worker", 4).await.expect("the render waits");
    assert!(database.store.start(&lease, at(4)).await.unwrap());
    assert!(database.store.progress(&lease, 0.25, at(5)).await.unwrap());
    assert_eq!(database.record(project).await.project.render.expect("it is the newest").progress, 0.25);

    let settings = Settings { title: "Another".to_owned(), include_music: true, ..Settings::default() };
    database.edit(project, Edit::Settings { settings: Box::new(settings), remake: false }, 6).await;
    let second = render(51, 7).await;
    assert_eq!(database.record(project).await.project.render, Some(second.render));
    let first = database.store.render(id(50)).await.unwrap().expect("old renders are kept");
    assert_eq!((first.render.status, first.render.progress, first.updated_at), (RenderStatus::Cancelled, 0.25, at(7)));
    assert!(!database.store.progress(&lease, 0.5, at(8)).await.unwrap(), "nobody waits for it any more");
    assert_eq!(database.store.render(id(52)).await.unwrap(), None);
}

pub async fn changes_wake_followers(database: &Database) {
    let project = database.project_with_scenes(5, 1, 1).await;
    let mut changes = database.store.changes();
    assert!(!changes.has_changed().unwrap());
    database.generate(project, 1).await;
    assert!(changes.has_changed().unwrap());
    changes.mark_unchanged();
    database.record(project).await;
    assert!(!changes.has_changed().unwrap(), "reading is no change");
}

pub async fn changes_of_one_project_wake_its_followers(database: &Database) {
    let project = database.project_with_scenes(5, 1, 1).await;
    let other = database.project_with_scenes(6, 1, 1).await;
    let mut mine = database.store.changes_of(project);
    let mut others = database.store.changes_of(other);
    database.generate(project, 1).await;
    assert!(mine.has_changed().unwrap());
    assert!(!others.has_changed().unwrap(), "another project is no concern of theirs");
    mine.mark_unchanged();
    let lease = database.claim("worker", 2).await.expect("there is a task");
    database.store.start(&lease, at(2)).await.unwrap();
    assert!(mine.has_changed().unwrap());
    // Followers come and go, thousands of them.
    drop((mine, others));
    for number in 100..1000 {
        drop(database.store.changes_of(id(number)));
    }
    others = database.store.changes_of(other);
    database.generate(other, 3).await;
    assert!(others.has_changed().unwrap());
}

/// Only PostgreSQL passes the word on; SQLite's followers look by themselves.
pub async fn changes_wake_followers_in_other_processes(database: &Database) {
    let project = database.project_with_scenes(5, 1, 1).await;
    if database.url.starts_with("sqlite") {
        return;
    }
    let other_process = store::open(&database.url).await.expect("it opens once more");
    let mut everything = other_process.changes();
    let mut mine = other_process.changes_of(project);
    assert!(!mine.has_changed().unwrap());
    let heard = async |receiver: &mut tokio::sync::watch::Receiver<u64>| {
        let waiting = tokio::time::timeout(std::time::Duration::from_secs(20), receiver.changed());
        waiting.await.expect("the word is passed on").expect("the store is open");
    };
    database.generate(project, 1).await;
    heard(&mut mine).await;
    heard(&mut everything).await;

    let lost = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE '%pg_backend_pid%' AND pid <> pg_backend_pid()";
    assert!(database.count(&format!("{lost} AND datname = current_database()")).await > 0, "somebody listens");
    heard(&mut mine).await;
    mine.mark_unchanged();
    database.command(project, Command::Cancel, 2).await;
    heard(&mut mine).await;
}
