//! Languages: what an Accept-Language header is cut down to.

/// Every value that is ever published: ISO 639-1 codes of languages common on the web, then `other` (a language that
/// is not in the list, or a header that cannot be read) and `none` (no header, or any language).
pub const LANGUAGES: &[&str] = &[
    "ar", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "he", "hi", "hr", "hu", "id",
    "it", "ja", "km", "ko", "lt", "lv", "ms", "my", "ne", "nl", "no", "pl", "pt", "ro", "ru", "si", "sk", "sl", "sr",
    "sv", "th", "tr", "uk", "ur", "uz", "vi", "zh", "other", "none",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_is_sorted_and_ends_in_the_two_words() {
        let (codes, words) = LANGUAGES.split_at(LANGUAGES.len() - 2);
        assert!(codes.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(codes.iter().all(|code| code.len() == 2));
        assert_eq!(words, ["other", "none"]);
    }
}
