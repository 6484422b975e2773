//! Refuses requests that come by a foreign name.
//!
//! It is here against DNS rebinding: a page of somebody else can give its own name the address of this server, and the browser
//! then takes the two for one origin and lets that page read. Such a request carries the foreign name, and is refused.
//!
//! Ports are not compared: what rebinding needs is a name.

use std::net::IpAddr;

use http::{Request, header::HOST, uri::Authority};

use crate::text::shown;

/// The names by which the server may be asked.
pub(super) struct Hosts(Vec<String>);

impl Hosts {
    /// These names and addresses, in lower case and without a port, beside loopback.
    pub(super) fn new(hosts: Vec<String>) -> Self {
        Self(hosts)
    }

    /// Whether the request names this server. `arrived_at` is the server's end of the connection.
    pub(super) fn check<B>(&self, request: &Request<B>, arrived_at: IpAddr) -> Result<(), String> {
        // HTTP/2 has the name in the address of the request.
        let authority = match request.uri().authority() {
            Some(authority) => Some(authority.clone()),
            None => request.headers().get(HOST).and_then(|value| Authority::try_from(value.as_bytes()).ok()),
        };
        let Some(authority) = authority else {
            return Err("the request names no host, or one that cannot be read; send a Host header".to_owned());
        };
        let host = authority.host().to_ascii_lowercase();
        if self.is_ours(&host, arrived_at) {
            return Ok(());
        }
        Err(format!(
            "this server is not {}. Ask it as localhost or by the address that it listens on, or add the name to [web] hosts in its \
             configuration",
            shown(&host)
        ))
    }

    fn is_ours(&self, host: &str, arrived_at: IpAddr) -> bool {
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        let is_own_address = |ip: IpAddr| ip.is_loopback() || ip == arrived_at.to_canonical();
        host == "localhost"
            || bare.parse().is_ok_and(|ip: IpAddr| is_own_address(ip.to_canonical()))
            || self.0.iter().any(|ours| ours == bare)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn asked(host: &str) -> Result<(), String> {
        let hosts = Hosts::new(vec!["stats.example.jp".to_owned(), "10.1.1.1".to_owned()]);
        let request = Request::get("/").header(HOST, host).body(()).unwrap();
        hosts.check(&request, IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)))
    }

    #[test]
    fn loopback_the_own_address_and_configured_names_are_answered() {
        for host in ["localhost", "LOCALHOST:4680", "127.0.0.1:1", "127.9.9.9", "[::1]:4680", "[::ffff:127.0.0.1]"] {
            assert_eq!(asked(host), Ok(()), "{host}");
        }
        for host in ["192.0.2.7:4680", "stats.example.jp", "Stats.Example.JP:443", "10.1.1.1"] {
            assert_eq!(asked(host), Ok(()), "{host}");
        }
    }

    #[test]
    fn foreign_names_are_refused_with_a_sentence() {
        let foreign = [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "192.0.2.8",
            "stats.example.jp.",
            "xlocalhost",
            "[::2]",
        ];
        for host in foreign {
            assert!(asked(host).unwrap_err().contains("[web] hosts"), "{host}");
        }
        assert!(asked("evil.example").unwrap_err().contains("\"evil.example\""));
        assert!(asked("a b").unwrap_err().contains("send a Host header"));
        let none = Hosts::new(Vec::new()).check(&Request::get("/").body(()).unwrap(), Ipv4Addr::LOCALHOST.into());
        assert!(none.unwrap_err().contains("send a Host header"));
    }

    #[test]
    fn the_name_of_http2_counts_before_the_header() {
        let request = Request::get("http://evil.example/").header(HOST, "localhost").body(()).unwrap();
        assert!(Hosts::new(Vec::new()).check(&request, Ipv4Addr::LOCALHOST.into()).is_err());
    }
}
