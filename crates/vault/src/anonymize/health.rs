//! How a request was answered: the bin of its time, the bin of its size, the class of its error.
//!
//! It is here because an exact time or size may tell one request, and so one visitor, from all others. Only positions
//! in short public lists leave this file.

pub(super) use headcount_model::keys::ERROR_CLASSES;

use crate::bins;

/// The position in the public list of a time in milliseconds; the last where none was sent.
pub(crate) fn time_bin(ms: Option<u32>) -> u16 {
    bins::RESPONSE_TIMES.position(ms.map(u64::from))
}

/// The position in the public list of a size in bytes; the last where none was sent.
pub(crate) fn size_bin(bytes: Option<u64>) -> u16 {
    bins::RESPONSE_SIZES.position(bytes)
}

/// The position in [`ERROR_CLASSES`] of an HTTP status; `None` where it is no error.
pub(crate) fn error_class(status: u32) -> Option<u8> {
    match status {
        400..=499 => Some(0),
        500..=599 => Some(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use headcount_model::keys::{RESPONSE_SIZES, RESPONSE_TIMES};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn positions_name_the_bin() {
        for (ms, label) in [(Some(0), "<5 ms"), (Some(42), "30-50 ms"), (Some(u32::MAX), ">=30 s"), (None, "(unknown)")]
        {
            assert_eq!(RESPONSE_TIMES[usize::from(time_bin(ms))], label, "{ms:?}");
        }
        for (bytes, label) in [(Some(0), "<1 KiB"), (Some(30_000), "20-50 KiB"), (None, "(unknown)")] {
            assert_eq!(RESPONSE_SIZES[usize::from(size_bin(bytes))], label, "{bytes:?}");
        }
    }

    #[test]
    fn errors_have_a_class() {
        for (status, class) in [(0, None), (200, None), (304, None), (399, None), (600, None), (u32::MAX, None)] {
            assert_eq!(error_class(status), class, "{status}");
        }
        for (status, class) in [(400, "4xx"), (404, "4xx"), (499, "4xx"), (500, "5xx"), (503, "5xx"), (599, "5xx")] {
            assert_eq!(ERROR_CLASSES[usize::from(error_class(status).unwrap())], class, "{status}");
        }
    }

    proptest! {
        #[test]
        fn any_number_gives_an_index(ms in any::<Option<u32>>(), bytes in any::<Option<u64>>(), status in any::<u32>()) {
            prop_assert!(usize::from(time_bin(ms)) < RESPONSE_TIMES.len());
            prop_assert!(usize::from(size_bin(bytes)) < RESPONSE_SIZES.len());
            prop_assert!(error_class(status).is_none_or(|class| usize::from(class) < ERROR_CLASSES.len()));
        }
    }
}
