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
mod format;
mod judge;
mod lines;
mod options;
mod order;
mod prepare;
mod print;
mod progress;
mod published;
mod reader;
mod sender;
mod source;
mod state;
mod summary;
mod tally;
mod text;
mod time;
mod units;

#[cfg(test)]
#[path = "../../crates/client/tests/fake/mod.rs"]
mod fake;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_faults;
#[cfg(test)]
mod tests_speed;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

pub use headcount_client::ProducerSecret;
use headcount_client::{Batch, Connection, Position, Producer, ServerAddress, UsageError};
use tokio::sync::{mpsc, oneshot};

pub use dry::dry_run;
pub use error::ShipError;
pub use explain::explain;
pub use format::{Format, Malformed, OwnNames, Template};
pub use lines::LINE_BYTES_MAX;
pub use options::ShipOptions;
pub use print::print_summary;
pub use published::{Publication, published};
pub use reader::{BATCH_BYTES_MAX, BATCH_LINES_MAX};
pub use source::Input;
pub use state::{StateError, keep_mark, known_mark, load_secret, passing_secret};
pub use summary::{CountsByName, FileSummary, Summary};
pub use tally::MALFORMED_LINES_SHOWN;

use crate::proto::AccessEvent;
use cursor::Cursor;
use format::{Parsed, Parser};
use prepare::{InputError, Prepared, prepare};
use progress::{Meter, Progress};
use reader::{ReadOptions, Reader};
use tally::Tally;

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

/// The server, with what it is shown.
fn server(options: &ShipOptions) -> Result<ServerAddress, UsageError> {
    ServerAddress::parse(&options.server)?.with_credentials(options.credentials.clone())
}

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
    let connection = Connection::new(server(&options)?, &options.site, options.secret.clone())?
        .with_release_mark(options.release_mark.clone())
        .with_retry_for(options.retry_for)
        .with_observer(Arc::clone(&progress) as _);
    let Shipped { files, complete, release_mark } = ship_inputs(&options, connection, &meter).await?;
    // The last that holds the bar, which disappears here.
    drop(progress);
    let mut summary = Summary::of(options.site, files, started.elapsed());
    summary.complete_through_unix_ms = complete.then_some(options.now_unix_ms);
    summary.release_mark = release_mark;
    Ok(summary)
}

/// What became of all inputs.
struct Shipped {
    files: Vec<FileSummary>,
    /// It was stated that they were complete.
    complete: bool,
    release_mark: Vec<u8>,
}

/// Ships one input after the other, and then states that they were complete, where they were.
async fn ship_inputs(
    options: &ShipOptions,
    mut connection: Connection,
    meter: &Arc<Meter>,
) -> Result<Shipped, ShipError> {
    let mut files = Vec::with_capacity(options.inputs.len());
    // Where each producer ended, with the last input that it stands for.
    let mut ends = BTreeMap::new();
    let (inputs, format) = (options.inputs.clone(), options.format.clone());
    let ordered = on_thread(move || order::by_first_time(&inputs, &format)).await;
    let ordered = ordered.unwrap_or_else(|_| options.inputs.iter().cloned().map(|input| (input, None)).collect());
    for (input, _) in &ordered {
        let mut file = FileSummary::new(input.name());
        match open_input(options, input, meter).await {
            Ok(None) => {}
            Ok(Some(prepared)) => {
                let mut producer = Producer::open(connection, &prepared.producer).await?;
                read_and_send(options, prepared, &mut producer, meter, &mut file).await?;
                let end;
                (connection, end) = producer.into_parts();
                // A log that never sent anything has nothing to end.
                if end.durable_sequence > 0 {
                    ends.insert(file.producer.clone(), (end, files.len()));
                }
            }
            Err(error) => file.error = Some(error.to_string()),
        }
        files.push(file);
    }
    // Stated last and for all: a damaged input may still have to bring events to any period.
    let complete = !options.live && files.iter().all(|file| file.error.is_none() && !judge::is_ahead(file));
    if complete {
        connection = state(options, connection, ends, &mut files).await?;
    }
    Ok(Shipped { files, complete, release_mark: connection.release_mark().to_vec() })
}

/// States that everything until now was sent, under a name that no content has to do with, and that each log has ended:
/// nobody waits for it any more. A producer that was named is not over with one log.
async fn state(
    options: &ShipOptions,
    connection: Connection,
    mut ends: BTreeMap<String, (Position, usize)>,
    files: &mut [FileSummary],
) -> Result<Connection, ShipError> {
    let name = options.producer.clone().unwrap_or_else(|| sender::sender(&options.inputs));
    let (mut producer, file) = match ends.remove(&name) {
        Some((end, file)) => (Producer::resume(connection, &name, end)?, Some(file)),
        None => (Producer::open(connection, &name).await?, None),
    };
    let position = producer.position();
    let mut statement = Batch::new();
    // A log that is empty begins at its start when it fills.
    let is_new = position.durable_sequence == 0;
    statement.set_cursor(if is_new { Cursor::start(&name).encode() } else { position.cursor.clone() });
    statement.set_complete_through(options.now_unix_ms);
    producer.send(statement).await?;
    producer.flush().await?;
    let (mut connection, mut end) = producer.into_parts();
    if let Some(file) = file {
        files[file].durable_sequence = end.durable_sequence;
    }
    for (name, (reached, file)) in ends {
        let mut producer = Producer::resume(connection, &name, reached)?;
        producer.finish().await?;
        (connection, end) = producer.into_parts();
        files[file].durable_sequence = end.durable_sequence;
    }
    Ok(connection)
}

/// Opens an input on a thread of its own; `None` where it is empty and has no name.
async fn open_input(options: &ShipOptions, input: &Input, meter: &Arc<Meter>) -> Result<Option<Prepared>, InputError> {
    let (input, producer, meter) = (input.clone(), options.producer.clone(), Arc::clone(meter));
    on_thread(move || prepare(&input, producer, &meter)).await.unwrap_or(Err(InputError::Stopped))
}

/// Reads on one thread and sends here until both are done.
async fn read_and_send(
    options: &ShipOptions,
    prepared: Prepared,
    producer: &mut Producer,
    meter: &Arc<Meter>,
    file: &mut FileSummary,
) -> Result<(), ShipError> {
    file.producer.clone_from(&prepared.producer);
    let (sender, mut batches) = mpsc::channel(READ_AHEAD_BATCHES);
    let read_options = ReadOptions::of(options);
    let (position, meter) = (producer.position().clone(), Arc::clone(meter));
    let reading = on_thread(move || Reader::new(prepared, read_options, sender, meter).run(&position));
    producer.send_all(&mut batches).await?;
    let (tally, error) = reading.await.unwrap_or_else(|_| (Tally::default(), Some(InputError::Stopped)));
    file.answered(producer.receipt());
    file.read(&tally);
    file.durable_sequence = producer.position().durable_sequence;
    file.error = error.map(|error| error.to_string());
    file.trouble = judge::trouble(file);
    debug_assert!(file.error.is_some() || file.is_balanced(), "the books balance");
    Ok(())
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
