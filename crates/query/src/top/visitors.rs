//! The visitors of pages. They are published for whole days and whole months, and never added up over several, nor over the
//! days of a week: who comes back would count twice.

use std::sync::Arc;

use headcount_model::{calendar::PeriodKind, release::Release, source::ReadError, tables::Table};

use super::rows::Reader;
use crate::{
    Source,
    estimate::{Part, direct::Directs, keys::Shown, site::Total},
    number::{Number, Why},
};

/// The visitors of pages: on a day those who saw it first, in a month those of its sketch.
pub(super) enum Visitors {
    Day(Directs, Vec<Shown>),
    Month(Arc<Release>),
    None,
}

impl Visitors {
    /// Those of the pages of a range that is this block; none can be told where it is none.
    pub(super) fn of_pages<S: Source>(
        reader: &Reader<'_, S>,
        exact: Option<&Arc<Release>>,
        total: &Total,
    ) -> Result<Self, ReadError> {
        let Some(release) = exact else { return Ok(Self::None) };
        match release.kind() {
            PeriodKind::Day => {}
            PeriodKind::Month => return Ok(Self::Month(release.clone())),
            _ => return Ok(Self::None),
        }
        let keys = reader.keys(std::slice::from_ref(release), Part::First);
        let direct = keys.direct()?;
        let shown = keys.shown(&direct, total.visits_shown().estimate.unwrap_or(0))?;
        Ok(Self::Day(direct, shown))
    }

    /// Those of one page with so many views.
    pub(super) fn of(&self, key: &str, views: Number) -> Number {
        match self {
            Self::None => Number::absent(Why::VisitorsDoNotAdd),
            // Each has one view at least; the interval stays as it is.
            Self::Day(direct, shown) => direct.position(key).map_or(Number::absent(Why::NotMeasured), |position| {
                let number = shown[position].number;
                number.showing(number.estimate.unwrap_or(0).min(views.estimate.unwrap_or(i64::MAX)))
            }),
            Self::Month(release) => {
                let found = release.table(Table::Page).and_then(|table| table.key(key)?.visitors);
                found.map_or(Number::absent(Why::NotMeasured), Number::measured)
            }
        }
    }
}
