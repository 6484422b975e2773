//! Reads a time in any of the forms that servers write: RFC 3339 and its neighbours, the form of Apache and nginx, seconds or
//! parts of seconds since 1970, and dates with names.
//!
//! A time without a zone is UTC. The machine's clock and time zone are never looked at: the same log gives the same numbers
//! everywhere.

use super::time::{days_since_1970, month, number};

/// From here on a whole number counts milliseconds since 1970, then microseconds, then nanoseconds: as seconds they would be
/// after the year 5000.
const SECONDS_BELOW: i64 = 100_000_000_000;

/// Milliseconds since 1970 of a time that fills `text`, with or without brackets or quotes around it.
pub(super) fn any_time_unix_ms(text: &[u8]) -> Option<i64> {
    let text = bare(text);
    match text {
        [_, _, b'/', _, _, _, b'/', ..] => clf(text),
        [_, _, _, _, b'-' | b'/', ..] => iso(text),
        [first, ..] if first.is_ascii_digit() => epoch(text),
        _ => named(text),
    }
}

/// Milliseconds since 1970 of a date and a time of day in UTC.
pub(super) fn date_and_clock_unix_ms(date: &[u8], clock: &[u8]) -> Option<i64> {
    let (seconds, rest) = clock_seconds(bare(clock))?;
    let (fraction_ms, rest) = fraction(rest)?;
    Some((days(bare(date))? * 86_400 + seconds - zone_seconds(rest)?) * 1_000 + fraction_ms)
}

/// Without brackets or quotes around it, and without spaces.
fn bare(text: &[u8]) -> &[u8] {
    let text = text.trim_ascii();
    match text {
        [b'[', inner @ .., b']'] | [b'"', inner @ .., b'"'] => inner,
        _ => text,
    }
}

/// `17/May/2015:10:05:03.250 +0200`; the zone may be missing, and a space may stand before the hour.
fn clf(text: &[u8]) -> Option<i64> {
    let (date, rest) = text.split_at_checked(11)?;
    let days = days_since_1970(number(&date[7..])?, month(&date[3..6])?, number(&date[..2])?)?;
    match rest {
        [b':' | b' ', rest @ ..] => day_and_rest(days, rest),
        _ => None,
    }
}

/// `2015-05-17T10:05:03.250Z`, `2015/05/17 10:05:03`.
fn iso(text: &[u8]) -> Option<i64> {
    let (date, rest) = text.split_at_checked(10)?;
    match rest {
        [b'T' | b't' | b' ' | b'_', rest @ ..] => day_and_rest(days(date)?, rest),
        _ => None,
    }
}

/// `Sun, 17 May 2015 10:05:03 GMT` and `Sun May 17 10:05:03 2015`.
fn named(text: &[u8]) -> Option<i64> {
    let mut words = text.split(|byte| matches!(byte, b' ' | b',')).filter(|word| !word.is_empty());
    let _day_of_week = words.next().filter(|word| word.len() >= 3)?;
    let (first, second, third, fourth) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let month_first = first.first().is_some_and(u8::is_ascii_alphabetic);
    let (day, name, year, clock) =
        if month_first { (second, first, fourth, third) } else { (first, second, third, fourth) };
    let name = name.get(..3).filter(|_| name.len() == 3)?;
    let days = days_since_1970(number(year)?, month(name)?, number(day)?)?;
    let (seconds, rest) = clock_seconds(clock)?;
    let (fraction_ms, rest) = fraction(rest)?;
    let zone = if month_first { rest } else { words.next().unwrap_or(rest) };
    Some((days * 86_400 + seconds - zone_seconds(zone)?) * 1_000 + fraction_ms)
}

/// Seconds, milliseconds, microseconds or nanoseconds since 1970, by how large the number is; `1764230400.123` too.
fn epoch(text: &[u8]) -> Option<i64> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let whole: i64 = std::str::from_utf8(&text[..digits]).ok()?.parse().ok()?;
    let (fraction_ms, rest) = fraction(&text[digits..])?;
    if !rest.is_empty() {
        return None;
    }
    if whole < SECONDS_BELOW {
        return Some(whole * 1_000 + fraction_ms);
    }
    let per_ms = [1, 1_000, 1_000_000].into_iter().find(|per_ms| whole / per_ms < SECONDS_BELOW * 1_000)?;
    Some(whole / per_ms)
}

/// The time of day and what follows it, on a day.
fn day_and_rest(days: i64, text: &[u8]) -> Option<i64> {
    let (seconds, rest) = clock_seconds(text)?;
    let (fraction_ms, rest) = fraction(rest)?;
    Some((days * 86_400 + seconds - zone_seconds(rest)?) * 1_000 + fraction_ms)
}

/// The days before `yyyy-mm-dd` or `yyyy/mm/dd`.
fn days(date: &[u8]) -> Option<i64> {
    match date {
        [year @ .., b'-' | b'/', _, _, b'-' | b'/', _, _] if year.len() == 4 => {
            let month_index = usize::try_from(number(&date[5..7])? - 1).ok().filter(|index| *index < 12)?;
            days_since_1970(number(year)?, month_index, number(&date[8..])?)
        }
        _ => None,
    }
}

/// `hh:mm:ss` as seconds of the day, and what follows it; a leap second is the second after `:59`.
fn clock_seconds(text: &[u8]) -> Option<(i64, &[u8])> {
    let (clock, rest) = text.split_at_checked(8)?;
    if clock[2] != b':' || clock[5] != b':' {
        return None;
    }
    let (hour, minute, second) = (number(&clock[..2])?, number(&clock[3..5])?, number(&clock[6..])?);
    (hour < 24 && minute < 60 && second <= 60).then_some((hour * 3_600 + minute * 60 + second, rest))
}

/// The milliseconds of a fraction after a point, comma or colon, and what follows it; a fraction may be missing.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let [b'.' | b',' | b':', after @ ..] = text else {
        return Some((0, text));
    };
    let count = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 || count > 9 {
        return None;
    }
    let ms = (0..3).fold(0, |ms, at| ms * 10 + if at < count { i64::from(after[at] - b'0') } else { 0 });
    Some((ms, &after[count..]))
}

/// By how many seconds a zone is ahead of UTC; none at all is UTC.
fn zone_seconds(zone: &[u8]) -> Option<i64> {
    let zone = zone.trim_ascii();
    if matches!(zone, b"" | b"Z" | b"z") || zone.eq_ignore_ascii_case(b"UTC") || zone.eq_ignore_ascii_case(b"GMT") {
        return Some(0);
    }
    let (sign, digits) = match zone {
        [b'+', digits @ ..] => (1, digits),
        [b'-', digits @ ..] => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match digits {
        [_, _] => (digits, &b"0"[..]),
        [_, _, b':', _, _] => (&digits[..2], &digits[3..]),
        [_, _, _, _] => digits.split_at(2),
        _ => return None,
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MS: i64 = 1_431_857_103_000;

    #[test]
    fn the_same_time_in_many_forms() {
        for text in [
            "17/May/2015:10:05:03 +0000",
            "[17/May/2015:12:05:03 +0200]",
            "17/May/2015:10:05:03",
            "17/May/2015 10:05:03",
            "2015-05-17T10:05:03Z",
            "2015-05-17T10:05:03+00:00",
            "2015-05-17T19:05:03.000000+09:00",
            "2015-05-17T05:05:03-0500",
            "2015-05-17 10:05:03",
            "2015-05-17 10:05:03,000",
            "2015-05-17 10:05:03 UTC",
            "2015/05/17 10:05:03.000",
            "\"2015-05-17T12:05:03+02\"",
            "1431857103",
            "1431857103.000",
            "1431857103000",
            "1431857103000000",
            "1431857103000000000",
            "Sun, 17 May 2015 10:05:03 GMT",
            "Sun May 17 10:05:03 2015",
            "Sun May 17 10:05:03.000123 2015",
        ] {
            assert_eq!(any_time_unix_ms(text.as_bytes()), Some(MS), "{text}");
        }
        assert_eq!(any_time_unix_ms(b"1431857103.1239"), Some(MS + 123));
        assert_eq!(any_time_unix_ms(b"2015-05-17T10:05:03.5Z"), Some(MS + 500));
        assert_eq!(date_and_clock_unix_ms(b"2015-05-17", b"10:05:03"), Some(MS));
        assert_eq!(date_and_clock_unix_ms(b"\"2015-05-17\"", b"\"10:05:03.250\""), Some(MS + 250));
    }

    #[test]
    fn what_is_no_time() {
        for text in [
            "",
            "-",
            "yesterday",
            "2015-05-17",
            "2015-13-17T10:05:03Z",
            "2015-02-30T10:05:03Z",
            "2015-05-17T10:05:03X",
            "2015-05-17T24:05:03Z",
            "17/May/2015",
            "31/Feb/2015:10:05:03 +0000",
            "12 apples",
            "99999999999999999999999",
            "Sun, 17 Mai 2015 10:05:03 GMT",
        ] {
            assert_eq!(any_time_unix_ms(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_jiff(ms in 0_i64..4_000_000_000_000) {
            let time = jiff::Timestamp::from_millisecond(ms).unwrap();
            prop_assert_eq!(any_time_unix_ms(time.to_string().as_bytes()), Some(ms));
            prop_assert_eq!(any_time_unix_ms(format!("{}.{:03}", ms / 1_000, ms % 1_000).as_bytes()), Some(ms));
        }

        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..64), text in "[0-9A-Za-z:/., +-]{0,32}") {
            let _ = any_time_unix_ms(&bytes);
            let _ = any_time_unix_ms(text.as_bytes());
            let _ = date_and_clock_unix_ms(text.as_bytes(), &bytes);
        }
    }
}
