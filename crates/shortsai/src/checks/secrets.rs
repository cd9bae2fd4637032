//! Secrets that others could know: short ones, those of examples, the defaults of databases.

use std::net::SocketAddr;

use crate::environment::{AUTH_SECRET, Variable, WORKER_SECRET};

/// A shorter one, and somebody may guess it. `openssl rand -hex 32` has 64.
const SHORTEST: usize = 32;
/// A shorter one is none, even where only this machine comes in.
pub const SHORTEST_OF_ALL: usize = 16;
/// Fewer different characters make a pattern, not a secret.
const FEWEST_KINDS: usize = 8;

/// What stands in secrets that were copied rather than made.
const OF_EXAMPLES: [&str; 15] = [
    "change-me",
    "change_me",
    "changeme",
    "change this",
    "change-this",
    "your-secret",
    "your_secret",
    "yoursecret",
    "example",
    "placeholder",
    "replace",
    "openssl",
    "super-secret",
    "supersecret",
    "dev-secret",
];

/// Passwords of databases that everybody knows.
const OF_DATABASES: [&str; 14] = [
    "postgres",
    "postgresql",
    "password",
    "passw0rd",
    "secret",
    "admin",
    "root",
    "test",
    "changeme",
    "change-me",
    "example",
    "shortsai",
    "123456",
    "12345678",
];

/// What is wrong with the secret of a worker that listens there, if something is.
pub fn of_worker(listen: SocketAddr, variable: impl Fn(Variable) -> Option<String>) -> Option<String> {
    let wanted = "set WORKER_SECRET to a secret that only this worker and its callers know, such as: openssl rand -hex 32";
    let Some(secret) = variable(WORKER_SECRET) else {
        return Some(format!("without a secret anybody could render here; {wanted}"));
    };
    if secret.len() < SHORTEST_OF_ALL {
        return Some(format!("WORKER_SECRET has less than {SHORTEST_OF_ALL} characters and could be guessed; {wanted}"));
    }
    let weakness = Some(listen).filter(|listen| !listen.ip().is_loopback()).and_then(|_| weakness(&secret))?;
    Some(format!("WORKER_SECRET {weakness}, and others reach this worker; {wanted}"))
}

/// What is wrong with the secret that a server's others follow from, wherever it listens.
pub fn of_server(variable: impl Fn(Variable) -> Option<String>) -> Option<String> {
    let is_short = variable(AUTH_SECRET).is_some_and(|secret| secret.trim().len() < SHORTEST_OF_ALL);
    is_short.then(|| {
        format!(
            "AUTH_SECRET is shorter than {SHORTEST_OF_ALL} characters; set one that nobody guesses, such as: openssl rand -hex 32"
        )
    })
}

/// Why others could know this secret, if they could.
pub fn weakness(secret: &str) -> Option<String> {
    let secret = secret.trim();
    let length = secret.chars().count();
    if length < SHORTEST {
        return Some(format!("has {length} characters; it needs at least {SHORTEST}"));
    }
    let lower = secret.to_lowercase();
    if OF_EXAMPLES.iter().any(|example| lower.contains(example)) {
        return Some("is one of an example, which everybody can read".to_owned());
    }
    let mut kinds: Vec<char> = secret.chars().collect();
    kinds.sort_unstable();
    kinds.dedup();
    (kinds.len() < FEWEST_KINDS).then(|| format!("has only {} different characters", kinds.len()))
}

/// Whether everybody knows this password of that user.
pub fn is_default_password(user: &str, password: &str) -> bool {
    let password = password.to_lowercase();
    OF_DATABASES.contains(&password.as_str()) || (!password.is_empty() && password == user.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_secrets_are_found() {
        let check = |secret: &str, says: &str| {
            let said = weakness(secret).unwrap_or_else(|| panic!("{secret} is let through"));
            assert!(said.contains(says) && !said.contains(secret), "{said}");
        };
        check("short", "has 5 characters; it needs at least 32");
        check("0123456789abcdef0123456789abcde", "has 31 characters");
        check("change-me-to-something-long-and-random", "of an example");
        check("YOUR-SECRET-KEY-MIN-32-CHARACTERS-LONG", "of an example");
        check("abababababababababababababababababab", "only 2 different");
        for good in ["8f3a1c9be27d40516a8f3a1c9be27d40", "a-phrase of nobody but this test, long"] {
            assert_eq!(weakness(good), None, "{good}");
        }
    }

    #[test]
    fn default_passwords_are_known() {
        assert!(is_default_password("shorts", "Shorts") && is_default_password("shorts", "postgres"));
        assert!(!is_default_password("", "") && !is_default_password("shortsai", "8f3a1c9be27d4051"));
    }
}
