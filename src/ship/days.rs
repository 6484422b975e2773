//! Of which days and times the accesses of an input are, in bounded memory.

use std::collections::BTreeMap;

const MS_PER_DAY: i64 = 24 * 60 * 60 * 1_000;
/// Of so many days counts are kept. The rest is counted together.
const DAYS_MAX: usize = 4_096;

/// Accesses by day in UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Days {
    counts: BTreeMap<i64, u64>,
    /// Accesses of days beyond the limit.
    others: u64,
    /// The earliest and the latest time, in milliseconds since 1970.
    range: Option<(i64, i64)>,
}

impl Days {
    /// Counts an access.
    pub(super) fn add(&mut self, time_unix_ms: i64) {
        let (first, last) = self.range.unwrap_or((time_unix_ms, time_unix_ms));
        self.range = Some((first.min(time_unix_ms), last.max(time_unix_ms)));
        let day = time_unix_ms.div_euclid(MS_PER_DAY);
        if let Some(count) = self.counts.get_mut(&day) {
            *count += 1;
        } else if self.counts.len() < DAYS_MAX {
            self.counts.insert(day, 1);
        } else {
            self.others += 1;
        }
    }

    /// The earliest and the latest time, in milliseconds since 1970.
    pub(super) fn range(&self) -> Option<(i64, i64)> {
        self.range
    }

    /// Counts by date; "other" where there are too many days.
    pub(super) fn by_date(&self) -> BTreeMap<String, u64> {
        let date = |day: i64| jiff::Timestamp::from_second(day.saturating_mul(MS_PER_DAY / 1_000));
        let dated = self.counts.iter().map(|(day, count)| {
            let name = date(*day).map_or_else(|_| "other".to_owned(), |time| time.strftime("%F").to_string());
            (name, *count)
        });
        let mut by_date = BTreeMap::new();
        for (name, count) in dated.chain((self.others > 0).then(|| ("other".to_owned(), self.others))) {
            *by_date.entry(name).or_default() += count;
        }
        by_date
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_up_to_a_limit() {
        let mut days = Days::default();
        for time in [-1, 0, 1, MS_PER_DAY, i64::MAX] {
            days.add(time);
        }
        assert_eq!(days.range(), Some((-1, i64::MAX)));
        let by_date = days.by_date();
        assert_eq!(
            (by_date["1969-12-31"], by_date["1970-01-01"], by_date["1970-01-02"], by_date["other"]),
            (1, 2, 1, 1)
        );
        for day in 0..10_000 {
            days.add(day * MS_PER_DAY);
        }
        assert_eq!(days.by_date().values().sum::<u64>(), 10_005);
        assert!(days.counts.len() == DAYS_MAX);
    }
}
