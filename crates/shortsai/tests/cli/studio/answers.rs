//! Questions whose server is killed while somebody waits: the answer comes all the same, and is not paid for twice where it was
//! written down.

use std::time::Duration;

use providers::simulator::{Fault, FaultKind, FaultOrder};
use serde_json::{Value, json};

use super::house::Studio;
use super::tab::Tab;

const SCRIPT: (&str, &str) = ("generate-script", "script");
const SAMPLE: (&str, &str) = ("generate-audio", "speech");

async fn ask(tab: &Tab, route: &str) -> Value {
    let body = match route {
        "generate-script" => json!({ "topic": "How bees dance", "style": "Cinematic", "take": 1 }),
        _ => json!({ "text": "Bees dance to tell the way.", "voice": "Kore", "provider": "gemini" }),
    };
    tab.post(&format!("/api/ai/{route}"), body).await.json(200)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_comes_although_the_server_is_killed_meanwhile() {
    for (route, ability) in [SCRIPT, SAMPLE] {
        let mut studio = Studio::start().await;
        let tab = studio.signed_in("ada").await;
        // The vendor takes its time; the server does not live to hear it.
        let fault = Fault { ms: Some(60_000), ..Fault::from(FaultKind::Latency) };
        let late =
            FaultOrder { vendor: "gemini".to_owned(), ability: Some(ability.to_owned()), fault, times: Some(1), after: None };
        studio.vendors.misbehave(late);
        let waiting = tab.another();
        let cut_off = tokio::spawn(async move { ask(&waiting, route).await });
        while studio.calls(ability) == 0 {
            assert!(!cut_off.is_finished(), "nobody answers yet");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        studio.kill();
        assert!(cut_off.await.is_err(), "the connection is gone");
        studio.start_again();
        let answer = ask(&tab, route).await;
        assert_eq!(studio.calls(ability), 2, "only the call that was cut off is made again: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_written_down_is_not_paid_for_again() {
    for (route, ability) in [SCRIPT, SAMPLE] {
        let mut studio = Studio::start().await;
        let tab = studio.signed_in("ada").await;
        let answer = ask(&tab, route).await;
        assert_eq!(studio.calls(ability), 1);
        studio.kill();
        studio.start_again();
        assert_eq!(ask(&tab, route).await, answer);
        assert_eq!(studio.calls(ability), 1, "it was there");
    }
}
