//! The body of a script: headings, paragraphs and pictures, by way of a CommonMark parser.

use std::ops::Range;

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::picture_settings::{self, PictureSettings};
use super::{ScriptError, ScriptScene};

/// What the body of a script says.
pub(super) struct Body {
    pub heading: Option<String>,
    pub scenes: Vec<ScriptScene>,
    pub warnings: Vec<String>,
}

/// A picture that waits for its paragraph.
struct Picture {
    line: usize,
    description: String,
    path: Option<String>,
    settings: PictureSettings,
}

/// An image whose description is being read.
#[derive(Default)]
struct OpenImage {
    path: String,
    title: String,
    description: String,
}

/// What is being collected while the parser walks through the text.
#[derive(Default)]
struct Reader {
    heading: Option<String>,
    scenes: Vec<ScriptScene>,
    warnings: Vec<String>,
    picture: Option<Picture>,
    /// Text of the block that is open, and the line on which it began.
    text: String,
    line: usize,
    in_image: Option<OpenImage>,
}

pub(super) fn read(body: &str, first_line: usize) -> Result<Body, ScriptError> {
    // pulldown-cmark does not report `![words]` without a target as an image: it is one of ours, so give it an empty one.
    let completed = complete_images(body);
    let line_of = |range: &Range<usize>| first_line + completed[..range.start].matches('\n').count();
    let mut reader = Reader::default();
    for (event, range) in Parser::new_ext(&completed, Options::empty()).into_offset_iter() {
        reader.take(event, line_of(&range))?;
    }
    if let Some(picture) = reader.picture {
        return Err(ScriptError::at(picture.line, "the picture has no paragraph under it; write what is said while it is shown"));
    }
    if let Some(scene) = reader.scenes.iter().find(|scene| scene.narration.contains("![")) {
        let problem = "\"![\" begins a picture, but the rest is not one; write ![what it shows](<file.jpg>) on a line of its own";
        return Err(ScriptError::at(scene.line, problem));
    }
    Ok(Body { heading: reader.heading, scenes: reader.scenes, warnings: reader.warnings })
}

impl Reader {
    fn take(&mut self, event: Event<'_>, line: usize) -> Result<(), ScriptError> {
        match event {
            Event::Start(tag) => self.open(tag, line),
            Event::End(tag) => self.close(tag, line),
            Event::Text(text) | Event::Code(text) => {
                match &mut self.in_image {
                    Some(image) => image.description.push_str(&text),
                    None => self.text.push_str(&text),
                }
                Ok(())
            }
            Event::SoftBreak | Event::HardBreak => {
                self.text.push(' ');
                Ok(())
            }
            Event::Html(html) if html.trim().is_empty() || html.trim_start().starts_with("<!--") => Ok(()),
            Event::InlineHtml(html) if html.starts_with("<!--") => Ok(()),
            Event::Html(html) | Event::InlineHtml(html) => {
                let problem = format!("\"{}\" is HTML, which can't be narrated; remove it", html.trim());
                Err(ScriptError::at(line, problem))
            }
            _ => Ok(()),
        }
    }

    fn open(&mut self, tag: Tag<'_>, line: usize) -> Result<(), ScriptError> {
        match tag {
            Tag::Paragraph | Tag::Heading { .. } | Tag::Item => {
                self.end_block();
                self.line = line;
            }
            Tag::Image { dest_url, title, .. } => {
                let (path, title) = (dest_url.into_string(), title.into_string());
                self.in_image = Some(OpenImage { path, title, description: String::new() });
                if !self.text.trim().is_empty() {
                    return Err(ScriptError::at(
                        line,
                        "a picture stands inside a paragraph; put it on a line of its own above the text",
                    ));
                }
            }
            Tag::CodeBlock(_) => {
                return Err(ScriptError::at(
                    line,
                    "a code block can't be narrated; make it a paragraph (without leading spaces) or remove it",
                ));
            }
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self, tag: TagEnd, line: usize) -> Result<(), ScriptError> {
        match tag {
            TagEnd::Image => {
                let image = self.in_image.take().unwrap_or_default();
                self.set_picture(line, image)
            }
            TagEnd::Heading(level) => {
                let text = tidy(&std::mem::take(&mut self.text));
                if self.heading.is_none() && level == HeadingLevel::H1 && self.scenes.is_empty() {
                    self.heading = Some(text);
                } else {
                    self.warnings.push(format!("line {}: the heading \"{text}\" is not spoken", self.line));
                }
                Ok(())
            }
            TagEnd::Paragraph | TagEnd::Item => {
                self.end_block();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Ends a block of text: a scene, unless it held nothing but a picture.
    fn end_block(&mut self) {
        let narration = tidy(&std::mem::take(&mut self.text));
        if narration.is_empty() {
            return;
        }
        let picture = self.picture.take();
        let (description, picture, settings) =
            picture.map_or_else(Default::default, |picture| (picture.description, picture.path, picture.settings));
        let PictureSettings { look, character, voice } = settings;
        self.scenes.push(ScriptScene { line: self.line, narration, description, picture, look, character, voice });
    }

    fn set_picture(&mut self, line: usize, image: OpenImage) -> Result<(), ScriptError> {
        let OpenImage { path, title, description } = image;
        if let Some(first) = &self.picture {
            let problem = format!("two pictures for one paragraph (the first is on line {}); keep one", first.line);
            return Err(ScriptError::at(line, problem));
        }
        let path = match path.split_once("://") {
            Some((scheme, _)) if scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http") => path,
            Some(_) => {
                let problem = format!("\"{path}\" can't be read; give a file, or an address that begins with https://");
                return Err(ScriptError::at(line, problem));
            }
            None => percent_decode(&path),
        };
        // In Markdown a title is usually only words for the mouse pointer.
        let settings = if title.contains(':') {
            picture_settings::read(&title).map_err(|problem| ScriptError::at(line, problem))?
        } else {
            if !title.is_empty() {
                self.warnings.push(format!("line {line}: the picture's title \"{title}\" has no effect"));
            }
            PictureSettings::default()
        };
        self.picture =
            Some(Picture { line, description: tidy(&description), path: (!path.is_empty()).then_some(path), settings });
        Ok(())
    }
}

/// Makes an image for CommonMark of every line that is one for people: `![words]` gets an empty target, and a file name with
/// spaces gets its angle brackets.
fn complete_images(body: &str) -> String {
    let complete = |line: &str| {
        let bare = line.trim();
        let whole = match bare.strip_prefix("![") {
            Some(rest) if bare.ends_with(']') && !rest.contains('[') => format!("{bare}()"),
            Some(rest) if bare.ends_with(')') => match rest.split_once("](") {
                Some((_, file)) if file.contains(' ') && !file.contains(['<', '"', '\'']) => {
                    format!("{}<{}>)", &bare[..bare.len() - file.len()], file[..file.len() - 1].trim())
                }
                _ => return line.to_owned(),
            },
            _ => return line.to_owned(),
        };
        line.replacen(bare, &whole, 1)
    };
    body.split_inclusive('\n').map(complete).collect()
}

/// File names with spaces are written with `%20` in Markdown.
fn percent_decode(path: &str) -> String {
    let bytes = path.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while index < bytes.len() {
        let decoded = (bytes[index] == b'%')
            .then(|| path.get(index + 1..index + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok()))
            .flatten();
        out.push(decoded.unwrap_or(bytes[index]));
        index += if decoded.is_some() { 3 } else { 1 };
    }
    String::from_utf8(out).unwrap_or_else(|_| path.to_owned())
}

fn tidy(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
