//! Texts of messages: a value as it is shown, a word that was probably meant, the line of a place.
//!
//! For settings, sitemaps and what else an administrator writes. Nothing of a visitor is ever shown by it.

/// The most characters of a value that a message repeats.
const SHOWN_CHARS_MAX: usize = 80;

/// A value for a message: in quotes, controls escaped, cut where it is long.
pub(crate) fn shown(value: &str) -> String {
    if value.chars().count() <= SHOWN_CHARS_MAX {
        return format!("{value:?}");
    }
    let cut: String = value.chars().take(SHOWN_CHARS_MAX).collect();
    format!("{cut:?}…")
}

/// The candidate that differs from a word by the fewest single-character edits, if it is by few.
pub(crate) fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > SHOWN_CHARS_MAX {
        return None;
    }
    let edits_max = 1 + word.chars().count() / 4;
    let rated = candidates.map(|candidate| (edits(word, candidate), candidate));
    rated.min_by_key(|&(count, _)| count).filter(|&(count, _)| count <= edits_max).map(|(_, c)| c)
}

/// How many characters must be put in, taken out or replaced to turn one word into the other: one row of the usual table
/// at a time.
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (taken, from_char) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = taken + 1;
        for (at, &to_char) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(from_char != to_char);
            diagonal = row[at + 1];
            row[at + 1] = replaced.min(row[at] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

/// The line, counted from 1, of a place in a text.
pub(crate) fn line_at(text: &[u8], offset_bytes: usize) -> usize {
    let before = &text[..offset_bytes.min(text.len())];
    1 + before.iter().filter(|&&byte| byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_and_odd_values_are_cut_and_escaped() {
        assert_eq!(shown("a\nb"), r#""a\nb""#);
        let long = shown(&"あ".repeat(SHOWN_CHARS_MAX + 1));
        assert_eq!(long.chars().filter(|c| *c == 'あ').count(), SHOWN_CHARS_MAX);
        assert!(long.ends_with("\"…"));
    }

    #[test]
    fn the_nearest_word_is_near() {
        let words = || ["profile", "profiles", "pages"].into_iter();
        assert_eq!(nearest("profil", words()), Some("profile"));
        assert_eq!(nearest("pagse", words()), Some("pages"));
        assert_eq!(nearest("tables", words()), None);
        assert_eq!(nearest(&"p".repeat(SHOWN_CHARS_MAX + 1), words()), None);
    }

    #[test]
    fn lines_are_counted_from_one() {
        let text = b"a\nb\n";
        assert_eq!([0, 1, 2, 3, 99].map(|at| line_at(text, at)), [1, 1, 2, 2, 3]);
    }
}
