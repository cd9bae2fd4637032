//! Questions outside of any video: a process is killed at each of their steps in turn. Whoever asks again gets the answer, and
//! what a vendor's answer was written down of is not asked for again.

use assets::{Assets, Place};
use bytes::Bytes;
use model::character::Picture;
use model::project::ProjectStatus;
use model::question::Ask;
use store::{Details, NewQuestion, Store};
use uuid::Uuid;

use crate::child::{arrive, clock, settings, start_engine};
use crate::database::Server;
use crate::every_step::{Case, case, folder, left, trace};
use crate::ledger::{Call, Ledger};
use crate::order::{Job, Order};

/// What is asked, with the name of the call that it costs.
const CALLS: [&str; 5] = ["write_script", "music_prompt", "describe", "portrait", "speak"];
/// Those whose answer is an object: it is kept when its bytes are.
const OBJECTS: [&str; 2] = ["portrait", "speak"];

#[expect(clippy::print_stdout, reason = "`make test-crash` shows the figures")]
pub fn check(server: &Server) {
    let top = tempfile::tempdir().expect("a folder for the test");
    let base = folder(top.path(), "questions");
    let database = server.create("questions", &base);
    Order { job: Job::Prepare, database, folder: base.clone(), name: "prepare".to_owned() }.run();
    let asked = |die_at| case(server, ("questions", &base), |die_at| Job::Ask { die_at }, die_at);
    let clean = asked(None);
    let steps: Vec<String> = trace(&clean, "first").collect();
    let calls = Ledger::new(&clean.folder, "").calls();
    assert_eq!(calls.iter().map(name).collect::<Vec<_>>(), CALLS, "each is asked once");
    let expected = left(&clean, "first");
    for (number, step) in steps.iter().enumerate() {
        let killed = asked(Some(number));
        assert_eq!(trace(&killed, "first").last().as_ref(), Some(step), "the same way up to the kill");
        assert_eq!(left(&killed, "second"), expected, "killed at step {number}: {step}");
        let questions = steps[..=number].iter().filter(|step| step.starts_with("user ask ")).count();
        check_calls(&calls, &killed, step, CALLS[questions - 1]);
    }
    server.drop("questions");
    println!("{} steps of questions, each of them survived", steps.len());
}

fn name(call: &Call) -> &str {
    call.what.split(' ').next().unwrap_or_default()
}

/// Only the call whose answer was not written down yet is made again, with the same key.
fn check_calls(known: &[Call], killed: &Case, step: &str, in_flight: &str) {
    let mut again = Ledger::new(&killed.folder, "").calls();
    for call in known {
        let position = again.iter().position(|other| (&other.what, &other.key) == (&call.what, &call.key));
        again.remove(position.unwrap_or_else(|| panic!("killed at {step}: {call:?} was never made")));
    }
    let lost = match step.rsplit(' ').next().unwrap_or_default() {
        "answered" => true,
        "remembered" => OBJECTS.contains(&in_flight),
        _ => false,
    };
    let names: Vec<&str> = again.iter().map(name).collect();
    assert_eq!(names, Vec::from_iter(lost.then_some(in_flight)), "killed at {step}");
    assert!(again.iter().all(|call| known.iter().any(|other| other.key == call.key)), "with the same key: {again:?}");
}

/// What the child does: one question after the other, as somebody would who asks again after a crash.
pub async fn ask_all(order: &Order, store: &Store) {
    let owner = store.local_owner(clock()).await.expect("the owner is there");
    let engine = start_engine(order, store, 1).await;
    let assets = Assets::folder(&order.folder.join("objects")).expect("the folder is writable");
    let face = assets.put(Place::Characters, Bytes::from_static(b"\x89PNG\r\n\x1a\na face")).await.expect("it is stored");
    let face = Picture { key: face.key, media_type: "image/png".to_owned() };
    let asks = [
        Ask::Script,
        Ask::MusicPrompt,
        Ask::Describe(face.clone()),
        Ask::Portrait(face),
        Ask::Speech { text: "Words to hear a voice.".to_owned() },
    ];
    let mut report = String::new();
    for (number, ask) in (1..).zip(asks) {
        let id = Uuid::from_u128(number << 32);
        arrive(&format!("user ask {number}"));
        let settings = settings(&format!("question {number}"));
        let question = NewQuestion { id, owner, ask, settings, details: Details::default(), take: 0 };
        store.note_question(&question, clock()).await.expect("it is noted");
        store.ask(id, false, clock()).await.expect("it is asked");
        let mut changes = store.changes();
        let project = loop {
            changes.mark_unchanged();
            let project = store.project(id).await.expect("the database answers").expect("it is there").project;
            if project.status != ProjectStatus::Generating {
                break project;
            }
            changes.changed().await.expect("the store lives");
        };
        report += &format!("{:?} {:#?}\n", project.status, project.question);
    }
    engine.stop().await;
    let left = (store.running_workers().await.expect("it answers"), store.next_run_at().await.expect("it answers"));
    report += &format!("tasks left: {left:?}\n");
    std::fs::write(order.folder.join(format!("{}.report", order.name)), report).expect("the folder is writable");
}
