//! From releases to the protocol's messages: a notice, or all counters as they are stored.

use super::convert::{kind, table};
use crate::{
    answers::label,
    calendar::Period,
    proto,
    vault::{Release, Table},
};

/// `number`: as the reader sees it.
pub(super) fn notice(release: &Release, number: u64) -> proto::WatchReleasesResponse {
    proto::WatchReleasesResponse {
        release: number,
        site: release.site.to_string(),
        kind: kind(release.kind()).into(),
        start: label::start(release),
    }
}

/// `number`: as the reader sees it.
pub(super) fn export(release: &Release, number: u64) -> proto::ExportReleasesResponse {
    proto::ExportReleasesResponse {
        release: number,
        site: release.site.to_string(),
        time_zone: release.zone.clone(),
        kind: kind(release.kind()).into(),
        start: label::start(release),
        gap: release.gap.clone().unwrap_or_default(),
        rho_nano: release.rho_nano(),
        counters: counters(release),
    }
}

/// All counters of a release: the site's, its hours' (the key is the hour's start), then those of the tables.
fn counters(release: &Release) -> Vec<proto::ExportedCounter> {
    let mut all = Vec::new();
    let mut add = |of: Table, key: &str, counter: &str, value: i64, error_milli: u64| {
        all.push(proto::ExportedCounter {
            table: table(of).into(),
            key: key.to_owned(),
            counter: counter.to_owned(),
            value,
            standard_error: error_milli as f64 / 1e3,
        });
    };
    if let Some(numbers) = &release.site_numbers {
        for (rank, noisy) in (1..).zip(&numbers.ranks) {
            add(Table::Site, "", &format!("access-{rank}"), noisy.count, noisy.sigma_milli);
        }
        add(Table::Site, "", "limited", numbers.limited.count, numbers.limited.sigma_milli);
        if let Some(visitors) = numbers.visitors {
            add(Table::Site, "", "visitors", whole(visitors.estimate_milli), visitors.standard_error_milli);
        }
    }
    for hour in &release.hours {
        let key = label::of(release, Period::hour(release.period.start, hour.hour));
        for (position, count) in hour.counts.iter().enumerate() {
            add(Table::Site, &key, &hour_counter(position), *count, hour.sigma_milli);
        }
    }
    for numbers in &release.tables {
        let names: &[&str] = if numbers.table == Table::Page { &["first-views", "repeat-views"] } else { &["visits"] };
        for key in &numbers.keys {
            if key.counts.is_empty() {
                add(numbers.table, &key.key, "published", 1, 0);
            }
            for (name, count) in names.iter().zip(&key.counts) {
                add(numbers.table, &key.key, name, *count, numbers.sigma_milli);
            }
            if let Some(visitors) = key.visitors {
                let value = whole(visitors.estimate_milli);
                add(numbers.table, &key.key, "visitors", value, visitors.standard_error_milli);
            }
        }
    }
    all
}

fn hour_counter(position: usize) -> String {
    match position {
        0 => "hour-visit".to_owned(),
        1 => "hour-arrival".to_owned(),
        rank => format!("hour-access-{rank}"),
    }
}

/// Thousandths, rounded to the nearest whole.
fn whole(milli: i64) -> i64 {
    milli.saturating_add(500).div_euclid(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        calendar::Day,
        query::fixture::{self, Memory},
        vault::Measured,
    };

    #[test]
    fn counters_have_the_names_that_the_protocol_promises() {
        let mut memory = Memory::new(&["www"]);
        let release = memory.put(Period::day(Day::from_number(20_000)), &[9, -2]);
        release.hours = vec![fixture::hour(7, &[1, 2, 3])];
        let mut pages = fixture::table(Table::Page, &[("/", &[5, -6])]);
        pages.keys[0].visitors = Some(Measured { estimate_milli: -1_600, standard_error_milli: 2_500 });
        release.tables = vec![pages, fixture::table(Table::Os, &[("Linux", &[4])])];
        let counters = export(release, 1).counters;
        let all: Vec<_> = counters.iter().map(|c| (c.key.as_str(), c.counter.as_str(), c.value)).collect();
        let hour = "2024-10-04T07:00+02:00";
        let expected = [
            ("", "access-1", 9),
            ("", "access-2", -2),
            ("", "limited", 3),
            (hour, "hour-visit", 1),
            (hour, "hour-arrival", 2),
            (hour, "hour-access-2", 3),
            ("/", "first-views", 5),
            ("/", "repeat-views", -6),
            ("/", "visitors", -2),
            ("Linux", "visits", 4),
        ];
        assert_eq!(all, expected);
        assert_eq!(counters[8].standard_error, 2.5);
    }
}
