//! `shortsai status`: how the server stands, for people and for programs: what waits, runs and failed, disk, spend, backups.

use std::process::ExitCode;

use anyhow::Context;
use chrono::{DateTime, Duration, Utc};
use model::usage::Money;
use serde_json::{Value, json};
use store::{QueueOf, RunningTask, TaskRecord};

use crate::backup::schedule;
use crate::cli;
use crate::data_dir::DataDir;
use crate::disk::{self, Space};
use crate::wiring::now;

/// Tasks that are listed at the most, of each kind of list.
const MOST: u64 = 20;

/// How things stand at one moment.
struct Status {
    now: DateTime<Utc>,
    queue: Vec<QueueOf>,
    running: Vec<RunningTask>,
    failures: Vec<TaskRecord>,
    disk: Option<Space>,
    spent: (Money, Money),
    backup: Option<DateTime<Utc>>,
}

pub fn status(arguments: &cli::Status) -> anyhow::Result<ExitCode> {
    let data = DataDir::open(&arguments.data)?;
    let runtime = tokio::runtime::Runtime::new().context("the async runtime can't be started")?;
    let status = runtime.block_on(look(&data))?;
    match arguments.json {
        true => println!("{}", serde_json::to_string_pretty(&status.json())?),
        false => print!("{}", status.text()),
    }
    Ok(ExitCode::SUCCESS)
}

async fn look(data: &DataDir) -> anyhow::Result<Status> {
    let store = store::open(&data.database_url()).await?;
    let now = now();
    Ok(Status {
        now,
        queue: store.queue_overview(now).await?,
        running: store.running_tasks(MOST).await?,
        failures: store.failed_tasks(now - Duration::days(1), MOST).await?,
        disk: disk::space(data.root()),
        spent: store.spent(now).await?,
        backup: store.chore_done(schedule::CHORE).await?,
    })
}

impl Status {
    fn seconds_since(&self, time: DateTime<Utc>) -> i64 {
        (self.now - time).num_seconds().max(0)
    }

    fn json(&self) -> Value {
        let queue = |of: &QueueOf| {
            let waited = of.waiting_since.map(|since| self.seconds_since(since));
            json!({ "kind": of.kind.name(), "waiting": of.waiting, "oldestWaitingSeconds": waited, "later": of.later, "running": of.running })
        };
        let running = |RunningTask { task, worker, lease_until }: &RunningTask| {
            json!({
                "kind": task.target.kind.name(), "task": task.id, "project": task.project, "attempt": task.attempt,
                "ageSeconds": self.seconds_since(task.created_at), "worker": worker,
                "leaseSeconds": (*lease_until - self.now).num_seconds(),
            })
        };
        let failure = |task: &TaskRecord| {
            json!({
                "kind": task.target.kind.name(), "task": task.id, "project": task.project, "attempt": task.attempt,
                "failedAt": task.finished_at, "reason": task.last_error,
            })
        };
        json!({
            "at": self.now,
            "queue": self.queue.iter().map(queue).collect::<Vec<_>>(),
            "running": self.running.iter().map(running).collect::<Vec<_>>(),
            "failures": self.failures.iter().map(failure).collect::<Vec<_>>(),
            "disk": self.disk.map(|Space { free, total }| json!({ "freeBytes": free, "totalBytes": total })),
            "spend": { "todayUsd": dollars(self.spent.0), "monthUsd": dollars(self.spent.1) },
            "lastBackup": self.backup,
        })
    }

    fn text(&self) -> String {
        let mut text = String::new();
        let mut line = |words: String| {
            text.push_str(&words);
            text.push('\n');
        };
        line(format!("{:<14} {:>8} {:>8} {:>8}  oldest waits for", "queue", "waiting", "later", "running"));
        for of in self.queue.iter().filter(|of| of.waiting + of.later + of.running > 0) {
            let waited = of.waiting_since.map_or_else(|| "-".to_owned(), |since| age(self.seconds_since(since)));
            line(format!("{:<14} {:>8} {:>8} {:>8}  {waited}", of.kind.name(), of.waiting, of.later, of.running));
        }
        if self.queue.iter().all(|of| of.waiting + of.later + of.running == 0) {
            line("nothing is open".to_owned());
        }
        if !self.running.is_empty() {
            line("\nrunning (asked for, longest ago first)".to_owned());
        }
        for RunningTask { task, worker, .. } in &self.running {
            let since = age(self.seconds_since(task.created_at));
            line(format!(
                "{:<14} {since:>8} ago  project {}  attempt {}  by {worker}",
                task.target.kind.name(),
                task.project,
                task.attempt
            ));
        }
        line(format!("\nfailed in the last 24 hours: {}", self.failed()));
        for task in &self.failures {
            let since = task.finished_at.map_or_else(String::new, |at| age(self.seconds_since(at)));
            let reason = task.last_error.as_deref().unwrap_or("no reason is known");
            line(format!("{:<14} {since:>8} ago  project {}  {reason}", task.target.kind.name(), task.project));
        }
        let disk = self.disk.map_or_else(
            || "unknown".to_owned(),
            |disk| format!("{:.1} GB free of {:.1} GB", gigabytes(disk.free), gigabytes(disk.total)),
        );
        line(format!("\ndisk    {disk}"));
        line(format!("spend   about {} today, {} this month (UTC)", self.spent.0, self.spent.1));
        let backup = self
            .backup
            .map_or_else(|| "none was taken by a server".to_owned(), |at| format!("{} ago", age(self.seconds_since(at))));
        line(format!("backup  {backup}"));
        text
    }

    fn failed(&self) -> String {
        let more = if self.failures.len() as u64 == MOST { " or more" } else { "" };
        format!("{}{more}", self.failures.len())
    }
}

fn dollars(money: Money) -> f64 {
    money.0 as f64 / 1e6
}

fn gigabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e9
}

/// A time in its largest unit.
fn age(seconds: i64) -> String {
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}
