//! Databases as backups see them: opened as they are, whatever their schema, counted and copied.
//!
//! Files with backups and the programs of PostgreSQL are not known here; databases change places in `server`.

use std::collections::BTreeMap;
use std::path::Path;

use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    IsolationLevel, Statement, TransactionTrait,
};

use crate::StoreError;
use crate::error::During;
use crate::open::{CONNECT_WAIT, open_error};
use crate::schema::Steps;

/// A database whose schema is left as it is.
pub struct RawDatabase {
    db: DatabaseConnection,
    place: String,
}

/// What a database has, to be compared with a copy of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// The steps of the schema's history that it has gone, in order.
    pub steps: Vec<String>,
    /// Rows of each table. Outside of the schema `public` a table's name has its schema in front.
    pub rows: BTreeMap<String, i64>,
}

/// One moment of a PostgreSQL database, which `pg_dump --snapshot` can see as long as this is held.
pub struct Moment {
    /// What pg_dump is told.
    pub id: String,
    /// What was there.
    pub contents: Contents,
    _txn: DatabaseTransaction,
}

impl Contents {
    /// Whether this version works with the schema as it is: nothing of its own is missing, and newer versions have only added.
    pub fn is_usable(&self) -> bool {
        let steps = Steps::of(&self.steps);
        steps.missing.is_empty() && steps.obstacle().is_none()
    }

    /// A step that this version does not know: a newer one has written the database.
    pub fn newer_step(&self) -> Option<String> {
        Steps::of(&self.steps).newer.into_iter().next()
    }
}

impl RawDatabase {
    /// Opens a database that is there: `sqlite://` with a path, or `postgres://…`.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let path = url.strip_prefix("sqlite://");
        let place = path.map_or_else(|| crate::without_secrets(url), str::to_owned);
        let short = url.strip_prefix("postgresql://").map(|rest| format!("postgres://{rest}"));
        let mut options = ConnectOptions::new(if path.is_some() { "sqlite://file" } else { short.as_deref().unwrap_or(url) });
        options.sqlx_logging(false).connect_timeout(CONNECT_WAIT).acquire_timeout(CONNECT_WAIT).max_connections(2);
        if let Some(path) = path {
            let path = path.to_owned();
            options.map_sqlx_sqlite_opts(move |sqlite| sqlite.filename(&path).create_if_missing(false));
        }
        let db = Database::connect(options).await.map_err(|error| open_error(&place, path, error))?;
        Ok(Self { db, place })
    }

    /// Lets go of it: nothing of this process has it open afterwards.
    pub async fn close(self) -> Result<(), StoreError> {
        self.db.close().await.during("closing", self.place)
    }

    /// The steps of the schema's history that it has gone, in order; none where there is no schema yet.
    pub async fn steps(&self) -> Result<Vec<String>, StoreError> {
        let backend = self.db.get_database_backend();
        let there = match backend {
            DbBackend::Sqlite => "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'seaql_migrations'",
            _ => "SELECT count(to_regclass('seaql_migrations'))",
        };
        let steps = async {
            let count = self.db.query_one_raw(Statement::from_string(backend, there)).await?;
            if count.map_or(Ok(0), |row| row.try_get_by_index::<i64>(0))? == 0 {
                return Ok(Vec::new());
            }
            let versions = "SELECT version FROM seaql_migrations ORDER BY version";
            let rows = self.db.query_all_raw(Statement::from_string(backend, versions)).await?;
            rows.iter().map(|row| row.try_get_by_index(0)).collect()
        };
        steps.await.during("reading the schema's history of", &self.place)
    }

    /// Counts every table.
    pub async fn contents(&self) -> Result<Contents, StoreError> {
        contents(&self.db).await.during("counting the tables of", &self.place)
    }

    /// Reads an SQLite file from end to end; answers what is wrong with it. PostgreSQL checks while it restores.
    pub async fn damage(&self) -> Result<Option<String>, StoreError> {
        if self.db.get_database_backend() != DbBackend::Sqlite {
            return Ok(None);
        }
        let said: Result<Vec<String>, DbErr> = async {
            let rows = self.db.query_all_raw(Statement::from_string(DbBackend::Sqlite, "PRAGMA integrity_check(3)")).await?;
            rows.iter().map(|row| row.try_get_by_index(0)).collect()
        }
        .await;
        let said = said.during("checking", &self.place)?;
        Ok((said != ["ok"]).then(|| said.join("; ")))
    }

    /// Copies an SQLite database into a new file, as it is at one moment, while others go on writing.
    pub async fn copy_to(&self, path: &Path) -> Result<(), StoreError> {
        let to = path.to_string_lossy().into_owned();
        let copy = Statement::from_sql_and_values(DbBackend::Sqlite, "VACUUM INTO $1", [to.into()]);
        self.db.execute_raw(copy).await.map(drop).during("copying", &self.place)
    }

    /// Holds one moment of a PostgreSQL database.
    pub async fn moment(&self) -> Result<Moment, StoreError> {
        let held = async {
            let txn = self.db.begin_with_config(Some(IsolationLevel::RepeatableRead), Some(AccessMode::ReadOnly)).await?;
            let export = Statement::from_string(DbBackend::Postgres, "SELECT pg_export_snapshot()");
            let row = txn.query_one_raw(export).await?.ok_or_else(|| DbErr::RecordNotFound("a snapshot".to_owned()))?;
            let id = row.try_get_by_index(0)?;
            Ok(Moment { id, contents: contents(&txn).await?, _txn: txn })
        };
        held.await.during("holding a moment of", &self.place)
    }
}

async fn contents(db: &impl ConnectionTrait) -> Result<Contents, DbErr> {
    let backend = db.get_database_backend();
    let tables = match backend {
        DbBackend::Sqlite => {
            "SELECT 'public', name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
        }
        _ => {
            "SELECT n.nspname::text, c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE c.relkind IN ('r', 'p') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' ORDER BY 1, 2"
        }
    };
    let mut rows = BTreeMap::new();
    let mut steps = Vec::new();
    for row in db.query_all_raw(Statement::from_string(backend, tables)).await? {
        let (schema, table): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let quoted = match backend {
            DbBackend::Sqlite => quote(&table),
            _ => format!("{}.{}", quote(&schema), quote(&table)),
        };
        let count = Statement::from_string(backend, format!("SELECT count(*) FROM {quoted}"));
        let count = db.query_one_raw(count).await?.map_or(Ok(0), |row| row.try_get_by_index(0))?;
        if table == "seaql_migrations" {
            let versions = format!("SELECT version FROM {quoted} ORDER BY version");
            for row in db.query_all_raw(Statement::from_string(backend, versions)).await? {
                steps.push(row.try_get_by_index(0)?);
            }
        }
        rows.insert(if schema == "public" { table } else { format!("{schema}.{table}") }, count);
    }
    Ok(Contents { steps, rows })
}

/// A name inside of a statement.
pub(crate) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
