//! What the file says about plans, and about the owner of an installation without sign-in.

use anyhow::{anyhow, bail};
use model::usage::{Allowance, Money};
use serde::Deserialize;
use store::{Plan, PlanAbout};
use uuid::Uuid;

use crate::config::Problems;

/// The plan of a slug.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlanConfig {
    name: Option<String>,
    requests_per_day: Option<i64>,
    clips_per_day: Option<i64>,
    images_per_month: Option<i64>,
    speech_minutes_per_month: Option<i64>,
    clips_per_month: Option<i64>,
    budget_usd_per_month: Option<f64>,
}

/// The local owner.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OwnerConfig {
    pub plan: Option<String>,
    pub budget_usd_per_month: Option<f64>,
}

impl PlanConfig {
    /// All that is wrong with it.
    pub fn problems(&self, slug: &str) -> Problems {
        let numbers = [
            ("requests_per_day", self.requests_per_day),
            ("clips_per_day", self.clips_per_day),
            ("images_per_month", self.images_per_month),
            ("speech_minutes_per_month", self.speech_minutes_per_month),
            ("clips_per_month", self.clips_per_month),
        ];
        let negative = numbers.into_iter().filter(|(_, number)| number.is_some_and(|number| number < 0));
        let sentence = |(name, _)| anyhow!("plan.{slug}.{name} is negative; give 0 or more, or leave it out for no limit");
        let budget = check_budget(&format!("plan.{slug}"), self.budget_usd_per_month).err();
        negative.map(sentence).chain(budget).collect()
    }

    /// The plan itself.
    pub fn plan(&self, id: Uuid, slug: &str) -> Plan {
        Plan {
            id,
            slug: slug.to_owned(),
            name: self.name.clone().unwrap_or_else(|| slug.to_owned()),
            allowance: Allowance {
                requests_per_day: self.requests_per_day,
                clips_per_day: self.clips_per_day,
                images_per_month: self.images_per_month,
                speech_minutes_per_month: self.speech_minutes_per_month,
                clips_per_month: self.clips_per_month,
            },
            budget: self.budget_usd_per_month.map(Money::dollars),
            about: PlanAbout::default(),
        }
    }
}

/// Refuses what is no sum of money.
pub fn check_budget(table: &str, dollars: Option<f64>) -> anyhow::Result<()> {
    match dollars {
        Some(dollars) if !(0.0..=1e9).contains(&dollars) => {
            bail!("{table}.budget_usd_per_month is {dollars}; give 0 or more, or leave it out for no limit")
        }
        _ => Ok(()),
    }
}
