//! Plans, and users' own limits, which become plans too: here limits belong to a plan.

use model::usage::{Allowance, Money};
use store::{LegacyMoment, LegacyTable, Noun, Plan, PlanAbout, PlanError};
use uuid::Uuid;

use super::row::Row;
use super::{TakeOver, all};

const NOUN: &str = "plans";
/// What a plan costs at the most, in US dollars; more is a mistake.
const DEAREST: f64 = 1e6;

pub async fn take(over: &mut TakeOver<'_>, from: &LegacyMoment) -> anyhow::Result<()> {
    for row in all(from, LegacyTable::Plans).await? {
        let Some(id) = row.id("id") else {
            over.report.left(NOUN, "they have no id", &row);
            continue;
        };
        let plan = plan_of(over, id, &row);
        let known = over.store.plans().await?;
        if let Some(known) = known.iter().find(|known| known.id == id || known.slug == plan.slug) {
            over.plans.insert(id, (known.id, known.allowance));
            over.report.here(NOUN);
            if known.id != id {
                over.report.changed(NOUN, "there is one of the same short name (slug) here; its limits count", &row);
            }
            continue;
        }
        over.plans.insert(id, (id, plan.allowance));
        over.report.new_one(NOUN);
        if !over.dry_run {
            let names: Vec<&str> = known.iter().map(|known| known.name.as_str()).collect();
            let plan = Plan { name: free_name(&plan.name, &names), ..plan };
            made(over.store.create_plan(&plan, row.time("created_at").unwrap_or(over.now)).await)?;
        }
    }
    Ok(())
}

/// The plan for somebody who has these limits of their own, made if there is none.
pub async fn of_limits(over: &TakeOver<'_>, allowance: Allowance) -> anyhow::Result<Uuid> {
    let Allowance { requests_per_day, clips_per_day, images_per_month, speech_minutes_per_month, clips_per_month } = allowance;
    let limits = [requests_per_day, clips_per_day, images_per_month, speech_minutes_per_month, clips_per_month];
    let limits: Vec<String> = limits.iter().map(|limit| limit.map_or("x".to_owned(), |limit| limit.to_string())).collect();
    let slug = format!("limits-{}", limits.join("-"));
    // It follows from the limits, so that everybody with the same ones is on the same plan.
    let id = Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("shortsai/legacy/{slug}").as_bytes());
    if !over.dry_run && over.store.in_use(Noun::Plan, &[id]).await?.is_empty() {
        let description = "The limits that users had of their own where they were taken over from.".to_owned();
        let about = PlanAbout { description: Some(description), ..PlanAbout::default() };
        let plan = Plan { id, name: format!("Limits {}", limits.join("/")), slug, allowance, budget: None, about };
        made(over.store.create_plan(&plan, over.now).await)?;
    }
    Ok(id)
}

fn made(made: Result<store::PlanRecord, PlanError>) -> anyhow::Result<()> {
    match made {
        Ok(_) => Ok(()),
        Err(PlanError::Store(error)) => Err(error.into()),
        Err(error) => Err(error.into()),
    }
}

fn plan_of(over: &mut TakeOver<'_>, id: Uuid, row: &Row) -> Plan {
    let price = row.number("price").filter(|price| (0.0..=DEAREST).contains(price));
    if price.is_none() && row.json("price").is_some() {
        over.report.changed(NOUN, "their price is no price; it is 0 here", row);
    }
    let slug = row.words("slug").map_or_else(|| id.to_string(), str::to_owned);
    let about = PlanAbout {
        description: row.words("description").map(str::to_owned),
        price: Money::dollars(price.unwrap_or_default()),
        features: row.json("features").cloned(),
    };
    Plan { id, name: row.words("name").unwrap_or(&slug).to_owned(), slug, allowance: allowance(row), budget: None, about }
}

/// The five limits, which plans and users have in columns of the same names.
pub fn allowance(row: &Row) -> Allowance {
    // Below 0 nothing was let through either.
    let limit = |column: &str| row.count(column).map(|limit| limit.max(0));
    Allowance {
        requests_per_day: limit("daily_requests_limit"),
        clips_per_day: limit("daily_videos_limit"),
        images_per_month: limit("monthly_images_limit"),
        speech_minutes_per_month: limit("monthly_minutes_tts"),
        clips_per_month: limit("monthly_videos_limit"),
    }
}

/// The name, with a number if it is taken.
fn free_name(name: &str, names: &[&str]) -> String {
    let numbered = (2..).map(|number| format!("{name} ({number})"));
    let mut free = std::iter::once(name.to_owned()).chain(numbered).filter(|name| !names.contains(&name.as_str()));
    free.next().expect("one of endlessly many numbers is free")
}
