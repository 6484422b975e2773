//! How an open cell is stored: in parts, so that writing a large one takes little memory and keeps nobody waiting. Each part
//! is written by itself, as of one record of the journal, and says which.
//!
//! One part is the rest: sums, and what does not grow with visitors. The others share out what does, by an order of 64 bits:
//! visitors and pairs of a day by their tags, the pages of a month with their sketches by a hash of the page.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    DayTally, MonthTally,
    longer::{PageMonthTally, join},
    stored::{RowList, Span},
    tags::{PairRow, Row, Tags, VisitorRow},
};
use crate::{names::Name, sketch::Sketch};

/// A part of a cell: the rest, or all whose place in the order begins with certain bits. The latter are numbered like the
/// nodes of a binary tree: 1 has all, and 2n and 2n + 1 the halves of n.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Part(u32);

/// Halvings at most: far more than memory holds.
const DEPTH_MAX: u32 = 24;

impl Part {
    pub(crate) const REST: Self = Self(0);
    /// All but the rest.
    pub(crate) const ALL: Self = Self(1);

    pub(crate) fn number(self) -> u32 {
        self.0
    }

    /// None for a number that no part has.
    pub(crate) fn from_number(number: u32) -> Option<Self> {
        (number < 2 << DEPTH_MAX).then_some(Self(number))
    }

    /// How often it was halved.
    pub(crate) fn depth(self) -> u32 {
        self.0.checked_ilog2().unwrap_or(0)
    }

    /// The first and the last place in the order.
    fn span(self) -> (u64, u64) {
        let depth = self.depth();
        let size = u64::MAX.checked_shr(depth).unwrap_or(0);
        let first = u64::from(self.0 - (1 << depth)).checked_shl(u64::BITS - depth).unwrap_or(0);
        (first, first + size)
    }

    /// What it is split into when it is halved so often.
    pub(crate) fn split(self, times: u32) -> impl Iterator<Item = Self> {
        let times = times.min(DEPTH_MAX.saturating_sub(self.depth()));
        (self.0 << times..(self.0 + 1) << times).map(Self)
    }

    /// How often parts of a cell of so many bytes are halved until each has no more than `bytes_max`.
    pub(crate) fn depth_of(bytes: usize, bytes_max: usize) -> u32 {
        bytes.div_ceil(bytes_max).max(1).next_power_of_two().ilog2().min(DEPTH_MAX)
    }

    /// All parts but the rest: those that are stored, and what is missing beside them, halved `depth` times.
    pub(crate) fn complete(stored: &BTreeSet<Self>, depth: u32) -> Vec<Self> {
        let (mut all, mut open) = (Vec::new(), vec![Self::ALL]);
        while let Some(part) = open.pop() {
            let is_stored_in_parts = || (1..=DEPTH_MAX - part.depth()).any(|times| part.has_any_of(stored, times));
            if !stored.contains(&part) && (part.depth() < depth || is_stored_in_parts()) {
                open.extend(part.split(1));
            } else {
                all.push(part);
            }
        }
        all
    }

    /// Whether some of what it is split into is among others.
    fn has_any_of(self, others: &BTreeSet<Self>, times: u32) -> bool {
        others.range(Self(self.0 << times)..Self((self.0 + 1) << times)).next().is_some()
    }
}

/// Up to which record of the journal each part of a stored cell goes.
#[derive(Default)]
pub(crate) struct Through {
    rest: u64,
    /// First and last place in the order, and the record. In order; what no part has goes up to no record.
    spans: Vec<(u64, u64, u64)>,
}

impl Through {
    pub(crate) fn note(&mut self, part: Part, through: u64) {
        if part == Part::REST {
            self.rest = through;
            return;
        }
        let (first, last) = part.span();
        let place = self.spans.partition_point(|(other, ..)| *other < first);
        self.spans.insert(place, (first, last, through));
    }

    /// Whether the rest has a record.
    pub(super) fn has_rest(&self, record: u64) -> bool {
        self.rest >= record
    }

    /// Whether what has this place in the order has a record.
    pub(super) fn has(&self, order: u64, record: u64) -> bool {
        let place = self.spans.partition_point(|(_, last, _)| *last < order);
        self.spans.get(place).is_some_and(|(first, _, through)| *first <= order && *through >= record)
    }

    /// Whether all parts have a record. `is_halved`: whether the cell has others than the rest.
    pub(crate) fn has_all(&self, record: u64, is_halved: bool) -> bool {
        let mut next = Some(0);
        for (first, last, through) in &self.spans {
            if next == Some(*first) && *through >= record {
                next = last.checked_add(1);
            }
        }
        self.rest >= record && (!is_halved || (next.is_none() && !self.spans.is_empty()))
    }
}

/// What a part of a day has beside the rest, as it is stored.
#[derive(Serialize)]
struct DayPart<'t> {
    visitors: Span<'t, VisitorRow>,
    pairs: Span<'t, PairRow>,
}

#[derive(Deserialize)]
struct StoredDayPart {
    visitors: RowList<VisitorRow>,
    pairs: RowList<PairRow>,
}

/// Bytes that a stored visitor takes, and a stored pair.
const VISITOR_BYTES: usize = 12;
const PAIR_BYTES: usize = 9;

impl DayTally {
    /// About how many bytes all parts but the rest take.
    pub(crate) fn halved_bytes(&self) -> usize {
        self.visitors.len() * VISITOR_BYTES + self.pairs.len() * PAIR_BYTES
    }

    pub(crate) fn encode_part(&mut self, part: Part) -> postcard::Result<Vec<u8>> {
        if part == Part::REST {
            let (visitors, pairs) = (std::mem::take(&mut self.visitors), std::mem::take(&mut self.pairs));
            let bytes = postcard::to_allocvec(self);
            (self.visitors, self.pairs) = (visitors, pairs);
            return bytes;
        }
        let (first, last) = part.span();
        let (visitors, pairs) = (&self.visitors, &self.pairs);
        postcard::to_allocvec(&DayPart {
            visitors: Span { tags: visitors, first, last },
            pairs: Span { tags: pairs, first, last },
        })
    }

    /// Adds a part from its stored form.
    pub(crate) fn merge_part(&mut self, part: Part, bytes: &[u8]) -> postcard::Result<()> {
        if part == Part::REST {
            self.merge(&postcard::from_bytes(bytes)?);
            return Ok(());
        }
        let stored: StoredDayPart = postcard::from_bytes(bytes)?;
        take_in(&mut self.visitors, stored.visitors, part);
        take_in(&mut self.pairs, stored.pairs, part);
        Ok(())
    }
}

/// Adds rows of a part, with room for all parts: tags are spread evenly, so they have about as many each.
fn take_in<R: Row>(tags: &mut Tags<R>, rows: RowList<R>, part: Part) {
    let all = (rows.0.len() + rows.0.len() / 16) << part.depth();
    tags.reserve(all.saturating_sub(tags.len()).max(rows.0.len()));
    for row in rows.0 {
        tags.add_row(row);
    }
}

/// Bytes of a page's name and sketch, beside the registers.
const PAGE_BYTES: usize = 40;

impl MonthTally {
    /// About how many bytes all parts but the rest take.
    pub(crate) fn halved_bytes(&self) -> usize {
        self.pages.values().map(|page| PAGE_BYTES + page.visitors.stored_bytes()).sum()
    }

    pub(crate) fn encode_part(&mut self, part: Part) -> postcard::Result<Vec<u8>> {
        if part == Part::REST {
            let none = PageMonthTally::default().visitors;
            let take = |page: &mut PageMonthTally| std::mem::replace(&mut page.visitors, none.clone());
            let sketches: Vec<Sketch> = self.pages.values_mut().map(take).collect();
            let bytes = self.encode();
            self.pages.values_mut().zip(sketches).for_each(|(page, sketch)| page.visitors = sketch);
            return bytes;
        }
        let (first, last) = part.span();
        let pages = self.pages.iter().filter(|(name, _)| (first..=last).contains(&order_of(name)));
        let sketches: Vec<(&str, &Sketch)> = pages.map(|(name, page)| (name, &page.visitors)).collect();
        postcard::to_allocvec(&sketches)
    }

    /// Adds a part from its stored form.
    pub(crate) fn merge_part(&mut self, part: Part, bytes: &[u8]) -> postcard::Result<()> {
        if part == Part::REST {
            self.merge(&Self::decode(bytes)?);
            return Ok(());
        }
        for (name, sketch) in postcard::from_bytes::<Vec<(Box<str>, Sketch)>>(bytes)? {
            join(&mut self.pages.at(Name::of(&name)).visitors, &sketch);
        }
        Ok(())
    }
}

/// The place of a page in the order of a month's parts: the same on every day and in every process.
#[expect(clippy::expect_used, reason = "Unwrap safety: a digest has 32 bytes.")]
pub(super) fn order_of(page: &str) -> u64 {
    u64::from_be_bytes(*blake3::hash(page.as_bytes()).as_bytes().first_chunk().expect("a digest has 32 bytes"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn part() -> impl Strategy<Value = Part> {
        (1_u32..1 << 8).prop_map(Part)
    }

    proptest! {
        #[test]
        fn parts_have_every_place_once(
            stored in prop::collection::vec(part(), 0..6), depth in 0_u32..5, order in any::<u64>(),
        ) {
            // Of those that overlap only the first is stored.
            let mut kept = BTreeSet::<Part>::new();
            for part in stored {
                let (first, last) = part.span();
                if kept.iter().all(|other| other.span().1 < first || other.span().0 > last) {
                    kept.insert(part);
                }
            }
            let all = Part::complete(&kept, depth);
            prop_assert!(kept.iter().all(|part| all.contains(part)));
            prop_assert!(all.iter().all(|part| kept.contains(part) || part.depth() >= depth));
            let has = |part: &&Part| (part.span().0..=part.span().1).contains(&order);
            prop_assert_eq!(all.iter().filter(has).count(), 1);
            let mut through = Through::default();
            prop_assert!(!through.has(order, 1) && !through.has_all(1, true));
            for part in &all {
                through.note(*part, 1 + u64::from(kept.contains(part)));
            }
            through.note(Part::REST, 2);
            let is_kept = kept.iter().any(|part| has(&part));
            prop_assert!(through.has(order, 1) && through.has(order, 2) == is_kept);
            prop_assert!(through.has_all(1, true) && through.has_all(2, true) == (all.len() == kept.len()));
            prop_assert!(through.has_all(2, false) && !through.has_all(3, false));
        }

        #[test]
        fn a_part_is_split_into_what_it_has(part in part(), times in 0_u32..5) {
            let split: Vec<Part> = part.split(times).collect();
            prop_assert_eq!(split.len(), 1 << times);
            prop_assert_eq!((split[0].span().0, split.last().unwrap().span().1), part.span());
            prop_assert!(split.windows(2).all(|two| two[0].span().1 + 1 == two[1].span().0));
            prop_assert!(split.iter().all(|s| s.depth() == part.depth() + times));
        }
    }
}
