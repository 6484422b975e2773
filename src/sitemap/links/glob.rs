//! Patterns with `*`, as robots.txt and the configuration write them.
//!
//! It takes time in proportion to the product of both lengths at most, whatever the pattern is. It never reads a `?` or `[` as
//! anything but itself.

/// Whether a text matches a pattern from its first byte to its last. `*` stands for any bytes, also none.
pub(super) fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at_pattern, mut at_text) = (0, 0);
    // Where the last star stands, and how far the text goes that it stands for.
    let mut star: Option<(usize, usize)> = None;
    while at_text < text.len() {
        if pattern.get(at_pattern) == Some(&b'*') {
            star = Some((at_pattern, at_text));
            at_pattern += 1;
        } else if pattern.get(at_pattern) == Some(&text[at_text]) {
            at_pattern += 1;
            at_text += 1;
        } else if let Some((star_at, covered)) = star {
            // The star takes one byte more, and the rest is tried again.
            star = Some((star_at, covered + 1));
            at_pattern = star_at + 1;
            at_text = covered + 1;
        } else {
            return false;
        }
    }
    pattern[at_pattern..].iter().all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_anything() {
        let all = |pattern: &str, text: &str| matches(pattern.as_bytes(), text.as_bytes());
        for (pattern, text) in
            [("", ""), ("*", ""), ("/a*", "/a"), ("/a*c", "/abcbc"), ("*b*", "abc"), ("/a/*/", "/a/b/c/")]
        {
            assert!(all(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("", "a"), ("/a", "/ab"), ("/a*c", "/abcd"), ("a?c", "abc"), ("*b", "abc")] {
            assert!(!all(pattern, text), "{pattern} {text}");
        }
    }
}
