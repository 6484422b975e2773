//! Who a visitor is, for the moment until the tag is made: the cookie, or else the address and the user agent.

use std::net::IpAddr;

use super::agent::AgentDigest;
use crate::event::AccessEvent;

const ADDRESS_BYTES_MAX: usize = 255;
const COOKIE_BYTES_MAX: usize = 512;

/// The IP address of an event, where it has one: IPv4 also where it is mapped into IPv6.
pub(super) fn ip(event: &AccessEvent<'_>) -> Option<IpAddr> {
    event.address.as_str().trim().parse().ok().map(|ip: IpAddr| ip.to_canonical())
}

/// Whether an event has somebody in it: a cookie or an address, neither of them too long.
pub(super) fn is_somebody(event: &AccessEvent<'_>) -> bool {
    let (cookie, address) = (event.cookie.as_str(), event.address.as_str().trim());
    if !cookie.is_empty() {
        return cookie.len() <= COOKIE_BYTES_MAX;
    }
    !address.is_empty() && address != "-" && address.len() <= ADDRESS_BYTES_MAX
}

/// Writes the bytes that stand for the visitor into `out`. `ip`: as [`ip`] gives it; `agent`: the digest of the user agent.
/// The first byte tells the kind, so that a cookie can never equal an address.
pub(super) fn identity(event: &AccessEvent<'_>, ip: Option<IpAddr>, agent: AgentDigest, out: &mut Vec<u8>) {
    out.clear();
    let cookie = event.cookie.as_str();
    if cookie.is_empty() {
        push_address(event.address.as_str().trim(), ip, out);
        out.push(0);
        out.extend_from_slice(&agent.0);
    } else {
        out.push(b'c');
        out.extend_from_slice(cookie.as_bytes());
    }
}

/// IPv4 as it is, IPv6 cut to its /64, a host name in lower case.
fn push_address(address: &str, ip: Option<IpAddr>, out: &mut Vec<u8>) {
    match ip {
        Some(IpAddr::V4(v4)) => {
            out.push(b'4');
            out.extend_from_slice(&v4.octets());
        }
        Some(IpAddr::V6(v6)) => {
            out.push(b'6');
            out.extend_from_slice(&v6.octets()[..8]);
        }
        None => {
            out.push(b'h');
            out.extend(address.bytes().map(|b| b.to_ascii_lowercase()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(address: &str, cookie: &str, agent: &str) -> Option<Vec<u8>> {
        let event = AccessEvent::at(0, 200).from_whom(address, cookie, agent);
        let mut bytes = vec![b'?'; 3];
        let mut digest = [0; 16];
        digest[..agent.len()].copy_from_slice(agent.as_bytes());
        identity(&event, ip(&event), AgentDigest(digest), &mut bytes);
        is_somebody(&event).then_some(bytes)
    }

    #[test]
    fn a_visitor_is_the_cookie_or_else_address_and_agent() {
        assert_eq!(of("192.0.2.1", "abc", "x"), of("192.0.2.2", "abc", "y"));
        assert_ne!(of("192.0.2.1", "", "x"), of("192.0.2.1", "", "y"));
        assert_ne!(of("192.0.2.1", "", "x"), of("192.0.2.2", "", "x"));
        assert_eq!(of("192.0.2.1", "", "x"), of("::ffff:192.0.2.1", "", "x"));
        assert_eq!(of("2001:db8:0:1::5", "", "x"), of("2001:db8:0:1:ffff::9", "", "x"));
        assert_ne!(of("2001:db8:0:1::5", "", "x"), of("2001:db8:0:2::5", "", "x"));
        assert_eq!(of("Host.Example", "", "x"), of("host.example", "", "x"));
        // What is tagged must never change while a period is open.
        assert_eq!(of("192.0.2.1", "", "x").unwrap(), *b"4\xc0\0\x02\x01\0x\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
        assert_eq!(of("192.0.2.1", "abc", "x").unwrap(), *b"cabc");
        // What ends one part cannot begin the next.
        assert_ne!(of("a", "", "bc"), of("ab", "", "c"));
        assert_ne!(of("4", "", ""), of("", "h4\0", ""));
    }

    #[test]
    fn nobody_is_not_a_visitor() {
        assert_eq!(of("", "", "x"), None);
        assert_eq!(of("-", "", "x"), None);
        assert_eq!(of(&"a".repeat(256), "", "x"), None);
        assert_eq!(of("192.0.2.1", &"c".repeat(513), "x"), None);
    }
}
