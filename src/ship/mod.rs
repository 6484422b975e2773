//! The client side: reads access logs and streams them to the ingest service.
//!
//! A log is known by its content, so a rotated, renamed or compressed copy goes on where the last run ended, and
//! shipping it twice counts nothing twice. It speaks the protocol only and knows nothing of what the server does
//! with an event; it shows counts and line numbers and never what a line held.
//!
//! ```text
//! source -> lines -> prepare -> reader ==batches==> client -> window -> wire -> server
//!  (thread of its own, bounded channel)             (answers go back the same way into the summary)
//! ```

mod client;
mod cursor;
mod error;
mod format;
mod lines;
mod prepare;
mod print;
mod progress;
mod reader;
mod source;
mod summary;
mod text;
mod time;
mod window;
mod wire;

#[cfg(test)]
mod fake;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_faults;
#[cfg(test)]
mod tests_speed;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

pub use client::WINDOW_BATCHES;
pub use error::ShipError;
pub use format::{Format, Malformed};
pub use lines::LINE_BYTES_MAX;
pub use print::print_summary;
pub use reader::{BATCH_BYTES_MAX, BATCH_LINES_MAX, MALFORMED_LINES_SHOWN};
pub use source::Input;
pub use summary::{CountsByName, FileSummary, Summary};
pub use wire::IngestCodec;

use client::Uplink;
use prepare::{InputError, Prepared, prepare};
use progress::{Meter, Progress};
use reader::{ReadOptions, Reader, Tally};
use window::Position;

/// How many batches may lie between reading and sending.
const READ_AHEAD_BATCHES: usize = 4;

/// The longest producer name the protocol allows, in bytes.
const PRODUCER_BYTES_MAX: usize = 128;

/// The longest site name the protocol allows, in bytes.
const SITE_BYTES_MAX: usize = 64;

// A batch may go over its limit by one event, and must stay below what a gRPC server takes by default.
const _: () = assert!(BATCH_BYTES_MAX + LINE_BYTES_MAX < 4 * 1024 * 1024);

/// What to ship where.
#[derive(Clone, Debug)]
pub struct ShipOptions {
    /// The site's name as the server knows it.
    pub site: String,
    /// `http://HOST:PORT`.
    pub server: String,
    /// The sender's name in place of one made of the content; only for a single input.
    pub producer: Option<String>,
    /// The inputs are still being written: an unfinished last line waits, and nothing is stated as complete.
    pub live: bool,
    /// Which fields lines must have.
    pub format: Format,
    /// What to read, in this order.
    pub inputs: Vec<Input>,
    /// How long to try again when the server takes nothing.
    pub retry_for: Duration,
    /// Now, in milliseconds since 1970: every request before it is in the inputs once they are read.
    pub now_unix_ms: i64,
    /// Show a bar on standard error where that is a terminal, and notices of lost connections.
    pub show_progress: bool,
}

/// Ships all inputs and waits until everything is durable.
///
/// An input that cannot be read to its end does not stop the others; its summary tells.
///
/// # Errors
/// An option is outside its limits, or the server refused, could not be reached, or is used by somebody else under
/// the same name.
pub async fn ship(options: ShipOptions) -> Result<Summary, ShipError> {
    check(&options).map_err(ShipError::Usage)?;
    let started = Instant::now();
    let meter = Arc::new(Meter::default());
    let sizes = options.inputs.iter().map(Input::size_bytes);
    let progress = Progress::start(options.show_progress, sizes.sum(), &meter);
    let mut uplink = Uplink::new(&options.server, &options.site, options.retry_for, &progress, Arc::clone(&meter))?;
    let mut files = Vec::with_capacity(options.inputs.len());
    // Where each producer ended, with the last input that it stands for.
    let mut ends = BTreeMap::new();
    for input in &options.inputs {
        let (file, end) = ship_input(&options, input, &mut uplink, &meter).await?;
        // A producer that never sent anything is active in no period and has nothing to state.
        if let Some(end) = end
            && end.durable_sequence > 0
        {
            ends.insert(file.producer.clone(), (end, files.len()));
        }
        files.push(file);
    }
    // Stated last and for all: a period is sealed once every producer that was active in it has stated so, and a
    // damaged input may still have to bring events to any period.
    let complete = !options.live && files.iter().all(|file| file.error.is_none());
    if complete {
        for (producer, (end, index)) in &ends {
            let end = uplink.state_complete(producer, end.clone(), options.now_unix_ms).await?;
            files[*index].durable_sequence = end.durable_sequence;
        }
    }
    drop(progress);
    let mut summary = Summary::of(options.site, files, started.elapsed());
    summary.complete_through_unix_ms = (complete && !ends.is_empty()).then_some(options.now_unix_ms);
    Ok(summary)
}

/// Ships one input. The position is where its producer ended, if it has one.
async fn ship_input(
    options: &ShipOptions,
    input: &Input,
    uplink: &mut Uplink<'_>,
    meter: &Arc<Meter>,
) -> Result<(FileSummary, Option<Position>), ShipError> {
    let mut file = FileSummary::new(input.name());
    let opened = {
        let (input, producer, meter) = (input.clone(), options.producer.clone(), Arc::clone(meter));
        on_thread(move || prepare(&input, producer, &meter)).await
    };
    let prepared = match opened {
        Ok(Ok(Some(prepared))) => prepared,
        Ok(Ok(None)) => return Ok((file, None)),
        Ok(Err(error)) => {
            file.error = Some(error.to_string());
            return Ok((file, None));
        }
        Err(_) => {
            file.error = Some(InputError::Stopped.to_string());
            return Ok((file, None));
        }
    };
    file.producer.clone_from(&prepared.producer);
    let position = uplink.greet(&file.producer).await?;
    let (end, tally, error) = read_and_deliver(options, prepared, position, uplink, meter, &mut file).await?;
    file.read(&tally);
    file.durable_sequence = end.durable_sequence;
    file.error = error.map(|error| error.to_string());
    debug_assert!(file.error.is_some() || file.is_balanced(), "the books balance");
    Ok((file, Some(end)))
}

/// Reads on one thread and delivers here until both are done.
async fn read_and_deliver(
    options: &ShipOptions,
    prepared: Prepared,
    position: Position,
    uplink: &mut Uplink<'_>,
    meter: &Arc<Meter>,
    file: &mut FileSummary,
) -> Result<(Position, Tally, Option<InputError>), ShipError> {
    let (sender, batches) = mpsc::channel(READ_AHEAD_BATCHES);
    let read_options = ReadOptions { site: options.site.clone(), format: options.format, live: options.live };
    let (durable, cursor) = (position.durable_sequence, position.cursor.clone());
    let meter = Arc::clone(meter);
    let reading = on_thread(move || Reader::new(prepared, read_options, durable, sender, meter).run(&cursor));
    let delivering = uplink.deliver(&file.producer, position, batches);
    let (end, answers) = delivering.await?;
    file.answered(&answers);
    let (tally, error) = reading.await.unwrap_or_else(|_| (Tally::default(), Some(InputError::Stopped)));
    Ok((end, tally, error))
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

/// Checks the options against the protocol's limits, before anything is sent.
fn check(options: &ShipOptions) -> Result<(), String> {
    let is_site_byte = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_');
    if !(1..=SITE_BYTES_MAX).contains(&options.site.len()) || !options.site.bytes().all(is_site_byte) {
        return Err(format!(
            "the site {:?} is not a site's name: allowed are 1 to {SITE_BYTES_MAX} characters of a-z, 0-9, '.', '-' and '_'",
            options.site
        ));
    }
    if let Some(producer) = &options.producer {
        let is_graphic = producer.bytes().all(|byte| byte.is_ascii_graphic());
        if !(1..=PRODUCER_BYTES_MAX).contains(&producer.len()) || !is_graphic {
            return Err(format!(
                "the producer {producer:?} is not a producer's name: allowed are 1 to {PRODUCER_BYTES_MAX} printable ASCII characters without space"
            ));
        }
        if options.inputs.len() > 1 {
            return Err(format!(
                "one producer cannot stand for {} inputs, because each has its own position: leave --producer away, or name one FILE",
                options.inputs.len()
            ));
        }
    }
    let stdin_count = options.inputs.iter().filter(|input| **input == Input::Stdin).count();
    match (options.inputs.len(), stdin_count) {
        (0, _) => Err("there is nothing to ship: name at least one FILE, or - for standard input".to_owned()),
        (_, 0 | 1) => Ok(()),
        (_, many) => Err(format!("standard input (-) is named {many} times; it can be read once")),
    }
}

/// The event that a line becomes, for tests in other rooms that read real logs.
#[cfg(any(test, feature = "lab"))]
pub(crate) fn event_of_line(line: &[u8]) -> Option<crate::proto::AccessEvent> {
    format::parse(line, Format::Auto).ok().map(|access| access.to_event())
}
