//! Replaces personal data in one piece of a URL: a path segment or a query value.
//!
//! It is here because people's addresses, numbers and session tokens do end up in URLs. It takes text in the
//! canonical form of the parent module and gives the same text with `{email}`, `{uuid}`, `{ip}`, `{phone}`,
//! `{card}`, `{token}` or `{id}` in place of what it found. It prefers one replacement too many to one too few.
//!
//! It never looks at other pieces, so that each piece is a fixed point by itself, and it never splits an encoded
//! character.

mod numbers;

use std::net::Ipv6Addr;

/// An address in brackets after an `@`, or an IPv6 address; bounds how far one place looks ahead.
const DOMAIN_LITERAL_CHARS_MAX: usize = 64;
const HEX_TOKEN_CHARS_MIN: usize = 16;
const TOKEN_CHARS_MIN: usize = 20;
/// A piece settles after one round, rarely two. What does not settle is replaced as a whole.
const ROUNDS_MAX: usize = 4;
/// Path parameters and query-like parts that carry a session.
const SESSION_NAMES: [&str; 8] =
    ["jsessionid", "phpsessid", "sid", "sessid", "sessionid", "session", "token", "cftoken"];

/// Appends `text` to `out` with personal data replaced.
pub(in crate::anonymize) fn scrub(text: &str, out: &mut String) {
    let mut current = text.to_owned();
    for _ in 0..ROUNDS_MAX {
        let next = round(&current);
        if next == current {
            out.push_str(&current);
            return;
        }
        current = next;
    }
    out.push_str("{token}");
}

fn round(text: &str) -> String {
    let (chars, starts) = read(text);
    let mut out = String::with_capacity(text.len());
    let (mut at, mut previous) = (0, None);
    while at < chars.len() {
        let piece = Piece { all: &chars, at, rest: &chars[at..], previous };
        if let Some((label, length)) = piece.find() {
            out.push_str(label);
            at += length;
            previous = Some('}');
        } else {
            out.push_str(&text[starts[at]..starts[at + 1]]);
            previous = Some(chars[at]);
            at += 1;
        }
    }
    out
}

/// The characters as a reader means them, and where each starts in `text` (one more entry: the end). Encoded
/// characters are decoded, also where they were encoded twice; full-width forms become plain ones.
fn read(text: &str) -> (Vec<char>, Vec<usize>) {
    let (mut chars, mut starts) = (Vec::with_capacity(text.len()), Vec::with_capacity(text.len() + 1));
    let mut rest = text;
    while let Some(ch) = rest.chars().next() {
        starts.push(text.len() - rest.len());
        let (meant, bytes) = match encoded(rest) {
            Some('%') => hex_character(&rest[3..]).map_or(('%', 3), |twice| (twice, 5)),
            Some(once) => (once, 3),
            None => (ch, ch.len_utf8()),
        };
        chars.push(plain(meant));
        rest = &rest[bytes..];
    }
    starts.push(text.len());
    (chars, starts)
}

/// The character that `text` starts with, where it starts with an encoded one.
fn encoded(text: &str) -> Option<char> {
    hex_character(text.strip_prefix('%')?)
}

/// The character that two hexadecimal digits stand for. Bytes past ASCII give U+FFFD.
fn hex_character(text: &str) -> Option<char> {
    let hex = text.get(..2).filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))?;
    let byte = u8::from_str_radix(hex, 16).ok()?;
    Some(if byte.is_ascii() { char::from(byte) } else { char::REPLACEMENT_CHARACTER })
}

fn plain(ch: char) -> char {
    let offset = match ch {
        '\u{ff01}'..='\u{ff5e}' => 0xfee0,
        '\u{660}'..='\u{669}' => 0x630,
        '\u{6f0}'..='\u{6f9}' => 0x6c0,
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30fc}' => return '-',
        _ => return ch,
    };
    char::from_u32(u32::from(ch) - offset).unwrap_or(ch)
}

/// A place in the text at which something may start.
struct Piece<'a> {
    all: &'a [char],
    at: usize,
    rest: &'a [char],
    /// The character before, `}` after a replacement.
    previous: Option<char>,
}

impl Piece<'_> {
    /// What starts here, and how many characters it takes. The order matters: the more specific comes first.
    fn find(&self) -> Option<(&'static str, usize)> {
        let found = |label, length: Option<usize>| length.map(|length| (label, length));
        found("{token}", self.session())
            .or_else(|| found("{email}", self.email()))
            .or_else(|| found("{uuid}", self.uuid()))
            .or_else(|| found("{ip}", self.ipv4().or_else(|| self.ipv6())))
            .or_else(|| found("{token}", self.token()))
            .or_else(|| found("{card}", self.card()))
            .or_else(|| found("{id}", self.fours()))
            .or_else(|| found("{phone}", self.phone()))
            .or_else(|| found("{id}", self.long_number()))
    }

    fn run(&self, is_in: impl Fn(char) -> bool) -> usize {
        self.rest.iter().take_while(|&&ch| is_in(ch)).count()
    }

    fn after(&self, is_in: impl Fn(char) -> bool) -> bool {
        self.previous.is_some_and(is_in)
    }

    /// The value of `;jsessionid=...`, up to the next `;`.
    fn session(&self) -> Option<usize> {
        if self.previous != Some('=') {
            return None;
        }
        let before = self.all.get(..self.at.checked_sub(1)?)?;
        let name_length = before.iter().rev().take_while(|ch| ch.is_ascii_alphabetic()).count();
        let (head, name) = before.split_at(before.len() - name_length);
        let name: String = name.iter().map(char::to_ascii_lowercase).collect();
        let opens = matches!(head.last(), None | Some(';' | '?' | '&'));
        let is_session = opens && SESSION_NAMES.contains(&name.as_str());
        is_session.then(|| self.run(|ch| !matches!(ch, ';' | '&'))).filter(|&length| length > 0)
    }

    fn email(&self) -> Option<usize> {
        let is_local = |ch: char| ch.is_alphanumeric() || "!#$%&'*+-.=^_`|~".contains(ch);
        // Looking ahead from the first character of a run only keeps the work linear.
        if self.after(is_local) {
            return None;
        }
        let local = self.run(is_local);
        if local == 0 || self.rest.get(local) != Some(&'@') {
            return None;
        }
        let domain = &self.rest[local + 1..];
        let length = match domain.first() {
            Some('[') => {
                domain.iter().take(DOMAIN_LITERAL_CHARS_MAX).position(|&ch| ch == ']').map_or(0, |end| end + 1)
            }
            _ => domain.iter().take_while(|ch| ch.is_alphanumeric() || matches!(ch, '-' | '.')).count(),
        };
        (length > 0).then_some(local + 1 + length)
    }

    /// 8-4-4-4-12 hexadecimal digits.
    fn uuid(&self) -> Option<usize> {
        let text = self.rest.get(..36)?;
        text.iter()
            .enumerate()
            .all(|(index, ch)| match index {
                8 | 13 | 18 | 23 => *ch == '-',
                _ => ch.is_ascii_hexdigit(),
            })
            .then_some(36)
    }

    fn ipv4(&self) -> Option<usize> {
        if self.after(|ch| ch.is_ascii_digit()) {
            return None;
        }
        let mut length = 0;
        for group in 0..4 {
            if group > 0 {
                (self.rest.get(length) == Some(&'.')).then_some(())?;
                length += 1;
            }
            let digits: String = self.rest[length..].iter().take_while(|ch| ch.is_ascii_digit()).take(4).collect();
            digits.parse::<u8>().ok().filter(|_| digits.len() <= 3)?;
            length += digits.len();
        }
        Some(length)
    }

    fn ipv6(&self) -> Option<usize> {
        if self.after(|ch| ch.is_alphanumeric() || ch == ':') {
            return None;
        }
        let near = &self.rest[..self.rest.len().min(DOMAIN_LITERAL_CHARS_MAX)];
        let run = near.iter().take_while(|&&ch| ch.is_ascii_hexdigit() || matches!(ch, ':' | '.')).count();
        if self.rest.get(run).is_some_and(|ch| ch.is_alphanumeric()) {
            return None;
        }
        let text: String = self.rest[..run].iter().collect();
        let text = text.trim_end_matches('.');
        text.parse::<Ipv6Addr>().ok().map(|_| text.len())
    }

    fn token(&self) -> Option<usize> {
        let is_token = |ch: char| ch.is_ascii_alphanumeric() || matches!(ch, '-' | '_');
        let is_word = |ch: char| ch.is_ascii_alphanumeric();
        let is_hex = |ch: char| ch.is_ascii_hexdigit();
        if !self.after(is_token) {
            // A JSON Web Token: three such runs with dots between them.
            if self.rest.starts_with(&['e', 'y', 'J']) {
                let dotted = self.run(|ch| is_token(ch) || ch == '.');
                if dotted >= TOKEN_CHARS_MIN {
                    return Some(dotted);
                }
            }
            let run = self.run(is_token);
            if looks_random(&self.rest[..run]) {
                return Some(run);
            }
        }
        if !self.after(is_word) {
            let word = self.run(is_word);
            if looks_random(&self.rest[..word]) {
                return Some(word);
            }
        }
        if self.after(is_hex) {
            return None;
        }
        let hex = self.run(is_hex);
        let mixed = self.rest[..hex].iter().any(char::is_ascii_alphabetic);
        (hex >= HEX_TOKEN_CHARS_MIN && mixed).then_some(hex)
    }
}

/// True for text as a random generator writes it: letters and digits that change place every few characters.
/// Words and capitalised words count as one piece each; hyphens and underscores separate and count nothing.
fn looks_random(text: &[char]) -> bool {
    if text.len() < TOKEN_CHARS_MIN || !text.iter().any(char::is_ascii_digit) {
        return false;
    }
    let class = |ch: char| match ch {
        'a'..='z' => 1,
        'A'..='Z' => 2,
        '0'..='9' => 3,
        _ => 0,
    };
    let changes = text
        .windows(2)
        .map(|pair| (class(pair[0]), class(pair[1])))
        .filter(|&(a, b)| a != b && a != 0 && b != 0 && (a, b) != (2, 1))
        .count();
    let letters_and_digits = text.iter().filter(|&&ch| class(ch) != 0).count();
    changes >= 4 && (changes + 1) * 4 >= letters_and_digits
}
