//! Reads the time of a log line, such as `17/May/2015:10:05:03 +0200`, into milliseconds since 1970.
//!
//! Written by hand because it runs once a line and the format has one shape: fixed places, English month names.
//! It never looks at the machine's clock or time zone; the offset in the line is all that counts.

/// The shortest text that can be a time: `dd/Mon/yyyy:hh:mm:ss +hhmm`.
const TIME_BYTES_MIN: usize = 26;

/// Days from 0001-01-01 to 1970-01-01 in the Gregorian calendar.
const DAYS_BEFORE_1970: i64 = 719_162;

/// Days of a common year before each month.
const DAYS_BEFORE_MONTH: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

/// Days of each month of a common year.
const DAYS_IN_MONTH: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// Reads a time at the start of `text` that ends with `]`.
///
/// Returns milliseconds since 1970-01-01T00:00:00Z and how many bytes were read, the bracket included. A fraction
/// of a second is allowed (`10:05:03.250`); a leap second (`:60`) is the second after `:59`. `None` where the text
/// is not a time or names a day that does not exist.
pub(super) fn bracketed_time_unix_ms(text: &[u8]) -> Option<(i64, usize)> {
    if text.len() <= TIME_BYTES_MIN {
        return None;
    }
    let separators = [(2, b'/'), (6, b'/'), (11, b':'), (14, b':'), (17, b':')];
    if separators.iter().any(|&(at, byte)| text[at] != byte) {
        return None;
    }
    let days = days_since_1970(number(&text[7..11])?, month(&text[3..6])?, number(&text[0..2])?)?;
    let (hour, minute, second) = (number(&text[12..14])?, number(&text[15..17])?, number(&text[18..20])?);
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (fraction_ms, fraction_bytes) = fraction(&text[20..])?;
    let rest = &text[20 + fraction_bytes..];
    let offset_seconds = offset_seconds(rest)?;
    let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second - offset_seconds;
    Some((seconds * 1_000 + fraction_ms, 20 + fraction_bytes + 7))
}

/// Days from 1970-01-01 to a date of the Gregorian calendar; `None` where there is no such date.
///
/// Counted as 365 days for each whole year before, one more for each leap year among them, and the days of this
/// year before the date.
pub(super) fn days_since_1970(year: i64, month_index: usize, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let leap_day = i64::from(leap && month_index == 1);
    if year < 1 || day < 1 || day > DAYS_IN_MONTH[month_index] + leap_day {
        return None;
    }
    let whole_years = year - 1;
    let leap_days = whole_years / 4 - whole_years / 100 + whole_years / 400;
    let leap_day_passed = i64::from(leap && month_index > 1);
    let day_of_year = DAYS_BEFORE_MONTH[month_index] + leap_day_passed + day - 1;
    Some(whole_years * 365 + leap_days + day_of_year - DAYS_BEFORE_1970)
}

/// The month's index from 0, by its English short name in any case.
pub(super) fn month(name: &[u8]) -> Option<usize> {
    const NAMES: &[u8; 36] = b"janfebmaraprmayjunjulaugsepoctnovdec";
    NAMES.chunks_exact(3).position(|known| known.eq_ignore_ascii_case(name))
}

/// A decimal number of a few digits and nothing else.
pub(super) fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0_i64, |value, byte| byte.is_ascii_digit().then(|| value * 10 + i64::from(byte - b'0')))
}

/// An optional `.` with 1 to 9 digits: its milliseconds (the rest is cut off) and its length in bytes.
fn fraction(text: &[u8]) -> Option<(i64, usize)> {
    if text.first() != Some(&b'.') {
        return Some((0, 0));
    }
    let digits = text[1..].iter().take_while(|b| b.is_ascii_digit()).count();
    if digits == 0 || digits > 9 {
        return None;
    }
    let milliseconds = (0..3).fold(0, |value, index| {
        let digit = if index < digits { text[1 + index] - b'0' } else { 0 };
        value * 10 + i64::from(digit)
    });
    Some((milliseconds, 1 + digits))
}

/// Reads ` +hhmm]`: the seconds by which local time is ahead of UTC.
fn offset_seconds(text: &[u8]) -> Option<i64> {
    if text.len() < 7 || text[0] != b' ' || text[6] != b']' {
        return None;
    }
    let (hours, minutes) = (number(&text[2..4])?, number(&text[4..6])?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    let seconds = hours * 3_600 + minutes * 60;
    match text[1] {
        b'+' => Some(seconds),
        b'-' => Some(-seconds),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::bracketed_time_unix_ms as read;

    #[test]
    fn known_times() {
        assert_eq!(read(b"01/Jan/1970:00:00:00 +0000]"), Some((0, 27)));
        assert_eq!(read(b"17/May/2015:10:05:03 +0000]x"), Some((1_431_857_103_000, 27)));
        assert_eq!(read(b"01/Aug/1995:00:00:01 -0400]"), Some((807_249_601_000, 27)));
        assert_eq!(read(b"29/feb/2024:23:59:60 +0900]"), Some((1_709_218_800_000, 27)));
        assert_eq!(read(b"01/Jan/1970:00:00:00.1239 +0000]"), Some((123, 32)));
    }

    #[test]
    fn what_is_no_time() {
        for text in [
            "",
            "17/May/2015:10:05:03",
            "17/May/2015:10:05:03 +0000",
            "31/Feb/2015:10:05:03 +0000]",
            "29/Feb/2023:10:05:03 +0000]",
            "00/May/2015:10:05:03 +0000]",
            "17/Mai/2015:10:05:03 +0000]",
            "17/May/2015:24:05:03 +0000]",
            "17/May/2015:10:60:03 +0000]",
            "17/May/2015:10:05:61 +0000]",
            "17/May/2015:10:05:03 +2400]",
            "17/May/2015:10:05:03 *0000]",
            "17/May/2015:10:05:03. +0000]",
            "17/May/0000:10:05:03 +0000]",
            "2015-05-17T10:05:03+00:00]   ",
        ] {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        /// jiff writes any second of four thousand years; the same second comes back.
        #[test]
        fn agrees_with_jiff(second in -60_000_000_000_i64..60_000_000_000, offset_minutes in -840_i32..=840) {
            let offset = jiff::tz::Offset::from_seconds(offset_minutes * 60).unwrap();
            let zoned = jiff::Timestamp::from_second(second).unwrap().to_zoned_datetime(offset.to_time_zone());
            let text = zoned.strftime("%d/%b/%Y:%H:%M:%S %z]").to_string();
            prop_assert_eq!(read(text.as_bytes()), Some((second * 1_000, 27)));
        }

        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = read(&bytes);
        }
    }
}
