use model::event::Event;
use model::workflow::{Command, Edit, Input, SceneChange};
use store::{Answer, ApplyError, Caller, Outcome, ProjectChange, Report, Reported, RequestError, Store, Ticket};
use uuid::Uuid;

use crate::database::{Database, at, draft, id, new_project, output, product};

fn ticket(key: &str, fingerprint: &str) -> Ticket {
    Ticket { owner: id(1), key: key.to_owned(), fingerprint: fingerprint.to_owned() }
}

fn answer(body: &str) -> Answer {
    Answer { status: 202, headers: vec![("location".to_owned(), "/here".to_owned())], body: body.to_owned() }
}

fn again() -> ProjectChange {
    ProjectChange { inputs: vec![Input::Command(Command::GenerateAll { force: true })], ..ProjectChange::default() }
}

fn rename() -> ProjectChange {
    let change = SceneChange { narration: Some("Other words".to_owned()), ..SceneChange::default() };
    let edit = Edit::ChangeScene { scene: id(5000), change };
    ProjectChange { inputs: vec![Input::Edit(edit)], ..ProjectChange::default() }
}

async fn send(store: &Store, project: Uuid, ticket: &Ticket, seconds: i64, body: &str) -> Result<Answer, RequestError> {
    let caller = Caller { ticket: Some(ticket), session: None };
    store.change_project(project, again(), caller, at(seconds), |_| answer(body)).await
}

async fn finish_all(database: &Database, seconds: i64) {
    while let Some(lease) = database.claim("worker", seconds).await {
        database.store.finish(&lease, Outcome::Done(product(lease.target.kind, "key")), at(seconds)).await.unwrap();
    }
}

pub async fn a_request_sent_again_has_no_second_effect(database: &Database) {
    let store = &database.store;
    let project = database.project_with_scenes(5, 1, 1).await;
    let (one, day) = (ticket("key", "one"), 24 * 3600);
    assert_eq!(store.answered(&one, at(1)).await.unwrap(), None);
    assert_eq!(send(store, project, &one, 1, "first").await.unwrap(), answer("first"));
    let after = database.record(project).await;
    finish_all(database, 2).await;
    let finished = database.record(project).await;
    assert!(finished.event_number > after.event_number);
    assert_eq!(send(store, project, &one, 3, "second").await.unwrap(), answer("first"));
    assert_eq!(store.answered(&one, at(day)).await.unwrap(), Some(answer("first")));
    assert_eq!(database.record(project).await, finished, "nothing is made again");

    let other = ticket("key", "two");
    assert!(matches!(store.answered(&other, at(4)).await, Err(RequestError::KeyTaken)));
    assert!(matches!(send(store, project, &other, 4, "").await, Err(RequestError::KeyTaken)));
    let stranger = Ticket { owner: database.owner(2).await, ..other.clone() };
    assert_eq!(store.answered(&stranger, at(4)).await.unwrap(), None, "keys of different users are different keys");
    assert_eq!(database.record(project).await, finished);

    assert_eq!(store.answered(&one, at(day + 1)).await.unwrap(), None, "a day later it is a new key");
    assert_eq!(send(store, project, &other, day + 1, "third").await.unwrap(), answer("third"));
    assert_eq!(store.forget_requests(at(2 * day)).await.unwrap(), 0);
    assert_eq!(store.forget_requests(at(2 * day + 1)).await.unwrap(), 1);
}

pub async fn requests_at_the_same_moment_have_one_effect(database: &Database) {
    let project = database.project_with_scenes(5, 1, 3).await;
    finish_all(database, 0).await;
    let before = database.record(project).await.event_number;
    let second = store::open(&database.url).await.expect("another process opens it too");
    let requests = (0..10).map(|number| {
        let store = if number % 2 == 0 { database.store.clone() } else { second.clone() };
        tokio::spawn(async move { send(&store, project, &ticket("key", "one"), 1, &format!("answer {number}")).await })
    });
    let requests: Vec<_> = requests.collect();
    let mut answers = Vec::new();
    for request in requests {
        answers.push(request.await.expect("no request panics").expect("every request is answered"));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "all get the same answer");
    assert_eq!(database.count("SELECT count(*) FROM task").await, 7);
    assert_eq!(database.count("SELECT count(*) FROM request").await, 1);
    let resets = database.store.events_after(project, before, 100).await.unwrap();
    assert_eq!(resets.iter().filter(|event| event.event == Event::Reset).count(), 1);
}

pub async fn a_refused_request_leaves_nothing(database: &Database) {
    let store = &database.store;
    let (owner, one) = (database.owner(1).await, ticket("key", "one"));
    let scenes = |narration| Input::Edit(Edit::ReplaceScenes(vec![draft(1, narration)]));
    let bad = vec![scenes("Words"), Input::Command(Command::Render { id: id(9), when_ready: false })];
    let begun = store.begin_project(new_project(5, owner), bad, None, Some(&one), at(1), |_| answer("")).await;
    assert!(matches!(begun, Err(RequestError::Apply(ApplyError::Rejected(_)))));
    for table in ["project", "scene", "event", "task", "render", "request"] {
        assert_eq!(database.count(&format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
    let good = vec![
        scenes("Words"),
        Input::Command(Command::GenerateAll { force: false }),
        Input::Command(Command::Render { id: id(9), when_ready: true }),
    ];
    let begun = store.begin_project(new_project(5, owner), good, None, Some(&one), at(2), |record| {
        assert_eq!(record.project.render.as_ref().map(|render| render.id), Some(id(9)));
        answer("done")
    });
    assert_eq!(begun.await.unwrap(), answer("done"), "the key was not used up");
    assert_eq!(database.count("SELECT count(*) FROM task").await, 3);
    let repeated = store.begin_project(new_project(6, owner), Vec::new(), None, Some(&one), at(3), |_| answer("never"));
    assert_eq!(repeated.await.unwrap(), answer("done"));
    assert_eq!(store.project(id(6)).await.unwrap(), None);
}

pub async fn a_lock_keeps_only_others_edits_away(database: &Database) {
    let store = &database.store;
    let project = database.project_with_scenes(5, 1, 1).await;
    database.generate(project, 1).await;
    let before = database.record(project).await;
    let locked = store.lock_project(project, "me", at(100), at(2)).await.unwrap();
    assert_eq!(locked, database.record(project).await);
    assert_eq!(locked.project, before.project, "the workflow is not touched");
    let edit = async |session, seconds| {
        let caller = Caller { ticket: None, session };
        store.change_project(project, rename(), caller, at(seconds), |_| answer("")).await
    };
    let refused = |result: Result<_, RequestError>| match result {
        Err(RequestError::Locked { session, until }) => assert_eq!((session.as_str(), until), ("me", at(100))),
        other => panic!("not refused: {other:?}"),
    };
    refused(edit(None, 3).await.map(|_| ()));
    refused(edit(Some("you"), 3).await.map(|_| ()));
    refused(store.lock_project(project, "you", at(200), at(3)).await.map(|_| ()));
    refused(store.unlock_project(project, "you", at(3)).await.map(|_| ()));
    refused(store.delete_project_as(project, Some("you"), at(3)).await.map(|_| ()));
    assert_eq!(database.record(project).await, locked);
    finish_all(database, 4).await;
    let finished = database.record(project).await;
    assert!(finished.project.scenes.iter().all(|scene| scene.image.asset.is_some()), "results land");
    let caller = Caller { ticket: None, session: Some("you") };
    store.change_project(project, again(), caller, at(5), |_| answer("")).await.expect("commands are taken from all");
    edit(Some("me"), 6).await.expect("the holder edits");
    assert_eq!(store.lock_project(project, "me", at(300), at(7)).await.unwrap().lock.expect("a lock").until, at(300));
    edit(Some("you"), 300).await.expect("it has run out");
    assert_eq!(store.unlock_project(project, "you", at(301)).await.unwrap().lock, None);
    assert!(matches!(store.lock_project(id(6), "me", at(9), at(8)).await, Err(RequestError::Apply(ApplyError::NotFound))));
    assert!(store.delete_project_as(project, None, at(302)).await.unwrap().is_some());
}

pub async fn every_change_moves_the_mark(database: &Database) {
    let store = &database.store;
    let project = database.project_with_scenes(5, 1, 1).await;
    let details = store::Details { tags: vec!["new".to_owned()], ..store::Details::default() };
    let mark = async || store.project_marks(&[id(6), project, project, id(7)]).await.unwrap();
    let check = async |before: &store::ProjectRecord| {
        let now = database.record(project).await;
        assert!(now.event_number > before.event_number && now != *before);
        let marks = mark().await;
        assert_eq!(marks.len(), 1, "only what is there has one");
        assert_eq!((marks[&project].owner, marks[&project].event_number), (id(1), now.event_number));
        assert_eq!(marks[&project].updated_at, now.updated_at);
        let last = store.events_after(project, now.event_number - 1, 9).await.unwrap();
        assert_eq!(last.len(), 1, "the newest event is there");
        now
    };
    let before = database.record(project).await;
    store.set_details(project, &details, at(1)).await.unwrap();
    let before = check(&before).await;
    store.lock_project(project, "me", at(100), at(2)).await.unwrap();
    let before = check(&before).await;
    store.lock_project(project, "me", at(200), at(3)).await.unwrap();
    let before = check(&before).await;
    store.unlock_project(project, "me", at(4)).await.unwrap();
    let before = check(&before).await;
    database.edit(project, Edit::DeleteScene { scene: id(5000) }, 5).await;
    let before = check(&before).await;
    store.set_details(project, &details, at(6)).await.unwrap();
    store.unlock_project(project, "me", at(6)).await.unwrap();
    assert_eq!(database.record(project).await, before, "what changes nothing moves nothing");
    assert!(store.project_marks(&[]).await.unwrap().is_empty());
}

pub async fn reports_count_for_the_lease_of_their_render(database: &Database) {
    let store = &database.store;
    let project = database.project_with_scenes(5, 1, 1).await;
    database.generate(project, 1).await;
    finish_all(database, 2).await;
    let report = async |attempt, report, seconds| {
        store.report_render(id(50), attempt, report, at(seconds + 60), at(seconds)).await.unwrap()
    };
    let render = async || store.render(id(50)).await.unwrap().expect("the render").render;
    assert_eq!(report(None, Report::Progress(0.5), 3).await, Reported::Unknown);
    database.command(project, Command::Render { id: id(50), when_ready: false }, 3).await;
    assert_eq!(report(None, Report::Progress(0.5), 4).await, Reported::Late, "nobody works on it yet");
    let lease = database.claim("worker", 5).await.expect("the render waits");
    store.start(&lease, at(5)).await.unwrap();
    assert_eq!(report(None, Report::Progress(0.5), 60).await, Reported::Taken);
    assert_eq!(report(None, Report::Progress(0.25), 61).await, Reported::Taken);
    assert_eq!(render().await.progress, 0.5, "it never falls");
    assert_eq!(report(Some(2), Report::Progress(0.75), 62).await, Reported::Late, "another attempt's");
    assert_eq!(database.claim("other", 100).await, None, "the report has kept the lease");
    let marks = store.render_marks(&[id(50), id(51)]).await.unwrap();
    assert_eq!((marks.len(), marks[&id(50)].event_number), (1, database.record(project).await.event_number));
    assert_eq!(report(Some(1), Report::Done(output("video")), 101).await, Reported::Taken);
    let done = render().await;
    assert_eq!((done.progress, done.output.as_ref()), (1.0, Some(&output("video"))));
    assert!(!store.finish(&lease, Outcome::Done(product(lease.target.kind, "key")), at(102)).await.unwrap());
    let failure = model::task::Failure { class: model::task::FailureClass::Fatal, message: "no".to_owned() };
    for late in [Report::Progress(0.9), Report::Done(output("late")), Report::Failed(failure)] {
        assert_eq!(report(None, late, 103).await, Reported::Late);
    }
    assert_eq!(render().await, done);
}
