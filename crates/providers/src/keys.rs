//! API keys in memory: never printed, wiped when dropped. Where they are kept and whose counts first is decided elsewhere.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};

use crate::vendor::Vendor;

/// One vendor's key.
#[derive(Debug, Clone)]
pub struct Key {
    secret: SecretString,
    /// Whether the user brought it, rather than whoever runs this server: then no plan of the server's counts its calls.
    pub own: bool,
}

impl Key {
    /// The server's own key.
    pub fn system(secret: impl Into<String>) -> Self {
        Self { secret: SecretString::from(secret.into()), own: false }
    }

    /// A user's key.
    pub fn own(secret: impl Into<String>) -> Self {
        Self { secret: SecretString::from(secret.into()), own: true }
    }

    /// The key itself: only for the header that carries it.
    pub fn expose(&self) -> &str {
        self.secret.expose_secret()
    }
}

/// Keys of several vendors.
#[derive(Debug, Clone, Default)]
pub struct Keys(BTreeMap<Vendor, Key>);

impl Keys {
    /// Adds a key, or takes the place of that vendor's present one. Blank ones are no keys.
    pub fn put(&mut self, vendor: Vendor, key: Key) {
        if !key.expose().trim().is_empty() {
            self.0.insert(vendor, key);
        }
    }

    /// That vendor's key.
    pub fn get(&self, vendor: Vendor) -> Option<&Key> {
        self.0.get(&vendor)
    }

    /// These keys, and `others` for the vendors that have none here.
    #[must_use]
    pub fn or(mut self, others: &Self) -> Self {
        for (vendor, key) in &others.0 {
            self.0.entry(*vendor).or_insert_with(|| key.clone());
        }
        self
    }

    /// The vendors that have one.
    pub fn vendors(&self) -> impl Iterator<Item = Vendor> + '_ {
        self.0.keys().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_key_counts_and_none_is_printed() {
        let mut own = Keys::default();
        own.put(Vendor::Gemini, Key::own("planted-own"));
        own.put(Vendor::Groq, Key::own("  "));
        let mut system = Keys::default();
        system.put(Vendor::Gemini, Key::system("planted-system"));
        system.put(Vendor::Groq, Key::system("planted-groq"));
        let keys = own.or(&system);
        let got = |vendor| keys.get(vendor).map(|key| (key.expose(), key.own));
        assert_eq!(got(Vendor::Gemini), Some(("planted-own", true)));
        assert_eq!(got(Vendor::Groq), Some(("planted-groq", false)));
        assert_eq!(got(Vendor::Suno), None);
        assert!(!format!("{keys:?}").contains("planted"));
    }
}
