//! The client side: reads access logs and streams them to the ingest service.
//!
//! A log is known by its content and by the secret of who ships it, so a rotated, renamed or compressed copy goes on where
//! the last run ended, and shipping it twice counts nothing twice. It speaks the protocol only and knows nothing of what the server does
//! with an event; it shows counts and line numbers and never what a line held.
//!
//! ```text
//! source -> lines -> prepare -> reader ==batches==> headcount_client::Producer -> server
//!  (thread of its own, bounded channel)             (its receipt goes into the summary)
//! ```

mod any_time;
mod census;
mod cursor;
mod days;
mod dry;
mod error;
mod explain;
mod follow;
mod format;
mod hosts;
mod judge;
mod lane;
mod lines;
mod options;
mod order;
mod packing;
mod prepare;
mod print;
mod progress;
mod proxies;
mod published;
mod read_options;
mod reader;
mod sender;
mod session;
mod source;
mod spread;
mod state;
mod summary;
mod tally;
mod text;
mod time;
mod units;
mod utf16;
mod watch;
mod watermark;

#[cfg(test)]
#[path = "../../crates/client/tests/fake/mod.rs"]
mod fake;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_faults;
#[cfg(test)]
mod tests_packing;
#[cfg(test)]
mod tests_speed;

use std::sync::Arc;
use std::time::Instant;

pub use headcount_client::ProducerSecret;
use tokio::sync::oneshot;

pub use dry::dry_run;
pub use error::ShipError;
pub use explain::explain;
pub use follow::{Followed, Surroundings, follow};
pub use format::{Format, Malformed, OwnNames, Template};
pub use hosts::SitesByHost;
pub use lines::LINE_BYTES_MAX;
pub use options::ShipOptions;
pub use print::print_summary;
pub use proxies::{NetworkError, TrustedProxies};
pub use published::{Publication, published};
pub use reader::{BATCH_BYTES_MAX, BATCH_LINES_MAX};
pub use source::Input;
pub use state::{StateError, keep_mark, known_mark, load_secret, passing_secret};
pub use summary::{CountsByName, FileSummary, Summary};
pub use tally::MALFORMED_LINES_SHOWN;

use crate::proto::AccessEvent;
use format::{Parsed, Parser};
use order::Dated;
use progress::{Meter, Progress};
use session::Session;
use watermark::{BEHIND_MS_MIN, RUNNING_MS};

/// Reads one line of an access log that came another way, without its line feed. None where it is none.
pub(crate) fn read_line(line: &[u8]) -> Option<AccessEvent> {
    match Parser::new(Format::Auto).parse(line) {
        Ok(Parsed::Access(access)) => Some(access.to_event()),
        Ok(Parsed::Directive) | Err(_) => None,
    }
}

/// How many batches may lie between reading and sending.
const READ_AHEAD_BATCHES: usize = 4;

// A batch may go over its limit by one event, and must stay below what a gRPC server takes by default.
const _: () = assert!(BATCH_BYTES_MAX + LINE_BYTES_MAX < 4 * 1024 * 1024);

/// Ships all inputs and waits until everything is durable.
///
/// An input that cannot be read to its end does not stop the others; its summary tells.
///
/// # Errors
/// An option is outside its limits, or the server refused, could not be reached, or is used by somebody else under
/// the same name.
pub async fn ship(options: ShipOptions) -> Result<Summary, ShipError> {
    options.check()?;
    let started = Instant::now();
    let meter = Arc::new(Meter::default());
    let sizes = options.inputs.iter().map(Input::size_bytes);
    let progress = Arc::new(Progress::start(options.show_progress, sizes.sum(), &meter, &options.server));
    let mut session = Session::new(options, meter, Arc::clone(&progress) as _);
    let (mut files, complete) = ship_inputs(&mut session).await?;
    if complete {
        // Stated last and for all: a damaged input may still have to bring events to any period.
        session.state(session.options.now_unix_ms).await?;
        session.finish_all().await?;
        for file in &mut files {
            file.durable_sequence = session.last_sequence(&file.producer).unwrap_or(file.durable_sequence);
        }
    }
    let mut summary = Summary::of(session.options.site.clone(), files, started.elapsed());
    summary.complete_through_unix_ms = complete.then_some(session.options.now_unix_ms);
    summary.release_mark = session.release_mark().to_vec();
    Ok(summary)
}

/// Ships one input after the other. Tells whether all of them can be stated as complete.
async fn ship_inputs(session: &mut Session) -> Result<(Vec<FileSummary>, bool), ShipError> {
    let (inputs, format) = (session.options.inputs.clone(), session.options.format.clone());
    let undated = inputs.iter().cloned().map(|input| (input, None)).collect();
    let dated = on_thread(move || order::by_first_time(&inputs, &format)).await.unwrap_or(undated);
    let mut files: Vec<FileSummary> = Vec::with_capacity(dated.len());
    let is_whole = |file: &FileSummary| file.error.is_none() && !judge::is_ahead(file);
    for (number, (input, _)) in dated.iter().enumerate() {
        let may_state = !session.options.live && files.iter().all(is_whole);
        let until_unix_ms =
            if may_state { states_until(&dated[number + 1..], session.options.now_unix_ms) } else { None };
        files.push(session.send(input, until_unix_ms).await?);
    }
    let complete = !session.options.live && files.iter().all(is_whole);
    Ok((files, complete))
}

/// Up to when an input may state what is complete while it is read: before what comes after it begins. Not at all where that is
/// not known.
fn states_until(after: &[Dated], now_unix_ms: i64) -> Option<i64> {
    let mut begin = after.iter().map(|(_, time)| time.map(|time| time.saturating_sub(BEHIND_MS_MIN)));
    begin.try_fold(now_unix_ms - RUNNING_MS, |until, begin| Some(until.min(begin?)))
}

/// Starts blocking work on a thread of its own; the answer fails if that panicked or could not start. Not on the
/// runtime's pool, which at the end would wait for a thread that waits for standard input.
fn on_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> oneshot::Receiver<T> {
    let (sender, receiver) = oneshot::channel();
    let thread = std::thread::Builder::new().name("ship-reader".to_owned());
    // Where no thread can be started the sender is dropped, which the receiver notices.
    let _ = thread.spawn(move || {
        // Nobody waits any more when the server refused in the meantime.
        let _ = sender.send(work());
    });
    receiver
}

/// The event that a line becomes, for tests and benchmarks that read real logs. `None` for a line that is not read.
#[must_use]
pub fn event_of_line(line: &[u8]) -> Option<crate::proto::AccessEvent> {
    match Parser::new(Format::Auto).parse(line) {
        Ok(Parsed::Access(access)) => Some(access.to_event()),
        Ok(Parsed::Directive) | Err(_) => None,
    }
}
