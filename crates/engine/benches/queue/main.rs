//! What the queue costs: the overhead of an empty task, how many tasks a second go through one engine process, and how much
//! slower a claim gets with 100,000 tasks in the queue; on SQLite, and on PostgreSQL when `SHORTSAI_TEST_POSTGRES_URL` names a
//! server (`scripts/with-postgres.sh` starts one).
//!
//! ```sh
//! scripts/with-postgres.sh cargo bench --package engine --bench queue -- target/bench/engine.json
//! ```
#![allow(clippy::print_stdout, reason = "a benchmark says what it has measured")]

mod database;
mod work;

use std::path::Path;
use std::time::Instant;

use chrono::Duration;
use model::task::TaskKind;
use serde_json::{Map, Value, json};
use store::{Lane, Outcome};

use crate::database::Database;

/// Tasks of each project: a picture and a narration for each of five scenes.
pub const TASKS_OF_PROJECT: usize = 10;
const SMALL_QUEUE: usize = 100;
const LARGE_QUEUE: usize = 10_000;
const SAMPLES: usize = 400;

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    // In a task, as the engine: the thread outside has to be woken for each answer of the database.
    let figures = runtime.spawn(async {
        let mut figures = Map::new();
        if let Some(database) = Database::postgres() {
            measure(&database, "", &mut figures).await;
        } else {
            println!("no PostgreSQL: SHORTSAI_TEST_POSTGRES_URL is not set");
        }
        measure(&Database::sqlite(), "_sqlite", &mut figures).await;
        figures
    });
    let figures = runtime.block_on(figures).expect("measuring works");
    if let Some(file) = std::env::args().nth(1).filter(|argument| !argument.starts_with("--")) {
        write(Path::new(&file), figures);
    }
}

async fn measure(database: &Database, suffix: &str, figures: &mut Map<String, Value>) {
    let mut note = |name: &str, value: f64| {
        println!("{name}{suffix}: {value:.3}");
        figures.insert(format!("{name}{suffix}"), json!((value * 1000.0).round() / 1000.0));
    };
    let store = database.open("overhead").await;
    database::fill(&store, 0..SMALL_QUEUE).await;
    note("task_overhead_ms", overhead(&store).await);
    let store = database.open("throughput").await;
    database::fill(&store, 0..1000).await;
    note("tasks_per_second", work::throughput(&store, 1000 * TASKS_OF_PROJECT).await);
    let (small, large) = (database.open("small").await, database.open("claims").await);
    database::fill(&small, 0..SMALL_QUEUE).await;
    database::fill(&large, 0..LARGE_QUEUE).await;
    // PostgreSQL would do it by itself within a minute: not in the middle of what is measured.
    for name in ["small", "claims"] {
        database.clean_up(name);
    }
    let [short, long] = claims([&small, &large]).await;
    println!("claim{suffix}: {short:.3} ms with 1,000 tasks in the queue, {long:.3} ms with 100,000");
    note("claim_slowdown_100k", long / short - 1.0);
    database.explain("claims");
}

/// Milliseconds from claim to finish of one task after the other, on average, without anything in between.
async fn overhead(store: &store::Store) -> f64 {
    let mut times = Vec::new();
    for _ in 0..SAMPLES {
        let begun = Instant::now();
        let kinds = Lane::Media.kinds();
        let claimed = store.claim_and_start("bench", kinds.as_slice(), 1, database::now(), Duration::minutes(9)).await;
        let claimed = claimed.expect("claiming works").pop().expect("there are more tasks");
        assert!(claimed.begun, "nobody else is there");
        let product = work::product(claimed.lease.target.kind);
        let landed = store.finish(&claimed.lease, Outcome::Done(product), database::now()).await;
        assert!(landed.expect("finishing works"));
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    // The first ones prepare the statements.
    let warm = &times[SAMPLES / 10..];
    warm.iter().sum::<f64>() / warm.len() as f64
}

/// Milliseconds of one claim from each queue, the medians. They take turns: what else the machine does falls on both.
async fn claims(queues: [&store::Store; 2]) -> [f64; 2] {
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..SAMPLES {
        for (queue, times) in queues.iter().zip(&mut times) {
            let begun = Instant::now();
            let claimed =
                queue.claim("bench", &[TaskKind::Speak, TaskKind::DrawImage], database::now(), Duration::hours(9)).await;
            times.push(begun.elapsed().as_secs_f64() * 1e3);
            assert!(claimed.expect("claiming works").is_some(), "there are more tasks");
        }
    }
    times.map(|times| {
        // The first ones prepare the statements.
        let mut warm = times[SAMPLES / 10..].to_vec();
        warm.sort_unstable_by(f64::total_cmp);
        warm[warm.len() / 2]
    })
}

/// Another program writes other figures into the same file.
fn write(file: &Path, figures: Map<String, Value>) {
    let before = std::fs::read_to_string(file).ok().and_then(|text| serde_json::from_str::<Map<String, Value>>(&text).ok());
    let mut all = before.unwrap_or_default();
    all.extend(figures);
    let folder = file.parent().expect("a file is in a folder");
    std::fs::create_dir_all(folder).expect("the folder can be made");
    let text = serde_json::to_string_pretty(&all).expect("figures are JSON");
    std::fs::write(file, text + "\n").expect("the figures can be written");
    println!("written to {}", file.display());
}
