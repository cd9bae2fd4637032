//! Sealing secrets for the database: XChaCha20-Poly1305, with a key that follows from the server's secret.
//!
//! A sealed secret names the key that it was sealed with, so that a new server secret can take over while what the old one
//! has sealed can still be opened. It also belongs to one place (user, project, vendor): moved to another row it can't be
//! opened.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The first field of what is sealed this way.
const VERSION: &str = "v1";

/// The keys to seal and open with.
#[derive(Clone)]
pub struct Vault {
    /// Seals, and opens what it has sealed.
    current: Seal,
    /// Only open.
    older: Vec<Seal>,
}

#[derive(Clone)]
struct Seal {
    id: String,
    cipher: XChaCha20Poly1305,
    /// What users' own secrets for webhooks follow from.
    webhooks: [u8; 32],
}

/// A sealed secret can't be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a stored key can't be opened: it was sealed with another server secret (AUTH_SECRET); enter the key again")]
pub struct CannotOpen;

/// What something is sealed with, once. `new_id` is random: 122 bits of it are.
pub fn nonce(new_id: impl Fn() -> Uuid) -> [u8; 24] {
    let mut nonce = [0; 24];
    nonce[..16].copy_from_slice(new_id().as_bytes());
    nonce[16..].copy_from_slice(&new_id().as_bytes()[..8]);
    nonce
}

impl Vault {
    /// A vault of the server's secret, and of those that it had before.
    pub fn new(secret: &str, older: &[String]) -> Self {
        Self { current: Seal::of(secret), older: older.iter().map(|secret| Seal::of(secret)).collect() }
    }

    /// Seals a secret for a place. `nonce` must be random and used once.
    pub fn seal(&self, secret: &str, place: &str, nonce: [u8; 24]) -> String {
        let payload = Payload { msg: secret.as_bytes(), aad: place.as_bytes() };
        let sealed = self.current.cipher.encrypt(&XNonce::from(nonce), payload).expect("a secret is far shorter than the limit");
        format!("{VERSION}.{}.{}.{}", self.current.id, hex(&nonce), hex(&sealed))
    }

    /// Opens what was sealed for that place.
    ///
    /// # Errors
    /// When it was sealed with another secret or for another place, or was changed.
    pub fn open(&self, sealed: &str, place: &str) -> Result<String, CannotOpen> {
        let fields: Vec<&str> = sealed.split('.').collect();
        let [VERSION, id, nonce, sealed] = fields[..] else { return Err(CannotOpen) };
        let seal = std::iter::once(&self.current).chain(&self.older).find(|seal| seal.id == id).ok_or(CannotOpen)?;
        let nonce: [u8; 24] = unhex(nonce).and_then(|nonce| nonce.try_into().ok()).ok_or(CannotOpen)?;
        let sealed = unhex(sealed).ok_or(CannotOpen)?;
        let payload = Payload { msg: &sealed, aad: place.as_bytes() };
        let opened = seal.cipher.decrypt(&XNonce::from(nonce), payload).map_err(|_| CannotOpen)?;
        String::from_utf8(opened).map_err(|_| CannotOpen)
    }

    /// A user's own secrets for webhooks that bring none: they follow from the server's secrets, that of now first.
    pub fn webhook_secrets(&self, owner: Uuid) -> Vec<String> {
        let of = |seal: &Seal| {
            let digest = Sha256::new().chain_update(seal.webhooks).chain_update(owner.as_bytes()).finalize();
            webhook_secret(digest.into())
        };
        std::iter::once(&self.current).chain(&self.older).map(of).collect()
    }
}

impl Seal {
    fn of(secret: &str) -> Self {
        let derive = |purpose: &str| Sha256::digest(format!("shortsai/{purpose}/{secret}"));
        let id = hex(&derive("vault key id")[..4]);
        let key: [u8; 32] = derive("vault key").into();
        Self { id, cipher: XChaCha20Poly1305::new(&Key::from(key)), webhooks: derive("webhooks of users").into() }
    }
}

/// A secret for webhooks as receivers get it: `whsec_` and the bytes in base64.
pub fn webhook_secret(bytes: [u8; 32]) -> String {
    format!("whsec_{}", STANDARD.encode(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_user_has_a_secret_for_webhooks() {
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let vault = Vault::new("secret", &[]);
        let [secret] = &vault.webhook_secrets(one)[..] else { panic!("there is one") };
        assert_eq!(secret.len(), "whsec_".len() + 44);
        assert_ne!(*secret, vault.webhook_secrets(other)[0]);
        let turned = Vault::new("other", &["secret".to_owned()]).webhook_secrets(one);
        assert_eq!((turned.len(), &turned[1]), (2, secret));
        assert_ne!(turned[0], turned[1]);
    }

    #[test]
    fn only_the_right_secret_at_the_right_place_opens() {
        let vault = Vault::new("secret", &[]);
        let sealed = vault.seal("AIza-planted", "here", [7; 24]);
        assert!(!sealed.contains("planted"));
        assert_eq!(vault.open(&sealed, "here").as_deref(), Ok("AIza-planted"));
        assert_eq!(vault.open(&sealed, "there"), Err(CannotOpen));
        assert_eq!(Vault::new("other", &[]).open(&sealed, "here"), Err(CannotOpen));
        assert_eq!(Vault::new("other", &["secret".to_owned()]).open(&sealed, "here").as_deref(), Ok("AIza-planted"));
        let mut changed = sealed.clone();
        let last = changed.pop().expect("it is not empty");
        changed.push(if last == '0' { '1' } else { '0' });
        for broken in [changed.as_str(), "", "v1.a.b", "v1...", "v2.00000000.00.00", &sealed[..sealed.len() - 1], "v1.é.é.é"] {
            assert_eq!(vault.open(broken, "here"), Err(CannotOpen), "{broken}");
        }
    }
}
