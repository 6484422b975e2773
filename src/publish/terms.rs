//! The parameters under which the numbers of a site were made, as whoever computes with them needs them.

use crate::proto::GetPrivacyResponse;

/// The promise of a site and its noise.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Terms {
    pub profile: String,
    pub epsilon: f64,
    pub delta: f64,
    /// To a visitor who comes on every day of a week, a month and a year: epsilon and delta.
    pub regular: [(f64, f64); 3],
    pub views_per_visitor_day: u32,
    pub views_per_page: u32,
    pub noise: Vec<Noise>,
}

/// The noise of a table in a period.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Noise {
    pub table: String,
    pub period: String,
    pub what: String,
    pub sigma: f64,
    pub threshold: i64,
}

impl Terms {
    pub(super) fn of(answer: &GetPrivacyResponse) -> Self {
        let bounds = answer.bounds.unwrap_or_default();
        let noise = answer.mechanisms.iter().map(|mechanism| Noise {
            table: word(mechanism.table().as_str_name(), "TABLE_"),
            period: word(mechanism.period().as_str_name(), "PERIOD_KIND_"),
            what: mechanism.what.clone(),
            sigma: mechanism.sigma,
            threshold: mechanism.threshold,
        });
        Self {
            profile: answer.profile.clone(),
            epsilon: answer.epsilon,
            delta: answer.delta,
            regular: [
                (answer.epsilon_week, answer.delta_week),
                (answer.epsilon_month, answer.delta_month),
                (answer.epsilon_year, answer.delta_year),
            ],
            views_per_visitor_day: bounds.views_per_visitor_day,
            views_per_page: bounds.views_per_page,
            noise: noise.collect(),
        }
    }
}

/// A name of the protocol in small letters: `TABLE_RESPONSE_TIME` is `response-time`.
fn word(name: &str, prefix: &str) -> String {
    name.trim_start_matches(prefix).to_lowercase().replace('_', "-")
}
