//! The cookies of a browser; the tests of the whole program share it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

/// Kept as the server has set them.
#[derive(Default)]
pub struct Jar(Mutex<BTreeMap<String, String>>);

impl Jar {
    fn all(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.0.lock().expect("no panic holds it")
    }

    /// What goes into the header `Cookie`; empty without cookies.
    pub fn line(&self) -> String {
        self.all().iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    pub fn get(&self, name: &str) -> Option<String> {
        self.all().get(name).cloned()
    }

    pub fn set(&self, name: &str, value: &str) {
        self.all().insert(name.to_owned(), value.to_owned());
    }

    /// Takes a `Set-Cookie` over, as every cookie of ours has to be.
    pub fn keep(&self, cookie: &str) {
        let (pair, attributes) = cookie.split_once(';').expect("attributes");
        let (name, value) = pair.split_once('=').expect("a name and a value");
        for attribute in ["HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(attributes.contains(attribute), "{cookie}");
        }
        assert_eq!(name.starts_with("__"), attributes.contains("Secure"), "{cookie}");
        if attributes.contains("Max-Age=0") {
            self.all().remove(name);
        } else {
            self.set(name, value);
        }
    }
}

impl Clone for Jar {
    fn clone(&self) -> Self {
        Self(Mutex::new(self.all().clone()))
    }
}
