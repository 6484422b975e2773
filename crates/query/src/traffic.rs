//! A series of visits, views and visitors, with the total of its range and the range that it is compared with.
//!
//! Every period of the range is a point; one without numbers says why. The total of a range is the sum of the days and
//! months that are published of it, as the points show them ([`super::estimate::site`]). The other range is compared with
//! it, so its total is given only where nothing of it is missing.

mod compare;

use std::{cell::RefCell, sync::Arc};

use headcount_model::{
    calendar::{Day, HOURS_PER_DAY_MAX, Period, PeriodKind},
    release::{Measured, Outline, Release},
    source::{ReadError, SiteInfo},
};

use super::{
    AskError, Block, Source, State,
    estimate::{
        hours::{Context, Hour, hours},
        site::{Site, Total},
    },
    number::{Number, Why},
    plan::{self, Cover},
    range::{Compare, Dates, Range},
    why_absent, why_missing,
};
pub use compare::Changes;

/// The most points of a series.
pub const POINTS_MAX: usize = 1_100;
/// Days of a range whose beginning was left out.
const DAYS_DEFAULT: i32 = 30;
/// Ratios are given only where the relative standard error of the visits is below this.
const RATIO_ERROR_MAX: f64 = 0.2;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TrafficAsk {
    /// The first and the last day.
    pub dates: Dates,
    /// The length of each point.
    pub granularity: PeriodKind,
    /// What the range is compared with.
    pub compare: Compare,
}

/// Numbers of the site over a period or a range.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    /// Visits.
    pub visits: Number,
    /// Page views.
    pub views: Number,
    /// Distinct visitors.
    pub visitors: Number,
    /// Visits that hit a bound.
    pub limited: Number,
    /// Share of visits with a single page view, in percent, 0 to 100.
    pub bounce_percent: Option<f64>,
    /// Page views a visit, at least 1.
    pub views_per_visit: Option<f64>,
}

/// A point of a series.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// When it starts, in the site's local time.
    pub start: String,
    /// The last local date in it; for an hour, the same as `start`.
    pub end: String,
    /// Its numbers.
    pub figures: Figures,
}

/// A series.
#[derive(Debug, Clone)]
pub struct Traffic {
    /// The range as understood; `None` where nothing is published and no date was given.
    pub range: Option<Range>,
    /// The points, in order.
    pub points: Vec<Point>,
    /// The whole range.
    pub total: Point,
    /// The range that it is compared with.
    pub previous: Option<Previous>,
    /// The blocks of the total.
    pub blocks: Vec<Block>,
    /// The days that are missing in the total.
    pub missing: Vec<(Day, Why)>,
}

/// What a series is compared with.
#[derive(Debug, Clone)]
pub struct Previous {
    /// The whole range. Without numbers where anything of it is missing.
    pub total: Point,
    /// Its points, in order.
    pub points: Vec<Point>,
    /// From it to the range asked for.
    pub changes: Changes,
}

impl Traffic {
    /// What it takes in memory, in bytes, about.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        let before = self.previous.iter().flat_map(|previous| &previous.points);
        let points = self.points.iter().chain(before).map(|p| size_of::<Point>() + p.start.len() + p.end.len());
        points.sum::<usize>() + size_of_val(&*self.blocks) + size_of_val(&*self.missing)
    }
}

/// Answers what is asked of a site.
///
/// # Errors
/// When the range asks for too much, or the store cannot be read.
pub fn traffic(source: &impl Source, site: &SiteInfo, ask: &TrafficAsk) -> Result<Traffic, AskError> {
    let Some(range) = understand(site, ask.dates)? else { return Ok(nothing()) };
    let reader = Reader::new(source, site);
    let points = reader.points(periods(site, range, ask.granularity)?)?;
    let total = reader.total(range)?;
    let before = range.compared(ask.compare);
    let previous = before.map(|before| reader.previous(before, ask.granularity, &total)).transpose()?;
    let blocks = Block::of_outlines(&total.cover.blocks);
    Ok(Traffic { range: Some(range), points, total: total.point, previous, blocks, missing: total.cover.missing })
}

pub(crate) fn understand(site: &SiteInfo, dates: Dates) -> Result<Option<Range>, AskError> {
    let Dates { from, to } = dates;
    let last = site.days.map(|(_, last)| last);
    let Some(to) = to.or(last).or(from.map(|day| day.plus(DAYS_DEFAULT - 1))) else { return Ok(None) };
    // Days before the first published one have nothing to say, unless they are asked for.
    let thirty_days = to.plus(1 - DAYS_DEFAULT);
    let default_from = site.days.map_or(thirty_days, |(first, _)| thirty_days.max(first.min(to)));
    Range::new(from.unwrap_or(default_from), to).map(Some)
}

/// The answer where nothing is published and nothing was asked for.
fn nothing() -> Traffic {
    Traffic {
        range: None,
        points: Vec::new(),
        total: Point { start: String::new(), end: String::new(), figures: Figures::absent(Why::NotSealed) },
        previous: None,
        blocks: Vec::new(),
        missing: Vec::new(),
    }
}

/// The periods that overlap a range.
pub(crate) fn periods(site: &SiteInfo, range: Range, kind: PeriodKind) -> Result<Vec<Period>, AskError> {
    let mut periods = Vec::new();
    let mut period = Period::of(kind, range.from);
    while period.start <= range.to {
        if kind == PeriodKind::Hour {
            let hours = site.calendar.hours_in(period.start).min(HOURS_PER_DAY_MAX);
            periods.extend((0..hours).map(|hour| Period::hour(period.start, hour)));
        } else if kind != PeriodKind::Day || site.calendar.has_day(period.start) {
            periods.push(period);
        }
        if periods.len() > POINTS_MAX {
            let what = format!("{} to {} by {} is more than {POINTS_MAX} points", range.from, range.to, kind.name());
            let allowed = format!("at most {POINTS_MAX} points: a shorter range or a coarser granularity");
            return Err(AskError::field("granularity", what, allowed));
        }
        period = Period::of(kind, period.end_day());
    }
    Ok(periods)
}

/// Reads the numbers of one site.
struct Reader<'a, S> {
    source: &'a S,
    site: &'a SiteInfo,
    numbers: Site<'a, S>,
    /// The hours of the day that was asked for last.
    hours: RefCell<Option<(u64, Vec<Hour>)>>,
}

/// A range as a whole, with what its numbers are made of.
struct Whole {
    point: Point,
    sum: Total,
    visitors: Option<Distinct>,
    cover: Cover<Arc<Outline>>,
}

/// What a number of distinct visitors is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Distinct {
    /// Of a day each is one visit.
    Visits,
    /// Of a week or month they are measured.
    Measured(PeriodKind, Measured),
}

impl<'a, S: Source> Reader<'a, S> {
    fn new(source: &'a S, site: &'a SiteInfo) -> Self {
        Self { source, site, numbers: Site::new(source, &site.name), hours: RefCell::default() }
    }

    fn points(&self, periods: Vec<Period>) -> Result<Vec<Point>, ReadError> {
        periods.into_iter().map(|period| self.point(period)).collect()
    }

    fn state(&self, period: Period) -> Result<State<Arc<Release>>, ReadError> {
        super::state(self.source, &self.site.name, period)
    }

    fn outline(&self, period: Period) -> Result<State<Arc<Outline>>, ReadError> {
        super::outline(self.source, &self.site.name, period)
    }

    fn point(&self, period: Period) -> Result<Point, ReadError> {
        let start = self.site.calendar.label(period);
        let (end, figures) = match period.kind {
            PeriodKind::Hour => (start.clone(), self.hour(period)?),
            _ => (period.end_day().plus(-1).to_string(), self.block(period)?),
        };
        Ok(Point { start, end, figures })
    }

    fn block(&self, period: Period) -> Result<Figures, ReadError> {
        Ok(match self.outline(period)? {
            State::Numbers(outline) => {
                let total = self.numbers.period(period)?;
                figures(&total, visitors_of(&outline).map_or(NOT_MEASURED, |found| found.number(&total)))
            }
            State::Gap => Figures::absent(Why::Gap),
            State::Absent => Figures::absent(why_absent(self.site, period)),
        })
    }

    /// An hour: from its day's release, or from its own while the day is open.
    fn hour(&self, period: Period) -> Result<Figures, ReadError> {
        let of = |found: &[Hour]| {
            let hour = found.iter().find(|hour| hour.hour == period.hour);
            hour.map_or_else(|| Figures::absent(Why::NotPublished), hour_figures)
        };
        let day = match self.state(Period::day(period.start))? {
            State::Numbers(release) => return Ok(of(&self.hours_of(&release)?)),
            State::Gap => Why::Gap,
            State::Absent => why_absent(self.site, Period::day(period.start)),
        };
        Ok(match self.state(period)? {
            State::Numbers(release) => of(&hours(&release.hours, None)),
            State::Gap => Figures::absent(Why::Gap),
            State::Absent => Figures::absent(day),
        })
    }

    /// The hours of a day, which add up to it where all of them are published.
    fn hours_of(&self, day: &Release) -> Result<Vec<Hour>, ReadError> {
        if let Some((_, found)) = self.hours.borrow().as_ref().filter(|(number, _)| *number == day.number) {
            return Ok(found.clone());
        }
        let found = if day.hours.len() < usize::from(self.site.calendar.hours_in(day.period.start)) {
            hours(&day.hours, None)
        } else {
            let total = self.numbers.period(day.period)?;
            let shown = |number: Number| number.estimate.unwrap_or(0);
            let shown = (shown(total.visits_shown()), shown(total.views_shown()));
            hours(&day.hours, Some(&Context::read(self.source, &self.site.name, day, shown)?))
        };
        *self.hours.borrow_mut() = Some((day.number, found.clone()));
        Ok(found)
    }

    fn total(&self, range: Range) -> Result<Whole, ReadError> {
        // What is known of weeks is in these numbers whatever they are told by.
        let state = |period| plan::outline_without_weeks(self.source, &self.site.name, period);
        let cover = plan::cover(range, state, |day| why_missing(self.site, day))?;
        let sum = self.numbers.blocks(cover.blocks.iter().map(|block| block.period))?;
        let (visitors, shown) = match range.as_period() {
            Some(period) => match self.outline(period)? {
                State::Numbers(outline) => {
                    let found = visitors_of(&outline);
                    (found, found.map_or(NOT_MEASURED, |found| found.number(&sum)))
                }
                State::Gap => (None, Number::absent(Why::Gap)),
                State::Absent => (None, Number::absent(why_absent(self.site, period))),
            },
            None => (None, Number::absent(Why::VisitorsDoNotAdd)),
        };
        let figures = match (cover.blocks.is_empty(), cover.missing.first()) {
            (true, Some((_, why))) => Figures { visitors: shown, ..Figures::absent(*why) },
            _ => figures(&sum, shown),
        };
        let point = Point { start: range.from.to_string(), end: range.to.to_string(), figures };
        Ok(Whole { point, sum, visitors, cover })
    }
}

impl Figures {
    fn absent(reason: Why) -> Self {
        let number = Number::absent(reason);
        Self {
            visits: number,
            views: number,
            visitors: number,
            limited: number,
            bounce_percent: None,
            views_per_visit: None,
        }
    }
}

/// A number that a period does not have.
const NOT_MEASURED: Number = Number::absent(Why::NotMeasured);

/// The visitors of a day, week or month.
fn visitors_of(outline: &Outline) -> Option<Distinct> {
    let numbers = outline.site_numbers.as_ref()?;
    match (outline.period.kind, numbers.visitors) {
        (PeriodKind::Day, _) if !numbers.ranks.is_empty() => Some(Distinct::Visits),
        (kind @ (PeriodKind::Week | PeriodKind::Month), Some(measured)) => Some(Distinct::Measured(kind, measured)),
        _ => None,
    }
}

impl Distinct {
    fn number(self, sum: &Total) -> Number {
        match self {
            Self::Visits => sum.visits_shown(),
            Self::Measured(_, measured) => Number::measured(measured),
        }
    }
}

fn hour_figures(hour: &Hour) -> Figures {
    // No ratios: a visit's views may lie in other hours than its beginning.
    let Hour { visits, visitors, views, .. } = *hour;
    Figures { visits, visitors, views, ..Figures::absent(Why::NotMeasured) }
}

fn figures(total: &Total, visitors: Number) -> Figures {
    let visits = total.visits();
    let shown = total.visits_shown();
    let enough = shown.low > 0 && visits.standard_error() < RATIO_ERROR_MAX * visits.value;
    let ratio = |part: f64| enough.then(|| part / visits.value);
    Figures {
        visits: shown,
        views: total.views_shown(),
        visitors,
        limited: total.limited_shown(),
        bounce_percent: ratio(visits.value - total.second().value).map(|share| (100.0 * share).clamp(0.0, 100.0)),
        views_per_visit: ratio(total.views().value).map(|views| views.max(1.0)),
    }
}

#[cfg(test)]
#[path = "traffic_tests.rs"]
mod tests;
