//! Who is told of changes: followers in this process at once, on PostgreSQL those in others by LISTEN/NOTIFY.
//!
//! Signals are hints only. One can be lost (a connection breaks), so a follower also looks from time to time.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use sea_orm::sqlx::postgres::{PgListener, PgNotification};
use sea_orm::sqlx::{self, PgPool, Row};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};
use tokio::sync::watch;
use uuid::Uuid;

use crate::Store;

/// Where PostgreSQL passes the word on.
const CHANNEL: &str = "shortsai_changes";
/// Between two tries to listen again. Followers look by themselves meanwhile.
const LISTEN_PAUSE: Duration = Duration::from_secs(2);

/// The followers in this process.
#[derive(Default)]
pub struct Signal {
    all: watch::Sender<u64>,
    projects: Mutex<HashMap<Uuid, watch::Sender<u64>>>,
    /// PostgreSQL's number of the connection that listens, which tells this process's own notices from others'; 0 without.
    listener: AtomicU32,
}

impl Store {
    /// Counts up whenever something has changed: the hint to look at events or tasks again.
    ///
    /// On SQLite other processes' changes are not counted, and on PostgreSQL a notice can be lost: a follower also looks
    /// from time to time.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.signal.all.subscribe()
    }

    /// Counts up whenever that project has changed (or may have: after a lost connection); otherwise like
    /// [`Self::changes`]. There need not be such a project.
    pub fn changes_of(&self, project: Uuid) -> watch::Receiver<u64> {
        let mut projects = self.signal.projects();
        // Followers that have gone leave their project's entry: swept when the table would have to grow.
        if projects.len() == projects.capacity() {
            projects.retain(|_, followers| followers.receiver_count() > 0);
        }
        projects.entry(project).or_default().subscribe()
    }
}

impl Signal {
    /// Tells the followers of one project, and those of everything.
    pub fn tell(&self, project: Uuid) {
        let mut projects = self.projects();
        if let Some(followers) = projects.get(&project) {
            if followers.receiver_count() == 0 {
                projects.remove(&project);
            } else {
                followers.send_modify(|count| *count += 1);
            }
        }
        drop(projects);
        self.tell_of_tasks();
    }

    /// Tells those who wait for anything, such as tasks.
    pub fn tell_of_tasks(&self) {
        self.all.send_modify(|count| *count += 1);
    }

    /// Something may have been missed.
    fn tell_everybody(&self) {
        for followers in self.projects().values() {
            followers.send_modify(|count| *count += 1);
        }
        self.tell_of_tasks();
    }

    fn projects(&self) -> MutexGuard<'_, HashMap<Uuid, watch::Sender<u64>>> {
        // Counters can't be left half-changed.
        self.projects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A notice of another process: `<its listener> <project, or nothing>`.
    fn hear(&self, notice: &PgNotification) {
        let (from, project) = notice.payload().split_once(' ').unwrap_or((notice.payload(), ""));
        if from.parse() == Ok(self.listener.load(Ordering::Relaxed)) {
            return;
        }
        match project.parse() {
            Ok(project) => self.tell(project),
            Err(_) => self.tell_of_tasks(),
        }
    }
}

/// Tells other processes, once the transaction is committed; without a project it is about tasks only.
pub async fn notify(txn: &impl ConnectionTrait, signal: &Signal, projects: &[Option<Uuid>]) -> Result<(), DbErr> {
    if txn.get_database_backend() != DbBackend::Postgres || projects.is_empty() {
        return Ok(());
    }
    let from = signal.listener.load(Ordering::Relaxed);
    let payloads = projects.iter().map(|project| match project {
        Some(project) => format!("{from} {project}"),
        None => from.to_string(),
    });
    let payloads: Vec<String> = payloads.collect();
    // One parameter whatever their number, so that the statement is prepared once.
    let values = [CHANNEL.into(), payloads.join("\n").into()];
    let notify = r"SELECT count(pg_notify($1, payload)) FROM unnest(string_to_array($2, E'\n')) AS payload";
    txn.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, notify, values)).await?;
    Ok(())
}

/// Listens to other processes for as long as somebody holds the signal.
pub fn listen(url: String, pool: PgPool, signal: &Arc<Signal>) {
    let signal = Arc::downgrade(signal);
    tokio::spawn(async move {
        while signal.strong_count() > 0 && !pool.is_closed() {
            // An error means that the server is away; followers look by themselves until it is back.
            let _ = listen_until_trouble(&url, &signal).await;
            tokio::time::sleep(LISTEN_PAUSE).await;
        }
    });
}

async fn listen_until_trouble(url: &str, signal: &Weak<Signal>) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect(url).await?;
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    let own = sqlx::query("SELECT pg_backend_pid()").fetch_one(&mut listener).await?;
    let own: i32 = own.try_get(0)?;
    let Some(held) = signal.upgrade() else { return Ok(()) };
    held.listener.store(own.unsigned_abs(), Ordering::Relaxed);
    held.tell_everybody();
    drop(held);
    loop {
        // Now and then it looks whether anybody is left to be told.
        let notice = tokio::time::timeout(Duration::from_secs(5), listener.try_recv()).await;
        let Some(held) = signal.upgrade() else { return Ok(()) };
        match notice {
            Ok(Ok(Some(notice))) => held.hear(&notice),
            Ok(Ok(None)) => return Ok(()),
            Ok(Err(error)) => return Err(error),
            Err(_) => {}
        }
    }
}
