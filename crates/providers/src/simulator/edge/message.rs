//! The messages of the websocket: lines of headers, an empty line, and a body.

use bytes::{BufMut, Bytes, BytesMut};
use model::caption::WordTiming;
use serde_json::{Value, json};

/// A message of the client.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Incoming<'a> {
    pub(super) path: &'a str,
    pub(super) request: &'a str,
    pub(super) body: &'a str,
}

/// Reads a text message; `None` when it has no headers.
pub(super) fn read(text: &str) -> Option<Incoming<'_>> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let header = |wanted: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map_or("", |(_, value)| value.trim())
    };
    Some(Incoming { path: header("path"), request: header("x-requestid"), body })
}

/// What an SSML document wants.
#[derive(Debug, PartialEq)]
pub(super) struct Wish {
    pub(super) voice: String,
    /// 1 is the usual speed.
    pub(super) speed: f64,
    pub(super) text: String,
}

/// Reads SSML with one voice and one prosody.
///
/// # Errors
/// What is wrong with it: the service closes the connection then.
pub(super) fn wish(ssml: &str) -> Result<Wish, String> {
    let voice = attribute(ssml, "name").ok_or("the SSML names no voice")?;
    let (_, inside) = ssml.split_once("<voice").and_then(|(_, rest)| rest.split_once('>')).ok_or("the SSML has no voice")?;
    let (inside, _) = inside.rsplit_once("</voice>").ok_or("the voice is not closed")?;
    let (rate, inside) = match inside.trim().strip_prefix("<prosody") {
        Some(rest) => {
            let (head, inside) = rest.split_once('>').ok_or("the prosody is not closed")?;
            let (inside, _) = inside.rsplit_once("</prosody>").ok_or("the prosody is not closed")?;
            (attribute(head, "rate"), inside)
        }
        None => (None, inside),
    };
    let percent = rate.as_deref().and_then(|rate| rate.trim_end_matches('%').parse::<f64>().ok()).unwrap_or(0.0);
    Ok(Wish { voice, speed: 1.0 + percent / 100.0, text: unescaped(inside)? })
}

fn attribute(text: &str, name: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!(" {name}="))?;
    let quote = rest.chars().next().filter(|quote| ['\'', '"'].contains(quote))?;
    rest[1..].split_once(quote).map(|(value, _)| value.to_owned())
}

/// Text of an XML document as it is meant. Breaks and other empty elements are left out.
fn unescaped(xml: &str) -> Result<String, String> {
    const SIGNS: [(&str, char); 5] = [("amp;", '&'), ("lt;", '<'), ("gt;", '>'), ("quot;", '"'), ("apos;", '\'')];
    let mut text = String::new();
    let mut rest = xml;
    while let Some(at) = rest.find(['&', '<']) {
        text.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        if rest[at..].starts_with('<') {
            let (_, next) = after.split_once("/>").ok_or("the SSML is not well-formed: a < that is not escaped")?;
            rest = next;
            continue;
        }
        let (name, sign) = SIGNS
            .into_iter()
            .find(|(name, _)| after.starts_with(name))
            .ok_or("the SSML is not well-formed: an & that is not escaped")?;
        text.push(sign);
        rest = &after[name.len()..];
    }
    text.push_str(rest);
    Ok(text)
}

/// A text message of the service.
pub(super) fn text(request: &str, path: &str, body: &Value) -> String {
    format!("X-RequestId:{request}\r\nContent-Type:application/json; charset=utf-8\r\nPath:{path}\r\n\r\n{body}")
}

/// A piece of sound: two bytes with the length of the headers, the headers, the bytes. The last piece has none.
pub(super) fn audio(request: &str, sound: &[u8]) -> Bytes {
    let kind = if sound.is_empty() { "" } else { "Content-Type:audio/mpeg\r\n" };
    let head = format!("X-RequestId:{request}\r\n{kind}X-StreamId:{}\r\nPath:audio\r\n", stream(request));
    let mut message = BytesMut::with_capacity(2 + head.len() + sound.len());
    message.put_u16(head.len() as u16);
    message.extend_from_slice(head.as_bytes());
    message.extend_from_slice(sound);
    message.freeze()
}

/// The stream's own id.
pub(super) fn stream(request: &str) -> String {
    super::super::call::hash(request.as_bytes())[..32].to_uppercase()
}

/// When one word is heard, in units of 100 ns. The word comes without the punctuation around it, and escaped.
pub(super) fn boundary(word: &WordTiming) -> Value {
    let ticks = |seconds: f64| (seconds * 1e7).round() as u64;
    let bare = word.word.trim_matches(|letter: char| !letter.is_alphanumeric());
    let bare = if bare.is_empty() { &word.word } else { bare };
    let escaped = bare.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    json!({ "Metadata": [{ "Type": "WordBoundary", "Data": {
        "Offset": ticks(word.start), "Duration": ticks(word.end - word.start),
        "text": { "Text": escaped, "Length": bare.chars().count(), "BoundaryType": "WordBoundary" },
    } }] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ssml_is_read() {
        let ssml = "<speak version='1.0' xml:lang='en-US'><voice name='en-US-AriaNeural'><prosody pitch='+0Hz' rate='+20%' volume='+0%'>You &amp; me &lt;3</prosody></voice></speak>";
        let expected = Wish { voice: "en-US-AriaNeural".to_owned(), speed: 1.2, text: "You & me <3".to_owned() };
        assert_eq!(wish(ssml), Ok(expected));
        assert!(wish(&ssml.replace("&amp;", "&")).is_err_and(|problem| problem.contains('&')));
        assert!(wish(&ssml.replace("&lt;3", "<3")).is_err_and(|problem| problem.contains('<')));
        assert!(wish("<speak></speak>").is_err());
    }

    #[test]
    fn sound_stands_behind_its_headers() {
        let message = audio("ab12", b"mp3");
        let length = usize::from(u16::from_be_bytes([message[0], message[1]]));
        assert_eq!(&message[2 + length..], b"mp3");
        assert!(std::str::from_utf8(&message[2..2 + length]).is_ok_and(|head| head.ends_with("Path:audio\r\n")));
    }
}
