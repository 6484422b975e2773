//! What holds no personal data for certain, told at a glance.
//!
//! It is here because most targets are plain paths: reading them letter by letter with all rules would take most of the time that an
//! access takes. It says "no" in doubt; the long way then decides. It never says "yes" to what the scrubber would change.

use super::scrub::Context;

/// Letters alone are a token from here on, with small and large ones among them earlier (`scrub::token`).
const WORD_BYTES_MAX: usize = 15;
const MIXED_WORD_BYTES_MAX: usize = 11;

/// True for a path that is its own normal form for certain, index file and length aside: ASCII letters, few digits,
/// no empty or dot segment. Says "no" in doubt: the long way then decides.
pub(super) fn is_plain(path: &str) -> bool {
    let Some((b'/', mut rest)) = path.as_bytes().split_first() else { return false };
    // What says of a segment whose its numbers are.
    let mut before: &[u8] = &[];
    // A path that starts with '/' has an empty piece before it; the last piece may be empty.
    while let Some(length) = memchr::memchr(b'/', rest) {
        let segment = &rest[..length];
        if !is_plain_segment(segment, before) {
            return false;
        }
        if segment.iter().any(u8::is_ascii_alphabetic) {
            before = segment;
        }
        rest = &rest[length + 1..];
    }
    rest.is_empty() || is_plain_segment(rest, before)
}

/// True for words with a space between two of them that hold no personal data for certain. Says "no" in doubt.
pub(in crate::anonymize) fn is_plain_text(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let has_sign = text.split(' ').any(|word| word.eq_ignore_ascii_case("at"));
    digits < 6 && !has_sign && text.split(' ').all(|word| is_plain_segment(word.as_bytes(), &[]))
}

/// What a segment is made of, at a glance.
#[derive(Default)]
struct Look {
    digits: usize,
    dots: usize,
    /// The longest run of hexadecimal digits with hyphens between them, and of letters and digits.
    hex_run_max: usize,
    word_max: usize,
    /// How often letters and digits, or small and large letters, change within a word.
    changes: usize,
    has_small: bool,
    has_large: bool,
    is_plain: bool,
}

impl Look {
    fn at(segment: &[u8]) -> Self {
        let mut look = Self { is_plain: true, ..Self::default() };
        let (mut hex_run, mut word, mut before) = (0, 0, 0);
        for &byte in segment {
            let class = CLASSES[usize::from(byte)];
            look.is_plain &= class & PLAIN > 0;
            look.digits += usize::from(class & DIGIT > 0);
            look.dots += usize::from(byte == b'.');
            look.has_small |= class & SMALL > 0;
            look.has_large |= class & LARGE > 0;
            let kind = class & (DIGIT | SMALL | LARGE);
            look.changes += usize::from(kind != before && kind != 0 && before != 0 && (before, kind) != (LARGE, SMALL));
            before = kind;
            word = if kind > 0 { word + 1 } else { 0 };
            hex_run = if class & HEX > 0 { hex_run + 1 } else { 0 };
            look.word_max = look.word_max.max(word);
            look.hex_run_max = look.hex_run_max.max(hex_run);
        }
        look
    }
}

fn is_plain_segment(segment: &[u8], before: &[u8]) -> bool {
    // Personal data without digits takes 16 letters in a row (hyphens between hexadecimal digits make a UUID), or a sign.
    let look = Look::at(segment);
    let is_mixed = look.has_small && look.has_large;
    let is_long = look.word_max > if is_mixed { MIXED_WORD_BYTES_MAX } else { WORD_BYTES_MAX };
    let is_start = segment.first().is_some_and(|&b| b != b'.');
    if !is_start || !look.is_plain || look.hex_run_max >= 16 || is_long || has_sign(segment, look.dots) {
        return false;
    }
    if look.digits == 0 {
        return segment.len() < 20 || !segment.windows(3).any(|w| w == b"eyJ");
    }
    // With digits it takes 6 of them, 4 and 3 dots (an address), 5 and a dot (a position), a change of letters and digits every few
    // characters (a token), or a word before them that says whose they are.
    let is_position = look.digits > 4 && look.dots > 0 && segment.windows(3).any(is_decimal);
    let is_token = segment.len() >= 20 || look.changes > 2 || (is_mixed && segment.len() >= 8);
    look.digits < 6
        && look.dots < 2
        && !is_position
        && !is_token
        && words(segment).all(|word| is_harmless(Context::of_ascii_word(word)))
        && is_harmless(Context::after_ascii_segment(before))
}

/// Whether what follows has no rules of its own.
fn is_harmless(context: Context) -> bool {
    matches!(context, Context::Unknown | Context::Public | Context::Version)
}

/// A dot between two digits.
fn is_decimal(three: &[u8]) -> bool {
    three[1] == b'.' && three[0].is_ascii_digit() && three[2].is_ascii_digit()
}

/// `taro-at-example.jp`
fn has_sign(segment: &[u8], dots: usize) -> bool {
    let is_gap = |b: u8| matches!(b, b'-' | b'_' | b'.');
    dots > 0
        && segment.windows(4).any(|w| {
            is_gap(w[0]) && w[1].eq_ignore_ascii_case(&b'a') && w[2].eq_ignore_ascii_case(&b't') && is_gap(w[3])
        })
}

/// The runs of letters in a segment.
fn words(segment: &[u8]) -> impl Iterator<Item = &[u8]> {
    segment.split(|b| !b.is_ascii_alphabetic()).filter(|word| !word.is_empty())
}

const DIGIT: u8 = 1;
/// Hexadecimal digits and the signs between them.
const HEX: u8 = 2;
const PLAIN: u8 = 4;
const SMALL: u8 = 8;
const LARGE: u8 = 16;

/// What each byte is, so that a segment is read without a branch for each of them.
static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        let is_plain = byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'~');
        let is_hex = byte.is_ascii_hexdigit() || matches!(byte, b'-' | b'_');
        classes[byte as usize] = if byte.is_ascii_digit() { DIGIT } else { 0 }
            | if is_hex { HEX } else { 0 }
            | if is_plain { PLAIN } else { 0 }
            | if byte.is_ascii_lowercase() { SMALL } else { 0 }
            | if byte.is_ascii_uppercase() { LARGE } else { 0 };
        byte += 1;
    }
    classes
};
