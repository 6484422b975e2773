//! Reads a piece of a URL as a person means it: every layer of encoding taken off.
//!
//! It is here because personal data is hidden by encoding it twice, by HTML entities, by full-width forms and by characters
//! that nobody sees. It takes the text in canonical form and gives its characters, each with the bytes that it took, so
//! that what stays is copied as it was written.
//!
//! It never changes the text, and its work is linear in the length of it.

use std::mem;

use super::super::is_invisible;

/// A round takes off one layer of a mixture of encodings, and any number of layers of one encoding.
const LAYERS_MAX: usize = 8;
/// The longest entity that is looked for, in characters after the `&`: `#x0010FFFF;`.
const ENTITY_CHARS_MAX: usize = 12;
/// Named entities of the signs that personal data is written with.
const ENTITIES: [(&str, char); 14] = [
    ("amp", '&'),
    ("commat", '@'),
    ("colon", ':'),
    ("comma", ','),
    ("dot", '.'),
    ("equals", '='),
    ("hyphen", '-'),
    ("lowbar", '_'),
    ("lpar", '('),
    ("nbsp", ' '),
    ("percnt", '%'),
    ("period", '.'),
    ("plus", '+'),
    ("rpar", ')'),
];

/// The characters of a text as they are meant.
pub(super) struct Meant {
    pub(super) chars: Vec<char>,
    /// Where each character starts in the text, and the end of the text.
    pub(super) starts: Vec<usize>,
}

impl Meant {
    pub(super) fn of(text: &str) -> Self {
        let chars: Vec<char> = text.chars().map(plain).collect();
        let starts = text.char_indices().map(|(start, _)| start).chain([text.len()]).collect();
        let mut meant = Self { chars, starts };
        for _ in 0..LAYERS_MAX {
            if !meant.chars.iter().any(|ch| matches!(ch, '%' | '&')) || !meant.take_off_a_layer() {
                break;
            }
        }
        meant.forget_invisible();
        meant
    }

    /// Decodes what is encoded; false where nothing was.
    fn take_off_a_layer(&mut self) -> bool {
        let (chars, starts) = (mem::take(&mut self.chars), mem::take(&mut self.starts));
        let mut at = 0;
        while at < chars.len() {
            let (ch, length) = match chars[at] {
                '%' => character(&chars[at..]),
                '&' => entity(&chars[at..]).unwrap_or(('&', 1)),
                ch => (ch, 1),
            };
            self.chars.push(plain(ch));
            self.starts.push(starts[at]);
            at += length;
        }
        self.starts.push(starts[chars.len()]);
        self.chars.len() < chars.len()
    }

    /// Takes out characters that nobody sees; their bytes belong to the character before.
    fn forget_invisible(&mut self) {
        if !self.chars.iter().any(|&ch| is_invisible(ch)) {
            return;
        }
        let (chars, starts) = (mem::take(&mut self.chars), mem::take(&mut self.starts));
        for (&ch, &start) in chars.iter().zip(&starts) {
            if !is_invisible(ch) {
                self.chars.push(ch);
                self.starts.push(if self.starts.is_empty() { 0 } else { start });
            }
        }
        if self.chars.is_empty() {
            // Nothing is left to look at: one character stands for all of them.
            self.chars.push(char::REPLACEMENT_CHARACTER);
            self.starts.push(0);
        }
        self.starts.extend(starts.last());
    }
}

/// The character that starts with an encoded byte, and how many characters it takes. Bytes that are no UTF-8 give U+FFFD.
fn character(text: &[char]) -> (char, usize) {
    let Some((first, mut length)) = byte(text) else { return ('%', 1) };
    if first.is_ascii() {
        return (char::from(first), length);
    }
    let (mut bytes, first_length) = ([first, 0, 0, 0], length);
    for count in 2..=4 {
        let Some((next, taken)) = text.get(length..).and_then(byte) else { break };
        bytes[count - 1] = next;
        length += taken;
        if let Some(ch) = std::str::from_utf8(&bytes[..count]).ok().and_then(|text| text.chars().next()) {
            return (ch, length);
        }
    }
    (char::REPLACEMENT_CHARACTER, first_length)
}

/// An encoded byte, with all the `25` of further layers between its `%` and its digits.
fn byte(text: &[char]) -> Option<(u8, usize)> {
    let digits = |at: usize| match text.get(at..at + 2)? {
        [high, low] => u8::try_from(high.to_digit(16)? * 16 + low.to_digit(16)?).ok(),
        _ => None,
    };
    if text.first() != Some(&'%') {
        return None;
    }
    let (mut value, mut length) = (digits(1)?, 3);
    while value == b'%'
        && let Some(deeper) = digits(length)
    {
        value = deeper;
        length += 2;
    }
    Some((value, length))
}

/// The character of an HTML entity (`&#64;`, `&#x40;`, `&commat;`), and how many characters it takes.
fn entity(text: &[char]) -> Option<(char, usize)> {
    let near = &text[1..text.len().min(ENTITY_CHARS_MAX + 1)];
    let name: String = near[..near.iter().position(|&ch| ch == ';')?].iter().collect();
    let ch = match name.strip_prefix('#') {
        Some(number) => {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
        None => ENTITIES.iter().find(|(known, _)| *known == name)?.1,
    };
    Some((ch, name.chars().count() + 2))
}

/// The ASCII form of full-width characters, of digits of other scripts and of dashes.
fn plain(ch: char) -> char {
    let offset = match ch {
        '\u{ff01}'..='\u{ff5e}' => 0xfee0,
        '\u{660}'..='\u{669}' => 0x630,
        '\u{6f0}'..='\u{6f9}' => 0x6c0,
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30fc}' => return '-',
        '\u{a0}' | '\u{3000}' => return ' ',
        _ => return ch,
    };
    char::from_u32(u32::from(ch) - offset).unwrap_or(ch)
}
