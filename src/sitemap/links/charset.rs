//! The text of a page or feed, whatever its encoding is.
//!
//! It is here because older sites are often not UTF-8, and a name in a link must become the same bytes that a browser sends. The
//! encoding is taken from a byte order mark, else the header, else the first bytes of the document, else it is guessed.
//!
//! It never fails: what cannot be decoded becomes a replacement character.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// How far into a document its own statement is looked for, in bytes (HTML, section 13.2.3.2).
const STATEMENT_BYTES_MAX: usize = 1_024;

/// Decodes a document.
pub(super) fn decoded<'b>(bytes: &'b [u8], content_type: &str) -> Cow<'b, str> {
    let stated = || label(content_type.as_bytes(), b"charset").or_else(|| of_document(bytes));
    let guessed = || if std::str::from_utf8(bytes).is_ok() { UTF_8 } else { WINDOWS_1252 };
    // `decode` looks for a byte order mark first.
    stated().unwrap_or_else(guessed).decode(bytes).0
}

/// What `<meta charset>` or `<?xml encoding?>` says.
fn of_document(bytes: &[u8]) -> Option<&'static Encoding> {
    let start = &bytes[..bytes.len().min(STATEMENT_BYTES_MAX)];
    let is_xml = start.trim_ascii_start().starts_with(b"<?xml");
    let found = label(start, b"charset").or_else(|| is_xml.then(|| label(start, b"encoding")).flatten());
    // A document whose statement could be read byte by byte is not UTF-16.
    found.map(|encoding| if encoding.is_ascii_compatible() { encoding } else { UTF_8 })
}

/// The encoding after `NAME=`, in quotes or without.
fn label(text: &[u8], name: &[u8]) -> Option<&'static Encoding> {
    let at = text.windows(name.len()).position(|window| window.eq_ignore_ascii_case(name))?;
    let rest = text[at + name.len()..].trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let rest = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'")).unwrap_or(rest);
    let end =
        rest.iter().position(|byte| !byte.is_ascii_alphanumeric() && !b"-_:.".contains(byte)).unwrap_or(rest.len());
    Encoding::for_label(&rest[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoding_is_found_where_it_is_stated() {
        let shift_jis = encoding_rs::SHIFT_JIS.encode("ビザ").0.into_owned();
        assert_eq!(decoded(&shift_jis, "text/html; Charset=\"Shift_JIS\""), "ビザ");
        let with_meta = [b"<meta http-equiv=x content='text/html; charset=shift_jis'>".as_slice(), &shift_jis].concat();
        assert!(decoded(&with_meta, "text/html").ends_with("ビザ"));
        let with_xml = [b"<?xml version='1.0' encoding='shift_jis'?>".as_slice(), &shift_jis].concat();
        assert!(decoded(&with_xml, "application/xml").ends_with("ビザ"));
        assert_eq!(decoded("ビザ".as_bytes(), "text/html"), "ビザ");
        assert_eq!(decoded(b"caf\xe9", "text/html; charset=unheard-of"), "café");
        assert_eq!(decoded(b"\xef\xbb\xbfa", "text/html; charset=shift_jis"), "a");
        assert_eq!(decoded(b"<meta charset=utf-16>a", ""), "<meta charset=utf-16>a");
    }
}
