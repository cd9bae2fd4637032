//! `shortsai openapi`: the API's document.

use std::process::ExitCode;

pub fn openapi() -> anyhow::Result<ExitCode> {
    println!("{}", serde_json::to_string_pretty(&api::openapi())?);
    Ok(ExitCode::SUCCESS)
}
