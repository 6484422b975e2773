//! One line of an access log, in the "combined" form of the Apache web server.
//!
//! `address - - [day/month/year:hour:minute:second offset] "method target HTTP/1.1" status bytes "referrer" "agent"`.
//! Lines are appended to the caller's buffer, because a month has some hundred thousand of them.

use std::io::Write;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::random::Random;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The fields of a line, apart from its time.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// The client's address.
    pub address: &'a str,
    /// `GET`, `HEAD` or `POST`.
    pub method: &'a str,
    /// Path and query.
    pub target: &'a str,
    /// The response's status.
    pub status: u16,
    /// The response's size in bytes; written as `-` if it is 0.
    pub bytes: u32,
    /// The start of the referrer, e.g. `https://host`, or all of it.
    pub referrer: &'a str,
    /// The rest of the referrer.
    pub referrer_path: &'a str,
    /// The user-agent string.
    pub agent: &'a str,
}

impl Line<'_> {
    /// Appends the line, with its line feed, as written at `second` (since 1970 UTC) by a server in `zone`.
    pub fn write(&self, second: i64, zone: &TimeZone, out: &mut Vec<u8>) {
        let (mut status_digits, mut bytes_digits) = ([0; 10], [0; 10]);
        let bytes = match self.bytes {
            0 => "-",
            bytes => digits(bytes, &mut bytes_digits),
        };
        push_head(self.address, second, zone, out);
        for part in [
            "\"",
            self.method,
            " ",
            self.target,
            " HTTP/1.1\" ",
            digits(u32::from(self.status), &mut status_digits),
            " ",
            bytes,
            " \"",
            self.referrer,
            self.referrer_path,
            "\" \"",
            self.agent,
            "\"\n",
        ] {
            out.extend_from_slice(part.as_bytes());
        }
    }
}

/// Appends a line that is not an access, such as a log holds after a port scan, a crash or a full disk.
pub fn write_malformed(
    form: usize,
    address: &str,
    second: i64,
    zone: &TimeZone,
    random: &mut Random,
    out: &mut Vec<u8>,
) {
    match form % 4 {
        0 => {
            // Apache writes the first bytes of a TLS handshake on a plain port like this.
            push_head(address, second, zone, out);
            out.extend_from_slice(br#""\x16\x03\x01\x02\x00\x01\xfc\x03\x03" 400 226 "-" "-""#);
        }
        1 => {
            // Without line feeds and carriage returns, which would split the line.
            let garbage = (0..48).map(|_| random.bits().to_le_bytes()[3]);
            out.extend(garbage.filter(|byte| !matches!(byte, b'\n' | b'\r')));
        }
        2 => {
            let start = out.len();
            push_head(address, second, zone, out);
            // Cut in the middle of the time, as after a crash.
            out.truncate(start + address.len() + 16);
        }
        _ => {
            push_head(address, second, zone, out);
            out.extend_from_slice(b"\"-\" 408 - \"-\" \"-\"");
        }
    }
    out.push(b'\n');
}

/// Appends the address and the time, up to the blank before the request.
fn push_head(address: &str, second: i64, zone: &TimeZone, out: &mut Vec<u8>) {
    // The plan's days were converted by the same library, so every second is in its range.
    let timestamp = Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH);
    let offset = zone.to_offset(timestamp);
    let local = offset.to_datetime(timestamp);
    let offset_minutes = offset.seconds() / 60;
    let sign = if offset_minutes < 0 { '-' } else { '+' };
    let month = usize::from(local.month().unsigned_abs()).saturating_sub(1);
    out.extend_from_slice(address.as_bytes());
    let written = write!(
        out,
        " - - [{:02}/{}/{:04}:{:02}:{:02}:{:02} {sign}{:02}{:02}] ",
        local.day(),
        MONTHS[month],
        local.year(),
        local.hour(),
        local.minute(),
        local.second(),
        offset_minutes.abs() / 60,
        offset_minutes.abs() % 60,
    );
    debug_assert!(written.is_ok(), "writing to memory cannot fail");
}

/// The decimal digits of `number`, in `space`.
fn digits(mut number: u32, space: &mut [u8; 10]) -> &str {
    let mut start = space.len();
    loop {
        start -= 1;
        space[start] = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
        if number == 0 || start == 0 {
            break;
        }
    }
    std::str::from_utf8(&space[start..]).unwrap_or("0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_in_the_form_of_the_manual() {
        let line = Line {
            address: "192.0.2.7",
            method: "GET",
            target: "/en/?print=1",
            status: 200,
            bytes: 4_294_967_295,
            referrer: "https://www.ministry.example",
            referrer_path: "/ja/",
            agent: "Agent/1.0",
        };
        let mut out = Vec::new();
        let zone = TimeZone::get("America/St_Johns").unwrap();
        line.write(1_793_494_799, &zone, &mut out);
        let expected = "192.0.2.7 - - [31/Oct/2026:22:29:59 -0230] \"GET /en/?print=1 HTTP/1.1\" 200 4294967295 \
                        \"https://www.ministry.example/ja/\" \"Agent/1.0\"\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn malformed_lines_are_single_lines() {
        let mut random = Random::named(1, "malformed");
        for form in 0..400 {
            let mut out = Vec::new();
            write_malformed(form, "192.0.2.7", 0, &TimeZone::UTC, &mut random, &mut out);
            assert_eq!(out.iter().filter(|&&byte| byte == b'\n').count(), 1);
            assert_eq!(out.last(), Some(&b'\n'));
        }
    }

    #[test]
    fn digits_of_the_extremes() {
        assert_eq!(digits(0, &mut [0; 10]), "0");
        assert_eq!(digits(u32::MAX, &mut [0; 10]), "4294967295");
    }
}
