//! A month, as people write it: `2026-11`. What month it is now is not known here.

use std::fmt;
use std::str::FromStr;

/// A month of a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month {
    /// Such as 2026.
    pub year: i32,
    /// From 1 to 12.
    pub month: u32,
}

impl Month {
    /// How many months lie between this one and a later one; negative for an earlier one.
    pub fn months_until(self, later: Self) -> i64 {
        let since_0 = |month: Self| i64::from(month.year) * 12 + i64::from(month.month);
        since_0(later) - since_0(self)
    }
}

impl FromStr for Month {
    type Err = String;

    /// Reads `2026-11`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text} is not a month; write it as 2026-11");
        let (year, month) = text.split_once('-').filter(|(year, month)| (year.len(), month.len()) == (4, 2)).ok_or_else(wrong)?;
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u32>().ok()).flatten();
        let (year, month) = digits(year).zip(digits(month).filter(|month| (1..=12).contains(month))).ok_or_else(wrong)?;
        Ok(Self { year: i32::try_from(year).map_err(|_| wrong())?, month })
    }
}

impl fmt::Display for Month {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04}-{:02}", self.year, self.month)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_read_and_written_alike() {
        let check = |text: &str, expected: Option<(i32, u32)>| {
            let read = text.parse::<Month>();
            assert_eq!(read.as_ref().ok().map(|month| (month.year, month.month)), expected, "{text}");
            assert!(read.is_err() || read.is_ok_and(|month| month.to_string() == text));
        };
        check("2026-11", Some((2026, 11)));
        check("0999-01", Some((999, 1)));
        for wrong in ["2026-13", "2026-00", "2026-1", "26-11", "+026-11", "2026-11-01", "2026", "soon", ""] {
            check(wrong, None);
        }
    }

    #[test]
    fn time_passes_in_months() {
        let check = |from: &str, to: &str, expected| {
            let month = |text: &str| text.parse::<Month>().expect("a month");
            assert_eq!(month(from).months_until(month(to)), expected);
        };
        check("2026-11", "2026-11", 0);
        check("2026-05", "2026-11", 6);
        check("2025-12", "2026-01", 1);
        check("2026-12", "2026-11", -1);
    }
}
