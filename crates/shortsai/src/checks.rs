//! Whether a configuration can work, looked at as a whole before anything is started: all that is wrong is said at once. What is
//! asked of a server that others can reach is in `production`.

pub mod production;
pub mod secrets;

use std::net::SocketAddr;
use std::path::Path;

use crate::cli;
use crate::config::{Config, Problems};
use crate::data_dir::DataDir;
use crate::environment::{AUTH_SECRET, AUTH_URL, SHORTSAI_METRICS_TOKEN, Variable, unknown, variable};
use crate::fail::{Unusable, sentence};
use crate::metrics;
use crate::renderers::Renderers;
use crate::sign_in;

/// What was found.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Findings {
    /// A server does not start with these.
    pub problems: Vec<String>,
    /// It starts, and somebody should know.
    pub warnings: Vec<String>,
}

impl Findings {
    /// Refuses to go on with problems; logs warnings.
    pub fn insist(self) -> anyhow::Result<()> {
        for warning in &self.warnings {
            tracing::warn!("{warning}");
        }
        match self.problems.as_slice() {
            [] => Ok(()),
            [one] => Err(Unusable(one.clone()).into()),
            several => {
                let list: Vec<String> = several.iter().map(|problem| format!("\n  - {problem}")).collect();
                let head = "the program can't start as it is configured (docs/configuration.md); change all of these:";
                Err(Unusable(format!("{head}{}", list.concat())).into())
            }
        }
    }

    fn add(&mut self, more: Self) {
        self.problems.extend(more.problems);
        self.warnings.extend(more.warnings);
    }

    /// The same, and what is wrong with the server's secret wherever it is used, unless that is said already.
    fn add_with_secret(&mut self, more: Self) {
        if !more.problems.iter().any(|problem| problem.starts_with(AUTH_SECRET.name())) {
            self.problems.extend(secrets::of_server(variable));
        }
        self.add(more);
    }

    fn extend(&mut self, problems: Problems) {
        self.problems.extend(problems.iter().map(sentence));
    }
}

/// What `shortsai serve` would say.
pub fn of_server(arguments: &cli::Serve) -> Findings {
    of_house(&arguments.process, |data, config, findings| {
        findings.add_with_secret(production::look(&setting(data, config, arguments.listen), variable));
    })
}

/// What `shortsai engine` would say. It needs what the servers need that it works for, but nobody signs in to it.
pub fn of_engine(process: &cli::Process) -> Findings {
    of_house(process, |data, config, findings| {
        if variable(AUTH_SECRET).is_none() && !data.secret().exists() {
            let folder = data.root().display();
            findings.problems.push(format!(
                "the secret of the servers is not known here, so keys of users could not be opened: set AUTH_SECRET to theirs, or use their data folder ({folder} has none; the first server that starts makes it)"
            ));
        }
        // It listens to nobody; whether others come is said by the address of its servers.
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        findings.add_with_secret(production::look_behind(&setting(data, config, loopback), variable));
    })
}

/// What is asked of every process with a database, and `more`.
fn of_house(process: &cli::Process, more: impl FnOnce(&DataDir, &Config, &mut Findings)) -> Findings {
    let mut findings = Findings { problems: unknown::of_process(), ..Findings::default() };
    let data = match DataDir::named(&process.data) {
        Ok(data) => data,
        Err(error) => {
            findings.extend(vec![error]);
            return findings;
        }
    };
    let config = read(&data, &mut findings);
    look(&config, data.config_folder(), &mut findings, variable);
    findings.extend(token(process));
    more(&data, &config, &mut findings);
    findings
}

fn setting(data: &DataDir, config: &Config, listen: SocketAddr) -> production::Setting {
    let allow_plain_http = config.allows_plain_http(variable).unwrap_or(false);
    production::Setting { listen, database_url: data.database_url(), allow_plain_http }
}

/// What `shortsai worker` would say, at that address.
pub fn of_worker(process: &cli::Process, listen: SocketAddr) -> Findings {
    let mut findings = Findings { problems: unknown::of_process(), ..Findings::default() };
    findings.problems.extend(secrets::of_worker(listen, variable));
    match DataDir::named(&process.data) {
        Ok(data) => {
            let config = read(&data, &mut findings);
            let (_, problems) = config.objects_config().look(data.config_folder(), variable);
            findings.extend(problems);
        }
        Err(error) => findings.extend(vec![error]),
    }
    findings.extend(token(process));
    findings
}

/// What is wrong with the token of whoever reads its metrics.
fn token(process: &cli::Process) -> Problems {
    process.metrics.and_then(|address| metrics::token(address, variable(SHORTSAI_METRICS_TOKEN)).err()).into_iter().collect()
}

/// The configuration; an empty one, with what is wrong, where it can't be read.
fn read(data: &DataDir, findings: &mut Findings) -> Config {
    Config::look(data.config(), data.root()).unwrap_or_else(|problems| {
        findings.extend(problems);
        Config::default()
    })
}

/// All that contradicts itself or is half there.
fn look(config: &Config, folder: &Path, findings: &mut Findings, variable: impl Fn(Variable) -> Option<String> + Copy) {
    let (has_bucket, mut problems) = config.objects_config().look(folder, variable);
    let (backup, configured) = config.backup();
    problems.extend(backup.problems(configured, has_bucket, folder, variable));
    problems.extend(config.catalogue(folder).err());
    problems.extend(config.proxies().err());
    problems.extend(config.allows_plain_http(variable).err());
    match config.renderers() {
        Ok(Renderers::Away { .. }) if !has_bucket => {
            let warning = "render workers are configured, and objects are kept in a folder: they must share it (docs/worker.md)";
            findings.warnings.push(warning.to_owned());
        }
        Ok(_) => {}
        Err(error) => problems.push(error),
    }
    match sign_in::Settings::read(variable) {
        Ok(None) => problems.extend(variable(AUTH_URL).and_then(|address| sign_in::origin(AUTH_URL, &address).err())),
        Ok(Some(_)) => {}
        Err(wrong) => problems.extend(wrong),
    }
    findings.extend(problems);
}
