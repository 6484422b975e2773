//! The terminal report: reads published numbers through the StatsService and prints them as text or JSON.
//!
//! It is a client like any other and sees what every reader of the service sees. It never opens the store, never computes
//! a new number from raw data, and never shows an estimate without its interval.
//!
//! ```text
//! fetch (gRPC) --> ReportData --> render (text for a terminal) or report_json (one object)
//! ```

mod dashboard;
mod error;
mod fetch;
mod json;
mod lists;
mod period;
mod privacy;
mod render;
mod rows;
mod table;
mod top;
mod traffic;
mod truth;
mod value;
mod watch;
mod wire;

#[cfg(test)]
mod fake_tests;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod format_tests;
#[cfg(test)]
mod tests;

use std::io::{self, ErrorKind, Write};

pub use dashboard::{KeyRequest, OverviewRequest, fetch_key, fetch_overview, render_key, render_overview};
pub use error::ReportError;
pub use fetch::{Numbers, ReportData, ReportRequest, connect, fetch, fetch_privacy, fetch_series};
pub(crate) use fetch::{PAGE_SIZE_MAX, answer, client};
pub use headcount_client::Link;
pub use json::{key_json, overview_json, privacy_json, report_json, sites_json, top_json};
pub use lists::{TopRequest, fetch_sites, fetch_top, render_sites, render_top};
pub use privacy::render_privacy;
pub use render::render;
pub use truth::{PeriodVisitors, TruthColumns, TruthDay, TruthSummary, summarize};
pub(crate) use value::{clean, cut_middle, escaped};
pub use watch::{Notice, Watch};
pub(crate) use wire::{change, interval, is_noise, why};

/// Where `headcount serve` listens by default.
pub const DEFAULT_SERVER: &str = "http://127.0.0.1:50051";

/// The minimum width of the layout, in columns; a narrower terminal wraps.
pub const WIDTH_MIN: usize = 60;

/// The width without a terminal, in columns, so that files and pipes always look the same.
pub const WIDTH_WITHOUT_TERMINAL: usize = 100;

/// How a report is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RenderOptions {
    /// Columns to fill; less than [`WIDTH_MIN`] counts as [`WIDTH_MIN`].
    pub width: usize,
    /// Whether to write ANSI colours and dimming.
    pub colour: bool,
}

impl RenderOptions {
    /// For standard output: the width of the terminal, if it is one; colours only on a terminal, and not if `NO_COLOR` is
    /// set.
    #[must_use]
    pub fn for_stdout() -> Self {
        let stdout = io::stdout();
        let width = terminal_size::terminal_size_of(&stdout)
            .map_or(WIDTH_WITHOUT_TERMINAL, |(columns, _)| usize::from(columns.0));
        let colour = anstream::AutoStream::choice(&stdout) != anstream::ColorChoice::Never;
        Self { width, colour }
    }
}

/// Writes a finished report to standard output.
///
/// A reader that closed the pipe (`headcount report | head`) is success.
///
/// # Errors
///
/// Any other failure to write, such as a full disk behind a redirect.
pub fn print(text: &str) -> io::Result<()> {
    write_all(&mut io::stdout().lock(), text)
}

/// Writes a part of an output that goes on, and says whether anybody still reads.
///
/// # Errors
///
/// As [`print()`].
pub fn print_live(text: &str) -> io::Result<bool> {
    is_read(&mut io::stdout().lock(), text)
}

fn write_all(out: &mut dyn Write, text: &str) -> io::Result<()> {
    is_read(out, text).map(|_| ())
}

fn is_read(out: &mut dyn Write, text: &str) -> io::Result<bool> {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        other => other.map(|()| true),
    }
}

#[cfg(test)]
mod print_tests {
    use super::*;

    struct Fails(ErrorKind);

    impl Write for Fails {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::from(self.0))
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_left_is_success_and_a_full_disk_is_not() {
        assert!(write_all(&mut Fails(ErrorKind::BrokenPipe), "text").is_ok());
        assert!(write_all(&mut Fails(ErrorKind::StorageFull), "text").is_err());
    }
}
