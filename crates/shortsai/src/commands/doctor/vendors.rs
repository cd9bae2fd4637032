//! Asking each vendor that is set up whether it can be used: side by side, free of charge, and not for long.

use std::time::Duration;

use futures::future::join_all;
use providers::catalogue::Wish;
use providers::vendor::{Access, Vendor};

use super::Finding;
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
    join_all(others.map(|vendor| ask_one(house, vendor, &wish, offline))).await
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
