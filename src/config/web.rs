//! Where the page and its data are read: the section `[web]`.
//!
//! Its listener carries published numbers and nothing else, so it may be any address of the machine; loopback is the default, because
//! there is no TLS.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::{Problem, raw, site::is_host};
use crate::text::shown;

/// Where readers are answered where nothing is configured.
pub const WEB_LISTEN_DEFAULT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 4_680);
/// The word that switches the listener off.
const OFF: &str = "off";
/// The most names.
const HOSTS_MAX: usize = 100;

/// The listener for readers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebConfig {
    /// Its address; `None` where nobody may read over it.
    pub listen: Option<SocketAddr>,
    /// The names and addresses by which it may be asked beside loopback and its own address, in lower case without a port.
    pub hosts: Vec<String>,
}

impl Default for WebConfig {
    fn default() -> Self {
        Self { listen: Some(WEB_LISTEN_DEFAULT), hosts: Vec::new() }
    }
}

/// An address to listen on, or `None` for "off".
///
/// # Errors
/// When the text is neither; the error says what is allowed.
pub fn web_listen(text: &str) -> Result<Option<SocketAddr>, String> {
    if text == OFF {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| {
        let allowed = format!(
            "allowed: an IP address with a port, such as \"{WEB_LISTEN_DEFAULT}\" or \"[::1]:4680\", or \"off\""
        );
        format!("{} is not an address to listen on; {allowed}", shown(text))
    })
}

/// Whether a text in lower case names one machine: a host name, or an IP address.
pub(super) fn is_server(host: &str) -> bool {
    is_host(host) && !host.starts_with('*') || host.parse::<IpAddr>().is_ok()
}

/// What the section means.
pub(super) fn web(raw: raw::Web) -> Result<WebConfig, Problem> {
    let mut config = WebConfig::default();
    if let Some(text) = raw.listen {
        config.listen = web_listen(&text).map_err(|what| Problem::new(&["web", "listen"], what))?;
    }
    if raw.hosts.len() > HOSTS_MAX {
        let what = format!("{} names; allowed: at most {HOSTS_MAX}", raw.hosts.len());
        return Err(Problem::new(&["web", "hosts"], what));
    }
    for (index, text) in raw.hosts.iter().enumerate() {
        let host = text.to_ascii_lowercase();
        if !is_server(&host) {
            let what = format!(
                "{} is not a name; allowed: a host name or an IP address, without scheme, port, path and *, such as \"stats.example.jp\"",
                shown(text)
            );
            return Err(Problem::new(&["web", "hosts", &index.to_string()], what));
        }
        config.hosts.push(host);
    }
    Ok(config)
}
