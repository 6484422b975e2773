//! Finds tokens: session ids, signed tokens, keys of services, and whatever a random generator wrote.
//!
//! It is here, beside the rest of the scrubber, because such text has no form of its own: what tells it is that it is no word.
//! It takes a place in a piece of a URL and says how many characters the token there takes. It keeps nothing.

use super::{
    Piece,
    words::{Context, is_pronounceable},
};

const HEX_TOKEN_CHARS_MIN: usize = 16;
const TOKEN_CHARS_MIN: usize = 20;
/// Letters alone are taken for random from here on.
const LETTERS_MIN: usize = 16;
/// A piece with fewer letters is no word.
const WORD_CHARS_MIN: usize = 4;
/// How many pairs of a hundred are usual ones in a word.
const WORD_PERCENT: usize = 60;
const LARGE_WORD_PERCENT: usize = 75;
/// Starts of keys that services give out; what follows has a digit.
const KEY_STARTS: [&str; 26] = [
    "AKIA",
    "ASIA",
    "AIza",
    "GA1.",
    "IwAR",
    "SG.",
    "dop_v1_",
    "fb.1.",
    "ghp_",
    "gho_",
    "ghr_",
    "ghs_",
    "ghu_",
    "github_pat_",
    "glpat-",
    "hf_",
    "npm_",
    "pk_live_",
    "pk_test_",
    "rk_live_",
    "shpat_",
    "sk_live_",
    "sk_test_",
    "xoxb-",
    "xoxp-",
    "ya29.",
];
/// The least length of such a key, in characters.
const KEY_CHARS_MIN: usize = 20;

/// The shortest mail address that is looked for in base64: 12 characters and more.
const MAIL_BYTES_MIN: usize = 9;

fn is_token(ch: char) -> bool {
    ch.is_ascii_alphanumeric() || matches!(ch, '-' | '_')
}

fn is_word(ch: char) -> bool {
    ch.is_ascii_alphanumeric()
}

fn is_base64(ch: char) -> bool {
    is_token(ch) || matches!(ch, '+' | '/' | '=')
}

impl Piece<'_> {
    pub(super) fn token(&self, context: Context) -> Option<usize> {
        let word_starts = !self.after(is_word);
        if !self.rest.first().copied().is_some_and(is_word) {
            return None;
        }
        let joined = if self.after(is_token) { None } else { self.dotted_or_joined(context) };
        joined.or_else(|| word_starts.then(|| self.random_word(context)).flatten()).or_else(|| self.hex(context))
    }

    fn dotted_or_joined(&self, context: Context) -> Option<usize> {
        // A JSON Web Token: three such runs with dots between them.
        if self.rest.starts_with(&['e', 'y', 'J']) {
            let dotted = self.run(|ch| is_token(ch) || ch == '.');
            if dotted >= TOKEN_CHARS_MIN {
                return Some(dotted);
            }
        }
        if KEY_STARTS.iter().any(|start| start.chars().eq(self.rest.iter().copied().take(start.len()))) {
            let key = self.run(|ch| is_token(ch) || ch == '.');
            if key >= KEY_CHARS_MIN && self.rest[..key].iter().any(char::is_ascii_digit) {
                return Some(key);
            }
        }
        let run = self.run(is_token);
        if looks_random(&self.rest[..run], context) {
            return Some(run);
        }
        if self.after(is_base64) {
            return None;
        }
        let wide = self.run(is_base64);
        let text = &self.rest[..wide];
        let has_signs = text.iter().any(|ch| matches!(ch, '+' | '/' | '='));
        let is_mixed = text.iter().any(char::is_ascii_lowercase) && text.iter().any(char::is_ascii_uppercase);
        let is_signed = has_signs && wide >= HEX_TOKEN_CHARS_MIN && is_joined_random(text, 30);
        (is_signed || (is_mixed && holds_mail(text))).then_some(wide)
    }

    fn random_word(&self, context: Context) -> Option<usize> {
        let length = self.run(is_word);
        let word = &self.rest[..length];
        if context == Context::Key
            && self.at == 0
            && opens_something(word)
            && !self.rest.get(length).is_some_and(|&ch| is_token(ch))
        {
            return Some(length);
        }
        is_random_word(word, context).then_some(length)
    }

    /// A token that starts within a word: `card4111...`.
    pub(super) fn inner_token(&self) -> Option<usize> {
        let is_hex = self.rest[0].is_ascii_hexdigit() && !self.after(|ch| ch.is_ascii_hexdigit());
        if is_hex { self.hex(self.context()) } else { None }
    }

    /// Many hexadecimal digits in a row.
    fn hex(&self, context: Context) -> Option<usize> {
        let is_hex = |ch: char| ch.is_ascii_hexdigit();
        if self.after(is_hex) || context.is_public() {
            return None;
        }
        let hex = self.run(is_hex);
        let mixed = self.rest[..hex].iter().any(char::is_ascii_alphabetic);
        (hex >= HEX_TOKEN_CHARS_MIN && mixed).then_some(hex)
    }
}

/// What a link gives out to open something: letters with digits that are no year at the end.
fn opens_something(word: &[char]) -> bool {
    let digits = word.iter().filter(|ch| ch.is_ascii_digit()).count();
    let tail = word.iter().rev().take_while(|ch| ch.is_ascii_digit()).count();
    let is_dated = digits == 4 && tail == 4 && matches!(word[word.len() - 4..], ['1', '9', ..] | ['2', '0', ..]);
    word.len() >= 6 && digits > 0 && digits < word.len() && !is_dated
}

fn class(ch: char) -> u8 {
    match ch {
        'a'..='z' => 1,
        'A'..='Z' => 2,
        '0'..='9' => 3,
        _ => 0,
    }
}

/// Text cut where letters become digits, small letters large ones, and at signs; a capital goes with what follows.
struct Pieces {
    /// Letters and digits.
    chars: usize,
    /// The pieces, and how many characters stand in pieces that are words or years.
    count: usize,
    in_words: usize,
    has_digit: bool,
    has_small: bool,
    has_large: bool,
}

impl Pieces {
    fn of(text: &[char]) -> Self {
        let mut pieces = Self { chars: 0, count: 0, in_words: 0, has_digit: false, has_small: false, has_large: false };
        let mut from = 0;
        for at in 0..text.len() {
            let (here, next) = (class(text[at]), text.get(at + 1).map_or(0, |&ch| class(ch)));
            pieces.has_small |= here == 1;
            pieces.has_large |= here == 2;
            pieces.has_digit |= here == 3;
            if here == 0 {
                from = at + 1;
                continue;
            }
            pieces.chars += 1;
            if here != next && (here, next) != (2, 1) {
                pieces.count += 1;
                let piece = &text[from..=at];
                pieces.in_words += if is_word_or_year(piece) { piece.len() } else { 0 };
                from = at + 1;
            }
        }
        pieces
    }

    /// Whether pieces have at most so many tenths of a character on average.
    fn are_short(&self, tenths: usize) -> bool {
        self.chars * 10 <= self.count * tenths
    }
}

/// Whether a piece of letters or of digits means something by itself.
fn is_word_or_year(piece: &[char]) -> bool {
    match piece {
        ['1', '9', _, _] | ['2', '0', _, _] => true,
        [first, rest @ ..] if first.is_ascii_alphabetic() && piece.len() >= WORD_CHARS_MIN => {
            let is_large = piece.iter().all(char::is_ascii_uppercase);
            let is_natural = is_large || rest.iter().all(char::is_ascii_lowercase);
            is_natural && is_pronounceable(piece, if is_large { LARGE_WORD_PERCENT } else { WORD_PERCENT })
        }
        _ => false,
    }
}

/// True for text as a random generator writes it: letters and digits that change place every few characters.
fn looks_random(text: &[char], context: Context) -> bool {
    if text.len() < 8 || (context.is_public() && text.len() < TOKEN_CHARS_MIN) {
        return false;
    }
    if text.iter().all(|&ch| is_word(ch)) {
        return is_random_word(text, context);
    }
    is_joined_random(text, 22)
}

/// The same for text with signs in it, none of whose parts is a word. `tenths`: how long pieces are at most, on average, below 20
/// characters.
fn is_joined_random(text: &[char], tenths: usize) -> bool {
    let pieces = Pieces::of(text);
    let is_mixed = pieces.has_small && pieces.has_large;
    if !pieces.has_digit || pieces.in_words * 3 > pieces.chars {
        return false;
    }
    match pieces.chars {
        0..8 => false,
        8..14 => is_mixed && pieces.in_words == 0 && pieces.are_short(17),
        14..TOKEN_CHARS_MIN => is_mixed && (tenths > 22 || pieces.in_words == 0) && pieces.are_short(tenths),
        _ => pieces.are_short(if is_mixed { 40 } else { 18 }) && pieces.count > 4,
    }
}

/// The same for letters and digits alone. The shorter it is, the more often they must change.
fn is_random_word(word: &[char], context: Context) -> bool {
    if word.len() < 6 || (context.is_public() && (word.len() < TOKEN_CHARS_MIN || is_lower_hex(word))) {
        return false;
    }
    let pieces = Pieces::of(word);
    if pieces.in_words * 2 > word.len() {
        return false;
    }
    let is_mixed = pieces.has_small && pieces.has_large;
    if !pieces.has_digit {
        // Letters alone.
        let is_one_case =
            !is_mixed && word.len() >= LETTERS_MIN && is_varied(word) && !is_pronounceable(word, WORD_PERCENT);
        return is_one_case || (is_mixed && word.len() >= 12 && pieces.in_words == 0 && pieces.are_short(25));
    }
    match word.len() {
        0..8 => is_mixed && pieces.are_short(16),
        8..12 => pieces.are_short(if is_mixed && pieces.in_words == 0 { 25 } else { 17 }),
        12..TOKEN_CHARS_MIN => pieces.are_short(if is_mixed { 30 } else { 25 }) && pieces.count > 4,
        _ => pieces.are_short(40) && pieces.count > 4,
    }
}

/// Whether there are more letters in it than a row of the same few.
fn is_varied(word: &[char]) -> bool {
    const LETTERS_MIN: u32 = 8;
    let letters = word.iter().filter(|ch| ch.is_ascii_alphabetic());
    letters.fold(0_u32, |seen, ch| seen | 1 << (u32::from(ch.to_ascii_lowercase()) - 97)).count_ones() >= LETTERS_MIN
}

fn is_lower_hex(word: &[char]) -> bool {
    word.iter().all(|ch| ch.is_ascii_digit() || ('a'..='f').contains(ch))
}

/// Whether text is a mail address in base64 (RFC 4648, both alphabets).
fn holds_mail(text: &[char]) -> bool {
    let (mut bits, mut count, mut decoded) = (0_u32, 0_u32, Vec::new());
    for &ch in text.iter().filter(|&&ch| ch != '=').take(128) {
        let value = match ch {
            'A'..='Z' => u32::from(ch) - 65,
            'a'..='z' => u32::from(ch) - 71,
            '0'..='9' => u32::from(ch) + 4,
            '+' | '-' => 62,
            _ => 63,
        };
        bits = (bits << 6 | value) & 0xffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            let byte = u8::try_from(bits >> count & 0xff).unwrap_or_default();
            if !byte.is_ascii_graphic() {
                return false;
            }
            decoded.push(byte);
        }
    }
    if decoded.len() < MAIL_BYTES_MIN {
        return false;
    }
    let at = decoded.iter().position(|&byte| byte == b'@');
    at.is_some_and(|at| at > 0 && decoded[at..].contains(&b'.'))
}
