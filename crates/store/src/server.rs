//! A PostgreSQL server's databases: made, dropped, and exchanged with each other. What is in them is not looked at here.

use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, Statement, TransactionTrait, Value,
};

use crate::StoreError;
use crate::error::During;
use crate::open::{CONNECT_WAIT, open_error};
use crate::raw::quote;

/// PostgreSQL cuts longer names off.
const LONGEST_NAME: usize = 63;

/// A server, seen from one of its databases that stays where it is.
pub struct PostgresServer {
    db: DatabaseConnection,
    /// The database that the address names.
    name: String,
    url: String,
}

impl PostgresServer {
    /// The server of that database, which need not exist.
    pub async fn of(url: &str) -> Result<Self, StoreError> {
        let place = crate::without_secrets(url);
        let short = url.strip_prefix("postgresql://").map(|rest| format!("postgres://{rest}"));
        let url = short.as_deref().unwrap_or(url);
        let Some(name) = database_of(url) else {
            let reason = "the address names no database".to_owned();
            let remedy = "write it as postgres://user:password@host:port/database".to_owned();
            return Err(StoreError::Open { place, reason, remedy, source: None });
        };
        let mut trouble = None;
        // Either may be missing or closed to this user; neither may be the one that is exchanged.
        for other in ["postgres", "template1"].into_iter().filter(|other| *other != name) {
            let mut options = ConnectOptions::new(with_database(url, other));
            options.sqlx_logging(false).connect_timeout(CONNECT_WAIT).acquire_timeout(CONNECT_WAIT).max_connections(1);
            match Database::connect(options).await {
                Ok(db) => return Ok(Self { db, name, url: url.to_owned() }),
                Err(error) => trouble = trouble.or(Some(error)),
            }
        }
        let trouble = trouble.unwrap_or_else(|| DbErr::Custom("there is no database to look from".to_owned()));
        Err(open_error(&place, None, trouble))
    }

    /// The name of the database that the address names.
    pub fn database(&self) -> &str {
        &self.name
    }

    /// A name for another database, that says which one it belongs to.
    pub fn name_beside(&self, what: &str) -> String {
        let mut front = self.name.clone();
        while front.len() + what.len() + 1 > LONGEST_NAME {
            front.pop();
        }
        format!("{front}_{what}")
    }

    /// The address of another database of this server. May hold a password.
    pub fn address_of(&self, name: &str) -> String {
        with_database(&self.url, name)
    }

    /// Whether the database that the address names is there.
    pub async fn exists(&self) -> Result<bool, StoreError> {
        let found = self.ask("SELECT 1 FROM pg_database WHERE datname = $1", &self.name).await;
        Ok(found.during("looking for the database", &self.name)?.is_some())
    }

    /// How many others are connected to it.
    pub async fn sessions(&self) -> Result<i64, StoreError> {
        let count = async {
            let row = self.ask("SELECT count(*) FROM pg_stat_activity WHERE datname = $1", &self.name).await?;
            row.map_or(Ok(0), |row| row.try_get_by_index(0))
        };
        count.await.during("counting who uses the database", &self.name)
    }

    /// Makes an empty database, with the encoding and the order of words of the one that the address names, if that is there.
    pub async fn create(&self, name: &str) -> Result<(), StoreError> {
        let made = async {
            let looks = "SELECT pg_encoding_to_char(encoding)::text, datcollate::text, datctype::text FROM pg_database WHERE datname = $1";
            let looks = match self.ask(looks, &self.name).await? {
                Some(row) => {
                    let text = |index| row.try_get_by_index::<String>(index).map(|text| text.replace('\'', "''"));
                    format!(" ENCODING '{}' LC_COLLATE '{}' LC_CTYPE '{}'", text(0)?, text(1)?, text(2)?)
                }
                None => " ENCODING 'UTF8'".to_owned(),
            };
            self.db.execute_unprepared(&format!("CREATE DATABASE {} TEMPLATE template0{looks}", quote(name))).await.map(drop)
        };
        made.await.during("creating (the user needs CREATEDB) the database", name)
    }

    /// Drops a database, whoever uses it.
    pub async fn drop(&self, name: &str) -> Result<(), StoreError> {
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quote(name));
        self.db.execute_unprepared(&drop).await.map(drop_answer).during("dropping the database", name)
    }

    /// Puts the database `new` in the place of the one that the address names, which is called `aside` from then on. Those who
    /// use that one are disconnected. Either both names change or none.
    pub async fn exchange(&self, new: &str, aside: &str) -> Result<(), StoreError> {
        let there = self.exists().await?;
        let (current, new, aside) = (quote(&self.name), quote(new), quote(aside));
        let exchanged = async {
            if there {
                // Nobody comes back between here and the new name.
                self.db.execute_unprepared(&format!("ALTER DATABASE {current} ALLOW_CONNECTIONS false")).await?;
                self.ask("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = $1", &self.name).await?;
            }
            let txn = self.db.begin().await?;
            if there {
                txn.execute_unprepared(&format!("ALTER DATABASE {current} RENAME TO {aside}")).await?;
            }
            txn.execute_unprepared(&format!("ALTER DATABASE {new} RENAME TO {current}")).await?;
            txn.commit().await
        };
        let exchanged = exchanged.await;
        if there {
            let old = if exchanged.is_ok() { &aside } else { &current };
            let opened = self.db.execute_unprepared(&format!("ALTER DATABASE {old} ALLOW_CONNECTIONS true")).await;
            // What went wrong first is the one to report.
            exchanged.and(opened.map(drop_answer)).during("exchanging the database", &self.name)
        } else {
            exchanged.during("naming the database", &self.name)
        }
    }

    async fn ask(&self, sql: &str, name: &str) -> Result<Option<sea_orm::QueryResult>, DbErr> {
        self.db.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [Value::from(name)])).await
    }
}

fn drop_answer(_: sea_orm::ExecResult) {}

/// The part of the address that is the database's name: where it begins and ends.
fn place_of_database(url: &str) -> Option<(usize, usize)> {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    let server = url.find("://")? + 3;
    let slash = url[server..end].find('/')? + server;
    Some((slash + 1, end))
}

fn database_of(url: &str) -> Option<String> {
    let (from, to) = place_of_database(url)?;
    Some(url[from..to].to_owned()).filter(|name| !name.is_empty())
}

fn with_database(url: &str, name: &str) -> String {
    match place_of_database(url) {
        Some((from, to)) => format!("{}{name}{}", &url[..from], &url[to..]),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_other_databases_keep_the_rest() {
        let check = |url: &str, database: Option<&str>, other: &str| {
            assert_eq!(database_of(url).as_deref(), database, "{url}");
            assert_eq!(with_database(url, "other"), other);
        };
        check("postgres://a:b@host:5/db?sslmode=require", Some("db"), "postgres://a:b@host:5/other?sslmode=require");
        check("postgres://tester@%2Ftmp%2Fx/db", Some("db"), "postgres://tester@%2Ftmp%2Fx/other");
        check("postgres://host/", None, "postgres://host/other");
        check("postgres://host", None, "postgres://host");
    }
}
