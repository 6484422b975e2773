//! Who sends: numbers its batches, keeps some of them unanswered, and goes on after a broken connection.
//!
//! Nothing happens while no method is under way: there is no task behind it. Who has batches at any time gives
//! [`Producer::send_all`] a task of its own and a channel.

use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::task::Poll;

use tokio::sync::mpsc;

use super::batch::Batch;
use super::connection::Connection;
use super::error::{Failure, SendError, UsageError};
use super::window::{Position, Receipt, Window};

/// The longest producer name the protocol allows, in bytes.
pub const PRODUCER_BYTES_MAX: usize = 128;

/// A watermark that no later one follows.
pub(super) const FINISHED_UNIX_MS: i64 = i64::MAX;

/// A sender of batches to one site, under a name that is its own.
///
/// Every method that waits may be given up halfway (by a timeout or `select!`) and called again: a batch is taken as a
/// whole at the end of the call or not at all, and each is counted once.
pub struct Producer {
    connection: Connection,
    window: Window,
}

impl Producer {
    /// Asks the server where this producer stands. Batches go on from there; [`Producer::position`] tells it.
    ///
    /// # Errors
    /// [`UsageError::Producer`] for what is no name; else what keeps the server from answering.
    pub async fn open(mut connection: Connection, name: &str) -> Result<Self, SendError> {
        check_producer(name)?;
        let position = connection.greet(name).await?;
        let window = Window::new(connection.head(name), position);
        Ok(Self { connection, window })
    }

    /// Goes on where [`Producer::into_parts`] ended, without asking the server. Should it stand elsewhere, the next batch
    /// fails with [`SendError::Diverged`] or is refused as a gap.
    ///
    /// # Errors
    /// [`UsageError::Producer`] for what is no name.
    pub fn resume(connection: Connection, name: &str, position: Position) -> Result<Self, UsageError> {
        check_producer(name)?;
        let window = Window::new(connection.head(name), position);
        Ok(Self { connection, window })
    }

    /// The connection, for another producer, and where this one stands. Batches that are not answered are given up: call
    /// [`Producer::flush`] first.
    #[must_use]
    pub fn into_parts(mut self) -> (Connection, Position) {
        if self.unanswered() > 0 {
            // The next producer must not get the answers that are still on their way.
            self.connection.stream = None;
        }
        (self.connection, self.window.position)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.window.producer()
    }

    /// The last batch that is durable, and its cursor.
    #[must_use]
    pub fn position(&self) -> &Position {
        &self.window.position
    }

    /// What the server said of everything sent so far.
    #[must_use]
    pub fn receipt(&self) -> &Receipt {
        &self.window.receipt
    }

    /// How many batches wait for their answer.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        self.window.len()
    }

    /// How many events are in them.
    pub(super) fn unanswered_events(&self) -> u64 {
        self.window.events()
    }

    /// Sends a batch. Waits while [`WINDOW_BATCHES`](super::WINDOW_BATCHES) are unanswered, and not for this one's answer.
    ///
    /// # Errors
    /// The batch is too large; or what stopped the ones before it.
    pub async fn send(&mut self, batch: Batch) -> Result<(), SendError> {
        batch.check()?;
        while !self.window.has_room() {
            self.advance().await?;
        }
        if self.take(batch).is_err() {
            // It is in the window, and goes out over the next connection.
            self.connection.stream = None;
        }
        Ok(())
    }

    /// Sends all batches that come through a channel until it is closed, and waits until they are durable. Answers are
    /// taken in, and broken connections made anew, while no batch comes.
    ///
    /// # Errors
    /// A batch is too large; or sending stopped.
    pub async fn send_all(&mut self, batches: &mut mpsc::Receiver<Batch>) -> Result<(), SendError> {
        loop {
            match self.pump(batches).await {
                Ok(()) => return Ok(()),
                Err(failure) => self.connection.failed(failure)?,
            }
        }
    }

    /// Waits until everything sent is durable.
    ///
    /// # Errors
    /// What stopped it.
    pub async fn flush(&mut self) -> Result<(), SendError> {
        while self.unanswered() > 0 {
            self.advance().await?;
        }
        Ok(())
    }

    /// States that this producer has sent every access before an instant, in milliseconds since 1970, and waits until
    /// that is durable. The server publishes a period once every producer that stated something in the days before has stated its
    /// end, whether anybody came or not. So state regularly, at times that do not depend on visitors.
    ///
    /// # Errors
    /// What stopped it.
    pub async fn complete_through(&mut self, unix_ms: i64) -> Result<(), SendError> {
        let mut statement = Batch::new();
        statement.set_cursor(self.window.last_cursor().to_vec());
        statement.set_complete_through(unix_ms);
        self.send(statement).await?;
        self.flush().await
    }

    /// States that this producer has sent everything and sends nothing more: the server waits for it no longer. It may send
    /// again all the same, what is not published by then counts.
    ///
    /// # Errors
    /// What stopped it.
    pub async fn finish(&mut self) -> Result<(), SendError> {
        self.complete_through(FINISHED_UNIX_MS).await
    }

    /// Takes in one answer, or plans the next try after a failure.
    async fn advance(&mut self) -> Result<(), SendError> {
        match self.take_answer().await {
            Ok(()) => Ok(()),
            Err(failure) => self.connection.failed(failure),
        }
    }

    /// Takes in one answer, over a new connection where there is none.
    async fn take_answer(&mut self) -> Result<(), Failure> {
        self.reconnect().await?;
        if self.unanswered() == 0 {
            // The greeting told that all of it was durable already.
            return Ok(());
        }
        let Some(stream) = &mut self.connection.stream else {
            return Err(Failure::Broken("not connected".to_owned()));
        };
        let answer = stream.answer().await?;
        let accepted = self.window.answered(&answer)?;
        self.connection.note_mark(answer.release_mark);
        self.connection.acknowledged(accepted);
        Ok(())
    }

    /// Moves batches and answers until no more come, or something breaks.
    async fn pump(&mut self, batches: &mut mpsc::Receiver<Batch>) -> Result<(), Failure> {
        self.reconnect().await?;
        let mut more = true;
        while more || self.unanswered() > 0 {
            match self.next(more.then_some(&mut *batches)).await {
                Next::Answered(answered) => answered?,
                Next::Batch(Some(batch)) => self.take(batch)?,
                Next::Batch(None) => more = false,
            }
        }
        Ok(())
    }

    /// The next answer where one is owed, or the next batch where there is room for one.
    async fn next(&mut self, batches: Option<&mut mpsc::Receiver<Batch>>) -> Next {
        let owed = self.unanswered() > 0;
        let mut batches = batches.filter(|_| self.window.has_room());
        let mut answered = pin!(self.take_answer());
        poll_fn(|context| {
            if owed && let Poll::Ready(answered) = answered.as_mut().poll(context) {
                return Poll::Ready(Next::Answered(answered));
            }
            match &mut batches {
                Some(batches) => batches.poll_recv(context).map(Next::Batch),
                None => Poll::Pending,
            }
        })
        .await
    }

    /// Puts a batch into the window and sends it where there is a connection; else it is sent with the next one.
    fn take(&mut self, batch: Batch) -> Result<(), Failure> {
        batch.check().map_err(SendError::from)?;
        let frame = self.window.push(batch);
        self.connection.stream.as_ref().map_or(Ok(()), |stream| stream.send(frame))
    }

    /// Where there is no connection: greets anew and sends what was not durable.
    async fn reconnect(&mut self) -> Result<(), Failure> {
        if self.connection.stream.is_some() {
            return Ok(());
        }
        let before = self.position().durable_sequence;
        let position = self.connection.try_greet(self.window.producer()).await?;
        self.window.resumed(position)?;
        if self.unanswered() == 0 || self.position().durable_sequence > before {
            // What was lost is an answer; what fails next is an outage of its own.
            self.connection.recovered();
        }
        if let Some(stream) = &self.connection.stream {
            for frame in self.window.frames() {
                stream.send(frame)?;
            }
        }
        Ok(())
    }
}

/// What comes next while batches and answers move.
enum Next {
    Answered(Result<(), Failure>),
    Batch(Option<Batch>),
}

/// Whether a text can be a producer's name.
///
/// # Errors
/// [`UsageError::Producer`] with what is allowed.
pub fn check_producer(name: &str) -> Result<(), UsageError> {
    if (1..=PRODUCER_BYTES_MAX).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(());
    }
    Err(UsageError::Producer(name.to_owned()))
}
