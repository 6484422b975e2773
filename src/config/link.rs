//! Addresses that stand in links, mails and metadata as they are written: one rule for all sections.

/// The longest, in characters: a header of a mail has room for it.
pub(super) const LINK_CHARACTERS_MAX: usize = 500;

/// What may follow the address's host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Anything: it is used as it is.
    Whole,
    /// A path alone: more is put behind it.
    Base,
}

/// Whether a text is an address that begins with one of these, and can stand between quotes and in angle brackets.
pub(super) fn is_link(text: &str, schemes: &[&str], kind: Kind) -> bool {
    let Some(rest) = schemes.iter().find_map(|scheme| text.strip_prefix(scheme)) else { return false };
    let is_apart = |c: char| matches!(c, '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}');
    let is_fit = |c: char| c.is_ascii_graphic() && !is_apart(c) && (kind == Kind::Whole || !matches!(c, '?' | '#'));
    !rest.is_empty() && !rest.starts_with('/') && rest.chars().all(is_fit) && text.len() <= LINK_CHARACTERS_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_break_a_link_is_refused() {
        let web = ["https://", "http://"];
        for good in ["https://a.jp", "http://a.jp:80/%E3%81%82/", "https://a.jp/b?c=d#e"] {
            assert!(is_link(good, &web, Kind::Whole), "{good}");
        }
        assert!(!is_link("https://a.jp/b?c", &web, Kind::Base) && !is_link("https://a.jp/#b", &web, Kind::Base));
        let long = format!("https://{}", "a".repeat(LINK_CHARACTERS_MAX));
        for bad in [
            "a.jp",
            "ftp://a.jp",
            "https://",
            "https:///a",
            "https://a.jp/a b",
            "https://a.jp/\"",
            "https://あ.jp",
            &long,
        ] {
            assert!(!is_link(bad, &web, Kind::Whole), "{bad}");
        }
    }
}
