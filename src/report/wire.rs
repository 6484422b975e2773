//! The protocol's numbers as the one formatter knows them, for all who read as a client does: reports, published pages, mails.
//!
//! It computes nothing and words nothing.

use headcount_model::{
    format::{ChangeInterval, Interval},
    why::Why,
};

use crate::proto::{Change, Reason, Value};

/// The number with its interval; `None` without an estimate.
pub(crate) fn interval(value: &Value) -> Option<Interval> {
    let estimate = value.estimate?;
    Some(Interval { estimate, low: value.low, high: value.high, is_within_noise: value.noisy_zero })
}

/// Whether what is seen may be noise alone.
pub(crate) fn is_noise(value: Option<&Value>) -> bool {
    value.is_some_and(|value| value.noisy_zero && value.estimate.is_some())
}

/// The change with its interval; `None` without an estimate.
pub(crate) fn change(change: &Change) -> Option<ChangeInterval> {
    let (low, high, is_within_noise) = (change.low, change.high, change.within_noise);
    Some(ChangeInterval { estimate: change.estimate?, low, high, is_within_noise })
}

/// Why there is no number; `None` where the server does not say.
pub(crate) fn why(reason: Reason) -> Option<Why> {
    Why::named(&reason.as_str_name().trim_start_matches("REASON_").to_lowercase())
}
