//! What a child does: an engine with fake vendors, and somebody who asks it for videos.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use assets::Assets;
use chrono::{DateTime, Utc};
use engine::{Engine, EngineSettings, WorkerLock};
use model::event::{Event, Medium};
use model::project::{Project, ProjectStatus, RenderStatus, Settings, SlotStatus};
use model::workflow::{Command, Edit, Input, SceneDraft};
use store::{Details, Lease, NewProject, ProjectQuery, Store};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::ledger::Ledger;
use crate::order::{Job, Order, append};
use crate::questions;
use crate::two_processes::torment;
use crate::vendors::{ListRenderer, abilities};

/// The one project of `Prepare` and `Make`.
const PROJECT: Uuid = Uuid::from_u128(1);
const RENDER: Uuid = Uuid::from_u128(2);
/// A child that takes longer than its torment and this hangs.
const LONGEST: Duration = Duration::from_secs(90);
/// So many unfinished projects are kept in front of the engines.
const AHEAD: usize = 12;

static ORDER: OnceLock<Order> = OnceLock::new();
static STEPS: AtomicUsize = AtomicUsize::new(0);
/// Some task of this process has been cut off so often that one more time would be its last.
static FRAGILE: AtomicBool = AtomicBool::new(false);

pub fn run(order: Order) {
    let order = ORDER.get_or_init(|| order);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let work = async {
        let store = store::open(&order.database).await.expect("the database opens");
        match order.job {
            Job::Prepare => prepare(&store).await,
            Job::Make { .. } => make(order, &store).await,
            Job::Ask { .. } => questions::ask_all(order, &store).await,
            Job::Work => work(order, &store).await,
            Job::Feed => feed(order, &store).await,
        }
    };
    runtime.block_on(async { tokio::time::timeout(torment() + LONGEST, work).await }).expect("no child hangs");
}

/// Time stands still: no lease ends by itself, and no result depends on when it was made.
pub fn clock() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("a good time")
}

/// Writes the step down, and dies there if it is the one.
pub fn arrive(step: &str) {
    let order = ORDER.get().expect("it is the first thing that a child sets");
    let (Job::Make { die_at } | Job::Ask { die_at }) = order.job else { return };
    append(&order.folder.join("trace"), &format!("{}\t{step}", order.name));
    if die_at == Some(STEPS.fetch_add(1, Ordering::SeqCst)) {
        die();
    }
}

fn die() -> ! {
    // SAFETY: both take and answer plain numbers; the signal ends this process before the call returns.
    unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
    unreachable!("nobody survives SIGKILL")
}

fn checkpoint(step: &'static str, lease: &Lease) {
    arrive(&format!("{} {} {step}", lease.target.kind.name(), lease.task));
    // The last try of a task that took three processes down would be its end, and rightly; here it was bad luck.
    if lease.attempt >= 3 && (step == "claimed" || step == "finished") {
        FRAGILE.store(step == "claimed", Ordering::SeqCst);
        let order = ORDER.get().expect("it is the first thing that a child sets");
        let mark = order.folder.join(format!("{}.fragile", order.name));
        let _ = if step == "claimed" { std::fs::write(mark, "") } else { std::fs::remove_file(mark) };
    }
}

pub fn settings(topic: &str) -> Settings {
    Settings {
        topic: topic.to_owned(),
        title: format!("About {topic}"),
        language: "en".to_owned(),
        include_music: true,
        ..Settings::default()
    }
}

async fn prepare(store: &Store) {
    let owner = store.local_owner(clock()).await.expect("the owner is created");
    let new = NewProject {
        id: PROJECT,
        owner,
        settings: settings("the moon"),
        details: Details::default(),
        source: None,
        characters: Vec::new(),
    };
    store.create_project(new, clock()).await.expect("the project is created");
}

pub struct Running {
    stop: CancellationToken,
    task: tokio::task::JoinHandle<Result<(), store::ApplyError>>,
    _lock: WorkerLock,
}

impl Running {
    pub async fn stop(self) {
        self.stop.cancel();
        self.task.await.expect("the engine ends cleanly").expect("the engine has no trouble");
    }
}

/// As the program starts it: the lock first, then the tasks of the dead.
pub async fn start_engine(order: &Order, store: &Store, media_at_once: usize) -> Running {
    let workers = order.folder.join("workers");
    let lock = WorkerLock::take(&workers, &order.name).expect("the folder is writable");
    WorkerLock::free_dead_workers(&workers, store, clock()).await.expect("the database answers");
    let ledger = Ledger::new(&order.folder, &order.name);
    let assets = Assets::folder(&order.folder.join("objects")).expect("the folder is writable");
    let engine = Engine {
        store: store.clone(),
        assets: assets.clone(),
        vendors: Arc::new(abilities(&ledger)),
        processors: Semaphore::new(2),
        renderer: Arc::new(ListRenderer { assets, ledger, arrive }),
        prices: Arc::default(),
        settings: EngineSettings {
            limits: Default::default(),
            worker: order.name.clone(),
            only: None,
            lease: Duration::from_secs(3600),
            media_at_once,
            renders_at_once: 1,
            grace: Duration::from_secs(20),
        },
        propagation: model::trace::Propagation::OFF,
        clock,
        jitter: || 0.5,
        checkpoint,
    };
    let stop = CancellationToken::new();
    let task = tokio::spawn(engine::run(Arc::new(engine), stop.clone()));
    Running { stop, task, _lock: lock }
}

/// What the user asks for next; it follows from what there is, so that it can be asked again after a crash.
fn wish(project: &Project) -> Option<Command> {
    let generating = project.status == ProjectStatus::Generating;
    let Some(first) = project.scenes.first().filter(|_| !generating) else {
        return (!generating).then_some(Command::GenerateAll { force: false });
    };
    if first.video.status == SlotStatus::Draft {
        return Some(Command::Generate { scene: first.id, medium: Medium::Video, force: false });
    }
    project.render.is_none().then_some(Command::Render { id: RENDER, when_ready: true })
}

async fn make(order: &Order, store: &Store) {
    let engine = start_engine(order, store, 1).await;
    let mut changes = store.changes();
    let project = loop {
        changes.mark_unchanged();
        let project = store.project(PROJECT).await.expect("the database answers").expect("it is there").project;
        if let Some(command) = wish(&project) {
            arrive(&format!("user {command:?}"));
            store.apply(PROJECT, Input::Command(command), clock()).await.expect("the command is possible");
            continue;
        }
        if project.render.as_ref().is_some_and(|render| render.status.is_final()) {
            break project;
        }
        changes.changed().await.expect("the store lives");
    };
    engine.stop().await;
    let left = (store.running_workers().await.expect("it answers"), store.next_run_at().await.expect("it answers"));
    let report = format!("{project:#?}\ntasks left: {left:?}\n");
    std::fs::write(order.folder.join(format!("{}.report", order.name)), report).expect("the folder is writable");
}

async fn work(order: &Order, store: &Store) {
    let engine = start_engine(order, store, 2).await;
    // Until it is killed.
    engine.task.await.expect("the engine lives").expect("the engine has no trouble");
}

/// Keeps the engines busy until `folder/enough` is there, then waits until everything is made and reports.
async fn feed(order: &Order, store: &Store) {
    let owner = store.local_owner(clock()).await.expect("the owner is created");
    let engine = start_engine(order, store, 2).await;
    let (mut projects, mut open) = (Vec::new(), Vec::new());
    let mut changes = store.changes();
    loop {
        let enough = order.folder.join("enough").exists();
        while !enough && open.len() < AHEAD {
            let project = ask(store, owner, projects.len() as u128 + 1).await;
            projects.push(project);
            open.push(project);
        }
        changes.mark_unchanged();
        let mut still_open = Vec::new();
        for id in open {
            let project = store.project(id).await.expect("the database answers").expect("it is there").project;
            if !project.render.is_some_and(|render| render.status.is_final()) {
                still_open.push(id);
            }
        }
        open = still_open;
        if enough && open.is_empty() {
            break;
        }
        // The other process's changes are not always told.
        let _ = tokio::time::timeout(Duration::from_millis(50), changes.changed()).await;
    }
    engine.stop().await;
    report(order, store, owner, &projects).await;
}

/// A new project with two scenes, a clip and a render, all asked for at once.
async fn ask(store: &Store, owner: Uuid, number: u128) -> Uuid {
    let id = Uuid::from_u128(number << 16);
    let new = NewProject {
        id,
        owner,
        settings: settings(&format!("project {number}")),
        details: Details::default(),
        source: None,
        characters: Vec::new(),
    };
    store.create_project(new, clock()).await.expect("created");
    let draft = |scene: u128| SceneDraft {
        character: None,
        voice: None,
        id: Uuid::from_u128((number << 16) + scene),
        narration: format!("Words {scene} of project {number}."),
        visual_description: format!("picture {scene} of project {number}"),
        image: None,
        video: None,
        look: Default::default(),
    };
    let inputs = [
        Input::Edit(Edit::ReplaceScenes(vec![draft(1), draft(2)])),
        Input::Command(Command::GenerateAll { force: false }),
        Input::Command(Command::Generate { scene: draft(1).id, medium: Medium::Video, force: false }),
        Input::Command(Command::Render { id: Uuid::from_u128((number << 16) + 99), when_ready: true }),
    ];
    for input in inputs {
        store.apply(id, input, clock()).await.expect("the input is possible");
    }
    id
}

/// Checks each project from inside, where the store is, and writes one line about each.
async fn report(order: &Order, store: &Store, owner: Uuid, projects: &[Uuid]) {
    let query = ProjectQuery { owner, limit: Some(1), offset: 0, folder: None, archived: None };
    let total = store.projects(&query).await.expect("the database answers").total;
    let assets = Assets::folder(&order.folder.join("objects")).expect("the folder is writable");
    let mut lines = format!("{total} projects\n");
    for id in projects {
        let project = store.project(*id).await.expect("the database answers").expect("it is there").project;
        let events = store.events_after(*id, 0, 10_000).await.expect("the database answers");
        let landed = |wanted: &dyn Fn(&Event) -> bool| events.iter().filter(|event| wanted(&event.event)).count();
        let mut faults = Vec::new();
        for scene in &project.scenes {
            for (medium, slot) in [(Medium::Image, &scene.image), (Medium::Audio, &scene.audio), (Medium::Video, &scene.video)] {
                let times = landed(&|event| {
                    matches!(event, Event::Scene { scene: of, field, status: SlotStatus::Completed, .. }
                        if *of == scene.id && *field == medium)
                });
                let wanted = usize::from(medium != Medium::Video || scene.number == 1);
                let there = match &slot.asset {
                    Some(asset) => assets.head(&asset.key).await.is_ok(),
                    None => wanted == 0,
                };
                if times != wanted || !there {
                    faults.push(format!("scene {} {medium:?}: landed {times} times, {slot:?}", scene.number));
                }
            }
        }
        let rendered = landed(&|event| matches!(event, Event::Render { status: RenderStatus::Completed, .. }));
        if rendered != 1 || project.status != ProjectStatus::Completed {
            faults.push(format!("{:?}, rendered {rendered} times, {:?}", project.status, project.render));
        }
        lines += &format!("{id}: {}\n", if faults.is_empty() { "whole".to_owned() } else { faults.join("; ") });
    }
    let left = (store.running_workers().await.expect("it answers"), store.next_run_at().await.expect("it answers"));
    lines += &format!("tasks left: {left:?}\n");
    std::fs::write(order.folder.join(format!("{}.report", order.name)), lines).expect("the folder is writable");
}

/// Whether that child is best not killed just now.
pub fn is_fragile(folder: &Path, name: &str) -> bool {
    folder.join(format!("{name}.fragile")).exists()
}
