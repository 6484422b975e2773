//! Programs that read a file and end: GoAccess on a log, duckdb on a table.

use std::{
    fs::{self, File},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{Figure, Inputs};
use crate::load::{
    Result,
    process::{self, Running, Usage},
};

/// All panels of GoAccess but the two that count pages and visitors.
const PANELS_LEFT_OUT: &[&str] = &[
    "REQUESTS_STATIC",
    "NOT_FOUND",
    "HOSTS",
    "OS",
    "BROWSERS",
    "VISIT_TIMES",
    "VIRTUAL_HOSTS",
    "REFERRERS",
    "REFERRING_SITES",
    "KEYPHRASES",
    "STATUS_CODES",
    "REMOTE_USER",
    "CACHE_STATUS",
    "GEO_LOCATION",
    "MIME_TYPE",
    "TLS_TYPE",
];

/// What a command took from its start to its end.
pub fn run(mut command: Command, stdout: Stdio) -> Result<Figure> {
    let began = Instant::now();
    let mut running = Running(command.stdin(Stdio::null()).stdout(stdout).spawn()?);
    let mut last = Usage::default();
    let status = loop {
        if let Some(status) = running.0.try_wait()? {
            break status;
        }
        // What has ended, and is not waited for yet, has no memory any more.
        if let Ok(now) = running.usage() {
            last = Usage { peak_mib: last.peak_mib.max(now.peak_mib), ..now };
        }
        thread::sleep(Duration::from_millis(5));
    };
    if !status.success() {
        return Err(format!("{:?} ended with {status}", command.get_program()).into());
    }
    let seconds = began.elapsed().as_secs_f64();
    Ok(Figure { seconds, cpu_seconds: last.cpu_seconds, peak_mib: last.peak_mib, ..Figure::default() })
}

/// GoAccess with the two panels that count visitors and pages, or with all.
pub fn goaccess(inputs: &Inputs, lean: bool) -> Result<Figure> {
    let report = inputs.scratch.join("goaccess.json");
    let mut command = Command::new("goaccess");
    command.arg(&inputs.log).args(["--no-global-config", "--log-format=COMBINED", "--no-progress", "-o"]).arg(&report);
    if lean {
        command.args(PANELS_LEFT_OUT.iter().map(|panel| format!("--ignore-panel={panel}")));
    }
    let figure = run(command, Stdio::null())?;
    let text = fs::read_to_string(&report)?;
    let report: serde_json::Value = serde_json::from_str(&text)?;
    let seen = report["general"]["valid_requests"].as_u64().unwrap_or(0);
    if seen != inputs.size.events {
        return Err(format!("GoAccess read {seen} of {} lines", inputs.size.events).into());
    }
    Ok(Figure { events: inputs.size.events, ..figure })
}

const QUERY: &str = "\
import duckdb, sys
table = f\"read_csv('{sys.argv[1]}', delim='\\t', header=true, quote='')\"
for key in ('page', 'hour', 'referrer'):
    duckdb.sql(f'select site, {key}, count(*), approx_count_distinct(address || agent) from {table} group by all').fetchall()
";

/// duckdb on the table: views and visitors by page, by hour and by referrer.
pub fn duckdb(inputs: &Inputs) -> Result<Option<Figure>> {
    let Some(python) = &inputs.python else { return Ok(None) };
    let script = inputs.scratch.join("group.py");
    fs::write(&script, QUERY)?;
    let mut command = Command::new(python);
    command.arg(&script).arg(&inputs.table);
    let errors = File::create(inputs.scratch.join("duckdb.log"))?;
    let figure = run(command, Stdio::from(errors))?;
    Ok(Some(Figure { events: inputs.size.events, disk_bytes: process::disk_bytes(&inputs.table), ..figure }))
}
