//! Reads the past of a table's keys: up to 28 published days before a range, and the last month published before it.
//!
//! Only releases with a smaller number than all of the range are read, so what is published later changes no answer.

use std::{iter::Peekable, sync::Arc};

use headcount_model::{
    calendar::{Day, Period, PeriodKind},
    release::Release,
    source::ReadError,
    tables::Table,
    units::SiteName,
};

use super::{
    super::{Source, State, state},
    fresh,
    keys::Direct,
    measure::Measure,
    usual::{self, Scatter, Share},
    within::{self, Part},
};

/// How many days are looked at: four weeks, so that every day of the week counts alike.
pub(super) const DAYS: usize = 28;
/// From how many days on a past is long.
const LONG_DAYS: f64 = 14.0;
/// How far back the first of them may lie, in days.
const DAYS_BACK: i32 = 62;
/// How far back the last month may have begun, in days.
const MONTH_BACK: i32 = 400;
/// A total that is not this many standard errors above zero says nothing of shares.
const TOTAL_CLEAR: f64 = 3.0;

/// Up to this size a number is shown as the best guess at it.
const SMALL_UP_TO: f64 = 40.0;
/// From this size on it is shown as it was measured.
const FAIR_FROM: f64 = 90.0;
/// The same in standard errors, where a long past says what is usual and these are larger: a number that noise hides is
/// shown as the best guess at it.
const HIDDEN_UP_TO: f64 = 1.5;
/// From so many standard errors on a number stands out of the noise.
const CLEAR_FROM: f64 = 3.0;

/// What a number of a complete table with a long past counts as, of its size.
const STEADY: f64 = 0.67;
/// How much of what is too much in a sum such a number bears, beside a small one that is as sure.
const FIRM: f64 = 0.01;

/// Whose past is asked for.
pub(super) struct Ask<'a, S> {
    pub(super) source: &'a S,
    pub(super) site: &'a SiteName,
    pub(super) table: Table,
    pub(super) part: Part,
}

/// What the keys usually have.
pub(super) struct Past {
    is_open: bool,
    is_steady: bool,
    days: f64,
    /// By key, in order.
    shares: Vec<(String, Share)>,
    scatter: f64,
}

/// A past period.
struct Seen<'r> {
    whole: f64,
    days: f64,
    values: Vec<(&'r str, Measure)>,
}

impl Past {
    /// The past before these blocks.
    pub(super) fn read<S: Source>(ask: &Ask<'_, S>, blocks: &[Arc<Release>]) -> Result<Self, ReadError> {
        let releases = ask.releases(blocks)?;
        let seen: Vec<Seen<'_>> =
            releases.iter().filter_map(|release| Seen::of(release, ask.table, ask.part)).collect();
        let keys = keys(&seen);
        let shares = shares(&seen, &keys);
        let mut scatter = Scatter::default();
        for day in seen.iter().filter(|period| period.days <= 1.0) {
            for (place, measure) in day.placed(&keys) {
                if let Some(share) = &shares[place] {
                    scatter.learn(measure, share.0.value * day.whole);
                }
            }
        }
        let known = keys.into_iter().zip(shares).filter_map(|(key, share)| Some((key.to_owned(), share?)));
        let shares = known.collect();
        let days = seen.iter().map(|period| period.days).sum();
        Ok(Self {
            is_open: ask.table.is_open_key_space(),
            is_steady: ask.table.is_complete(),
            days,
            shares,
            scatter: scatter.relative(),
        })
    }

    /// Whether the past is long enough to say what the keys have, rather than what keys like these have.
    pub(super) fn is_long(&self) -> bool {
        self.days >= LONG_DAYS
    }

    /// The best guess at a key.
    pub(super) fn best(&self, key: &str, direct: &Direct) -> Measure {
        let measured = direct.measure;
        let found = self.shares.binary_search_by(|(known, _)| known.as_str().cmp(key));
        match found.ok().map(|place| &self.shares[place].1) {
            Some(share) => {
                let usual = share.of(direct.whole);
                let guess = usual::lean(measured, usual, direct.days, self.scatter);
                // What was measured has its say too, but with the little weight that its noise leaves it.
                let level = usual.value.midpoint(guess.value);
                if !self.is_long() {
                    return fair(guess, measured, level, 0.0);
                }
                // Keys of a public list have steady shares, so their past is a better guide.
                let level = if self.is_steady { STEADY * level } else { level };
                fair(guess, measured, level, measured.standard_error())
            }
            // A key that passed a threshold is large; one of a public list may be of any size.
            // Many days speak for themselves.
            None if self.is_open && !direct.is_chosen && direct.days < LONG_DAYS => {
                let level = measured.value - measured.standard_error();
                fair(fresh::guess(measured, direct.whole), measured, level, 0.0)
            }
            None => measured,
        }
    }
}

/// A guess, for small numbers; what was measured, for large ones; between them, some of both. `level`: how large the number is
/// without its noise, as far as that is known. `noise`: how large noise alone is here.
///
/// A guess is nearer to the truth, but it is off the same way for all numbers of a size: large ones come out too small. That
/// pays where noise hides the number anyway, and not where people compare numbers.
fn fair(guess: Measure, direct: Measure, level: f64, noise: f64) -> Measure {
    let (small, large) = (SMALL_UP_TO.max(HIDDEN_UP_TO * noise), FAIR_FROM.max(CLEAR_FROM * noise));
    let lean = ((large - level) / (large - small)).clamp(0.0, 1.0);
    Measure {
        value: direct.value + lean * (guess.value - direct.value),
        variance: guess.variance * (lean + FIRM * (1.0 - lean)),
    }
}

impl<S: Source> Ask<'_, S> {
    /// The month, if there is one, and the days.
    fn releases(&self, blocks: &[Arc<Release>]) -> Result<Vec<Arc<Release>>, ReadError> {
        let (Some(first), Some(number)) = (blocks.first(), blocks.iter().map(|b| b.number).min()) else {
            return Ok(Vec::new());
        };
        let start = first.period.start;
        let has_table = |release: &Release| release.table(self.table).is_some();
        let mut releases = latest(self.source, self.site, (PeriodKind::Month, 1), start, number, has_table)?;
        releases.extend(latest(self.source, self.site, (PeriodKind::Day, DAYS), start, number, has_table)?);
        Ok(releases)
    }
}

/// The latest releases, so many of a kind, that ended by a day, were published before a number, and are of use.
pub(super) fn latest(
    source: &impl Source,
    site: &SiteName,
    (kind, most): (PeriodKind, usize),
    end: Day,
    number: u64,
    is_of_use: impl Fn(&Release) -> bool,
) -> Result<Vec<Arc<Release>>, ReadError> {
    let days_back = if kind == PeriodKind::Month { MONTH_BACK } else { DAYS_BACK };
    let mut found = Vec::new();
    let periods = source.published(site, kind, end.plus(-days_back), end.plus(-1));
    for period in periods.into_iter().rev().filter(|period: &Period| period.end_day() <= end) {
        if found.len() >= most {
            break;
        }
        if let State::Numbers(release) = state(source, site, period)?
            && release.number < number
            && is_of_use(&release)
        {
            found.push(release);
        }
    }
    Ok(found)
}

impl<'r> Seen<'r> {
    fn of(release: &'r Release, table: Table, part: Part) -> Option<Self> {
        let whole = within::whole_of(release, table, part)?;
        let is_clear = whole.value > TOTAL_CLEAR * whole.standard_error();
        is_clear.then(|| Self {
            whole: whole.value,
            days: release.period.days().count() as f64,
            values: within::values(release, table, part),
        })
    }

    /// The values, each with the place of its key among all keys in order.
    fn placed(&self, keys: &[&str]) -> impl Iterator<Item = (usize, Measure)> {
        let mut place = 0;
        self.values.iter().filter_map(move |(key, measure)| {
            place += keys[place..].iter().position(|known| known == key)?;
            Some((place, *measure))
        })
    }
}

/// All keys, in order. Those of each period are in order, so nothing is looked up: there are thousands in each of some 30
/// periods, and this is done for each point of a key's series.
fn keys<'r>(seen: &[Seen<'r>]) -> Vec<&'r str> {
    seen.iter().fold(Vec::new(), |keys, period| {
        let mut known = keys.into_iter().peekable();
        let mut new = period.values.iter().map(|(key, _)| *key).peekable();
        let mut both = Vec::with_capacity(known.len().max(new.len()));
        while let Some(key) = lesser(&mut known, &mut new) {
            both.push(key);
        }
        both
    })
}

/// The lesser of what comes next, which is taken out of both.
fn lesser<'r>(
    known: &mut Peekable<impl Iterator<Item = &'r str>>,
    new: &mut Peekable<impl Iterator<Item = &'r str>>,
) -> Option<&'r str> {
    let key = known.peek().into_iter().chain(new.peek()).copied().min()?;
    known.next_if_eq(&key);
    new.next_if_eq(&key);
    Some(key)
}

/// Each key's share of the whole, from the month (which comes first) and from the days together.
fn shares(seen: &[Seen<'_>], keys: &[&str]) -> Vec<Option<Share>> {
    let mut pasts = vec![[usual::Past::default(); 2]; keys.len()];
    for period in seen {
        for (place, measure) in period.placed(keys) {
            let past = &mut pasts[place][usize::from(period.days <= 1.0)];
            past.counts = past.counts.plus(measure);
            past.total += period.whole;
            past.days += period.days;
        }
    }
    pasts.into_iter().map(usual::share).collect()
}
