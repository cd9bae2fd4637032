//! An installation of the older Studio server, read as it is at one moment and never written to. What its rows mean, and what
//! becomes of them, is the caller's; writing them here is in `taken`.
//!
//! Rows come as JSON objects, so that a column which an installation lacks is only missing in them.

use std::collections::BTreeMap;

use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    IsolationLevel, QueryResult, Statement, TransactionTrait,
};
use serde_json::{Map, Value};

use crate::StoreError;
use crate::error::During;
use crate::open::{CONNECT_WAIT, open_error};
use crate::raw::quote;

/// Rows of one page.
const PAGE: usize = 200;
/// Where files may be written into the rows.
const SHORT_PAGE: usize = 20;

/// One row: its columns by name.
pub type LegacyRow = Map<String, Value>;

/// An installation's database.
pub struct LegacySource {
    db: DatabaseConnection,
    place: String,
    /// PostgreSQL's name for a folder of tables, where the address names one.
    schema: Option<String>,
}

/// All of it as it was at one moment.
pub struct LegacyMoment {
    txn: DatabaseTransaction,
    place: String,
    tables: Vec<String>,
}

/// What is read page by page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LegacyTable {
    /// The oldest first.
    Users,
    /// Whom Google and others vouch for.
    Accounts,
    /// What users may have.
    Plans,
    /// What each of them may have.
    UserLimits,
    /// Their keys of vendors.
    ApiKeys,
    /// Of projects.
    Folders,
    /// Series.
    Shows,
    /// With their pictures.
    Characters,
    /// In the order of their scenes; with `character_ids`, the ids of their characters.
    Projects,
    /// By project and number; those without a project at the end.
    Scenes,
    /// The ledger.
    UsageLogs,
}

impl LegacyTable {
    /// The table's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Accounts => "accounts",
            Self::Plans => "plans",
            Self::UserLimits => "user_limits",
            Self::ApiKeys => "api_keys",
            Self::Folders => "folders",
            Self::Shows => "shows",
            Self::Characters => "characters",
            Self::Projects => "projects",
            Self::Scenes => "scenes",
            Self::UsageLogs => "usage_logs",
        }
    }

    fn page(self) -> usize {
        match self {
            Self::Characters | Self::Scenes => SHORT_PAGE,
            _ => PAGE,
        }
    }

    /// Projects and scenes must come in the same order, so that they can be put together as they are read.
    fn query(self, has_cast: bool) -> String {
        let name = self.name();
        match self {
            Self::Users | Self::Plans | Self::Folders | Self::Shows | Self::Characters | Self::UsageLogs => {
                format!("SELECT row_to_json(t)::text FROM {name} t ORDER BY t.created_at, t.id::text")
            }
            Self::Accounts | Self::UserLimits | Self::ApiKeys => format!("SELECT row_to_json(t)::text FROM {name} t"),
            Self::Projects if has_cast => format!(
                "SELECT row_to_json(t)::text, (SELECT json_agg(c.\"A\" ORDER BY c.\"A\"::text)::text FROM {} c \
                 WHERE c.\"B\"::text = t.id::text) FROM {name} t ORDER BY t.id::text",
                quote(CAST)
            ),
            Self::Projects => format!("SELECT row_to_json(t)::text, NULL FROM {name} t ORDER BY t.id::text"),
            Self::Scenes => "SELECT row_to_json(t)::text FROM scenes t LEFT JOIN projects p ON p.id::text = t.project_id::text \
                             ORDER BY p.id::text NULLS LAST, t.scene_number, t.id::text"
                .to_owned(),
        }
    }
}

/// Which characters are in which projects: what Prisma calls a table that only joins two others.
const CAST: &str = "_CharacterToProject";

impl LegacySource {
    /// Connects to `postgres://…`.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let place = crate::without_secrets(url);
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            let reason = "it is no PostgreSQL database".to_owned();
            let remedy = "give its address as postgres://user:password@host:port/database".to_owned();
            return Err(StoreError::Open { place, reason, remedy, source: None });
        }
        let (address, schema) = without_schema(url);
        let mut options = ConnectOptions::new(address.replacen("postgresql://", "postgres://", 1));
        options.sqlx_logging(false).connect_timeout(CONNECT_WAIT).acquire_timeout(CONNECT_WAIT).max_connections(1);
        let db = Database::connect(options).await.map_err(|error| open_error(&place, None, error))?;
        Ok(Self { db, place, schema })
    }

    /// Where it is, fit to be shown.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// What tells this database from every other one that is running: when its server was started, and its name there.
    pub async fn identity(&self) -> Result<String, StoreError> {
        let ask = "SELECT pg_postmaster_start_time()::text || ' ' || current_database() || ' ' || current_setting('port')";
        let row = self.db.query_one_raw(Statement::from_string(DbBackend::Postgres, ask)).await;
        let row = row.and_then(|row| row.map_or_else(|| Ok(String::new()), |row| row.try_get_by_index(0)));
        row.during("asking for the name of", &self.place)
    }

    /// Holds one moment of it. Nothing can be written through what this answers.
    pub async fn moment(&self) -> Result<LegacyMoment, StoreError> {
        let held = async {
            let txn = self.db.begin_with_config(Some(IsolationLevel::RepeatableRead), Some(AccessMode::ReadOnly)).await?;
            // Between two pages files may be fetched, for as long as that takes.
            txn.execute_unprepared("SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL statement_timeout = 0").await?;
            if let Some(schema) = &self.schema {
                txn.execute_unprepared(&format!("SET LOCAL search_path = {}", quote(schema))).await?;
            }
            let tables =
                "SELECT c.relname::text FROM pg_class c WHERE c.relkind IN ('r', 'p', 'v') AND pg_table_is_visible(c.oid)";
            let tables = txn.query_all_raw(Statement::from_string(DbBackend::Postgres, tables)).await?;
            let tables = tables.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, DbErr>>()?;
            Ok(LegacyMoment { txn, place: self.place.clone(), tables })
        };
        held.await.during("reading", &self.place)
    }
}

impl LegacyMoment {
    /// Whether it has such a table.
    pub fn has(&self, table: &str) -> bool {
        self.tables.iter().any(|name| name == table)
    }

    /// Begins to read a table; one that is not there has no rows.
    pub async fn read(&self, table: LegacyTable) -> Result<LegacyRows<'_>, StoreError> {
        let there = self.has(table.name()) && (table != LegacyTable::Scenes || self.has("projects"));
        if there {
            let query = table.query(self.has(CAST));
            let cursor = format!("DECLARE {} NO SCROLL CURSOR FOR {query}", cursor(table));
            self.txn.execute_unprepared(&cursor).await.during("reading the table", self.name_of(table.name()))?;
        }
        Ok(LegacyRows { moment: self, table, is_over: !there })
    }

    /// How many rows a table has, by the values of these columns; a table that is not there has none.
    pub async fn count_by(&self, table: &str, columns: &[&str]) -> Result<BTreeMap<String, i64>, StoreError> {
        if !self.has(table) {
            return Ok(BTreeMap::new());
        }
        let columns: Vec<String> = columns.iter().map(|column| format!("{}::text", quote(column))).collect();
        let what = if columns.is_empty() { "''".to_owned() } else { format!("concat_ws(', ', {})", columns.join(", ")) };
        let count = format!("SELECT {what}, count(*) FROM {} GROUP BY 1", quote(table));
        let rows = self.txn.query_all_raw(Statement::from_string(DbBackend::Postgres, count)).await;
        let counts = rows.and_then(|rows| {
            rows.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))).collect::<Result<_, DbErr>>()
        });
        counts.during("counting the table", self.name_of(table))
    }

    fn name_of(&self, table: &str) -> String {
        format!("{table} of {}", self.place)
    }
}

/// The rows of a table that are still to be read.
pub struct LegacyRows<'a> {
    moment: &'a LegacyMoment,
    table: LegacyTable,
    is_over: bool,
}

impl LegacyRows<'_> {
    /// The next page; empty at the end.
    pub async fn page(&mut self) -> Result<Vec<LegacyRow>, StoreError> {
        if self.is_over {
            return Ok(Vec::new());
        }
        let fetch = format!("FETCH {} FROM {}", self.table.page(), cursor(self.table));
        let rows = self.moment.txn.query_all_raw(Statement::from_string(DbBackend::Postgres, fetch)).await;
        let page = rows.and_then(|rows| rows.iter().map(|row| row_of(self.table, row)).collect::<Result<Vec<_>, DbErr>>());
        let page = page.during("reading the table", self.moment.name_of(self.table.name()))?;
        if page.len() < self.table.page() {
            self.is_over = true;
        }
        Ok(page)
    }
}

fn cursor(table: LegacyTable) -> String {
    format!("read_{}", table.name())
}

fn row_of(table: LegacyTable, row: &QueryResult) -> Result<LegacyRow, DbErr> {
    let parse = |text: &str| serde_json::from_str(text).map_err(|error| DbErr::Json(error.to_string()));
    let mut columns: LegacyRow = parse(&row.try_get_by_index::<String>(0)?)?;
    if table == LegacyTable::Projects
        && let Some(cast) = row.try_get_by_index::<Option<String>>(1)?
    {
        columns.insert("character_ids".to_owned(), serde_json::from_str(&cast).map_err(|error| DbErr::Json(error.to_string()))?);
    }
    Ok(columns)
}

/// The address without what only Prisma understands in it, and the schema that it names there.
fn without_schema(url: &str) -> (String, Option<String>) {
    let Some((address, parameters)) = url.split_once('?') else { return (url.to_owned(), None) };
    let mut schema = None;
    let mut rest = Vec::new();
    for parameter in parameters.split('&') {
        match parameter.split_once('=') {
            Some(("schema", name)) if !name.is_empty() => schema = Some(name.to_owned()),
            Some(("schema" | "connection_limit" | "pool_timeout" | "pgbouncer" | "connect_timeout" | "socket_timeout", _)) => {}
            _ => rest.push(parameter),
        }
    }
    let rest = if rest.is_empty() { String::new() } else { format!("?{}", rest.join("&")) };
    (format!("{address}{rest}"), schema)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_as_prisma_writes_them_are_understood() {
        let check = |url: &str, address: &str, schema: Option<&str>| {
            assert_eq!(without_schema(url), (address.to_owned(), schema.map(str::to_owned)), "{url}");
        };
        check("postgres://a:b@host/db", "postgres://a:b@host/db", None);
        check("postgres://host/db?schema=public", "postgres://host/db", Some("public"));
        check("postgres://host/db?sslmode=require&schema=old&pgbouncer=true", "postgres://host/db?sslmode=require", Some("old"));
    }
}
