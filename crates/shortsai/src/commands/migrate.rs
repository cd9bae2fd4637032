//! `shortsai migrate`: bringing the database's schema up to date by hand, or only looking how it stands.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use store::{RawDatabase, Steps};

use crate::cli;
use crate::data_dir::DataDir;

/// What the shell is told when steps are missing: a failure is another thing.
const MISSING: u8 = 3;

pub fn migrate(arguments: &cli::Migrate) -> anyhow::Result<ExitCode> {
    let data = DataDir::open(&arguments.data)?;
    let runtime = tokio::runtime::Runtime::new().context("the async runtime can't be started")?;
    runtime.block_on(async { if arguments.check { check(&data).await } else { bring_up_to_date(&data).await } })
}

async fn bring_up_to_date(data: &DataDir) -> anyhow::Result<ExitCode> {
    let (_, migrated) = store::migrate(&data.database_url()).await?;
    match (migrated.from, migrated.gone.len()) {
        (_, 0) => println!("The schema is at {}; nothing was missing.", migrated.to),
        (None, _) => println!("A new database was made, at {}.", migrated.to),
        (Some(from), steps) => println!("The schema went from {from} to {}, in {steps} {}.", migrated.to, word(steps)),
    }
    Ok(ExitCode::SUCCESS)
}

async fn check(data: &DataDir) -> anyhow::Result<ExitCode> {
    let url = data.database_url();
    let gone = match url.strip_prefix("sqlite://") {
        Some(path) if !Path::new(path).exists() => Vec::new(),
        _ => {
            let database = RawDatabase::open(&url).await?;
            let steps = database.steps().await?;
            database.close().await?;
            steps
        }
    };
    let steps = Steps::of(&gone);
    let at = gone.last().map_or("nothing", |step| step);
    if let Some(step) = steps.obstacle() {
        anyhow::bail!(
            "a newer version of ShortsAI has changed the schema ({step}) so that this one can't work with it; update ShortsAI"
        );
    }
    if !steps.newer.is_empty() {
        println!("The schema is at {at}. A newer version of ShortsAI has added to it; this one can work with it.");
    } else if steps.missing.is_empty() {
        println!("The schema is at {at}; nothing is missing.");
    } else {
        let missing = steps.missing.len();
        println!("The schema is at {at}; {missing} {} missing: {}", word(missing), steps.missing.join(", "));
        return Ok(ExitCode::from(MISSING));
    }
    Ok(ExitCode::SUCCESS)
}

fn word(steps: usize) -> &'static str {
    if steps == 1 { "step" } else { "steps" }
}
