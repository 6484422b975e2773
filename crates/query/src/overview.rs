//! A site in the overview of all: the visits of one period, what changed, the weeks before it, and what needs attention.
//!
//! The numbers are those of the site's own series ([`super::traffic`]). The interval of a change is wider than there: in an
//! overview hundreds of sites are compared at once, and each twentieth would differ by noise alone.

use headcount_model::{
    calendar::{Day, Period, PeriodKind},
    source::{ReadError, SiteInfo},
};

use super::{
    AskError, Source, State,
    change::{CHANGE_REACH_OF_MANY, Change, Difference},
    estimate::{
        measure::Measure,
        site::{Site, Total},
    },
    number::{Number, Why},
    outline, plan,
    range::{Compare, Range},
    why_absent, why_missing,
};

/// Weeks where none are asked for, and the most.
pub const WEEKS_DEFAULT: u32 = 13;
/// The most weeks.
pub const WEEKS_MAX: u32 = 53;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OverviewAsk {
    /// A day, week or month.
    pub kind: PeriodKind,
    /// A day of the period; `None` for the latest published period of each site.
    pub day: Option<Day>,
    /// What it is compared with.
    pub compare: Compare,
    /// How many weeks, up to the period's last.
    pub weeks: u32,
}

/// A site.
#[derive(Debug, Clone, PartialEq)]
pub struct SiteOverview {
    /// The period; `None` where none of this kind is published and no day was given.
    pub period: Option<Period>,
    /// Its visits.
    pub visits: Number,
    /// The visits of the period that it is compared with, and the change since.
    pub previous: Option<(Number, Change)>,
    /// The first day of the first week; `None` where there is no period.
    pub weeks_from: Option<Day>,
    /// Visits by week, oldest first.
    pub weeks: Vec<Number>,
    /// Days of the period whose release failed its own checks.
    pub gap_days: u32,
    /// By how much visits with an error of the server changed; `None` where errors are not counted.
    pub errors: Option<Change>,
}

/// Answers what is asked of a site.
///
/// # Errors
/// When the store cannot be read.
pub fn site_overview(source: &impl Source, site: &SiteInfo, ask: &OverviewAsk) -> Result<SiteOverview, ReadError> {
    let Some(period) = period(source, site, ask)? else { return Ok(nothing()) };
    let reader = Reader { source, site, numbers: Site::new(source, &site.name) };
    let now = reader.sum(period)?;
    let before = range_of(period).compared(ask.compare).map(|range| Period::of(ask.kind, range.from));
    let previous = before.map(|before| reader.change(&now, before)).transpose()?;
    let last = Period::week_of(period.end_day().plus(-1)).start;
    let back = i32::try_from(ask.weeks.saturating_sub(1)).unwrap_or(0);
    let weeks_from = last.plus(-7 * back);
    let weeks = (weeks_from.number()..=last.number()).step_by(7).map(Day::from_number);
    let weeks = weeks.map(|monday| Ok(shown(&reader.sum(Period::week_of(monday))?)));
    Ok(SiteOverview {
        period: Some(period),
        visits: shown(&now),
        previous,
        weeks_from: Some(weeks_from),
        weeks: weeks.collect::<Result<_, ReadError>>()?,
        gap_days: reader.gap_days(period)?,
        errors: before.map(|before| reader.errors(period, before)).transpose()?.flatten(),
    })
}

/// The period that is asked for, or the latest with numbers.
fn period(source: &impl Source, site: &SiteInfo, ask: &OverviewAsk) -> Result<Option<Period>, ReadError> {
    if let Some(day) = ask.day {
        return Ok(Some(Period::of(ask.kind, day)));
    }
    let Some((first, last)) = site.days else { return Ok(None) };
    let published = source.published(&site.name, ask.kind, Period::of(ask.kind, first).start, last);
    for period in published.into_iter().rev() {
        if let State::Numbers(_) = outline(source, &site.name, period)? {
            return Ok(Some(period));
        }
    }
    Ok(None)
}

fn nothing() -> SiteOverview {
    SiteOverview {
        period: None,
        visits: Number::absent(Why::NotSealed),
        previous: None,
        weeks_from: None,
        weeks: Vec::new(),
        gap_days: 0,
        errors: None,
    }
}

fn range_of(period: Period) -> Range {
    Range { from: period.start, to: period.end_day().plus(-1) }
}

/// Reads the numbers of one site.
struct Reader<'a, S> {
    source: &'a S,
    site: &'a SiteInfo,
    numbers: Site<'a, S>,
}

impl<S: Source> Reader<'_, S> {
    /// The sum of a period, or why there is none.
    fn sum(&self, period: Period) -> Result<Result<Total, Why>, ReadError> {
        Ok(match outline(self.source, &self.site.name, period)? {
            State::Numbers(_) => Ok(self.numbers.period(period)?),
            State::Gap => Err(Why::Gap),
            State::Absent => Err(why_absent(self.site, period)),
        })
    }

    fn change(&self, now: &Result<Total, Why>, before: Period) -> Result<(Number, Change), ReadError> {
        let then = self.sum(before)?;
        let change = match (now, &then) {
            (Ok(now), Ok(then)) => {
                Change::of(Difference::known(now.visits_more_than(then), then.visits()), CHANGE_REACH_OF_MANY)
            }
            (Err(why), _) | (_, Err(why)) => Change::absent(*why),
        };
        Ok((shown(&then), change))
    }

    fn gap_days(&self, period: Period) -> Result<u32, ReadError> {
        let mut gaps = 0;
        for day in period.days() {
            gaps += u32::from(matches!(outline(self.source, &self.site.name, Period::day(day))?, State::Gap));
        }
        Ok(gaps)
    }

    /// By how much visits with an error of the server changed.
    fn errors(&self, now: Period, before: Period) -> Result<Option<Change>, ReadError> {
        let (now, then) = (self.errors_of(now)?, self.errors_of(before)?);
        Ok(match (now, then) {
            (Err(Why::NotCounted), _) => None,
            (Ok(now), Ok(then)) => Some(Change::of(Difference::between(now, then), CHANGE_REACH_OF_MANY)),
            (Err(why), _) | (_, Err(why)) => Some(Change::absent(why)),
        })
    }

    /// Visits with an error of the server, or why there are none.
    fn errors_of(&self, period: Period) -> Result<Result<Measure, Why>, ReadError> {
        let state = |period| plan::outline_without_weeks(self.source, &self.site.name, period);
        let cover = plan::cover(range_of(period), state, |day| why_missing(self.site, day))?;
        if let Some((_, why)) = cover.missing.first() {
            return Ok(Err(*why));
        }
        let counted: Option<Vec<Measure>> =
            cover.blocks.iter().map(|block| block.server_errors.map(Measure::noisy)).collect();
        Ok(counted.map(Measure::sum).ok_or(Why::NotCounted))
    }
}

fn shown(sum: &Result<Total, Why>) -> Number {
    sum.as_ref().map_or_else(|why| Number::absent(*why), Total::visits_shown)
}

/// How many weeks are given.
///
/// # Errors
/// When they are more than [`WEEKS_MAX`].
pub fn weeks(asked: u32) -> Result<u32, AskError> {
    match asked {
        0 => Ok(WEEKS_DEFAULT),
        1..=WEEKS_MAX => Ok(asked),
        _ => {
            let allowed = format!("1 to {WEEKS_MAX}; 0 means {WEEKS_DEFAULT}");
            Err(AskError::field("weeks", format!("{asked} weeks are too many"), allowed))
        }
    }
}
