use std::time::Duration;

use model::notice::{Notice, NoticeKind};
use model::task::{Failure, FailureClass, TaskKind};
use model::webhook::Verdict;
use model::workflow::{Command, Input};
use store::{
    Attempt, Delivery, MessageRecord, MessageState, NewWebhook, OneOff, Outcome, ProjectChange, Resent, Store, Ticket, Vault,
    Webhook, WebhookChange, one_off_id, open, seal_one_off, webhook_secret,
};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::database::{Database, at, id, new_project, product, storyboard};

const NONCE: [u8; 24] = [3; 24];
const DAY: i64 = 24 * 3600;

fn vault() -> Vault {
    Vault::new("a secret of the server", &[])
}

async fn webhook(database: &Database, number: u128, owner: u128, kinds: &[NoticeKind]) -> Webhook {
    let owner = database.owner(owner).await;
    let (id, url, kinds) = (id(number), format!("https://hooks.example/{number}"), kinds.to_vec());
    let new = NewWebhook { id, owner, url, kinds, enabled: true };
    let secret = webhook_secret([number as u8; 32]);
    database.store.create_webhook(&new, (&secret, &vault(), NONCE), at(0)).await.unwrap().expect("there is room")
}

async fn claim(store: &Store, seconds: i64) -> Option<Delivery> {
    store.claim_delivery(&vault(), &[], chrono::Duration::seconds(60), at(seconds)).await.unwrap()
}

fn attempt(seconds: i64, status: Option<u16>) -> Attempt {
    let error = (status != Some(200)).then(|| "no".to_owned());
    Attempt { at: at(seconds), status, error, millis: 12 }
}

async fn finish(store: &Store, delivery: &Delivery, verdict: Verdict, seconds: i64) -> bool {
    let status = if verdict == Verdict::Taken { Some(200) } else { Some(500) };
    store.finish_delivery(delivery, &attempt(seconds, status), verdict, at(seconds)).await.unwrap()
}

async fn messages(database: &Database, webhook: &Webhook) -> Vec<MessageRecord> {
    database.store.messages(webhook.id, 0, 100).await.unwrap()
}

/// What an endpoint is told, in order.
async fn told(database: &Database, webhook: &Webhook) -> Vec<&'static str> {
    let mut messages = messages(database, webhook).await;
    messages.sort_by_key(|message| (message.created_at, message.notice.kind));
    messages.iter().map(|message| message.notice.kind.name()).collect()
}

/// Carries out everything that waits, a second for each step.
async fn work(database: &Database, mut second: i64, fails: Option<TaskKind>) {
    while let Some(lease) = database.claim("w", second).await {
        second += 1;
        assert!(database.store.start(&lease, at(second)).await.unwrap());
        let outcome = if fails == Some(lease.target.kind) {
            let failure = Failure { class: FailureClass::Fatal, message: "no luck".to_owned() };
            Outcome::Failed { failure, jitter: 0.0 }
        } else {
            Outcome::Done(product(lease.target.kind, &format!("key{second}")))
        };
        assert!(database.store.finish(&lease, outcome, at(second)).await.unwrap());
    }
}

pub async fn messages_are_written_with_what_they_tell(database: &Database) {
    let project = database.project_with_scenes(1, 1, 1).await;
    let all = webhook(database, 11, 1, &NoticeKind::CHOICES).await;
    let ends = webhook(database, 12, 1, &NoticeKind::RENDER_ENDS).await;
    let stranger = webhook(database, 13, 2, &NoticeKind::CHOICES).await;
    let off = webhook(database, 14, 1, &NoticeKind::CHOICES).await;
    let change = WebhookChange { enabled: Some(false), ..WebhookChange::default() };
    assert!(!database.store.change_webhook(off.id, &change, at(1)).await.unwrap().expect("there").enabled);
    database.generate(project, 1).await;
    database.command(project, Command::Render { id: id(99), when_ready: true }, 2).await;
    work(database, 10, None).await;
    let expected = ["project.completed", "render.completed", "render.progress", "scene.completed"];
    let mut heard = told(database, &all).await;
    heard.sort_unstable();
    assert_eq!(heard, expected);
    assert_eq!(told(database, &ends).await, ["render.completed"]);
    assert_eq!(told(database, &stranger).await, [""; 0]);
    assert_eq!(told(database, &off).await, [""; 0]);
    let message = messages(database, &ends).await.remove(0);
    let data = message.notice.data(None);
    assert_eq!((&data["projectId"], &data["renderId"]), (&project.to_string().into(), &id(99).to_string().into()));
    assert_eq!((message.state, message.next_at), (MessageState::Waiting, Some(message.created_at)));
    // They outlive their project.
    database.store.delete_project(project).await.unwrap();
    assert_eq!(claim(&database.store, 5_000).await.expect("one waits").attempt, 1);
}

pub async fn failures_are_told_with_their_reason(database: &Database) {
    let project = database.project_with_scenes(1, 1, 1).await;
    let webhook = webhook(database, 11, 1, &NoticeKind::USUAL).await;
    database.generate(project, 1).await;
    database.command(project, Command::Render { id: id(99), when_ready: true }, 2).await;
    work(database, 10, Some(TaskKind::DrawImage)).await;
    let mut heard = told(database, &webhook).await;
    heard.sort_unstable();
    assert_eq!(heard, ["project.failed", "render.failed", "scene.failed"]);
    for message in messages(database, &webhook).await {
        let error = message.notice.error.expect("a reason");
        assert!(error.contains("no luck"), "{error}");
    }
}

pub async fn older_progress_makes_room_for_newer(database: &Database) {
    let project = database.project(1).await.project.id;
    let webhook = webhook(database, 11, 1, &[NoticeKind::RenderProgress]).await;
    let render = Command::RenderStoryboard { id: id(99), storyboard: storyboard(&["a.jpg"]) };
    database.command(project, render, 1).await;
    let lease = database.claim("w", 2).await.expect("a render");
    assert!(database.store.start(&lease, at(3)).await.unwrap());
    assert!(database.store.progress(&lease, 0.25, at(4)).await.unwrap());
    let [message] = &messages(database, &webhook).await[..] else { panic!("the newest alone waits") };
    assert_eq!(message.notice.progress, Some(0.25));
    let held = claim(&database.store, 5).await.expect("due");
    assert!(database.store.progress(&lease, 0.5, at(6)).await.unwrap());
    assert_eq!(messages(database, &webhook).await.len(), 2, "what is on its way stays");
    assert!(finish(&database.store, &held, Verdict::GivenUp, 7).await);
    let webhook = database.store.webhook(webhook.id).await.unwrap().expect("there");
    assert_eq!(webhook.failing_since, None, "progress is no measure");
}

pub async fn deliveries_are_held_for_a_time(database: &Database) {
    let other = open(&database.url).await.expect("the same once more");
    let webhook = webhook(database, 11, 1, &NoticeKind::USUAL).await;
    let store = &database.store;
    store.tell_webhook(id(50), &webhook, &Notice::test(), at(0)).await.unwrap();
    let first = claim(store, 1).await.expect("due");
    assert_eq!((first.message, first.attempt, first.tries), (id(50), 1, 1));
    assert_eq!(first.secrets.as_ref().map(Vec::len).ok(), Some(1));
    assert!(claim(&other, 2).await.is_none(), "it is held");
    assert_eq!(store.resend_message(webhook.id, id(50), at(3)).await.unwrap(), Resent::Busy);
    assert_eq!(store.next_delivery_at().await.unwrap(), Some(at(61)));
    // Its process dies: it is sent again, and the dead one's report counts no more.
    let second = claim(&other, 61).await.expect("due again");
    assert_eq!((second.message, second.attempt), (id(50), 2));
    assert!(!finish(store, &first, Verdict::Taken, 62).await);
    assert!(finish(&other, &second, Verdict::Again(Duration::from_secs(300)), 63).await);
    assert!(!finish(&other, &second, Verdict::Taken, 64).await, "once");
    assert!(claim(store, 362).await.is_none());
    let third = claim(store, 363).await.expect("due again");
    assert!(finish(store, &third, Verdict::Taken, 364).await);
    assert!(claim(store, 10_000).await.is_none());
    let message = messages(database, &webhook).await.remove(0);
    assert_eq!((message.state, message.next_at), (MessageState::Delivered, None));
    assert_eq!(message.attempts, [attempt(63, Some(500)), attempt(364, Some(200))]);

    // Sent again by hand, it has all its tries, and the numbers go on.
    assert_eq!(store.resend_message(webhook.id, id(50), at(400)).await.unwrap(), Resent::Queued);
    let again = claim(store, 401).await.expect("due");
    assert_eq!((again.attempt, again.tries), (4, 1));
    assert!(finish(store, &again, Verdict::Taken, 402).await);
    assert_eq!(store.resend_message(webhook.id, id(51), at(403)).await.unwrap(), Resent::Unknown);
    assert_eq!(store.resend_message(id(77), id(50), at(403)).await.unwrap(), Resent::Unknown);
}

pub async fn no_message_is_handed_out_twice(database: &Database) {
    let webhook = webhook(database, 11, 1, &NoticeKind::USUAL).await;
    for number in 0..20 {
        database.store.tell_webhook(id(100 + number), &webhook, &Notice::test(), at(0)).await.unwrap();
    }
    let mut workers = Vec::new();
    for _ in 0..4 {
        let store = open(&database.url).await.expect("the same once more");
        workers.push(tokio::spawn(async move {
            let mut mine = Vec::new();
            while let Some(delivery) = claim(&store, 1).await {
                mine.push(delivery.message);
            }
            mine
        }));
    }
    let mut all = Vec::new();
    for worker in workers {
        all.extend(worker.await.expect("no panic"));
    }
    all.sort_unstable();
    assert_eq!(all, (0..20).map(|number| id(100 + number)).collect::<Vec<Uuid>>());
}

pub async fn the_busy_are_passed_over(database: &Database) {
    let (one, other) = (webhook(database, 11, 1, &[]).await, webhook(database, 12, 2, &[]).await);
    database.store.tell_webhook(id(50), &one, &Notice::test(), at(0)).await.unwrap();
    database.store.tell_webhook(id(51), &other, &Notice::test(), at(1)).await.unwrap();
    let claim = async |busy: &[Uuid]| {
        let lease = chrono::Duration::seconds(60);
        database.store.claim_delivery(&vault(), busy, lease, at(2)).await.unwrap().map(|delivery| delivery.message)
    };
    assert_eq!(claim(&[one.owner]).await, Some(id(51)));
    assert_eq!(claim(&[one.owner]).await, None);
    assert_eq!(claim(&[]).await, Some(id(50)));
}

pub async fn endpoints_that_take_nothing_are_switched_off(database: &Database) {
    let store = &database.store;
    let project = database.project(1).await.project.id;
    let hook = webhook(database, 11, 1, &NoticeKind::USUAL).await;
    let show = async || store.webhook(hook.id).await.unwrap().expect("there");
    let render = async |number: u128, second| {
        let render = Command::RenderStoryboard { id: id(number), storyboard: storyboard(&[&format!("{number}.jpg")]) };
        database.command(project, render, second).await;
        let lease = database.claim("w", second).await.expect("a render");
        let done = Outcome::Done(product(TaskKind::Render, "v"));
        assert!(store.finish(&lease, done, at(second)).await.unwrap());
    };
    let fail = async |verdict, second| {
        let delivery = claim(store, second).await.expect("due");
        assert!(finish(store, &delivery, verdict, second).await);
    };
    render(90, 0).await;
    fail(Verdict::GivenUp, 1).await;
    assert_eq!((show().await.enabled, show().await.failing_since), (true, Some(at(1))));
    render(91, 4 * DAY).await;
    fail(Verdict::GivenUp, 4 * DAY).await;
    assert!(show().await.enabled, "it has not been long enough");
    render(92, 6 * DAY).await;
    fail(Verdict::Again(Duration::from_secs(5)), 6 * DAY).await;
    assert!(show().await.enabled, "there is hope");
    render(93, 6 * DAY).await;
    let held = claim(store, 6 * DAY).await.expect("due");
    assert!(finish(store, &held, Verdict::Taken, 6 * DAY + 1).await);
    assert_eq!(show().await.failing_since, None, "it was taken");
    fail(Verdict::GivenUp, 6 * DAY + 10).await;
    assert!(show().await.enabled);
    render(94, 12 * DAY).await;
    render(95, 12 * DAY).await;
    fail(Verdict::GivenUp, 12 * DAY).await;
    let off = show().await;
    assert_eq!((off.enabled, off.disabled_reason.as_deref()), (false, Some("The receiver has taken nothing for five days.")));
    assert!(claim(store, 13 * DAY).await.is_none(), "what waited is given up");
    render(96, 13 * DAY).await;
    assert_eq!(messages(database, &hook).await.len(), 6, "and nothing more is written");
    let failed = messages(database, &hook).await.remove(0).id;
    assert_eq!(store.resend_message(hook.id, failed, at(13 * DAY)).await.unwrap(), Resent::Disabled);

    let on = WebhookChange { enabled: Some(true), ..WebhookChange::default() };
    let on = store.change_webhook(hook.id, &on, at(13 * DAY)).await.unwrap().expect("there");
    assert_eq!((on.enabled, on.disabled_reason, on.failing_since), (true, None, None));
    assert_eq!(store.resend_message(hook.id, failed, at(13 * DAY)).await.unwrap(), Resent::Queued);
    fail(Verdict::Gone, 13 * DAY + 1).await;
    assert_eq!(show().await.disabled_reason.as_deref(), Some("The receiver answered 410 Gone."));
}

pub async fn endpoints_are_their_owners_and_not_too_many(database: &Database) {
    let store = &database.store;
    let mut made = Vec::new();
    for number in 0..store::MOST_WEBHOOKS {
        made.push(webhook(database, 100 + u128::from(number), 1, &NoticeKind::USUAL).await);
    }
    let owner = made[0].owner;
    assert_eq!(store.webhooks(owner).await.unwrap(), made);
    assert_eq!(store.webhook(made[3].id).await.unwrap().as_ref(), Some(&made[3]));
    let (kinds, url) = (NoticeKind::USUAL.to_vec(), "https://hooks.example".to_owned());
    let more = |number| NewWebhook { id: id(number), owner, url: url.clone(), kinds: kinds.clone(), enabled: true };
    let make = async |new: NewWebhook| store.create_webhook(&new, ("whsec_", &vault(), NONCE), at(1)).await.unwrap();
    assert_eq!(make(more(200)).await, None);
    store.tell_webhook(id(50), &made[0], &Notice::test(), at(0)).await.unwrap();
    assert!(store.delete_webhook(made[0].id).await.unwrap());
    assert!(!store.delete_webhook(made[0].id).await.unwrap());
    assert!(claim(store, 1).await.is_none(), "its messages go with it");
    // They do not always meet: some rounds, so that they do.
    for round in 0..8 {
        let mut coming = JoinSet::new();
        for number in 0..8 {
            let (store, new) = (store.clone(), more(300 + 8 * round + number));
            coming.spawn(async move { store.create_webhook(&new, ("whsec_", &vault(), NONCE), at(1)).await.unwrap() });
        }
        let came: Vec<Webhook> = coming.join_all().await.into_iter().flatten().collect();
        assert_eq!(came.len(), 1, "there was room for one");
        assert!(store.delete_webhook(came[0].id).await.unwrap());
    }
    assert!(make(more(200)).await.is_some());
    let change = WebhookChange { kinds: Some(vec![NoticeKind::RenderFailed]), ..WebhookChange::default() };
    assert_eq!(store.change_webhook(id(201), &change, at(2)).await.unwrap(), None);
    let changed = store.change_webhook(id(200), &change, at(2)).await.unwrap().expect("there");
    assert_eq!((changed.url, changed.kinds), (url, vec![NoticeKind::RenderFailed]));
    // A message that was written while its endpoint went is given up.
    store.tell_webhook(id(51), &made[0], &Notice::test(), at(0)).await.unwrap();
    assert!(claim(store, 1).await.is_none());
    assert_eq!(store.next_delivery_at().await.unwrap(), None);
}

pub async fn secrets_turn(database: &Database) {
    let store = &database.store;
    let hook = webhook(database, 11, 1, &NoticeKind::USUAL).await;
    let secrets = async |vault: &Vault, second| {
        store.tell_webhook(Uuid::from_u128(1_000 + second as u128), &hook, &Notice::test(), at(second)).await.unwrap();
        let claimed = store.claim_delivery(vault, &[], chrono::Duration::seconds(60), at(second)).await.unwrap();
        let delivery = claimed.expect("due");
        assert!(finish(store, &delivery, Verdict::Taken, second).await);
        delivery.secrets.ok()
    };
    let (old, new) = (webhook_secret([11; 32]), webhook_secret([12; 32]));
    assert_eq!(secrets(&vault(), 1).await, Some(vec![old.clone()]));
    assert!(store.rotate_webhook(&hook, (&new, &vault(), NONCE), at(10)).await.unwrap());
    assert_eq!(secrets(&vault(), 11).await, Some(vec![new.clone(), old]));
    assert_eq!(secrets(&vault(), 10 + DAY).await, Some(vec![new]));
    assert_eq!(secrets(&Vault::new("another secret", &[]), 11 + DAY).await, None);
}

pub async fn a_request_brings_its_own_endpoint(database: &Database) {
    let store = &database.store;
    let owner = database.owner(1).await;
    let project = database.project(1).await.project.id;
    let render = |number: u128| Command::RenderStoryboard { id: id(number), storyboard: storyboard(&[&format!("{number}.jpg")]) };
    let url = "https://hooks.example/one".to_owned();
    let wish = |number| ProjectChange {
        inputs: vec![Input::Command(render(number))],
        one_off: Some(OneOff { url: url.clone(), sealed: None }),
        ..ProjectChange::default()
    };
    let answer = |_: &store::ProjectRecord| store::Answer { status: 200, headers: Vec::new(), body: String::new() };
    store.change_project(project, wish(90), Default::default(), at(1), answer).await.unwrap();
    // The same request once more, without a key, finds the same render and the same endpoint.
    store.change_project(project, wish(90), Default::default(), at(2), answer).await.unwrap();
    let hook = store.webhook(one_off_id(id(90), &url)).await.unwrap().expect("it is there");
    assert_eq!((hook.render, hook.owner, &hook.url), (Some(id(90)), owner, &url));
    assert_eq!(store.webhooks(owner).await.unwrap(), [], "it is not listed among the user's own");
    // A newer render takes the place of the first.
    database.command(project, render(91), 3).await;
    work(database, 10, None).await;
    let [message] = &messages(database, &hook).await[..] else { panic!("it hears of its own render only") };
    assert_eq!((message.notice.kind, message.notice.status.as_str()), (NoticeKind::RenderFailed, "cancelled"));
    let delivery = claim(store, 20).await.expect("due");
    assert_eq!(delivery.secrets.as_ref().ok(), Some(&vault().webhook_secrets(owner)));
    assert!(finish(store, &delivery, Verdict::Taken, 21).await);

    // With a new project and a secret of its own.
    let secret = webhook_secret([9; 32]);
    let one_off = OneOff { url: url.clone(), sealed: Some(seal_one_off(owner, &secret, &vault(), NONCE)) };
    let ticket = Ticket { owner, key: "k".to_owned(), fingerprint: "f".to_owned() };
    let inputs = vec![Input::Command(render(92))];
    let begun = store.begin_project(new_project(2, owner), inputs, Some((id(92), &one_off)), Some(&ticket), at(30), answer);
    begun.await.unwrap();
    work(database, 40, None).await;
    let delivery = claim(store, 60).await.expect("due");
    assert_eq!((delivery.notice.kind, delivery.secrets.clone().ok()), (NoticeKind::RenderCompleted, Some(vec![secret])));
    assert!(finish(store, &delivery, Verdict::Taken, 61).await);

    // All of it is forgotten in the end.
    assert_eq!(store.forget_messages(at(29 * DAY)).await.unwrap(), 0);
    assert_eq!(store.forget_messages(at(31 * DAY)).await.unwrap(), 2);
    assert_eq!(store.webhook(hook.id).await.unwrap(), None);
    assert_eq!(database.count("SELECT count(*) FROM webhook_attempt").await, 0);
}
