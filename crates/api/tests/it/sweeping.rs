//! What is over goes without anybody asking for anything.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::json;
use store::Role;
use uuid::Uuid;

use crate::app::{TestApp, clock, text};

fn much_later() -> DateTime<Utc> {
    clock() + chrono::Duration::days(31)
}

#[tokio::test]
async fn old_questions_and_sessions_go_by_themselves() {
    let app = Arc::new(TestApp::new().await);
    let asking = tokio::spawn({
        let app = app.clone();
        async move { app.post("/api/ai/generate-audio", json!({ "text": "Hello.", "voice": "" })).await }
    });
    while !asking.is_finished() {
        app.work().await;
        tokio::task::yield_now().await;
    }
    let (status, sample) = asking.await.expect("asked");
    assert_eq!(status, 200, "{sample}");
    let store = &app.state.store;
    let ada = store.add_user(Uuid::from_u128(7), "ada@shorts.example", Role::User, clock()).await.expect("a user").user.id;
    store.begin_session(ada, "secret", clock()).await.expect("a session");

    let key = text(&sample["audioUrl"]).split_once("url=").expect("an address with a key").1.to_owned();
    api::sweep(&app.state).await;
    assert!(app.state.assets.head(&key).await.is_ok(), "it is still good");
    assert!(store.session("secret", clock()).await.expect("readable").is_some());

    let later = api::AppState { clock: much_later, ..app.state.clone() };
    let sweeping = tokio::spawn(api::sweep_regularly(later, Duration::from_millis(1)));
    let gone = async {
        while app.state.assets.head(&key).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), gone).await.expect("it goes without being asked for");
    // By the first clock the session would still last.
    assert_eq!(store.session("secret", clock()).await.expect("readable"), None);
    app.state.closing.cancel();
    tokio::time::timeout(Duration::from_secs(20), sweeping).await.expect("it ends with the server").expect("in peace");
}
