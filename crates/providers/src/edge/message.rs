//! The messages of Edge's service: lines of headers, an empty line, a body. Sending them is the connection's matter.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::json;

use super::voice;
use crate::spoken::Piece;

/// What the service counts in, per second.
const TICKS: f64 = 1e7;
/// The one format that all its voices have.
const FORMAT: &str = "audio-24khz-48kbitrate-mono-mp3";

/// What is to be said.
#[derive(Debug, Clone, Copy)]
pub(super) struct Order<'a> {
    /// 32 hexadecimal digits.
    pub(super) request: &'a str,
    pub(super) voice: &'a str,
    /// 1 is the voice's own.
    pub(super) speed: f64,
    pub(super) text: &'a str,
}

/// Something that the service says.
#[derive(Debug, PartialEq)]
pub(super) enum Heard {
    /// When words are heard.
    Words(Vec<Piece>),
    /// The text is said.
    End,
    /// What nobody needs.
    Other,
    /// What can't be read.
    Unreadable,
}

/// The first message: how the sound is wanted.
pub(super) fn configuration(now: DateTime<Utc>) -> String {
    let options = json!({ "sentenceBoundaryEnabled": "false", "wordBoundaryEnabled": "true" });
    let audio = json!({ "metadataoptions": options, "outputFormat": FORMAT });
    let body = json!({ "context": { "synthesis": { "audio": audio } } });
    let time = now.to_rfc2822();
    format!("X-Timestamp:{time}\r\nContent-Type:application/json; charset=utf-8\r\nPath:speech.config\r\n\r\n{body}")
}

/// The message that says what to say.
pub(super) fn ssml(order: &Order<'_>, now: DateTime<Utc>) -> String {
    let Order { request, voice, speed, text } = order;
    let percent = ((speed.clamp(0.5, 2.0) - 1.0) * 100.0).round() as i32;
    let body = format!(
        "<speak version='1.0' xmlns='http://www.w3.org/2001/10/synthesis' xml:lang='{}'><voice name='{}'>\
         <prosody pitch='+0Hz' rate='{percent:+}%' volume='+0%'>{}</prosody></voice></speak>",
        escaped(&voice::locale(voice)),
        escaped(voice),
        escaped(text)
    );
    let time = now.to_rfc2822();
    format!("X-RequestId:{request}\r\nContent-Type:application/ssml+xml\r\nX-Timestamp:{time}\r\nPath:ssml\r\n\r\n{body}")
}

/// Text for XML: without what would be markup, and without the control characters that XML can't carry.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\'' => escaped.push_str("&apos;"),
            '"' => escaped.push_str("&quot;"),
            sign if sign.is_control() || matches!(sign, '\u{fffe}' | '\u{ffff}') => escaped.push(' '),
            sign => escaped.push(sign),
        }
    }
    escaped
}

fn unescaped(text: &str) -> String {
    let signs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#39;", "'"), ("&amp;", "&")];
    signs.iter().fold(text.to_owned(), |text, (escaped, sign)| text.replace(escaped, sign))
}

/// Reads a text message.
pub(super) fn read(message: &str) -> Heard {
    let Some((head, body)) = message.split_once("\r\n\r\n") else { return Heard::Unreadable };
    match path(head) {
        "turn.end" => Heard::End,
        "audio.metadata" => serde_json::from_str::<Metadata>(body).map_or(Heard::Unreadable, |told| Heard::Words(told.words())),
        _ => Heard::Other,
    }
}

/// The sound in a binary message, which begins with the length of its headers in two bytes; `None` in one that has none.
pub(super) fn sound(message: &Bytes) -> Option<Bytes> {
    let length = 2 + usize::from(u16::from_be_bytes(message.get(..2)?.try_into().ok()?));
    let head = std::str::from_utf8(message.get(2..length)?).ok()?;
    (path(head) == "audio").then(|| message.slice(length..))
}

fn path(head: &str) -> &str {
    let mut headers = head.lines().filter_map(|line| line.split_once(':'));
    headers.find(|(name, _)| name.eq_ignore_ascii_case("path")).map_or("", |(_, value)| value.trim())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata {
    metadata: Vec<Item>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Item {
    #[serde(rename = "Type")]
    kind: String,
    #[serde(default)]
    data: Data,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Data {
    offset: u64,
    duration: u64,
    #[serde(rename = "text")]
    text: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Text {
    text: String,
}

impl Metadata {
    fn words(self) -> Vec<Piece> {
        let piece = |Data { offset, duration, text }: Data| Piece {
            text: unescaped(&text.text),
            start: offset as f64 / TICKS,
            end: (offset + duration) as f64 / TICKS,
        };
        self.metadata.into_iter().filter(|item| item.kind == "WordBoundary").map(|item| piece(item.data)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_can_be_no_markup() {
        let order = Order { request: "ab", voice: "pt-BR-AntonioNeural", speed: 1.25, text: "<b>R&D</b>\u{1} it's \"5\"" };
        let message = ssml(&order, DateTime::from_timestamp_nanos(0));
        let expected = "X-RequestId:ab\r\nContent-Type:application/ssml+xml\r\nX-Timestamp:Thu, 1 Jan 1970 00:00:00 +0000\r\n\
            Path:ssml\r\n\r\n<speak version='1.0' xmlns='http://www.w3.org/2001/10/synthesis' xml:lang='pt-BR'>\
            <voice name='pt-BR-AntonioNeural'><prosody pitch='+0Hz' rate='+25%' volume='+0%'>\
            &lt;b&gt;R&amp;D&lt;/b&gt;  it&apos;s &quot;5&quot;</prosody></voice></speak>";
        assert_eq!(message, expected);
        let slow = ssml(&Order { speed: 0.8, ..order }, DateTime::from_timestamp_nanos(0));
        assert!(slow.contains("rate='-20%'"), "{slow}");
    }

    #[test]
    fn documented_shapes_are_read() {
        let message = |path: &str, body: &str| read(&format!("X-RequestId:ab\r\nPath:{path}\r\n\r\n{body}"));
        let words = vec![Piece { text: "R&D".into(), start: 0.1, end: 0.45 }];
        assert_eq!(message("audio.metadata", include_str!("../../fixtures/edge-words.json")), Heard::Words(words));
        assert_eq!(message("audio.metadata", "{"), Heard::Unreadable);
        assert_eq!(message("turn.end", "{}"), Heard::End);
        assert_eq!(message("turn.start", "{}"), Heard::Other);
        assert_eq!(read("nothing"), Heard::Unreadable);
    }

    #[test]
    fn sound_stands_behind_its_headers() {
        let check = |message: &'static [u8], expected: Option<&[u8]>| {
            assert_eq!(sound(&Bytes::from_static(message)).as_deref(), expected);
        };
        check(b"\0\x0cPath:audio\r\nmp3", Some(b"mp3"));
        check(b"\0\x0cPath:audio\r\n", Some(b""));
        check(b"\0\x0cPath:other\r\nmp3", None);
        check(b"\x01\0Path:audio\r\nmp3", None);
        check(b"\0", None);
    }
}
