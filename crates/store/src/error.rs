//! What can go wrong with the database, as sentences for users: no SQL in the messages, the cause is in `source()`.

use std::fmt::Display;

use sea_orm::{DbErr, RuntimeErr, SqlErr, sqlx};

/// Trouble with the database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database can't be opened.
    #[error("the database {place} can't be opened: {reason}; {remedy}")]
    Open {
        /// Path of the file, or the server's address without its password.
        place: String,
        /// Why.
        reason: String,
        /// What to try.
        remedy: String,
        /// What the driver said.
        #[source]
        source: Option<Box<DbErr>>,
    },
    /// A newer version of the program has changed the schema so that this one can't work with it.
    #[error(
        "the database {place} was written by a newer version of ShortsAI (it knows {step}); update ShortsAI, or open another database"
    )]
    NewerSchema {
        /// Path of the file, or the server's address without its password.
        place: String,
        /// The migration that this version can't live with.
        step: String,
    },
    /// Reading or writing failed.
    #[error("the database failed while {doing}: {reason}")]
    Database {
        /// What was being done, and to what.
        doing: String,
        /// What happened and what to try.
        reason: &'static str,
        /// What the driver said; for logs only.
        #[source]
        source: Box<DbErr>,
    },
    /// There is one already.
    #[error("{0} exists already")]
    Exists(String),
    /// A row holds something that this version can't read.
    #[error(
        "{what} can't be read from the database: {problem}; it was written by a newer version of ShortsAI or is damaged, so update ShortsAI or restore a backup"
    )]
    Unreadable {
        /// Which row.
        what: String,
        /// Which field and why.
        problem: String,
    },
}

/// Why an input was not applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// There is no such project.
    #[error("there is no such project")]
    NotFound,
    /// The state machine does not take the input.
    #[error(transparent)]
    Rejected(#[from] model::workflow::Rejection),
    /// Trouble with the database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Says what was being done when the database failed.
pub(crate) trait During<T> {
    /// `doing` is like "reading project", `what` like its id.
    fn during(self, doing: &str, what: impl Display) -> Result<T, StoreError>;
}

impl<T> During<T> for Result<T, DbErr> {
    fn during(self, doing: &str, what: impl Display) -> Result<T, StoreError> {
        self.map_err(|error| StoreError::Database {
            doing: format!("{doing} {what}"),
            reason: reason(&error),
            source: Box::new(error),
        })
    }
}

/// What happened and what to try.
fn reason(error: &DbErr) -> &'static str {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => return "something with the same identity is there already; use a new id",
        Some(SqlErr::ForeignKeyConstraintViolation(_)) => return "what it belongs to does not exist; check the ids",
        _ => {}
    }
    if matches!(error, DbErr::ConnectionAcquire(_)) {
        return "no connection became free in time; check that the database can be reached, and try again";
    }
    match driver_error(error) {
        Some(sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed) => {
            "the connection was lost; check that the database is running, and try again"
        }
        Some(sqlx::Error::Database(error)) => match code(error.as_ref()) {
            Code::Busy => "another program keeps it locked; close that program, and try again",
            Code::Full => "the disk is full; make room on it, and try again",
            Code::ReadOnly => "it can only be read; give this user the right to write the file and its folder",
            Code::NotADatabase => "the file is damaged; restore a backup",
            _ => "the database refused; the log says why",
        },
        _ => "the database gave no usable answer; the log says why",
    }
}

/// The driver's own error, if it comes from there.
pub(crate) fn driver_error(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => Some(error),
        _ => None,
    }
}

/// What the databases' error codes mean to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    Busy,
    Full,
    ReadOnly,
    CannotOpen,
    NotADatabase,
    WrongPassword,
    NoSuchDatabase,
    Other,
}

pub(crate) fn code(error: &dyn sqlx::error::DatabaseError) -> Code {
    let code = error.code().unwrap_or_default();
    match code.as_ref() {
        "53100" => return Code::Full,
        "55P03" | "40P01" | "40001" => return Code::Busy,
        "25006" | "42501" => return Code::ReadOnly,
        "28P01" | "28000" => return Code::WrongPassword,
        "3D000" => return Code::NoSuchDatabase,
        _ => {}
    }
    // SQLite's extended codes carry the plain one in their lowest byte; PostgreSQL's have five characters.
    match code.parse::<u32>().ok().filter(|_| code.len() < 5).map(|code| code & 0xff) {
        Some(5 | 6) => Code::Busy,
        Some(8 | 3) => Code::ReadOnly,
        Some(11 | 26) => Code::NotADatabase,
        Some(13) => Code::Full,
        Some(14) => Code::CannotOpen,
        _ => Code::Other,
    }
}
