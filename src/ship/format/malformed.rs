//! Why a line could not be read: one reason a line, with a stable name, and nothing of what the line held.

/// Which part of a line could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Malformed {
    /// There is no client: nothing stands before the time, or the field that holds the client is missing.
    NoHost,
    /// There is no time where the format has one.
    NoTime,
    /// What stands where the time should be is not one, such as `17/May/2015:10:05:03 +0000`.
    BadTime,
    /// There is no request, or it does not hold a method and a target.
    NoRequest,
    /// No status from 001 to 999.
    BadStatus,
    /// Neither digits nor `-` stand where the size of the answer should.
    BadSize,
    /// Referrer and user agent are missing where the combined format was asked for, or the line is cut.
    NoAgent,
    /// The line begins as JSON and is not one JSON object.
    BadJson,
    /// The line has fewer fields than its format, or the `#Fields` line before it, names.
    FieldCount,
    /// The line is not built as the format that was given says.
    Mismatch,
}

impl Malformed {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::NoHost,
        Self::NoTime,
        Self::BadTime,
        Self::NoRequest,
        Self::BadStatus,
        Self::BadSize,
        Self::NoAgent,
        Self::BadJson,
        Self::FieldCount,
        Self::Mismatch,
    ];

    /// A stable name for machines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NoHost => "no_host",
            Self::NoTime => "no_time",
            Self::BadTime => "bad_time",
            Self::NoRequest => "no_request",
            Self::BadStatus => "bad_status",
            Self::BadSize => "bad_size",
            Self::NoAgent => "no_agent",
            Self::BadJson => "bad_json",
            Self::FieldCount => "field_count",
            Self::Mismatch => "mismatch",
        }
    }
}
