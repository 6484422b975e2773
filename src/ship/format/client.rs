//! Finds the client, and the host that was asked, among what stands before the time of a common log line: normally
//! `client ident user`.

/// What was found. Both may be `-`.
pub(super) struct Client<'a> {
    pub(super) address: &'a [u8],
    /// Empty where the line does not have it.
    pub(super) virtual_host: &'a [u8],
}

/// The client among the fields before the time; `None` where there are none.
///
/// Three fields of which the second is `-` are what the format says. With other fields there, the client is the last that is an
/// IP address (a proxy or host may stand before it, a user name behind); where there is none, the one before the first `-`, as
/// nobody fills the second field any more. A virtual host is `name:port`, or a name beside an address.
pub(super) fn client(before_time: &[u8]) -> Option<Client<'_>> {
    let mut words = before_time.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty());
    let (first, second, third, more) = (words.next()?, words.next(), words.next(), words.next());
    match (second, third, more) {
        (None, ..) | (Some(b"-"), Some(_), None) => Some(Client { address: first, virtual_host: b"" }),
        _ => unusual(before_time, first),
    }
}

/// The client among fields that are not in the usual order.
fn unusual<'a>(before_time: &'a [u8], first: &'a [u8]) -> Option<Client<'a>> {
    let words = || before_time.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty());
    let by_dash = || words().zip(words().skip(1)).find(|(_, next)| *next == b"-").map(|(word, _)| word);
    let address = last_address(words()).or_else(by_dash).unwrap_or(first);
    let is_host = |word: &&[u8]| *word != address && is_host_name(word);
    // A user name may look like a host name too, but it stands last.
    let at = words().position(|word| word == address).unwrap_or(0);
    let before = words().take(at).filter(is_host).last();
    let behind = words().nth(at + 1).filter(is_host);
    Some(Client { address, virtual_host: before.or(behind).unwrap_or_default() })
}

/// The last word that is an IP address, among those before the user: a user may have any name.
fn last_address<'a>(words: impl Iterator<Item = &'a [u8]>) -> Option<&'a [u8]> {
    let mut found = None;
    for word in words {
        if is_address(word) {
            found = Some(word);
        } else if found.is_some() && word == b"-" {
            break;
        }
    }
    found
}

/// Whether a field is an IP address, with a port or without; an ident never is.
pub(super) fn is_address(field: &[u8]) -> bool {
    const ADDRESS_BYTES_MAX: usize = 64;
    // Cheaper than to try: every address begins so.
    let may_be = field.first().is_some_and(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'['));
    may_be
        && field.len() <= ADDRESS_BYTES_MAX
        && std::str::from_utf8(field).is_ok_and(|field| {
            field.parse::<std::net::IpAddr>().is_ok() || field.parse::<std::net::SocketAddr>().is_ok()
        })
}

/// Whether a field is a host name, with a port or without: it has a dot or a port.
fn is_host_name(field: &[u8]) -> bool {
    let has_dot_or_port = field.iter().any(|byte| matches!(byte, b'.' | b':'));
    has_dot_or_port
        && field.iter().any(u8::is_ascii_alphabetic)
        && !is_address(field)
        && field.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':'))
        && !field.ends_with(b":")
}
