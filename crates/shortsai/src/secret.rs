//! The server's secret, which seals stored keys: out of the environment, or a file in the data folder that is made once.

use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::{Context, bail};
use store::Vault;

use crate::checks::secrets;
use crate::data_dir::DataDir;
use crate::environment::{AUTH_SECRET, AUTH_SECRET_PREVIOUS, variable};
use crate::wiring::new_id;

/// The secret that the server's other secrets follow from.
pub fn of_server(data: &DataDir) -> anyhow::Result<String> {
    if let Some(problem) = secrets::of_server(variable) {
        bail!(problem);
    }
    match variable(AUTH_SECRET) {
        Some(secret) => Ok(secret.trim().to_owned()),
        None => of_file(&data.secret()),
    }
}

/// The vault of this server, which can also open what secrets of before have sealed.
pub fn vault(data: &DataDir) -> anyhow::Result<Vault> {
    let secret = of_server(data)?;
    Ok(Vault::new(&secret, &older(&variable(AUTH_SECRET_PREVIOUS).unwrap_or_default())))
}

/// What `AUTH_SECRET_PREVIOUS` may mean: secrets separated by commas, or one that has commas in it. To try one too many does no
/// harm.
fn older(named: &str) -> Vec<String> {
    let named = named.trim();
    let parts = named.split(',').map(str::trim).filter(|secret| !secret.is_empty());
    let whole = Some(named).filter(|named| named.contains(','));
    parts.chain(whole).map(str::to_owned).collect()
}

/// The secret in the file, which is made if it is not there.
fn of_file(path: &Path) -> anyhow::Result<String> {
    let shown = || format!("the secret in {}", path.display());
    match std::fs::read_to_string(path) {
        Ok(secret) if secret.trim().len() >= secrets::SHORTEST_OF_ALL => return Ok(secret.trim().to_owned()),
        Ok(_) => bail!(
            "{} is too short; put back the file that was there, or remove it: stored keys must then be entered again",
            shown()
        ),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(shown),
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut new = tempfile::Builder::new().prefix("secret").tempfile_in(folder).with_context(shown)?;
    writeln!(new, "{}{}", new_id().simple(), new_id().simple()).with_context(shown)?;
    // Another process may have been quicker: then its secret counts.
    match new.persist_noclobber(path) {
        Ok(_) => {}
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error.error).with_context(shown),
    }
    Ok(std::fs::read_to_string(path).with_context(shown)?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_ones_may_have_commas() {
        let check = |named: &str, expected: &[&str]| assert_eq!(older(named), expected, "{named}");
        check("", &[]);
        check(" one ", &["one"]);
        check("one, two,", &["one", "two", "one, two,"]);
    }

    #[test]
    fn it_is_made_once_and_for_the_owner_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secret");
        let secret = of_file(&path).expect("made");
        assert_eq!(secret.len(), 64);
        assert_eq!(of_file(&path).expect("there"), secret);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o077, 0);
        }
        std::fs::write(&path, "short").expect("written");
        assert!(of_file(&path).expect_err("too short").to_string().contains("is too short"));
    }
}
