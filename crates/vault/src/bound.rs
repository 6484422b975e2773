//! Bounds what was seen: decides what counts and under which key, and puts it into the open cells and into the delta of the step
//! that makes it durable. What a visitor may still add is decided in `limit`.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    anonymize::{Seen, Sighting, Visit},
    cells::Cells,
    keys::Epoch,
    limit::{self, Bounded, VisitorDay},
    names::{Beside, Name, NameId, Names},
    outcome::Outcome,
    release::{index::SiteIndex, terms::InForce},
    site::Site,
    tables::{OTHER_KEY, Table},
    tally::{Counted, DayTally, MonthTally, WeekTally, see_both},
};
use crate::calendar::{Day, HOURS_PER_DAY_MAX, Period};

/// Bounds what was seen against what the open cells hold, and puts what counts into them and into the delta of the step
/// that makes it durable.
pub(super) struct Bounder<'a> {
    pub(super) site: &'a Site,
    /// What is sealed and public of the site.
    pub(super) index: &'a SiteIndex,
    pub(super) known_pages: Arc<BTreeSet<Box<str>>>,
    pub(super) public_pages: Option<&'a BTreeSet<Box<str>>>,
}

/// A day's open tally and what the delta adds to it, with what holds on that day.
struct DayContext<'a> {
    date: Day,
    open: &'a mut DayTally,
    delta: &'a mut DayTally,
    terms: &'a InForce,
    /// By hour: whether it is published. Looked up once for all that was seen of the day.
    is_hour_sealed: [bool; HOURS_PER_DAY_MAX as usize],
    /// By the batch's names: their pages, as far as they were looked up. Empty where few were seen of the day.
    pages: Vec<Option<Page>>,
    to_see: Vec<ToSee<'a>>,
    /// Whether views came while the week was open, and the month.
    counts_in: [bool; 2],
}

/// The key under which a page counts.
#[derive(Clone, Copy)]
struct Page {
    /// Where it stands among the open pages.
    place: u32,
    /// Whether it is `(other)`.
    is_other: bool,
    /// Whether nobody needs to vote for it: `(other)`, and what is public.
    needs_no_votes: bool,
}

/// A view that sketches may not have seen: the first of its visitor, or of its visitor and page.
struct ToSee<'v> {
    visit: &'v Visit,
    is_first: bool,
    /// The page's place, where this is its first view.
    page: Option<usize>,
}

/// Sightings of one day from which on it pays to remember where pages stand.
const REMEMBERED_FROM: usize = 16;
/// Sightings that are looked up ahead.
const AHEAD: usize = 64;

impl<'a> Bounder<'a> {
    pub(super) fn new(site: &'a Site, index: &'a SiteIndex) -> Self {
        Self { site, index, known_pages: site.known_pages(), public_pages: index.public.get(&Table::Page) }
    }

    /// Adds all that was seen in a batch, in its order, and tells how each ended.
    pub(super) fn add_all(
        &self,
        names: &Names,
        seen: &[(u32, Sighting)],
        open: &mut Cells,
        delta: &mut Cells,
        mut enter: impl FnMut(u32, Outcome),
    ) {
        for of_one_day in seen.chunk_by(|(_, a), (_, b)| a.day == b.day) {
            let Some((_, first)) = of_one_day.first() else { continue };
            let period = Period::day(first.day);
            if self.index.sealed.contains(period) {
                of_one_day.iter().for_each(|(at, _)| enter(*at, Outcome::Late));
                continue;
            }
            let names_remembered = if of_one_day.len() < REMEMBERED_FROM { 0 } else { names.len() as usize };
            let mut context =
                self.context(first.day, &mut open.days, &mut delta.days, &mut delta.spare, names_remembered);
            for some in of_one_day.chunks(AHEAD) {
                context.fetch(some);
                for (at, sighting) in some {
                    enter(*at, self.add_to_day(sighting, names, &mut context));
                }
            }
            let (mut open, mut delta) = (
                Longer { weeks: &mut open.weeks, months: &mut open.months },
                Longer { weeks: &mut delta.weeks, months: &mut delta.months },
            );
            self.see_all(context, &mut open, &mut delta);
        }
    }

    /// Adds one sighting, and says how it ended.
    #[cfg(any(test, feature = "lab"))]
    pub(super) fn add(&self, sighting: Sighting, names: &Names, open: &mut Cells, delta: &mut Cells) -> Outcome {
        let mut ended = Outcome::Late;
        self.add_all(names, &[(0, sighting)], open, delta, |_, outcome| ended = outcome);
        ended
    }

    fn context<'d>(
        &'d self,
        date: Day,
        open: &'d mut BTreeMap<Epoch, DayTally>,
        delta: &'d mut BTreeMap<Epoch, DayTally>,
        spare: &mut Vec<DayTally>,
        names_remembered: usize,
    ) -> DayContext<'d> {
        let epoch = Epoch { site: self.site.name.clone(), period: Period::day(date) };
        let open = open.entry(epoch.clone()).or_default();
        let delta = delta.entry(epoch).or_insert_with(|| spare.pop().unwrap_or_default());
        let mut is_hour_sealed = [false; HOURS_PER_DAY_MAX as usize];
        for (hour, is_sealed) in (0..).zip(&mut is_hour_sealed) {
            *is_sealed = self.index.sealed.contains(Period::hour(date, hour));
        }
        let (terms, pages) = (self.site.terms_of(date), vec![None; names_remembered]);
        DayContext { date, open, delta, terms, is_hour_sealed, pages, to_see: Vec::new(), counts_in: [false; 2] }
    }

    fn add_to_day<'v>(&self, sighting: &'v Sighting, names: &Names, context: &mut DayContext<'v>) -> Outcome {
        debug_assert_eq!(sighting.day, context.date);
        let tag = sighting.visitor_tag;
        let visitor = context.open.visitors.get(tag);
        match &sighting.seen {
            Seen::Visit(visit) => self.view(tag, visit, names, visitor, context),
            Seen::Error { class, key } => {
                let mark = VisitorDay::mark_error(*class);
                if !visitor.has(mark) {
                    self.error(tag, mark, *class, names.get(*key), context);
                }
                Outcome::NotSuccess
            }
            Seen::Files => {
                let mark = VisitorDay::mark_files();
                if !visitor.has(mark) {
                    context.each(|day| day.mark(tag, mark));
                }
                Outcome::Asset
            }
            Seen::Robot { family, ended } => {
                let mark = VisitorDay::mark_robot();
                if !visitor.has(mark) {
                    let is_counted = context.terms.has(Table::Bot);
                    context.each(|day| {
                        day.mark(tag, mark);
                        if is_counted {
                            day.count_listed(Table::Bot, *family);
                        }
                    });
                }
                *ended
            }
        }
    }

    /// Counts a page view, unless it is beyond a bound.
    fn view<'v>(
        &self,
        tag: u64,
        visit: &'v Visit,
        names: &Names,
        visitor: VisitorDay,
        context: &mut DayContext<'v>,
    ) -> Outcome {
        let known = self.known_page(visit, names, context);
        // What counts as one key is bounded as one page, so that no counter moves by more than one a visitor-day.
        let is_other = match known {
            Some(page) => page.is_other,
            None => self.page_name(visit, names, context).text == OTHER_KEY,
        };
        let pair = if is_other { visit.other_pair_tag } else { visit.pair_tag };
        let views_of_page = context.open.pairs.get(pair);
        // Whether or not it counts: what is made durable has the same parts, and takes about as long.
        context.counts_in[0] |= visit.week_tag.is_some();
        context.counts_in[1] |= visit.month_tag.is_some();
        let contribution = match limit::bound(context.terms.bounds(), visitor, views_of_page, visit.hour) {
            Bounded::Beyond { newly_limited } => {
                if newly_limited {
                    context.each(|day| day.limit(tag));
                }
                if !visitor.has(visit.marks) {
                    context.each(|day| day.mark(tag, visit.marks));
                }
                return Outcome::BeyondBound;
            }
            Bounded::Counted(contribution) => contribution,
        };
        let page = known.unwrap_or_else(|| self.new_page(visit, names, context));
        let place = page.place as usize;
        let votes = contribution.is_first_of_page && !page.needs_no_votes;
        let view = Counted {
            tags: [tag, pair],
            visit,
            contribution,
            page: place,
            votes_before: votes.then(|| visitor.votes()),
            hour_is_open: !context.is_hour_sealed.get(usize::from(visit.hour)).copied().unwrap_or(false),
            active: context.terms.tables(),
        };
        context.open.count(context.delta, &view);
        let is_first = contribution.rank == 1;
        if is_first {
            // Attributes are those of the first page view.
            for (table, id) in visit.attributes.names() {
                self.count_text(table, id, names, context);
            }
        }
        // Later views of the same visitor and page would raise the same registers.
        if is_first || contribution.is_first_of_page {
            let page = contribution.is_first_of_page.then_some(place);
            context.to_see.push(ToSee { visit, is_first, page });
        }
        Outcome::Counted
    }

    /// The key under which the page of a visit counts, where it has a row already.
    fn known_page(&self, visit: &Visit, names: &Names, context: &mut DayContext<'_>) -> Option<Page> {
        if let Some(Some(page)) = context.pages.get(visit.page.place()) {
            return Some(*page);
        }
        let name = self.page_name(visit, names, context);
        let place = context.open.pages.place(name)?;
        Some(self.remember(visit, place, name.text, context))
    }

    /// The same for a page that had none.
    fn new_page(&self, visit: &Visit, names: &Names, context: &mut DayContext<'_>) -> Page {
        let name = self.page_name(visit, names, context);
        let place = context.open.pages.place_at(name);
        self.remember(visit, place, name.text, context)
    }

    /// The page's own name, or `(other)` where the table is closed and the page is not public, whether or not it has a row.
    fn page_name<'n>(&self, visit: &Visit, names: &'n Names, context: &DayContext<'_>) -> Name<'n> {
        let name = names.get(visit.page);
        if context.open.is_closed(Table::Page) && !self.is_public(name.text) { Name::of(OTHER_KEY) } else { name }
    }

    fn remember(&self, visit: &Visit, place: usize, text: &str, context: &mut DayContext<'_>) -> Page {
        let is_other = text == OTHER_KEY;
        // What is public follows from releases alone.
        let needs_no_votes = is_other || self.is_public(text);
        // A day has far fewer pages than 32 bits count: its guard closes the table.
        let page = Page { place: u32::try_from(place).unwrap_or(u32::MAX), is_other, needs_no_votes };
        if let Some(known) = context.pages.get_mut(visit.page.place()) {
            *known = Some(page);
        }
        page
    }

    /// Counts a visit under a text.
    fn count_text(&self, table: Table, id: NameId, names: &Names, context: &mut DayContext<'_>) {
        if context.terms.has(table) {
            let key = self.guarded(table, names.get(id), context);
            context.open.count_text(context.delta, table, key);
        }
    }

    fn error(&self, tag: u64, mark: VisitorDay, class: u8, key: Name<'_>, context: &mut DayContext<'_>) {
        let has_status = context.terms.has(Table::Status);
        context.each(|day| {
            day.mark(tag, mark);
            if has_status {
                day.count_listed(Table::Status, class.into());
            }
        });
        let guarded = self.guarded(Table::Error, key, context);
        // Errors of two classes would be one key where the table is closed, and move it by two.
        if context.terms.has(Table::Error) && guarded.text != OTHER_KEY {
            context.open.count_text(context.delta, Table::Error, guarded);
        }
    }

    fn is_public(&self, page: &str) -> bool {
        self.known_pages.contains(page) || self.public_pages.is_some_and(|pages| pages.contains(page))
    }

    /// A key of a table other than the pages, or `(other)` where the table is closed and the key is not public.
    fn guarded<'k>(&self, table: Table, key: Name<'k>, context: &DayContext<'_>) -> Name<'k> {
        let is_public = || table.public_keys().contains(&key.text) || self.index.is_public(table, key.text);
        if context.open.is_closed(table) && !is_public() { Name::of(OTHER_KEY) } else { key }
    }

    /// Raises the sketches of the week and the month, where these are open. The delta gets what changes them: what does
    /// not is durable already, or comes with the same step.
    fn see_all(&self, context: DayContext<'_>, open: &mut Longer<'_>, delta: &mut Longer<'_>) {
        let epoch = |period| Epoch { site: self.site.name.clone(), period };
        let (week, month) = (Period::week_of(context.date), Period::month_of(context.date));
        let [in_week, in_month] = context.counts_in;
        if in_week && !self.index.sealed.contains(week) {
            let open = open.weeks.entry(epoch(week)).or_default();
            let delta = delta.weeks.entry(epoch(week)).or_default();
            for tag in context.to_see.iter().filter(|seen| seen.is_first).filter_map(|seen| seen.visit.week_tag) {
                see_both(&mut open.visitors, &mut delta.visitors, tag);
            }
        }
        if in_month && !self.index.sealed.contains(month) {
            let open = open.months.entry(epoch(month)).or_default();
            let delta = delta.months.entry(epoch(month)).or_default();
            for ToSee { visit, is_first, page } in context.to_see {
                let Some(tag) = visit.month_tag else { continue };
                if is_first {
                    see_both(&mut open.visitors, &mut delta.visitors, tag);
                }
                if let Some(page) = page {
                    let page = context.open.pages.beside(page, Beside::Month, &mut open.pages);
                    open.see_on(tag, page, delta);
                }
            }
        }
    }
}

/// The weeks and months of cells.
struct Longer<'c> {
    weeks: &'c mut BTreeMap<Epoch, WeekTally>,
    months: &'c mut BTreeMap<Epoch, MonthTally>,
}

impl DayContext<'_> {
    /// Does the same to the open tally and to the delta.
    fn each(&mut self, mut change: impl FnMut(&mut DayTally)) {
        change(self.open);
        change(self.delta);
    }

    /// Reads the rows of visitors and pairs that are asked for next, all at once: the processor waits for memory once and
    /// not once for each.
    fn fetch(&self, sightings: &[(u32, Sighting)]) {
        let mut found = 0_u64;
        for (_, sighting) in sightings {
            found += u64::from(self.open.visitors.get(sighting.visitor_tag).votes());
            if let Seen::Visit(visit) = &sighting.seen {
                found += u64::from(self.open.pairs.get(visit.pair_tag));
            }
        }
        std::hint::black_box(found);
    }
}
