//! Replaces personal data in one piece of a URL: a path segment or a query value.
//!
//! It is here because people's addresses, numbers and session tokens do end up in URLs. It takes text in the
//! canonical form of the parent module, and what the word before it says ([`Context`]); it gives the same text with `{email}`,
//! `{uuid}`, `{ip}`, `{phone}`, `{card}`, `{token}`, `{place}`, `{name}` or `{id}` in place of what it found. Where nothing tells a
//! person's number from the site's own, it is replaced.
//!
//! It never looks at other pieces, so that each piece with its word is a fixed point by itself, and it never splits an encoded
//! character. What no rule can know (a name that is written as a word) stays.

mod address;
mod checks;
mod mail;
mod named;
mod numbers;
mod place;
mod read;
mod token;
mod words;

use read::Meant;
pub(in crate::anonymize) use words::Context;

/// A piece settles after one round, rarely two. What does not settle is replaced as a whole.
const ROUNDS_MAX: usize = 4;
/// How far is looked after a replacement, in characters.
const NEAR_CHARS_MAX: usize = 128;
/// All that may stand in place of personal data.
const LABELS: [&str; 9] = ["{card}", "{email}", "{id}", "{ip}", "{name}", "{phone}", "{place}", "{token}", "{uuid}"];

/// Appends `text` to `out` with personal data replaced. `context`: what the word before says of it.
pub(in crate::anonymize) fn scrub(text: &str, context: Context, out: &mut String) {
    let mut current = text.to_owned();
    for _ in 0..ROUNDS_MAX {
        let next = round(&current, context);
        if next == current {
            out.push_str(&current);
            return;
        }
        current = next;
    }
    out.push_str("{token}");
}

fn round(text: &str, context: Context) -> String {
    let Meant { chars, starts } = Meant::of(text);
    let mut out = String::with_capacity(text.len());
    let (mut at, mut previous) = (0, None);
    while at < chars.len() {
        let piece = Piece { all: &chars, at, rest: &chars[at..], previous, around: context };
        match piece.find() {
            Some(Found::Replaced(label, length)) => {
                out.push_str(label);
                at += length;
                previous = Some('}');
            }
            found => {
                let length = if let Some(Found::Stays(length)) = found { length } else { 1 };
                out.push_str(&text[starts[at]..starts[at + length]]);
                at += length;
                previous = Some(chars[at - 1]);
            }
        }
    }
    out
}

/// What starts at a place, and how many characters it takes.
enum Found {
    /// Personal data, and what stands in its place.
    Replaced(&'static str, usize),
    /// Something that only looks like it.
    Stays(usize),
}

/// A place in the text at which something may start.
struct Piece<'a> {
    all: &'a [char],
    at: usize,
    rest: &'a [char],
    /// The character before, `}` after a replacement.
    previous: Option<char>,
    /// What is known of the whole text.
    around: Context,
}

impl Piece<'_> {
    /// What starts here. The order matters: the more specific comes first.
    fn find(&self) -> Option<Found> {
        if self.rest[0] == '{'
            && let Some(label) =
                LABELS.iter().find(|label| label.chars().eq(self.rest.iter().copied().take(label.len())))
        {
            return Some(Found::Stays(label.len()));
        }
        if let Some((label, length)) = self.named() {
            return Some(Found::Replaced(label, length));
        }
        let found = |label, length: Option<usize>| length.map(|length| Found::Replaced(label, length));
        if let Some(mail) = found("{email}", self.email()) {
            return Some(mail);
        }
        if !self.is_start() {
            return found("{token}", self.inner_token());
        }
        let context = self.context();
        found("{uuid}", self.uuid())
            .or_else(|| found("{ip}", self.ip(context)))
            .or_else(|| found("{id}", self.mac()))
            .or_else(|| found("{id}", self.bank_account()))
            .or_else(|| found("{place}", self.place(context)))
            .or_else(|| found("{token}", self.token(context)))
            .or_else(|| self.number(context))
    }

    /// Whether a word or a number may start here, or a sign that some numbers start with.
    fn is_start(&self) -> bool {
        let first = self.rest[0];
        if first.is_ascii_digit() {
            return !self.after(|ch| ch.is_ascii_digit());
        }
        let may_start = first.is_ascii_alphanumeric() || matches!(first, '+' | '(' | '-' | ':');
        may_start && !self.after(|ch| ch.is_ascii_alphanumeric() && first.is_ascii_alphanumeric())
    }

    /// How many characters from here on are in a class. Where something was replaced just before, only near ones: a run may start
    /// after each of many replacements, and reading all of it each time would take the square of the length.
    fn run(&self, is_in: impl Fn(char) -> bool) -> usize {
        let near = if self.previous == Some('}') { self.rest.len().min(NEAR_CHARS_MAX) } else { self.rest.len() };
        self.rest[..near].iter().take_while(|&&ch| is_in(ch)).count()
    }

    fn after(&self, is_in: impl Fn(char) -> bool) -> bool {
        self.previous.is_some_and(is_in)
    }
}
