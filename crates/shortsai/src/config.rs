//! The configuration file: vendors, prices, plans and budgets. Everything in it has a default, so there need not be one.
//!
//! What is said about vendors is in `vendors`, where objects are kept in `objects`, what may be fetched in `fetch`, how the
//! database is backed up in `backup`. Which keys there are is in `schema`, which stand in a file in `document`.

pub mod backup;
pub mod document;
pub mod fetch;
pub mod objects;
pub mod plans;
pub mod render;
pub mod schema;
pub mod vendors;

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use api::TrustedProxies;
use assets::{Assets, Fetcher};
use model::usage::{Money, Price, PriceTable};
use providers::catalogue::Catalogue;
use providers::http::Http;
use providers::prompts::Prompts;
use serde::Deserialize;
use store::{Limits, Store};
use uuid::Uuid;

use crate::config::backup::BackupConfig;
use crate::config::document::Document;
use crate::config::fetch::FetchConfig;
use crate::config::objects::{CollectConfig, ObjectsConfig};
use crate::config::plans::{OwnerConfig, PlanConfig, check_budget};
use crate::config::render::RenderConfig;
use crate::config::vendors::{ChoiceConfig, VendorTables};
use crate::environment::{SHORTSAI_ALLOW_PLAIN_HTTP, TRUSTED_PROXIES, Variable, variable};
use crate::fail::sentence;
use crate::renderers::Renderers;
use crate::wiring::now;

/// The name that is looked for in the data folder.
pub const FILE_NAME: &str = "shortsai.toml";

/// All that is wrong, each with its causes.
pub type Problems = Vec<anyhow::Error>;

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

/// What clients may ask of the server.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ServerConfig {
    requests_per_minute: Option<NonZeroU32>,
    address_requests_per_minute: Option<NonZeroU32>,
    allow_plain_http: bool,
}

impl Config {
    /// Reads the named file, or the one in the data folder if there is one.
    pub fn read(named: Option<&Path>, data: &Path) -> anyhow::Result<Self> {
        let Some(path) = file(named, data) else { return Ok(Self::default()) };
        parse(&text_of(&path)?).map_err(|problems| all_of(problems).context(format!("the configuration {}", path.display())))
    }

    /// The same, with all that is wrong one by one.
    pub fn look(named: Option<&Path>, data: &Path) -> Result<Self, Problems> {
        let Some(path) = file(named, data) else { return Ok(Self::default()) };
        let text = text_of(&path).map_err(|error| vec![error])?;
        let of_file = |problem: anyhow::Error| problem.context(format!("the configuration {}", path.display()));
        parse(&text).map_err(|problems| problems.into_iter().map(of_file).collect())
    }

    /// All vendors, as this machine is set up. File names are relative to `folder`.
    pub fn catalogue(&self, folder: &Path) -> anyhow::Result<Catalogue> {
        let own_prompts = self.prompts.as_ref().map(|prompts| folder.join(prompts));
        Ok(Catalogue {
            http: Http::new()?,
            settings: vendors::settings(&self.vendor, &self.alias, variable),
            keys: vendors::keys(&self.vendor, folder, variable)?,
            choice: self.choice.choice(),
            prompts: Prompts::load(own_prompts.as_deref()).map_err(|problem| anyhow!("the configuration: {problem}"))?,
            now,
        })
    }

    /// The store of objects: `data` is their folder where no bucket is named, file names are relative to `folder`.
    pub fn objects(&self, data: &Path, folder: &Path) -> anyhow::Result<Assets> {
        self.objects.open(data, folder, variable)
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

    /// Whether others may reach this server without https.
    pub fn allows_plain_http(&self, variable: impl Fn(Variable) -> Option<String>) -> anyhow::Result<bool> {
        match variable(SHORTSAI_ALLOW_PLAIN_HTTP) {
            Some(text) => switch(SHORTSAI_ALLOW_PLAIN_HTTP, &text),
            None => Ok(self.server.allow_plain_http),
        }
    }

    /// Where objects are.
    pub fn objects_config(&self) -> &ObjectsConfig {
        &self.objects
    }

    /// Whose word counts about where requests come from: those of the environment, else of the file.
    pub fn proxies(&self) -> anyhow::Result<TrustedProxies> {
        match variable(TRUSTED_PROXIES) {
            Some(list) => proxies(list.split(',').filter(|entry| !entry.trim().is_empty())).context(TRUSTED_PROXIES.name()),
            None => proxies(&self.trusted_proxies).context("the configuration: trusted_proxies"),
        }
    }

    /// How often somebody may ask the server.
    pub fn rates(&self) -> api::Rates {
        let ServerConfig { requests_per_minute: user, address_requests_per_minute: address, .. } = &self.server;
        let or = |rate: &Option<NonZeroU32>, usual| rate.map_or(usual, api::PerMinute);
        api::Rates::new(or(user, api::Rates::USER), or(address, api::Rates::ADDRESS))
    }

    /// What vendors ask for.
    pub fn prices(&self) -> anyhow::Result<PriceTable> {
        let problem = |problem| anyhow!("the configuration: {problem}");
        let of = self.prices_of.as_deref().map(str::parse).transpose();
        let of = of.map_err(|wrong: String| problem(format!("prices_of: {wrong}")))?;
        Ok(PriceTable::new(self.price.clone()).map_err(problem)?.looked_up(of))
    }

    /// Who renders, and how many at a time.
    pub fn renderers(&self) -> anyhow::Result<Renderers> {
        self.render.renderers(variable)
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

/// The file that counts, if there is one.
pub fn file(named: Option<&Path>, data: &Path) -> Option<PathBuf> {
    let usual = || Some(data.join(FILE_NAME)).filter(|path| path.is_file());
    named.map(Path::to_owned).or_else(usual)
}

pub fn text_of(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("the configuration {} can't be read", path.display()))
}

/// All of them as one.
pub fn all_of(mut problems: Problems) -> anyhow::Error {
    match problems.len() {
        1 => problems.remove(0),
        _ => anyhow!("{}", problems.iter().map(sentence).collect::<Vec<_>>().join("; and ")),
    }
}

/// What a variable says that is on or off.
pub fn switch(variable: Variable, text: &str) -> anyhow::Result<bool> {
    match text.trim() {
        "true" | "1" | "yes" => Ok(true),
        "false" | "0" | "no" => Ok(false),
        other => bail!("{variable} is {other:?}; set it to true or false"),
    }
}

fn proxies(entries: impl IntoIterator<Item = impl AsRef<str>>) -> anyhow::Result<TrustedProxies> {
    Ok(TrustedProxies::of(entries)?)
}

fn parse(text: &str) -> Result<Config, Problems> {
    // What is no TOML at all is said by the reader of the values.
    let unknown = Document::parse(text).map(|document| document.unknown).unwrap_or_default();
    if !unknown.is_empty() {
        return Err(unknown.into_iter().map(|sentence| anyhow!(sentence)).collect());
    }
    let config: Config = toml::from_str(text).map_err(|error| vec![anyhow!("{}", error.to_string().trim_end())])?;
    let mut problems = Problems::new();
    problems.extend(config.prices().err());
    problems.extend(proxies(&config.trusted_proxies).context("trusted_proxies").err());
    problems.extend(config.choice.check().err());
    problems.extend(vendors::check(&config.vendor).err());
    problems.extend(config.fetch.settings().err());
    problems.extend(config.objects.collecting(false).err());
    if let (backup, true) = config.backup() {
        problems.extend(backup.every(true, |_| None).err());
    }
    if let Some(slug) =
        config.owner.as_ref().and_then(|owner| owner.plan.as_ref()).filter(|slug| !config.plan.contains_key(*slug))
    {
        problems.push(anyhow!("owner: there is no plan.{slug}; add it, or name another"));
    }
    for (slug, plan) in &config.plan {
        problems.extend(plan.problems(slug));
    }
    problems.extend(check_budget("owner", config.owner.as_ref().and_then(|owner| owner.budget_usd_per_month)).err());
    if problems.is_empty() { Ok(config) } else { Err(problems) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::usage::Unit;

    #[test]
    fn the_documented_file_is_good_and_changes_nothing() {
        let text = include_str!("../../../docs/shortsai.toml");
        let config = parse(text).map_err(all_of).expect("the file is good");
        assert!(config.price.is_empty() && config.plan.is_empty() && config.owner.is_none());
        assert!(config.vendor.is_empty() && config.alias.is_empty() && config.limits().is_empty() && config.prompts.is_none());
        assert_eq!(config.choice.choice(), model::choice::Choice::default());
        assert!(config.trusted_proxies.is_empty());
        // With every example switched on.
        let on: String = text.lines().map(|line| format!("{}\n", line.strip_prefix("#: ").unwrap_or(line))).collect();
        let config = parse(&on).map_err(all_of).expect("the examples are good");
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
        let prices = parse(text).map_err(all_of).and_then(|config| config.prices()).expect("it was good before there were dates");
        assert_eq!((prices.len(), prices.of()), (1, None));
    }

    #[test]
    fn mistakes_are_named() {
        let check = |text: &str, expected: &str| {
            let error = format!("{:#}", parse(text).map_err(all_of).expect_err(text));
            assert!(error.contains(expected), "{error}\ndoes not say\n{expected}");
        };
        check("[owner]\nplan = \"pro\"", "owner: there is no plan.pro; add it, or name another");
        check("[plan.a]\nclips_per_day = -1", "plan.a.clips_per_day is negative");
        check("[owner]\nbudget_usd_per_month = -0.5", "owner.budget_usd_per_month is -0.5");
        check("[plan.a]\nimages = 1", "line 2: [plan.a] has no key \"images\"; its keys are name, requests_per_day");
        check("[plan.a]\nclips_per_day = -1\n[server]\n[fetch]\nseconds = 0", "plan.a.clips_per_day is negative");
        check("[plan.a]\nclips_per_day = -1\n[server]\n[fetch]\nseconds = 0", "fetch.seconds is 0");
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
