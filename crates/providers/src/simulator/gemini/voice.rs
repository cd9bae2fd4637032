//! The prebuilt voices.

/// Names, and whether it is a woman's voice.
const VOICES: [(&str, bool); 30] = [
    ("Zephyr", true),
    ("Puck", false),
    ("Charon", false),
    ("Kore", true),
    ("Fenrir", false),
    ("Leda", true),
    ("Orus", false),
    ("Aoede", true),
    ("Callirrhoe", true),
    ("Autonoe", true),
    ("Enceladus", false),
    ("Iapetus", false),
    ("Umbriel", false),
    ("Algieba", false),
    ("Despina", true),
    ("Erinome", true),
    ("Algenib", false),
    ("Rasalgethi", false),
    ("Laomedeia", true),
    ("Achernar", true),
    ("Alnilam", false),
    ("Schedar", false),
    ("Gacrux", true),
    ("Pulcherrima", true),
    ("Achird", false),
    ("Zubenelgenubi", false),
    ("Vindemiatrix", true),
    ("Sadachbia", false),
    ("Sadaltager", false),
    ("Sulafat", true),
];

/// Is it a woman's voice? `None` when there is no such voice.
pub(super) fn is_woman(name: &str) -> Option<bool> {
    VOICES.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, woman)| woman)
}

/// The vendor's sentence about a voice that does not exist.
pub(super) fn unknown(name: &str) -> String {
    let names: Vec<String> = VOICES.iter().map(|(name, _)| name.to_lowercase()).collect();
    format!("Voice name {name} is not supported. Allowed voice names are: {}", names.join(", "))
}
