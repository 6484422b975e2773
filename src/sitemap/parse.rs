//! What a sitemap file holds: XML, a sitemap index, or plain text with one URL a line.
//!
//! It is here because local and fetched sitemaps are read alike. The format is that of
//! <https://www.sitemaps.org/protocol.html>. It takes bytes that are unpacked already, and gives URLs with their lines.
//!
//! It never opens anything.

use quick_xml::{
    Reader,
    escape::resolve_predefined_entity,
    events::{BytesRef, Event},
};

use super::address::URL_BYTES_MAX;
use crate::text::{line_at, shown};

/// What a file holds.
pub(super) enum Content {
    Urls(Vec<Loc>),
    Index(Vec<Loc>),
}

/// An URL and the line on which it stands.
pub(super) struct Loc {
    pub(super) url: String,
    pub(super) line: usize,
}

/// A mistake with its line, where one is to blame.
pub(super) type Mistake = (Option<usize>, String);

/// Reads a file.
pub(super) fn content(bytes: &[u8]) -> Result<Content, Mistake> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = line_at(bytes, error.valid_up_to());
        (Some(line), "is not UTF-8; allowed: UTF-8".to_owned())
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_start().starts_with('<') {
        return xml(text).map_err(|(line, what)| (Some(line), what));
    }
    let lines = text.lines().enumerate().map(|(at, line)| Loc { url: line.trim().to_owned(), line: at + 1 });
    let urls: Vec<Loc> = lines.filter(|loc| !loc.url.is_empty()).collect();
    if urls.is_empty() {
        // A file that is just being written, or a server's empty answer, must not take all pages away.
        return Err((None, "is empty; allowed: <urlset>, <sitemapindex> or one URL a line".to_owned()));
    }
    Ok(Content::Urls(urls))
}

/// Where a reader of XML is.
#[derive(Default)]
struct Walk {
    /// Open elements.
    depth: usize,
    /// Whether the root is `sitemapindex`, once it is known.
    is_index: Option<bool>,
    /// The text of the open `loc`.
    open: Option<String>,
    found: Vec<Loc>,
}

/// The `loc` of every `url` or `sitemap`. Only those at depth three count: extensions have a `loc` of their own deeper.
fn xml(text: &str) -> Result<Content, (usize, String)> {
    let mut reader = Reader::from_str(text);
    let mut walk = Walk::default();
    loop {
        let event = reader.read_event();
        let offset = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let line = || line_at(text.as_bytes(), offset);
        match event.map_err(|error| (line(), format!("is no XML: {error}")))? {
            Event::Eof if walk.depth > 0 => return Err((line(), "ends inside an element".to_owned())),
            Event::Eof => break,
            event => walk.step(&event, line).map_err(|what| (line(), what))?,
        }
    }
    match walk.is_index {
        Some(true) => Ok(Content::Index(walk.found)),
        Some(false) => Ok(Content::Urls(walk.found)),
        None => Err((1, "has no element; allowed: <urlset> or <sitemapindex>".to_owned())),
    }
}

impl Walk {
    fn step(&mut self, event: &Event<'_>, line: impl Fn() -> usize) -> Result<(), String> {
        match event {
            Event::Start(start) => {
                self.depth += 1;
                self.begin(start.local_name().as_ref())?;
            }
            Event::Empty(empty) if self.depth == 0 => self.begin(empty.local_name().as_ref())?,
            Event::End(_) => {
                if self.depth == 3
                    && let Some(url) = self.open.take()
                {
                    self.found.push(Loc { url: url.trim().to_owned(), line: line() });
                }
                self.depth = self.depth.saturating_sub(1);
            }
            Event::Text(text) => self.add(text)?,
            Event::CData(text) => self.add(text)?,
            Event::GeneralRef(reference) => self.add(&resolved(reference)?)?,
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, name: &str) -> Result<(), String> {
        match (self.is_index, self.depth) {
            (None, _) => {
                self.is_index = match name {
                    "urlset" => Some(false),
                    "sitemapindex" => Some(true),
                    _ => return Err(format!("begins with <{name}>; allowed: <urlset> or <sitemapindex>")),
                };
            }
            (Some(_), 3) if name == "loc" => self.open = Some(String::new()),
            _ => {}
        }
        Ok(())
    }

    fn add(&mut self, text: &str) -> Result<(), String> {
        match &mut self.open {
            Some(url) if url.len() + text.len() > URL_BYTES_MAX => {
                Err(format!("has an URL longer than the {URL_BYTES_MAX} bytes that are allowed"))
            }
            Some(url) => {
                url.push_str(text);
                Ok(())
            }
            None => Ok(()),
        }
    }
}

/// What `&amp;` or `&#12354;` stands for. Entities that a document defines itself are refused: they can grow without end.
fn resolved(reference: &BytesRef<'_>) -> Result<String, String> {
    let name: &str = reference;
    let character = reference.resolve_char_ref().map_err(|error| format!("is no XML: {error}"))?;
    let text = character.map(String::from);
    text.or_else(|| resolve_predefined_entity(name).map(str::to_owned))
        .ok_or_else(|| format!("has the entity {}; allowed: &amp; &lt; &gt; &apos; &quot;", shown(name)))
}
