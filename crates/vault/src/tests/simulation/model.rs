//! What a vault should hold, counted the simple way: visitors by number, their page views in a list, one event after the
//! other. It shares no code with the limiter, the tallies or the calendar of the vault, and knows no keys, no tags, no
//! journal and no noise. It is told which periods are released, and asks whether that may be (`rules.rs`).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::{Timestamp, tz::TimeZone};

use super::{super::*, ops::Kind, rules::Terms};
use crate::{
    calendar::{Day, Period, PeriodKind},
    units::{MS_PER_HOUR, MS_PER_MINUTE},
};

/// Room for the most page views that any terms allow.
pub(super) const RANKS: usize = VIEWS_PER_DAY_MAX as usize;

/// An event before it is sent.
#[derive(Debug, Clone)]
pub(super) struct Event {
    /// 0: it says no time.
    pub(super) time_unix_ms: i64,
    pub(super) visitor: u32,
    pub(super) page: String,
    pub(super) kind: Kind,
}

/// An event that was made anonymous, or ended there.
pub(super) enum Prepared {
    Ended(Outcome),
    Seen { day: Day, hour: u8, event: Event },
}

/// A batch on its way.
pub(super) struct Underway {
    pub(super) site: usize,
    pub(super) producer: u8,
    pub(super) sequence: u64,
    pub(super) cursor: Vec<u8>,
    pub(super) complete_unix_ms: i64,
    pub(super) events: Vec<Prepared>,
}

/// How a batch must be answered.
#[derive(Debug, PartialEq)]
pub(super) enum Answer {
    Durable { sequence: u64, cursor: Vec<u8>, books: Option<BTreeMap<Outcome, (u32, u32)>> },
    Gap { expected: u64 },
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Producer {
    pub(super) sequence: u64,
    pub(super) cursor: Vec<u8>,
    pub(super) complete_unix_ms: i64,
    /// The hour in which it stated last, and the end of the one in which it last sent something of imported days.
    pub(super) stated_unix_ms: i64,
    pub(super) imported_unix_ms: i64,
}

/// One counted page view.
#[derive(Debug, Clone)]
struct View {
    page: String,
    hour: u8,
    /// Whether its hour was not released yet.
    counts_in_hour: bool,
}

/// A day that is not released.
#[derive(Debug, Clone, Default)]
pub(super) struct OpenDay {
    views: BTreeMap<u32, Vec<View>>,
    limited: BTreeSet<u32>,
    robots: BTreeSet<u32>,
    /// Who was seen as a robot, whether or not robots are counted.
    robot_like: BTreeSet<u32>,
    /// Who loaded a style sheet.
    files: BTreeSet<u32>,
    errors: BTreeSet<(u32, u8)>,
}

/// Exact numbers of a period.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Numbers {
    pub(super) ranks: [i64; RANKS],
    pub(super) limited: i64,
    /// First and repeat views.
    pub(super) pages: BTreeMap<String, [i64; 2]>,
    /// By hour: visits begun, arrivals, and the second to the last view.
    pub(super) hours: BTreeMap<u8, [i64; RANKS + 1]>,
    pub(super) robots: i64,
    /// Visits that loaded files, pages alone, and those that are like a robot's.
    pub(super) readers: [i64; 3],
    pub(super) errors: [i64; 2],
}

/// A week or month that is not released.
#[derive(Debug, Clone, Default)]
pub(super) struct Longer {
    /// Of its released days.
    pub(super) sums: Numbers,
    pub(super) visitors: BTreeSet<u32>,
}

/// A site.
#[derive(Clone)]
pub(super) struct SiteModel {
    pub(super) name: SiteName,
    pub(super) zone: TimeZone,
    pub(super) is_configured: bool,
    /// Since when it is stored.
    pub(super) created_unix_ms: Option<i64>,
    pub(super) terms: Vec<(Day, Terms)>,
    pub(super) days: BTreeMap<Day, OpenDay>,
    pub(super) longer: BTreeMap<Period, Longer>,
    /// What can be read. Hours go when their day comes.
    pub(super) released: BTreeMap<Period, Arc<Release>>,
    pub(super) producers: BTreeMap<u8, Producer>,
}

/// All that a vault should hold.
#[derive(Clone)]
pub(super) struct Model {
    pub(super) sites: Vec<SiteModel>,
    /// The highest number of a release that was seen.
    pub(super) latest: u64,
}

impl Model {
    /// Three sites, far from each other; the last one is not configured.
    pub(super) fn new() -> Self {
        let site = |name, zone, is_configured| SiteModel {
            name: SiteName::new(name).unwrap(),
            zone: TimeZone::get(zone).unwrap(),
            is_configured,
            created_unix_ms: None,
            terms: Vec::new(),
            days: BTreeMap::new(),
            longer: BTreeMap::new(),
            released: BTreeMap::new(),
            producers: BTreeMap::new(),
        };
        let sites = vec![
            site("berlin", "Europe/Berlin", true),
            site("new-york", "America/New_York", true),
            site("kathmandu", "Asia/Kathmandu", false),
        ];
        Self { sites, latest: 0 }
    }
}

impl SiteModel {
    /// The local day of an instant, and the hours that went by since it began.
    pub(super) fn locate(&self, unix_ms: i64) -> (Day, u8) {
        let local = Timestamp::from_millisecond(unix_ms).unwrap().to_zoned_datetime(self.zone.clone());
        let since = unix_ms - local.start_of_day().unwrap().timestamp().as_millisecond();
        (Day::from_date(local.date()), u8::try_from(since / MS_PER_HOUR).unwrap())
    }

    fn start_unix_ms(&self, day: Day) -> i64 {
        day.date().to_zoned_datetime(self.zone.clone()).unwrap().timestamp().as_millisecond()
    }

    /// When a period is over.
    pub(super) fn end_unix_ms(&self, period: Period) -> i64 {
        let end = self.start_unix_ms(period.end_day());
        match period.kind {
            PeriodKind::Hour => end.min(self.start_unix_ms(period.start) + (i64::from(period.hour) + 1) * MS_PER_HOUR),
            _ => end,
        }
    }

    pub(super) fn hours_in(&self, day: Day) -> u8 {
        let length = self.start_unix_ms(day.plus(1)) - self.start_unix_ms(day);
        u8::try_from((length + MS_PER_HOUR - 1) / MS_PER_HOUR).unwrap()
    }

    pub(super) fn is_released(&self, period: Period) -> bool {
        self.released.contains_key(&period)
    }

    /// What the anonymiser makes of an event that arrives now.
    pub(super) fn prepare(&self, event: &Event, now_unix_ms: i64) -> Prepared {
        let time = if event.time_unix_ms == 0 { now_unix_ms } else { event.time_unix_ms };
        if time > now_unix_ms + 5 * MS_PER_MINUTE {
            return Prepared::Ended(Outcome::Future);
        }
        let (day, hour) = self.locate(time);
        match event.kind {
            _ if self.is_released(Period::day(day)) => Prepared::Ended(Outcome::Late),
            Kind::Post => Prepared::Ended(Outcome::NotGet),
            _ => Prepared::Seen { day, hour, event: event.clone() },
        }
    }

    /// Commits a batch.
    pub(super) fn commit(&mut self, batch: Underway, now_unix_ms: i64) -> Answer {
        let known = self.producers.get(&batch.producer).cloned().unwrap_or_default();
        if batch.sequence > known.sequence + 1 {
            return Answer::Gap { expected: known.sequence + 1 };
        }
        if batch.sequence <= known.sequence {
            return Answer::Durable { sequence: known.sequence, cursor: known.cursor, books: None };
        }
        let created = *self.created_unix_ms.get_or_insert(now_unix_ms);
        let first_day = self.first_day(created);
        let hour = now_unix_ms - now_unix_ms.rem_euclid(MS_PER_HOUR);
        let is_old = |event: &Prepared| matches!(event, Prepared::Seen { day, .. } if *day < first_day);
        let imports = batch.events.iter().any(is_old);
        let mut books: BTreeMap<Outcome, (u32, u32)> = BTreeMap::new();
        for (index, event) in (0..).zip(batch.events) {
            let outcome = match event {
                Prepared::Ended(outcome) => outcome,
                Prepared::Seen { day, hour, event } => self.count(day, hour, event),
            };
            books.entry(outcome).or_insert((0, index)).0 += 1;
        }
        let complete = batch.complete_unix_ms.min(now_unix_ms).max(known.complete_unix_ms);
        let producer = Producer {
            sequence: batch.sequence,
            cursor: batch.cursor.clone(),
            complete_unix_ms: complete,
            stated_unix_ms: if batch.complete_unix_ms > 0 { hour } else { known.stated_unix_ms },
            imported_unix_ms: if imports { hour + MS_PER_HOUR } else { known.imported_unix_ms },
        };
        self.producers.insert(batch.producer, producer);
        Answer::Durable { sequence: batch.sequence, cursor: batch.cursor, books: Some(books) }
    }

    fn count(&mut self, date: Day, hour: u8, event: Event) -> Outcome {
        if self.is_released(Period::day(date)) {
            return Outcome::Late;
        }
        let terms = *self.terms_of(date);
        let counts_in_hour = !self.is_released(Period::hour(date, hour));
        let day = self.days.entry(date).or_default();
        match event.kind {
            Kind::Asset => {
                day.files.insert(event.visitor);
                return Outcome::Asset;
            }
            Kind::Robot => {
                day.robot_like.insert(event.visitor);
                if !terms.has_fewer_tables {
                    day.robots.insert(event.visitor);
                }
                return Outcome::Bot;
            }
            Kind::NotFound | Kind::Failure => {
                day.errors.insert((event.visitor, u8::from(event.kind == Kind::Failure)));
                return Outcome::NotSuccess;
            }
            _ => {}
        }
        let views = day.views.entry(event.visitor).or_default();
        let of_page = views.iter().filter(|view| view.page == event.page).count();
        if views.len() >= usize::from(terms.views) || of_page >= usize::from(terms.views_of_page) {
            day.limited.insert(event.visitor);
            return Outcome::BeyondBound;
        }
        views.push(View { page: event.page, hour, counts_in_hour });
        for period in [Period::week_of(date), Period::month_of(date)] {
            if !self.is_released(period) {
                let longer = self.longer.entry(period).or_default();
                longer.visitors.insert(event.visitor);
            }
        }
        Outcome::Counted
    }

    /// The numbers of a day that is not released.
    pub(super) fn numbers(&self, day: Day) -> Numbers {
        self.days.get(&day).map(OpenDay::numbers).unwrap_or_default()
    }

    /// A day is released, or a gap: it is open no more.
    pub(super) fn close_day(&mut self, day: Day, is_gap: bool) {
        let numbers = self.numbers(day);
        self.days.remove(&day);
        if is_gap {
            return;
        }
        for period in [Period::week_of(day), Period::month_of(day)] {
            if !self.is_released(period) {
                self.longer.entry(period).or_default().sums.add(&numbers);
            }
        }
        self.released.retain(|period, _| period.kind != PeriodKind::Hour || period.start != day);
    }
}

impl OpenDay {
    fn numbers(&self) -> Numbers {
        let mut numbers = Numbers {
            limited: i64::try_from(self.limited.len()).unwrap(),
            robots: i64::try_from(self.robots.len()).unwrap(),
            ..Numbers::default()
        };
        for (_, class) in &self.errors {
            numbers.errors[usize::from(*class)] += 1;
        }
        for visitor in self.views.iter().filter(|(_, views)| !views.is_empty()).map(|(visitor, _)| visitor) {
            // Everybody has a browser that is years behind, so nobody is a reader by pages alone.
            let is_reader = self.files.contains(visitor) && !self.robot_like.contains(visitor);
            numbers.readers[if is_reader { 0 } else { 2 }] += 1;
        }
        for views in self.views.values() {
            for (rank, view) in views.iter().enumerate() {
                let before = &views[..rank];
                numbers.ranks[rank] += 1;
                let is_repeat = before.iter().any(|earlier| earlier.page == view.page);
                numbers.pages.entry(view.page.clone()).or_default()[usize::from(is_repeat)] += 1;
                if view.counts_in_hour {
                    let in_hour = before.iter().filter(|earlier| earlier.hour == view.hour).count();
                    let position = match (rank, in_hour) {
                        (0, _) => 0,
                        (_, 0) => 1,
                        (_, earlier) => earlier + 1,
                    };
                    numbers.hours.entry(view.hour).or_default()[position] += 1;
                }
            }
        }
        numbers
    }
}

impl Numbers {
    fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.ranks.iter_mut().zip(other.ranks) {
            *mine += theirs;
        }
        for (mine, theirs) in self.errors.iter_mut().zip(other.errors) {
            *mine += theirs;
        }
        for (mine, theirs) in self.readers.iter_mut().zip(other.readers) {
            *mine += theirs;
        }
        self.limited += other.limited;
        self.robots += other.robots;
        for (page, [first, repeat]) in &other.pages {
            let mine = self.pages.entry(page.clone()).or_default();
            mine[0] += first;
            mine[1] += repeat;
        }
    }
}
