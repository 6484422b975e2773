//! One release made to agree with itself: its visits were counted directly and, by every complete table, once more.

use headcount_model::{
    release::{KeyNumbers, Outline, Release, TableNumbers, TableSum},
    tables::Table,
};

use super::measure::{Measure, agree, combine};

/// How many series of the site there are.
pub(super) const SERIES: usize = 4;
/// Visits: first page views.
pub(super) const VISITS: usize = 0;
/// Visits with a second page view.
pub(super) const SECOND: usize = 1;
/// All page views but the first of each visit.
pub(super) const FURTHER: usize = 2;
/// Visits that hit a bound.
pub(super) const LIMITED: usize = 3;

/// Numbers of the site; the noise of visits is independent of that of the others.
pub(super) type Series = [Measure; SERIES];

/// Which counters of a key are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All of them: views of a page, visits by any other key.
    All,
    /// The first: visitors of a page on a day.
    First,
}

impl Part {
    pub(super) fn of(self, key: &KeyNumbers, sigma_milli: u64) -> Measure {
        let counters = if self == Self::All { key.counts.len() } else { 1 };
        Measure::sum(key.counts.iter().take(counters).map(|count| Measure::counted(*count, sigma_milli)))
    }
}

/// Whether the keys of this release's table add up to its visits.
pub(super) fn is_partition(numbers: &TableNumbers) -> bool {
    numbers.table.is_complete() && numbers.threshold == 0 && !numbers.keys.is_empty()
}

/// The visits of a release from all that measures them, but for one table.
fn visits(release: &Outline, without: Option<Table>) -> Option<Measure> {
    let direct = release.site_numbers.as_ref()?.ranks.first().map(|noisy| Measure::noisy(*noisy))?;
    let tables = release.sums.iter().filter(|sum| Some(sum.table) != without);
    combine([direct].into_iter().chain(tables.map(sum)))
}

/// The visits as a table counted them.
fn sum(sum: &TableSum) -> Measure {
    let counter = Measure::counted(sum.count, sum.sigma_milli);
    Measure { variance: f64::from(sum.counters) * counter.variance, ..counter }
}

/// The site's numbers of a day, week or month, by this release alone.
pub(super) fn series(release: &Outline) -> Option<Series> {
    let numbers = release.site_numbers.as_ref()?;
    let further = || numbers.ranks.iter().skip(1).map(|noisy| Measure::noisy(*noisy));
    Some([
        visits(release, None)?,
        further().next().unwrap_or_default(),
        Measure::sum(further()),
        Measure::noisy(numbers.limited),
    ])
}

/// What the keys of a table are parts of: page views, or visits.
pub(super) fn whole_of(release: &Outline, table: Table, part: Part) -> Option<Measure> {
    let series = series(release)?;
    let is_views = table == Table::Page && part == Part::All;
    Some(if is_views { series[VISITS].plus(series[FURTHER]) } else { series[VISITS] })
}

/// The numbers of the keys of a table, in the order of the keys. Those of a complete table are made to agree with what
/// everything else in the release says of its visits.
pub(super) fn values(release: &Release, outline: &Outline, table: Table, part: Part) -> Vec<Measure> {
    let Some(numbers) = release.table(table) else { return Vec::new() };
    let mut values: Vec<Measure> = numbers.keys.iter().map(|key| part.of(key, numbers.sigma_milli)).collect();
    if is_partition(numbers)
        && let Some(total) = visits(outline, Some(table))
    {
        agree(&mut values, total);
    }
    values
}
