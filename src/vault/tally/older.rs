//! A day as the formats before 4 stored it. Read only: what is read becomes a day of today.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    Activity, AttributeTally, Counters, DayTally, PageTally, SiteTally, Texts,
    tags::{PairRow, VisitorRow},
};
use crate::vault::{limit::VisitorDay, names::TextMap, tables::Table};

#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(in crate::vault) struct OlderDayTally {
    visitors: Vec<(u64, u64)>,
    pairs: Vec<(u64, u8)>,
    site: SiteTally,
    hours: BTreeMap<u8, Counters>,
    pages: TextMap<PageTally>,
    votes: Texts,
    attributes: AttributeTally,
    activity: Activity,
}

impl From<OlderDayTally> for DayTally {
    fn from(older: OlderDayTally) -> Self {
        let OlderDayTally { visitors, pairs, site, hours, pages, votes, mut attributes, activity } = older;
        let visitor = |(tag, packed)| VisitorRow { tag, day: VisitorDay::from_format_3(packed) };
        let visitors = visitors.into_iter().map(visitor).collect();
        let pairs = pairs.into_iter().map(|(tag, views)| PairRow::new(tag, views)).collect();
        let mut day = Self { visitors, pairs, site, hours, activity, ..Self::default() };
        for (name, counts) in pages.rows() {
            day.pages.at(name).counts = *counts;
        }
        for (name, votes) in votes.rows() {
            day.pages.at(name).votes = *votes;
        }
        for (name, entries) in attributes.take_texts(Table::Entry).rows() {
            day.pages.at(name).entries = *entries;
        }
        day.beside_entries = attributes;
        day
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_of_the_form_before_is_read() {
        let texts = |rows: &[(&str, u64)]| -> Texts {
            postcard::from_bytes(&postcard::to_allocvec(&rows.iter().copied().collect::<BTreeMap<_, _>>()).unwrap())
                .unwrap()
        };
        // Two views (the count stands lowest), in hours 9 and 10 (from bit 5, five bits each), two votes (from bit 55).
        let packed = 2 | 9 << 5 | 10 << 10 | 2 << 55;
        let mut attributes = AttributeTally::default();
        attributes.add_texts(Table::Entry, crate::vault::names::Name::of("/a"), 1);
        let mut pages = TextMap::<PageTally>::default();
        pages.at(crate::vault::names::Name::of("/a")).first = 1;
        pages.at(crate::vault::names::Name::of("/b")).first = 1;
        let older = OlderDayTally {
            visitors: vec![(5, packed)],
            pairs: vec![(1, 1), (2, 1)],
            site: SiteTally::default(),
            hours: BTreeMap::new(),
            pages,
            votes: texts(&[("/a", 77), ("/b", 49)]),
            attributes,
            activity: Activity::default(),
        };
        let bytes = postcard::to_allocvec(&older).unwrap();
        let day = DayTally::from(postcard::from_bytes::<OlderDayTally>(&bytes).unwrap());
        let today = VisitorDay::one_view(10).merge(VisitorDay::one_view(9)).with_vote().with_vote();
        assert_eq!(day.visitors.get(5), today);
        assert_eq!(day.pairs.len(), 2);
        assert_eq!(day.votes().map(|(name, votes)| (name.text, votes)).collect::<Vec<_>>(), [("/a", 77), ("/b", 49)]);
        assert_eq!(day.attributes().texts(Table::Entry).unwrap().get("/a"), Some(&1));
        assert_eq!((day.pages["/b"].counts.first, day.pages["/b"].entries), (1, 0));
        let again: DayTally = postcard::from_bytes(&postcard::to_allocvec(&day).unwrap()).unwrap();
        assert!(again == day);
    }
}
