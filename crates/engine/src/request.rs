//! The address of a request: the hash of everything that shapes its result.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// The hash of a request. `inputs` must hold all that shapes the result: texts, vendor, model, parameters and take.
///
/// Object keys of `serde_json` are sorted, so equal inputs are equal text.
pub(crate) fn address(kind: &str, inputs: &Value) -> String {
    hash(format!("{kind}\n{inputs}").as_bytes())
}

/// The inputs, with the version of what the adapter itself adds, where it has one.
pub(crate) fn with_version(mut inputs: Value, version: String) -> Value {
    if !version.is_empty() {
        inputs["version"] = Value::String(version);
    }
    inputs
}

/// The hash of a file that is part of a request.
pub(crate) fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::address;

    #[test]
    fn every_input_counts_and_their_order_does_not() {
        let base = address("speak", &json!({"text": "a", "voice": "b"}));
        assert_eq!(base, address("speak", &json!({"voice": "b", "text": "a"})));
        assert_ne!(base, address("draw_image", &json!({"text": "a", "voice": "b"})));
        assert_ne!(base, address("speak", &json!({"text": "a", "voice": "c"})));
    }
}
