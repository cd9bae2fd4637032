//! `shortsai usage`: what vendors have done in a month and what that is estimated to cost.

use std::process::ExitCode;

use anyhow::{Context, bail};
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use model::usage::{Money, PriceTable};
use store::UsageTotal;

use crate::cli;
use crate::data_dir::DataDir;
use crate::wiring::{House, now};

pub fn usage(arguments: &cli::Usage) -> anyhow::Result<ExitCode> {
    let (from, to) = month(arguments.month.as_deref(), now())?;
    let data = DataDir::open(&arguments.data)?;
    let runtime = tokio::runtime::Runtime::new().context("the async runtime can't be started")?;
    let (totals, prices) = runtime.block_on(async {
        let house = House::open(&data).await?;
        let totals = house.store.usage_totals(house.owner, from, to).await?;
        anyhow::Ok((totals, house.prices))
    })?;
    print(&totals, &from.format("%Y-%m").to_string(), &prices);
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

fn print(totals: &[UsageTotal], month: &str, prices: &PriceTable) {
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
    println!("{month} (UTC): about {sum} {}", by(prices));
}

/// By what a sum was estimated. Each call was estimated when it was made, so older prices may be in it.
fn by(prices: &PriceTable) -> String {
    match prices.of() {
        Some(month) => format!("by the prices in the configuration, which are of {month} today"),
        None if prices.is_empty() => "by the prices in the configuration, which has none today".to_owned(),
        None => "by the prices in the configuration, which does not say of when they are (prices_of)".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::usage::{Price, Unit};

    #[test]
    fn a_sum_says_of_when_its_prices_are() {
        let price = Price { vendor: "x".to_owned(), model: "*".to_owned(), unit: Unit::Image, usd: 1.0 };
        let undated = PriceTable::new(vec![price]).expect("a good price");
        assert!(by(&PriceTable::default()).contains("has none"));
        assert!(by(&undated).contains("prices_of"));
        let dated = undated.looked_up("2026-11".parse().ok());
        assert_eq!(by(&dated), "by the prices in the configuration, which are of 2026-11 today");
    }

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
