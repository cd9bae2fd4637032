//! What vendors' work costs and how much of it a user may have: prices, allowances, budgets.
//!
//! Only the rules: counting what was used is the store's, and prices come from the configuration.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::month::Month;

/// An amount of money in millionths of a US dollar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Money(pub i64);

impl Money {
    /// So many dollars, rounded to a millionth.
    pub fn dollars(dollars: f64) -> Self {
        Self((dollars * 1e6).round() as i64)
    }

    /// So many times the amount, rounded to a millionth.
    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        Self((self.0 as f64 * factor).round() as i64)
    }
}

impl fmt::Display for Money {
    /// Cents, and more digits only where there are any: `$0.50`, `$0.0004`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, amount) = (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs());
        let digits = format!("{:06}", amount % 1_000_000);
        let digits = digits.trim_end_matches('0');
        write!(formatter, "{sign}${}.{digits:0<2}", amount / 1_000_000)
    }
}

/// What a vendor counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// One question for a script; having it mended is another.
    Script,
    /// One still.
    Image,
    /// A second of speech.
    SpeechSecond,
    /// One clip.
    Clip,
    /// One piece of music.
    Music,
    /// A second of speech whose words are found.
    AlignedSecond,
}

impl Unit {
    /// All units, in the order of their names in the database.
    pub const ALL: [Self; 6] = [Self::Script, Self::Image, Self::SpeechSecond, Self::Clip, Self::Music, Self::AlignedSecond];

    /// The name in the database, in the configuration and on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Script => "script",
            Self::Image => "image",
            Self::SpeechSecond => "speech_second",
            Self::Clip => "clip",
            Self::Music => "music",
            Self::AlignedSecond => "aligned_second",
        }
    }

    /// The unit of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|unit| unit.name() == name)
    }
}

/// One line of the price table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Who is paid.
    pub vendor: String,
    /// For which model; `*` for all that have no line of their own.
    pub model: String,
    /// For what.
    pub unit: Unit,
    /// US dollars for one of it.
    pub usd: f64,
}

/// What vendors ask for, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PriceTable {
    lines: Vec<Price>,
    of: Option<Month>,
}

impl PriceTable {
    /// Checks the lines.
    ///
    /// # Errors
    /// A sentence that names the line (from 1).
    pub fn new(prices: Vec<Price>) -> Result<Self, String> {
        for (index, price) in prices.iter().enumerate() {
            let line = format!("prices: line {} ({} {})", index + 1, price.vendor, price.model);
            if !price.usd.is_finite() || price.usd < 0.0 || price.usd > 1e6 {
                return Err(format!("{line}: usd is {}; give a price from 0 to 1000000", price.usd));
            }
            let same = |other: &Price| (&other.vendor, &other.model, other.unit) == (&price.vendor, &price.model, price.unit);
            if prices[..index].iter().any(same) {
                return Err(format!("{line}: there is a line for the same {} already; remove one", price.unit.name()));
            }
        }
        Ok(Self { lines: prices, of: None })
    }

    /// The same, looked up in that month, if one is known.
    #[must_use]
    pub fn looked_up(self, of: Option<Month>) -> Self {
        Self { of, ..self }
    }

    /// When the prices were looked up, if somebody has said it.
    pub fn of(&self) -> Option<Month> {
        self.of
    }

    /// How many lines there are.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether nobody has said any price.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// What so many units are estimated to cost; `None` when nobody has said what that vendor asks for.
    pub fn cost(&self, vendor: &str, model: &str, unit: Unit, units: f64) -> Option<Money> {
        let of = |name: &str| self.lines.iter().find(|price| price.vendor == vendor && price.model == name && price.unit == unit);
        of(model).or_else(|| of("*")).map(|price| Money::dollars(price.usd * units))
    }
}

/// What a user may have; `None` is without end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Allowance {
    /// Vendor calls of any kind a day.
    pub requests_per_day: Option<i64>,
    /// Clips a day.
    pub clips_per_day: Option<i64>,
    /// Stills a month.
    pub images_per_month: Option<i64>,
    /// Minutes of speech a month.
    pub speech_minutes_per_month: Option<i64>,
    /// Clips a month.
    pub clips_per_month: Option<i64>,
}

/// What was used in one period, a day or a month in UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Used {
    /// Vendor calls.
    pub requests: i64,
    /// Stills.
    pub images: i64,
    /// Seconds of speech.
    pub speech_seconds: f64,
    /// Clips.
    pub clips: i64,
    /// Estimated cost.
    pub cost: Money,
}

impl Used {
    /// What one call uses.
    pub fn of(unit: Unit, units: f64, cost: Money) -> Self {
        let used = Self { requests: 1, cost, ..Self::default() };
        match unit {
            Unit::Image => Self { images: 1, ..used },
            Unit::SpeechSecond => Self { speech_seconds: units, ..used },
            Unit::Clip => Self { clips: 1, ..used },
            Unit::Script | Unit::Music | Unit::AlignedSecond => used,
        }
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            requests: self.requests + other.requests,
            images: self.images + other.images,
            speech_seconds: self.speech_seconds + other.speech_seconds,
            clips: self.clips + other.clips,
            cost: Money(self.cost.0 + other.cost.0),
        }
    }

    /// What is left after taking the other away.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        self.plus(Self {
            requests: -other.requests,
            images: -other.images,
            speech_seconds: -other.speech_seconds,
            clips: -other.clips,
            cost: Money(-other.cost.0),
        })
    }
}

/// A vendor call would go beyond the allowance. The sentence begins as clients of the older API expect it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Quota exceeded for {what}: the plan has {limit} a {period}, and no more are left; they start anew {anew}")]
pub struct QuotaExceeded {
    /// `image`, `audio`, `video` or `requests`.
    pub what: &'static str,
    /// Such as `10 minutes`.
    pub limit: String,
    /// `day` or `month`.
    pub period: &'static str,
    /// When, such as `tomorrow at midnight (UTC)`.
    pub anew: &'static str,
}

impl Allowance {
    /// Whether another call fits into what was used this day and this month.
    ///
    /// # Errors
    /// The first limit that it would break.
    pub fn check(&self, today: Used, this_month: Used, call: Used) -> Result<(), QuotaExceeded> {
        let (day, month) = (today.plus(call), this_month.plus(call));
        let over = |limit: Option<i64>, used: i64, more: i64| limit.filter(|limit| more > 0 && used > *limit);
        let daily = |what, limit: String| Err(QuotaExceeded { what, limit, period: "day", anew: "at midnight (UTC)" });
        let monthly = |what, limit: String| {
            Err(QuotaExceeded { what, limit, period: "month", anew: "on the first of the next month (UTC)" })
        };
        if let Some(limit) = over(self.requests_per_day, day.requests, call.requests) {
            return daily("requests", limit.to_string());
        }
        if let Some(limit) = over(self.clips_per_day, day.clips, call.clips) {
            return daily("video", limit.to_string());
        }
        if let Some(limit) = over(self.images_per_month, month.images, call.images) {
            return monthly("image", limit.to_string());
        }
        if let Some(limit) = over(self.clips_per_month, month.clips, call.clips) {
            return monthly("video", limit.to_string());
        }
        match self.speech_minutes_per_month {
            Some(limit) if call.speech_seconds > 0.0 && month.speech_seconds > limit as f64 * 60.0 => {
                monthly("audio", format!("{limit} minutes"))
            }
            _ => Ok(()),
        }
    }
}

/// A vendor call would cost more than a budget has left.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{whose} of {budget} is used up: {spent} are spent, and the next step costs about {cost}; raise the budget, then resume")]
pub struct OverBudget {
    /// `the project's budget` or `the monthly budget`.
    pub whose: &'static str,
    /// The cap.
    pub budget: Money,
    /// What was spent of it.
    pub spent: Money,
    /// What the call is estimated to cost.
    pub cost: Money,
}

/// Whether a call fits into a budget; a call without cost always does.
///
/// # Errors
/// When it does not.
pub fn check_budget(whose: &'static str, budget: Option<Money>, spent: Money, cost: Money) -> Result<(), OverBudget> {
    match budget {
        Some(budget) if cost.0 > 0 && spent.0 + cost.0 > budget.0 => Err(OverBudget { whose, budget, spent, cost }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_written_with_cents() {
        let check = |micros, expected: &str| assert_eq!(Money(micros).to_string(), expected);
        check(0, "$0.00");
        check(500_000, "$0.50");
        check(400, "$0.0004");
        check(12_345_678, "$12.345678");
        check(-1_250_000, "-$1.25");
        assert_eq!(Money::dollars(0.039).times(3.0), Money(117_000));
    }

    #[test]
    fn the_most_exact_price_counts() {
        let price = |model: &str, unit, usd| Price { vendor: "acme".into(), model: model.into(), unit, usd };
        let table = PriceTable::new(vec![price("*", Unit::Image, 0.01), price("big", Unit::Image, 0.04)]).expect("good lines");
        let check = |vendor, model, unit, expected: Option<i64>| {
            assert_eq!(table.cost(vendor, model, unit, 2.0), expected.map(Money), "{vendor} {model}");
        };
        check("acme", "big", Unit::Image, Some(80_000));
        check("acme", "small", Unit::Image, Some(20_000));
        check("acme", "big", Unit::Clip, None);
        check("other", "big", Unit::Image, None);
        let error = PriceTable::new(vec![price("a", Unit::Clip, -1.0)]).expect_err("negative");
        assert_eq!(error, "prices: line 1 (acme a): usd is -1; give a price from 0 to 1000000");
        let error = PriceTable::new(vec![price("a", Unit::Clip, 1.0), price("a", Unit::Clip, 2.0)]).expect_err("twice");
        assert_eq!(error, "prices: line 2 (acme a): there is a line for the same clip already; remove one");
    }

    #[test]
    fn each_limit_counts_what_it_names() {
        let allowance = Allowance {
            requests_per_day: Some(5),
            clips_per_day: Some(1),
            images_per_month: Some(3),
            speech_minutes_per_month: Some(1),
            clips_per_month: Some(2),
        };
        let used = |requests, images, speech_seconds, clips| Used { requests, images, speech_seconds, clips, cost: Money(0) };
        let check = |today, month, unit, units, expected: Option<&str>| {
            let result = allowance.check(today, month, Used::of(unit, units, Money(1)));
            assert_eq!(result.err().map(|error| error.what), expected, "{unit:?} after {today:?} and {month:?}");
        };
        let nothing = Used::default();
        check(nothing, nothing, Unit::Image, 1.0, None);
        check(used(5, 0, 0.0, 0), nothing, Unit::Music, 1.0, Some("requests"));
        check(used(1, 2, 0.0, 0), used(9, 2, 0.0, 0), Unit::Image, 1.0, None);
        check(nothing, used(9, 3, 0.0, 0), Unit::Image, 1.0, Some("image"));
        check(nothing, used(9, 3, 0.0, 0), Unit::Clip, 1.0, None);
        check(used(1, 0, 0.0, 1), nothing, Unit::Clip, 1.0, Some("video"));
        check(nothing, used(9, 0, 0.0, 2), Unit::Clip, 1.0, Some("video"));
        check(nothing, used(0, 0, 55.0, 0), Unit::SpeechSecond, 5.0, None);
        check(nothing, used(0, 0, 55.0, 0), Unit::SpeechSecond, 5.1, Some("audio"));
        assert_eq!(Allowance::default().check(used(99, 99, 9e9, 99), nothing, Used::of(Unit::Clip, 1.0, Money(1))), Ok(()));
        let error = allowance.check(nothing, used(0, 0, 60.0, 0), Used::of(Unit::SpeechSecond, 1.0, Money(0))).expect_err("full");
        assert_eq!(
            error.to_string(),
            "Quota exceeded for audio: the plan has 1 minutes a month, and no more are left; they start anew on the first of the next month (UTC)"
        );
    }

    #[test]
    fn a_budget_stops_before_it_is_overdrawn() {
        let check = |budget: Option<i64>, spent, cost, fits| {
            assert_eq!(check_budget("the project's budget", budget.map(Money), Money(spent), Money(cost)).is_ok(), fits);
        };
        check(None, i64::MAX / 2, 5, true);
        check(Some(10), 5, 5, true);
        check(Some(10), 6, 5, false);
        check(Some(10), 12, 0, true);
        let error =
            check_budget("the project's budget", Some(Money(5_000_000)), Money(4_980_000), Money(39_000)).expect_err("full");
        assert_eq!(
            error.to_string(),
            "the project's budget of $5.00 is used up: $4.98 are spent, and the next step costs about $0.039; raise the budget, then resume"
        );
    }
}
