//! The keys of a table over a range: first unbiased, with exact variances, then as they are best shown.

use std::{rc::Rc, sync::Arc};

use headcount_model::{
    calendar::{Period, PeriodKind},
    release::{Release, TableNumbers},
    source::ReadError,
    tables::{KeySpace, OTHER_KEY, Table},
};

use super::{
    super::{
        Source, State,
        number::{Number, unpublished},
        outline, plan,
        range::Range,
    },
    columns::{Column, Columns},
    direct::{Directs, Known, Sum, Sums, sums},
    measure::{Measure, agree},
    past::Past,
    project::{Goal, Span, project, whole},
    within::{Part, is_partition},
};

/// From how many days on that stand by themselves a part of a month is made to agree with it.
const DAYS_TO_AGREE: usize = 7;

/// Where the past is short, a number of up to so many standard errors may be noise alone: it moves freely for the sake of a sum.
const LOOSE_UP_TO: f64 = 0.5;
/// From so many on it is not moved at all.
const FIXED_FROM: f64 = 1.5;
/// More standard errors than any interval allows a number to move.
const FREE: f64 = 3.0;

/// A key's number as a reader gets it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shown {
    /// Its number.
    pub number: Number,
    /// The estimate before it was rounded, for sorting.
    pub value: f64,
}

/// The keys of one table of one site over a range.
pub struct Keys<'a, S> {
    /// Where releases are read.
    pub columns: &'a Columns<'a, S>,
    /// Which counters.
    pub part: Part,
    /// The blocks that make up the range.
    pub blocks: &'a [Arc<Release>],
}

/// What blocks may hide of a key that they do not publish.
pub struct Hiding<'a> {
    blocks: Vec<(&'a TableNumbers, i64)>,
}

/// Days and weeks of one month; or a whole month, or a week that lies in two.
struct Group<'a> {
    month: Period,
    blocks: Vec<&'a Arc<Release>>,
}

impl Group<'_> {
    /// Days that stand by themselves: of a week hardly anything more is known once its month is.
    fn days(&self) -> usize {
        self.blocks.iter().filter(|block| block.kind() == PeriodKind::Day).count()
    }
}

impl<'a, S: Source> Keys<'a, S> {
    /// Every published key without bias.
    ///
    /// A week or more of a published month is made to agree with that month and its other days ([`agree`]): 25 days of a
    /// month are then known almost as well as the month. For fewer days it would change little, and their numbers would
    /// change once the month appears; so they stay as they are.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn direct(&self) -> Result<Directs, ReadError> {
        let mut found = Sums::default();
        for group in self.groups() {
            let blocks: Vec<Rc<Column>> = group.blocks.iter().map(|block| self.columns.of(block)).collect();
            let places = self.columns.places();
            blocks.iter().for_each(|block| found.note(block, self.part, places));
            let plain = sums(&blocks, self.part, places);
            let agreed = match group.days() >= DAYS_TO_AGREE {
                true => self.agreed_with_month(&group, &plain)?,
                false => None,
            };
            found.add(&plain, agreed.as_ref().unwrap_or(&plain));
        }
        let mut found = found.sorted(self.columns, OTHER_KEY);
        self.add_slack(&mut found);
        Ok(found)
    }

    fn groups(&self) -> Vec<Group<'a>> {
        let mut groups: Vec<Group<'a>> = Vec::new();
        for block in self.blocks {
            let month = Period::month_of(block.period.start);
            let is_part = block.kind() != PeriodKind::Month && block.period.end_day() <= month.end_day();
            match groups.last_mut().filter(|g| g.month == month && is_part) {
                Some(group) => group.blocks.push(block),
                None => groups.push(Group { month, blocks: vec![block] }),
            }
        }
        groups
    }

    /// Uses the month's release where the month is exactly the sum of its days, for the keys that are published in all of them.
    fn agreed_with_month(&self, group: &Group<'_>, own: &[Sum]) -> Result<Option<Vec<Sum>>, ReadError> {
        let Columns { source, site, .. } = *self.columns;
        let Some(month) = self.columns.at(group.month)? else { return Ok(None) };
        for day in group.month.days().map(Period::day) {
            match outline(source, site, day)? {
                State::Numbers(of_day) if of_day.number < month.number => {}
                _ => return Ok(None),
            }
        }
        let others = self.others(group)?;
        let rest = sums(&others, self.part, self.columns.places());
        let mut agreed = own.to_vec();
        for (place, total) in month.values(self.part) {
            let (Some(sum), mut rest) = (agreed.get_mut(place), rest[place]) else { continue };
            if sum.blocks == group.blocks.len() && rest.blocks == others.len() {
                agree([&mut sum.measure, &mut rest.measure], total);
            }
        }
        Ok(Some(agreed))
    }

    /// What the rest of a group's month is made of; all of its days have numbers.
    fn others(&self, group: &Group<'_>) -> Result<Vec<Rc<Column>>, ReadError> {
        let Columns { source, site, table, .. } = *self.columns;
        let (month, mut others) = (group.month, Vec::new());
        let (Some(first), Some(last)) = (group.blocks.first(), group.blocks.last()) else { return Ok(others) };
        let before = Range { from: month.start, to: first.period.start.plus(-1) };
        let after = Range { from: last.period.end_day(), to: month.end_day().plus(-1) };
        for rest in [before, after] {
            let state = |period| plan::state_of_table(source, site, table, period);
            others.extend(plan::cover(rest, state, |_| None)?.blocks.iter().map(|block| self.columns.of(block)));
        }
        Ok(others)
    }

    /// A key that a block did not publish may still have been counted there.
    fn add_slack(&self, found: &mut Directs) {
        if self.columns.table.key_space() == KeySpace::Public {
            return;
        }
        let hiding = self.hiding_in_blocks();
        for known in found.0.iter_mut().filter(|known| known.direct.blocks < hiding.blocks.len()) {
            known.direct.slack = hiding.of(&known.key);
        }
    }

    /// What the blocks may hide; none where the table has no threshold.
    #[must_use]
    pub fn hiding(&self) -> Option<Hiding<'a>> {
        (self.columns.table.key_space() != KeySpace::Public).then(|| self.hiding_in_blocks())
    }

    fn hiding_in_blocks(&self) -> Hiding<'a> {
        let blocks = self.blocks.iter().filter_map(|b| Some((b.table(self.columns.table)?, self.hidden(b))));
        Hiding { blocks: blocks.collect() }
    }

    /// How much of a key that a block did not publish may be in it: what the threshold hides, but no more than there is.
    ///
    /// Entry pages follow the published pages, so the threshold is that of the pages: a visit that begins on a page is one
    /// of its first views.
    fn hidden(&self, block: &Arc<Release>) -> i64 {
        let table = self.columns.table;
        let whole = self.columns.of(block).whole(self.part).map_or(i64::MAX, |whole| Number::of(whole, 0).high);
        let chosen_by = if table.key_space() == KeySpace::Pages { Table::Page } else { table };
        let Some(numbers) = block.table(chosen_by) else { return whole };
        // The threshold is on first views; each may be followed by more of the same page.
        let is_views = table == Table::Page && self.part == Part::All;
        let times = if is_views { i64::from(block.bounds.views_per_page) } else { 1 };
        unpublished(numbers.threshold, numbers.sigma_milli, times).min(whole)
    }

    /// Every published key as it is best shown, in the order of the keys. `total`: what the site shows of the whole range.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn shown(&self, direct: &Directs, total: i64) -> Result<Vec<Shown>, ReadError> {
        let past = Past::read(self.columns, self.part, self.blocks)?;
        let numbers: Vec<Number> = direct.values().map(|d| Number::of(d.measure, d.slack)).collect();
        let span = |(known, number): (&Known, &Number)| {
            let best = past.best(known.place, &known.direct);
            let span =
                Span { target: best.value, spread: best.variance, low: number.low as f64, high: number.high as f64 };
            if past.is_long() { span } else { span.within(reach(known.direct.measure)) }
        };
        let spans: Vec<Span> = direct.0.iter().zip(&numbers).map(span).collect();
        let values = project(&spans, self.goal(total.max(0) as f64, past.is_long()));
        let shown = numbers.into_iter().zip(values.iter().zip(whole(&values)));
        Ok(shown.map(|(number, (&value, shown))| Shown { number: number.showing(shown), value }).collect())
    }

    /// Whether every visit of the range is counted under one of the keys.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.blocks.iter().all(|block| block.table(self.columns.table).is_some_and(is_partition))
    }

    fn goal(&self, total: f64, is_past_long: bool) -> Goal {
        match (self.is_whole(), self.part) {
            (true, _) => Goal::Exactly(total),
            // Where the past is short, large outcomes weigh more, and guesses do not claim to add up.
            (false, Part::All) if is_past_long && self.columns.table.is_part_of_total() => Goal::AtMost(total),
            // A page view has one page, but a visitor has many.
            _ => Goal::Free,
        }
    }
}

/// How far a number without a long past may be moved for the sake of a sum. Nothing says which numbers are too large, but what
/// is too much in the sum comes from those that are noise alone and cannot be shown below zero.
fn reach(measured: Measure) -> f64 {
    let error = measured.standard_error();
    let loose = (FIXED_FROM * error - measured.value) / ((FIXED_FROM - LOOSE_UP_TO) * error);
    if error > 0.0 { FREE * error * loose.clamp(0.0, 1.0) } else { 0.0 }
}

impl Hiding<'_> {
    /// How much the blocks that do not publish this key may hide of it.
    #[must_use]
    pub fn of(&self, key: &str) -> i64 {
        let hidden = self.blocks.iter().filter(|(numbers, _)| numbers.key(key).is_none()).map(|(_, hidden)| *hidden);
        hidden.fold(0, i64::saturating_add)
    }
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
