//! Turns a field of a log line into text for the protocol: escapes undone, always UTF-8, never over-long.
//!
//! Bytes that are not UTF-8 are replaced, because a log holds whatever a client sent and no line may fail for it.

/// How long a field may get, in bytes.
#[derive(Clone, Copy)]
pub(super) struct TextLimits(usize);

impl TextLimits {
    /// The server refuses an address above 255 bytes; what is cut here is still too long there, so that the server
    /// names the outcome.
    pub(super) const ADDRESS: Self = Self(255 + 4);
    /// The server refuses a target above 8,192 bytes; see `ADDRESS`.
    pub(super) const TARGET: Self = Self(8_192 + 4);
    /// The server looks at no more.
    pub(super) const AGENT: Self = Self(4_096);
    /// The server looks at no more.
    pub(super) const REFERRER: Self = Self(4_096);
    /// The server refuses a host above 255 bytes; see `ADDRESS`.
    pub(super) const HOST: Self = Self(255 + 4);
    /// The server refuses a cookie above 512 bytes; see `ADDRESS`.
    pub(super) const COOKIE: Self = Self(512 + 4);
    /// The first language stands at the start.
    pub(super) const LANGUAGE: Self = Self(256);
    /// Room for more proxies than stand in a row anywhere; the nearest ones stand last, so a longer one is of no use.
    #[allow(dead_code, reason = "see `Access::forwarded`")]
    pub(super) const FORWARDED: Self = Self(4_096);
    /// No method is longer; only GET matters.
    pub(super) const METHOD: Self = Self(32);
}

/// The text of a field with backslash escapes, which are undone; empty for `-`.
pub(super) fn unescaped_text(field: &[u8], limit: TextLimits) -> String {
    if field.contains(&b'\\') { text(&unescape(field), limit) } else { text(field, limit) }
}

/// The text of a field as it stands there; empty for `-`.
pub(super) fn text(field: &[u8], limit: TextLimits) -> String {
    if field == b"-" {
        return String::new();
    }
    let mut text = String::from_utf8_lossy(field).into_owned();
    if text.len() > limit.0 {
        let mut end = limit.0;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
    }
    text
}

/// Undoes what Apache and nginx do to quotes, backslashes, control characters and bytes above 127. A backslash that
/// starts nothing known stays as it is.
fn unescape(field: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let [first, after @ ..] = rest {
        let (byte, used) = match (first, after) {
            (b'\\', [b'x', high, low, ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, 4),
                _ => (b'\\', 1),
            },
            (b'\\', [escaped, ..]) => escape(*escaped).map_or((b'\\', 1), |byte| (byte, 2)),
            _ => (*first, 1),
        };
        bytes.push(byte);
        rest = &rest[used..];
    }
    bytes
}

/// The byte that a backslash and this letter stand for.
fn escape(letter: u8) -> Option<u8> {
    Some(match letter {
        b'"' => b'"',
        b'\\' => b'\\',
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 8,
        b'v' => 11,
        b'f' => 12,
        _ => return None,
    })
}

/// The value of a hexadecimal digit.
fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes() {
        let read = |field: &[u8]| unescaped_text(field, TextLimits::AGENT);
        assert_eq!(read(br#"a\"b\\c\x41\t\xe6\x97\xa5"#), "a\"b\\cA\t日");
        assert_eq!(read(br"\q\x4\"), r"\q\x4\");
        assert_eq!(read(b"-"), "");
        assert_eq!(read(b"\xff\xfea"), "\u{fffd}\u{fffd}a");
    }

    #[test]
    fn limits_cut_at_a_character() {
        let long = "日".repeat(3_000);
        let cut = text(long.as_bytes(), TextLimits::AGENT);
        assert!(cut.len() <= 4_096 && cut.len() > 4_092);
        // What is too long for the server is still too long for it, so that it can say so.
        assert!(text(long.as_bytes(), TextLimits::ADDRESS).len() > 255);
        assert!(text(long.as_bytes(), TextLimits::TARGET).len() > 8_192);
    }
}
