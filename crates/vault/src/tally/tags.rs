//! The limiter's tables: one of visitors, one of pairs of a visitor and a page. They have more rows than anything else, and
//! each page view asks both. So a row holds its own tag, and to find a row or the place of a new one takes one look into
//! memory: an open table with linear probing (Knuth, *The Art of Computer Programming*, volume 3, 6.4).
//!
//! The highest bits of a tag choose the place of its row, so rows lie nearly in the order of their tags. That way a part of
//! all tags lies together, a table grows where it lies, and two tables merge from front to back. No library has that.

use super::super::{limit::VisitorDay, tables::VIEWS_PER_DAY_MAX};

/// A row of a table.
pub(crate) trait Row: Copy {
    /// A place that nobody has.
    const FREE: Self;
    /// Whether nobody has it.
    fn is_free(self) -> bool;
    /// By what rows are found and in what order they lie: the tag, its highest bits first.
    fn order(self) -> u64;
    /// Both together, of one tag.
    fn join(self, other: Self) -> Self;
}

/// A visitor, and what was counted of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct VisitorRow {
    pub(crate) tag: u64,
    pub(crate) day: VisitorDay,
}

impl Row for VisitorRow {
    const FREE: Self = Self { tag: 0, day: VisitorDay::NOTHING };

    fn is_free(self) -> bool {
        self.day == VisitorDay::NOTHING
    }

    fn order(self) -> u64 {
        self.tag
    }

    fn join(self, other: Self) -> Self {
        Self { tag: self.tag, day: self.day.merge(other.day) }
    }
}

/// Where the count of a pair stands, above the bits of its tag that are looked at.
const COUNT_SHIFT: u32 = 60;
const COUNT_MAX: u64 = 15;

/// A pair of a visitor and a page: 60 bits of its tag, and how often it was counted, in one number.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct PairRow(u64);

const _: () = assert!((VIEWS_PER_DAY_MAX as u64) < COUNT_MAX);

impl PairRow {
    /// No more than 15 views are told apart.
    pub(crate) fn new(tag: u64, views: u8) -> Self {
        let views = u64::from(views).min(COUNT_MAX);
        if views == 0 { Self::FREE } else { Self(Self::looked_at(tag) | views << COUNT_SHIFT) }
    }

    /// The bits of a tag that are looked at.
    pub(crate) fn looked_at(tag: u64) -> u64 {
        tag & !(COUNT_MAX << COUNT_SHIFT)
    }

    fn order_of(tag: u64) -> u64 {
        tag << (u64::BITS - COUNT_SHIFT)
    }

    /// The bits of the tag that are looked at.
    pub(crate) fn tag(self) -> u64 {
        Self::looked_at(self.0)
    }

    pub(crate) fn views(self) -> u8 {
        // Cast safety: the highest four bits.
        (self.0 >> COUNT_SHIFT) as u8
    }
}

impl Row for PairRow {
    const FREE: Self = Self(0);

    fn is_free(self) -> bool {
        self.0 == 0
    }

    fn order(self) -> u64 {
        Self::order_of(self.0)
    }

    fn join(self, other: Self) -> Self {
        Self::new(self.0, self.views().saturating_add(other.views()))
    }
}

/// What each visitor has added.
pub(crate) type Visitors = Tags<VisitorRow>;
/// How often each pair of a visitor and a page was counted.
pub(crate) type Pairs = Tags<PairRow>;

/// The least that a table has room for.
const HOMES_MIN: usize = 16;
/// Rows behind the last home: what is pushed on from there mostly ends in them.
const BEHIND: usize = 8;

/// Rows by their tags.
#[derive(Clone)]
pub(crate) struct Tags<R> {
    /// All homes, and what lies behind the last of them.
    rows: Vec<R>,
    /// Rows begin their way at one of so many places.
    homes: usize,
    filled: usize,
}

impl<R> Default for Tags<R> {
    fn default() -> Self {
        Self { rows: Vec::new(), homes: 0, filled: 0 }
    }
}

/// Where the way of a row begins (Lemire 2019, "Fast random integer generation in an interval": the high half of a product).
#[expect(clippy::cast_possible_truncation, reason = "Cast safety: less than `homes`.")]
fn home(order: u64, homes: usize) -> usize {
    ((u128::from(order) * homes as u128) >> u64::BITS) as usize
}

impl<R: Row> Tags<R> {
    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.filled
    }

    /// The place of a row: its own, or the free one where it would be put, which may be behind all.
    fn place(&self, order: u64) -> usize {
        let mut place = home(order, self.homes);
        while self.rows.get(place).is_some_and(|row| !row.is_free() && row.order() != order) {
            place += 1;
        }
        place
    }

    fn row(&self, order: u64) -> R {
        self.rows.get(self.place(order)).copied().unwrap_or(R::FREE)
    }

    /// Changes the row of a tag, or [`Row::FREE`] where there is none, into what is no free row.
    fn change(&mut self, order: u64, change: impl FnOnce(R) -> R) -> R {
        self.reserve(1);
        let place = self.place(order);
        if place == self.rows.len() {
            self.rows.push(R::FREE);
        }
        let before = self.rows[place];
        let after = change(before);
        debug_assert!(!after.is_free() && after.order() == order);
        self.rows[place] = after;
        self.filled += usize::from(before.is_free());
        after
    }

    /// Adds what a row says to what is known.
    pub(crate) fn add_row(&mut self, row: R) -> R {
        debug_assert!(!row.is_free());
        self.change(row.order(), |mine| if mine.is_free() { row } else { mine.join(row) })
    }

    /// Makes room for more rows: at least a quarter of the places stays free, so that ways are short. What comes in the order
    /// of its tags would pile up in a table that grows; so whoever brings many makes room for them first.
    pub(crate) fn reserve(&mut self, more: usize) {
        let needed = (self.filled + more) * 4;
        if needed > self.homes * 3 {
            self.grow((needed / 3 + 1).max(self.homes * 3 / 2).max(HOMES_MIN));
        }
    }

    /// Moves the rows apart where they lie, from the last to the first: so no second table is needed.
    fn grow(&mut self, homes: usize) {
        let mut left = self.rows.len();
        self.rows.reserve_exact((homes + BEHIND).saturating_sub(left));
        self.rows.resize(left.max(homes + BEHIND), R::FREE);
        self.homes = homes;
        while left > 0 {
            let row = self.rows[left - 1];
            if !row.is_free() {
                // It must come behind all that have not moved yet.
                if home(row.order(), homes) < left {
                    break;
                }
                self.rows[left - 1] = R::FREE;
                self.put(row);
            }
            left -= 1;
        }
        // Those in front hardly move: they are taken out together.
        let front: Vec<R> = self.rows[..left].iter().copied().filter(|row| !row.is_free()).collect();
        self.rows[..left].fill(R::FREE);
        for row in front {
            self.put(row);
        }
    }

    /// Puts a row where none of its tag is.
    fn put(&mut self, row: R) {
        let place = self.place(row.order());
        match self.rows.get_mut(place) {
            Some(free) => *free = row,
            None => self.rows.push(row),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = R> {
        self.between(0, u64::MAX)
    }

    /// The rows from one place in the order to another, both included.
    pub(crate) fn between(&self, first: u64, last: u64) -> impl Iterator<Item = R> {
        let (from, to) = (home(first, self.homes), home(last, self.homes) + 1);
        let (homes, after) = self.rows.split_at(to.min(self.rows.len()));
        // What was pushed on behind the last home.
        let behind = after.iter().take_while(|row| !row.is_free());
        let rows = homes.iter().skip(from).chain(behind).copied();
        rows.filter(move |row| !row.is_free() && (first..=last).contains(&row.order()))
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.merge_where(other, |_| true);
    }

    /// Adds the rows whose place in the order is wanted.
    pub(crate) fn merge_where(&mut self, other: &Self, wanted: impl Fn(u64) -> bool) {
        self.reserve(other.filled);
        for row in other.iter().filter(|row| wanted(row.order())) {
            self.add_row(row);
        }
    }

    /// Forgets all, and keeps the memory where it was used.
    pub(crate) fn clear(&mut self) {
        if self.rows.len() > HOMES_MIN.max(16 * self.filled) + BEHIND {
            *self = Self::default();
        }
        self.rows.fill(R::FREE);
        self.filled = 0;
    }
}

impl Visitors {
    /// What was counted of a visitor.
    pub(crate) fn get(&self, tag: u64) -> VisitorDay {
        self.row(tag).day
    }

    /// Changes what was counted of a visitor; something is, afterwards.
    pub(crate) fn set(&mut self, tag: u64, change: impl FnOnce(VisitorDay) -> VisitorDay) {
        self.change(tag, |row| VisitorRow { tag, day: change(row.day) });
    }
}

impl Pairs {
    /// How often a pair was counted.
    pub(crate) fn get(&self, tag: u64) -> u8 {
        self.row(PairRow::order_of(tag)).views()
    }

    /// Counts a pair once more.
    pub(crate) fn count(&mut self, tag: u64) {
        self.add_row(PairRow::new(tag, 1));
    }
}

impl<R: Row> FromIterator<R> for Tags<R> {
    fn from_iter<I: IntoIterator<Item = R>>(rows: I) -> Self {
        let rows: Vec<R> = rows.into_iter().collect();
        let mut tags = Self::default();
        tags.reserve(rows.len());
        for row in rows.into_iter().filter(|row| !row.is_free()) {
            tags.add_row(row);
        }
        tags
    }
}

impl<R: Row + PartialEq> PartialEq for Tags<R> {
    fn eq(&self, other: &Self) -> bool {
        self.filled == other.filled && self.iter().all(|row| other.row(row.order()) == row)
    }
}

impl<R: Row + Eq> Eq for Tags<R> {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// Tags that share places, some at either end, and some that differ only in bits that are not looked at.
    fn tag() -> impl Strategy<Value = u64> {
        prop_oneof![
            (0_u64..40).prop_map(|n| n << 20),
            (0_u64..40).prop_map(|n| u64::MAX - n),
            (0_u64..40).prop_map(|n| n << 54 | n << 62),
            any::<u64>(),
        ]
    }

    proptest! {
        #[test]
        fn tables_count_like_the_plain_map(
            tags in prop::collection::vec((tag(), 1_u8..3), 0..400),
            first in tag(),
            last in tag(),
        ) {
            let (mut pairs, mut plain) = (Pairs::default(), BTreeMap::<u64, u8>::new());
            for (tag, views) in tags {
                let sum = plain.entry(PairRow::order_of(tag)).or_default();
                *sum = (*sum + views).min(15);
                prop_assert_eq!(pairs.add_row(PairRow::new(tag, views)).views(), *sum);
                prop_assert_eq!(pairs.get(tag), *sum);
                prop_assert_eq!(pairs.len(), plain.len());
            }
            let rows = |rows: &mut dyn Iterator<Item = PairRow>| -> Vec<_> {
                let mut rows: Vec<_> = rows.map(|row| (row.order(), row.views())).collect();
                rows.sort_unstable();
                rows
            };
            let all: Vec<_> = plain.iter().map(|(order, views)| (*order, *views)).collect();
            prop_assert_eq!(rows(&mut pairs.iter()), all.clone());
            let some: Vec<_> = all.iter().copied().filter(|(order, _)| (first..=last).contains(order)).collect();
            prop_assert_eq!(rows(&mut pairs.between(first, last)), some);
            let mut twice = pairs.clone();
            twice.merge(&pairs);
            prop_assert!(twice.iter().all(|row| row.views() == (2 * pairs.get(row.tag())).min(15)));
            prop_assert!(pairs.iter().collect::<Pairs>() == pairs);
            pairs.clear();
            prop_assert!(pairs.iter().next().is_none() && pairs == Pairs::default());
        }
    }

    #[test]
    fn a_table_that_grew_often_has_short_ways() {
        let mut pairs = Pairs::default();
        let tag = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (0..200_000).for_each(|n| pairs.count(tag(n)));
        let way = |row: PairRow| pairs.place(row.order()) - home(row.order(), pairs.homes);
        let longest = pairs.iter().map(way).max().unwrap();
        assert!(longest < 200, "{longest} places from its home");
        assert!((0..200_000).all(|n| pairs.get(tag(n)) == 1) && pairs.get(tag(200_000)) == 0);
        assert!(pairs.rows.len() < 200_000 * 5 / 2);
    }
}
