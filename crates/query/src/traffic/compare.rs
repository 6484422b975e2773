//! The range that a series is compared with, and what changed.
//!
//! A change is told only where nothing of either range is missing: else it would be that of the days that are there.

use headcount_model::{calendar::PeriodKind, source::ReadError};

use super::{Distinct, Figures, Previous, Reader, Whole, periods};
use crate::{
    AskError, Source,
    change::{CHANGE_REACH, Change, Difference},
    estimate::measure::Measure,
    number::Why,
    range::Range,
};

/// From one range to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Changes {
    /// Visits.
    pub visits: Change,
    /// Page views.
    pub views: Change,
    /// Distinct visitors; only between periods of one kind.
    pub visitors: Change,
}

impl<S: Source> Reader<'_, S> {
    /// The range before, and what changed since.
    pub(super) fn previous(&self, before: Range, kind: PeriodKind, now: &Whole) -> Result<Previous, AskError> {
        let points = self.points(periods(self.site, before, kind)?)?;
        let whole = self.compared(before)?;
        let changes = now.changes_since(&whole);
        Ok(Previous { total: whole.point, points, changes })
    }

    /// A range to compare with: it has numbers only where nothing of it is missing.
    fn compared(&self, range: Range) -> Result<Whole, ReadError> {
        let mut whole = self.total(range)?;
        if let Some(why) = whole.why_incomplete() {
            whole.point.figures = Figures::absent(why);
        }
        Ok(whole)
    }
}

impl Whole {
    fn why_incomplete(&self) -> Option<Why> {
        self.cover.missing.first().map(|(_, why)| *why)
    }

    fn changes_since(&self, before: &Self) -> Changes {
        let missing = self.why_incomplete().or(before.why_incomplete());
        let of_sums = |difference: Measure, base: Measure| match missing {
            Some(why) => Change::absent(why),
            None => Change::of(Difference::known(difference, base), CHANGE_REACH),
        };
        let visits = of_sums(self.sum.visits_more_than(&before.sum), before.sum.visits());
        let views = of_sums(self.sum.views_more_than(&before.sum), before.sum.views());
        Changes { visits, views, visitors: self.visitors_since(before, visits) }
    }

    fn visitors_since(&self, before: &Self, visits: Change) -> Change {
        if let Some(why) = before.why_incomplete() {
            return Change::absent(why);
        }
        match (self.visitors, before.visitors) {
            (Some(Distinct::Visits), Some(Distinct::Visits)) => visits,
            (Some(Distinct::Measured(kind, now)), Some(Distinct::Measured(other, then))) if kind == other => {
                Change::of(Difference::between(Measure::measured(now), Measure::measured(then)), CHANGE_REACH)
            }
            _ => {
                let of = |whole: &Self| whole.point.figures.visitors.reason;
                Change::absent(of(self).or(of(before)).unwrap_or(Why::VisitorsDoNotAdd))
            }
        }
    }
}
