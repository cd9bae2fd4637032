//! Who may come in: the local owner of this machine, or people who sign in with Google.

use std::sync::Arc;

use store::Vault;
use uuid::Uuid;

use crate::oidc::Provider;
use crate::secret::Secret;

/// Who may come in.
#[derive(Clone)]
pub enum Access {
    /// Whoever reaches the server from this machine is its owner. Never while the server can be reached from elsewhere.
    LocalOwner(Uuid),
    /// Whoever signs in.
    SignIn(Arc<SignIn>),
}

/// How people sign in.
pub struct SignIn {
    /// Where browsers find this server, such as `https://shorts.example`.
    pub origin: Origin,
    /// Where else pages may come from that use this server, such as a development server; compared whole.
    pub origins: Vec<Origin>,
    /// Where to go when signing in has failed.
    pub frontend: String,
    /// Who vouches for people.
    pub provider: Provider,
    /// Addresses of those who become administrators.
    pub admins: Vec<String>,
    /// Proves that a form came from our own page.
    pub secret: Secret,
    /// Seals what a browser keeps for us while somebody signs in.
    pub vault: Vault,
}

/// Scheme, host and port of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// The origin of an absolute `http` or `https` address.
    pub fn of(address: &str) -> Option<Self> {
        let url = reqwest::Url::parse(address.trim()).ok()?;
        let plain = matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none();
        plain.then(|| Self(url.origin().ascii_serialization()))
    }

    /// As browsers write it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether cookies of this origin must not travel in the clear.
    pub fn is_secure(&self) -> bool {
        self.0.starts_with("https://")
    }
}

impl SignIn {
    /// Whether pages from there may use this server as the person who looks at them.
    pub fn trusts(&self, origin: &str) -> bool {
        std::iter::once(&self.origin).chain(&self.origins).any(|trusted| trusted.as_str().eq_ignore_ascii_case(origin))
    }

    /// Where to go after signing in or out: where the page wishes, if that is one of ours.
    pub fn way_back(&self, wish: &str) -> String {
        let base = self.origin.as_str();
        // Two slashes, or their backward likes, would begin another host.
        let local = wish.starts_with('/') && !wish.starts_with("//") && !wish.contains('\\') && !wish.contains(char::is_control);
        if local {
            return format!("{base}{wish}");
        }
        let ours = Origin::of(wish).is_some_and(|origin| self.trusts(origin.as_str())) && !wish.contains(char::is_control);
        if ours { wish.trim().to_owned() } else { base.to_owned() }
    }
}
