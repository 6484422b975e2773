//! Finds values by their name: `;jsessionid=...`, `?password=...` of a URL within a URL, `name=...`, `session-k3j9x2`.
//!
//! It is here, beside the rest of the scrubber, because a short session id or a person's name has no form of its own: only its
//! name tells what it is. It takes a place in a piece of a URL and says how many characters the value there takes, and what
//! replaces it. It keeps nothing.

use super::{
    Piece,
    words::{Context, WORD_CHARS_MAX},
};

impl Piece<'_> {
    /// What stands directly before this place says of it; else what is known of the whole piece.
    pub(super) fn context(&self) -> Context {
        let (word, is_parameter) = self.word_before();
        let context = if is_parameter { Context::of_parameter(&word) } else { Context::of_word(&word) };
        match context {
            Context::Unknown if matches!(self.around, Context::Whole(_)) => Context::Unknown,
            Context::Unknown => self.around,
            // After a colon stands what somebody was looking for, too.
            context if context.is_public() && self.previous == Some(':') => self.around,
            context => context,
        }
    }

    /// The word before this place with at most one sign between, and whether that sign is `=`.
    fn word_before(&self) -> (String, bool) {
        let is_name = |ch: &char| ch.is_alphabetic();
        let end = match self.previous {
            Some('=' | '-' | '_' | '.' | ':' | '/') => self.at - 1,
            Some(ch) if is_name(&ch) => self.at,
            _ => return (String::new(), false),
        };
        let is_parameter = self.previous == Some('=');
        let is_in = |ch: &char| is_name(ch) || (is_parameter && matches!(ch, '_' | '-' | '.' | '0'..='9'));
        let length = self.all[..end].iter().rev().take(WORD_CHARS_MAX + 1).take_while(|ch| is_in(ch)).count();
        (self.all[end - length..end].iter().collect(), is_parameter)
    }

    /// A value that is personal by its name, and what replaces it.
    pub(super) fn named(&self) -> Option<(&'static str, usize)> {
        let context = match self.previous {
            None => self.around,
            Some('=' | ':' | '-' | '_' | '/') => self.context(),
            _ => return None,
        };
        let opens = matches!(self.previous, None | Some('='));
        match context {
            Context::Whole(label) if opens => self.value(|_| true).map(|length| (label, length)),
            Context::Secret => self.value(has_digit).map(|length| ("{token}", length)),
            Context::Key if self.previous == Some('=') => self.value(is_code).map(|length| ("{token}", length)),
            Context::Key if !opens && self.previous != Some('/') => {
                self.value(changes).map(|length| ("{token}", length))
            }
            _ => None,
        }
    }

    /// The length of the value from here on, where it is not empty and fits.
    fn value(&self, fits: fn(&[char]) -> bool) -> Option<usize> {
        if self.previous.is_none() && matches!(self.around, Context::Whole(_)) {
            // The value of a parameter that is kept: all of it.
            return Some(self.rest.len());
        }
        let ends = |ch: char| matches!(ch, ';' | '&' | '?' | '#' | '/');
        let is_word = self.previous != Some('=');
        let length = self.run(|ch| !(ends(ch) || is_word && matches!(ch, '.' | ':' | ',' | ')' | ' ')));
        let length = if is_word { length } else { self.before_next_name(length) };
        (length > 0 && fits(&self.rest[..length])).then_some(length)
    }

    /// `sid=k3j9x2:b` and `sid=k3j9x2,b`: a sign that no token has ends a session.
    fn before_next_name(&self, length: usize) -> usize {
        match self.context() {
            Context::Whole("{token}") | Context::Key => {
                self.rest[..length].iter().position(|ch| matches!(ch, ':' | ',' | ')')).unwrap_or(length)
            }
            _ => length,
        }
    }
}

fn has_digit(value: &[char]) -> bool {
    value.len() >= 4 && value.iter().any(char::is_ascii_digit) && !is_year(value)
}

/// Digits among other characters, or four of them that are no year.
fn is_code(value: &[char]) -> bool {
    let digits = value.iter().filter(|ch| ch.is_ascii_digit()).count();
    value.len() >= 4 && digits > 0 && !is_year(value) && !value.iter().any(|ch| matches!(ch, '-' | '_' | ' '))
        || digits >= 4 && digits * 2 >= value.len() && !is_year(value)
}

/// Letters and digits that change place at least twice.
fn changes(value: &[char]) -> bool {
    let kinds = value.windows(2).filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit());
    value.len() >= 6 && value.iter().all(char::is_ascii_alphanumeric) && kinds.count() >= 2
}

fn is_year(value: &[char]) -> bool {
    matches!(value, ['1', '9', _, _] | ['2', '0', _, _]) && value.iter().all(char::is_ascii_digit)
}
