//! The protocol's numbers as the files' rows have them. Nothing is computed.

use headcount_model::why::Why;

use crate::{
    files::Value,
    proto::{self, Reason, TrafficPoint},
    report,
};

/// A number that an answer may not have.
pub(super) fn value(number: Option<&proto::Value>) -> Value {
    let number = number.copied().unwrap_or_default();
    Value {
        estimate: number.estimate,
        low: number.low,
        high: number.high,
        standard_error: number.standard_error,
        reason: reason(number.reason()),
    }
}

/// The word for a reason; empty where there is none.
pub(super) fn reason(reason: Reason) -> &'static str {
    report::why(reason).map_or("", Why::name)
}

/// The metrics of a point by name.
pub(super) fn metrics(point: &TrafficPoint) -> [(&'static str, Value); 4] {
    [
        ("visits", value(point.visits.as_ref())),
        ("views", value(point.views.as_ref())),
        ("visitors", value(point.visitors.as_ref())),
        ("limited_visits", value(point.limited_visits.as_ref())),
    ]
}
