//! Which of the site's own hosts was asked.
//!
//! It is here because clients may ask for any host name, also one that tells who they are. It takes what was asked and gives
//! a host that the site's configuration names, as it stands there, or `(other)`: nothing that came from outside.

use super::host::{host_of, is_below};
use crate::tables::OTHER_KEY;

/// Writes the host that was asked into `out`: that of an absolute target, else what the server says. `own_hosts` are the
/// site's hosts in lower case; `*.example.jp` stands for the domain and everything below it.
pub(super) fn hostname(target: &str, host: &str, own_hosts: &[String], out: &mut String) {
    out.clear();
    let asked = host_of(target);
    let asked = asked.as_deref().unwrap_or_else(|| without_port(host.trim()));
    out.push_str(own(asked, own_hosts).unwrap_or(OTHER_KEY));
}

/// The host that is named so, else the closest domain that it is below.
fn own<'h>(asked: &str, own_hosts: &'h [String]) -> Option<&'h str> {
    let named = own_hosts.iter().find(|own| own.eq_ignore_ascii_case(asked));
    let below = || {
        let asked = asked.to_ascii_lowercase();
        let is_above = |own: &&String| own.strip_prefix("*.").is_some_and(|domain| is_below(&asked, domain));
        own_hosts.iter().filter(is_above).max_by_key(|own| own.len())
    };
    named.or_else(below).map(String::as_str)
}

fn without_port(host: &str) -> &str {
    let name = host.split(':').next().unwrap_or_default();
    name.strip_suffix('.').unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_configuration_names_leaves_the_file() {
        let own = ["www.example.jp", "example.jp", "*.emb.example.jp", "*.example.net"].map(String::from);
        let of = |target: &str, host: &str| {
            let mut out = "old".to_owned();
            hostname(target, host, &own, &mut out);
            out
        };
        assert_eq!(of("/a", "www.example.jp"), "www.example.jp");
        assert_eq!(of("/a", " WWW.Example.JP:8443 "), "www.example.jp");
        assert_eq!(of("/a", "example.jp."), "example.jp");
        // What the request itself says goes before what the server says.
        assert_eq!(of("http://user@EXAMPLE.jp:80/a", "www.example.jp"), "example.jp");
        assert_eq!(of("/a", "paris.emb.example.jp"), "*.emb.example.jp");
        assert_eq!(of("/a", "example.net"), "*.example.net");
        for (target, host) in [
            ("/a", ""),
            ("/a", "192.0.2.1"),
            ("/a", "[2001:db8::1]:443"),
            ("/a", "alice.example.jp"),
            ("/a", "wwww.example.jp"),
            ("https://www.example.jp.evil.example/", "www.example.jp"),
            ("", "visitor@www.example.jp"),
        ] {
            assert_eq!(of(target, host), OTHER_KEY, "{target} {host}");
        }
    }
}
