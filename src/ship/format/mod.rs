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
mod template;
mod tokens;

#[cfg(test)]
mod tests;

#[cfg(test)]
pub(super) use access::Access;
pub use malformed::Malformed;
pub use names::OwnNames;
pub(super) use parser::{Parsed, Parser};
pub use template::Template;

use std::sync::Arc;

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
    /// Logs that say in a `#Fields` line what stands in those after it.
    Fields,
    /// Fields in an order that one of the formats with a fixed one has.
    Ordered,
    /// As nginx's `log_format` or Apache's `LogFormat` has it.
    Own(Arc<Template>),
}

/// The formats that have a name.
const NAMED: &[(&str, Format)] = &[
    ("auto", Format::Auto),
    ("common", Format::Common),
    ("combined", Format::Combined),
    ("vhost_combined", Format::Combined),
    ("json", Format::Json(OwnNames::NONE)),
    ("caddy", Format::Json(OwnNames::NONE)),
    ("traefik", Format::Json(OwnNames::NONE)),
    ("w3c", Format::Fields),
    ("iis", Format::Fields),
    ("cloudfront", Format::Fields),
    ("alb", Format::Ordered),
    ("elb", Format::Ordered),
    ("s3", Format::Ordered),
    ("haproxy", Format::Ordered),
    ("envoy", Format::Ordered),
    ("bunny", Format::Ordered),
];

impl Format {
    /// Reads a name, or the format string of nginx or Apache.
    ///
    /// # Errors
    /// It is neither; the text says what is wrong at which place, and what is allowed.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some((_, format)) = NAMED.iter().find(|(name, _)| *name == text) {
            return Ok(format.clone());
        }
        if text.contains(['$', '%']) {
            return Template::compile(text).map(|template| Self::Own(Arc::new(template)));
        }
        let names: Vec<_> = NAMED.iter().map(|(name, _)| *name).collect();
        Err(format!(
            "\"{text}\" is no format that is known: {}, or a format string of nginx ($remote_addr ...) or Apache (%h ...)",
            names.join(", ")
        ))
    }
}
