//! One access as a line of a log tells it, whatever the format, and the event of the protocol that it becomes.
//!
//! Its fields are what the log has, borrowed from the line where they stand there as they are. Nothing is decided here:
//! which of the addresses is the client's behind a proxy, and whether the access counts, is for others.

use std::borrow::Cow;

use crate::proto::AccessEvent;
use crate::ship::text::{TextLimits, text, unescaped_text};

/// A field of a line; empty where the line has none. `-` means none too.
pub(super) type Field<'a> = Cow<'a, [u8]>;

/// A line that could be read. Like the event it becomes, it has no Debug: it describes a visitor.
pub(in crate::ship) struct Access<'a> {
    pub(super) time_unix_ms: i64,
    /// The client: an address, with or without a port, or a host name.
    pub(super) address: Field<'a>,
    pub(super) method: Field<'a>,
    pub(super) target: Field<'a>,
    pub(super) status: u32,
    /// The size of the answer in bytes, where the log has it.
    pub(super) bytes: Option<u64>,
    pub(super) referrer: Field<'a>,
    pub(super) agent: Field<'a>,
    /// `X-Forwarded-For`, `Forwarded` or `X-Real-IP`, as the request carried it.
    #[allow(dead_code, reason = "see `forwarded()`")]
    pub(super) forwarded: Field<'a>,
    /// The host that was asked, with or without a port.
    pub(super) virtual_host: Field<'a>,
    pub(super) accept_language: Field<'a>,
    /// The visitor cookie; only where a format of one's own names it.
    pub(super) cookie: Field<'a>,
    /// How long the answer took, in milliseconds.
    pub(super) response_time_ms: Option<u32>,
    /// Quotes, backslashes and the like are escaped by a backslash, as Apache and nginx do it.
    pub(super) escaped: bool,
    /// Referrer and user agent are there.
    pub(in crate::ship) combined: bool,
    /// No field was cut off by the end of the line.
    pub(in crate::ship) whole: bool,
}

impl<'a> Access<'a> {
    /// An access of which all but this is unknown.
    pub(super) fn new(time_unix_ms: i64, status: u32) -> Self {
        let nothing: Field<'a> = Cow::Borrowed(b"");
        Self {
            time_unix_ms,
            address: nothing.clone(),
            method: nothing.clone(),
            target: nothing.clone(),
            status,
            bytes: None,
            referrer: nothing.clone(),
            agent: nothing.clone(),
            forwarded: nothing.clone(),
            virtual_host: nothing.clone(),
            accept_language: nothing.clone(),
            cookie: nothing,
            response_time_ms: None,
            escaped: false,
            combined: false,
            whole: true,
        }
    }

    /// When the request came, in milliseconds since 1970.
    #[allow(dead_code, reason = "for whoever decides which address is the client's, and which file is first")]
    pub(in crate::ship) fn time_unix_ms(&self) -> i64 {
        self.time_unix_ms
    }

    /// The host that was asked, with or without a port; empty where the log does not have it.
    pub(in crate::ship) fn virtual_host(&self) -> String {
        self.text(&self.virtual_host, TextLimits::HOST)
    }

    /// What the request's `X-Forwarded-For`, `Forwarded` or `X-Real-IP` said; empty where the log does not have it.
    #[allow(dead_code, reason = "for whoever decides which address is the client's, and which file is first")]
    pub(in crate::ship) fn forwarded(&self) -> String {
        self.text(&self.forwarded, TextLimits::FORWARDED)
    }

    /// The event to send: escapes undone, bytes that are not UTF-8 replaced, over-long texts cut.
    pub(in crate::ship) fn to_event(&self) -> AccessEvent {
        AccessEvent {
            // 0 would mean "now" to the server. One millisecond later is as far out of its range.
            time_unix_ms: if self.time_unix_ms == 0 { 1 } else { self.time_unix_ms },
            address: self.text(without_port(&self.address), TextLimits::ADDRESS),
            cookie: self.text(&self.cookie, TextLimits::COOKIE),
            user_agent: self.text(&self.agent, TextLimits::AGENT),
            method: self.text(&self.method, TextLimits::METHOD),
            target: self.text(&self.target, TextLimits::TARGET),
            status: self.status,
            referrer: self.text(&self.referrer, TextLimits::REFERRER),
            accept_language: self.text(&self.accept_language, TextLimits::LANGUAGE),
            response_time_ms: self.response_time_ms,
            response_bytes: self.bytes,
            host: self.virtual_host(),
            ..AccessEvent::default()
        }
    }

    fn text(&self, field: &[u8], limit: TextLimits) -> String {
        if self.escaped { unescaped_text(field, limit) } else { text(field, limit) }
    }
}

/// An address without the port behind it and the brackets around it: each connection has another port, and is no other
/// visitor for that. A name keeps what it has.
fn without_port(address: &[u8]) -> &[u8] {
    let Some(colon) = memchr::memchr(b':', address) else { return address };
    if let Some(inner) = address.strip_prefix(b"[") {
        return memchr::memchr(b']', inner).map_or(address, |end| &inner[..end]);
    }
    let (ip, port) = (&address[..colon], &address[colon + 1..]);
    let is_v4 = std::str::from_utf8(ip).is_ok_and(|ip| ip.parse::<std::net::Ipv4Addr>().is_ok());
    if is_v4 && port.iter().all(u8::is_ascii_digit) { ip } else { address }
}
