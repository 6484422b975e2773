//! The table of a comparison, and the same as JSON.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::Figure;

/// The contenders, in the order of the table.
pub const NAMES: [&str; 7] =
    ["headcount", "headcount ship", "redis everysec", "redis always", "goaccess lean", "goaccess all", "duckdb"];

/// What is compared with what: a name, the index of the one and of the other, and the least that is wanted.
pub const RATIOS: [(&str, usize, usize, f64); 3] = [
    ("headcount / redis everysec", 0, 2, 2.5),
    ("headcount / redis always", 0, 3, 5.0),
    ("ship / goaccess lean", 1, 4, 6.0),
];

/// Median, least and most.
#[derive(Clone, Copy)]
pub struct Spread {
    pub median: f64,
    pub min: f64,
    pub max: f64,
}

impl Spread {
    pub fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        let mut all: Vec<f64> = values.collect();
        all.sort_by(f64::total_cmp);
        let (min, max) = (*all.first()?, *all.last()?);
        let middle = all.len() / 2;
        let median = if all.len() % 2 == 1 { all[middle] } else { f64::midpoint(all[middle - 1], all[middle]) };
        Some(Self { median, min, max })
    }

    fn json(self) -> Value {
        json!({ "median": self.median, "min": self.min, "max": self.max })
    }
}

/// All rounds; one that a contender could not take is not there.
pub struct Report {
    pub rounds: Vec<[Option<Figure>; NAMES.len()]>,
    pub mean_event_bytes: f64,
    pub about: String,
}

impl Report {
    fn spread(&self, who: usize, what: impl Fn(&Figure) -> f64) -> Option<Spread> {
        Spread::of(self.rounds.iter().filter_map(|round| round[who].as_ref().map(&what)))
    }

    /// Round by round, so that what slows all of a round down falls out.
    pub fn ratio(&self, one: usize, other: usize) -> Option<Spread> {
        let each = self.rounds.iter().filter_map(|round| Some(round[one]?.per_second() / round[other]?.per_second()));
        Spread::of(each)
    }

    pub fn text(&self) -> String {
        let mut out = format!("{}; {:.0} bytes an event on the wire\n\n", self.about, self.mean_event_bytes);
        let _ = writeln!(
            out,
            "{:<16} {:>32}  {:>12}  {:>12}  {:>10}  {:>12}",
            "", "events/s: median (min to max)", "CPU s/M", "feeder s/M", "peak MiB", "disk B/event"
        );
        for (who, name) in NAMES.iter().enumerate() {
            let Some(rate) = self.spread(who, Figure::per_second) else {
                let _ = writeln!(out, "{name:<16} not run");
                continue;
            };
            let median = |what: &dyn Fn(&Figure) -> f64| self.spread(who, what).map_or(0.0, |spread| spread.median);
            let _ = writeln!(
                out,
                "{name:<16} {:>12.0} ({:>8.0} to {:>8.0})  {:>11.2}  {:>12.2}  {:>10.0}  {:>12.1}",
                rate.median,
                rate.min,
                rate.max,
                median(&Figure::cpu_a_million),
                median(&Figure::feeder_a_million),
                median(&|figure| figure.peak_mib),
                median(&Figure::disk_an_event)
            );
        }
        out.push('\n');
        for (name, one, other, goal) in RATIOS {
            if let Some(ratio) = self.ratio(one, other) {
                let _ = writeln!(
                    out,
                    "{name:<28} {:>6.2} ({:.2} to {:.2}); the aim is {goal}",
                    ratio.median, ratio.min, ratio.max
                );
            }
        }
        out.push('\n');
        out
    }

    /// The last line of the output.
    pub fn last_line(&self) -> String {
        let number = |spread: Option<Spread>, digits: usize| {
            spread.map_or_else(|| "?".to_owned(), |spread| format!("{:.digits$}", spread.median))
        };
        let [everysec, always, goaccess] = RATIOS.map(|(_, one, other, _)| number(self.ratio(one, other), 2));
        format!(
            "compare: headcount {} events/s, {everysec} x redis-everysec, {always} x redis-always, {goaccess} x goaccess-lean",
            number(self.spread(0, Figure::per_second), 0)
        )
    }

    pub fn json(&self) -> Value {
        let contenders: serde_json::Map<String, Value> = NAMES
            .iter()
            .enumerate()
            .filter_map(|(who, name)| {
                let spread = |what: &dyn Fn(&Figure) -> f64| self.spread(who, what).map(Spread::json);
                let value = json!({
                    "events_per_second": spread(&Figure::per_second)?,
                    "cpu_seconds_per_million": spread(&Figure::cpu_a_million)?,
                    "feeder_cpu_seconds_per_million": spread(&Figure::feeder_a_million)?,
                    "peak_mib": spread(&|figure| figure.peak_mib)?,
                    "disk_bytes_per_event": spread(&Figure::disk_an_event)?,
                });
                Some(((*name).to_owned(), value))
            })
            .collect();
        let ratios: serde_json::Map<String, Value> = RATIOS
            .iter()
            .filter_map(|(name, one, other, goal)| {
                let mut value = self.ratio(*one, *other)?.json();
                value["aim"] = json!(goal);
                Some(((*name).to_owned(), value))
            })
            .collect();
        json!({
            "about": self.about,
            "rounds": self.rounds.len(),
            "mean_event_bytes": self.mean_event_bytes,
            "contenders": contenders,
            "ratios": ratios,
        })
    }
}
