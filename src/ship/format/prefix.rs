//! What collectors put before a line: syslog, journald, Kubernetes, Docker. It is taken off before anything of the line is
//! looked at, so that neither a host name nor a container's name is taken for the client.
//!
//! A prefix is taken off only where its form leaves no doubt. Several may stand before each other.

use super::seen::Prefix;

/// How far a prefix reaches at most, in bytes.
const PREFIX_BYTES_MAX: usize = 512;

/// The line without its outermost prefix, and what that was. `None` where no prefix is known.
pub(super) fn strip(line: &[u8]) -> Option<(&[u8], Prefix)> {
    let window = &line[..line.len().min(PREFIX_BYTES_MAX)];
    let (length, prefix) = match window {
        [b'<', ..] => priority(window),
        [b'[', ..] => pod(window),
        [b'2', b'0', _, _, b'-', ..] => after_iso(window),
        [first, ..] if first.is_ascii_digit() => after_epoch(window).or_else(|| compose(window)),
        [first, ..] if first.is_ascii_alphabetic() => after_month(window)
            .or_else(|| after_weekday(window))
            .map(|length| (length, Prefix::Syslog))
            .or_else(|| compose(window)),
        [0x1b, ..] => compose(window),
        _ => None,
    }?;
    (length > 0).then(|| (&line[length..], prefix))
}

/// `<134>` and a syslog header of either kind.
fn priority(text: &[u8]) -> Option<(usize, Prefix)> {
    let digits = text[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(1..=3).contains(&digits) || text.get(1 + digits) != Some(&b'>') {
        return None;
    }
    let start = digits + 2;
    let rest = &text[start..];
    let header = match rest {
        [b'1', b' ', header @ ..] => rfc_5424(header).map(|length| length + 2),
        [b'2', b'0', _, _, b'-', ..] => after_iso(rest).map(|(length, _)| length),
        _ => after_month(rest),
    };
    Some((start + header.unwrap_or(0), Prefix::Syslog))
}

/// `TIME HOST APP PROCID MSGID STRUCTURED-DATA ` of RFC 5424, after the version.
fn rfc_5424(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    for _ in 0..5 {
        at += word(&text[at..])? + 1;
    }
    let data = match &text[at..] {
        [b'-', ..] => 1,
        [b'[', ..] => structured_data(&text[at..])?,
        _ => return None,
    };
    at += data;
    at += usize::from(text.get(at) == Some(&b' '));
    at += if text[at..].starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    Some(at)
}

/// The length of `[id name="value" ...][...]`.
fn structured_data(text: &[u8]) -> Option<usize> {
    let (mut quoted, mut at) = (false, 0);
    while at < text.len() {
        match text[at] {
            b'\\' if quoted => at += 1,
            b'"' => quoted = !quoted,
            b']' if !quoted && text.get(at + 1) != Some(&b'[') => return Some(at + 1),
            _ => {}
        }
        at += 1;
    }
    None
}

/// `Nov 27 10:00:00[.123456] [HOST] TAG[PID]: `, as RFC 3164 and `journalctl` have it; `nginx: ` without a number too.
fn after_month(text: &[u8]) -> Option<usize> {
    let [month @ .., b' '] = text.get(..4)? else { return None };
    crate::ship::time::month(month)?;
    let day = match text.get(4..7)? {
        [b' ', day, b' '] if day.is_ascii_digit() => 3,
        [day, b' ', _] if day.is_ascii_digit() => 2,
        [ten, day, b' '] if ten.is_ascii_digit() && day.is_ascii_digit() => 3,
        _ => return None,
    };
    // Some daemons write the year too.
    let year = match text.get(4 + day..9 + day) {
        Some([b'2', b'0', a, b, b' ']) if a.is_ascii_digit() && b.is_ascii_digit() => 5,
        _ => 0,
    };
    let at = 4 + day + year;
    Some(at + clock(&text[at..])? + host_and_tag(&text[at + clock(&text[at..])?..])?)
}

/// `Fri 2026-11-27 10:00:00 UTC HOST TAG[PID]: `, as `journalctl -o short-full` has it.
fn after_weekday(text: &[u8]) -> Option<usize> {
    const DAYS: &[&[u8]] = &[b"Mon ", b"Tue ", b"Wed ", b"Thu ", b"Fri ", b"Sat ", b"Sun "];
    if !DAYS.contains(&text.get(..4)?) || text.get(8) != Some(&b'-') {
        return None;
    }
    let date = 4 + word(&text[4..])? + 1;
    let time = date + clock(&text[date..])?;
    let zone = time + word(&text[time..])? + 1;
    Some(zone + host_and_tag(&text[zone..])?)
}

/// What may stand after an RFC 3339 time: `stdout F ` of a container, `HOST TAG: ` of syslog, or the line itself.
fn after_iso(text: &[u8]) -> Option<(usize, Prefix)> {
    let time = word(text)?;
    if !matches!(text.get(10), Some(b'T' | b't')) {
        return None;
    }
    crate::ship::any_time::any_time_unix_ms(&text[..time])?;
    let start = time + 1;
    let rest = &text[start..];
    for stream in [&b"stdout "[..], b"stderr "] {
        if let Some([b'F' | b'P', b' ', ..]) = rest.strip_prefix(stream) {
            return Some((start + stream.len() + 2, Prefix::Cri));
        }
    }
    if let Some(length) = host_and_tag(rest) {
        return Some((start + length, Prefix::Syslog));
    }
    Some((start, Prefix::Time))
}

/// `1764230400.123456 HOST TAG[PID]: `, as `journalctl -o short-unix` has it.
fn after_epoch(text: &[u8]) -> Option<(usize, Prefix)> {
    let time = text.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
    if time < 17 || text.get(10) != Some(&b'.') || text.get(time) != Some(&b' ') {
        return None;
    }
    Some((time + 1 + host_and_tag(&text[time + 1..])?, Prefix::Syslog))
}

/// `web-1  | `, in colour too.
fn compose(text: &[u8]) -> Option<(usize, Prefix)> {
    const NAME_BYTES_MAX: usize = 128;
    let bar = memchr::memchr(b'|', &text[..text.len().min(NAME_BYTES_MAX)])?;
    let name = uncoloured(&text[..bar]).trim_ascii_end();
    let is_name = !name.is_empty() && name.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    if !is_name || !matches!(text.get(bar.checked_sub(1)?), Some(b' ')) {
        return None;
    }
    let after = match &text[bar + 1..] {
        [b' ', ..] => 1,
        [0x1b, b'[', ..] => memchr::memchr(b'm', &text[bar + 1..])? + 1,
        _ => return None,
    };
    let end = bar + 1 + after;
    Some((end + usize::from(after > 1 && text.get(end) == Some(&b' ')), Prefix::Compose))
}

/// Without the escape sequence of a colour at the start.
fn uncoloured(text: &[u8]) -> &[u8] {
    match text {
        [0x1b, b'[', rest @ ..] => memchr::memchr(b'm', rest).map_or(rest, |end| &rest[end + 1..]),
        _ => text,
    }
}

/// `[pod/web-1/nginx] `.
fn pod(text: &[u8]) -> Option<(usize, Prefix)> {
    if !text.starts_with(b"[pod/") {
        return None;
    }
    let end = memchr::memchr(b']', text)?;
    (text.get(end + 1) == Some(&b' ')).then_some((end + 2, Prefix::Pod))
}

/// `hh:mm:ss[.fraction] `: its length with the space.
fn clock(text: &[u8]) -> Option<usize> {
    let length = word(text)?;
    let is_clock = length >= 8
        && text[2] == b':'
        && text[5] == b':'
        && text[..length].iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.'));
    is_clock.then_some(length + 1)
}

/// `HOST TAG[PID]: ` or `TAG: `: its length with the space. The tag is what ends with a colon.
fn host_and_tag(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    for _ in 0..2 {
        let length = word(&text[at..])?;
        let is_tag = length > 1 && text[at + length - 1] == b':';
        at += length + 1;
        if is_tag {
            return Some(at);
        }
    }
    None
}

/// The length of the word before the next space.
fn word(text: &[u8]) -> Option<usize> {
    memchr::memchr(b' ', text).filter(|length| *length > 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LINE: &str = "192.0.2.1 - - [27/Nov/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200 5";

    #[test]
    fn prefixes() {
        for (prefix, kind) in [
            ("Nov 27 10:00:00 web1 nginx: ", Prefix::Syslog),
            ("Nov  7 10:00:00 web1 nginx[12]: ", Prefix::Syslog),
            ("Nov 27 10:00:00 nginx: ", Prefix::Syslog),
            ("Nov 27 10:00:00.123456 web1 nginx[12]: ", Prefix::Syslog),
            ("Nov 27 2026 10:00:00 web1 nginx[12]: ", Prefix::Syslog),
            ("<190>Nov 27 10:00:00 web1 nginx: ", Prefix::Syslog),
            ("<134>1 2026-11-27T10:00:00.123Z web1 nginx 12 - - ", Prefix::Syslog),
            ("<134>1 2026-11-27T10:00:00Z web1 nginx - ID47 [a@1 b=\"c]\\\"\"][d@2 e=\"f\"] \u{feff}", Prefix::Syslog),
            ("2026-11-27T10:00:00.123456+01:00 web1 nginx[12]: ", Prefix::Syslog),
            ("2026-11-27T10:00:00+0100 web1 nginx[12]: ", Prefix::Syslog),
            ("Fri 2026-11-27 10:00:00 UTC web1 nginx[12]: ", Prefix::Syslog),
            ("1764230400.123456 web1 nginx[12]: ", Prefix::Syslog),
            ("2026-11-27T10:00:00.123456789Z stdout F ", Prefix::Cri),
            ("2026-11-27T10:00:00.123456789+01:00 stderr P ", Prefix::Cri),
            ("2026-11-27T10:00:00.123456789Z ", Prefix::Time),
            ("web-1  | ", Prefix::Compose),
            ("1web_1      | ", Prefix::Compose),
            ("\u{1b}[36mweb-1  | \u{1b}[0m", Prefix::Compose),
            ("\u{1b}[36mweb_1  |\u{1b}[0m ", Prefix::Compose),
            ("[pod/web-5d/nginx] ", Prefix::Pod),
        ] {
            let line = format!("{prefix}{LINE}");
            let (rest, found) = strip(line.as_bytes()).unwrap_or_else(|| panic!("{prefix}"));
            let rest = String::from_utf8_lossy(rest);
            assert_eq!((rest.trim_start_matches("\u{1b}[0m"), found), (LINE, kind), "{prefix}");
        }
    }

    #[test]
    fn what_is_no_prefix() {
        for line in [
            LINE,
            "www.example.com 192.0.2.1 - - [",
            "www.example.com:443 192.0.2.1 - - [",
            "2001:db8::1 - - [",
            "Nov - - [27/Nov/2026:10:00:00 +0000]",
            "may.example.com - a|b [",
            "2026-11-27 10:00:00 192.0.2.1 GET /",
            "HIT|200|1764230400000|412|393|192.0.2.1|-|https://example.com/|WA|agent|id|JP",
            "",
        ] {
            assert!(strip(line.as_bytes()).is_none(), "{line}");
        }
    }

    proptest! {
        #[test]
        fn never_panics_and_takes_from_the_front(
            bytes in proptest::collection::vec(any::<u8>(), 0..80),
            text in "(<13>|1 |2026-11-27T10:00:00Z |Nov 7 |Nov 27 |10:00:00 |a: |stdout |F |\\[pod/|\\] |web \\| |x){0,6}",
        ) {
            for line in [&bytes[..], text.as_bytes()] {
                if let Some((rest, _)) = strip(line) {
                    prop_assert!(line.ends_with(rest) && rest.len() < line.len());
                }
            }
        }
    }
}
