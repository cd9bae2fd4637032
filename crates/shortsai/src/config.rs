//! The configuration file: vendors, prices, plans and budgets. Everything in it has a default, so there need not be one.
//!
//! What is said about vendors is in `vendors`, where objects are kept in `objects`, what may be fetched in `fetch`, how the
//! database is backed up in `backup`.

pub mod backup;
pub mod fetch;
pub mod objects;
pub mod render;
pub mod vendors;

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use api::TrustedProxies;
use assets::{Assets, Fetcher};
use model::usage::{Allowance, Money, Price, PriceTable};
use providers::catalogue::Catalogue;
use providers::http::Http;
use providers::prompts::Prompts;
use serde::Deserialize;
use store::{Limits, Plan, PlanAbout, Store};
use uuid::Uuid;

use crate::config::backup::BackupConfig;
use crate::config::fetch::FetchConfig;
use crate::config::objects::{CollectConfig, ObjectsConfig};
use crate::config::render::RenderConfig;
use crate::config::vendors::{ChoiceConfig, VendorTables};
use crate::renderers::Renderers;
use crate::wiring::now;

/// The name that is looked for in the data folder.
pub const FILE_NAME: &str = "shortsai.toml";
/// Overrules the file's `trusted_proxies`.
const TRUSTED_PROXIES: &str = "TRUSTED_PROXIES";

/// What the file says.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    choice: ChoiceConfig,
    vendor: VendorTables,
    alias: BTreeMap<String, String>,
    prompts: Option<PathBuf>,
    prices_of: Option<String>,
    price: Vec<Price>,
    plan: BTreeMap<String, PlanConfig>,
    owner: Option<OwnerConfig>,
    render: RenderConfig,
    objects: ObjectsConfig,
    trusted_proxies: Vec<String>,
    server: ServerConfig,
    fetch: FetchConfig,
    backup: Option<BackupConfig>,
}

/// The plan of a slug.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct PlanConfig {
    name: Option<String>,
    requests_per_day: Option<i64>,
    clips_per_day: Option<i64>,
    images_per_month: Option<i64>,
    speech_minutes_per_month: Option<i64>,
    clips_per_month: Option<i64>,
    budget_usd_per_month: Option<f64>,
}

/// What clients may ask of the server.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ServerConfig {
    requests_per_minute: Option<NonZeroU32>,
    address_requests_per_minute: Option<NonZeroU32>,
}

/// The local owner.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct OwnerConfig {
    plan: Option<String>,
    budget_usd_per_month: Option<f64>,
}

impl Config {
    /// Reads the named file, or the one in the data folder if there is one.
    pub fn read(named: Option<&Path>, data: &Path) -> anyhow::Result<Self> {
        let default = data.join(FILE_NAME);
        let path = match named {
            Some(path) => path,
            None if default.is_file() => &default,
            None => return Ok(Self::default()),
        };
        let text =
            std::fs::read_to_string(path).with_context(|| format!("the configuration {} can't be read", path.display()))?;
        parse(&text).with_context(|| format!("the configuration {}", path.display()))
    }

    /// All vendors, as this machine is set up. File names are relative to `folder`.
    pub fn catalogue(&self, folder: &Path) -> anyhow::Result<Catalogue> {
        let own_prompts = self.prompts.as_ref().map(|prompts| folder.join(prompts));
        Ok(Catalogue {
            http: Http::new()?,
            settings: vendors::settings(&self.vendor, &self.alias, vendors::variable),
            keys: vendors::keys(&self.vendor, folder, vendors::variable)?,
            choice: self.choice.choice(),
            prompts: Prompts::load(own_prompts.as_deref()).map_err(|problem| anyhow::anyhow!("the configuration: {problem}"))?,
            now,
        })
    }

    /// The store of objects: `data` is their folder where no bucket is named, file names are relative to `folder`.
    pub fn objects(&self, data: &Path, folder: &Path) -> anyhow::Result<Assets> {
        self.objects.open(data, folder, vendors::variable)
    }

    /// How objects that nothing names are collected.
    pub fn collecting(&self, is_remote: bool) -> anyhow::Result<CollectConfig> {
        self.objects.collecting(is_remote)
    }

    /// What may be fetched of addresses that users give.
    pub fn fetcher(&self) -> anyhow::Result<Fetcher> {
        Ok(Fetcher::new(self.fetch.settings()?))
    }

    /// Backups of the database; and whether the file says anything about them.
    pub fn backup(&self) -> (BackupConfig, bool) {
        (self.backup.clone().unwrap_or_default(), self.backup.is_some())
    }

    /// What vendors take from this machine.
    pub fn limits(&self) -> HashMap<String, Limits> {
        vendors::limits(&self.vendor)
    }

    /// Whose word counts about where requests come from: those of the environment, else of the file.
    pub fn proxies(&self) -> anyhow::Result<TrustedProxies> {
        match vendors::variable(TRUSTED_PROXIES) {
            Some(list) => proxies(list.split(',').filter(|entry| !entry.trim().is_empty())).context(TRUSTED_PROXIES),
            None => proxies(&self.trusted_proxies).context("the configuration: trusted_proxies"),
        }
    }

    /// How often somebody may ask the server.
    pub fn rates(&self) -> api::Rates {
        let ServerConfig { requests_per_minute: user, address_requests_per_minute: address } = &self.server;
        let or = |rate: &Option<NonZeroU32>, usual| rate.map_or(usual, api::PerMinute);
        api::Rates::new(or(user, api::Rates::USER), or(address, api::Rates::ADDRESS))
    }

    /// What vendors ask for.
    pub fn prices(&self) -> anyhow::Result<PriceTable> {
        let problem = |problem| anyhow::anyhow!("the configuration: {problem}");
        let of = self.prices_of.as_deref().map(str::parse).transpose();
        let of = of.map_err(|wrong: String| problem(format!("prices_of: {wrong}")))?;
        Ok(PriceTable::new(self.price.clone()).map_err(problem)?.looked_up(of))
    }

    /// Who renders, and how many at a time.
    pub fn renderers(&self) -> anyhow::Result<Renderers> {
        self.render.renderers(vendors::variable)
    }

    /// Writes plans and the owner's own limits into the database, where every process finds them.
    pub async fn store(&self, store: &Store, owner: Uuid) -> anyhow::Result<()> {
        let mut ids = BTreeMap::new();
        for (slug, plan) in &self.plan {
            // It follows from the slug, so that two processes at the same moment make one plan.
            let id = Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("shortsai/plan/{slug}").as_bytes());
            ids.insert(slug, store.put_plan(&plan.plan(id, slug), now()).await?);
        }
        if let Some(limits) = &self.owner {
            let plan = limits.plan.as_ref().and_then(|slug| ids.get(slug)).copied();
            store.set_plan(owner, plan).await?;
            store.set_user_budget(owner, limits.budget_usd_per_month.map(Money::dollars)).await?;
        }
        Ok(())
    }
}

impl PlanConfig {
    fn plan(&self, id: Uuid, slug: &str) -> Plan {
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

fn proxies(entries: impl IntoIterator<Item = impl AsRef<str>>) -> anyhow::Result<TrustedProxies> {
    Ok(TrustedProxies::of(entries)?)
}

fn parse(text: &str) -> anyhow::Result<Config> {
    let config: Config = toml::from_str(text).map_err(|error| anyhow::anyhow!("{}", error.to_string().trim_end()))?;
    config.prices()?;
    proxies(&config.trusted_proxies).context("trusted_proxies")?;
    config.choice.check()?;
    vendors::check(&config.vendor)?;
    config.fetch.settings()?;
    config.objects.collecting(false)?;
    if let (backup, true) = config.backup() {
        backup.every(true, |_| None)?;
    }
    if let Some(slug) =
        config.owner.as_ref().and_then(|owner| owner.plan.as_ref()).filter(|slug| !config.plan.contains_key(*slug))
    {
        bail!("owner: there is no plan.{slug}; add it, or name another");
    }
    for (slug, plan) in &config.plan {
        let numbers = [
            ("requests_per_day", plan.requests_per_day),
            ("clips_per_day", plan.clips_per_day),
            ("images_per_month", plan.images_per_month),
            ("speech_minutes_per_month", plan.speech_minutes_per_month),
            ("clips_per_month", plan.clips_per_month),
        ];
        if let Some((name, _)) = numbers.into_iter().find(|(_, number)| number.is_some_and(|number| number < 0)) {
            bail!("plan.{slug}.{name} is negative; give 0 or more, or leave it out for no limit");
        }
        check_budget(&format!("plan.{slug}"), plan.budget_usd_per_month)?;
    }
    check_budget("owner", config.owner.as_ref().and_then(|owner| owner.budget_usd_per_month))?;
    Ok(config)
}

fn check_budget(table: &str, dollars: Option<f64>) -> anyhow::Result<()> {
    match dollars {
        Some(dollars) if !(0.0..=1e9).contains(&dollars) => {
            bail!("{table}.budget_usd_per_month is {dollars}; give 0 or more, or leave it out for no limit")
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::usage::Unit;

    #[test]
    fn the_documented_file_is_good_and_changes_nothing() {
        let text = include_str!("../../../docs/shortsai.toml");
        let config = parse(text).expect("the file is good");
        assert!(config.price.is_empty() && config.plan.is_empty() && config.owner.is_none());
        assert!(config.vendor.is_empty() && config.alias.is_empty() && config.limits().is_empty() && config.prompts.is_none());
        assert_eq!(config.choice.choice(), model::choice::Choice::default());
        assert!(config.trusted_proxies.is_empty());
        // With every example switched on.
        let on: String = text.lines().map(|line| format!("{}\n", line.strip_prefix("#: ").unwrap_or(line))).collect();
        let config = parse(&on).expect("the examples are good");
        let prices = config.prices().expect("they were checked");
        assert_eq!(prices.of().map(|month| month.to_string()).as_deref(), Some("2026-11"));
        assert_eq!(prices.cost("gemini", "gemini-nano-banana-2.1", Unit::Image, 2.0), Some(Money(78_000)));
        assert_eq!(config.trusted_proxies, ["127.0.0.1", "10.0.0.0/8"]);
        assert_eq!(config.plan["free"].plan(Uuid::nil(), "free").allowance.images_per_month, Some(10));
        assert_eq!(config.owner.and_then(|owner| owner.plan).as_deref(), Some("free"));
    }

    #[test]
    fn prices_need_no_date() {
        let text = "[[price]]\nvendor = \"x\"\nmodel = \"*\"\nunit = \"image\"\nusd = 1.0";
        let prices = parse(text).and_then(|config| config.prices()).expect("it was good before there were dates");
        assert_eq!((prices.len(), prices.of()), (1, None));
    }

    #[test]
    fn mistakes_are_named() {
        let check = |text: &str, expected: &str| {
            let error = format!("{:#}", parse(text).expect_err(text));
            assert!(error.contains(expected), "{error}\ndoes not say\n{expected}");
        };
        check("[owner]\nplan = \"pro\"", "owner: there is no plan.pro; add it, or name another");
        check("[plan.a]\nclips_per_day = -1", "plan.a.clips_per_day is negative");
        check("[owner]\nbudget_usd_per_month = -0.5", "owner.budget_usd_per_month is -0.5");
        check("[plan.a]\nimages = 1", "unknown field `images`");
        check("[[price]]\nvendor = \"x\"\nmodel = \"*\"\nunit = \"image\"\nusd = -1.0", "prices: line 1 (x *): usd is -1");
        check("[[price]]\nvendor = \"x\"\nmodel = \"*\"\nunit = \"pixel\"\nusd = 1.0", "unknown variant `pixel`");
        check("[vendor.midjourney]\nvoice = \"x\"", "vendor.midjourney: there is no such vendor; choose one of gemini");
        check("[vendor.suno]\nper_minute = 0", "vendor.suno.per_minute is 0");
        check("[choice]\nimage = [\"suno\"]", "choice: image: there is no vendor \"suno\"");
        check("prices_of = \"2026-13\"", "prices_of: 2026-13 is not a month; write it as 2026-11");
        check("[server]\nrequests_per_minute = 0", "expected a nonzero u32");
        check("[fetch]\nallow = [\"192.168.1.0/64\"]", "fetch.allow: \"192.168.1.0/64\" is neither a network");
        check("[fetch]\nseconds = 0", "fetch.seconds is 0");
        check("price =", "line 1");
        check("trusted_proxies = [\"nginx\"]", "trusted_proxies: \"nginx\" is no address or network");
    }
}
