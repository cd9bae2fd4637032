//! Who is told of changes: followers in this process at once, on PostgreSQL those in others by LISTEN/NOTIFY.
//!
//! Signals are hints only. One can be lost (a connection breaks), so a follower also looks from time to time.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use sea_orm::sqlx::postgres::{PgListener, PgNotification};
use sea_orm::sqlx::{self, PgPool, Row};
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

use crate::Store;

/// Where PostgreSQL passes the word on.
const CHANNEL: &str = "shortsai_changes";
/// Notices that go out in one statement at the most.
const AT_ONCE: usize = 1000;
/// Between two tries to listen again. Followers look by themselves meanwhile.
const LISTEN_PAUSE: Duration = Duration::from_secs(2);
/// While nothing happens, the listener looks this often whether its store is still there.
const LOOK_FOR_FOLLOWERS: Duration = Duration::from_secs(5);

/// The followers in this process.
#[derive(Default)]
pub struct Signal {
    all: watch::Sender<u64>,
    projects: Mutex<HashMap<Uuid, watch::Sender<u64>>>,
    /// PostgreSQL's number of the connection that listens, which tells this process's own notices from others'; 0 without.
    listener: AtomicU32,
    /// Notices on their way to other processes; empty on SQLite.
    notices: OnceLock<mpsc::UnboundedSender<String>>,
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

    /// Tells other processes; without a project it is about tasks only. Call it when the change is committed.
    pub fn tell_others(&self, project: Option<Uuid>) {
        if let Some(notices) = self.notices.get() {
            let from = self.listener.load(Ordering::Relaxed);
            let notice = project.map_or_else(|| from.to_string(), |project| format!("{from} {project}"));
            // They are taken for as long as the store is open.
            let _ = notices.send(notice);
        }
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

/// Passes notices on to other processes until the store is gone; those that come while some are being sent go together.
///
/// Not in the transactions that they are about: those would need one more statement each, and PostgreSQL commits
/// transactions with notices one by one.
async fn pass_on(pool: PgPool, mut notices: mpsc::UnboundedReceiver<String>) {
    let mut some = Vec::new();
    while notices.recv_many(&mut some, AT_ONCE).await > 0 {
        let different: BTreeSet<String> = some.drain(..).collect();
        let payloads: Vec<String> = different.into_iter().collect();
        let notify = sqlx::query("SELECT count(pg_notify($1, payload)) FROM unnest($2::text[]) AS payload");
        // Who misses one looks by itself.
        let _ = notify.bind(CHANNEL).bind(payloads).execute(&pool).await;
    }
}

/// Listens to other processes for as long as somebody holds the signal. Returns when it listens, or has first failed to.
pub async fn listen(url: String, pool: PgPool, signal: &Arc<Signal>) {
    let (sender, notices) = mpsc::unbounded_channel();
    tokio::spawn(pass_on(pool.clone(), notices));
    let _ = signal.notices.set(sender);
    let mut listener = connect(&url, signal).await.ok();
    let signal = Arc::downgrade(signal);
    tokio::spawn(async move {
        loop {
            if let Some(listener) = listener.take() {
                hear_until_trouble(listener, &signal).await;
            }
            // The server is away; followers look by themselves until it is back.
            tokio::time::sleep(LISTEN_PAUSE).await;
            let Some(signal) = signal.upgrade() else { return };
            if pool.is_closed() {
                return;
            }
            listener = connect(&url, &signal).await.ok();
            if listener.is_some() {
                signal.tell_everybody();
            }
        }
    });
}

async fn connect(url: &str, signal: &Signal) -> Result<PgListener, sqlx::Error> {
    let mut listener = PgListener::connect(url).await?;
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    let own = sqlx::query("SELECT pg_backend_pid()").fetch_one(&mut listener).await?;
    let own: i32 = own.try_get(0)?;
    signal.listener.store(own.unsigned_abs(), Ordering::Relaxed);
    Ok(listener)
}

/// Returns when the connection breaks or nobody is left to be told.
async fn hear_until_trouble(mut listener: PgListener, signal: &Weak<Signal>) {
    loop {
        let notice = tokio::time::timeout(LOOK_FOR_FOLLOWERS, listener.try_recv()).await;
        let Some(signal) = signal.upgrade() else { return };
        match notice {
            Ok(Ok(Some(notice))) => signal.hear(&notice),
            Ok(Ok(None) | Err(_)) => return,
            Err(_) => {}
        }
    }
}
