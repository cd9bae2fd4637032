//! Where renders are made: `[render]` of the configuration, and the environment names of older installations.

use anyhow::{Context, bail};
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;
use worker::WorkerOptions;
use worker::dispatch::{DispatchSettings, Identity, TargetSettings};

use crate::environment::{
    AUTH_URL, CLOUD_RUN_URL, GCE_METADATA_HOST, GOOGLE_APPLICATION_CREDENTIALS, NEXT_PUBLIC_API_URL, Variable, WORKER_SECRET,
    WORKER_URL,
};
use crate::renderers::Renderers;
use crate::telemetry;
use crate::wiring::now;

/// Where Google's machines ask who they are.
const METADATA: &str = "metadata.google.internal";
/// Renders at a time where workers render and nothing else is said.
const AT_ONCE: usize = 16;

/// The table.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RenderConfig {
    workers: Vec<String>,
    cloud_run: Vec<String>,
    asynchronous: bool,
    at_once: Option<usize>,
    fan_out: Option<usize>,
    or_here: bool,
}

impl RenderConfig {
    /// Who renders, with what the environment says.
    pub fn renderers(&self, variable: impl Fn(Variable) -> Option<String>) -> anyhow::Result<Renderers> {
        let named = |configured: &[String], name: Variable| match variable(name) {
            Some(list) => list.split(',').map(str::trim).filter(|url| !url.is_empty()).map(str::to_owned).collect(),
            None => configured.to_vec(),
        };
        let mut targets = Vec::new();
        for (urls, name, identity) in
            [(named(&self.cloud_run, CLOUD_RUN_URL), CLOUD_RUN_URL, true), (named(&self.workers, WORKER_URL), WORKER_URL, false)]
        {
            for url in urls {
                targets.push(TargetSettings {
                    url: address(name, &url)?,
                    asynchronous: self.asynchronous && !identity,
                    identity,
                });
            }
        }
        if targets.is_empty() {
            return Ok(Renderers::Here);
        }
        let secret = variable(WORKER_SECRET).filter(|secret| !secret.trim().is_empty());
        let secret = secret.context(
            "render workers are configured, but not the secret that they know this server by; set WORKER_SECRET to theirs",
        )?;
        let fan_out = self.fan_out.unwrap_or(1);
        let at_once = self.at_once.unwrap_or(AT_ONCE);
        if fan_out == 0 || at_once == 0 {
            bail!("[render]: fan_out and at_once must be at least 1");
        }
        let webhook_url = match variable(NEXT_PUBLIC_API_URL).or_else(|| variable(AUTH_URL)) {
            Some(url) => Some(address(NEXT_PUBLIC_API_URL, &url)?.join("/api/webhooks/job-status")?),
            None => None,
        };
        let dispatch = DispatchSettings {
            targets,
            secret: SecretString::from(secret),
            identity: identity(&variable)?,
            webhook_url,
            fan_out,
            options: WorkerOptions::default(),
            propagation: telemetry::PROPAGATION,
            clock: now,
        };
        Ok(Renderers::Away { dispatch: Box::new(dispatch), at_once, or_here: self.or_here })
    }
}

fn identity(variable: impl Fn(Variable) -> Option<String>) -> anyhow::Result<Identity> {
    let Some(path) = variable(GOOGLE_APPLICATION_CREDENTIALS) else {
        return Ok(Identity::Metadata(variable(GCE_METADATA_HOST).unwrap_or_else(|| METADATA.to_owned())));
    };
    let key = std::fs::read_to_string(&path).with_context(|| format!("GOOGLE_APPLICATION_CREDENTIALS: {path} can't be read"))?;
    Ok(Identity::Key(SecretString::from(key)))
}

/// The address of a worker, or of this server.
fn address(name: Variable, text: &str) -> anyhow::Result<Url> {
    let wrong = || format!("{name} is {text:?}; give an address such as https://worker.example");
    let url = Url::parse(text).with_context(wrong)?;
    if !["http", "https"].contains(&url.scheme()) || url.host().is_none() || !url.username().is_empty() || url.query().is_some() {
        bail!(wrong());
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(toml: &str, variables: &[(&str, &str)]) -> anyhow::Result<Renderers> {
        let config: RenderConfig = toml::from_str(toml).expect("a table");
        let variable =
            |named: Variable| variables.iter().find(|(known, _)| *known == named.name()).map(|(_, value)| (*value).to_owned());
        config.renderers(variable)
    }

    #[test]
    fn this_process_renders_unless_workers_are_named() {
        assert!(matches!(read("", &[]), Ok(Renderers::Here)));
        let secret = ("WORKER_SECRET", "a secret");
        let away = read("workers = ['http://a:8080', 'http://b:8080']\nfan_out = 2", &[secret]).expect("workers");
        let Renderers::Away { dispatch, at_once, or_here } = away else { panic!("they render") };
        assert_eq!((dispatch.targets.len(), dispatch.fan_out, at_once, or_here), (2, 2, AT_ONCE, false));
        let cloud = read("", &[secret, ("CLOUD_RUN_URL", "https://render-x.a.run.app"), ("WORKER_URL", "http://vps:8080, ")]);
        let Ok(Renderers::Away { dispatch, .. }) = cloud else { panic!("they render") };
        let identities: Vec<bool> = dispatch.targets.iter().map(|target| target.identity).collect();
        assert_eq!(identities, [true, false]);
    }

    #[test]
    fn what_is_missing_is_said() {
        let check = |toml: &str, variables: &[(&str, &str)], expected: &str| {
            let error = format!("{:#}", read(toml, variables).expect_err("it is refused"));
            assert!(error.contains(expected), "{error}");
        };
        check("workers = ['http://a']", &[], "set WORKER_SECRET to theirs");
        check("workers = ['http://a']", &[("WORKER_SECRET", " ")], "set WORKER_SECRET to theirs");
        check("", &[("WORKER_URL", "a:8080")], "WORKER_URL is \"a:8080\"; give an address");
        check("workers = ['http://a']\nat_once = 0", &[("WORKER_SECRET", "s")], "must be at least 1");
    }
}
