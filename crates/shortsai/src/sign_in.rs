//! How people get in, out of the environment: with Google where that is configured, else whoever is at this machine.

use std::sync::Arc;

use anyhow::{Context, anyhow};
use api::{Access, Origin, Provider, Secret, SignIn};
use store::Vault;
use uuid::Uuid;

use crate::config::{Problems, all_of};
use crate::environment::{
    ADMIN_EMAILS, AUTH_SECRET, AUTH_URL, CORS_ORIGINS, FRONTEND_URL, GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET, GOOGLE_ISSUER,
    NEXT_PUBLIC_APP_URL, Variable, variable,
};

pub const GOOGLE: &str = "https://accounts.google.com";

/// Whether people sign in here.
pub fn is_configured(variable: impl Fn(Variable) -> Option<String>) -> bool {
    variable(GOOGLE_CLIENT_ID).is_some() || variable(GOOGLE_CLIENT_SECRET).is_some()
}

/// Who may come in.
pub fn access(owner: Uuid, vault: &Vault) -> anyhow::Result<Access> {
    let Some(settings) = Settings::read(variable).map_err(all_of)? else { return Ok(Access::LocalOwner(owner)) };
    let Settings { origin, origins, issuer, client, client_secret, secret } = settings;
    let frontend = variable(FRONTEND_URL).unwrap_or_else(|| format!("{}/", origin.as_str()));
    let provider = Provider::new(&issuer, client, Secret::from(client_secret)).context("sign-in can't be set up")?;
    let admins = list(variable(ADMIN_EMAILS));
    let secret = Secret::from(secret);
    let origins = origins.into_iter().map(|(_, origin)| origin).collect();
    Ok(Access::SignIn(Arc::new(SignIn { origin, origins, frontend, provider, admins, secret, vault: vault.clone() })))
}

/// What sign-in needs. No `Debug`: there are secrets in it.
pub struct Settings {
    pub origin: Origin,
    /// Where else pages may come from, each with the variable that says so.
    pub origins: Vec<(Variable, Origin)>,
    issuer: String,
    client: String,
    client_secret: String,
    secret: String,
}

impl Settings {
    /// Nothing where people don't sign in; or all that is missing or wrong.
    pub fn read(variable: impl Fn(Variable) -> Option<String>) -> Result<Option<Self>, Problems> {
        if !is_configured(&variable) {
            return Ok(None);
        }
        let mut problems = Problems::new();
        let mut needed = |named: Variable, what: &str| {
            let value = variable(named);
            if value.is_none() {
                problems.push(anyhow!("sign-in with Google also needs {named}: {what}; set it, or none of GOOGLE_*"));
            }
            value.unwrap_or_default()
        };
        let client = needed(GOOGLE_CLIENT_ID, "the id that Google has given this app");
        let client_secret = needed(GOOGLE_CLIENT_SECRET, "the secret that Google has given this app");
        // It also seals users' keys: a file on one machine is not enough when several share a database.
        let secret = needed(AUTH_SECRET, "a secret that nobody guesses, such as: openssl rand -hex 32");
        let address = needed(AUTH_URL, "where browsers find this server, such as https://shorts.example");
        let origin = Some(address).filter(|address| !address.is_empty()).map(|address| origin(AUTH_URL, &address)).transpose();
        let origin = origin.unwrap_or_else(|error| {
            problems.push(error);
            None
        });
        let mut origins = Vec::new();
        for named in [FRONTEND_URL, NEXT_PUBLIC_APP_URL, CORS_ORIGINS] {
            for address in list(variable(named)) {
                match self::origin(named, &address) {
                    Ok(origin) => origins.push((named, origin)),
                    Err(error) => problems.push(error),
                }
            }
        }
        let issuer = variable(GOOGLE_ISSUER).unwrap_or_else(|| GOOGLE.to_owned());
        if !issuer.starts_with("https://") && !is_loopback(&issuer) {
            problems.push(anyhow!(
                "GOOGLE_ISSUER is {issuer}, where everybody on the way could sign in as anybody; give an https address"
            ));
        }
        match origin {
            Some(origin) if problems.is_empty() => Ok(Some(Self { origin, origins, issuer, client, client_secret, secret })),
            _ => Err(problems),
        }
    }
}

/// The origin that a variable names.
pub fn origin(named: Variable, address: &str) -> anyhow::Result<Origin> {
    Origin::of(address).with_context(|| format!("{named} is {address:?}; give an address such as https://shorts.example"))
}

/// Several in one variable, separated by commas.
fn list(all: Option<String>) -> Vec<String> {
    let all = all.unwrap_or_default();
    all.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

/// Whether an address can only be reached from this machine itself.
pub fn is_loopback(address: &str) -> bool {
    let Ok(url) = url::Url::parse(address.trim()) else { return false };
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        let check = |address: &str, expected: bool| assert_eq!(is_loopback(address), expected, "{address}");
        check("http://localhost:3000/x", true);
        check("http://shorts.localhost", true);
        check("http://127.0.0.1:9", true);
        check("https://[::1]:3333", true);
        check("http://localhost.example", false);
        check("http://127.0.0.1@example.com", false);
        check("http://10.0.0.1", false);
        check("nonsense", false);
    }

    #[test]
    fn all_that_is_missing_is_said_at_once() {
        let check = |pairs: &[(&str, &str)], expected: &[&str]| {
            let variable =
                |named: Variable| pairs.iter().find(|(name, _)| *name == named.name()).map(|(_, value)| (*value).to_owned());
            let problems = Settings::read(variable).err().unwrap_or_default();
            let found: Vec<String> = problems.iter().map(ToString::to_string).collect();
            assert_eq!(found.len(), expected.len(), "{found:?}");
            for (found, begin) in found.iter().zip(expected) {
                assert!(found.starts_with(begin), "{found} does not begin with {begin}");
            }
        };
        let needs = "sign-in with Google also needs ";
        let (secret, own, url) =
            (format!("{needs}GOOGLE_CLIENT_SECRET"), format!("{needs}AUTH_SECRET"), format!("{needs}AUTH_URL"));
        check(&[], &[]);
        check(&[("GOOGLE_CLIENT_ID", "x")], &[&secret, &own, &url]);
        let all =
            [("GOOGLE_CLIENT_ID", "x"), ("GOOGLE_CLIENT_SECRET", "x"), ("AUTH_SECRET", "x"), ("AUTH_URL", "https://a.example")];
        check(&all, &[]);
        let wrong = [
            &all[..3],
            &[
                ("AUTH_URL", "a.example"),
                ("FRONTEND_URL", "b"),
                ("CORS_ORIGINS", "https://c,d"),
                ("GOOGLE_ISSUER", "http://e.example"),
            ],
        ]
        .concat();
        check(
            &wrong,
            &["AUTH_URL is \"a.example\"; give", "FRONTEND_URL is \"b\"", "CORS_ORIGINS is \"d\"", "GOOGLE_ISSUER is http://e"],
        );
    }
}
