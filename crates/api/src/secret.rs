//! Secrets: kept out of sight, and compared without telling anything.

use std::fmt::{Debug, Formatter, Result};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// A text that is never shown.
#[derive(Clone)]
pub struct Secret(pub Arc<str>);

impl Debug for Secret {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        formatter.write_str("…")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

/// Compares without telling by the time it takes where the two differ, or how long the secret is.
pub fn same(one: &[u8], other: &[u8]) -> bool {
    Sha256::digest(one).ct_eq(&Sha256::digest(other)).into()
}

/// The SHA-256 of several texts one after the other, in 64 hexadecimal digits.
pub fn sha256_hex(texts: &[&str]) -> String {
    hex(&texts.iter().fold(Sha256::new(), |hash, text| hash.chain_update(text)).finalize())
}

/// The SHA-256 of a content, in 64 hexadecimal digits.
pub fn sha256_hex_of(content: &[u8]) -> String {
    hex(&Sha256::digest(content))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
