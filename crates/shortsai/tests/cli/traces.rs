//! Traces from a request to the worker, as a collector gets them.

use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::collector::{Collector, Span};
use crate::desk::{Desk, Ended, QUICK, wait_for};
use crate::serving::Server;
use crate::workers::{SECRET, Worker, share_objects};

const PLANTED: &str = "Plantedprompt";

/// A server that tells the endpoint, ready to be started.
fn serve(desk: &Desk, endpoint: &str) -> Command {
    let mut command = desk.command(&["serve", "--listen", "127.0.0.1:0"]);
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

fn start(command: &mut Command) -> Server {
    Server::of(command.spawn().expect("the program starts"))
}

/// A short, made to its end.
fn make(server: &Server) {
    let script = format!("{QUICK}{PLANTED} is a word that nobody else writes.\n\nNor is this.\n");
    let (status, short) = server.ask("POST", "/api/shorts", &json!({ "script": script }).to_string());
    assert_eq!(status, "202", "{short}");
    let address = format!("/api/shorts/{}", short["id"].as_str().expect("an id"));
    let done = wait_for("the video", || {
        // A server has its limits of requests.
        std::thread::sleep(Duration::from_millis(60));
        let now = server.ask("GET", &address, "").1;
        ["completed", "failed"].iter().any(|end| now["status"] == *end).then_some(now)
    });
    assert_eq!(done["status"], "completed", "{done}");
}

/// The spans of that name below that one, of which there is one at least.
#[track_caller]
fn below<'a>(spans: &'a [Span], parent: &Span, name: &str) -> Vec<&'a Span> {
    let found: Vec<_> = spans.iter().filter(|span| span.name == name && span.parent == parent.id).collect();
    assert!(!found.is_empty(), "no {name} below {parent:?} in {spans:#?}");
    assert!(found.iter().all(|span| span.trace == parent.trace));
    found
}

#[test]
fn one_trace_goes_from_the_request_to_the_worker() {
    let (desk, collector) = (Desk::new(), Collector::start());
    share_objects(&desk, &["one"]);
    let told = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &*collector.endpoint),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20planted-key"),
    ];
    let worker = Worker::start_with(&desk, "one", &told);
    let mut command = serve(&desk, &collector.endpoint);
    command.envs(told).env("WORKER_URL", format!("http://{}", worker.address)).env("WORKER_SECRET", SECRET);
    let server = start(&mut command);
    make(&server);
    assert_eq!(server.terminate().0, Some(0));
    assert_eq!(worker.running.stop(), Some(0));

    let spans = collector.spans();
    let order = spans.iter().find(|span| span.name == "POST /api/shorts").unwrap_or_else(|| panic!("no order in {spans:#?}"));
    assert_eq!((&*order.parent, order.kind, &*order.service), ("", 2, "shortsai"));
    assert_eq!((order.attribute("http.route"), order.attribute("http.response.status_code")), ("/api/shorts", "202"));
    assert_eq!(order.attribute("request_id").len(), 36);
    for kind in ["draw_image", "speak"] {
        for task in below(&spans, order, &format!("task {kind}")) {
            assert_eq!((task.kind, task.attribute("outcome"), task.attribute("attempt")), (5, "done", "1"));
            assert_eq!(task.attribute("user"), order.attribute("user"));
            let call = below(&spans, task, "call")[0];
            assert_eq!((call.kind, call.attribute("outcome")), (3, "done"));
            assert!(!call.attribute("vendor").is_empty() && !call.attribute("model").is_empty());
        }
    }
    let render = below(&spans, order, "task render")[0];
    let dispatch = below(&spans, render, "dispatch")[0];
    assert_eq!(
        (dispatch.kind, &*dispatch.service, dispatch.attribute("worker")),
        (3, "shortsai", &*format!("http://{}", worker.address))
    );
    let job = below(&spans, dispatch, "job")[0];
    assert_eq!((job.kind, &*job.service, job.attribute("outcome")), (2, "shortsai-worker", "done"));
    assert_eq!(job.attribute("project"), render.attribute("project"));
    let drawn = below(&spans, job, "render")[0];
    let segments: i64 =
        below(&spans, drawn, "segment").iter().map(|span| span.attribute("count").parse::<i64>().expect("a number")).sum();
    assert_eq!((segments.to_string(), "0"), (drawn.attribute("segments").to_owned(), drawn.attribute("cached")));
    for step in ["mix", "join"] {
        below(&spans, drawn, step);
    }

    assert!(spans.iter().all(|span| !span.failed), "{spans:#?}");
    let text = collector.text();
    for planted in [PLANTED, SECRET, "planted"] {
        assert!(!text.contains(planted), "{planted} is in {text}");
    }
    assert!(
        collector.keys().iter().all(|key| key == "Bearer planted-key") && collector.keys().len() >= 2,
        "{:?}",
        collector.keys()
    );
}

#[test]
fn a_worker_is_traced_below_a_server_that_only_logs() {
    let (desk, collector) = (Desk::new(), Collector::start());
    share_objects(&desk, &["one"]);
    let worker = Worker::start_with(&desk, "one", &[("OTEL_EXPORTER_OTLP_ENDPOINT", &*collector.endpoint)]);
    let mut command = serve(&desk, "");
    command.env("SHORTSAI_LOG", "json").env("WORKER_URL", format!("http://{}", worker.address)).env("WORKER_SECRET", SECRET);
    let server = start(&mut command);
    make(&server);
    assert_eq!((server.terminate().0, worker.running.stop()), (Some(0), Some(0)));
    let spans = collector.spans();
    let job = spans.iter().find(|span| span.name == "job").unwrap_or_else(|| panic!("no job in {spans:#?}"));
    assert!(!job.parent.is_empty() && spans.iter().all(|span| span.service == "shortsai-worker"), "{spans:#?}");
}

#[test]
fn strangers_can_not_have_themselves_traced() {
    let collector = Collector::start();
    let (theirs, parent) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
    let asked = |proxies: &str, sampler: &str| {
        let desk = Desk::new();
        let server = start(serve(&desk, &collector.endpoint).env("TRUSTED_PROXIES", proxies).env("OTEL_TRACES_SAMPLER", sampler));
        let header = format!("\r\ntraceparent: 00-{theirs}-{parent}-01");
        let before = collector.spans().len();
        assert_eq!(server.ask("GET", &format!("/api/projects HTTP/1.1{header}\r\nx-rest:"), "").0, "200");
        assert_eq!(server.terminate().0, Some(0));
        collector.spans()[before..].iter().map(|span| (span.trace.clone(), span.parent.clone())).collect::<Vec<_>>()
    };
    let own = asked("192.0.2.1", "always_on");
    assert!(own.len() == 1 && own[0].0 != theirs && own[0].1.is_empty(), "{own:?}");
    assert_eq!(asked("127.0.0.1", "parentbased_always_off"), [(theirs.to_owned(), parent.to_owned())]);
    assert_eq!(asked("192.0.2.1", "parentbased_always_off"), []);
}

#[test]
fn a_collector_that_is_away_costs_nothing() {
    // One is not there; the other takes connections and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let silent = (format!("http://{}", silent.local_addr().expect("an address")), silent);
    for endpoint in ["http://127.0.0.1:1", &*silent.0] {
        let desk = Desk::new();
        let mut command = serve(&desk, endpoint);
        let log = std::fs::File::create(desk.path("log")).expect("a file");
        let server = start(command.stderr(log).env("SHORTSAI_LOG", "json").env("OTEL_BSP_SCHEDULE_DELAY", "20"));
        make(&server);
        let begun = Instant::now();
        assert_eq!(server.terminate().0, Some(0));
        assert!(begun.elapsed() < Duration::from_secs(10), "it ended after {:?}", begun.elapsed());
        let log = std::fs::read_to_string(desk.path("log")).expect("UTF-8");
        let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let told = lines.iter().filter(|line| line["message"].as_str().is_some_and(|message| message.contains("traces")));
        assert_eq!(told.count(), 1, "once, not at every try:\n{log}");
        let traced = |line: &&Value| line["target"] == "access" && line["trace_id"].as_str().is_some_and(|id| id.len() == 32);
        assert!(lines.iter().any(|line| traced(&line)), "{log}");
    }
}

#[test]
fn mistakes_in_the_settings_are_named() {
    let check = |variable: &str, value: &str, says: &str| {
        let desk = Desk::new();
        let mut command = serve(&desk, "http://127.0.0.1:1");
        let ended = Ended::of(command.env(variable, value).stderr(Stdio::piped()).output().expect("the program starts"));
        assert!(ended.code == Some(2) && ended.stderr.starts_with("error: ") && ended.stderr.contains(says), "{ended:?}");
    };
    check("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318", "OTEL_EXPORTER_OTLP_ENDPOINT is \"collector:4318\"");
    check("OTEL_TRACES_SAMPLER", "sometimes", "OTEL_TRACES_SAMPLER is \"sometimes\"");
    check("OTEL_TRACES_SAMPLER_ARG", "1.5", "OTEL_TRACES_SAMPLER_ARG is \"1.5\"");
    check("OTEL_EXPORTER_OTLP_HEADERS", "planted", "OTEL_EXPORTER_OTLP_HEADERS");
}
