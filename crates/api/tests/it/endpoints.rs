//! Users' webhooks: endpoints, their secrets, and what became of the messages. Nobody delivers here.

use chrono::Duration;
use model::webhook::Verdict;
use serde_json::{Value, json};
use store::{Attempt, Delivery};

use crate::app::{TestApp, clock, fetcher, new_id, text};

const URL: &str = "https://hooks.example/in";

async fn make(app: &TestApp, body: Value) -> Value {
    let (status, made) = app.post("/api/webhooks", body).await;
    assert_eq!(status, 201, "{made}");
    made
}

async fn claim(app: &TestApp) -> Option<Delivery> {
    let (store, vault) = (&app.state.store, &app.state.vault);
    store.claim_delivery(vault, &[], Duration::seconds(60), clock()).await.expect("readable")
}

async fn end(app: &TestApp, delivery: &Delivery, status: u16, verdict: Verdict) {
    let error = (status >= 300).then(|| format!("the receiver answered with status {status}"));
    let attempt = Attempt { at: clock(), status: Some(status), error, millis: 21 };
    assert!(app.state.store.finish_delivery(delivery, &attempt, verdict, clock()).await.expect("stored"));
}

#[tokio::test]
async fn a_webhook_is_made_changed_and_deleted() {
    let app = TestApp::new().await;
    let made = make(&app, json!({ "url": format!(" {URL} "), "unknown": 1 })).await;
    let secret = text(&made["secret"]);
    assert!(secret.starts_with("whsec_") && secret.len() == 50, "{secret}");
    let path = format!("/api/webhooks/{}", text(&made["id"]));
    let (_, shown) = app.get(&path).await;
    let usual = ["project.completed", "project.failed", "scene.completed", "scene.failed", "render.completed", "render.failed"];
    let expected = json!({
        "id": made["id"], "url": URL, "events": usual, "enabled": true, "disabledReason": null, "failingSince": null,
        "createdAt": made["createdAt"],
    });
    assert_eq!(shown, expected, "the secret is not shown again");
    assert_eq!(app.get("/api/webhooks").await.1, json!([expected]));

    let change = json!({ "events": ["render.progress", "render.failed", "render.progress"], "enabled": false });
    let (status, changed) = app.patch(&path, change).await;
    assert_eq!((status, &changed["url"], &changed["enabled"]), (200, &json!(URL), &json!(false)));
    assert_eq!(changed["events"], json!(["render.progress", "render.failed"]));
    let (status, refused) = app.post(&format!("{path}/test"), json!({})).await;
    assert_eq!((status, text(&refused["error"]).contains("switched off")), (409, true));

    let (status, rotated) = app.post(&format!("{path}/rotate"), json!({})).await;
    assert_eq!(status, 200, "{rotated}");
    assert_ne!(text(&rotated["secret"]), secret);
    assert_eq!(app.delete(&path).await, (200, json!({ "success": true })));
    for (status, answer) in [app.get(&path).await, app.delete(&path).await, app.get("/api/webhooks/x").await] {
        assert_eq!((status, answer), (404, json!({ "error": "Webhook not found" })));
    }
}

#[tokio::test]
async fn addresses_that_could_never_be_told_are_refused() {
    let mut app = TestApp::new().await;
    let problem = async |app: &TestApp, body: Value, field: &str| {
        let (status, refused) = app.post("/api/webhooks", body).await;
        assert_eq!(status, 400, "{refused}");
        text(&refused["details"][field]["_errors"][0])
    };
    for (url, says) in [
        ("http://hooks.example/in", "without encryption"),
        ("https://127.0.0.1/in", "private network"),
        ("https://169.254.169.254/latest", "private network"),
        ("https://[::ffff:10.0.0.1]/in", "private network"),
        ("https://me:word@hooks.example/in", "name and password"),
        ("https://hooks.example:8443/in", "port 8443"),
        ("hooks.example/in", "no address"),
        ("", "must not be empty"),
    ] {
        let said = problem(&app, json!({ "url": url }), "url").await;
        assert!(said.contains(says), "{url}: {said}");
    }
    let none = problem(&app, json!({ "url": URL, "events": [] }), "events").await;
    assert!(!none.is_empty());
    app.state.fetcher = fetcher(&["127.0.0.1"]);
    app.restart();
    make(&app, json!({ "url": "http://127.0.0.1:5678/webhook/x" })).await;
    for number in 1..20 {
        make(&app, json!({ "url": format!("{URL}/{number}") })).await;
    }
    let (status, refused) = app.post("/api/webhooks", json!({ "url": URL })).await;
    assert_eq!((status, text(&refused["error"]).contains("You have 20 webhooks")), (409, true));
}

#[tokio::test]
async fn deliveries_are_shown_and_sent_again() {
    let app = TestApp::new().await;
    let made = make(&app, json!({ "url": URL, "events": ["render.completed"] })).await;
    let path = format!("/api/webhooks/{}", text(&made["id"]));
    let project = app.project(&["One."]).await;
    app.command(&project, "generate_all").await;
    app.work().await;
    let render = text(&app.post("/api/render", json!({ "projectId": project })).await.1["jobId"]);
    app.work().await;
    let (status, queued) = app.post(&format!("{path}/test"), json!({})).await;
    assert_eq!(status, 202, "{queued}");

    let first = claim(&app).await.expect("the older one");
    assert_eq!(first.secrets.as_ref().ok(), Some(&vec![text(&made["secret"])]));
    end(&app, &first, 500, Verdict::Again(std::time::Duration::from_secs(300))).await;
    let second = claim(&app).await.expect("the test");
    end(&app, &second, 204, Verdict::Taken).await;
    let (_, list) = app.get(&format!("{path}/deliveries")).await;
    let [test, done] = &list.as_array().expect("a list")[..] else { panic!("{list}") };
    assert_eq!((&test["id"], &test["type"], &test["state"]), (&queued["messageId"], &json!("webhook.test"), &json!("delivered")));
    assert_eq!((&test["nextAttemptAt"], &test["attempts"][0]["status"]), (&Value::Null, &json!(204)));
    assert_eq!((&done["type"], &done["state"]), (&json!("render.completed"), &json!("waiting")));
    assert_eq!((&done["data"]["projectId"], &done["data"]["renderId"]), (&json!(project), &json!(render)));
    assert!(text(&done["data"]["resultUrl"]).starts_with("/api/assets?url=renders/"));
    let attempt = &done["attempts"][0];
    assert_eq!((&attempt["error"], &attempt["milliseconds"]), (&json!("the receiver answered with status 500"), &json!(21)));
    assert!(done["nextAttemptAt"].is_string());
    let (_, page) = app.get(&format!("{path}/deliveries?limit=1&offset=1")).await;
    assert_eq!((page.as_array().map(Vec::len), &page[0]["id"]), (Some(1), &done["id"]));

    let resend = format!("{path}/deliveries/{}/resend", text(&done["id"]));
    assert_eq!(app.post(&resend, json!({})).await.0, 202);
    let again = claim(&app).await.expect("it is due at once");
    assert_eq!((again.message, again.attempt, again.tries), (first.message, 2, 1));
    let (status, busy) = app.post(&resend, json!({})).await;
    assert_eq!((status, text(&busy["error"]).contains("at this moment")), (409, true));
    let nothing = format!("{path}/deliveries/{}/resend", new_id());
    assert_eq!(app.post(&nothing, json!({})).await, (404, json!({ "error": "Message not found" })));
}

#[tokio::test]
async fn a_render_and_a_short_bring_their_own() {
    let app = TestApp::new().await;
    let (_, own) = app.get("/api/webhooks/secret").await;
    let body = json!({ "script": "Words.", "webhookUrl": URL });
    let (status, short) = app.post("/api/shorts", body).await;
    assert_eq!(status, 202, "{short}");
    app.work().await;
    let delivery = claim(&app).await.expect("it has ended");
    assert_eq!(delivery.secrets.as_ref().ok(), Some(&vec![text(&own["secret"])]));
    assert_eq!(delivery.notice.data(None)["renderId"], short["renderId"]);
    end(&app, &delivery, 200, Verdict::Taken).await;

    let secret = store::webhook_secret([5; 32]);
    let project = text(&short["projectId"]);
    let body = json!({ "projectId": project, "webhookUrl": URL, "webhookSecret": secret });
    let (status, started) = app.post("/api/render", body).await;
    assert_eq!(status, 200, "{started}");
    app.work().await;
    let delivery = claim(&app).await.expect("it has ended");
    assert_eq!(delivery.secrets.as_ref().ok(), Some(&vec![secret.clone()]));
    end(&app, &delivery, 200, Verdict::Taken).await;
    let path = format!("/api/webhooks/{}", text(&started["webhookId"]));
    assert_eq!(app.get(&path).await.1["renderId"], started["jobId"]);
    let (_, list) = app.get(&format!("{path}/deliveries")).await;
    assert_eq!((&list[0]["state"], &list[0]["type"]), (&json!("delivered"), &json!("render.completed")));
    assert_eq!(app.get("/api/webhooks").await.1, json!([]));

    let refused = async |body: Value, field: &str, says: &str| {
        let (status, refused) = app.post("/api/render", body).await;
        let said = text(&refused["details"][field]["_errors"][0]);
        assert!(status == 400 && said.contains(says), "{refused}");
    };
    refused(json!({ "projectId": project, "webhookUrl": "https://10.0.0.1/" }), "webhookUrl", "private network").await;
    refused(json!({ "projectId": project, "webhookSecret": secret }), "webhookSecret", "give that, too").await;
    refused(json!({ "projectId": project, "webhookUrl": URL, "webhookSecret": "x" }), "webhookSecret", "whsec_").await;
}
