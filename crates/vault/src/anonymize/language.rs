//! The language a browser asks for: the first tag of Accept-Language, cut to its two-letter code.
//!
//! It is here because the full header tells visitors apart. Only an index into a short public list leaves this file.

use headcount_model::keys::LANGUAGES;

const NONE: u8 = index_of_last(0);
const OTHER: u8 = index_of_last(1);

#[expect(clippy::cast_possible_truncation, reason = "Cast safety: the length is checked when the program is compiled.")]
const fn index_of_last(before: usize) -> u8 {
    assert!(LANGUAGES.len() <= 255, "a language is kept as one byte");
    (LANGUAGES.len() - 1 - before) as u8
}

/// The codes of the list as numbers, which compare as the texts do.
const CODES: [u16; OTHER as usize] = {
    let (mut codes, mut place) = ([0; OTHER as usize], 0);
    while place < codes.len() {
        let code = LANGUAGES[place].as_bytes();
        codes[place] = u16::from_be_bytes([code[0], code[1]]);
        place += 1;
    }
    codes
};

/// The index in [`LANGUAGES`] of the first language of an Accept-Language header. Quality values are not looked at:
/// browsers send the preferred language first.
pub(crate) fn primary(accept_language: &str) -> u8 {
    let first = before(b',', b';', accept_language).trim();
    let code = before(b'-', b'_', first).trim();
    if matches!(code, "" | "*") {
        return NONE;
    }
    let &[first, second] = code.as_bytes() else { return OTHER };
    let code = [first.to_ascii_lowercase(), second.to_ascii_lowercase()];
    // Older codes and the written forms of Norwegian are one language with the code in the list.
    let code = match &code {
        b"iw" => b"he",
        b"in" => b"id",
        b"nb" | b"nn" => b"no",
        same => same,
    };
    let place = CODES.binary_search(&u16::from_be_bytes(*code));
    place.ok().and_then(|index| u8::try_from(index).ok()).unwrap_or(OTHER)
}

/// The text before the first of two characters.
fn before(one: u8, other: u8, text: &str) -> &str {
    memchr::memchr2(one, other, text.as_bytes()).map_or(text, |end| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(header: &str) -> &'static str {
        LANGUAGES[usize::from(primary(header))]
    }

    #[test]
    fn first_tag_counts() {
        for (header, expected) in [
            ("ja", "ja"),
            ("ja-JP,ja;q=0.9,en;q=0.8", "ja"),
            (" EN-us ;q=1", "en"),
            ("zh-Hant-TW", "zh"),
            ("pt_BR", "pt"),
            ("nb-NO", "no"),
            ("iw", "he"),
            ("fil-PH", "other"),
            ("other", "other"),
            ("none", "other"),
            ("日本語", "other"),
            ("", "none"),
            ("-", "none"),
            ("*", "none"),
            (",ja", "none"),
        ] {
            assert_eq!(name(header), expected, "{header:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_gives_an_index(header in any::<String>()) {
            prop_assert!(usize::from(primary(&header)) < LANGUAGES.len());
        }
    }
}
