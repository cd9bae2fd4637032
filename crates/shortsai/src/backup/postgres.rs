//! pg_dump and pg_restore: where they are, how they are told which database, and what they say. Secrets go by the environment,
//! never as arguments, which other users of the machine can see.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, bail};
use percent_encoding::percent_decode_str;
use tokio::process::Command;
use url::Url;

use crate::fail::Unusable;

/// Debian keeps the programs of each version here, outside of PATH.
const DEBIAN: &str = "/usr/lib/postgresql";
/// Parameters of an address, and the variables that mean the same.
const VARIABLES: [(&str, &str); 11] = [
    ("host", "PGHOST"),
    ("hostaddr", "PGHOSTADDR"),
    ("port", "PGPORT"),
    ("user", "PGUSER"),
    ("password", "PGPASSWORD"),
    ("dbname", "PGDATABASE"),
    ("sslmode", "PGSSLMODE"),
    ("sslrootcert", "PGSSLROOTCERT"),
    ("sslcert", "PGSSLCERT"),
    ("sslkey", "PGSSLKEY"),
    ("options", "PGOPTIONS"),
];

/// Writes the database of that address, as it is at a moment that is held, to the file.
pub async fn dump(url: &str, moment: &str, to: &Path) -> anyhow::Result<()> {
    let mut command = program("pg_dump", url)?;
    command.args(["--format=custom", "--no-owner", "--no-privileges", "--no-password", "--snapshot"]).arg(moment);
    run(command.arg("--file").arg(to), "pg_dump").await
}

/// Fills the empty database of that address from the file: all of it or nothing.
pub async fn load(url: &str, from: &Path) -> anyhow::Result<()> {
    let mut command = program("pg_restore", url)?;
    let (_, name) =
        variables(url)?.into_iter().find(|(name, _)| *name == "PGDATABASE").context("the address names no database")?;
    command.args(["--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges", "--no-password", "--dbname"]);
    run(command.arg(name).arg(from), "pg_restore").await
}

async fn run(command: &mut Command, name: &str) -> anyhow::Result<()> {
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await;
    let output = output.with_context(|| format!("{name} can't be started"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).take(3).collect();
    bail!("{name} failed: {}", said.join("; "))
}

fn program(name: &str, url: &str) -> anyhow::Result<Command> {
    let mut command = Command::new(find(name)?);
    // What the environment says besides, such as PGPASSWORD, the program itself goes by too; but services it does not know.
    command.env_remove("PGSERVICE").env_remove("PGSERVICEFILE");
    command.envs(variables(url)?).env("LC_ALL", "C");
    Ok(command)
}

/// The newest one of Debian's, else the one in PATH: an older one than the server's own refuses.
fn find(name: &str) -> anyhow::Result<PathBuf> {
    let versions = std::fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let number = |path: &Path| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok()).unwrap_or(0);
    let mut versions: Vec<PathBuf> = versions.map(|entry| entry.path()).collect();
    versions.sort_by_key(|path| std::cmp::Reverse(number(path)));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = versions.into_iter().map(|version| version.join("bin")).chain(std::env::split_paths(&path));
    places.map(|place| place.join(name)).find(|program| program.is_file()).ok_or_else(|| {
        Unusable(format!("{name} is not installed; install PostgreSQL's client programs (apt-get install postgresql-client)"))
            .into()
    })
}

/// An address as the environment of PostgreSQL's programs.
fn variables(url: &str) -> anyhow::Result<Vec<(&'static str, String)>> {
    let url = Url::parse(url).context("the database's address is not understood")?;
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let mut found = vec![
        ("PGHOST", decoded(url.host_str().unwrap_or_default())),
        ("PGPORT", url.port().map_or_else(String::new, |port| port.to_string())),
        ("PGUSER", decoded(url.username())),
        ("PGPASSWORD", decoded(url.password().unwrap_or_default())),
        ("PGDATABASE", decoded(url.path().trim_start_matches('/'))),
    ];
    for (name, value) in url.query_pairs() {
        if let Some((_, variable)) = VARIABLES.iter().find(|(parameter, _)| *parameter == name) {
            found.push((variable, value.into_owned()));
        }
    }
    found.retain(|(_, value)| !value.is_empty());
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_becomes_variables() {
        let check = |url: &str, expected: &[(&str, &str)]| {
            let found = variables(url).expect("an address");
            let found: Vec<_> = found.iter().map(|(name, value)| (*name, value.as_str())).collect();
            assert_eq!(found, expected, "{url}");
        };
        check(
            "postgres://me:se%40cret@db.example:5433/shorts?sslmode=require&application_name=x",
            &[
                ("PGHOST", "db.example"),
                ("PGPORT", "5433"),
                ("PGUSER", "me"),
                ("PGPASSWORD", "se@cret"),
                ("PGDATABASE", "shorts"),
                ("PGSSLMODE", "require"),
            ],
        );
        check("postgres://me@%2Frun%2Fpg/shorts?", &[("PGHOST", "/run/pg"), ("PGUSER", "me"), ("PGDATABASE", "shorts")]);
        check("postgresql:///shorts?host=/run/pg", &[("PGDATABASE", "shorts"), ("PGHOST", "/run/pg")]);
    }
}
