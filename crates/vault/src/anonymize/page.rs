//! The page of an access: the request target brought into one form, without personal data.
//!
//! It is here so that equal pages are one row, and so that an address, a number or a token in a URL never becomes a
//! key that is stored. It takes the target as the web server saw it and writes at most [`PAGE_BYTES_MAX`] bytes.
//! The form is a fixed point: normalising a normalised page changes nothing.
//!
//! It never keeps scheme, host, fragment or a query parameter that the site did not allow, and never panics.
//!
//! # The form
//! A segment (the text between two `/`) is decoded once and encoded again. Encoded stay: `%`, `/`, `?`, `#`, space,
//! quotes, brackets that HTML gives a meaning, controls and other invisible characters, and bytes that are no UTF-8.
//! All else is plain text, so `/%E3%81%82` and `/あ` are one page.

mod kind;
mod scrub;
#[cfg(test)]
mod tests;

use kind::{asks_for_feed, kind_of};
use percent_encoding::percent_decode_str;
pub(super) use scrub::scrub;

/// The longest page that is ever written, in bytes.
pub(crate) const PAGE_BYTES_MAX: usize = 512;
/// The longest target that is accepted, in bytes (the protocol's limit).
pub(crate) const TARGET_BYTES_MAX: usize = 8192;
/// Ends a page that was cut.
const ELLIPSIS: char = '…';

/// What an operator may say about a site's pages.
pub(crate) struct PageRules {
    /// File names that mean their directory: `/a/index.html` is `/a/`. Compared without regard to ASCII case.
    pub index_files: Vec<String>,
    /// Query parameters that choose a page, by their decoded name (`id`, `lang`). All others are dropped.
    pub query_allow: Vec<String>,
}

impl Default for PageRules {
    fn default() -> Self {
        let index_files = [
            "index.html",
            "index.htm",
            "index.php",
            "index.shtml",
            "index.xhtml",
            "index.jsp",
            "index.asp",
            "index.aspx",
            "index.cgi",
            "default.html",
            "default.htm",
            "default.asp",
            "default.aspx",
        ];
        Self { index_files: index_files.map(String::from).to_vec(), query_allow: Vec::new() }
    }
}

/// What a target points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// Something a person reads.
    Page,
    /// A style sheet, script, image or font: what a browser loads with a page.
    Part,
    /// The icon of a site, which robots and link previews ask for too.
    Icon,
    /// Another thing that belongs to a page and is none: a sound, a film, a source map.
    Asset,
    /// What only robots and monitors of robots ask for.
    RobotsTxt,
    /// What other machines read: a feed, a sitemap, a manifest, data, a health check.
    Machine,
}

/// The target is empty, too long, holds control characters, or is neither a path nor an http(s) URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadTarget;

/// Writes the normalised page of `target` into `out` (cleared first; its memory is used again).
///
/// A plain path that needs no change costs no allocation.
///
/// # Errors
/// [`BadTarget`]; `out` is then empty.
pub(crate) fn normalize(target: &str, rules: &PageRules, out: &mut String) -> Result<Target, BadTarget> {
    out.clear();
    // What is plain has no query, no fragment and no control character: most targets need no other look.
    if target.len() <= PAGE_BYTES_MAX && is_plain(target) {
        out.push_str(target);
        drop_index_file(out, rules);
        return Ok(kind_of(out));
    }
    if target.is_empty() || target.len() > TARGET_BYTES_MAX || target.bytes().any(|b| b.is_ascii_control()) {
        return Err(BadTarget);
    }
    let local = strip_origin(target).ok_or(BadTarget)?;
    let local = local.split('#').next().unwrap_or_default();
    let (path, query) = local.split_once('?').unwrap_or((local, ""));
    let kind = if is_plain(path) {
        out.push_str(path);
        drop_index_file(out, rules);
        kind_of(out)
    } else {
        let mut resolved = String::with_capacity(path.len() + 1);
        resolve(path, &mut resolved);
        drop_index_file(&mut resolved, rules);
        for segment in resolved.split('/').skip(1) {
            out.push('/');
            scrub(segment, out);
        }
        kind_of(&resolved)
    };
    if out.len() > PAGE_BYTES_MAX {
        shorten(out);
    } else if !query.is_empty() && !rules.query_allow.is_empty() {
        append_query(query, rules, out);
    }
    Ok(if kind == Target::Page && asks_for_feed(query) { Target::Machine } else { kind })
}

/// The name under which a page with this path and query is counted; `None` if it is no page. For links that a site itself
/// gives: nothing of a visitor goes in or comes out.
#[must_use]
pub fn page_name(target: &str, query_allow: &[String]) -> Option<String> {
    let rules = PageRules { query_allow: query_allow.to_vec(), ..PageRules::default() };
    let mut name = String::new();
    matches!(normalize(target, &rules, &mut name), Ok(Target::Page)).then_some(name)
}

/// Path and query of a target: what comes after `http://host`, or all of it where it starts with `/`.
fn strip_origin(target: &str) -> Option<&str> {
    if target.starts_with('/') {
        return Some(target);
    }
    let after = ["http://", "https://"].iter().find_map(|scheme| {
        let head = target.get(..scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then(|| &target[scheme.len()..])
    })?;
    let host_bytes = after.find(['/', '?', '#']).unwrap_or(after.len());
    (host_bytes > 0).then(|| &after[host_bytes..])
}

/// True for a path that is its own normal form for certain, index file and length aside: ASCII letters, few digits,
/// no empty or dot segment. Says "no" in doubt: the long way then decides.
fn is_plain(path: &str) -> bool {
    let Some((b'/', mut rest)) = path.as_bytes().split_first() else { return false };
    // A path that starts with '/' has an empty piece before it; the last piece may be empty.
    while let Some(length) = memchr::memchr(b'/', rest) {
        if !is_plain_segment(&rest[..length]) {
            return false;
        }
        rest = &rest[length + 1..];
    }
    rest.is_empty() || is_plain_segment(rest)
}

/// True for words with a space between two of them that hold no personal data for certain. Says "no" in doubt.
pub(super) fn is_plain_text(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    digits < 6 && text.split(' ').all(|word| is_plain_segment(word.as_bytes()))
}

fn is_plain_segment(segment: &[u8]) -> bool {
    // Personal data takes 6 digits, 4 digits and 3 dots (an address), 16 hexadecimal digits in a row (hyphens between
    // them make a UUID), 20 characters with a digit among them (a token), or a sign that is not listed here.
    let (mut digits, mut dots, mut hex_run, mut longest_run) = (0_usize, 0_usize, 0_usize, 0);
    let mut plain = PLAIN;
    for &byte in segment {
        let class = CLASSES[usize::from(byte)];
        plain &= class;
        digits += usize::from(class & DIGIT);
        dots += usize::from(byte == b'.');
        hex_run = if class & HEX > 0 { hex_run + 1 } else { 0 };
        longest_run = longest_run.max(hex_run);
    }
    let long = segment.len() >= 20 && (digits > 0 || segment.windows(3).any(|w| w == b"eyJ"));
    segment.first().is_some_and(|&b| b != b'.') && plain > 0 && longest_run < 16 && digits < 6 && dots < 3 && !long
}

const DIGIT: u8 = 1;
/// Hexadecimal digits and the hyphens between them.
const HEX: u8 = 2;
const PLAIN: u8 = 4;

/// What each byte is, so that a segment is read without a branch for each of them.
static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        let is_plain = byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'~');
        let is_hex = byte.is_ascii_hexdigit() || byte == b'-';
        classes[byte as usize] = if byte.is_ascii_digit() { DIGIT } else { 0 }
            | if is_hex { HEX } else { 0 }
            | if is_plain { PLAIN } else { 0 };
        byte += 1;
    }
    classes
};

/// Writes the path with every segment in canonical form, without empty and dot segments; never above the root.
fn resolve(path: &str, out: &mut String) {
    let mut segment = String::new();
    let mut open_end = true;
    for raw in path.split('/') {
        segment.clear();
        canonical(raw, Part::Path, &mut segment);
        match segment.as_str() {
            "" | "." => open_end = true,
            ".." => {
                out.truncate(out.rfind('/').unwrap_or(0));
                open_end = true;
            }
            name => {
                out.push('/');
                out.push_str(name);
                open_end = false;
            }
        }
    }
    if open_end {
        out.push('/');
    }
}

fn drop_index_file(path: &mut String, rules: &PageRules) {
    let name_at = memchr::memrchr(b'/', path.as_bytes()).map_or(0, |slash| slash + 1);
    let name = &path[name_at..];
    // Its length tells most names from all of these.
    if rules.index_files.iter().any(|file| file.len() == name.len() && file.eq_ignore_ascii_case(name)) {
        path.truncate(name_at);
    }
}

/// Where a piece of text stands: this decides which characters have a meaning there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Path,
    Query,
}

/// Decodes once and encodes again: the encoder writes every `%` as `%25`, so this is a fixed point by construction.
fn canonical(raw: &str, part: Part, out: &mut String) {
    let bytes: Vec<u8> = match part {
        Part::Path => percent_decode_str(raw).collect(),
        // In a query `+` means a space; a plus sign comes as %2B.
        Part::Query => percent_decode_str(&raw.replace('+', "%20")).collect(),
    };
    for chunk in bytes.utf8_chunks() {
        for ch in chunk.valid().chars() {
            if stays_encoded(ch, part) {
                let mut buffer = [0; 4];
                encode(ch.encode_utf8(&mut buffer).as_bytes(), out);
            } else {
                out.push(ch);
            }
        }
        encode(chunk.invalid(), out);
    }
}

fn encode(bytes: &[u8], out: &mut String) {
    for &byte in bytes {
        out.push_str(percent_encoding::percent_encode_byte(byte));
    }
}

fn stays_encoded(ch: char, part: Part) -> bool {
    match ch {
        '%' | '/' | '?' | '#' | '"' | '<' | '>' | '\\' | '^' | '`' | '|' => true,
        '&' | '=' | '+' | ';' => part == Part::Query,
        _ => is_invisible(ch) || ch.is_control() || ch.is_whitespace(),
    }
}

/// Characters nobody sees, and those that turn the direction of the text: two keys must not look the same.
pub(super) fn is_invisible(ch: char) -> bool {
    matches!(ch, '\u{ad}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Cuts a path that is too long. The piece that is left of the last segment stays where it is a normal form by
/// itself (an encoded byte or a placeholder cut in two is none); else the whole segment goes.
fn shorten(path: &mut String) {
    let mut length = path.len().min(PAGE_BYTES_MAX - ELLIPSIS.len_utf8());
    while !path.is_char_boundary(length) {
        length -= 1;
    }
    path.truncate(length);
    path.push(ELLIPSIS);
    let name_at = path.rfind('/').map_or(0, |slash| slash + 1);
    let (mut decoded, mut again) = (String::new(), String::new());
    canonical(&path[name_at..], Part::Path, &mut decoded);
    scrub(&decoded, &mut again);
    if again != path[name_at..] {
        path.truncate(name_at);
        path.push(ELLIPSIS);
    }
}

/// Appends the allowed parameters, sorted by name (those of one name keep their order), as far as they fit.
fn append_query(query: &str, rules: &PageRules, out: &mut String) {
    let mut kept: Vec<(String, &str)> = Vec::new();
    for pair in query.split('&') {
        let (raw_name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decoded = percent_decode_str(&raw_name.replace('+', "%20")).decode_utf8_lossy().into_owned();
        if rules.query_allow.contains(&decoded) {
            let mut name = String::new();
            canonical(raw_name, Part::Query, &mut name);
            kept.push((name, value));
        }
    }
    kept.sort_by(|a, b| a.0.cmp(&b.0));
    let (mut value, mut pair) = (String::new(), String::new());
    for (index, (name, raw_value)) in kept.iter().enumerate() {
        value.clear();
        canonical(raw_value, Part::Query, &mut value);
        pair.clear();
        pair.push(if index == 0 { '?' } else { '&' });
        pair.push_str(name);
        pair.push('=');
        scrub(&value, &mut pair);
        if out.len() + pair.len() > PAGE_BYTES_MAX {
            break;
        }
        out.push_str(&pair);
    }
}
