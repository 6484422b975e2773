//! How much error the estimates remove, on made-up sites with the noise of real plans.
//!
//! ```text
//! cargo test --lib estimation_gain -- --ignored --nocapture
//! ```

use std::collections::BTreeMap;

use headcount_model::{
    calendar::{Day, Period, PeriodKind},
    shares::Shares,
    tables::Table,
};
use jiff::civil::date;

use super::{
    bias::Bias,
    measure::Measure,
    synthetic::{Synthetic, Truth, World, key},
    within::Part,
};

use crate::{
    find_site,
    fixture::dates,
    number::Number,
    range::{Compare, Dates},
    series::{KeyAsk, key_series},
    top::{PageAsk, PageSize, TopAsk, top},
    traffic::{TrafficAsk, traffic},
};

/// Counts that a reader cares about.
const COUNT_MIN: i64 = 10;

/// Errors of many numbers.
#[derive(Default)]
pub(super) struct Errors {
    squares: f64,
    relative: Vec<f64>,
    numbers: u32,
    held: u32,
}

impl Errors {
    fn add(&mut self, number: &Number, truth: i64) {
        let off = (number.estimate.unwrap() - truth) as f64;
        self.squares += off * off;
        self.numbers += 1;
        self.held += u32::from((number.low..=number.high).contains(&truth));
        if truth >= COUNT_MIN {
            self.relative.push(off.abs() / truth as f64);
        }
    }

    pub(super) fn rmse(&self) -> f64 {
        (self.squares / f64::from(self.numbers.max(1))).sqrt()
    }

    pub(super) fn median_relative(&mut self) -> f64 {
        self.relative.sort_by(f64::total_cmp);
        self.relative.get(self.relative.len() / 2).copied().unwrap_or(0.0)
    }

    fn coverage(&self) -> f64 {
        f64::from(self.held) / f64::from(self.numbers.max(1))
    }
}

/// Before and after, and by how much the latter is off on average.
#[derive(Default)]
struct Gains {
    errors: BTreeMap<String, [Errors; 2]>,
    bias: Bias,
}

fn note(gains: &mut Gains, what: &str, before: Measure, after: &Number, truth: i64) {
    let [b, a] = gains.errors.entry(what.to_owned()).or_default();
    b.add(&Number::of(before, 0), truth);
    a.add(after, truth);
    gains.bias.note(what, after, truth);
}

fn site_gains(site: &Synthetic, kind: PeriodKind, from: Day, to: Day, gains: &mut Gains) {
    let info = find_site(&site.memory, None).unwrap();
    let ask = TrafficAsk { dates: Dates::of(from, to), granularity: kind, compare: Compare::None };
    let answer = traffic(&site.memory, &info, &ask).unwrap();
    for point in answer.points {
        let start: jiff::civil::Date = point.start.parse().unwrap();
        let period = Period::of(kind, Day::from_date(start));
        let Some(release) = site.memory.releases.get(&period) else { continue };
        let truth = &site.truth[&period];
        let ranks = || release.site_numbers.as_ref().unwrap().ranks.iter().map(|n| Measure::noisy(*n));
        note(gains, &format!("visits {}", kind.name()), ranks().next().unwrap(), &point.figures.visits, truth.visits());
        note(gains, &format!("views {}", kind.name()), Measure::sum(ranks()), &point.figures.views, truth.views());
    }
}

fn hour_gains(site: &Synthetic, day: Day, gains: &mut Gains) {
    let info = find_site(&site.memory, None).unwrap();
    let ask = TrafficAsk { dates: Dates::of(day, day), granularity: PeriodKind::Hour, compare: Compare::None };
    let answer = traffic(&site.memory, &info, &ask).unwrap();
    let release = &site.memory.releases[&Period::day(day)];
    for ((point, numbers), truth) in answer.points.iter().zip(&release.hours).zip(&site.truth[&Period::day(day)].hours)
    {
        let before = Measure::counted(numbers.counts[0], numbers.sigma_milli);
        note(gains, "visits hour", before, &point.figures.visits, truth[0]);
    }
}

/// A table over a range, with the truth and the raw sums of its days or months.
fn key_gains(site: &Synthetic, table: Table, what: &str, blocks: &[Period], gains: &mut Gains) {
    let info = find_site(&site.memory, None).unwrap();
    let (from, to) = (blocks[0].start, blocks[blocks.len() - 1].end_day().plus(-1));
    let ask = TopAsk { table, dates: Dates::of(from, to), compare: Compare::None };
    let mut page = PageAsk { size: PageSize::new(1_000).unwrap(), ..PageAsk::default() };
    let mut rows: BTreeMap<String, Number> = BTreeMap::new();
    loop {
        let answer = top(&site.memory, &info, &ask, &page).unwrap();
        if let Some(other) = answer.other.filter(|_| page.token.is_empty()) {
            // All pages of these sites are published.
            gains.bias.note(&format!("{} (other) {what}", table.name()), &other, 0);
        }
        rows.extend(answer.rows.into_iter().map(|row| (row.key, row.count)));
        page.token = answer.next_page_token;
        if page.token.is_empty() {
            break;
        }
    }
    let truths: Vec<&Truth> = blocks.iter().map(|period| &site.truth[period]).collect();
    for position in 0..truths[0].tables[&table].len() {
        let truth = truths.iter().map(|t| t.of(table, position)).sum();
        let raw = blocks.iter().map(|period| {
            let numbers = site.memory.releases[period].table(table).unwrap();
            Part::All.of(numbers.key(&key(position)).unwrap(), numbers.sigma_milli)
        });
        note(gains, &format!("{} {what}", table.name()), Measure::sum(raw), &rows[&key(position)], truth);
    }
}

fn day(month: i8, day: i8) -> Day {
    Day::from_date(date(2026, month, day))
}

fn all_gains(world: &World) -> Gains {
    let mut gains = Gains::default();
    // A site has few weeks and months, so many sites are looked at; their visits do not depend on their pages.
    for seed in 0..40 {
        let site = World { pages: 1, seed, ..world.clone() }.publish();
        for kind in [PeriodKind::Day, PeriodKind::Week, PeriodKind::Month] {
            site_gains(&site, kind, day(8, 1), day(11, 29), &mut gains);
        }
    }
    let site = world.publish();
    let days: Vec<Period> = (1..=28).map(|d| Period::day(day(11, d))).collect();
    for period in &days {
        hour_gains(&site, period.start, &mut gains);
    }
    for table in [Table::Page, Table::Browser, Table::Device, Table::Language] {
        for period in &days {
            key_gains(&site, table, "day", &[*period], &mut gains);
        }
        for first in (1..=22).step_by(7) {
            key_gains(&site, table, "7 days", &days[first - 1..first + 6], &mut gains);
        }
        // From Monday to Sunday: a block of its own where the table has weeks.
        for monday in (1..=15).step_by(7) {
            key_gains(&site, table, "a week", &days[monday..monday + 7], &mut gains);
        }
        // The first day has no past at all.
        key_gains(&site, table, "first day", &[Period::day(day(8, 1))], &mut gains);
        key_gains(&site, table, "second day", &[Period::day(day(8, 2))], &mut gains);
        key_gains(&site, table, "eighth day", &[Period::day(day(8, 8))], &mut gains);
        let october: Vec<Period> = (1..=25).map(|d| Period::day(day(10, d))).collect();
        key_gains(&site, table, "25 days of a month", &october, &mut gains);
        for month in 8..=10 {
            key_gains(
                &site,
                table,
                if month == 8 { "first month" } else { "month" },
                &[Period::month_of(day(month, 1))],
                &mut gains,
            );
        }
    }
    gains
}

#[test]
#[ignore = "a measurement"]
fn estimation_gain() {
    let large = World { visits: 10_000.0, pages: 2_000, ..World::small() };
    let worlds = [
        ("small, 300 visits a day, 200 pages", World::small()),
        ("small, restless", World { restless: 0.6, jumps: 0.01, ..World::small() }),
        ("standard, 300 visits a day, 200 pages", World { shares: Shares::STANDARD, ..World::small() }),
        ("standard, 10,000 visits a day, 2,000 pages", World { shares: Shares::STANDARD, ..large.clone() }),
        ("busy, 10,000 visits a day, 2,000 pages", World { shares: Shares::BUSY, ..large }),
    ];
    for (name, world) in worlds {
        let begun = std::time::Instant::now();
        println!("\n{name}");
        println!("{:28} {:>9} {:>9} {:>9} {:>9} {:>9}", "", "rmse", "now", "med.rel.", "now", "coverage");
        let gains = all_gains(&world);
        for (what, [mut before, mut after]) in gains.errors {
            println!(
                "{what:28} {:9.2} {:9.2} {:9.3} {:9.3} {:9.3}",
                before.rmse(),
                after.rmse(),
                before.median_relative(),
                after.median_relative(),
                after.coverage()
            );
        }
        println!("\n{}", gains.bias);
        println!("{:.1} s", begun.elapsed().as_secs_f64());
    }
}

/// How long a year takes: 365 points of visits and of one page, and a page of the top of one day, a month and the year.
#[test]
#[ignore = "a measurement"]
fn estimation_cost() {
    let site = World { pages: 2_000, days: 365, ..World::small() }.publish();
    let info = find_site(&site.memory, None).unwrap();
    let timed = |what: &str, run: &dyn Fn()| {
        let begun = std::time::Instant::now();
        run();
        println!("{what:40} {:8.1} ms", 1e3 * begun.elapsed().as_secs_f64());
    };
    let ask =
        TrafficAsk { dates: dates("2026-08-01", "2027-07-31"), granularity: PeriodKind::Day, compare: Compare::None };
    timed("traffic of a year by day", &|| drop(traffic(&site.memory, &info, &ask).unwrap()));
    let (table, key, compare) = (Table::Page, key(1_000), Compare::Previous);
    let ask = KeyAsk { table, key, dates: dates("2026-08-01", "2027-07-31"), granularity: PeriodKind::Day, compare };
    timed("one of 2,000 pages over a year by day", &|| drop(key_series(&site.memory, &info, &ask).unwrap()));
    let ask =
        TrafficAsk { dates: dates("2027-06-17", "2027-07-31"), granularity: PeriodKind::Hour, compare: Compare::None };
    timed("traffic of 45 days by hour", &|| drop(traffic(&site.memory, &info, &ask).unwrap()));
    for (from_date, to_date) in [
        ("2027-07-15", "2027-07-15"),
        ("2027-06-01", "2027-06-30"),
        ("2027-06-02", "2027-06-30"),
        ("2026-08-01", "2027-07-31"),
    ] {
        let ask = TopAsk { table: Table::Page, dates: dates(from_date, to_date), compare: Compare::None };
        let page = PageAsk::default();
        timed(&format!("2,000 pages {from_date} to {to_date}"), &|| {
            drop(top(&site.memory, &info, &ask, &page).unwrap());
        });
    }
}
