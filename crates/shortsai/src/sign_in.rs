//! How people get in, out of the environment: with Google where that is configured, else whoever is at this machine.

use std::sync::Arc;

use anyhow::{Context, bail};
use api::{Access, Origin, Provider, Secret, SignIn};
use store::Vault;
use uuid::Uuid;

use crate::config::vendors::variable;

const GOOGLE: &str = "https://accounts.google.com";

/// Whether people sign in here.
pub fn is_configured() -> bool {
    variable("GOOGLE_CLIENT_ID").is_some() || variable("GOOGLE_CLIENT_SECRET").is_some()
}

/// Who may come in.
pub fn access(owner: Uuid, vault: &Vault) -> anyhow::Result<Access> {
    if !is_configured() {
        return Ok(Access::LocalOwner(owner));
    }
    let needed = |name: &str, what: &str| {
        variable(name).with_context(|| format!("sign-in with Google also needs {name}: {what}; set it, or none of GOOGLE_*"))
    };
    let client = needed("GOOGLE_CLIENT_ID", "the id that Google has given this app")?;
    let client_secret = needed("GOOGLE_CLIENT_SECRET", "the secret that Google has given this app")?;
    // It also seals users' keys: a file on one machine is not enough when several share a database.
    let secret = needed("AUTH_SECRET", "a secret that nobody guesses, such as: openssl rand -hex 32")?;
    let address = needed("AUTH_URL", "where browsers find this server, such as https://shorts.example")?;
    let origin = origin("AUTH_URL", &address)?;
    let mut origins = Vec::new();
    for name in ["FRONTEND_URL", "NEXT_PUBLIC_APP_URL", "CORS_ORIGINS"] {
        for address in list(name) {
            origins.push(self::origin(name, &address)?);
        }
    }
    let frontend = variable("FRONTEND_URL").unwrap_or_else(|| format!("{}/", origin.as_str()));
    let issuer = variable("GOOGLE_ISSUER").unwrap_or_else(|| GOOGLE.to_owned());
    if !issuer.starts_with("https://") && !is_loopback(&issuer) {
        bail!("GOOGLE_ISSUER is {issuer}, where everybody on the way could sign in as anybody; give an https address");
    }
    let provider = Provider::new(&issuer, client, Secret::from(client_secret)).context("sign-in can't be set up")?;
    let admins = list("ADMIN_EMAILS");
    let secret = Secret::from(secret);
    Ok(Access::SignIn(Arc::new(SignIn { origin, origins, frontend, provider, admins, secret, vault: vault.clone() })))
}

fn origin(name: &str, address: &str) -> anyhow::Result<Origin> {
    Origin::of(address).with_context(|| format!("{name} is {address:?}; give an address such as https://shorts.example"))
}

/// Several in one variable, separated by commas.
fn list(name: &str) -> Vec<String> {
    let all = variable(name).unwrap_or_default();
    all.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

fn is_loopback(address: &str) -> bool {
    let host = address.strip_prefix("http://").unwrap_or_default().split(['/', ':']).next().unwrap_or_default();
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
