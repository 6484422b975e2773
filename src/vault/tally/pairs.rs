//! The limiter's other half: how often each pair of a visitor and a page was counted. It has as many rows as all visitors
//! saw pages, more than anything else, and most page views add one. So a row is one number of eight bytes, and to find
//! a row or the place of a new one takes one look into memory: an open table with linear probing (Knuth, *The Art of
//! Computer Programming*, volume 3, 6.4), which no library has for rows that hold their own hash.

/// Where the count stands in a tag, above the bits that choose the place in the table.
const COUNT_SHIFT: u32 = 60;
const COUNT_MAX: u64 = 15;
const COUNT: u64 = COUNT_MAX << COUNT_SHIFT;
/// The least that a table has room for.
const ROWS_MIN: usize = 16;

/// Counted views by the keyed tag of visitor and page, of which 60 bits are looked at.
#[derive(Clone, Default)]
pub(in crate::vault) struct Pairs {
    /// As many as a power of two, or none. A free row is 0; any other has a count.
    rows: Vec<u64>,
    filled: usize,
}

impl Pairs {
    /// How many pairs there are.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.filled
    }

    /// How often a pair was counted.
    pub(in crate::vault) fn get(&self, tag: u64) -> u8 {
        if self.rows.is_empty() { 0 } else { count(self.rows[self.place(tag & !COUNT)]) }
    }

    /// Counts a pair so many times more, and says how often it was counted now. No more than 15 are told apart.
    pub(super) fn add(&mut self, tag: u64, views: u8) -> u8 {
        self.reserve(1);
        let tag = tag & !COUNT;
        let place = self.place(tag);
        let before = count(self.rows[place]);
        let views = (u64::from(before) + u64::from(views)).min(COUNT_MAX);
        self.filled += usize::from(before == 0 && views > 0);
        self.rows[place] = if views > 0 { tag | views << COUNT_SHIFT } else { 0 };
        count(self.rows[place])
    }

    /// The place of a tag's row: its own, or the free one where it would be put. The table has a free row.
    fn place(&self, tag: u64) -> usize {
        let mask = self.rows.len() - 1;
        // Cast safety: only as many bits as there are places count.
        let mut place = tag as usize & mask;
        while self.rows[place] != 0 && self.rows[place] & !COUNT != tag {
            place = (place + 1) & mask;
        }
        place
    }

    /// Makes room for more pairs: at least a quarter of the rows stays free, so that ways are short. What comes in the order
    /// of another table would pile up in a smaller one that grows; so whoever brings many makes room for them first.
    pub(super) fn reserve(&mut self, more: usize) {
        let needed = (self.filled + more) * 4;
        if needed > self.rows.len() * 3 {
            let length = needed.div_ceil(3).next_power_of_two().max(ROWS_MIN);
            let old = std::mem::replace(&mut self.rows, vec![0; length]);
            for row in old.into_iter().filter(|row| *row != 0) {
                let place = self.place(row & !COUNT);
                self.rows[place] = row;
            }
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, u8)> {
        self.rows.iter().filter(|row| **row != 0).map(|row| (row & !COUNT, count(*row)))
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.reserve(other.filled);
        for (tag, views) in other.iter() {
            self.add(tag, views);
        }
    }

    /// Forgets all, and keeps the memory where it was used.
    pub(super) fn clear(&mut self) {
        if self.rows.len() > ROWS_MIN.max(16 * self.filled) {
            self.rows = Vec::new();
        }
        self.rows.fill(0);
        self.filled = 0;
    }
}

/// Cast safety: the highest four bits.
fn count(row: u64) -> u8 {
    (row >> COUNT_SHIFT) as u8
}

impl FromIterator<(u64, u8)> for Pairs {
    fn from_iter<I: IntoIterator<Item = (u64, u8)>>(rows: I) -> Self {
        let mut pairs = Self::default();
        for (tag, views) in rows {
            pairs.add(tag, views);
        }
        pairs
    }
}

impl PartialEq for Pairs {
    fn eq(&self, other: &Self) -> bool {
        self.filled == other.filled && self.iter().all(|(tag, views)| other.get(tag) == views)
    }
}

impl Eq for Pairs {}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pairs_count_like_the_plain_map(rows in prop::collection::vec((0_u64..50, any::<bool>(), 1_u8..3), 0..200)) {
            let (mut pairs, mut plain) = (Pairs::default(), HashMap::<u64, u8>::new());
            for (n, high, views) in rows {
                // Tags that share places, and some that differ only in bits that are not looked at.
                let tag = (n & 7) << 40 | n >> 3;
                let sum = plain.entry(tag).or_default();
                *sum = (*sum + views).min(15);
                let tag = tag | u64::from(high) << 62;
                prop_assert_eq!(pairs.add(tag, views), *sum);
                prop_assert_eq!(pairs.get(tag), *sum);
                prop_assert_eq!(pairs.len(), plain.len());
            }
            prop_assert_eq!(pairs.iter().collect::<HashMap<_, _>>(), plain);
            let mut twice = pairs.clone();
            twice.merge(&pairs);
            prop_assert!(twice.iter().all(|(tag, views)| views == (2 * pairs.get(tag)).min(15)));
            prop_assert_eq!(pairs.get(u64::MAX), 0);
            pairs.clear();
            prop_assert!(pairs.iter().next().is_none() && pairs == Pairs::default());
        }
    }
}
