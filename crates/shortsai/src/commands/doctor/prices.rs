//! How old the configured prices are. Whether they are right, only the vendors know.

use model::month::Month;
use model::usage::PriceTable;

use super::Finding;

/// Prices older than so many months should be looked up again.
const OLD: i64 = 6;
const NAME: &str = "prices";

pub fn look(prices: &PriceTable, now: Month) -> Finding {
    let count = match prices.len() {
        1 => "1 price".to_owned(),
        count => format!("{count} prices"),
    };
    match prices.of() {
        _ if prices.is_empty() => Finding::off(NAME, "none configured: vendors' calls count as free of charge (docs/costs.md)"),
        None => {
            Finding::off(NAME, format!("{count} of an unknown month; say in which you looked them up: prices_of = \"{now}\""))
        }
        Some(month) if month.months_until(now) > OLD => Finding::old(
            NAME,
            format!("{count} of {month}, more than {OLD} months ago; look them up again, then set prices_of = \"{now}\""),
        ),
        Some(month) => Finding::ok(NAME, format!("{count} of {month}")),
    }
}

#[cfg(test)]
mod tests {
    use model::usage::{Price, Unit};

    use super::super::State;
    use super::*;

    #[test]
    fn prices_grow_old() {
        let price = Price { vendor: "x".to_owned(), model: "*".to_owned(), unit: Unit::Image, usd: 1.0 };
        let prices = PriceTable::new(vec![price]).expect("a good price");
        let check = |of: Option<&str>, state: State, says: &str| {
            let prices = prices.clone().looked_up(of.and_then(|month| month.parse().ok()));
            let finding = look(&prices, Month { year: 2026, month: 11 });
            assert_eq!(finding.state, state, "{finding:?}");
            assert!(finding.detail.contains(says), "{finding:?}");
        };
        check(Some("2026-11"), State::Ok, "1 price of 2026-11");
        check(Some("2026-05"), State::Ok, "1 price of 2026-05");
        check(Some("2026-04"), State::Old, "set prices_of = \"2026-11\"");
        // A clock that is wrong is found elsewhere.
        check(Some("2027-01"), State::Ok, "1 price of 2027-01");
        check(None, State::Off, "prices_of = \"2026-11\"");
        assert_eq!(look(&PriceTable::default(), Month { year: 2026, month: 11 }).state, State::Off);
    }
}
