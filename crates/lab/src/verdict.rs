//! Is it better? For each place, period and setting of Wikimedia's: headcount in the profile that is recommended for
//! such a site, with its pages known.

use serde::Serialize;

use super::{
    Place,
    pages::KINDS,
    report::{Method, PageRow},
    score::Score,
};

/// Of the keys that are truly zero, at most this share may be published as above zero.
pub(super) const SPURIOUS_MAX: f64 = 0.001;

/// The outcome of one comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// The site.
    pub place: String,
    /// The kind of period.
    pub period: &'static str,
    /// What headcount is compared with.
    pub against: Method,
    /// The profile.
    pub profile: &'static str,
    /// headcount's score.
    pub headcount: Score,
    /// The other's.
    pub wikimedia: Score,
    /// Why it is not better; empty where it is.
    pub failures: Vec<&'static str>,
}

impl Verdict {
    /// Whether headcount is better.
    #[must_use]
    pub fn is_better(&self) -> bool {
        self.failures.is_empty()
    }
}

/// All comparisons of a place.
pub(super) fn verdicts(place: &Place, rows: &[PageRow]) -> Vec<Verdict> {
    let find = |period: &str, method: &dyn Fn(&Method) -> bool| {
        rows.iter().filter(move |row| row.period == period).filter(|row| method(&row.method)).collect::<Vec<_>>()
    };
    let ours = Method::headcount(place.profile, true);
    let mut verdicts = Vec::new();
    for kind in KINDS {
        let period = kind.name();
        let Some(headcount) = find(period, &|method| *method == ours).first().map(|row| row.score) else { continue };
        for row in find(period, &|method| method.is_rival_of(place.profile)) {
            verdicts.push(Verdict {
                place: place.name.clone(),
                period,
                against: row.method.clone(),
                profile: place.profile,
                headcount,
                wikimedia: row.score,
                failures: failures(&headcount, &row.score),
            });
        }
    }
    verdicts
}

fn failures(headcount: &Score, wikimedia: &Score) -> Vec<&'static str> {
    let (mine, theirs) = (headcount.dropped.unwrap_or(1.0), wikimedia.dropped.unwrap_or(1.0));
    let is_nearer = headcount.median_error.zip(wikimedia.median_error).is_some_and(|(mine, theirs)| mine < theirs);
    let mut failures = Vec::new();
    if !is_nearer {
        failures.push("error");
    }
    if mine > theirs || (theirs > 0.0 && mine == theirs) {
        failures.push("dropped");
    }
    if headcount.spurious.is_some_and(|share| share > SPURIOUS_MAX) {
        failures.push("spurious");
    }
    failures
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn better_means_in_all_three_ways() {
        let score = |error, dropped, spurious| {
            let score = Score::of(vec![]);
            Score { median_error: Some(error), dropped: Some(dropped), spurious, ..score }
        };
        let theirs = score(0.2, 0.5, None);
        assert_eq!(failures(&score(0.1, 0.0, Some(0.001)), &theirs), [""; 0]);
        assert_eq!(failures(&score(0.2, 0.5, Some(0.002)), &theirs), ["error", "dropped", "spurious"]);
        assert_eq!(failures(&score(0.1, 0.0, None), &score(0.2, 0.0, None)), [""; 0]);
        assert_eq!(failures(&score(0.1, 0.1, None), &score(0.2, 0.0, None)), ["dropped"]);
    }
}
