//! Asking each vendor that is set up whether it can be used: side by side, free of charge, and not for long.

use std::time::Duration;

use futures::future::join_all;
use providers::catalogue::Wish;
use providers::error::ProviderError;
use providers::vendor::{Access, Vendor};

use super::{Finding, State};
use crate::wiring::House;

/// Whoever answers later than this has not answered.
const PATIENCE: Duration = Duration::from_secs(20);

/// All vendors with what was found. `offline`: nobody is asked.
pub async fn ask(house: &House, offline: bool) -> Vec<Finding> {
    let wish = match house.office.wish(house.owner, None).await {
        Ok(wish) => wish,
        Err(error) => return vec![Finding::missing("stored keys", error.to_string())],
    };
    let others = Vendor::ALL.into_iter().filter(|vendor| vendor.access() != Access::Local);
    join_all(others.map(|vendor| ask_about(house, vendor, &wish, offline))).await.concat()
}

/// The vendor, and its voice if it has one and can be asked.
async fn ask_about(house: &House, vendor: Vendor, wish: &Wish, offline: bool) -> Vec<Finding> {
    let found = ask_one(house, vendor, wish, offline).await;
    let voice = if found.state == State::Ok { voice(house, vendor, wish).await } else { None };
    std::iter::once(found).chain(voice).collect()
}

/// Whether the voice is there that speaks where a project names none.
async fn voice(house: &House, vendor: Vendor, wish: &Wish) -> Option<Finding> {
    let name = format!("{} voice", vendor.name());
    Some(match tokio::time::timeout(PATIENCE, house.office.catalogue.check_voice(vendor, wish)).await {
        Ok(Ok(found)) => Finding::ok(&name, found?),
        Ok(Err(error @ ProviderError::Fatal(_))) => Finding::missing(&name, error.to_string()),
        // A key may be good for speaking and not for the list.
        Ok(Err(error)) => Finding::off(&name, format!("not known: {error}")),
        Err(_) => Finding::off(&name, "not known: the list of voices does not come"),
    })
}

async fn ask_one(house: &House, vendor: Vendor, wish: &Wish, offline: bool) -> Finding {
    let (name, catalogue) = (vendor.name(), &house.office.catalogue);
    if !catalogue.is_set_up(vendor, wish) {
        return Finding::off(name, how_to_set_up(vendor));
    }
    if offline {
        return Finding::off(name, "set up; not asked");
    }
    let open = vendor.access() == Access::Open;
    match tokio::time::timeout(PATIENCE, catalogue.probe(vendor, wish)).await {
        Ok(Ok(found)) => Finding::ok(name, found),
        // Nobody has asked for the open ones: they may be out of reach.
        Ok(Err(error)) if open => Finding::off(name, error.to_string()),
        Ok(Err(error)) => Finding::missing(name, error.to_string()),
        Err(_) if open => Finding::off(name, "does not answer"),
        Err(_) => Finding::missing(name, format!("did not answer within {} s; check the network", PATIENCE.as_secs())),
    }
}

fn how_to_set_up(vendor: Vendor) -> String {
    match (vendor, vendor.key_variable()) {
        (Vendor::Ollama, _) => "not set up; set OLLAMA_HOST, or vendor.ollama.base_url in shortsai.toml".to_owned(),
        (_, Some(variable)) => format!("no key; to use it, set {variable}"),
        (_, None) => "not set up".to_owned(),
    }
}
