//! The visitors of pages. They are published for whole days and whole months, and never added up over several, nor over the
//! days of a week: who comes back would count twice.

use std::{collections::BTreeMap, sync::Arc};

use headcount_model::{
    calendar::PeriodKind,
    release::Release,
    source::{ReadError, SiteInfo},
    tables::Table,
};

use crate::{
    Source,
    estimate::{
        Part,
        keys::{Key, Keys},
        site::Total,
    },
    number::{Number, Why},
};

/// The visitors of pages: on a day those who saw it first, in a month those of its sketch.
pub(super) enum Visitors<'b> {
    Day(BTreeMap<String, Number>),
    Month(&'b Release),
    None,
}

impl<'b> Visitors<'b> {
    /// Those of the pages of a range that is this block; none can be told where it is none.
    pub(super) fn of_pages(
        source: &impl Source,
        site: &SiteInfo,
        exact: Option<&'b Arc<Release>>,
        total: &Total,
    ) -> Result<Self, ReadError> {
        let Some(release) = exact else { return Ok(Self::None) };
        match release.kind() {
            PeriodKind::Day => {}
            PeriodKind::Month => return Ok(Self::Month(release)),
            _ => return Ok(Self::None),
        }
        let blocks = std::slice::from_ref(release);
        let table = Keys { source, site: &site.name, table: Table::Page, part: Part::First, blocks };
        let shown = table.shown(&table.direct()?, total.visits_shown().estimate.unwrap_or(0))?;
        Ok(Self::Day(shown.into_iter().map(|key| (key.key, key.number)).collect()))
    }

    /// Those of one page.
    pub(super) fn of(&self, key: &Key) -> Number {
        match self {
            Self::None => Number::absent(Why::VisitorsDoNotAdd),
            // Each has one view at least; the interval stays as it is.
            Self::Day(numbers) => numbers.get(&key.key).map_or(Number::absent(Why::NotMeasured), |number| {
                let most = key.number.estimate.unwrap_or(i64::MAX);
                number.showing(number.estimate.unwrap_or(0).min(most))
            }),
            Self::Month(release) => {
                let found = release.table(Table::Page).and_then(|table| table.key(&key.key)?.visitors);
                found.map_or(Number::absent(Why::NotMeasured), Number::measured)
            }
        }
    }
}
