//! Databases that are made once and copied for each case.

use std::path::Path;

use sea_orm::{ConnectionTrait, Database, DatabaseConnection};

/// Where databases live.
pub enum Server {
    /// In files.
    Sqlite,
    /// On the server that the environment names.
    Postgres(Postgres),
}

/// A server on which we may create databases.
pub struct Postgres {
    url: String,
    runtime: tokio::runtime::Runtime,
    admin: DatabaseConnection,
}

impl Server {
    pub fn postgres() -> Option<Self> {
        let url = std::env::var("SHORTSAI_TEST_POSTGRES_URL").ok()?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let admin = runtime.block_on(Database::connect(&url)).expect("SHORTSAI_TEST_POSTGRES_URL names a running server");
        Some(Self::Postgres(Postgres { url, runtime, admin }))
    }

    /// The address of a new, empty database. Each name is used once in this process.
    pub fn create(&self, name: &str, folder: &Path) -> String {
        match self {
            Self::Sqlite => format!("sqlite://{}", folder.join("test.db").display()),
            Self::Postgres(server) => server.create(name, None),
        }
    }

    /// The address of a copy of the database `original` of `from`, which nobody has open.
    pub fn copy(&self, (original, from): (&str, &Path), name: &str, folder: &Path) -> String {
        match self {
            Self::Sqlite => {
                for file in ["test.db", "test.db-wal"] {
                    if from.join(file).exists() {
                        std::fs::copy(from.join(file), folder.join(file)).expect("the folder is writable");
                    }
                }
                self.create(name, folder)
            }
            Self::Postgres(server) => server.create(name, Some(original)),
        }
    }

    pub fn drop(&self, name: &str) {
        if let Self::Postgres(server) = self {
            server.execute(&format!("DROP DATABASE {} WITH (FORCE)", full(name)));
        }
    }
}

impl Postgres {
    fn create(&self, name: &str, template: Option<&str>) -> String {
        let name = full(name);
        let template = template.map(|template| format!(" TEMPLATE {}", full(template))).unwrap_or_default();
        // A run that failed may have left one of the same name.
        self.execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        self.execute(&format!("CREATE DATABASE {name}{template}"));
        let (address, parameters) = self.url.split_once('?').unwrap_or((&self.url, ""));
        let host = address.rfind('/').filter(|place| !address[..*place].ends_with('/'));
        format!("{}/{name}?{parameters}", host.map_or(address, |place| &address[..place]))
    }

    fn execute(&self, sql: &str) {
        self.runtime.block_on(self.admin.execute_unprepared(sql)).expect("the user may create databases");
    }
}

/// Several tests share a server.
fn full(name: &str) -> String {
    format!("crash_{}_{name}", std::process::id())
}
