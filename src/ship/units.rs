//! Durations as logs write them: a number in the unit that the format says, or with its unit behind it.

/// What a number without a unit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Seconds,
    Milliseconds,
    Microseconds,
    Nanoseconds,
}

impl Unit {
    /// How many milliseconds one is.
    fn in_ms(self) -> f64 {
        match self {
            Self::Seconds => 1_000.0,
            Self::Milliseconds => 1.0,
            Self::Microseconds => 1e-3,
            Self::Nanoseconds => 1e-6,
        }
    }
}

/// How many parts a sum may have, such as `0.001+0.012` or `1m2.5s`.
const PARTS_MAX: usize = 8;

/// A duration in whole milliseconds: `0.123`, `12ms`, `1m2.5s`, `105µs`, `0.001+0.012`. A negative part (a load balancer writes
/// -1 for one that did not happen) makes it unknown.
pub(super) fn duration_ms(text: &[u8], unit: Unit) -> Option<u32> {
    let mut rest = std::str::from_utf8(text).ok()?.trim();
    if rest.is_empty() {
        return None;
    }
    let mut sum_ms = 0.0;
    for _ in 0..PARTS_MAX {
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
        let number: f64 = rest[..end].parse().ok()?;
        let after = &rest[end..];
        let unit_end = after.find(|c: char| c.is_ascii_digit() || c == '+').unwrap_or(after.len());
        sum_ms += number * named_unit_ms(after[..unit_end].trim(), unit)?;
        rest = after[unit_end..].strip_prefix('+').unwrap_or(&after[unit_end..]);
        if rest.is_empty() {
            return whole_ms(sum_ms);
        }
    }
    None
}

/// How many milliseconds a unit is, by its name; without one it is `unit`.
fn named_unit_ms(name: &str, unit: Unit) -> Option<f64> {
    Some(match name {
        "" => unit.in_ms(),
        "h" => 3_600_000.0,
        "m" => 60_000.0,
        "s" => Unit::Seconds.in_ms(),
        "ms" => Unit::Milliseconds.in_ms(),
        "us" | "µs" | "μs" => Unit::Microseconds.in_ms(),
        "ns" => Unit::Nanoseconds.in_ms(),
        _ => return None,
    })
}

/// Rounded down, as servers that count whole milliseconds do.
fn whole_ms(ms: f64) -> Option<u32> {
    // A hair more than nothing: 0.29 s is 289.99999999999994 ms in floating point.
    let ms = (ms + 1e-6).floor();
    if !(0.0..=f64::from(u32::MAX)).contains(&ms) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "Cast safety: checked just above")]
    let whole = ms as u32;
    Some(whole)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations() {
        for (text, unit, ms) in [
            ("0.123", Unit::Seconds, Some(123)),
            ("0.29", Unit::Seconds, Some(290)),
            ("12", Unit::Milliseconds, Some(12)),
            ("12ms", Unit::Seconds, Some(12)),
            ("1m2.5s", Unit::Milliseconds, Some(62_500)),
            ("105.3µs", Unit::Seconds, Some(0)),
            ("1500 us", Unit::Seconds, Some(1)),
            ("2000000", Unit::Nanoseconds, Some(2)),
            ("0.001+0.012+0.000", Unit::Seconds, Some(13)),
            ("-1", Unit::Seconds, None),
            ("0.001+-1", Unit::Seconds, None),
            ("-", Unit::Seconds, None),
            ("", Unit::Seconds, None),
            ("1.2.3", Unit::Seconds, None),
            ("5 parsecs", Unit::Seconds, None),
            ("99999999999", Unit::Seconds, None),
        ] {
            assert_eq!(duration_ms(text.as_bytes(), unit), ms, "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..40), text in "[0-9.msuµ+ -]{0,12}") {
            let _ = duration_ms(&bytes, Unit::Seconds);
            let _ = duration_ms(text.as_bytes(), Unit::Nanoseconds);
        }

        #[test]
        fn whole_milliseconds_come_back(ms in 0_u32..4_000_000) {
            let text = format!("{}.{:03}", ms / 1_000, ms % 1_000);
            prop_assert_eq!(duration_ms(text.as_bytes(), Unit::Seconds), Some(ms));
        }
    }
}
