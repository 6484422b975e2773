//! Reads the lines of an access log, one after the other, whatever its format.
//!
//! A `Parser` is made of a `Format` and is given every line of an input in order: some formats say in one line how those
//! after it are to be read. It is lax where servers differ and strict where a wrong guess would count the wrong thing. It
//! never says what a line held: a reason, or the name of a format, is all that leaves it besides the event.

mod access;
mod clf;
mod malformed;
mod seen;

pub(super) use access::Access;
pub use malformed::Malformed;

use seen::{Kind, Prefix, looks_like};

/// How lines are to be read.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Format {
    /// By what each line looks like.
    #[default]
    Auto,
    /// Host, user, time, request, status and size; what follows is not looked at.
    Common,
    /// With referrer and user agent; a line without them is malformed.
    Combined,
}

/// What a line is.
pub(super) enum Parsed<'a> {
    /// One access.
    Access(Access<'a>),
    /// No access, and nothing is wrong with it: an empty line, a comment, what a server says about itself.
    Directive,
}

/// Reads line after line.
pub(super) struct Parser {
    format: Format,
    /// What the last line that could be read was.
    seen: Option<&'static str>,
    /// What the first line that could not be read looks like.
    unread: Option<&'static str>,
}

impl Parser {
    /// At the start of an input.
    pub(super) fn new(format: Format) -> Self {
        Self { format, seen: None, unread: None }
    }

    /// Reads a line without its line feed.
    ///
    /// # Errors
    /// The first part that could not be read.
    pub(super) fn parse<'a>(&'a mut self, line: &'a [u8]) -> Result<Parsed<'a>, Malformed> {
        if line.is_empty() {
            return Ok(Parsed::Directive);
        }
        match clf::parse(line, &self.format) {
            Ok(access) => {
                let kind = if access.combined { Kind::Combined } else { Kind::Common };
                self.seen = Some(kind.name(Prefix::None));
                Ok(Parsed::Access(access))
            }
            Err(reason) => {
                self.unread.get_or_insert_with(|| looks_like(line));
                Err(reason)
            }
        }
    }

    /// The name of the format of the last line that could be read, such as "combined"; where none could, what the first line
    /// looks like, such as "looks like a zip archive".
    pub(super) fn seen(&self) -> &'static str {
        self.seen.or(self.unread).unwrap_or("nothing")
    }
}
