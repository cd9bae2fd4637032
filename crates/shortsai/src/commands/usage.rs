//! `shortsai usage`: what vendors have done in a month and what that is estimated to cost.

use std::process::ExitCode;

use anyhow::{Context, bail};
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use model::usage::Money;
use store::UsageTotal;

use crate::cli;
use crate::data_dir::DataDir;
use crate::wiring::{House, now};

pub fn usage(arguments: &cli::Usage) -> anyhow::Result<ExitCode> {
    let (from, to) = month(arguments.month.as_deref(), now())?;
    let data = DataDir::open(&arguments.data)?;
    let runtime = tokio::runtime::Runtime::new().context("the async runtime can't be started")?;
    let totals = runtime.block_on(async {
        let house = House::open(&data).await?;
        anyhow::Ok(house.store.usage_totals(house.owner, from, to).await?)
    })?;
    print(&totals, &from.format("%Y-%m").to_string());
    Ok(ExitCode::SUCCESS)
}

/// Begin and end of a month such as `2026-11` in UTC; this month if none is named.
fn month(named: Option<&str>, now: DateTime<Utc>) -> anyhow::Result<(DateTime<Utc>, DateTime<Utc>)> {
    let first = match named {
        Some(text) => NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d").ok(),
        None => now.date_naive().with_day(1),
    };
    let Some((first, next)) = first.and_then(|first| Some((first, first.checked_add_months(chrono::Months::new(1))?))) else {
        bail!("{} is not a month; write it as 2026-11", named.unwrap_or_default());
    };
    let midnight = |date: NaiveDate| date.and_time(chrono::NaiveTime::MIN).and_utc();
    Ok((midnight(first), midnight(next)))
}

fn print(totals: &[UsageTotal], month: &str) {
    if totals.is_empty() {
        println!("No vendor was called in {month} (UTC).");
        return;
    }
    println!("{:<14} {:<32} {:>7} {:>7} {:>22} {:>12}", "vendor", "model", "calls", "failed", "units", "about");
    for total in totals {
        let units = format!("{:.1} {}", total.units, total.unit);
        let UsageTotal { vendor, model, calls, failed, cost, .. } = total;
        println!("{vendor:<14} {model:<32} {calls:>7} {failed:>7} {units:>22} {:>12}", cost.to_string());
    }
    let sum = Money(totals.iter().map(|total| total.cost.0).sum());
    println!("{month} (UTC): about {sum} by the prices in the configuration");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_begin_and_end_in_utc() {
        let now = DateTime::from_timestamp(1_795_000_000, 0).expect("a time");
        let check = |named: Option<&str>, expected: Option<(&str, &str)>| {
            let found = month(named, now).ok().map(|(from, to)| (from.to_rfc3339(), to.to_rfc3339()));
            let expected = expected.map(|(from, to)| (format!("{from}T00:00:00+00:00"), format!("{to}T00:00:00+00:00")));
            assert_eq!(found, expected, "{named:?}");
        };
        check(None, Some(("2026-11-01", "2026-12-01")));
        check(Some("2024-12"), Some(("2024-12-01", "2025-01-01")));
        check(Some("2024-13"), None);
        check(Some("soon"), None);
    }
}
