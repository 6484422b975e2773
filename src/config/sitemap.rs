//! The pages of a sitemap: XML, a sitemap index, or plain text with one URL a line, each also compressed with gzip.
//!
//! It is here because pages that are known in advance are published without a threshold. The format is that of
//! <https://www.sitemaps.org/protocol.html>. Files are local: the children of an index are looked for by their file name
//! beside it. It gives paths with their query, without scheme, host and fragment.
//!
//! It never opens the network, never leaves the directory of the file, and never reads more than
//! [`FILE_BYTES_MAX`] bytes of a file.

use std::{
    fmt,
    io::{self, Read},
    path::{Path, PathBuf},
};

use flate2::read::MultiGzDecoder;
use quick_xml::{
    Reader,
    escape::resolve_predefined_entity,
    events::{BytesRef, Event},
};

use super::{
    KNOWN_PAGES_MAX,
    locate::line_at,
    raw::{nearest, shown},
};

/// The largest sitemap, decompressed, in bytes. The format allows 50 MiB.
const FILE_BYTES_MAX: u64 = 64 << 20;
/// The most files in an index.
const FILES_MAX: usize = 1_000;
/// The longest URL, in bytes. The format allows 2,048 characters.
const URL_BYTES_MAX: usize = 8_192;
/// What every compressed file begins with (RFC 1952, section 2.3.1).
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Why a sitemap gives no pages.
#[derive(Debug)]
pub(super) struct SitemapError {
    file: PathBuf,
    line: Option<usize>,
    what: String,
}

impl fmt::Display for SitemapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.line.map(|line| format!(":{line}")).unwrap_or_default();
        write!(f, "{}{line}: {}", self.file.display(), self.what)
    }
}

/// The pages of a sitemap file, in its order. With `hosts`, an URL of another host is an error.
///
/// # Errors
/// When a file cannot be read, is no sitemap, or is past a limit.
pub(super) fn pages(file: &Path, hosts: &[String]) -> Result<Vec<String>, SitemapError> {
    let mut found = Vec::new();
    let children = match read_file(file)? {
        Content::Urls(urls) => {
            add_pages(file, &urls, hosts, &mut found)?;
            return Ok(found);
        }
        Content::Index(children) => children,
    };
    if children.len() > FILES_MAX {
        let what = format!("names {} files; allowed: at most {FILES_MAX}", children.len());
        return Err(SitemapError { file: file.to_owned(), line: None, what });
    }
    for child in children {
        let child_file = beside(file, &child)?;
        match read_file(&child_file)? {
            Content::Urls(urls) => add_pages(&child_file, &urls, hosts, &mut found)?,
            Content::Index(_) => {
                let what = "is an index inside an index; allowed: sitemaps".to_owned();
                return Err(SitemapError { file: child_file, line: None, what });
            }
        }
    }
    Ok(found)
}

/// What a file holds.
enum Content {
    Urls(Vec<Loc>),
    Index(Vec<Loc>),
}

/// An URL and the line on which it stands.
struct Loc {
    url: String,
    line: usize,
}

fn read_file(file: &Path) -> Result<Content, SitemapError> {
    let fail = |line, what| SitemapError { file: file.to_owned(), line, what };
    let bytes = read_bytes(file).map_err(|error| fail(None, format!("cannot be read: {error}")))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > FILE_BYTES_MAX {
        return Err(fail(None, format!("is larger than the {FILE_BYTES_MAX} bytes that are allowed")));
    }
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let line = line_at(&bytes, error.valid_up_to());
        fail(Some(line), "is not UTF-8; allowed: UTF-8".to_owned())
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_start().starts_with('<') {
        return xml(text).map_err(|(line, what)| fail(Some(line), what));
    }
    let lines = text.lines().enumerate().map(|(at, line)| Loc { url: line.trim().to_owned(), line: at + 1 });
    Ok(Content::Urls(lines.filter(|loc| !loc.url.is_empty()).collect()))
}

/// The bytes of a file, decompressed, and at most one more than is allowed.
fn read_bytes(file: &Path) -> io::Result<Vec<u8>> {
    let mut opened = std::fs::File::open(file)?;
    let mut start = Vec::new();
    Read::by_ref(&mut opened).take(2).read_to_end(&mut start)?;
    let is_compressed = start == GZIP_MAGIC;
    let whole = io::Cursor::new(start).chain(opened);
    let mut bytes = Vec::new();
    if is_compressed {
        MultiGzDecoder::new(whole).take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    } else {
        whole.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
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

/// The file of an index's child: the last part of its URL, beside the index.
fn beside(index: &Path, child: &Loc) -> Result<PathBuf, SitemapError> {
    let path = child.url.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    let odd = |c: char| c.is_control() || c == '\\' || c == ':';
    if name.is_empty() || name == "." || name == ".." || name.contains(odd) {
        let what = format!("{} ends in no file name; allowed: URLs of sitemap files", shown(&child.url));
        return Err(SitemapError { file: index.to_owned(), line: Some(child.line), what });
    }
    Ok(index.with_file_name(name))
}

fn add_pages(file: &Path, locs: &[Loc], hosts: &[String], found: &mut Vec<String>) -> Result<(), SitemapError> {
    for loc in locs {
        let page = page_of(&loc.url, hosts);
        let page = match page {
            Ok(_) if found.len() == KNOWN_PAGES_MAX => {
                Err(format!("has more than the {KNOWN_PAGES_MAX} pages that are allowed"))
            }
            other => other,
        };
        let line = Some(loc.line);
        found.push(page.map_err(|what| SitemapError { file: file.to_owned(), line, what })?);
    }
    Ok(())
}

/// The path and query of an URL.
fn page_of(url: &str, hosts: &[String]) -> Result<String, String> {
    let is_scheme = |scheme: &&str| scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let rest = url.split_once("://").filter(|(scheme, _)| is_scheme(scheme)).map(|(_, rest)| rest);
    let odd = |c: char| c.is_control() || c.is_whitespace();
    let Some(rest) = rest.filter(|_| url.len() <= URL_BYTES_MAX && !url.contains(odd)) else {
        let shape = "allowed: http:// or https:// with a host and a path, without spaces";
        return Err(format!("{} is no URL of a page; {shape}, at most {URL_BYTES_MAX} bytes", shown(url)));
    };
    let rest = rest.split('#').next().unwrap_or_default();
    let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let host = authority.split(':').next().unwrap_or_default().to_ascii_lowercase();
    if !hosts.is_empty() && !hosts.iter().any(|pattern| covers(pattern, &host)) {
        let hint = nearest(&host, hosts.iter().map(String::as_str)).map(|near| format!(" (near {near:?})"));
        let advice = "add it to the site's hosts or take the URL out";
        return Err(format!("the host {}{} is not one of the site; {advice}", shown(&host), hint.unwrap_or_default()));
    }
    // "https://host" and "https://host?x" mean the path "/".
    Ok(if target.starts_with('/') { target.to_owned() } else { format!("/{target}") })
}

/// Whether a host is meant by a pattern: the same name, or for `*.x` a name below `x`.
fn covers(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some(below) => host.strip_suffix(below).is_some_and(|label| !label.is_empty()),
        None => pattern == host,
    }
}
