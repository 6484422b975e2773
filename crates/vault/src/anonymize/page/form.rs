//! The one form of a path and of a query value: what is encoded, and what is plain text.
//!
//! It is here so that equal pages are one row whatever way a browser wrote them. It takes raw text and writes the canonical form,
//! which is a fixed point. It knows nothing of personal data.

use percent_encoding::percent_decode_str;

/// Writes the path with every segment in canonical form, without empty and dot segments; never above the root.
pub(super) fn resolve(path: &str, out: &mut String) {
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

/// Where a piece of text stands: this decides which characters have a meaning there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Path,
    Query,
}

/// Decodes once and encodes again: the encoder writes every `%` as `%25`, so this is a fixed point by construction.
pub(super) fn canonical(raw: &str, part: Part, out: &mut String) {
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
pub(in crate::anonymize) fn is_invisible(ch: char) -> bool {
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
