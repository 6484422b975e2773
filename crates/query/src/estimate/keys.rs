//! The keys of a table over a range: first unbiased, with exact variances, then as they are best shown.

use std::{collections::BTreeMap, sync::Arc};

use headcount_model::{
    calendar::{Period, PeriodKind},
    release::{Release, TableNumbers},
    source::ReadError,
    tables::{KeySpace, OTHER_KEY, Table},
    units::SiteName,
};

use super::{
    super::{
        Source, State,
        number::{Number, unpublished},
        plan,
        range::Range,
        state,
    },
    measure::{Measure, agree},
    past::{Ask, Past},
    project::{Goal, Span, project, whole},
    within::{self, Part, find, is_partition},
};

/// From how many days on that stand by themselves a part of a month is made to agree with it.
const DAYS_TO_AGREE: usize = 7;

/// Where the past is short, a number of up to so many standard errors may be noise alone: it moves freely for the sake of a sum.
const LOOSE_UP_TO: f64 = 0.5;
/// From so many on it is not moved at all.
const FIXED_FROM: f64 = 1.5;
/// More standard errors than any interval allows a number to move.
const FREE: f64 = 3.0;

/// What is known of a key from the blocks of a range.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Direct {
    /// Unbiased.
    pub measure: Measure,
    /// The same from the blocks of the range alone: its noise is independent of that of any other range.
    pub plain: Measure,
    /// How much may be missing, because a block did not publish the key.
    pub slack: i64,
    /// In how many blocks it is published.
    blocks: usize,
    /// Whether a block may have published it because its count was large.
    pub(super) is_chosen: bool,
    /// What the blocks that publish it hold together, of which it is a part.
    pub(super) whole: f64,
    /// How many days these blocks have.
    pub(super) days: f64,
}

/// A key as a reader gets it.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// The key.
    pub key: String,
    /// Its number.
    pub number: Number,
    /// The estimate before it was rounded, for sorting.
    pub value: f64,
}

/// The keys of one table of one site over a range.
pub struct Keys<'a, S> {
    /// Where releases come from.
    pub source: &'a S,
    /// The site.
    pub site: &'a SiteName,
    /// The table.
    pub table: Table,
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
    blocks: Vec<&'a Release>,
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
    pub fn direct(&self) -> Result<BTreeMap<&'a str, Direct>, ReadError> {
        let mut found: BTreeMap<&str, Direct> = BTreeMap::new();
        for group in self.groups() {
            let mut sums: BTreeMap<&str, Measure> = BTreeMap::new();
            for block in &group.blocks {
                self.add_block(block, &mut sums, &mut found);
            }
            for (key, sum) in &sums {
                let direct = found.entry(key).or_default();
                direct.plain = direct.plain.plus(*sum);
            }
            if group.days() >= DAYS_TO_AGREE {
                self.agree_with_month(&group, &mut sums)?;
            }
            for (key, sum) in sums {
                let direct = found.entry(key).or_default();
                direct.measure = direct.measure.plus(sum);
            }
        }
        found.remove(OTHER_KEY);
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

    fn add_block(
        &self,
        block: &'a Release,
        sums: &mut BTreeMap<&'a str, Measure>,
        found: &mut BTreeMap<&'a str, Direct>,
    ) {
        let Some(numbers) = block.table(self.table) else { return };
        let whole = within::whole_of(block, self.table, self.part).map_or(0.0, |measure| measure.value);
        let days = block.period.days().count() as f64;
        for ((key, measure), counted) in within::values(block, self.table, self.part).into_iter().zip(&numbers.keys) {
            let sum = sums.entry(key).or_default();
            *sum = sum.plus(measure);
            let direct = found.entry(key).or_default();
            direct.blocks += 1;
            direct.whole += whole;
            direct.days += days;
            let first = counted.counts.first().copied().unwrap_or(0);
            direct.is_chosen |= numbers.threshold > 0 && first >= numbers.threshold;
        }
    }

    /// Uses the month's release where the month is exactly the sum of its days, and a key is published in all of them.
    fn agree_with_month(&self, group: &Group<'_>, sums: &mut BTreeMap<&'a str, Measure>) -> Result<(), ReadError> {
        let State::Numbers(month) = state(self.source, self.site, group.month)? else { return Ok(()) };
        for day in group.month.days().map(Period::day) {
            match state(self.source, self.site, day)? {
                State::Numbers(release) if release.number < month.number => {}
                _ => return Ok(()),
            }
        }
        let others = self.others(group)?;
        let of = |release| within::values(release, self.table, self.part);
        let whole = of(&month);
        let others: Vec<_> = others.iter().map(|release| of(release)).collect();
        let own: Vec<_> = group.blocks.iter().map(|block| of(block)).collect();
        for (key, sum) in sums {
            if own.iter().any(|values| find(values, key).is_none()) {
                continue;
            }
            let rest: Option<Vec<Measure>> = others.iter().map(|values| find(values, key)).collect();
            if let (Some(total), Some(rest)) = (find(&whole, key), rest) {
                let mut rest = Measure::sum(rest);
                agree([sum, &mut rest], total);
            }
        }
        Ok(())
    }

    /// What the rest of a group's month is made of; all of its days have numbers.
    fn others(&self, group: &Group<'_>) -> Result<Vec<Arc<Release>>, ReadError> {
        let (month, mut others) = (group.month, Vec::new());
        let (Some(first), Some(last)) = (group.blocks.first(), group.blocks.last()) else { return Ok(others) };
        let before = Range { from: month.start, to: first.period.start.plus(-1) };
        let after = Range { from: last.period.end_day(), to: month.end_day().plus(-1) };
        for rest in [before, after] {
            let state = |period| plan::state_of_table(self.source, self.site, self.table, period);
            others.extend(plan::cover(rest, state, |_| None)?.blocks);
        }
        Ok(others)
    }

    /// A key that a block did not publish may still have been counted there.
    fn add_slack(&self, found: &mut BTreeMap<&'a str, Direct>) {
        if self.table.key_space() == KeySpace::Public {
            return;
        }
        let hiding = self.hiding_in_blocks();
        for (key, direct) in found.iter_mut().filter(|(_, direct)| direct.blocks < hiding.blocks.len()) {
            direct.slack = hiding.of(key);
        }
    }

    /// What the blocks may hide; none where the table has no threshold.
    #[must_use]
    pub fn hiding(&self) -> Option<Hiding<'a>> {
        (self.table.key_space() != KeySpace::Public).then(|| self.hiding_in_blocks())
    }

    fn hiding_in_blocks(&self) -> Hiding<'a> {
        let blocks = self.blocks.iter().filter_map(|b| Some((b.table(self.table)?, self.hidden(b))));
        Hiding { blocks: blocks.collect() }
    }

    /// How much of a key that a block did not publish may be in it: what the threshold hides, but no more than there is.
    ///
    /// Entry pages follow the published pages, so the threshold is that of the pages: a visit that begins on a page is one
    /// of its first views.
    fn hidden(&self, block: &Release) -> i64 {
        let whole = within::whole_of(block, self.table, self.part).map_or(i64::MAX, |whole| Number::of(whole, 0).high);
        let chosen_by = if self.table.key_space() == KeySpace::Pages { Table::Page } else { self.table };
        let Some(numbers) = block.table(chosen_by) else { return whole };
        // The threshold is on first views; each may be followed by more of the same page.
        let is_views = self.table == Table::Page && self.part == Part::All;
        let times = if is_views { i64::from(block.bounds.views_per_page) } else { 1 };
        unpublished(numbers.threshold, numbers.sigma_milli, times).min(whole)
    }

    /// Every published key as it is best shown. `total`: what the site shows of the whole range.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn shown(&self, direct: &BTreeMap<&'a str, Direct>, total: i64) -> Result<Vec<Key>, ReadError> {
        let ask = Ask { source: self.source, site: self.site, table: self.table, part: self.part };
        let past = Past::read(&ask, self.blocks)?;
        let numbers: Vec<Number> = direct.values().map(|d| Number::of(d.measure, d.slack)).collect();
        let span = |((key, direct_of), number): ((&&str, &Direct), &Number)| {
            let best = past.best(key, direct_of);
            let span =
                Span { target: best.value, spread: best.variance, low: number.low as f64, high: number.high as f64 };
            if past.is_long() { span } else { span.within(reach(direct_of.measure)) }
        };
        let spans: Vec<Span> = direct.iter().zip(&numbers).map(span).collect();
        let values = project(&spans, self.goal(total.max(0) as f64, past.is_long()));
        let keys = direct.keys().zip(numbers).zip(values.iter().zip(whole(&values)));
        Ok(keys
            .map(|((key, number), (&value, shown))| Key {
                key: (*key).to_owned(),
                number: number.showing(shown),
                value,
            })
            .collect())
    }

    /// Whether every visit of the range is counted under one of the keys.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.blocks.iter().all(|block| block.table(self.table).is_some_and(is_partition))
    }

    fn goal(&self, total: f64, is_past_long: bool) -> Goal {
        match (self.is_whole(), self.part) {
            (true, _) => Goal::Exactly(total),
            // Where the past is short, large outcomes weigh more, and guesses do not claim to add up.
            (false, Part::All) if is_past_long && self.table.is_part_of_total() => Goal::AtMost(total),
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
