//! `shortsai import`: an exported project becomes one of this machine's own, by the API's own way.

use std::process::ExitCode;

use anyhow::{Context, bail};
use axum::body::{Body, to_bytes};
use axum::http::Request;
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::cli;
use crate::commands::serve::app_of;
use crate::data_dir::DataDir;
use crate::wiring::House;

/// What the API answers is shorter, in bytes.
const MOST: usize = 4 << 20;

pub fn import(arguments: &cli::Import) -> anyhow::Result<ExitCode> {
    let archive = std::fs::File::open(&arguments.archive)
        .with_context(|| format!("the archive {} can't be read", arguments.archive.display()))?;
    let data = DataDir::open(&arguments.data)?;
    let runtime = tokio::runtime::Runtime::new().context("the async runtime can't be started")?;
    let project = runtime.block_on(async {
        let house = House::open(&data).await?;
        let access = api::Access::LocalOwner(house.owner);
        let app = api::router(app_of(&house, access, None, CancellationToken::new()));
        let bytes = tokio_util::io::ReaderStream::new(tokio::fs::File::from_std(archive));
        let request = Request::post("/api/projects/import").body(Body::from_stream(bytes))?;
        let response = app.oneshot(request).await?;
        let status = response.status();
        let answer: Value = serde_json::from_slice(&to_bytes(response.into_body(), MOST).await?)?;
        match status.is_success() {
            true => anyhow::Ok(answer),
            false => bail!("{}: {}", arguments.archive.display(), answer["error"].as_str().unwrap_or("it can't be imported")),
        }
    })?;
    println!("{}", project["id"].as_str().unwrap_or_default());
    Ok(ExitCode::SUCCESS)
}
