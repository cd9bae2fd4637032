//! A six-scene project is killed at each of its steps in turn; afterwards everything is as if nothing had happened.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::database::Server;
use crate::ledger::{Call, Ledger};
use crate::order::{Job, Order};
use crate::vendors::SCENES;

/// Cases that run at the same time.
const AT_ONCE: usize = 2;
/// Of PostgreSQL one step in so many is tried, if the environment does not say: what a step does is the same on both databases, and each
/// case costs a database there.
const POSTGRES_EVERY: usize = 3;

/// What is left of a case.
#[derive(Debug, PartialEq)]
pub struct Left {
    /// The project, and that no task is open.
    pub report: String,
    /// Name and content of each object.
    pub objects: BTreeMap<PathBuf, Vec<u8>>,
}

#[expect(clippy::print_stdout, reason = "`make test-crash` shows the figures")]
pub fn check(server: &Server) {
    let top = tempfile::tempdir().expect("a folder for the test");
    let base = folder(top.path(), "base");
    let database = server.create("base", &base);
    Order { job: Job::Prepare, database, folder: base.clone(), name: "prepare".to_owned() }.run();

    let clean = case(server, ("base", &base), make, None);
    let steps: Vec<String> = trace(&clean, "first").collect();
    check_clean(&clean, &steps);
    let expected = left(&clean, "first");

    let usual = if let Server::Postgres(_) = server { POSTGRES_EVERY } else { 1 };
    let every = std::env::var("SHORTSAI_CRASH_EVERY").map_or(usual, |text| text.parse().expect("a number of steps"));
    let tried: Vec<(usize, &String)> = steps.iter().enumerate().step_by(every).collect();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(&(number, step)) = tried.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let killed = case(server, ("base", &base), make, Some(number));
                    assert_eq!(trace(&killed, "first").last().as_ref(), Some(step), "the same way up to the kill");
                    assert_eq!(left(&killed, "second"), expected, "killed at step {number}: {step}");
                    check_calls(&clean, &killed, step);
                    std::fs::remove_dir_all(&killed.folder).expect("the folder is ours");
                }
            });
        }
    });
    server.drop("base");
    println!("{} of {} steps, each of them survived", tried.len(), steps.len());
}

/// One life of the project.
pub struct Case {
    pub folder: PathBuf,
}

fn make(die_at: Option<usize>) -> Job {
    Job::Make { die_at }
}

/// Does the job: in one go, or with a process that dies at that step and one that goes on.
///
/// `base` is the database that it begins with, by name and folder; what becomes of it goes beside that.
pub fn case(server: &Server, base: (&str, &Path), job: impl Fn(Option<usize>) -> Job, die_at: Option<usize>) -> Case {
    let name = die_at.map_or("clean".to_owned(), |step| format!("step{step}"));
    let folder = folder(base.1.parent().expect("the test's own folder"), &name);
    let copy = format!("{}_{name}", base.0);
    let database = server.copy(base, &copy, &folder);
    let first = Order { job: job(die_at), database, folder: folder.clone(), name: "first".to_owned() };
    if die_at.is_none() {
        first.run();
    } else {
        let ended = first.start().wait().expect("a child can be waited for");
        assert_eq!(ended.signal(), Some(libc::SIGKILL), "{name}: {ended}\n{}", first.said());
        Order { job: job(None), name: "second".to_owned(), ..first }.run();
    }
    server.drop(&copy);
    Case { folder }
}

pub fn folder(top: &Path, name: &str) -> PathBuf {
    let folder = top.join(name);
    std::fs::create_dir(&folder).expect("the folder is ours");
    folder
}

/// The steps that a process has come to.
pub fn trace(case: &Case, process: &str) -> impl Iterator<Item = String> {
    let text = std::fs::read_to_string(case.folder.join("trace")).expect("every child writes one");
    let steps: Vec<String> = text
        .lines()
        .filter_map(|line| line.split_once('\t').filter(|(by, _)| *by == process))
        .map(|(_, step)| step.to_owned())
        .collect();
    steps.into_iter()
}

pub fn left(case: &Case, process: &str) -> Left {
    let report = std::fs::read_to_string(case.folder.join(format!("{process}.report"))).expect("a good end has a report");
    let (mut objects, mut folders) = (BTreeMap::new(), vec![case.folder.join("objects")]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the folder is ours") {
            let path = entry.expect("the folder is ours").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(&case.folder).expect("it is inside").to_owned();
                objects.insert(name, std::fs::read(path).expect("the file is ours"));
            }
        }
    }
    Left { report, objects }
}

/// The life without a crash has all that the test is about.
fn check_clean(clean: &Case, steps: &[String]) {
    let calls = Ledger::new(&clean.folder, "").calls();
    let count = |what: &str| calls.iter().filter(|call| call.what.split(' ').next() == Some(what)).count();
    let counted = ["write_script", "draw_image", "speak", "align_words", "animate", "poll", "compose_music", "render"].map(count);
    assert_eq!(counted, [1, SCENES, SCENES, 2, 1, 2, 1, 1]);
    let report = std::fs::read_to_string(clean.folder.join("first.report")).expect("a good end has a report");
    assert!(report.contains("tasks left: ([], None)"), "{report}");
    assert!(report.contains("    status: Completed,"), "{report}");
    let ends = |step: &str| steps.iter().filter(|name| name.ends_with(step)).count();
    let tasks = 1 + SCENES + SCENES + 2 + 1 + 1 + 1;
    for step in ["claimed", "started", "answered", "remembered", "finished"] {
        assert_eq!(ends(step), tasks, "{step}");
    }
    assert_eq!((ends("submitted"), ends("noted"), ends("rendered"), ends("uploaded")), (1, 1, 1, 1));
}

/// Nothing that was finished is called again; what was in flight at most once more, with the same key.
fn check_calls(clean: &Case, killed: &Case, step: &str) {
    let known: Vec<Call> = Ledger::new(&clean.folder, "").calls();
    let mut again: Vec<Call> = Ledger::new(&killed.folder, "").calls();
    for call in known.iter().filter(|call| call.what != "poll") {
        let position = again.iter().position(|other| (&other.what, &other.key) == (&call.what, &call.key));
        again.remove(position.unwrap_or_else(|| panic!("killed at {step}: {call:?} was never made")));
    }
    again.retain(|call| call.what != "poll");
    let names: Vec<&str> = again.iter().map(|call| call.what.split(' ').next().unwrap_or_default()).collect();
    assert_eq!(names, Vec::from_iter(in_flight(step)), "killed at {step}");
    for call in again {
        let task = step.split(' ').nth(1).unwrap_or_default();
        assert!(call.key.starts_with(task) || call.what.starts_with("render "), "killed at {step}: {call:?}");
        assert!(known.iter().any(|other| (&other.what, &other.key) == (&call.what, &call.key)), "with the same key: {call:?}");
    }
}

/// The call that a kill at this step cuts off: it has been made, and its answer is not yet kept.
fn in_flight(step: &str) -> Option<&str> {
    let kind = step.split(' ').next().unwrap_or_default();
    let cut_off = match (kind, step.rsplit(' ').next().unwrap_or_default()) {
        // The job is known to the vendor and asked about again.
        ("animate", at) => at == "submitted",
        ("render", at) => ["rendered", "uploaded", "answered"].contains(&at),
        // An object is kept when its bytes are.
        ("draw_image" | "speak" | "compose_music", "remembered") => true,
        (_, at) => at == "answered",
    };
    cut_off.then_some(kind)
}
