//! `shortsai import-legacy`: an installation of the older Studio server is taken over.

use std::process::ExitCode;

use anyhow::Context;
use store::LegacySource;

use crate::cli;
use crate::data_dir::DataDir;
use crate::fail::Unusable;
use crate::legacy::{Media, TakeOver};
use crate::wiring::{House, now};

pub fn import_legacy(arguments: &cli::ImportLegacy) -> anyhow::Result<ExitCode> {
    let from = arguments.from.as_deref().map(str::trim).filter(|url| !url.is_empty());
    let Some(from) = from else {
        let none = "no older installation is named; give its database with --from postgres://… or in LEGACY_DATABASE_URL";
        return Err(Unusable(none.to_owned()).into());
    };
    let data = DataDir::open(&cli::DataDir {
        data_dir: arguments.data_dir.clone(),
        config: arguments.config.clone(),
        database_url: arguments.into.clone(),
    })?;
    let runtime = tokio::runtime::Runtime::new().context("the async runtime can't be started")?;
    runtime.block_on(async {
        let source = LegacySource::open(from).await?;
        // Before anything is made in the other database: it could be the same one.
        refuse_the_same(&source, &data).await?;
        let moment = source.moment().await?;
        if let Some(missing) = ["users", "projects"].into_iter().find(|table| !moment.has(table)) {
            let place = source.place();
            return Err(Unusable(format!("{place} is no database of the older server: it has no table {missing}")).into());
        }
        let house = House::open(&data).await?;
        let media = Media { assets: &house.assets, fetcher: &house.fetcher, fetch: arguments.fetch, dry_run: arguments.dry_run };
        let report = TakeOver::new(&house.store, &house.office.vault, media, now()).run(&moment).await?;
        match arguments.json {
            true => println!("{}", serde_json::to_string_pretty(&report.json(source.place(), arguments.dry_run))?),
            false => print!("{}", report.text(source.place(), arguments.dry_run)),
        }
        Ok(ExitCode::SUCCESS)
    })
}

async fn refuse_the_same(source: &LegacySource, data: &DataDir) -> anyhow::Result<()> {
    let into = data.database_url();
    if into.starts_with("sqlite://") {
        return Ok(());
    }
    if LegacySource::open(&into).await?.identity().await? == source.identity().await? {
        let place = source.place();
        return Err(Unusable(format!(
            "{place} is also the database that would take it in (DATABASE_URL or --into); name an empty one there: the older one stays as it is"
        ))
        .into());
    }
    Ok(())
}
