//! The models that are alive, and what they make. All others answer 404, as those that were shut down do.

use serde_json::{Value, json};

/// What a model makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Image,
    Speech,
    Music,
    Clip,
}

/// Names as they stand in addresses.
pub(super) const ALIVE: [(&str, Kind); 18] = [
    ("gemini-3.8-flash", Kind::Text),
    ("gemini-3.7-flash", Kind::Text),
    ("gemini-3.6-flash", Kind::Text),
    ("gemini-3.5-flash", Kind::Text),
    ("gemini-3.5-flash-lite", Kind::Text),
    ("gemini-3.1-flash-lite", Kind::Text),
    ("gemini-3.1-pro-preview", Kind::Text),
    ("gemini-nano-banana-2.1", Kind::Image),
    ("gemini-3-pro-image", Kind::Image),
    ("gemini-3.1-flash-image", Kind::Image),
    ("gemini-3.1-flash-lite-image", Kind::Image),
    ("gemini-3.8-flash-tts", Kind::Speech),
    ("gemini-3.8-flash-lite-tts", Kind::Speech),
    ("gemini-3.1-flash-tts-preview", Kind::Speech),
    ("gemini-2.5-flash-preview-tts", Kind::Speech),
    ("lyria-3.5", Kind::Music),
    ("lyria-3-clip-preview", Kind::Music),
    ("gemini-omni-1.1-flash", Kind::Clip),
];

/// What a model makes; `None` when it is not alive.
pub(super) fn kind(model: &str) -> Option<Kind> {
    ALIVE.into_iter().find(|(name, _)| *name == model).map(|(_, kind)| kind)
}

/// Who answers: some names lead to a younger model.
pub(super) fn served_by(model: &str) -> &str {
    match model {
        "gemini-3.7-flash" => "gemini-3.8-flash",
        "gemini-3.5-flash" => "gemini-3.6-flash",
        _ => model,
    }
}

/// A model as the list tells it.
pub(super) fn described(model: &str, kind: Kind) -> Value {
    let methods: &[&str] = match kind {
        Kind::Text => &["generateContent", "countTokens", "createCachedContent", "batchGenerateContent"],
        Kind::Image | Kind::Speech => &["generateContent", "countTokens", "batchGenerateContent"],
        Kind::Music | Kind::Clip => &["createInteraction"],
    };
    json!({
        "name": format!("models/{model}"), "version": "001", "displayName": model.replace('-', " "),
        "description": "Served by the simulator.", "inputTokenLimit": 1_048_576, "outputTokenLimit": 65_536,
        "supportedGenerationMethods": methods,
    })
}
