//! Reads the lines of an access log, one after the other, whatever its format.
//!
//! A `Parser` is made of a `Format` and is given every line of an input in order: some formats say in one line how those
//! after it are to be read. It is lax where servers differ and strict where a wrong guess would count the wrong thing. It
//! never says what a line held: a reason, or the name of a format, is all that leaves it besides the event.

mod access;
mod clf;
mod client;
mod draft;
mod fields;
mod json;
mod layouts;
mod malformed;
mod names;
mod parser;
mod prefix;
mod role;
mod seen;
mod tail;
mod tokens;

#[cfg(test)]
mod tests;

#[cfg(test)]
pub(super) use access::Access;
pub use malformed::Malformed;
pub use names::OwnNames;
pub(super) use parser::{Parsed, Parser};

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
    /// JSON objects, whose fields have these names besides those that are known.
    Json(OwnNames),
}
