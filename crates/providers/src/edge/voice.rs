//! Names of Edge's voices, and the usual one of each language.

/// For a region its own; a language without region, or with one that is not here, has the first of its language.
const USUAL: [&str; 44] = [
    "ar-SA-ZariyahNeural",
    "ar-EG-SalmaNeural",
    "bg-BG-KalinaNeural",
    "ca-ES-JoanaNeural",
    "cs-CZ-VlastaNeural",
    "da-DK-ChristelNeural",
    "de-DE-KatjaNeural",
    "de-AT-IngridNeural",
    "de-CH-LeniNeural",
    "el-GR-AthinaNeural",
    "en-US-AriaNeural",
    "en-GB-SoniaNeural",
    "en-AU-NatashaNeural",
    "en-CA-ClaraNeural",
    "en-IN-NeerjaNeural",
    "es-ES-ElviraNeural",
    "es-MX-DaliaNeural",
    "es-AR-ElenaNeural",
    "fi-FI-NooraNeural",
    "fr-FR-DeniseNeural",
    "fr-CA-SylvieNeural",
    "he-IL-HilaNeural",
    "hi-IN-SwaraNeural",
    "hr-HR-GabrijelaNeural",
    "hu-HU-NoemiNeural",
    "id-ID-GadisNeural",
    "it-IT-ElsaNeural",
    "ja-JP-NanamiNeural",
    "ko-KR-SunHiNeural",
    "nb-NO-PernilleNeural",
    "nl-NL-ColetteNeural",
    "pl-PL-ZofiaNeural",
    "pt-BR-FranciscaNeural",
    "pt-PT-RaquelNeural",
    "ro-RO-AlinaNeural",
    "ru-RU-SvetlanaNeural",
    "sk-SK-ViktoriaNeural",
    "sv-SE-SofieNeural",
    "th-TH-PremwadeeNeural",
    "tr-TR-EmelNeural",
    "uk-UA-PolinaNeural",
    "vi-VN-HoaiMyNeural",
    "zh-CN-XiaoxiaoNeural",
    "zh-TW-HsiaoChenNeural",
];

/// The usual voice of a language such as `pt-BR`; `None` when only the service's list can tell.
pub(super) fn usual(language: &str) -> Option<&'static str> {
    let wanted = language.replace('_', "-").to_ascii_lowercase();
    let own = USUAL.iter().find(|voice| locale(voice).eq_ignore_ascii_case(&wanted));
    own.or_else(|| USUAL.iter().find(|voice| primary(voice) == primary(language))).copied()
}

/// The language of a voice or tag, without a region. Norwegian goes by the name of its written form.
pub(super) fn primary(tag: &str) -> String {
    let primary = tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    if primary == "no" { "nb".to_owned() } else { primary }
}

/// `pt-BR` of `pt-BR-AntonioNeural`; also of the long name, `Microsoft … (pt-BR, AntonioNeural)`.
pub(super) fn locale(voice: &str) -> String {
    let short = voice.rsplit_once('(').map_or(voice, |(_, inside)| inside.split(',').next().unwrap_or_default());
    short.splitn(3, '-').take(2).collect::<Vec<_>>().join("-")
}

/// Whether this can be a voice's name.
pub(super) fn is_named(voice: &str) -> bool {
    let sign = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '-' | ' ' | '(' | ')' | ',');
    let locale = locale(voice);
    let (language, region) = locale.split_once('-').unwrap_or_default();
    let is_language = (2..=3).contains(&language.len()) && language.bytes().all(|letter| letter.is_ascii_lowercase());
    voice.chars().all(sign) && is_language && !region.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_voices_are_named_as_voices_are() {
        for voice in USUAL {
            assert!(is_named(voice) && voice.ends_with("Neural"), "{voice}");
            assert_eq!(usual(&locale(voice)), Some(voice));
        }
        assert_eq!(usual("no"), Some("nb-NO-PernilleNeural"));
        assert_eq!(usual("sw"), None);
        assert_eq!(locale("Microsoft Server Speech Text to Speech Voice (en-US, AriaNeural)"), "en-US");
    }
}
