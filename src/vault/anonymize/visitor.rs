//! Who a visitor is, for the moment until the tag is made: the cookie, or else the address and the user agent.

use std::net::IpAddr;

use crate::vault::event::AccessEvent;

const ADDRESS_BYTES_MAX: usize = 255;
const COOKIE_BYTES_MAX: usize = 512;
const USER_AGENT_BYTES_MAX: usize = 4_096;

/// Writes the bytes that stand for the visitor into `out`. False where there is neither a cookie nor an address, or
/// one is too long. The first byte tells the kind, so that a cookie can never equal an address.
pub(super) fn identity(event: &AccessEvent<'_>, out: &mut Vec<u8>) -> bool {
    out.clear();
    let cookie = event.cookie.as_str();
    if !cookie.is_empty() {
        out.push(b'c');
        out.extend_from_slice(cookie.as_bytes());
        return cookie.len() <= COOKIE_BYTES_MAX;
    }
    let address = event.address.as_str().trim();
    if address.is_empty() || address == "-" || address.len() > ADDRESS_BYTES_MAX {
        return false;
    }
    push_address(address, out);
    out.push(0);
    let agent = event.user_agent.as_str().as_bytes();
    out.extend_from_slice(&agent[..agent.len().min(USER_AGENT_BYTES_MAX)]);
    true
}

/// IPv4 as it is (also where it is mapped into IPv6), IPv6 cut to its /64, a host name in lower case.
fn push_address(address: &str, out: &mut Vec<u8>) {
    match address.parse::<IpAddr>().map(|a| a.to_canonical()) {
        Ok(IpAddr::V4(v4)) => {
            out.push(b'4');
            out.extend_from_slice(&v4.octets());
        }
        Ok(IpAddr::V6(v6)) => {
            out.push(b'6');
            out.extend_from_slice(&v6.octets()[..8]);
        }
        Err(_) => {
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
        let mut out = vec![b'?'; 3];
        identity(&event, &mut out).then_some(out)
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
