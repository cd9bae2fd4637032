//! Faults on the wire, orders for them, and the ledger.

use std::time::Instant;

use providers::simulator::FaultKind;
use serde_json::{Value, json};

use super::client::{Answer, get, misbehave, post, send, start};

const KEY: [(&str, &str); 1] = [("authorization", "Bearer good-key-0123456789")];

#[test]
fn each_fault_has_its_look() {
    let simulator = start();
    let check = |kind: FaultKind, fits: &dyn Fn(&Answer) -> bool| {
        misbehave(&simulator, "openai", "models", kind);
        let answer = get(&simulator, "/openai/v1/models", &KEY);
        assert!(fits(&answer), "{kind:?}: {answer:?}");
        let after = get(&simulator, "/openai/v1/models", &KEY);
        assert!(after.status == 200 && after.whole, "once is once: {kind:?}, {after:?}");
    };
    let wish = |answer: &Answer| answer.header("retry-after").as_deref() == Some("7");
    check(FaultKind::Latency, &|answer| answer.status == 200);
    check(FaultKind::Unauthorized, &|answer| answer.status == 401);
    check(FaultKind::PaymentRequired, &|answer| answer.json()["error"]["code"] == "insufficient_quota");
    check(FaultKind::ModelNotFound, &|answer| answer.status == 404);
    check(FaultKind::RateLimited, &|answer| answer.status == 429 && wish(answer));
    check(FaultKind::ServerError, &|answer| answer.status == 500);
    check(FaultKind::Unavailable, &|answer| answer.status == 503 && wish(answer));
    check(FaultKind::Cut, &|answer| answer.status == 200 && !answer.whole && !answer.body.is_empty());
    check(FaultKind::Drip, &|answer| answer.status == 200 && answer.whole && answer.json()["object"] == "list");
    check(FaultKind::WrongMediaType, &|answer| answer.header("content-type").is_some_and(|kind| kind.starts_with("text/plain")));
    check(FaultKind::Html, &|answer| answer.status == 502 && answer.text().starts_with("<!DOCTYPE html>"));
    check(FaultKind::MalformedJson, &|answer| answer.status == 200 && serde_json::from_slice::<Value>(&answer.body).is_err());
}

#[test]
fn faults_are_ordered_over_http() {
    let simulator = start();
    let models = || get(&simulator, "/openai/v1/models", &KEY).status;
    let order = json!({ "vendor": "openai", "fault": { "kind": "html", "status": 200 }, "times": 1, "after": 1 });
    assert_eq!(post(&simulator, "/faults", &[], &order).status, 201);
    let late = json!({ "vendor": "*", "ability": "models", "fault": { "kind": "latency", "ms": 60 } });
    assert_eq!(post(&simulator, "/faults", &[], &late).status, 201);
    let start = Instant::now();
    assert_eq!(models(), 200);
    assert!(start.elapsed().as_millis() >= 60);
    assert!(get(&simulator, "/openai/v1/models", &KEY).text().starts_with("<!DOCTYPE"));
    assert_eq!(send(&simulator, "DELETE", "/faults", &[], &[]).json(), json!({ "faults": [] }));
    let unknown = post(&simulator, "/faults", &[], &json!({ "vendor": "openai", "fault": { "kind": "fire" } }));
    assert!(unknown.status == 400 && unknown.text().contains("fire"), "{}", unknown.text());
    assert_eq!(post(&simulator, "/faults", &[], &json!({ "vendor": "nobody", "fault": { "kind": "html" } })).status, 400);
    assert_eq!(get(&simulator, "/nobody/v1", &[]).status, 404);
}

#[test]
fn the_ledger_tells_all_but_the_key() {
    let simulator = start();
    let headers = [KEY[0], ("idempotency-key", "task-7")];
    let body = json!({ "model": "gpt-5.2", "messages": [{ "role": "user", "content": "A motion for the camera" }] });
    post(&simulator, "/openai/v1/chat/completions", &headers, &body);
    get(&simulator, "/openai/v1/models", &[("authorization", "Bearer bad-key-0123456789")]);
    let shown = get(&simulator, "/ledger", &[]);
    assert!(!shown.text().contains("0123456789"), "{}", shown.text());
    let ledger = shown.json();
    let call = &ledger["calls"][0];
    assert_eq!((&call["number"], &call["ability"], &call["model"]), (&json!(1), &json!("text"), &json!("gpt-5.2")));
    assert_eq!((&call["idempotencyKey"], &call["status"]), (&json!("task-7"), &json!(200)));
    assert!(call["key"].as_str().is_some_and(|key| key.starts_with("…6789#")), "{call}");
    assert!(call["costUsd"].as_f64().is_some_and(|cost| cost > 0.0));
    assert_eq!(call["details"]["prompt"], "A motion for the camera");
    assert_eq!(ledger["calls"][1]["status"], 401);
    assert_eq!(ledger["totals"].as_array().map(Vec::len), Some(2));
    assert_eq!(send(&simulator, "DELETE", "/ledger", &[], &[]).status, 200);
    get(&simulator, "/openai/v1/models", &KEY);
    assert_eq!(simulator.calls().iter().map(|call| call.number).collect::<Vec<_>>(), [3]);
}
