//! What may be fetched of addresses that users give.

use std::time::Duration;

use anyhow::bail;
use assets::{AllowList, FetchSettings};
use serde::Deserialize;

/// The table `fetch`.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FetchConfig {
    allow: Vec<String>,
    http: bool,
    most_mb: Option<u64>,
    seconds: Option<u64>,
}

impl FetchConfig {
    /// The same for the fetcher.
    pub fn settings(&self) -> anyhow::Result<FetchSettings> {
        let allow = AllowList::parse(&self.allow).map_err(|problem| anyhow::anyhow!("fetch.allow: {problem}"))?;
        let usual = FetchSettings::default();
        let within = |name: &str, value: Option<u64>, most: u64| match value {
            Some(value) if !(1..=most).contains(&value) => bail!("fetch.{name} is {value}; give 1 to {most}, or leave it out"),
            value => Ok(value),
        };
        let most = within("most_mb", self.most_mb, 4_000)?.map_or(usual.most, |mb| mb * 1_000_000);
        let seconds = within("seconds", self.seconds, 600)?;
        Ok(FetchSettings { allow, http: self.http, most, within: seconds.map_or(usual.within, Duration::from_secs) })
    }
}
