//! What servers, proxies and clouds call the fields of an access, and which of them a log comes from.
//!
//! Names are compared in plain form (see `push_plain_name`), so that `remote_addr`, `RemoteAddr` and `remote-addr` are one.
//! Names in objects are joined by dots; objects that only wrap others may be left out.

use super::role::{Ranked, Role, push_plain_name};
use super::seen::Kind;

/// Names of one's own, before those that are known.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct OwnNames(Vec<(String, Role)>);

impl OwnNames {
    /// No names but those that are known.
    pub(super) const NONE: Self = Self(Vec::new());

    /// Reads `time=ts,address=ip,...`.
    ///
    /// # Errors
    /// An entry is not `MEANING=NAME`, or the meaning is not known; the text says which, and what is allowed.
    pub fn parse(text: &str) -> Result<Self, String> {
        let entries = text.split(',').map(|entry| {
            let (meaning, name) = entry.split_once('=').unwrap_or((entry, ""));
            let role = Role::NAMED.iter().find(|(known, _)| *known == meaning.trim());
            let (Some((_, role)), false) = (role, name.trim().is_empty()) else {
                let known: Vec<_> = Role::NAMED.iter().map(|(known, _)| *known).collect();
                return Err(format!(
                    "\"{entry}\" is not MEANING=NAME with a meaning that is known: {}",
                    known.join(", ")
                ));
            };
            let mut plain = String::new();
            push_plain_name(name, &mut plain);
            Ok((plain, *role))
        });
        entries.collect::<Result<_, _>>().map(Self)
    }

    /// The meaning of a name in plain form.
    pub(super) fn role(&self, name: &str) -> Option<Ranked> {
        if let Some((_, role)) = self.0.iter().find(|(own, _)| own == name) {
            return Some((*role, super::role::FIRST));
        }
        let (role, rank) = known_role(name)?;
        // What a person named goes before everything that is guessed.
        (!self.0.iter().any(|(_, own)| *own == role)).then_some((role, rank))
    }
}

/// Objects that only wrap others.
const WRAPPERS: &[&str] = &[
    "request",
    "req",
    "response",
    "resp",
    "res",
    "http",
    "httprequest",
    "headers",
    "nginx",
    "access",
    "source",
    "log",
    "fields",
    "attributes",
    "properties",
    "event",
    "data",
    "jsonpayload",
    "payload",
    "message",
    "msg",
    "json",
];

/// How many wrappers may stand around a name.
const WRAPPERS_MAX: usize = 6;

/// The meaning of a known name in plain form, with its wrappers or without.
pub(super) fn known_role(name: &str) -> Option<Ranked> {
    let mut rest = name;
    for _ in 0..WRAPPERS_MAX {
        if let Ok(found) = NAMES.binary_search_by(|(known, ..)| (*known).cmp(rest)) {
            let (_, role, rank) = NAMES[found];
            return Some((role, rank));
        }
        let (wrapper, inner) = rest.split_once('.')?;
        if !WRAPPERS.contains(&wrapper) {
            return None;
        }
        rest = inner;
    }
    None
}

/// The server that alone uses a name.
pub(super) fn server_of(name: &str) -> Option<Kind> {
    Some(match name {
        "downstreamstatus" => Kind::TraefikJson,
        "edgestarttimestamp" | "edgeresponsestatus" => Kind::Cloudflare,
        "httprequest.requesturl" => Kind::GoogleLoadBalancer,
        "useragent.original" | "url.original" | "url.path" | "http.response.statuscode" => Kind::Ecs,
        "request.uri" | "request.remoteip" | "request.remoteaddr" => Kind::CaddyJson,
        "responsecode" | "downstreamremoteaddress" => Kind::EnvoyJson,
        _ => return None,
    })
}

/// Every known name in plain form, sorted; with its meaning, and its rank among those of the same meaning.
const NAMES: &[(&str, Role, u8)] = &[
    ("acceptlanguage", Role::Language, 1),
    ("agent", Role::Agent, 2),
    ("args", Role::Query, 1),
    ("authority", Role::Host, 1),
    ("body", Role::Inner, 4),
    ("bodybytessent", Role::Bytes, 1),
    ("bytes", Role::Bytes, 3),
    ("bytessent", Role::Bytes, 2),
    ("client", Role::Address, 4),
    ("client.address", Role::Address, 3),
    ("client.ip", Role::Address, 2),
    ("clientaddr", Role::Address, 3),
    ("clienthost", Role::Address, 2),
    ("clientip", Role::Address, 1),
    ("clientrequesthost", Role::Host, 1),
    ("clientrequestmethod", Role::Method, 1),
    ("clientrequestpath", Role::Path, 1),
    ("clientrequestreferer", Role::Referrer, 1),
    ("clientrequesturi", Role::Target, 1),
    ("clientrequestuseragent", Role::Agent, 1),
    ("code", Role::Status, 4),
    ("date", Role::Time, 5),
    ("datetime", Role::Time, 3),
    ("domain", Role::Host, 4),
    ("downstreamcontentsize", Role::Bytes, 1),
    ("downstreamremoteaddress", Role::Address, 1),
    ("downstreamstatus", Role::Status, 1),
    ("duration", Role::Duration, 1),
    ("durationms", Role::Milliseconds, 1),
    ("edgeendtimestamp", Role::Time, 2),
    ("edgeresponsebytes", Role::Bytes, 1),
    ("edgeresponsestatus", Role::Status, 1),
    ("edgestarttimestamp", Role::Time, 1),
    ("edgetimetofirstbytems", Role::Milliseconds, 1),
    ("elapsed", Role::Duration, 3),
    ("event.duration", Role::Nanoseconds, 1),
    ("event.original", Role::Inner, 2),
    ("forwarded", Role::Forwarded, 2),
    ("generationtimemilli", Role::Milliseconds, 1),
    ("host", Role::Host, 3),
    ("hostname", Role::Host, 5),
    ("httpacceptlanguage", Role::Language, 1),
    ("httpforwarded", Role::Forwarded, 2),
    ("httphost", Role::Host, 1),
    ("httpmethod", Role::Method, 2),
    ("httpreferer", Role::Referrer, 1),
    ("httpreferrer", Role::Referrer, 1),
    ("httpstatus", Role::Status, 2),
    ("httpstatuscode", Role::Status, 2),
    ("httpuseragent", Role::Agent, 1),
    ("httpxforwardedfor", Role::Forwarded, 1),
    ("httpxrealip", Role::Forwarded, 3),
    ("ip", Role::Address, 3),
    ("ipaddress", Role::Address, 3),
    ("latency", Role::Duration, 2),
    ("latencyms", Role::Milliseconds, 2),
    ("length", Role::Bytes, 5),
    ("level", Role::Level, 1),
    ("line", Role::Inner, 3),
    ("log", Role::Inner, 1),
    ("logger", Role::Logger, 1),
    ("loglevel", Role::Level, 1),
    ("lvl", Role::Level, 1),
    ("message", Role::Inner, 1),
    ("method", Role::Method, 1),
    ("msec", Role::Time, 1),
    ("msg", Role::Inner, 3),
    ("path", Role::Target, 4),
    ("query", Role::Query, 3),
    ("querystring", Role::Query, 1),
    ("receivetimestamp", Role::Time, 6),
    ("referer", Role::Referrer, 2),
    ("referrer", Role::Referrer, 2),
    ("remote", Role::Address, 4),
    ("remoteaddr", Role::Address, 2),
    ("remoteaddress", Role::Address, 3),
    ("remotehost", Role::Address, 4),
    ("remoteip", Role::Address, 3),
    ("request", Role::Request, 1),
    ("requestacceptlanguage", Role::Language, 1),
    ("requestaddr", Role::Host, 2),
    ("requesthost", Role::Host, 1),
    ("requestline", Role::Request, 1),
    ("requestmethod", Role::Method, 1),
    ("requestpath", Role::Target, 1),
    ("requestquery", Role::Query, 2),
    ("requestreferer", Role::Referrer, 1),
    ("requesttime", Role::DurationOrTime, 1),
    ("requesttimeepoch", Role::Time, 4),
    ("requesturi", Role::Target, 1),
    ("requesturl", Role::Target, 1),
    ("requestuseragent", Role::Agent, 1),
    ("requestxforwardedfor", Role::Forwarded, 1),
    ("resourcepath", Role::Path, 5),
    ("response.body.bytes", Role::Bytes, 1),
    ("responsebytes", Role::Bytes, 2),
    ("responsecode", Role::Status, 1),
    ("responselength", Role::Bytes, 2),
    ("responsesize", Role::Bytes, 2),
    ("responsestatus", Role::Status, 2),
    ("responsetime", Role::Duration, 2),
    ("responsetimems", Role::Milliseconds, 1),
    ("sentbytes", Role::Bytes, 2),
    ("servername", Role::Host, 4),
    ("severity", Role::Level, 1),
    ("severitytext", Role::Level, 1),
    ("size", Role::Bytes, 3),
    ("source.address", Role::Address, 3),
    ("source.ip", Role::Address, 2),
    ("sourceip", Role::Address, 2),
    ("startlocal", Role::Time, 2),
    ("starttime", Role::Time, 1),
    ("startutc", Role::Time, 1),
    ("status", Role::Status, 2),
    ("statuscode", Role::Status, 2),
    ("textpayload", Role::Inner, 1),
    ("time", Role::Time, 3),
    ("timeiso8601", Role::Time, 1),
    ("timelocal", Role::Time, 1),
    ("timestamp", Role::Time, 3),
    ("timetaken", Role::Seconds, 1),
    ("took", Role::Duration, 3),
    ("ts", Role::Time, 3),
    ("ua", Role::Agent, 3),
    ("uri", Role::Target, 3),
    ("url", Role::Target, 3),
    ("url.domain", Role::Host, 2),
    ("url.full", Role::Target, 3),
    ("url.original", Role::Target, 2),
    ("url.path", Role::Path, 2),
    ("url.query", Role::Query, 2),
    ("useragent", Role::Agent, 2),
    ("useragent.original", Role::Agent, 1),
    ("verb", Role::Method, 2),
    ("vhost", Role::Host, 2),
    ("virtualhost", Role::Host, 2),
    ("xenvoyoriginalpath", Role::Target, 1),
    ("xenvoyoriginpath", Role::Target, 1),
    ("xforwardedfor", Role::Forwarded, 1),
    ("xhostheader", Role::Host, 1),
    ("xrealip", Role::Forwarded, 3),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_in_plain_form() {
        assert!(NAMES.is_sorted_by(|(one, ..), (next, ..)| one < next));
        for (name, ..) in NAMES {
            let mut plain = String::new();
            push_plain_name(name, &mut plain);
            assert_eq!(plain, *name);
        }
    }

    #[test]
    fn wrappers_may_be_left_out() {
        for name in ["useragent", "headers.useragent", "request.headers.useragent", "source.request.headers.useragent"]
        {
            assert_eq!(known_role(name), Some((Role::Agent, 2)), "{name}");
        }
        assert_eq!(known_role("http.response.body.bytes"), Some((Role::Bytes, 1)));
        for name in ["request.body.bytes", "useragent.name", "respheaders.server", "tls.version", ""] {
            assert_eq!(known_role(name), None, "{name}");
        }
    }

    #[test]
    fn own_names() {
        let names = OwnNames::parse("time=when, address=Peer-IP,agent=http.ua").unwrap();
        assert_eq!(names.role("peerip"), Some((Role::Address, 0)));
        assert_eq!(names.role("http.ua"), Some((Role::Agent, 0)));
        // Another name of the same meaning no longer counts.
        assert_eq!(names.role("clientip"), None);
        assert_eq!(names.role("status"), Some((Role::Status, 2)));
        for text in ["", "time", "time=", "colour=c", "time=t,,"] {
            assert!(OwnNames::parse(text).unwrap_err().contains("is not MEANING=NAME"), "{text}");
        }
    }
}
