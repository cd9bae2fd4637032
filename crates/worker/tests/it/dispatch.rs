//! Renders that are sent away: to workers of ours, to older ones, shared out, and past those that die.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use model::project::RenderOutput;
use secrecy::SecretString;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use worker::dispatch::{Dispatcher, Identity, Undone};

use crate::caller::{job, leave};
use crate::desk::{Desk, SECRET, listen, nothing_told, soon};
use crate::google::{Google, claims, guarded, token};
use crate::older::OlderWorker;

async fn render(dispatcher: &Dispatcher, desk: &Desk, id: &str, scenes: usize) -> Result<RenderOutput, Undone> {
    let (storyboard, cancel) = (desk.storyboard(scenes, 1.0), CancellationToken::new());
    soon("a render", dispatcher.render((id, "p"), &storyboard, nothing_told(), &cancel)).await
}

/// The same storyboard, rendered here.
async fn rendered_here(desk: &Desk, scenes: usize) -> RenderOutput {
    let (storyboard, options) = (desk.storyboard(scenes, 1.0), desk.options("here", false));
    worker::run(storyboard, &desk.assets, &options, nothing_told(), CancellationToken::new()).await.expect("renders")
}

fn error_of(undone: Result<RenderOutput, Undone>) -> (String, bool) {
    match undone {
        Err(Undone::Failed { error, retry }) => (error, retry),
        other => panic!("it has not failed: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_makes_what_would_be_made_here() {
    let desk = Desk::new().await;
    let here = rendered_here(&desk, 2).await;
    let worker = desk.worker("one", 1, 1).await;
    for asynchronous in [false, true] {
        let dispatcher = desk.dispatcher(&[worker.address], |settings| settings.targets[0].asynchronous = asynchronous);
        let told = Arc::new(Mutex::new(Vec::new()));
        let (tell, storyboard) = (told.clone(), desk.storyboard(2, 1.0));
        let progress = Arc::new(move |fraction| tell.lock().expect("no panic").push(fraction));
        let id = format!("r{asynchronous}");
        let output = dispatcher.render((&id, "p"), &storyboard, progress, &CancellationToken::new()).await.expect("renders");
        // Objects are named by their content: these are the same bytes.
        assert_eq!(output, here);
        let told = told.lock().expect("no panic");
        assert!(told.is_sorted() && told.iter().all(|fraction| (0.0..=1.0).contains(fraction)), "{told:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn scenes_are_shared_out_and_the_video_is_the_same() {
    let desk = Desk::new().await;
    let here = rendered_here(&desk, 4).await;
    let (one, two) = (desk.worker("one", 1, 2).await, desk.worker("two", 1, 2).await);
    let dispatcher = desk.dispatcher(&[one.address, two.address], |settings| settings.fan_out = 2);
    assert_eq!(render(&dispatcher, &desk, "r", 4).await.expect("renders"), here);
    // A third worker has all of it in the shared cache; also when one of two is dead.
    let three = desk.worker("three", 1, 2).await;
    one.cut.cancel();
    two.cut.cancel();
    let dispatcher = desk.dispatcher(&[one.address, three.address], |settings| settings.fan_out = 2);
    assert_eq!(render(&dispatcher, &desk, "s", 4).await.expect("renders"), here);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_worker_has_encoded_another_one_takes() {
    let desk = Desk::new().await;
    let one = desk.worker("one", 1, 1).await;
    let video = render(&desk.dispatcher(&[one.address], |_| ()), &desk, "r", 3).await.expect("renders").video;
    // Two scenes change places in the cache: whoever takes them from there shows it.
    let segments = desk.shared_segments();
    let [.., scene, other] = &segments[..] else { panic!("a segment for each scene: {segments:?}") };
    let path = |name: &String| desk.object("cache").join(name);
    let (content, others) = (std::fs::read(path(scene)).expect("reads"), std::fs::read(path(other)).expect("reads"));
    std::fs::write(path(scene), others).and_then(|()| std::fs::write(path(other), content)).expect("writes");
    let two = desk.worker("two", 1, 1).await;
    let taken = render(&desk.dispatcher(&[two.address], |_| ()), &desk, "s", 3).await.expect("renders").video;
    assert_ne!(taken, video);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_a_worker_dies_another_one_goes_on() {
    let desk = Desk::new().await;
    let (one, two) = (desk.worker("one", 1, 1).await, desk.worker("two", 1, 1).await);
    let dispatcher = desk.dispatcher(&[one.address, two.address], |_| ());
    let begun = CancellationToken::new();
    let tell = begun.clone();
    let progress = Arc::new(move |fraction| {
        if fraction > 0.0 {
            tell.cancel();
        }
    });
    let (storyboard, cancel) = (desk.storyboard(4, 3.0), CancellationToken::new());
    let (output, ()) = tokio::join!(dispatcher.render(("r", "p"), &storyboard, progress, &cancel), async {
        begun.cancelled().await;
        one.cut.cancel();
    });
    assert!(output.is_ok(), "{output:?}");
    // Dead ones are not asked for a while, and the others do it all.
    for index in 0..4 {
        assert!(render(&dispatcher, &desk, &format!("s{index}"), 1).await.is_ok());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_render_is_stopped_at_the_worker_too() {
    let desk = Desk::new().await;
    let worker = desk.worker("one", 1, 0).await;
    for asynchronous in [false, true] {
        let dispatcher = desk.dispatcher(&[worker.address], |settings| settings.targets[0].asynchronous = asynchronous);
        let cancel = CancellationToken::new();
        let stop = cancel.clone();
        let progress = Arc::new(move |_| stop.cancel());
        let (storyboard, id) = (desk.storyboard(4, 30.0), format!("r{asynchronous}"));
        let ended = soon("the end", dispatcher.render((&id, "p"), &storyboard, progress, &cancel)).await;
        assert_eq!(ended, Err(Undone::Cancelled));
        // Its only place is free again.
        assert!(render(&dispatcher, &desk, &format!("s{asynchronous}"), 1).await.is_ok());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_workers_say_no_to_is_told_apart() {
    let desk = Desk::new().await;
    let worker = desk.worker("one", 1, 0).await;
    assert_eq!(leave(&worker, &job("long", &desk.payload(4, 30.0))).await, 202);
    let busy = desk.dispatcher(&[worker.address], |_| ());
    assert_eq!(render(&busy, &desk, "r", 1).await, Err(Undone::Busy(Duration::from_secs(5))));

    let stranger = desk.dispatcher(&[worker.address], |settings| settings.secret = SecretString::from("another".to_owned()));
    let (error, retry) = error_of(render(&stranger, &desk, "r", 1).await);
    assert!(!retry && error.contains("both need the same WORKER_SECRET"), "{error}");

    let nobody = desk.dispatcher(&["127.0.0.1:1".parse().expect("an address")], |_| ());
    let (error, retry) = error_of(render(&nobody, &desk, "r", 1).await);
    assert!(retry && error.contains("127.0.0.1:1/ can't be reached"), "{error}");
    error_of(render(&nobody, &desk, "r", 1).await);
    let (error, retry) = error_of(render(&nobody, &desk, "r", 1).await);
    assert!(retry && error.contains("no render worker can be reached just now"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_make_no_sense_are_another_workers_turn() {
    let desk = Desk::new().await;
    let good = desk.worker("one", 1, 1).await;
    let health = get(async || axum::Json(json!({ "status": "ok", "version": "0" })));
    let answers: [fn() -> axum::response::Response; 4] = [
        || "not JSON\n".into_response(),
        || "{\"status\":\"processing\",\"progress\":5}\n".into_response(),
        || (StatusCode::BAD_GATEWAY, [(header::CONTENT_TYPE, "text/html")], "<html>").into_response(),
        || "{\"status\":\"failed\",\"error\":\"no room on the disk\",\"retry\":true}\n".into_response(),
    ];
    for (index, answer) in answers.into_iter().enumerate() {
        let bad = Router::new().route("/health", health.clone()).route("/render", post(async move || answer()));
        let dispatcher = desk.dispatcher(&[listen(bad).await.0, good.address], |_| ());
        assert!(render(&dispatcher, &desk, &format!("r{index}"), 1).await.is_ok(), "answer {index}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_service_sees_who_calls() {
    let desk = Desk::new().await;
    let worker = desk.worker("one", 1, 1).await;
    let google = Google::default();
    let host = google.listen().await;
    for (identity, audience) in [
        (Identity::Metadata(host.to_string()), None),
        (Identity::Key(SecretString::from(crate::google::key_file(host))), Some("exchanged")),
    ] {
        // The guard has to know the address at which it is found itself.
        let fixed = audience.map(token);
        let (address, _) = crate::desk::listen_with(|address| {
            let expected = fixed.unwrap_or_else(|| token(&format!("http://{address}")));
            guarded(worker.service.router(), expected)
        })
        .await;
        let before = google.asked.load(std::sync::atomic::Ordering::Relaxed);
        let dispatcher = desk.dispatcher(&[address], |settings| {
            settings.targets[0].identity = true;
            settings.identity = identity;
        });
        for id in ["a", "b"] {
            assert!(render(&dispatcher, &desk, id, 1).await.is_ok(), "{audience:?}");
        }
        let asked = google.asked.load(std::sync::atomic::Ordering::Relaxed) - before;
        assert_eq!(asked, 1, "a token is good for an hour");
    }
    let claims = claims(&google.assertion.lock().expect("no panic"));
    assert_eq!(claims["iss"], "renders@project.example");
    assert!(claims["target_audience"].as_str().is_some_and(|audience| audience.starts_with("http://127.0.0.1:")), "{claims}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_worker_is_given_addresses_and_its_video_is_taken_over() {
    let desk = Desk::new().await;
    let here = rendered_here(&desk, 2).await;
    let theirs = desk.object("renders/render_p_1700000000.mp4");
    std::fs::copy(desk.object(&here.video), &theirs).expect("a video as older workers name them");
    let url = "https://pub.example/renders/render_p_1700000000.mp4";
    let worker = OlderWorker::new(json!({ "status": "completed", "resultUrl": url }));
    let address = worker.listen().await;
    let dispatcher = desk.dispatcher(&[address], |settings| {
        settings.webhook_url = Some("https://api.example/api/webhooks/job-status".parse().expect("an address"));
        settings.fan_out = 4;
    });
    let output = render(&dispatcher, &desk, "r", 2).await.expect("renders");
    assert_eq!((&output.video, &output.srt, output.seconds), (&here.video, &here.srt, here.seconds));
    assert_eq!(output.warnings.len(), 1, "it is said who made it");
    assert!(!theirs.exists(), "it is there once");
    let asked = worker.asked.lock().expect("no panic").clone();
    let body = &asked[0];
    assert_eq!((asked.len(), &body["id"], &body["webhook_token"]), (1, &json!("r"), &json!(SECRET)));
    assert_eq!(body["webhook_url"], "https://api.example/api/webhooks/job-status");
    let picture = body["payload"]["scenes"][0]["imageUrl"].as_str().expect("an address");
    assert!(picture.starts_with("https://api.example/files/scenes/images/"), "{picture}");

    let failing = OlderWorker::new(json!({ "status": "failed", "error": "no sound" })).listen().await;
    let dispatcher = desk.dispatcher(&[failing], |_| ());
    assert_eq!(error_of(render(&dispatcher, &desk, "s", 1).await), ("no sound".to_owned(), false));
    let elsewhere = OlderWorker::new(json!({ "status": "completed", "resultUrl": "https://x.example/a.mp4" })).listen().await;
    let dispatcher = desk.dispatcher(&[elsewhere], |_| ());
    let (error, _) = error_of(render(&dispatcher, &desk, "t", 1).await);
    assert!(error.contains("not in our bucket"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_are_looked_at_without_giving_them_work() {
    let desk = Desk::new().await;
    let worker = desk.worker("one", 1, 1).await;
    let older = OlderWorker::new(json!({}));
    let workers = [worker.address, older.listen().await, "127.0.0.1:1".parse().expect("an address")];
    let said: Vec<_> = desk.dispatcher(&workers, |_| ()).look().await.into_iter().map(|(_, said)| said).collect();
    assert_eq!(said[0], Ok("it knows this server".to_owned()));
    assert!(said[1].as_ref().is_ok_and(|said| said.starts_with("an older worker")), "{said:?}");
    assert_eq!(said[2], Err("the render worker http://127.0.0.1:1/ can't be reached".to_owned()));
    let stranger = desk.dispatcher(&workers[..1], |settings| settings.secret = SecretString::from("another".to_owned()));
    assert!(stranger.look().await[0].1.as_ref().is_err_and(|said| said.contains("WORKER_SECRET")));
}
