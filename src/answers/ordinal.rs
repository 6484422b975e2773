//! Numbers of releases within one site, for readers who must not learn of other sites.
//!
//! Releases are numbered over all sites, so their numbers tell how much others publish. Within its site a release is known by how
//! many releases other than hours the site had before, and an hour by its place after the last of them. Hours go when their day is
//! published, so they are not counted: a number stays what it is, grows in the order of publication, and follows from the releases of
//! the site alone.

use crate::calendar::{HOURS_PER_DAY_MAX, Period, PeriodKind};

/// Bits of the place of an hour: enough until the year 4,000.
const HOUR_BITS: u32 = 25;

/// The numbers of a site's releases: as stored, with those within the site, both growing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ordinals(Vec<(u64, u64)>);

impl Ordinals {
    /// Of all releases of a site, in any order.
    #[must_use]
    pub fn of(mut numbered: Vec<(Period, u64)>) -> Self {
        numbered.sort_unstable_by_key(|(_, number)| *number);
        let mut before: u64 = 0;
        let ordinal = |(period, number): (Period, u64)| {
            let hour = if period.kind == PeriodKind::Hour { place(period) } else { 0 };
            before += u64::from(period.kind != PeriodKind::Hour);
            (number, before << HOUR_BITS | hour)
        };
        Self(numbered.into_iter().map(ordinal).collect())
    }

    /// The number within the site; 0 where there is no such release.
    #[must_use]
    pub fn within_site(&self, stored: u64) -> u64 {
        self.0.binary_search_by_key(&stored, |(stored, _)| *stored).map_or(0, |at| self.0[at].1)
    }

    /// The stored number after which all releases come whose number within the site is greater than this one.
    #[must_use]
    pub fn stored_before(&self, ordinal: u64) -> u64 {
        let first_after = self.0.partition_point(|(_, known)| *known <= ordinal);
        first_after.checked_sub(1).map_or(0, |at| self.0[at].0)
    }
}

/// The place of an hour among all hours there are, from 1.
fn place(period: Period) -> u64 {
    let day = u64::try_from(period.start.number()).unwrap_or(0);
    let place = day * u64::from(HOURS_PER_DAY_MAX) + u64::from(period.hour) + 1;
    place.min((1 << HOUR_BITS) - 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::calendar::Day;

    fn day(day: i32) -> Period {
        Period::day(Day::from_number(20_000 + day))
    }

    fn hour(day: i32, hour: u8) -> Period {
        Period::hour(Day::from_number(20_000 + day), hour)
    }

    #[test]
    fn a_number_stays_what_it_is_when_hours_go() {
        let mut numbered = vec![(day(0), 4), (hour(1, 0), 9), (hour(1, 1), 12), (day(1), 31), (hour(2, 0), 40)];
        let all = Ordinals::of(numbered.clone());
        numbered.retain(|(period, _)| period.start != day(1).start || period.kind != PeriodKind::Hour);
        let later = Ordinals::of(numbered);
        for stored in [4, 31, 40] {
            assert_eq!(later.within_site(stored), all.within_site(stored));
        }
        let seen = all.within_site(12);
        assert_eq!((all.stored_before(seen), later.stored_before(seen)), (12, 4));
        assert_eq!((all.within_site(5), all.stored_before(0), all.stored_before(u64::MAX)), (0, 0, 40));
        // JavaScript reads it exactly.
        assert!(all.within_site(40) < 1 << 53);
    }

    proptest! {
        /// Where releases of other sites lie between is not seen, and whoever goes on misses nothing.
        #[test]
        fn numbers_follow_from_the_site_alone(gaps in proptest::collection::vec((1_u64..1_000, 1_u64..1_000, any::<bool>()), 1..60)) {
            let (mut a, mut b) = (Vec::new(), Vec::new());
            let (mut at_a, mut at_b) = (0, 0);
            for (n, (gap_a, gap_b, is_hour)) in (0..).zip(gaps) {
                at_a += gap_a;
                at_b += gap_b;
                let period = if is_hour { hour(n, 3) } else { day(n) };
                a.push((period, at_a));
                b.push((period, at_b));
            }
            let (of_a, of_b) = (Ordinals::of(a.clone()), Ordinals::of(b.clone()));
            let mut last = 0;
            for ((_, in_a), (_, in_b)) in a.iter().zip(&b) {
                let ordinal = of_a.within_site(*in_a);
                prop_assert_eq!(ordinal, of_b.within_site(*in_b));
                prop_assert!(ordinal > last);
                prop_assert_eq!(of_a.stored_before(ordinal), *in_a);
                last = ordinal;
            }
        }
    }
}
