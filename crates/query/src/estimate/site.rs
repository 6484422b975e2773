//! The site's visits, views and limited visits over any days, weeks and months.
//!
//! A day's, week's and month's release count the same people with noise of their own, and a week or month is exactly the
//! sum of its days. So days are estimated from all three (`tree`), month by month: for the days of a month count
//! that month, the weeks that touch it, and the days of these. A week or month takes part only where each of its days
//! is published with numbers, before it: else it might hold less than its days or more. A range is the sum of its days,
//! and its variance is that of the same sum, exactly, also where weeks lie across two months.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use headcount_model::{
    calendar::{Day, Period, PeriodKind},
    source::ReadError,
    units::SiteName,
};

use super::{
    super::{Source, State, number::Number, outline},
    measure::Measure,
    tree::{Tree, Whole},
    within::{FURTHER, LIMITED, SECOND, SERIES, Series, VISITS, series},
};

/// The numbers of one site. Reads each month once.
pub struct Site<'a, S> {
    source: &'a S,
    name: &'a SiteName,
    months: RefCell<BTreeMap<Period, Rc<Month>>>,
}

/// The days of a month, reconciled with what else is published.
struct Month {
    /// All measurements that took part, leaves first.
    measured: Vec<(Period, Series)>,
    trees: [Tree; SERIES],
    /// The leaves that are days of this month, with what they show of visits, views and limited visits. These are
    /// differences of rounded sums since the month began, so every range of days shows the sum of what they show.
    days: BTreeMap<Day, (usize, [i64; 3])>,
    /// Weeks, and maybe the month, that are exactly the sum of their days.
    tied: Vec<Period>,
}

/// A sum of days or of other periods.
#[derive(Debug, Clone, Default)]
pub struct Total {
    values: [f64; SERIES],
    shown: [i64; 3],
    /// By how much each measurement entered.
    terms: Vec<(Period, Series, [f64; SERIES])>,
}

impl<'a, S: Source> Site<'a, S> {
    /// The numbers of a site.
    #[must_use]
    pub fn new(source: &'a S, name: &'a SiteName) -> Self {
        Self { source, name, months: RefCell::default() }
    }

    /// A range by its blocks: whole months and days with numbers.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn blocks(&self, blocks: impl IntoIterator<Item = Period>) -> Result<Total, ReadError> {
        let mut total = Total::default();
        let mut days: BTreeMap<Period, Vec<Day>> = BTreeMap::new();
        for block in blocks {
            match block.kind {
                PeriodKind::Day => days.entry(Period::month_of(block.start)).or_default().push(block.start),
                _ => self.add_period(block, &mut total)?,
            }
        }
        for (month, days) in days {
            self.month(month)?.add(&days, &mut total);
        }
        Ok(total)
    }

    /// A day, week or month with numbers.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn period(&self, period: Period) -> Result<Total, ReadError> {
        let mut total = Total::default();
        self.add_period(period, &mut total)?;
        Ok(total)
    }

    fn add_period(&self, period: Period, total: &mut Total) -> Result<(), ReadError> {
        let first = self.month(Period::month_of(period.start))?;
        if period.kind != PeriodKind::Day && !first.tied.contains(&period) {
            if let Some((_, series)) = self.series(period)? {
                total.add_alone(period, series);
            }
            return Ok(());
        }
        let days: Vec<Day> = period.days().collect();
        first.add(&days, total);
        let last = Period::month_of(period.end_day().plus(-1));
        if last != Period::month_of(period.start) {
            self.month(last)?.add(&days, total);
        }
        Ok(())
    }

    fn month(&self, period: Period) -> Result<Rc<Month>, ReadError> {
        if let Some(month) = self.months.borrow().get(&period) {
            return Ok(month.clone());
        }
        let month = Rc::new(self.read(period)?);
        self.months.borrow_mut().insert(period, month.clone());
        Ok(month)
    }

    fn read(&self, month: Period) -> Result<Month, ReadError> {
        let (first, end) = (month.start.monday(), month.end_day().plus(-1).monday().plus(7));
        let mut measured: Vec<(Period, Series)> = Vec::new();
        let mut numbers: BTreeMap<Day, (usize, u64)> = BTreeMap::new();
        for day in (first.number()..end.number()).map(Day::from_number) {
            if let Some((number, series)) = self.series(Period::day(day))? {
                numbers.insert(day, (measured.len(), number));
                measured.push((Period::day(day), series));
            }
        }
        let leaves = measured.len();
        let mut members: Vec<Vec<usize>> = Vec::new();
        let weeks = (first.number()..end.number()).step_by(7).map(|monday| Period::week_of(Day::from_number(monday)));
        for period in weeks.chain([month]) {
            let Some((number, series)) = self.series(period)? else { continue };
            let before = |day| numbers.get(&day).filter(|(_, of_day)| *of_day < number).map(|(leaf, _)| *leaf);
            if let Some(days) = period.days().map(before).collect::<Option<Vec<usize>>>() {
                measured.push((period, series));
                members.push(days);
            }
        }
        let trees = std::array::from_fn(|s| {
            let whole =
                |(w, days): (usize, &Vec<usize>)| Whole { measure: measured[leaves + w].1[s], leaves: days.clone() };
            let wholes = members.iter().enumerate().map(whole).collect();
            Tree::new(measured[..leaves].iter().map(|(_, series)| series[s]).collect(), wholes)
        });
        let own = numbers.range(month.start..month.end_day()).map(|(day, (leaf, _))| (*day, *leaf));
        let days = shown(&trees, own);
        let tied = measured[leaves..].iter().map(|(period, _)| *period).collect();
        Ok(Month { measured, trees, days, tied })
    }

    fn series(&self, period: Period) -> Result<Option<(u64, Series)>, ReadError> {
        Ok(match outline(self.source, self.name, period)? {
            State::Numbers(outline) => series(&outline).map(|series| (outline.number, series)),
            State::Gap | State::Absent => None,
        })
    }
}

/// What the days of a month show, so that sums of what is shown are what is shown of sums.
fn shown(trees: &[Tree; SERIES], days: impl Iterator<Item = (Day, usize)>) -> BTreeMap<Day, (usize, [i64; 3])> {
    let mut sums = [0.0; SERIES];
    let mut before = [0; 3];
    days.map(|(day, leaf)| {
        sums.iter_mut().zip(trees).for_each(|(sum, tree)| *sum += tree.value(leaf));
        let rounded = rounded(&sums);
        let shown = std::array::from_fn(|i| rounded[i].saturating_sub(before[i]));
        before = rounded;
        (day, (leaf, shown))
    })
    .collect()
}

/// Visits, views and limited visits as whole numbers.
#[expect(clippy::cast_possible_truncation, reason = "Cast safety: `as` saturates, and no operand is NaN.")]
fn rounded(values: &[f64; SERIES]) -> [i64; 3] {
    [values[VISITS], values[VISITS] + values[FURTHER], values[LIMITED]].map(|value| value.round() as i64)
}

impl Month {
    /// Adds those of the days that are of this month and have numbers.
    fn add(&self, days: &[Day], total: &mut Total) {
        let chosen: Vec<&(usize, [i64; 3])> = days.iter().filter_map(|day| self.days.get(day)).collect();
        if chosen.is_empty() {
            return;
        }
        for (_, shown) in &chosen {
            total.shown.iter_mut().zip(shown).for_each(|(sum, n)| *sum = sum.saturating_add(*n));
        }
        let leaves: Vec<usize> = chosen.iter().map(|(leaf, _)| *leaf).collect();
        let weights: [Vec<f64>; SERIES] = std::array::from_fn(|s| {
            total.values[s] += leaves.iter().map(|leaf| self.trees[s].value(*leaf)).sum::<f64>();
            let weights = self.trees[s].weights(&leaves);
            weights.leaves.into_iter().chain(weights.wholes).collect()
        });
        for (i, (period, series)) in self.measured.iter().enumerate() {
            let weight: [f64; SERIES] = std::array::from_fn(|s| weights[s][i]);
            if weight != [0.0; SERIES] {
                total.terms.push((*period, *series, weight));
            }
        }
    }
}

impl Total {
    /// A period of which only its own release is known.
    fn add_alone(&mut self, period: Period, series: Series) {
        let values = series.map(|measure| measure.value);
        self.values.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
        self.shown.iter_mut().zip(rounded(&values)).for_each(|(sum, n)| *sum = sum.saturating_add(n));
        self.terms.push((period, series, [1.0; SERIES]));
    }

    fn measure(&self, series: usize) -> Measure {
        Measure { value: self.values[series], variance: variance(self.weighted(series, 1.0)) }
    }

    /// What this is more than another, of one site. Both may lean on the same releases, so variances do not just add up: of two days
    /// of a week, what the week took from one it gave to the other.
    fn more_than(&self, other: &Self, series: usize) -> Measure {
        let terms = self.weighted(series, 1.0).chain(other.weighted(series, -1.0));
        Measure { value: self.values[series] - other.values[series], variance: variance(terms) }
    }

    /// The releases that entered, each with its weight and the variance of its noise.
    fn weighted(&self, series: usize, sign: f64) -> impl Iterator<Item = (Period, f64, f64)> {
        self.terms
            .iter()
            .map(move |(period, measured, weight)| (*period, sign * weight[series], measured[series].variance))
    }

    /// By how many visits this is more than another sum of the same site.
    #[must_use]
    pub fn visits_more_than(&self, other: &Self) -> Measure {
        self.more_than(other, VISITS)
    }

    /// By how many page views this is more than another sum of the same site.
    #[must_use]
    pub fn views_more_than(&self, other: &Self) -> Measure {
        self.visits_more_than(other).plus(self.more_than(other, FURTHER))
    }

    /// Visits.
    #[must_use]
    pub fn visits(&self) -> Measure {
        self.measure(VISITS)
    }

    /// Page views.
    #[must_use]
    pub fn views(&self) -> Measure {
        self.visits().plus(self.measure(FURTHER))
    }

    /// Visits with a second page view.
    #[must_use]
    pub fn second(&self) -> Measure {
        self.measure(SECOND)
    }

    /// Visits as a reader gets them.
    #[must_use]
    pub fn visits_shown(&self) -> Number {
        Number::of(self.visits(), 0).showing(self.shown[0])
    }

    /// Page views as a reader gets them.
    #[must_use]
    pub fn views_shown(&self) -> Number {
        Number::of(self.views(), 0).showing(self.shown[1])
    }

    /// Visits that hit a bound, as a reader gets them.
    #[must_use]
    pub fn limited_shown(&self) -> Number {
        Number::of(self.measure(LIMITED), 0).showing(self.shown[2])
    }
}

/// The variance of a weighted sum of releases, of which each has one noise however often it enters.
fn variance(terms: impl Iterator<Item = (Period, f64, f64)>) -> f64 {
    let mut weights: BTreeMap<Period, (f64, f64)> = BTreeMap::new();
    for (period, weight, variance) in terms {
        weights.entry(period).or_insert((0.0, variance)).0 += weight;
    }
    weights.values().map(|(weight, variance)| weight * weight * variance).sum()
}

#[cfg(test)]
#[path = "site_tests.rs"]
mod tests;
