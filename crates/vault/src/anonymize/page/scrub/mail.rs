//! Finds mail addresses, also those that are disguised: `taro at example.jp`, `taro(at)example(dot)jp`, `taro=40example.jp`.
//!
//! It is here, beside the rest of the scrubber, because a disguise is made so that no simple rule finds it. It takes a place in a
//! piece of a URL and says how many characters the address there takes. It keeps nothing.

use psl::{Psl, Type};

use super::Piece;

/// An address in brackets after an `@` bounds how far one place looks ahead, in characters.
const DOMAIN_LITERAL_CHARS_MAX: usize = 64;
/// The longest domain, in characters (RFC 1035, section 2.3.4).
const DOMAIN_CHARS_MAX: usize = 253;
/// Endings of files that are no top-level domain.
const FILE_ENDINGS: [&str; 5] = [".html", ".shtml", ".xhtml", ".aspx", ".json"];
/// What is written in place of `@`: certain as it stands.
const SIGNS: [&str; 12] = ["@", " @ ", "@ ", " @", "(at)", "[at]", "{at}", "<at>", " (at) ", " [at] ", "(@)", "[@]"];
/// What is written in place of `@`, and means something else where no domain of the public suffix list follows.
const WORDS: [&str; 5] = [" at ", "_at_", "-at-", ".at.", "=40"];
/// What is written in place of a dot.
const DOTS: [&str; 7] = [" dot ", "(dot)", "[dot]", "_dot_", "-dot-", " (dot) ", " [dot] "];

fn is_local(ch: char) -> bool {
    ch.is_alphanumeric() || "!#$%&'*+-.=^_`|~\"".contains(ch)
}

impl Piece<'_> {
    pub(super) fn email(&self) -> Option<usize> {
        // Looking ahead from the first character of a run only keeps the work linear.
        if self.after(is_local) {
            return None;
        }
        let local = self.run(is_local);
        if local == 0 {
            return None;
        }
        SIGNS.iter().find_map(|sign| self.mail(local, sign, true)).or_else(|| {
            self.mail(local, " at ", false).or_else(|| {
                WORDS
                    .iter()
                    .filter_map(|word| Some((self.find_in(local, word)?, word)))
                    .find_map(|(at, word)| (at > 0).then(|| self.mail(at, word, false)).flatten())
            })
        })
    }

    /// The length of an address whose local part has `local` characters and is followed by `sign`.
    fn mail(&self, local: usize, sign: &str, is_certain: bool) -> Option<usize> {
        let after = self.rest.get(local..)?;
        if !starts_with(after, sign) {
            return None;
        }
        let start = local + sign.chars().count();
        let quotes = self.rest.get(start..)?.iter().take_while(|ch| matches!(ch, '"' | '\'')).take(2).count();
        let (length, domain) = domain(self.rest.get(start + quotes..)?)?;
        let is_domain = if is_certain { is_address(&domain) } else { is_registered(&domain) };
        is_domain.then_some(start + quotes + length)
    }

    /// Where a word stands in the first characters from here on, compared without regard to ASCII case.
    fn find_in(&self, length: usize, word: &str) -> Option<usize> {
        (0..length)
            .find(|&at| self.rest[at] == word.chars().next().unwrap_or(' ') && starts_with(&self.rest[at..], word))
    }
}

fn starts_with(text: &[char], word: &str) -> bool {
    let mut text = text.iter();
    word.chars().all(|wanted| text.next().is_some_and(|ch| ch.eq_ignore_ascii_case(&wanted)))
}

/// The domain that a text starts with: how many characters it takes, and what it says.
fn domain(text: &[char]) -> Option<(usize, String)> {
    if text.first() == Some(&'[') {
        let end = text.iter().take(DOMAIN_LITERAL_CHARS_MAX).position(|&ch| ch == ']')?;
        return Some((end + 1, text[..=end].iter().collect()));
    }
    let is_domain = |ch: &&char| ch.is_alphanumeric() || matches!(ch, '-' | '.');
    let (mut length, mut said) = (0, String::new());
    loop {
        let label = text[length..].iter().take(DOMAIN_CHARS_MAX).take_while(is_domain).count();
        said.extend(text[length..length + label].iter().flat_map(|ch| ch.to_lowercase()));
        length += label;
        let dot = DOTS.iter().find(|dot| starts_with(&text[length..], dot));
        match dot {
            Some(dot) if label > 0 && said.len() < DOMAIN_CHARS_MAX => {
                said.push('.');
                length += dot.len();
            }
            _ => break,
        }
    }
    (length > 0).then_some((length, said))
}

/// What follows an `@` and is neither a file nor the version of a package.
fn is_address(domain: &str) -> bool {
    if domain.starts_with('[') {
        return true;
    }
    let last = domain.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    if !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit()) {
        return domain.trim_end_matches('.').parse::<std::net::Ipv4Addr>().is_ok();
    }
    let file = FILE_ENDINGS.iter().find_map(|ending| domain.strip_suffix(ending));
    file.is_none_or(|name| name.contains('.'))
}

/// A name below a suffix that the public suffix list has; a file ending after it does not count.
fn is_registered(domain: &str) -> bool {
    let domain = domain.trim_matches('.');
    let domain = FILE_ENDINGS.iter().find_map(|ending| domain.strip_suffix(ending)).unwrap_or(domain);
    psl::List.domain(domain.as_bytes()).is_some_and(|found| found.suffix().typ() == Some(Type::Icann))
}
