//! Which backups are kept: the last few, and the newest of each of the last days, weeks and months.

use std::collections::HashSet;

use anyhow::ensure;
use chrono::{DateTime, Datelike, Duration, Utc};

use crate::backup::place::{Found, Place};

/// How many are kept of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    pub last: usize,
    pub daily: usize,
    pub weekly: usize,
    pub monthly: usize,
}

/// Which day, week or month a time is in.
type Period<'a> = &'a dyn Fn(DateTime<Utc>) -> (i32, u32);

/// What is not whole may still be being written for so long.
const UNFINISHED: Duration = Duration::days(1);

/// Removes what is not kept at one place, or only answers what that is.
pub async fn prune(place: &Place, keep: Keep, dry_run: bool, now: DateTime<Utc>) -> anyhow::Result<Vec<String>> {
    ensure!(keep.last > 0, "the last backup is always kept; give at least 1 to --keep-last (backup.keep_last)");
    let found = place.list().await?;
    let whole: Vec<&Found> = found.iter().filter(|found| found.manifest.is_ok()).collect();
    let times: Vec<DateTime<Utc>> = whole.iter().filter_map(|found| Some(found.manifest.as_ref().ok()?.made_at)).collect();
    let kept = kept(&times, keep);
    let whole = whole.into_iter().zip(kept).filter(|(_, kept)| !kept).map(|(found, _)| found);
    // One with a manifest that can't be read is left to a person.
    let unfinished = found.iter().filter(|found| found.manifest.is_err() && is_left_over(found, now));
    let mut removed = Vec::new();
    for found in whole.chain(unfinished) {
        if !dry_run {
            place.delete(found).await?;
        }
        removed.push(found.name.clone());
    }
    Ok(removed)
}

/// Whether it was given up long ago, by the time in its name.
fn is_left_over(found: &Found, now: DateTime<Utc>) -> bool {
    let said = crate::backup::Manifest::file_name(&found.name);
    let time =
        found.name.split('-').nth(1).and_then(|time| chrono::NaiveDateTime::parse_from_str(time, "%Y%m%dT%H%M%S%3fZ").ok());
    !found.files.contains(&said) && time.is_some_and(|time| time.and_utc() < now - UNFINISHED)
}

/// Which of these times are kept. Days, weeks and months are those of UTC; those without a backup don't count.
fn kept(times: &[DateTime<Utc>], keep: Keep) -> Vec<bool> {
    let mut newest: Vec<usize> = (0..times.len()).collect();
    newest.sort_by_key(|index| std::cmp::Reverse(times[*index]));
    let mut kept = vec![false; times.len()];
    for index in newest.iter().take(keep.last) {
        kept[*index] = true;
    }
    let day = |time: DateTime<Utc>| (time.year(), time.ordinal());
    let week = |time: DateTime<Utc>| (time.iso_week().year(), time.iso_week().week());
    let month = |time: DateTime<Utc>| (time.year(), time.month());
    let periods: [(usize, Period<'_>); 3] = [(keep.daily, &day), (keep.weekly, &week), (keep.monthly, &month)];
    for (count, period) in periods {
        let mut seen = HashSet::new();
        for index in &newest {
            if seen.len() < count && seen.insert(period(times[*index])) {
                kept[*index] = true;
            }
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_and_the_newest_of_each_period_are_kept() {
        // Every six hours, from the 1st of January to the 10th of March.
        let first: DateTime<Utc> = "2027-01-01T00:00:00Z".parse().expect("a time");
        let times: Vec<_> = (0..69 * 4).map(|number| first + Duration::hours(6 * number)).collect();
        let check = |keep: [usize; 4], expected: &[&str]| {
            let [last, daily, weekly, monthly] = keep;
            let kept = kept(&times, Keep { last, daily, weekly, monthly });
            let kept: Vec<String> =
                times.iter().zip(kept).filter(|(_, kept)| *kept).map(|(time, _)| time.format("%m-%dT%H").to_string()).collect();
            assert_eq!(kept, expected, "{keep:?}");
        };
        check([2, 0, 0, 0], &["03-10T12", "03-10T18"]);
        check([1, 3, 0, 0], &["03-08T18", "03-09T18", "03-10T18"]);
        check([1, 0, 2, 0], &["03-07T18", "03-10T18"]);
        check([1, 0, 0, 9], &["01-31T18", "02-28T18", "03-10T18"]);
        check([2, 2, 2, 2], &["02-28T18", "03-07T18", "03-09T18", "03-10T12", "03-10T18"]);
        assert_eq!(kept(&[], Keep { last: 4, daily: 1, weekly: 1, monthly: 1 }), Vec::<bool>::new());
    }
}
