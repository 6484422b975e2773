//! Host names in URLs, for what tells hosts apart. Nothing here decides what is published.

pub(super) fn strip_scheme<'a>(raw: &'a str, scheme: &str) -> Option<&'a str> {
    let head = raw.get(..scheme.len())?;
    head.eq_ignore_ascii_case(scheme).then(|| &raw[scheme.len()..])
}

/// The host of an http(s) URL in lower case, without user, port and final dot; an IPv6 address keeps its brackets.
pub(super) fn host_of(raw: &str) -> Option<String> {
    let rest = strip_scheme(raw, "https://").or_else(|| strip_scheme(raw, "http://"))?;
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let after_user = authority.rsplit('@').next().unwrap_or_default();
    let host = if after_user.starts_with('[') {
        &after_user[..=after_user.find(']')?]
    } else {
        after_user.split(':').next().unwrap_or_default()
    };
    let host = host.strip_suffix('.').unwrap_or(host).to_lowercase();
    let is_name = |ch: char| ch.is_alphanumeric() || matches!(ch, '-' | '_' | '.');
    let readable = host.starts_with('[') || (host.chars().all(is_name) && !host.split('.').any(str::is_empty));
    (readable && host.len() <= 255).then_some(host)
}

/// True where `host` is `domain` or a name below it.
pub(super) fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|head| head.is_empty() || head.ends_with('.'))
}
