//! Secrets that others could know: short ones, those of examples, the defaults of databases.

/// A shorter one, and somebody may guess it. `openssl rand -hex 32` has 64.
pub const SHORTEST: usize = 32;
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
