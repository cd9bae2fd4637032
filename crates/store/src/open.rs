//! Opening a database: connecting, bringing its schema up to date, and plain words for what can go wrong.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::{Duration, Instant};

use sea_orm::sqlx;
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr};
use tokio::sync::Mutex;

use crate::changes;
use crate::error::{Code, During, code, driver_error};
use crate::schema::{Migrated, bring_up_to_date};
use crate::{Store, StoreError};

/// How long a statement waits for another process's write to an SQLite file.
const BUSY_WAIT: Duration = Duration::from_secs(5);
/// Between two tries to open a file that another process is opening.
const BUSY_PAUSE: Duration = Duration::from_millis(20);
/// A connection that has been idle for longer is tried before it is used.
const IDLE_TRUST: Duration = Duration::from_secs(15);
/// Statements that a connection keeps prepared.
const STATEMENTS: usize = 250;
/// How long to wait for a connection.
pub(crate) const CONNECT_WAIT: Duration = Duration::from_secs(10);

/// Opens `sqlite:///abs/path.db` (created if absent) or `postgres://…` and brings the schema up to date.
///
/// What follows `sqlite://` is the path of the file as it is: nothing in it is decoded.
pub async fn open(url: &str) -> Result<Store, StoreError> {
    Ok(migrate(url).await?.0)
}

/// The same, with what bringing the schema up to date has come to.
///
/// # Errors
/// [`StoreError::NewerSchema`] where a newer version has taken away what this one needs. What newer versions have only added
/// does no harm.
pub async fn migrate(url: &str) -> Result<(Store, Migrated), StoreError> {
    let path = url.strip_prefix("sqlite://");
    let place = path.map_or_else(|| without_secrets(url), str::to_owned);
    if path.is_none() && !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        let reason = "the address is of no known kind".to_owned();
        let remedy = "use sqlite:// with the path of a file, or postgres://user@host/database".to_owned();
        return Err(StoreError::Open { place, reason, remedy, source: None });
    }
    // Both are in use; SeaORM knows the short one only.
    let short = url.strip_prefix("postgresql://").map(|rest| format!("postgres://{rest}"));
    let url = short.as_deref().unwrap_or(url);
    let begun = Instant::now();
    let (store, migrated) = loop {
        match open_now(url, path).await {
            // SQLite doesn't wait where a file gets its journal: two processes that start together must.
            Err(error) if error_code(&error) == Code::Busy && begun.elapsed() < BUSY_WAIT => tokio::time::sleep(BUSY_PAUSE).await,
            done => break done.map_err(|error| open_error(&place, path, error))?,
        }
    };
    let migrated = migrated.map_err(|step| StoreError::NewerSchema { place, step })?;
    if path.is_none() {
        changes::listen(url.to_owned(), store.db.get_postgres_connection_pool().clone(), &store.signal).await;
    }
    Ok((store, migrated))
}

async fn open_now(url: &str, path: Option<&str>) -> Result<(Store, Result<Migrated, String>), DbErr> {
    let db = connect(url, path).await?;
    let store = Store {
        db,
        signal: Arc::default(),
        due_at: Arc::new(AtomicI64::new(i64::MIN)),
        turn: Arc::new(Mutex::new(())),
        cause: None,
    };
    let migrated = bring_up_to_date(&store).await?;
    Ok((store, migrated))
}

impl Store {
    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.db.ping().await.during("asking", "whether it answers")
    }
}

async fn connect(url: &str, path: Option<&str>) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(if path.is_some() { "sqlite://file" } else { url });
    options.sqlx_logging(false).connect_timeout(CONNECT_WAIT).acquire_timeout(CONNECT_WAIT);
    match path {
        None => {
            // A connection that was in use a moment ago need not be asked whether it still lives.
            options
                .max_connections(10)
                .test_before_acquire_if_idle_for(IDLE_TRUST)
                .map_sqlx_postgres_opts(|postgres| postgres.statement_cache_capacity(STATEMENTS));
        }
        Some(path) => {
            let path = path.to_owned();
            // One writer at a time anyway; the others read.
            options.max_connections(5).map_sqlx_sqlite_opts(move |sqlite| {
                sqlite
                    .filename(&path)
                    .create_if_missing(true)
                    .foreign_keys(true)
                    .busy_timeout(BUSY_WAIT)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Normal)
            });
        }
    }
    Database::connect(options).await
}

pub(crate) fn open_error(place: &str, path: Option<&str>, error: DbErr) -> StoreError {
    let (reason, remedy) = match path {
        Some(path) => sqlite_trouble(Path::new(path), &error),
        None => postgres_trouble(&error),
    };
    StoreError::Open { place: place.to_owned(), reason, remedy, source: Some(Box::new(error)) }
}

fn sqlite_trouble(path: &Path, error: &DbErr) -> (String, String) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let shown = folder.display();
    if !folder.is_dir() {
        return ("its folder does not exist".to_owned(), format!("create the folder {shown}, or choose another place"));
    }
    if path.is_dir() {
        return ("it is a folder".to_owned(), "choose a file in it, such as shortsai.db".to_owned());
    }
    match error_code(error) {
        Code::CannotOpen | Code::ReadOnly => (
            "this user can't write there".to_owned(),
            format!("give this user the right to write the folder {shown} and the files in it, or choose another place"),
        ),
        Code::Full => ("the disk is full".to_owned(), "make room on it".to_owned()),
        Code::NotADatabase => (
            "the file is not an SQLite database, or is damaged".to_owned(),
            "choose another file, or restore a backup".to_owned(),
        ),
        Code::Busy => ("another program keeps it locked".to_owned(), "close that program, and try again".to_owned()),
        _ => ("SQLite does not take it".to_owned(), "look at the log for what SQLite said, or choose another file".to_owned()),
    }
}

fn postgres_trouble(error: &DbErr) -> (String, String) {
    let (reason, remedy) = match driver_error(error) {
        Some(sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut) => {
            ("the server does not answer", "check host and port in the address, and that PostgreSQL is running")
        }
        Some(sqlx::Error::Tls(_)) => ("no secure connection came about", "check sslmode in the address"),
        // SeaORM asks for a driver that understands the address, and finds none.
        None | Some(sqlx::Error::Configuration(_)) => {
            ("the address is not understood", "write it as postgres://user:password@host:port/database")
        }
        _ => match error_code(error) {
            Code::WrongPassword => ("the server refuses the user or the password", "check both in the address"),
            Code::NoSuchDatabase => {
                ("the server has no database of that name", "create it with createdb, or correct the address")
            }
            Code::ReadOnly => {
                ("the user may not create tables", "grant the user CREATE on the schema, or make it the database's owner")
            }
            Code::Full => ("the server's disk is full", "make room on it"),
            _ => ("PostgreSQL does not take it", "look at the log for what PostgreSQL said"),
        },
    };
    (reason.to_owned(), remedy.to_owned())
}

fn error_code(error: &DbErr) -> Code {
    match driver_error(error) {
        Some(sqlx::Error::Database(error)) => code(error.as_ref()),
        _ => Code::Other,
    }
}

/// A database's address without password and parameters, fit to be shown.
pub fn without_secrets(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let Some((credentials, server)) = rest.rsplit_once('@') else { return url.to_owned() };
    let user = credentials.split(':').next().unwrap_or_default();
    format!("{scheme}://{user}@{server}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_shown_without_secrets() {
        let check = |url, expected: &str| assert_eq!(without_secrets(url), expected);
        check("postgres://me:se@cret@host:5432/db?password=x", "postgres://me@host:5432/db");
        check("postgres://host/db", "postgres://host/db");
        check("nonsense", "nonsense");
    }
}
