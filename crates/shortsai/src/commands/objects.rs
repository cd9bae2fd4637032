//! `shortsai objects`: looking after what is stored.

use std::process::ExitCode;

use anyhow::{Context, bail};
use chrono::Duration;
use engine::{Collecting, Count};

use crate::cli::{self, ObjectsAction};
use crate::data_dir::DataDir;
use crate::wiring::{House, new_id, now};

pub fn objects(arguments: &cli::Objects) -> anyhow::Result<ExitCode> {
    let ObjectsAction::Gc { dry_run, grace } = &arguments.action;
    let data = DataDir::open(&arguments.data)?;
    let runtime = tokio::runtime::Runtime::new().context("the async runtime can't be started")?;
    runtime.block_on(async {
        let house = House::open(&data).await?;
        let collecting = Collecting {
            holder: new_id().to_string(),
            grace: grace.unwrap_or(house.collecting.grace),
            every: Duration::zero(),
            dry_run: *dry_run,
        };
        let collected = engine::collect((&house.store, &house.assets), &collecting, now, &engine::no_step).await?;
        let Some(collected) = collected else { bail!("another process collects objects just now; try again later") };
        let would = if *dry_run { "would be " } else { "" };
        println!("{} objects {}", collected.seen, house.assets.whereabouts());
        println!("{}: {would}put aside, because nothing names them", count(collected.aside));
        println!("{}: {would}removed; they were put aside before", count(collected.removed));
        if collected.back.objects > 0 {
            println!("{}: {would}put back, because they are needed again", count(collected.back));
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn count(Count { objects, bytes }: Count) -> String {
    let name = if objects == 1 { "object" } else { "objects" };
    format!("{objects} {name} ({:.1} MB)", bytes as f64 / 1e6)
}
