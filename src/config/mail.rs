//! Where mails are sent from: the section `[mail]`.
//!
//! A mail address is personal data: no message of this file repeats one. It reads no password; whoever sends does.

use std::{
    net::{IpAddr, Ipv6Addr},
    path::{Path, PathBuf},
    time::Duration,
};

use lettre::message::Mailbox;

use super::{
    Problem,
    link::{Kind, LINK_CHARACTERS_MAX, is_link},
    raw,
    validate::within,
    web::is_server,
};
use crate::text::{nearest, shown};

/// How long one step of a conversation with the mail server may take where nothing is configured, in seconds.
const TIMEOUT_S_DEFAULT: i64 = 30;

/// What mails need.
#[derive(Debug, Clone, Default)]
pub struct MailConfig {
    /// Where readers of a mail find the dashboard, with a slash at its end.
    pub dashboard_url: Option<String>,
    /// What the header `List-Unsubscribe` names: an `https:` or `mailto:` address.
    pub unsubscribe: Option<String>,
    /// The mail server; `None`: nothing can be sent.
    pub relay: Option<Relay>,
}

/// A mail server that takes mails from here.
#[derive(Debug, Clone)]
pub struct Relay {
    /// Its host name or IP address.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// How the way there is protected.
    pub security: Security,
    /// Who sends.
    pub from: Mailbox,
    /// Whom to log in as; `None`: nobody.
    pub login: Option<Login>,
    /// How long one step of the conversation may take, 1 to 600 s.
    pub timeout: Duration,
}

/// Whom to log in as.
#[derive(Debug, Clone)]
pub struct Login {
    /// The name.
    pub user: String,
    /// The file that holds the password and nothing else; only its owner may read it.
    pub password_file: PathBuf,
}

/// How the way to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS, asked for in clear at first; without it nothing is sent.
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// None.
    Clear,
}

impl Security {
    const ALL: [(&'static str, Self, u16); 3] =
        [("starttls", Self::StartTls, 587), ("tls", Self::Tls, 465), ("none", Self::Clear, 25)];

    fn named(name: &str) -> Result<Self, Problem> {
        let found = Self::ALL.into_iter().find(|(known, _, _)| *known == name);
        found.map(|(_, security, _)| security).ok_or_else(|| {
            let names = Self::ALL.map(|(known, _, _)| known);
            let hint = nearest(name, names.into_iter()).map(|near| format!(" did you mean {near:?}?"));
            let what =
                format!("{} is not known;{} allowed: {}", shown(name), hint.unwrap_or_default(), names.join(", "));
            problem("tls", what)
        })
    }

    fn port(self) -> u16 {
        Self::ALL.into_iter().find(|(_, security, _)| *security == self).map_or(25, |(_, _, port)| port)
    }
}

fn problem(key: &str, what: impl Into<String>) -> Problem {
    Problem::new(&["mail", key], what)
}

/// What the section means.
pub(super) fn mail(raw: raw::Mail, base: &Path) -> Result<MailConfig, Problem> {
    let mut dashboard_url =
        raw.dashboard_url.as_deref().map(|url| url_of("dashboard_url", url, &WEB, Kind::Base)).transpose()?;
    if let Some(url) = dashboard_url.as_mut().filter(|url| !url.ends_with('/')) {
        url.push('/');
    }
    let unsubscribe =
        raw.unsubscribe.as_deref().map(|url| url_of("unsubscribe", url, &WAYS_OUT, Kind::Whole)).transpose()?;
    let relay = relay(raw, base)?;
    Ok(MailConfig { dashboard_url, unsubscribe, relay })
}

const WEB: [&str; 2] = ["https://", "http://"];
const WAYS_OUT: [&str; 2] = ["https://", "mailto:"];

/// An address that begins with one of `schemes`. It is not repeated: a way out may hold somebody's mail address.
fn url_of(key: &str, url: &str, schemes: &[&str], kind: Kind) -> Result<String, Problem> {
    if is_link(url, schemes, kind) {
        return Ok(url.to_owned());
    }
    let schemes = schemes.join(" or ");
    let what = format!(
        "is no address that can stand there; allowed: {schemes} and what follows, at most {LINK_CHARACTERS_MAX} characters, \
         other scripts and spaces percent-encoded"
    );
    Err(problem(key, what))
}

fn relay(raw: raw::Mail, base: &Path) -> Result<Option<Relay>, Problem> {
    let Some(server) = raw.server else {
        let needless = [("port", raw.port.is_some()), ("tls", raw.tls.is_some()), ("user", raw.user.is_some())];
        return match needless.into_iter().find(|(_, is_there)| *is_there) {
            Some((key, _)) => Err(problem(key, "is of no use without `server`; allowed: both, or neither")),
            None => Ok(None),
        };
    };
    let host = server.trim_start_matches('[').trim_end_matches(']');
    if !is_server(&host.to_ascii_lowercase()) {
        let what = format!("{} is no host; allowed: a host name or an IP address; the port is `port`", shown(&server));
        return Err(problem("server", what));
    }
    let security = raw.tls.as_deref().map_or(Ok(Security::StartTls), Security::named)?;
    let port = within(["mail", "port"], raw.port.unwrap_or_else(|| security.port().into()), &(1..=65_535))?;
    let seconds = within(["mail", "timeout_s"], raw.timeout_s.unwrap_or(TIMEOUT_S_DEFAULT), &(1..=600))?;
    let login = login(raw.user, raw.password_file, base)?;
    check_clear(security, host, raw.cleartext, login.is_some())?;
    let from =
        raw.from.ok_or_else(|| problem("from", "is missing; the sender of mails must be given with `server`"))?;
    let from = from.parse().map_err(|_| {
        problem(
            "from",
            "is not a mail address; allowed: \"NAME@HOST\" or \"Title <NAME@HOST>\" (it is not repeated here)",
        )
    })?;
    Ok(Some(Relay {
        server: host.to_owned(),
        port: u16::try_from(port).unwrap_or(u16::MAX),
        security,
        from,
        login,
        timeout: Duration::from_secs(seconds.unsigned_abs()),
    }))
}

fn login(user: Option<String>, file: Option<String>, base: &Path) -> Result<Option<Login>, Problem> {
    match (user, file) {
        (None, None) => Ok(None),
        (Some(user), Some(file)) => Ok(Some(Login { user, password_file: base.join(file) })),
        (Some(_), None) => Err(problem("user", "is of no use without `password_file`; allowed: both, or neither")),
        (None, Some(_)) => Err(problem("password_file", "is of no use without `user`; allowed: both, or neither")),
    }
}

/// Refuses what would go over a network in clear, unless it was asked for; a password never does.
fn check_clear(security: Security, host: &str, cleartext: bool, has_login: bool) -> Result<(), Problem> {
    let is_loopback = host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback() || ip == IpAddr::V6(Ipv6Addr::LOCALHOST));
    if security != Security::Clear || is_loopback {
        return Ok(());
    }
    if has_login {
        return Err(problem("tls", "\"none\" would send the password in clear; allowed: starttls, tls"));
    }
    if !cleartext {
        let what = "\"none\" would send addresses and mails in clear over a network; allowed: starttls, tls, or \"none\" with \
                    `cleartext = true` where the way to the server is protected otherwise";
        return Err(problem("tls", what));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::config::{ConfigError, MailConfig, Security, interpret, raw::Variables};
    use std::path::Path;

    fn read(text: &str) -> Result<MailConfig, ConfigError> {
        let variables = Variables::of(std::iter::empty());
        interpret(Path::new("h.toml"), &format!("[mail]\n{text}\n"), variables).map(|config| config.mail)
    }

    #[test]
    fn a_mail_server_has_the_port_of_its_protection() {
        let relay = |text: &str| read(&format!("from = \"Statistics <s@a.jp>\"\n{text}")).unwrap().relay.unwrap();
        let made = relay("server = \"smtp.a.jp\"");
        assert_eq!((made.port, made.security, made.timeout.as_secs()), (587, Security::StartTls, 30));
        assert_eq!(relay("server = \"a.jp\"\ntls = \"tls\"").port, 465);
        assert_eq!(relay("server = \"[::1]\"\ntls = \"none\"").port, 25);
        assert_eq!(relay("server = \"10.0.0.1\"\ntls = \"none\"\ncleartext = true\nport = 2525").port, 2525);
        let login = relay("server = \"a.jp\"\nuser = \"u\"\npassword_file = \"p\"").login.unwrap();
        assert_eq!((login.user.as_str(), login.password_file.as_path()), ("u", Path::new("p")));
        assert!(read("").unwrap().relay.is_none());
        let urls = read("dashboard_url = \"https://a.jp/s\"\nunsubscribe = \"mailto:a@a.jp?subject=stop\"").unwrap();
        assert_eq!(urls.dashboard_url.as_deref(), Some("https://a.jp/s/"));
        assert_eq!(urls.unsubscribe.as_deref(), Some("mailto:a@a.jp?subject=stop"));
    }

    #[test]
    fn a_mistake_is_told_with_its_line_and_without_an_address() {
        const SERVER: &str = "server = \"smtp.a.jp\"";
        for (text, expected) in [
            ("server = \"smtp://a.jp\"", "h.toml:2: mail.server: \"smtp://a.jp\" is no host; allowed: a host name"),
            ("port = 25", "h.toml:2: mail.port: is of no use without `server`"),
            ("server = \"a.jp\"\nport = 0", "h.toml:3: mail.port: 0 is out of range; allowed: 1 to 65535"),
            ("server = \"a.jp\"\ntimeout_s = 0", "mail.timeout_s: 0 is out of range; allowed: 1 to 600"),
            (
                "server = \"a.jp\"\ntls = \"startls\"",
                "\"startls\" is not known; did you mean \"starttls\"? allowed: starttls",
            ),
            (
                "server = \"a.jp\"\ntls = \"none\"",
                "h.toml:3: mail.tls: \"none\" would send addresses and mails in clear",
            ),
            (
                "server = \"a.jp\"\ntls = \"none\"\ncleartext = true\nuser = \"canary\"\npassword_file = \"p\"",
                "would send the password in clear",
            ),
            (SERVER, "mail.from: is missing"),
            ("server = \"a.jp\"\nfrom = \"canary at a.jp\"", "h.toml:3: mail.from: is not a mail address"),
            ("server = \"a.jp\"\nuser = \"canary\"", "mail.user: is of no use without `password_file`"),
            ("server = \"a.jp\"\npassword_file = \"p\"", "mail.password_file: is of no use without `user`"),
            ("dashboard_url = \"ftp://a.jp\"", "mail.dashboard_url: is no address that can stand there"),
            ("unsubscribe = \"canary@a.jp\"", "allowed: https:// or mailto: and what follows"),
            ("password = \"canary\"", "mail.password: unknown key"),
        ] {
            let message = read(text).unwrap_err().to_string();
            assert!(message.contains(expected) && !message.contains("canary"), "{text}: {message}");
        }
    }
}
