//! Messages of webhooks, brought by a courier that does as it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use engine::{Courier, CourierAnswer, deliver};
use model::notice::{Notice, NoticeKind};
use serde_json::{Value, json};
use store::{MessageRecord, MessageState, NewWebhook, Vault, Webhook, webhook_secret};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::house::House;

/// What a receiver was sent.
#[derive(Debug, Clone)]
struct Sent {
    url: String,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Sent {
    fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(of, _)| *of == name).map_or("", |(_, value)| value)
    }

    /// The signature that this secret makes.
    fn signed_by(&self, secret: &str) -> String {
        let timestamp = self.header("webhook-timestamp").parse().expect("a number");
        let signer = standardwebhooks::Webhook::new(secret).expect("a secret");
        signer.sign(self.header("webhook-id"), timestamp, self.body.as_bytes()).expect("signed")
    }
}

/// Answers with what was prepared, then with 200; `None` never answers.
#[derive(Default)]
struct Told {
    answers: Mutex<VecDeque<Option<Result<CourierAnswer, String>>>>,
    sent: Mutex<Vec<Sent>>,
    arrived: Notify,
}

impl Told {
    fn with(answers: impl IntoIterator<Item = Option<Result<CourierAnswer, String>>>) -> Arc<Self> {
        Arc::new(Self { answers: Mutex::new(answers.into_iter().collect()), ..Self::default() })
    }

    fn sent(&self) -> Vec<Sent> {
        self.sent.lock().expect("unharmed").clone()
    }
}

#[async_trait]
impl Courier for Told {
    async fn deliver(&self, url: &str, headers: &[(&'static str, String)], body: String) -> Result<CourierAnswer, String> {
        self.sent.lock().expect("unharmed").push(Sent { url: url.to_owned(), headers: headers.to_vec(), body });
        let answer = self.answers.lock().expect("unharmed").pop_front();
        self.arrived.notify_one();
        match answer.unwrap_or_else(|| status(200)) {
            Some(answer) => answer,
            None => std::future::pending().await,
        }
    }
}

fn status(status: u16) -> Option<Result<CourierAnswer, String>> {
    Some(Ok(CourierAnswer { status, retry_after: None }))
}

const SECRET: [u8; 32] = [7; 32];

async fn webhook(house: &House, kinds: &[NoticeKind]) -> Webhook {
    let (id, owner, url) = (Uuid::from_u128(77), house.owner, "https://hooks.example/in".to_owned());
    let new = NewWebhook { id, owner, url, kinds: kinds.to_vec(), enabled: true };
    let vault = Vault::new("a secret of the tests", &[]);
    let made = house.store.create_webhook(&new, (&webhook_secret(SECRET), &vault, [1; 24]), house.now()).await;
    made.expect("stored").expect("there is room")
}

fn start(house: &House, courier: Arc<Told>) -> (CancellationToken, JoinHandle<()>) {
    let stop = CancellationToken::new();
    (stop.clone(), tokio::spawn(deliver(house.deliveries(courier), stop)))
}

async fn message(house: &House, webhook: &Webhook) -> MessageRecord {
    house.store.messages(webhook.id, 0, 1).await.expect("readable").remove(0)
}

/// The newest message as soon as it is so.
async fn until(house: &House, webhook: &Webhook, so: impl Fn(&MessageRecord) -> bool) -> MessageRecord {
    let mut changes = house.store.changes();
    let waiting = async {
        loop {
            changes.mark_unchanged();
            let now = message(house, webhook).await;
            if so(&now) {
                return now;
            }
            changes.changed().await.expect("the store lives");
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), waiting).await.expect("it happens within a minute")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_video_is_told_of_with_a_signature() {
    let house = House::new().await;
    let webhook = webhook(&house, &[NoticeKind::RenderCompleted]).await;
    let project = house.project(&["One."]).await;
    let done = house.make_and_wait(project).await;
    let courier = Told::with([]);
    let (stop, task) = start(&house, courier.clone());
    let delivered = until(&house, &webhook, |message| message.state == MessageState::Delivered).await;
    stop.cancel();
    task.await.expect("it ends cleanly");
    let [sent] = &courier.sent()[..] else { panic!("one message") };
    assert_eq!((sent.url.as_str(), sent.header("content-type")), ("https://hooks.example/in", "application/json"));
    assert_eq!(sent.header("webhook-id"), delivered.id.to_string());
    assert_eq!(sent.header("webhook-timestamp"), house.now().timestamp().to_string());
    assert_eq!(sent.header("webhook-signature"), sent.signed_by(&webhook_secret(SECRET)));
    let render = done.render.expect("a render");
    let video = render.output.expect("a video").video;
    let body: Value = serde_json::from_str(&sent.body).expect("JSON");
    let expected = json!({
        "type": "render.completed",
        "timestamp": "2027-01-15T08:00:00.000Z",
        "data": {
            "projectId": project, "renderId": render.id, "status": "completed",
            "resultUrl": format!("https://shorts.example/api/assets?url={video}"),
        },
    });
    assert_eq!(body, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_repeated_until_it_is_taken() {
    let house = House::new().await;
    let webhook = webhook(&house, &[]).await;
    let mut notice = Notice::test();
    notice.kind = NoticeKind::RenderFailed;
    house.store.tell_webhook(Uuid::from_u128(1), &webhook, &notice, house.now()).await.expect("stored");
    let courier = Told::with([
        Some(Err("hooks.example can't be reached, or its answer broke off".to_owned())),
        Some(Ok(CourierAnswer { status: 503, retry_after: Some("1000".to_owned()) })),
        status(302),
    ]);
    let (stop, task) = start(&house, courier.clone());
    let begun = house.now();
    for (attempts, wait) in [(1, 5), (2, 1000), (3, 1800)] {
        let message = until(&house, &webhook, |message| message.attempts.len() == attempts).await;
        let waits = message.next_at.expect("it is repeated").signed_duration_since(house.now());
        assert_eq!((message.state, waits.num_seconds()), (MessageState::Waiting, wait));
        house.move_clock(wait);
    }
    let message = until(&house, &webhook, |message| message.state == MessageState::Delivered).await;
    stop.cancel();
    task.await.expect("it ends cleanly");
    let said: Vec<_> = message.attempts.iter().map(|attempt| (attempt.status, attempt.error.as_deref())).collect();
    let expected = [
        (None, Some("hooks.example can't be reached, or its answer broke off")),
        (Some(503), Some("the receiver answered with status 503")),
        (Some(302), Some("the receiver answered with status 302")),
        (Some(200), None),
    ];
    assert_eq!(said, expected);
    assert_eq!(message.attempts[3].at.signed_duration_since(begun).num_seconds(), 2805);
    let sent = courier.sent();
    assert!(sent.iter().all(|sent| sent.header("webhook-id") == message.id.to_string()));
    let times: Vec<&str> = sent.iter().map(|sent| sent.header("webhook-timestamp")).collect();
    assert_eq!(times, ["1800000000", "1800000005", "1800001005", "1800002805"], "each attempt is signed for its time");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_dies_before_it_reports_loses_nothing() {
    let house = House::new().await;
    let webhook = webhook(&house, &[]).await;
    house.store.tell_webhook(Uuid::from_u128(1), &webhook, &Notice::test(), house.now()).await.expect("stored");
    // The receiver has got it, and the process is killed before it hears the answer.
    let courier = Told::with([None]);
    let (_, task) = start(&house, courier.clone());
    courier.arrived.notified().await;
    task.abort();
    assert!(task.await.expect_err("it was killed").is_cancelled());
    assert_eq!(message(&house, &webhook).await.attempts, []);
    house.move_clock(60);
    let (stop, task) = start(&house, courier.clone());
    let delivered = until(&house, &webhook, |message| message.state == MessageState::Delivered).await;
    stop.cancel();
    task.await.expect("it ends cleanly");
    let [first, second] = &courier.sent()[..] else { panic!("two attempts") };
    assert_eq!(first.header("webhook-id"), second.header("webhook-id"), "the receiver knows that it is the same");
    assert_eq!((first.body.as_str(), delivered.attempts.len()), (second.body.as_str(), 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_gone_is_told_nothing_more() {
    let house = House::new().await;
    let webhook = webhook(&house, &[]).await;
    house.store.tell_webhook(Uuid::from_u128(1), &webhook, &Notice::test(), house.now()).await.expect("stored");
    let (stop, task) = start(&house, Told::with([status(410)]));
    let message = until(&house, &webhook, |message| message.state == MessageState::Failed).await;
    stop.cancel();
    task.await.expect("it ends cleanly");
    assert_eq!(message.attempts[0].status, Some(410));
    assert!(!house.store.webhook(webhook.id).await.expect("readable").expect("there").enabled);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_was_replaced_still_signs_for_a_day() {
    let house = House::new().await;
    let webhook = webhook(&house, &[]).await;
    let vault = Vault::new("a secret of the tests", &[]);
    let new = webhook_secret([8; 32]);
    assert!(house.store.rotate_webhook(&webhook, (&new, &vault, [2; 24]), house.now()).await.expect("stored"));
    house.store.tell_webhook(Uuid::from_u128(1), &webhook, &Notice::test(), house.now()).await.expect("stored");
    let courier = Told::with([]);
    let (stop, task) = start(&house, courier.clone());
    until(&house, &webhook, |message| message.state == MessageState::Delivered).await;
    stop.cancel();
    task.await.expect("it ends cleanly");
    let sent = courier.sent().remove(0);
    let both = format!("{} {}", sent.signed_by(&new), sent.signed_by(&webhook_secret(SECRET)));
    assert_eq!(sent.header("webhook-signature"), both);
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_receivers_of_one_user_leave_room_for_others() {
    let house = House::new().await;
    let slow = webhook(&house, &[]).await;
    let silent = Told::with((0..4).map(|_| None));
    for number in 0..10 {
        house.store.tell_webhook(Uuid::from_u128(100 + number), &slow, &Notice::test(), house.now()).await.expect("stored");
    }
    let (stop, task) = start(&house, silent.clone());
    while silent.sent().len() < 4 {
        silent.arrived.notified().await;
    }
    let somebody = store::Role::User;
    let other = house.store.add_user(Uuid::from_u128(5), "other@shorts.example", somebody, house.now()).await.expect("a user");
    let (id, owner, url) = (Uuid::from_u128(78), other.user.id, "https://hooks.example/other".to_owned());
    let new = NewWebhook { id, owner, url, kinds: Vec::new(), enabled: true };
    let vault = Vault::new("a secret of the tests", &[]);
    let made = house.store.create_webhook(&new, (&webhook_secret(SECRET), &vault, [1; 24]), house.now()).await;
    let quick = made.expect("stored").expect("there is room");
    house.store.tell_webhook(Uuid::from_u128(1), &quick, &Notice::test(), house.now()).await.expect("stored");
    until(&house, &quick, |message| message.state == MessageState::Delivered).await;
    assert_eq!(silent.sent().len(), 5, "no more than four of the slow one are on their way");
    stop.cancel();
    task.abort();
}
