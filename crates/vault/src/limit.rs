//! The limiter: what one visitor may still add today. It knows visitors only by their keyed tags.
//!
//! Whether a page view is counted depends on that visitor's own earlier page views and on nothing else. This is what
//! the sensitivity rests on.

use headcount_model::keys::{ERROR_CLASSES, LOADED_FILES, PAGES_ONLY, ROBOT_LIKE};

use super::tables::{Bounds, VIEWS_PER_DAY_MAX};

// What most visitors have stands low: numbers are stored with as few bytes as they need.
const COUNT_BITS: u32 = 4;
const VOTES_SHIFT: u32 = COUNT_BITS;
const HOURS_SHIFT: u32 = VOTES_SHIFT + COUNT_BITS;
const HOUR_BITS: u32 = 5;
const LIMITED_BIT: u32 = HOURS_SHIFT + HOUR_BITS * VIEWS_PER_DAY_MAX as u32;
const ERRORS_SHIFT: u32 = LIMITED_BIT + 1;
#[expect(clippy::cast_possible_truncation, reason = "Cast safety: a list of two.")]
const ROBOT_SHIFT: u32 = ERRORS_SHIFT + ERROR_CLASSES.len() as u32;
const FILES_SHIFT: u32 = ROBOT_SHIFT + 1;
const BROWSER_SHIFT: u32 = FILES_SHIFT + 1;
const _: () = assert!(BROWSER_SHIFT < u64::BITS);
const _: () = assert!((VIEWS_PER_DAY_MAX as u32) < 1 << COUNT_BITS);
const _: () = assert!((crate::calendar::HOURS_PER_DAY_MAX as u32) <= 1 << HOUR_BITS);

/// What is either there or not: the limit, the errors, the robot, loaded files, a page opened as a browser does.
const MARKS: u64 = u64::MAX << LIMITED_BIT;
const _: () = assert!(BROWSER_SHIFT == u64::BITS - 1, "all above the hours are marks");

/// The hours of all page views.
const HOURS: u64 = (1 << (HOUR_BITS * VIEWS_PER_DAY_MAX as u32)) - 1;

/// What was counted of one visitor on one day: the hours of its page views (sorted, so that no order is kept), whether a
/// bound was hit, how many pages it voted for, which classes of error it met, and whether it was seen as a robot, with the
/// files of a page, or opening a page as a browser does. Packed into eight bytes, of which there is one for each visitor of
/// an open day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct VisitorDay(u64);

impl VisitorDay {
    /// Nothing was counted.
    pub(super) const NOTHING: Self = Self(0);

    /// A single page view in an hour.
    pub(super) fn one_view(hour: u8) -> Self {
        debug_assert!(u32::from(hour) < 1 << HOUR_BITS);
        Self(1 | u64::from(hour) << HOURS_SHIFT)
    }

    /// Nothing but the mark that a bound was hit.
    pub(super) fn mark_limited() -> Self {
        Self(1 << LIMITED_BIT)
    }

    /// One vote for a page that is not public yet.
    #[cfg(test)]
    pub(super) fn one_vote() -> Self {
        Self(1 << VOTES_SHIFT)
    }

    /// An error of a class, by its position among [`ERROR_CLASSES`].
    pub(super) fn mark_error(class: u8) -> Self {
        debug_assert!(usize::from(class) < ERROR_CLASSES.len());
        Self(1 << (ERRORS_SHIFT + u32::from(class)))
    }

    /// A robot.
    pub(super) fn mark_robot() -> Self {
        Self(1 << ROBOT_SHIFT)
    }

    /// Somebody who loaded a style sheet, script, font or picture.
    pub(super) fn mark_files() -> Self {
        Self(1 << FILES_SHIFT)
    }

    /// Somebody who opened a page as a browser of its time does.
    pub(super) fn mark_browser() -> Self {
        Self(1 << BROWSER_SHIFT)
    }

    /// Under which of [`READERS`] a visit counts, by its position; `None` for who has no page view.
    ///
    /// [`READERS`]: headcount_model::keys::READERS
    pub(super) fn reader(self) -> Option<usize> {
        if self.views() == 0 {
            return None;
        }
        Some(match (self.has(Self::mark_robot()), self.has(Self::mark_files()), self.has(Self::mark_browser())) {
            (true, ..) | (false, false, false) => ROBOT_LIKE,
            (false, true, _) => LOADED_FILES,
            (false, false, true) => PAGES_ONLY,
        })
    }

    /// How many pages it voted for.
    pub(super) fn votes(self) -> u8 {
        // Cast safety: masked to four bits.
        (self.0 >> VOTES_SHIFT & ((1 << COUNT_BITS) - 1)) as u8
    }

    /// Whether it has all the marks of another.
    pub(super) fn has(self, mark: Self) -> bool {
        self.0 & mark.0 == mark.0
    }

    /// How many page views were counted.
    pub(super) fn views(self) -> u8 {
        // Cast safety: masked to four bits.
        (self.0 & ((1 << COUNT_BITS) - 1)) as u8
    }

    /// Whether a bound was hit.
    pub(super) fn is_limited(self) -> bool {
        self.0 >> LIMITED_BIT & 1 == 1
    }

    fn hour_at(self, index: u8) -> u8 {
        // Cast safety: masked to five bits.
        (self.0 >> (HOURS_SHIFT + HOUR_BITS * u32::from(index)) & ((1 << HOUR_BITS) - 1)) as u8
    }

    /// How many page views were counted in an hour.
    pub(super) fn views_in(self, hour: u8) -> u8 {
        let hits = (0..self.views()).filter(|&i| self.hour_at(i) == hour).count();
        u8::try_from(hits).unwrap_or(u8::MAX)
    }

    /// Both together. Any order and any grouping gives the same value, as long as the views stay within the limit;
    /// what would be beyond it (which only a damaged record could hold) is left out.
    pub(super) fn merge(self, other: Self) -> Self {
        let mut hours = [0_u8; 2 * VIEWS_PER_DAY_MAX as usize];
        let (mine, theirs) = (self.views(), other.views());
        for i in 0..mine {
            hours[usize::from(i)] = self.hour_at(i);
        }
        for i in 0..theirs {
            hours[usize::from(mine + i)] = other.hour_at(i);
        }
        let all = &mut hours[..usize::from(mine + theirs)];
        all.sort_unstable();
        let kept = all.len().min(usize::from(VIEWS_PER_DAY_MAX));
        let votes = u64::from((self.votes() + other.votes()).min(VIEWS_PER_DAY_MAX));
        let mut packed = (self.0 | other.0) & MARKS | votes << VOTES_SHIFT | kept as u64;
        for (i, &hour) in (0_u32..).zip(&all[..kept]) {
            packed |= u64::from(hour) << (HOURS_SHIFT + HOUR_BITS * i);
        }
        Self(packed)
    }
}

impl VisitorDay {
    /// The packed number, as it is stored.
    pub(super) fn packed(self) -> u64 {
        self.0
    }

    /// From the packed number.
    pub(super) fn from_packed(packed: u64) -> Self {
        Self(packed)
    }

    /// The same with one more vote: what [`VisitorDay::merge`] gives.
    pub(super) fn with_vote(self) -> Self {
        if self.votes() >= VIEWS_PER_DAY_MAX { self } else { Self(self.0 + (1 << VOTES_SHIFT)) }
    }

    /// Its marks alone.
    #[cfg(feature = "lab")]
    pub(super) fn marks(self) -> Self {
        Self(self.0 & MARKS)
    }

    /// The same with the marks of another: what [`VisitorDay::merge`] gives.
    pub(super) fn with_marks(self, marks: Self) -> Self {
        debug_assert_eq!(marks.0 & MARKS, marks.0);
        Self(self.0 | marks.0)
    }

    /// The same with one more page view in an hour: what [`VisitorDay::merge`] gives, without taking the hours apart.
    pub(super) fn with_view(self, hour: u8) -> Self {
        let views = self.views();
        if views >= VIEWS_PER_DAY_MAX {
            return self.merge(Self::one_view(hour));
        }
        let hours = self.0 >> HOURS_SHIFT & HOURS;
        #[expect(clippy::cast_possible_truncation, reason = "Cast safety: at most as many as a day has views.")]
        let before = (0..views).take_while(|&index| self.hour_at(index) <= hour).count() as u32 * HOUR_BITS;
        let low = hours & ((1 << before) - 1);
        let hours = low | u64::from(hour) << before | (hours ^ low) << HOUR_BITS;
        let rest = (self.0 & !(HOURS << HOURS_SHIFT)) + 1;
        Self(rest | (hours << HOURS_SHIFT))
    }
}

/// Proof that a page view was bounded, and which counter of each table it raises. Only [`bound`] makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Contribution {
    /// Which page view of the visit this is, from 1.
    pub(super) rank: u8,
    /// Which page view of this visitor in this hour, from 1.
    pub(super) rank_in_hour: u8,
    /// Whether the visitor sees this page for the first time today.
    pub(super) is_first_of_page: bool,
}

/// What the limiter says of a page view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bounded {
    /// It counts.
    Counted(Contribution),
    /// It is beyond a bound; true the first time this happens to the visit.
    Beyond { newly_limited: bool },
}

/// Decides about one page view from what was counted of the same visitor before.
pub(super) fn bound(bounds: Bounds, visitor: VisitorDay, views_of_page: u8, hour: u8) -> Bounded {
    if visitor.views() >= bounds.views_per_visitor_day || views_of_page >= bounds.views_per_page {
        return Bounded::Beyond { newly_limited: !visitor.is_limited() };
    }
    Bounded::Counted(Contribution {
        rank: visitor.views() + 1,
        rank_in_hour: visitor.views_in(hour) + 1,
        is_first_of_page: views_of_page == 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day_of(hours: &[u8]) -> VisitorDay {
        hours.iter().fold(VisitorDay::default(), |day, &hour| day.merge(VisitorDay::one_view(hour)))
    }

    proptest! {
        #[test]
        fn merging_commutes_and_groups(
            a in prop::collection::vec(0_u8..26, 0..4),
            b in prop::collection::vec(0_u8..26, 0..4),
            c in prop::collection::vec(0_u8..26, 0..3),
            limited: bool,
            votes in 0_u8..4,
        ) {
            let (a, mut b, c) = (day_of(&a), day_of(&b), day_of(&c));
            if limited {
                b = b.merge(VisitorDay::mark_limited()).merge(VisitorDay::mark_error(1));
            }
            for _ in 0..votes {
                b = b.merge(VisitorDay::one_vote());
            }
            let a = a.merge(VisitorDay::mark_robot()).merge(VisitorDay::mark_browser());
            let c = c.merge(VisitorDay::mark_files());
            let both = VisitorDay::mark_files().merge(VisitorDay::mark_browser());
            prop_assert!(a.merge(c).has(both) && !a.merge(b).has(both) && !b.has(VisitorDay::mark_files()));
            prop_assert_eq!(a.merge(b).votes(), votes);
            prop_assert!(a.merge(b).has(VisitorDay::mark_robot()));
            prop_assert_eq!(a.merge(b).has(VisitorDay::mark_error(1)), limited);
            prop_assert!(!a.merge(b).has(VisitorDay::mark_error(0)));
            prop_assert_eq!(a.merge(b), b.merge(a));
            prop_assert_eq!(a.merge(b).merge(c), a.merge(b.merge(c)));
            prop_assert_eq!(a.merge(b).views(), a.views() + b.views());
            prop_assert_eq!(a.merge(b).is_limited(), limited);
        }

        #[test]
        fn one_view_more_is_what_a_merge_gives(hours in prop::collection::vec(0_u8..26, 0..14), marks in 0_u8..64) {
            let mut day = VisitorDay::default();
            if marks & 1 > 0 { day = day.merge(VisitorDay::mark_limited()); }
            if marks & 2 > 0 { day = day.merge(VisitorDay::mark_robot()); }
            if marks & 4 > 0 { day = day.merge(VisitorDay::one_vote()); }
            if marks & 8 > 0 { day = day.merge(VisitorDay::mark_error(1)); }
            if marks & 16 > 0 { day = day.merge(VisitorDay::mark_files()); }
            if marks & 32 > 0 { day = day.merge(VisitorDay::mark_browser()); }
            for hour in hours {
                prop_assert_eq!(day.with_view(hour), day.merge(VisitorDay::one_view(hour)));
                prop_assert_eq!(day.with_vote(), day.merge(VisitorDay::one_vote()));
                day = day.with_view(hour);
            }
        }

        #[test]
        fn what_a_visitor_did_puts_its_visit_under_one_key_in_any_order(
            deeds in prop::collection::vec(0_u8..4, 0..8).prop_shuffle(),
        ) {
            let of = |deed: &u8| match deed {
                0 => VisitorDay::one_view(9),
                1 => VisitorDay::mark_files(),
                2 => VisitorDay::mark_browser(),
                _ => VisitorDay::mark_robot(),
            };
            let did = |deed| deeds.contains(&deed);
            let wanted = match (did(3), did(1), did(2)) {
                (true, ..) => ROBOT_LIKE,
                (_, true, _) => LOADED_FILES,
                (_, _, true) => PAGES_ONLY,
                _ => ROBOT_LIKE,
            };
            let day = deeds.iter().map(of).fold(VisitorDay::NOTHING, VisitorDay::merge);
            prop_assert_eq!(day.reader(), did(0).then_some(wanted));
        }

        #[test]
        fn a_visitor_adds_at_most_the_bounds_whatever_it_does(
            views in prop::collection::vec((0_u8..26, 0_usize..4), 0..60),
            per_day in 1_u8..=VIEWS_PER_DAY_MAX,
            per_page in 1_u8..=4,
        ) {
            let bounds = Bounds { views_per_visitor_day: per_day, views_per_page: per_page };
            let (mut visitor, mut pages) = (VisitorDay::default(), [0_u8; 4]);
            let (mut ranks, mut hour_ranks, mut limited) = (vec![], vec![], 0);
            for (hour, page) in views {
                match bound(bounds, visitor, pages[page], hour) {
                    Bounded::Counted(c) => {
                        ranks.push(c.rank);
                        hour_ranks.push((hour, c.rank_in_hour));
                        prop_assert_eq!(c.is_first_of_page, pages[page] == 0);
                        visitor = visitor.merge(VisitorDay::one_view(hour));
                        pages[page] += 1;
                    }
                    Bounded::Beyond { newly_limited } => {
                        limited += u32::from(newly_limited);
                        visitor = visitor.merge(VisitorDay::mark_limited());
                    }
                }
            }
            prop_assert!(ranks.len() <= usize::from(per_day));
            prop_assert!(pages.iter().all(|&n| n <= per_page));
            prop_assert!(limited <= 1);
            // No counter is raised twice: ranks, and ranks within an hour, are all distinct.
            let distinct = |n: usize, mut v: Vec<(u8, u8)>| { v.sort_unstable(); v.dedup(); v.len() == n };
            prop_assert!(distinct(hour_ranks.len(), hour_ranks.clone()));
            prop_assert!(distinct(ranks.len(), ranks.iter().map(|&r| (0, r)).collect()));
        }
    }
}
