//! One sender at work: sends inputs one after the other, knows where each log's producers ended, and states for all of them.
//!
//! A log's producer that has ended is finished only when nothing is published for it: where imported days are still to come from
//! the next log, that one is known to the server first.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use headcount_client::{Batch, Connection, Observer, Position, Producer, Receipt, ServerAddress};
use tokio::sync::mpsc;

use super::cursor::Cursor;
use super::lane::{Lane, Taker};
use super::options::ShipOptions;
use super::prepare::{InputError, Prepared, prepare};
use super::progress::Meter;
use super::read_options::ReadOptions;
use super::reader::Reader;
use super::source::Input;
use super::spread::{Spread, add};
use super::summary::FileSummary;
use super::tally::Tally;
use super::{READ_AHEAD_BATCHES, ShipError, judge, on_thread, sender};
use crate::proto::Outcome;

/// A site and the producer of a log at it.
type Log = (String, String);

/// See the head of this file.
pub(super) struct Session {
    pub(super) options: ShipOptions,
    pub(super) meter: Arc<Meter>,
    observer: Arc<dyn Observer>,
    /// Once it is true, nothing more is read.
    pub(super) stop: Arc<AtomicBool>,
    /// For the next one who needs it.
    connection: Option<Connection>,
    release_mark: Vec<u8>,
    /// Where the logs ended that are not finished.
    ends: BTreeMap<Log, Position>,
    /// The last batch of each producer for which something was stated.
    stated: BTreeMap<String, u64>,
}

/// What is read, and on which thread.
type Reading = tokio::sync::oneshot::Receiver<(Tally, Option<InputError>)>;

impl Session {
    /// Prepares without connecting.
    pub(super) fn new(options: ShipOptions, meter: Arc<Meter>, observer: Arc<dyn Observer>) -> Self {
        let release_mark = options.release_mark.clone();
        Self {
            options,
            meter,
            observer,
            connection: None,
            release_mark,
            stop: Arc::default(),
            ends: BTreeMap::new(),
            stated: BTreeMap::new(),
        }
    }

    /// The server's mark of how much it has published.
    pub(super) fn release_mark(&self) -> &[u8] {
        &self.release_mark
    }

    /// All sites that are sent to.
    fn sites(&self) -> Vec<String> {
        self.options.by_host.as_ref().map_or_else(|| vec![self.options.site.clone()], |sites| sites.sites().to_vec())
    }

    /// A connection for a site: the one at hand, or a new one.
    fn connect(&mut self, site: &str) -> Result<Connection, ShipError> {
        let connection = match self.connection.take() {
            Some(connection) => connection.at_site(site)?,
            None => self.new_connection(site)?,
        };
        Ok(connection)
    }

    fn new_connection(&self, site: &str) -> Result<Connection, ShipError> {
        let options = &self.options;
        let server = ServerAddress::parse(&options.server)?.with_credentials(options.credentials.clone())?;
        let connection = Connection::new(server, site, options.secret.clone())?
            .with_release_mark(self.release_mark.clone())
            .with_retry_for(options.retry_for)
            .with_observer(Arc::clone(&self.observer));
        Ok(connection)
    }

    /// Takes a connection back for the next one.
    fn keep(&mut self, connection: Connection) {
        self.release_mark = connection.release_mark().to_vec();
        self.connection = Some(connection);
    }

    /// Sends one input to its end. Where it is in the order of time, `until_unix_ms` says up to when it may state what is complete.
    ///
    /// # Errors
    /// The server refused or cannot be reached. What is wrong with the input is in its summary.
    pub(super) async fn send(&mut self, input: &Input, until_unix_ms: Option<i64>) -> Result<FileSummary, ShipError> {
        let mut file = FileSummary::new(input.name());
        let (from, producer, meter) = (input.clone(), self.options.producer.clone(), Arc::clone(&self.meter));
        let opened = on_thread(move || prepare(&from, producer, &meter)).await;
        let prepared = match opened.unwrap_or(Err(InputError::Stopped)) {
            Ok(None) => return Ok(file),
            Ok(Some(prepared)) => prepared,
            Err(error) => {
                file.error = Some(error.to_string());
                return Ok(file);
            }
        };
        file.producer.clone_from(&prepared.producer);
        let read_options =
            ReadOptions { until_unix_ms, stop: Arc::clone(&self.stop), ..ReadOptions::of(&self.options) };
        let reading = match self.options.by_host.clone() {
            None => self.send_to_one(prepared, read_options, &mut file).await?,
            Some(sites) => {
                let spread = Spread::open(&sites, &file.producer, |site| self.new_connection(site)).await?;
                let (lanes, receivers) = spread.lanes();
                let reading = self.read(prepared, read_options, lanes);
                let (ends, receipt, mark) = spread.send(receivers).await?;
                self.release_mark = mark;
                file.answered(&receipt);
                for (site, end) in sites.sites().iter().zip(ends) {
                    self.ended(site, &file.producer, end);
                }
                reading
            }
        };
        let (tally, error) = reading.await.unwrap_or_else(|_| (Tally::default(), Some(InputError::Stopped)));
        file.read(&tally);
        file.error = error.map(|error| error.to_string());
        file.trouble = judge::trouble(&file);
        debug_assert!(file.error.is_some() || file.is_balanced(), "the books balance");
        Ok(file)
    }

    /// Starts to read on a thread of its own.
    fn read(&self, prepared: Prepared, options: ReadOptions, lanes: Vec<Lane>) -> Reading {
        let meter = Arc::clone(&self.meter);
        on_thread(move || Reader::new(prepared, options, lanes, meter).run())
    }

    /// Sends an input to the only site.
    async fn send_to_one(
        &mut self,
        prepared: Prepared,
        options: ReadOptions,
        file: &mut FileSummary,
    ) -> Result<Reading, ShipError> {
        let site = self.options.site.clone();
        let mut producer = Producer::open(self.connect(&site)?, &file.producer).await?;
        let (sender, mut batches) = mpsc::channel(READ_AHEAD_BATCHES);
        let lanes = vec![Lane::new(Taker::Only(sender), producer.position().clone())];
        let states = options.until_unix_ms.is_some();
        let reading = self.read(prepared, options, lanes);
        let mut receipt = Receipt::default();
        if states && !self.ends.is_empty() {
            (producer, receipt) = self.send_first(producer, &mut batches).await?;
        }
        producer.send_all(&mut batches).await?;
        add(&mut receipt, producer.receipt());
        file.answered(&receipt);
        let (connection, end) = producer.into_parts();
        self.keep(connection);
        file.durable_sequence = end.durable_sequence;
        self.ended(&site, &file.producer, end);
        Ok(reading)
    }

    /// Sends the first batch of a log, and finishes the logs before it once the server waits for this one in their place.
    async fn send_first(
        &mut self,
        mut producer: Producer,
        batches: &mut mpsc::Receiver<Batch>,
    ) -> Result<(Producer, Receipt), ShipError> {
        let Some(first) = batches.recv().await else { return Ok((producer, Receipt::default())) };
        producer.send(first).await?;
        producer.flush().await?;
        let receipt = producer.receipt().clone();
        // Only what is counted makes the server wait.
        let is_counted =
            [Outcome::Counted, Outcome::Bot].iter().any(|outcome| receipt.outcomes.contains_key(&i32::from(*outcome)));
        let name = producer.name().to_owned();
        let (connection, position) = producer.into_parts();
        self.keep(connection);
        if is_counted {
            self.ends.remove(&(self.options.site.clone(), name.clone()));
            self.finish_all().await?;
        }
        let site = self.options.site.clone();
        Ok((Producer::resume(self.connect(&site)?, &name, position)?, receipt))
    }

    /// Notes where a log ended. One that never sent anything has nothing to end.
    fn ended(&mut self, site: &str, producer: &str, end: Position) {
        if end.durable_sequence > 0 {
            self.ends.insert((site.to_owned(), producer.to_owned()), end);
        }
    }

    /// States that everything until an instant was sent, to every site, under a name that no content has to do with.
    ///
    /// # Errors
    /// The server refused or cannot be reached.
    pub(super) async fn state(&mut self, complete_unix_ms: i64) -> Result<(), ShipError> {
        let name = self.options.producer.clone().unwrap_or_else(|| sender::sender(&self.options.inputs));
        for site in self.sites() {
            let known = self.ends.remove(&(site.clone(), name.clone()));
            let connection = self.connect(&site)?;
            let mut producer = match known {
                Some(end) => Producer::resume(connection, &name, end)?,
                None => Producer::open(connection, &name).await?,
            };
            let position = producer.position();
            let mut statement = Batch::new();
            // A log that is empty begins at its start when it fills.
            let is_new = position.durable_sequence == 0;
            statement.set_cursor(if is_new { Cursor::start(&name).encode() } else { position.cursor.clone() });
            statement.set_complete_through(complete_unix_ms);
            producer.send(statement).await?;
            producer.flush().await?;
            self.stated_by(producer);
        }
        Ok(())
    }

    fn stated_by(&mut self, producer: Producer) {
        self.stated.insert(producer.name().to_owned(), producer.position().durable_sequence);
        self.keep(producer.into_parts().0);
    }

    /// The last batch of a log, where something was stated for it after its lines.
    pub(super) fn last_sequence(&self, producer: &str) -> Option<u64> {
        self.stated.get(producer).copied()
    }

    /// States of all logs that they have ended: nobody waits for them any more.
    ///
    /// # Errors
    /// The server refused or cannot be reached.
    pub(super) async fn finish_all(&mut self) -> Result<(), ShipError> {
        for ((site, name), reached) in std::mem::take(&mut self.ends) {
            let mut producer = Producer::resume(self.connect(&site)?, &name, reached)?;
            producer.finish().await?;
            self.stated_by(producer);
        }
        Ok(())
    }
}
