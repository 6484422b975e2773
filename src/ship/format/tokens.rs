//! Splits a line into its fields: bare words, texts in quotes, texts in brackets or braces.

/// A field, without what stands around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) text: &'a [u8],
    /// The byte that opened it: `"`, `[`, `{`, or 0 for a bare word.
    pub(super) opened_by: u8,
}

/// The fields of a line, from its start.
#[derive(Clone)]
pub(super) struct Tokens<'a> {
    rest: &'a [u8],
}

impl<'a> Tokens<'a> {
    pub(super) fn new(line: &'a [u8]) -> Self {
        Self { rest: line }
    }

    /// What has not been split yet.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let text = trim_blanks(self.rest);
        let opened_by = *text.first()?;
        let end = match opened_by {
            b'"' => closing_quote(text),
            b'[' => closing(text, b']'),
            b'{' => closing(text, b'}'),
            _ => None,
        };
        if let Some(end) = end {
            self.rest = &text[end + 1..];
            return Some(Token { text: &text[1..end], opened_by });
        }
        let end = text.iter().position(|byte| is_blank(*byte)).unwrap_or(text.len());
        self.rest = &text[end..];
        Some(Token { text: &text[..end], opened_by: 0 })
    }
}

/// Whether a byte separates fields.
pub(super) fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// Without the blanks at the start.
pub(super) fn trim_blanks(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|byte| is_blank(**byte)).count();
    &text[blanks..]
}

/// The place of the quote that closes the one at the start: the first that is not escaped and ends a field. Not every server
/// escapes quotes, so one in the middle of a word closes nothing.
fn closing_quote(text: &[u8]) -> Option<usize> {
    let ends_field = |at: usize| text.get(at + 1).is_none_or(|byte| is_blank(*byte));
    let mut at = 1;
    while at < text.len() {
        match text[at] {
            b'\\' if at + 1 < text.len() => at += 1,
            // A quote in quotes is written twice by some.
            b'"' if text.get(at + 1) == Some(&b'"') && !ends_field(at + 1) => at += 1,
            b'"' if ends_field(at) => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

/// The place of the bracket that closes the one at the start, where a field ends with it.
fn closing(text: &[u8], bracket: u8) -> Option<usize> {
    let end = memchr::memchr(bracket, text)?;
    text.get(end + 1).is_none_or(|byte| is_blank(*byte)).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> Vec<String> {
        Tokens::new(line.as_bytes()).map(|token| String::from_utf8_lossy(token.text).into_owned()).collect()
    }

    #[test]
    fn fields() {
        assert_eq!(texts("a \"b c\"\t[d e] {f|g} h"), ["a", "b c", "d e", "f|g", "h"]);
        assert_eq!(texts(r#""say \"hi\" now" x"#), [r#"say \"hi\" now"#, "x"]);
        assert_eq!(texts(r#""not "escaped" here" x"#), [r#"not "escaped"#, r#"here""#, "x"]);
        assert_eq!(texts("\"\" \"-\" {} []"), ["", "-", "", ""]);
        assert_eq!(texts("\"never closed"), ["\"never", "closed"]);
        assert_eq!(texts("  "), [""; 0]);
    }
}
