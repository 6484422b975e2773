//! The exact numbers, counted without any privacy.
//!
//! [`Exact`] counts a log in the order in which its lines arrive, in the simplest way: it remembers every visitor of every day.
//! headcount itself must not do that; this is used in tests and in `headcount demo`, to show how far the published numbers are
//! from the truth. It keeps a hash in place of a visitor, but it is not private, and must never be reachable from a server.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// Most views of one visitor-day that are counted.
pub const VIEWS_MAX: u8 = 8;
/// Most views of one page in one visitor-day that are counted.
pub const PAGE_VIEWS_MAX: u8 = 2;

/// The exact numbers of one local day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DayTruth {
    /// Visitor-days with at least one view; also the number of distinct visitors of the day.
    pub visits: u64,
    /// Distinct visitors of the day.
    pub visitors: u64,
    /// All views.
    pub views: u64,
    /// Views within the bounds.
    pub bounded_views: u64,
    /// Visits with at least one view beyond the bounds.
    pub cut_visits: u64,
    /// Bounded views by their rank in the visit: the first is the number of visits, and all together are `bounded_views`.
    pub views_by_rank: [u64; VIEWS_MAX as usize],
}

/// The exact numbers of one page in one month.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageTruth {
    /// Visits that have a counted view of the page.
    pub first_views: u64,
    /// Views within the bounds: first views and repeats.
    pub bounded_views: u64,
    /// All views.
    pub views: u64,
    /// Visits that began with this page.
    pub entries: u64,
    /// Distinct visitors who have a counted view of the page.
    pub visitors: u64,
}

/// The exact numbers of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// By local day. Days without a view are missing.
    pub days: BTreeMap<Date, DayTruth>,
    /// Distinct visitors by week, named by its Monday.
    pub weeks: BTreeMap<Date, u64>,
    /// Distinct visitors by calendar month, named by its first day.
    pub months: BTreeMap<Date, u64>,
    /// Distinct visitors of the whole log.
    pub visitors: u64,
    /// The pages of each month.
    pub pages: BTreeMap<Date, BTreeMap<String, PageTruth>>,
}

impl Counts {
    /// The sum of one number over all days, e.g. `counts.sum(|day| day.visits)`.
    pub fn sum(&self, number: impl Fn(&DayTruth) -> u64) -> u64 {
        self.days.values().map(number).sum()
    }
}

/// The result of [`Exact::observe`] for one view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observed {
    /// The first view of the visitor on that day: its attributes are those of the visit.
    pub is_first_of_visit: bool,
    /// It is within the bounds.
    pub is_counted: bool,
}

/// Counts views one by one, in the order in which they arrive.
#[derive(Debug)]
pub struct Exact {
    zone: TimeZone,
    days: BTreeMap<Date, DayTruth>,
    visits: HashMap<(Date, u64), VisitState>,
    page_numbers: HashMap<String, usize>,
    page_months: HashMap<(usize, Date), PageTruth>,
    page_visitors: HashSet<(usize, Date, u64)>,
}

#[derive(Debug, Default)]
struct VisitState {
    counted: u8,
    is_cut: bool,
    pages: Vec<(usize, u8)>,
}

impl Exact {
    /// Nothing counted yet. `zone` says when a day begins.
    pub fn new(zone: TimeZone) -> Exact {
        Exact {
            zone,
            days: BTreeMap::new(),
            visits: HashMap::new(),
            page_numbers: HashMap::new(),
            page_months: HashMap::new(),
            page_visitors: HashSet::new(),
        }
    }

    /// Counts one view by a person: `unix_ms` milliseconds since 1970 UTC, `visitor` a hash of address and user agent.
    /// The caller leaves out bots, errors and assets.
    ///
    /// # Errors
    /// The time is outside the years that a civil date can name.
    pub fn observe(&mut self, unix_ms: i64, visitor: u64, page: &str) -> Result<Observed, jiff::Error> {
        let timestamp = Timestamp::from_millisecond(unix_ms)?;
        let date = self.zone.to_datetime(timestamp).date();
        let page = self.page_number(page);
        let month = date.first_of_month();
        let day = self.days.entry(date).or_default();
        let visit = self.visits.entry((date, visitor)).or_default();
        let page_month = self.page_months.entry((page, month)).or_default();
        let is_first_of_visit = visit.counted == 0;

        day.views += 1;
        page_month.views += 1;
        let Some((rank, is_first_of_page)) = visit.count(page) else {
            day.cut_visits += u64::from(!visit.is_cut);
            visit.is_cut = true;
            return Ok(Observed { is_first_of_visit: false, is_counted: false });
        };
        day.bounded_views += 1;
        day.views_by_rank[usize::from(rank)] += 1;
        day.visits += u64::from(is_first_of_visit);
        day.visitors += u64::from(is_first_of_visit);
        page_month.bounded_views += 1;
        page_month.first_views += u64::from(is_first_of_page);
        page_month.entries += u64::from(is_first_of_visit);
        page_month.visitors += u64::from(self.page_visitors.insert((page, month, visitor)));
        Ok(Observed { is_first_of_visit, is_counted: true })
    }

    /// The numbers so far.
    pub fn counts(&self) -> Counts {
        let mut weeks: BTreeMap<Date, HashSet<u64>> = BTreeMap::new();
        let mut months: BTreeMap<Date, HashSet<u64>> = BTreeMap::new();
        let mut visitors = HashSet::new();
        for &(date, visitor) in self.visits.keys() {
            weeks.entry(monday_of(date)).or_default().insert(visitor);
            let month = date.first_of_month();
            months.entry(month).or_default().insert(visitor);
            visitors.insert(visitor);
        }
        let mut pages: BTreeMap<Date, BTreeMap<String, PageTruth>> = BTreeMap::new();
        let names: HashMap<usize, &String> = self.page_numbers.iter().map(|(name, &number)| (number, name)).collect();
        for (&(page, month), truth) in &self.page_months {
            if let Some(&name) = names.get(&page) {
                let of_month = pages.entry(month).or_default();
                of_month.insert(name.clone(), truth.clone());
            }
        }
        Counts {
            days: self.days.clone(),
            weeks: lengths(weeks),
            months: lengths(months),
            visitors: count(visitors.len()),
            pages,
        }
    }

    fn page_number(&mut self, page: &str) -> usize {
        if let Some(&number) = self.page_numbers.get(page) {
            return number;
        }
        let number = self.page_numbers.len();
        self.page_numbers.insert(page.to_owned(), number);
        number
    }
}

impl VisitState {
    /// The rank of the view in the visit and whether it is the page's first; `None` if it is beyond a bound. A view beyond the
    /// page's bound takes no rank among the visit's views.
    fn count(&mut self, page: usize) -> Option<(u8, bool)> {
        if self.counted >= VIEWS_MAX {
            return None;
        }
        let known = self.pages.iter_mut().find(|(number, _)| *number == page);
        let is_first_of_page = known.is_none();
        match known {
            Some((_, views)) if *views >= PAGE_VIEWS_MAX => return None,
            Some((_, views)) => *views += 1,
            None => self.pages.push((page, 1)),
        }
        let rank = self.counted;
        self.counted += 1;
        Some((rank, is_first_of_page))
    }
}

/// The Monday of the week of `date`.
pub fn monday_of(date: Date) -> Date {
    let days_after_monday = i32::from(date.weekday().to_monday_zero_offset());
    date.saturating_sub(days_after_monday.days())
}

fn lengths(sets: BTreeMap<Date, HashSet<u64>>) -> BTreeMap<Date, u64> {
    sets.into_iter().map(|(date, set)| (date, count(set.len()))).collect()
}

/// A number of things in memory, which always fits.
fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
