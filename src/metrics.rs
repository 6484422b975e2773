//! What a monitoring system may know of a running server, in Prometheus' text form.
//!
//! It is here so that an operator is woken before senders or readers notice. Every number follows from the machine, the schedule or the
//! clients of the network. It never counts an event, a batch, a page or a visitor, and has no label of a site: such a number would be
//! an exact count of what people did. What grows with them all the same (memory, the disk) is told in coarse steps.

use std::{fs, path::Path};

use prometheus_client::{
    encoding::text::encode,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};

use crate::telemetry::Refusals;

/// Memory and free space are told in such steps, in bytes: a visitor moves neither by one.
const STEP_BYTES: u64 = 64 * 1024 * 1024;
/// Files are told in such steps.
const STEP_FILES: u64 = 16;
/// What `/proc/self/status` counts memory in.
const KIB: u64 = 1_024;

/// One look at a server.
#[derive(Debug, Clone)]
pub struct Snapshot<'a> {
    /// Whether events are accepted.
    pub accepts: bool,
    /// When it started, in seconds since 1970.
    pub started_unix_seconds: u64,
    /// How many releases there are. The schedule alone decides that.
    pub releases: u64,
    /// The data directory.
    pub data: &'a Path,
    /// What was refused to clients.
    pub refusals: &'a Refusals,
}

/// The metrics as a scraper takes them.
///
/// # Errors
/// Never in practice: a text is written to memory.
pub fn text(snapshot: &Snapshot<'_>) -> Result<String, std::fmt::Error> {
    let mut registry = Registry::with_prefix("headcount");
    let build = Family::<[(&str, &str); 1], Gauge>::default();
    build.get_or_create(&[("version", env!("CARGO_PKG_VERSION"))]).set(1);
    registry.register("build_info", "The version that runs", build);
    gauge(
        &mut registry,
        "accepts_events",
        "1 while events are accepted, 0 while the server drains or its store refuses",
        None,
        u64::from(snapshot.accepts),
    );
    gauge(
        &mut registry,
        "start_time",
        "When the server started, since 1970",
        Some(Unit::Seconds),
        snapshot.started_unix_seconds,
    );
    counted(
        &mut registry,
        "releases",
        "Releases that are published, of all sites and periods; the schedule alone decides how many",
        snapshot.releases,
    );
    if let Ok(free) = fs4::available_space(snapshot.data) {
        gauge(
            &mut registry,
            "disk_free",
            "Free space of the data directory, rounded down to 64 MiB",
            Some(Unit::Bytes),
            free / STEP_BYTES * STEP_BYTES,
        );
    }
    if let Some(resident) = resident_bytes() {
        let rounded = resident.div_ceil(STEP_BYTES) * STEP_BYTES;
        gauge(
            &mut registry,
            "resident_memory",
            "Memory of the process, rounded up to 64 MiB",
            Some(Unit::Bytes),
            rounded,
        );
    }
    if let Ok(files) = fs::read_dir("/proc/self/fd") {
        let files = u64::try_from(files.count()).unwrap_or(u64::MAX);
        gauge(
            &mut registry,
            "open_files",
            "Open files and connections, rounded up to 16",
            None,
            files.div_ceil(STEP_FILES) * STEP_FILES,
        );
    }
    let refusals = Family::<[(&str, &str); 1], Counter>::default();
    for (refused, count) in snapshot.refusals.totals() {
        refusals.get_or_create(&[("limit", refused.name())]).inc_by(count);
    }
    registry.register("refusals", "What clients of the network were refused, by the limit that they met", refusals);
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

fn gauge(registry: &mut Registry, name: &str, help: &str, unit: Option<Unit>, value: u64) {
    let gauge: Gauge = Gauge::default();
    gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
    match unit {
        Some(unit) => registry.register_with_unit(name, help, unit, gauge),
        None => registry.register(name, help, gauge),
    }
}

fn counted(registry: &mut Registry, name: &str, help: &str, value: u64) {
    let counter: Counter = Counter::default();
    counter.inc_by(value);
    registry.register(name, help, counter);
}

fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let row = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    row.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(KIB)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::Refused;

    #[test]
    fn every_metric_is_named_and_nothing_else_is_there() {
        let refusals = Refusals::default();
        refusals.count(Refused::Questions);
        let snapshot = Snapshot {
            accepts: true,
            started_unix_seconds: 1_790_000_000,
            releases: 42,
            data: Path::new("/"),
            refusals: &refusals,
        };
        let text = text(&snapshot).unwrap();
        let value = |name: &str| {
            let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name} in {text}"));
            line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()
        };
        assert!(value("headcount_accepts_events ") == 1.0 && value("headcount_releases_total ") == 42.0);
        assert!(value("headcount_refusals_total{limit=\"questions\"}") == 1.0);
        for coarse in ["headcount_disk_free_bytes ", "headcount_resident_memory_bytes "] {
            assert_eq!(value(coarse) % STEP_BYTES as f64, 0.0, "{coarse}");
        }
        // A new metric is a decision of its own: it must not count what people do.
        let names: std::collections::BTreeSet<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("# TYPE "))
            .filter_map(|line| line.split(' ').next())
            .collect();
        let known = [
            "headcount_accepts_events",
            "headcount_build_info",
            "headcount_disk_free_bytes",
            "headcount_open_files",
            "headcount_refusals",
            "headcount_releases",
            "headcount_resident_memory_bytes",
            "headcount_start_time_seconds",
        ];
        assert_eq!(names.into_iter().collect::<Vec<_>>(), known);
    }
}
