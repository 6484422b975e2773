//! A site of made-up visitors: their visits go through the real limiter into real tallies here ([`World::count`]), and the
//! real draw publishes them (`edition.rs`). Beside the tallies stands what really happened, counted by the plainest means.

mod edition;
mod exact;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Mutex, PoisonError},
};

pub use edition::Edition;
pub use exact::SiteTruth;

use headcount_model::rng::mix;

use crate::{
    Bounds, Privacy, Shares, SiteSettings, Table, TableSet,
    anonymize::{Attributes, Seen, Sighting, Visit},
    bound::Bounder,
    calendar::{Calendar, Day, Period},
    cells::Cells,
    keys::Epoch,
    limit,
    names::{NameId, Names},
    release::{index::SiteIndex, terms::History},
    sites::settings::Site,
    tally::{DayTally, MonthTally, WeekTally},
    units::SiteName,
};

/// So many different pages of one device and day count by Wikimedia's settings.
pub const WIKIMEDIA_PAGES_PER_DAY: usize = 10;

/// A page view: the hour and the number of the page.
#[derive(Debug, Clone, Copy)]
pub struct View {
    /// The hour of its day.
    pub hour: u8,
    /// The number of its page.
    pub page: u32,
}

/// All that one visitor does on one day.
pub struct VisitorDay {
    /// Who, over all days. A number below those of the regulars, unless the visitor comes once.
    pub person: u64,
    /// Whether this visitor is seen on no other day.
    pub comes_once: bool,
    /// What the attribute tables count of each view.
    pub facts: Facts,
    /// The page views, in order.
    pub views: Vec<View>,
}

/// What the attribute tables count of a visit.
#[derive(Clone)]
pub struct Facts {
    /// Positions in public lists alone.
    attributes: Attributes,
    referrer: Box<str>,
}

impl Facts {
    /// Facts that somebody made up: positions in the public lists of tables, and a host that linked to the site.
    #[must_use]
    pub fn made_up(positions: impl IntoIterator<Item = (Table, u16)>, referrer: Box<str>) -> Self {
        let mut attributes = Attributes::default();
        for (table, position) in positions {
            attributes.set_position(table, position);
        }
        Self { attributes, referrer }
    }

    pub(super) fn of(visit: &Visit, names: &Names) -> Self {
        Self { attributes: visit.attributes, referrer: names.get(visit.attributes.name(Table::Referrer)).text.into() }
    }
}

/// What happened to a page in a period, in visits that saw it.
#[derive(Debug, Clone, Copy, Default)]
pub struct PageTruth {
    /// Within headcount's bounds.
    pub bounded: u32,
    /// All page views within headcount's bounds, not visits.
    pub bounded_views: u32,
    /// Within Wikimedia's bound.
    pub wikimedia: u32,
    /// Without any bound.
    pub all: u32,
}

impl PageTruth {
    fn add(&mut self, other: Self) {
        self.bounded += other.bounded;
        self.bounded_views += other.bounded_views;
        self.wikimedia += other.wikimedia;
        self.all += other.all;
    }
}

/// Distinct visitors, without a sketch.
#[derive(Debug, Clone, Default)]
struct Heads {
    regulars: Vec<u64>,
    once: u64,
}

impl Heads {
    fn see(&mut self, visitor: &VisitorDay) {
        if visitor.comes_once {
            self.once += 1;
            return;
        }
        let (word, bit) = (usize::try_from(visitor.person / 64).unwrap_or(0), visitor.person % 64);
        if self.regulars.len() <= word {
            self.regulars.resize(word + 1, 0);
        }
        self.regulars[word] |= 1 << bit;
    }

    fn merge(&mut self, other: &Self) {
        self.once += other.once;
        self.regulars.resize(self.regulars.len().max(other.regulars.len()), 0);
        self.regulars.iter_mut().zip(&other.regulars).for_each(|(mine, theirs)| *mine |= theirs);
    }

    fn count(&self) -> u64 {
        self.once + self.regulars.iter().map(|word| u64::from(word.count_ones())).sum::<u64>()
    }
}

/// What was counted of a period, beside what happened in it.
struct Counted<T> {
    tally: T,
    pages: Vec<PageTruth>,
    heads: Heads,
}

/// All periods of a site, counted and not yet published. Days are here without their limiter.
pub struct World {
    /// The key space of pages, by number.
    pub pages: Vec<Box<str>>,
    /// What a visitor-day can add at most.
    pub bounds: Bounds,
    numbers: HashMap<Box<str>, u32>,
    days: BTreeMap<Period, Counted<DayTally>>,
    weeks: BTreeMap<Period, Counted<WeekTally>>,
    months: BTreeMap<Period, Counted<MonthTally>>,
}

/// Who comes on a day: gives each visitor once.
pub type Visitors<'v> = &'v (dyn Fn(Day, &mut dyn FnMut(&VisitorDay)) + Sync);

/// Everything of one day: its own tally and what it adds to its week and month.
struct DayCount {
    day: Counted<DayTally>,
    cells: Cells,
}

impl World {
    /// Runs all days through the limiter, with these bounds. `visitors` gives each visitor of a day once; whoever comes is the same, however
    /// often it is asked. `each` does the jobs 0 to `count - 1`, in any order or several at once.
    #[must_use]
    pub fn count(
        pages: Vec<Box<str>>,
        days: &[Day],
        bounds: Bounds,
        visitors: impl Fn(Day, &mut dyn FnMut(&VisitorDay)) + Sync,
        each: impl FnOnce(usize, &(dyn Fn(usize) + Sync)),
    ) -> Self {
        let numbers = pages.iter().zip(0..).map(|(name, number)| (name.clone(), number)).collect();
        let (days_of, weeks, months) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let world = Mutex::new(Self { pages: Vec::new(), bounds, numbers, days: days_of, weeks, months });
        each(days.len(), &|number| {
            let counted = count_day(&pages, days[number], bounds, &SiteIndex::default(), &visitors);
            world.lock().unwrap_or_else(PoisonError::into_inner).take(days[number], counted);
        });
        let mut world = world.into_inner().unwrap_or_else(PoisonError::into_inner);
        world.pages = pages;
        // A week of which a part is missing is never published.
        let days = world.days.keys().map(|period| period.start).collect::<HashSet<Day>>();
        world.weeks.retain(|week, _| week.days().all(|day| days.contains(&day)));
        world
    }

    /// The number of a page.
    #[must_use]
    pub fn number_of(&self, page: &str) -> Option<u32> {
        self.numbers.get(page).copied()
    }

    /// Takes in a day. Any order gives the same world.
    fn take(&mut self, day: Day, counted: DayCount) {
        let DayCount { day: of_day, cells } = counted;
        let week = self.weeks.entry(Period::week_of(day)).or_insert_with(|| Counted::new(of_day.pages.len()));
        cells.weeks.values().for_each(|tally| week.tally.merge(tally));
        week.tally.absorb(&of_day.tally, true);
        week.heads.merge(&of_day.heads);
        let month = self.months.entry(Period::month_of(day)).or_insert_with(|| Counted::new(of_day.pages.len()));
        cells.months.values().for_each(|tally| month.tally.merge(tally));
        month.tally.absorb(&of_day.tally, tables());
        month.heads.merge(&of_day.heads);
        for pages in [&mut week.pages, &mut month.pages] {
            pages.iter_mut().zip(&of_day.pages).for_each(|(mine, theirs)| mine.add(*theirs));
        }
        self.days.insert(Period::day(day), of_day);
    }
}

impl<T: Default> Counted<T> {
    fn new(pages: usize) -> Self {
        Self { tally: T::default(), pages: vec![PageTruth::default(); pages], heads: Heads::default() }
    }
}

/// One day through the limiter, which is dropped at its end. `index`: what is public on that day.
fn count_day(
    pages: &[Box<str>],
    day: Day,
    bounds: Bounds,
    index: &SiteIndex,
    visitors: &impl Fn(Day, &mut dyn FnMut(&VisitorDay)),
) -> DayCount {
    let site = site("standard", None, bounds, day);
    let (mut cells, mut delta) = (Cells::default(), Cells::default());
    let bounder = Bounder::new(&site, index);
    let mut names = Names::default();
    let mut counted: Counted<DayTally> = Counted::new(pages.len());
    let mut seen = Vec::new();
    visitors(day, &mut |visitor| {
        visits(day, visitor, pages, &mut names, |visit, names| {
            bounder.add(visit, names, &mut cells, &mut delta);
        });
        counted.heads.see(visitor);
        seen.clear();
        for view in &visitor.views {
            if !seen.contains(&view.page) {
                let truth = &mut counted.pages[view.page as usize];
                truth.all += 1;
                truth.wikimedia += u32::from(seen.len() < WIKIMEDIA_PAGES_PER_DAY);
                seen.push(view.page);
            }
        }
    });
    let mut tally = cells.days.remove(&Epoch { site: site.name, period: Period::day(day) }).unwrap_or_default();
    assert!(tally.balances(true, tables()), "the tables of a day agree with each other");
    tally.forget_visitors(tables());
    for (page, truth) in pages.iter().zip(&mut counted.pages) {
        let page = tally.pages.get(page).copied().unwrap_or_default().counts;
        truth.bounded = u32::try_from(page.first).unwrap_or(u32::MAX);
        truth.bounded_views = u32::try_from(page.sum()).unwrap_or(u32::MAX);
    }
    counted.tally = tally;
    DayCount { day: counted, cells }
}

/// The visits that a visitor's page views are, as the anonymiser would give them under keys of their periods.
fn visits(
    day: Day,
    visitor: &VisitorDay,
    pages: &[Box<str>],
    names: &mut Names,
    mut give: impl FnMut(Sighting, &Names),
) {
    let mut last = NameId::default();
    // Cast safety: any number makes a key.
    let tag = |period: Period| mix(visitor.person, (period.start.number() as u64) << 3 | period.kind as u64);
    let visitor_tag = tag(Period::day(day));
    let mut attributes = visitor.facts.attributes;
    attributes.set_name(Table::Referrer, names.id(&visitor.facts.referrer, &mut last));
    attributes.set_name(Table::Campaign, names.id("(none)", &mut last));
    // Three of four have a browser that loads what a page needs.
    if visitor_tag % 4 > 0 {
        give(Sighting { day, visitor_tag, seen: Seen::Files }, names);
    }
    for view in &visitor.views {
        let visit = Visit {
            hour: view.hour,
            pair_tag: mix(visitor_tag, u64::from(view.page)),
            other_pair_tag: mix(visitor_tag, u64::MAX),
            week_tag: Some(tag(Period::week_of(day))),
            month_tag: Some(tag(Period::month_of(day))),
            page: names.id(&pages[view.page as usize], &mut last),
            attributes,
            marks: limit::VisitorDay::mark_browser(),
        };
        give(Sighting { day, visitor_tag, seen: Seen::Visit(visit) }, names);
    }
}

/// The tables that a made-up site counts.
fn tables() -> TableSet {
    TableSet::without_sources()
}

/// The site as a profile has it, started on a day; with a list of pages, if it has one.
pub(super) fn site(profile: &str, list: Option<&[Box<str>]>, bounds: Bounds, today: Day) -> Site {
    // Unwrap safety: a fixed name that is one, and UTC is always known.
    let (name, calendar) = (SiteName::new("lab").expect("a name"), Calendar::new("UTC").expect("a zone"));
    let settings = SiteSettings {
        profile: profile.to_owned(),
        shares: Shares::named(profile).unwrap_or(Shares::STANDARD),
        tables: tables(),
        known_pages: list.into_iter().flatten().map(|page| page.to_string()).collect(),
        has_page_list: list.is_some(),
        is_configured: true,
        ..SiteSettings::plain(name, calendar)
    };
    let terms = settings.first_terms(Privacy { bounds, ..Privacy::default() }, today);
    Site::new(&settings, History::of(terms))
}
