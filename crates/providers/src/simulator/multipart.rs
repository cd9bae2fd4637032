//! Forms with files, as `multipart/form-data` carries them.

use super::call::Call;

/// One field of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

/// The form's fields, in their order; none when the body is no form.
pub(super) fn parts(call: &Call) -> Vec<Part> {
    let media_type = call.header("content-type").unwrap_or_default();
    let Some((_, boundary)) = media_type.split_once("boundary=") else { return Vec::new() };
    let boundary = boundary.split(';').next().unwrap_or_default().trim().trim_matches('"');
    cut(&call.body, boundary)
}

/// The text of the field `name`.
pub(super) fn text(parts: &[Part], name: &str) -> Option<String> {
    let part = parts.iter().find(|part| part.name == name)?;
    Some(String::from_utf8_lossy(&part.bytes).into_owned())
}

fn cut(body: &[u8], boundary: &str) -> Vec<Part> {
    let mark = format!("--{boundary}");
    let mut found = Vec::new();
    let mut rest = body;
    while let Some(at) = position(rest, mark.as_bytes()) {
        let piece = &rest[..at];
        found.extend(part(piece));
        rest = &rest[at + mark.len()..];
    }
    found
}

/// What stands between two marks: a line end, headers, an empty line, the bytes, a line end.
fn part(piece: &[u8]) -> Option<Part> {
    let piece = piece.strip_prefix(b"\r\n")?;
    let piece = piece.strip_suffix(b"\r\n").unwrap_or(piece);
    let at = position(piece, b"\r\n\r\n")?;
    let headers = String::from_utf8_lossy(&piece[..at]).into_owned();
    let (_, name) = headers.split_once("name=\"")?;
    let name = name.split('"').next()?.to_owned();
    Some(Part { name, bytes: piece[at + 4..].to_vec() })
}

fn position(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_cut_at_its_boundary() {
        let body = b"--xyz\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nA line\r\nand more\r\n--xyz\r\n\
            Content-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\nContent-Type: audio/wav\r\n\r\nRIFF\r\n\r\n\r\n--xyz--\r\n";
        let parts = cut(body, "xyz");
        assert_eq!(text(&parts, "text").as_deref(), Some("A line\r\nand more"));
        assert_eq!(parts[1], Part { name: "file".to_owned(), bytes: b"RIFF\r\n\r\n".to_vec() });
        assert_eq!(cut(b"no form", "xyz"), Vec::new());
    }
}
