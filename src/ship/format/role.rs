//! What a field of a line means, and where each family of formats says so by a name.
//!
//! All formats whose fields have names (JSON, `#Fields`, nginx variables, Apache directives, options of one's own) speak of
//! the same few meanings. How much a name is worth stands beside it: where two fields of a line mean the same, the one with
//! the lower rank is taken.

/// What a field means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Role {
    /// Date and time in one, in any form that `time` reads.
    Time,
    /// The date alone.
    Date,
    /// The time of day alone.
    Clock,
    /// The client, with or without a port.
    Address,
    Method,
    /// Path and query, or an absolute URL.
    Target,
    /// The path alone; `Query` follows it.
    Path,
    Query,
    /// `GET /path HTTP/1.1`.
    Request,
    Status,
    /// The size of the answer.
    Bytes,
    Referrer,
    Agent,
    /// The host that was asked.
    Host,
    /// X-Forwarded-For and the like.
    Forwarded,
    Language,
    Cookie,
    /// How long the answer took. Several of one unit in a line are parts and are added up.
    Seconds,
    Milliseconds,
    Microseconds,
    Nanoseconds,
    /// The same in a unit that the value or the server tells.
    Duration,
    /// A duration, or a time where it looks like one: servers use the same name for both.
    DurationOrTime,
    /// A whole line of a log, put into a field by a collector.
    Inner,
    /// How important a message is: an object with it and no request is a message, no access.
    Level,
    /// Which part of the server wrote the message.
    Logger,
    Ignore,
}

impl Role {
    /// How many there are.
    pub(super) const COUNT: usize = Self::Ignore as usize + 1;

    /// The roles that a person can name, with what they are called.
    pub(super) const NAMED: &'static [(&'static str, Self)] = &[
        ("time", Self::Time),
        ("date", Self::Date),
        ("clock", Self::Clock),
        ("address", Self::Address),
        ("method", Self::Method),
        ("target", Self::Target),
        ("path", Self::Path),
        ("query", Self::Query),
        ("request", Self::Request),
        ("status", Self::Status),
        ("bytes", Self::Bytes),
        ("referrer", Self::Referrer),
        ("agent", Self::Agent),
        ("host", Self::Host),
        ("forwarded", Self::Forwarded),
        ("language", Self::Language),
        ("cookie", Self::Cookie),
        ("seconds", Self::Seconds),
        ("milliseconds", Self::Milliseconds),
        ("microseconds", Self::Microseconds),
        ("nanoseconds", Self::Nanoseconds),
    ];
}

/// A meaning, and its rank among the names of the same meaning; 0 goes first.
pub(super) type Ranked = (Role, u8);

/// The rank of a name that somebody gave.
pub(super) const FIRST: u8 = 0;

/// A name in the form in which names are compared: lower case, without what joins words. Dots stay: they lead into objects.
pub(super) fn push_plain_name(name: &str, out: &mut String) {
    out.extend(
        name.chars().filter(|c| !matches!(c, '_' | '-' | '@' | '$' | ':' | ' ')).map(|c| c.to_ascii_lowercase()),
    );
}
