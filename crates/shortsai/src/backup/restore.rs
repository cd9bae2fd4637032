//! Putting a backup in the place of the database: it is brought back beside it first, and then the two change names. So whatever
//! goes wrong, and whatever was there before, nothing is lost.

use std::path::Path;

use anyhow::{Context, bail, ensure};
use chrono::{DateTime, Utc};
use store::PostgresServer;
use uuid::Uuid;

use crate::backup::manifest::Kind;
use crate::backup::place::Place;
use crate::backup::verify::{Ground, Scratch, bring_back};
use crate::backup::{Manifest, sqlite};

/// What may stand in the way.
pub struct Wish {
    /// Disconnect whoever uses the database.
    pub disconnect: bool,
}

/// Restores; answers where the database is that was there before, if there was one.
pub async fn restore(
    ground: &Ground,
    (place, manifest): (&Place, &Manifest),
    wish: &Wish,
    id: Uuid,
    now: DateTime<Utc>,
) -> anyhow::Result<Option<String>> {
    let kind = Kind::of_url(&ground.url);
    ensure!(
        manifest.database == kind,
        "the backup {} is of {}, and the database is {}; name a database of its kind",
        manifest.name,
        manifest.database.name(),
        kind.name()
    );
    if kind == Kind::Postgres && !wish.disconnect {
        nobody_uses_it(&ground.url).await?;
    }
    let scratch = bring_back(ground, place, manifest, id).await?;
    // Two restores in a second keep two databases.
    let stamp = format!("{}_{}", now.format("%Y%m%d_%H%M%S"), &id.simple().to_string()[..4]);
    match scratch {
        Scratch::File(file, _workshop) => {
            let current = Path::new(ground.url.trim_start_matches("sqlite://"));
            let mut aside = current.as_os_str().to_owned();
            aside.push(format!(".before_{stamp}"));
            let aside = Path::new(&aside);
            sqlite::exchange(&file, current, aside).with_context(|| {
                format!("{} can't be replaced; it is as it was, or under the name {}", current.display(), aside.display())
            })?;
            Ok(aside.exists().then(|| aside.display().to_string()))
        }
        Scratch::Database(server, name) => {
            let there = server.exists().await?;
            let aside = server.name_beside(&format!("before_{stamp}"));
            let exchanged = server.exchange(&name, &aside).await;
            if let Err(error) = exchanged {
                let _ = server.drop(&name).await;
                return Err(error.into());
            }
            Ok(there.then_some(aside))
        }
    }
}

async fn nobody_uses_it(url: &str) -> anyhow::Result<()> {
    let server = PostgresServer::of(url).await?;
    let sessions = server.sessions().await?;
    if sessions > 0 {
        let name = server.database();
        bail!("{sessions} connections to the database {name} are open; stop the servers that use it, or add --disconnect");
    }
    Ok(())
}
