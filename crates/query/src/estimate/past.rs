//! Reads the past of a table's keys: up to 28 published days before a range, and the last month published before it.
//!
//! Only releases with a smaller number than all of the range are read, so what is published later changes no answer.

use std::{rc::Rc, sync::Arc};

use headcount_model::{
    calendar::{Day, Period, PeriodKind},
    release::Release,
    source::ReadError,
    units::SiteName,
};

use super::{
    super::Source,
    columns::{Column, Columns, Place},
    direct::Direct,
    fresh,
    measure::Measure,
    usual::{self, Scatter, Share},
    within::Part,
};

/// How many days are looked at: four weeks, so that every day of the week counts alike.
pub(super) const DAYS: usize = 28;
/// From how many days on a past is long.
const LONG_DAYS: f64 = 14.0;
/// How far back the first of them may lie, in days.
pub(super) const DAYS_BACK: i32 = 62;
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

/// What the keys usually have.
pub(super) struct Past {
    is_open: bool,
    is_steady: bool,
    days: f64,
    /// By the places of the keys; none of a key that was not published.
    shares: Vec<Option<Share>>,
    scatter: f64,
}

/// A past period.
struct Seen {
    whole: f64,
    column: Rc<Column>,
}

impl Past {
    /// The past before these blocks.
    pub(super) fn read<S: Source>(
        columns: &Columns<'_, S>,
        part: Part,
        blocks: &[Arc<Release>],
    ) -> Result<Self, ReadError> {
        let seen: Vec<Seen> = before(columns, blocks)?.into_iter().filter_map(|c| Seen::of(c, part)).collect();
        let shares = shares(&seen, part, columns.places());
        let mut scatter = Scatter::default();
        for day in seen.iter().filter(|period| period.column.days <= 1.0) {
            for (place, measure) in day.column.values(part) {
                if let Some(share) = &shares[place] {
                    scatter.learn(measure, share.0.value * day.whole);
                }
            }
        }
        Ok(Self {
            is_open: columns.table.is_open_key_space(),
            is_steady: columns.table.is_complete(),
            days: seen.iter().map(|period| period.column.days).sum(),
            shares,
            scatter: scatter.relative(),
        })
    }

    /// Whether the past is long enough to say what the keys have, rather than what keys like these have.
    pub(super) fn is_long(&self) -> bool {
        self.days >= LONG_DAYS
    }

    /// The best guess at a key.
    pub(super) fn best(&self, place: Place, direct: &Direct) -> Measure {
        let measured = direct.measure;
        match self.shares.get(place).copied().flatten() {
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

/// The last month before these blocks, if there is one, and the days before them, the latest first.
fn before<S: Source>(columns: &Columns<'_, S>, blocks: &[Arc<Release>]) -> Result<Vec<Rc<Column>>, ReadError> {
    let (Some(first), Some(number)) = (blocks.first(), blocks.iter().map(|b| b.number).min()) else {
        return Ok(Vec::new());
    };
    let start = first.period.start;
    let of_use = |period| {
        let column = columns.at(period)?;
        Ok(column.filter(|column| column.number < number && column.is_counted))
    };
    let mut found = latest(columns.source, columns.site, (PeriodKind::Month, 1), start, of_use)?;
    found.extend(latest(columns.source, columns.site, (PeriodKind::Day, DAYS), start, of_use)?);
    Ok(found)
}

/// The latest published periods, so many of a kind, that ended by a day and are of use, as `of_use` reads them.
pub(super) fn latest<T>(
    source: &impl Source,
    site: &SiteName,
    (kind, most): (PeriodKind, usize),
    end: Day,
    of_use: impl Fn(Period) -> Result<Option<T>, ReadError>,
) -> Result<Vec<T>, ReadError> {
    let days_back = if kind == PeriodKind::Month { MONTH_BACK } else { DAYS_BACK };
    let mut found = Vec::new();
    let periods = source.published(site, kind, end.plus(-days_back), end.plus(-1));
    for period in periods.into_iter().rev().filter(|period: &Period| period.end_day() <= end) {
        if found.len() >= most {
            break;
        }
        found.extend(of_use(period)?);
    }
    Ok(found)
}

impl Seen {
    fn of(column: Rc<Column>, part: Part) -> Option<Self> {
        let whole = column.whole(part)?;
        let is_clear = whole.value > TOTAL_CLEAR * whole.standard_error();
        is_clear.then_some(Self { whole: whole.value, column })
    }
}

/// Each key's share of the whole by its place, from the month (which comes first) and from the days together.
fn shares(seen: &[Seen], part: Part, places: usize) -> Vec<Option<Share>> {
    let [mut months, mut days] = [(); 2].map(|()| vec![usual::Past::default(); places]);
    for Seen { whole, column } in seen {
        let pasts = if column.days <= 1.0 { &mut days } else { &mut months };
        for (place, measure) in column.values(part) {
            let past = &mut pasts[place];
            past.counts = past.counts.plus(measure);
            past.total += whole;
            past.days += column.days;
        }
    }
    months.into_iter().zip(days).map(|(month, days)| usual::share([month, days])).collect()
}
