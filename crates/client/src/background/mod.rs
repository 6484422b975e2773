//! Sends in the background what a site's requests leave behind, so that none of them waits for it or fails with it.
//!
//! ```text
//! requests --offer--> Queue (bounded) --gather--> batches --send_all--> Producer -> server
//! ```
//!
//! An event waits in memory until the server says that it is on the disk. While the server cannot be reached the queue fills;
//! then events are dropped by a chosen rule and counted. What waits when the process dies is lost; [`Background::shutdown`]
//! sends what it can. At fixed times it states how far it has sent everything, whether anybody came or not.

mod gather;
mod held;
mod queue;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::address::ServerAddress;
use super::batch::{BATCH_EVENTS_MAX, Batch};
use super::connection::{Connection, check_site};
use super::error::{SendError, UsageError};
use super::observer::Observer;
use super::producer::{Producer, check_producer};
use super::secret::ProducerSecret;
pub use queue::{Queue, WhenFull};

/// Batches between gathering and sending.
const BATCHES_READY_MAX: usize = 1;
/// How long sending rests after an error that does not pass by itself.
const PAUSE: Duration = Duration::from_secs(5);

/// Where events go, and as whose.
#[derive(Clone)]
pub struct Destination {
    /// The server.
    pub address: ServerAddress,
    /// The site's name.
    pub site: String,
    /// The producer's name. Two processes that send at the same time need two names.
    pub producer: String,
    /// Its secret. One that outlives the process lets the next one go on with its numbers.
    pub secret: ProducerSecret,
    /// Is told what happens.
    pub observer: Arc<dyn Observer>,
}

/// How events are gathered and how many may wait.
#[derive(Clone, Debug)]
pub struct Options {
    /// Events of a batch at most, 1 to 20,000.
    pub batch_events_max: usize,
    /// How long an event waits for others, 10 ms or more.
    pub delay_max: Duration,
    /// Events that may wait in the queue. As many as 34 batches are under way beside them.
    pub waiting_events_max: usize,
    /// What is dropped when more come.
    pub when_full: WhenFull,
    /// How long the first view of a browser waits for its cookie to come back, see [`Queue::issue`]; an hour at most.
    pub hold_max: Duration,
    /// First views that may wait so. Further browsers get no cookie.
    pub held_events_max: usize,
    /// How often it is stated that everything was sent; none: never, and periods wait for the server's fixed time.
    pub state_every: Option<Duration>,
}

impl Default for Options {
    /// Batches of 1,000 events or a second; 100,000 waiting, of which the newest are dropped; a statement a minute.
    fn default() -> Self {
        Self {
            batch_events_max: 1_000,
            delay_max: Duration::from_secs(1),
            waiting_events_max: 100_000,
            when_full: WhenFull::DropNewest,
            hold_max: Duration::from_secs(600),
            held_events_max: 100_000,
            state_every: Some(Duration::from_secs(60)),
        }
    }
}

impl Options {
    /// The same within what is allowed.
    fn within_limits(mut self) -> Self {
        let batch_max = usize::try_from(BATCH_EVENTS_MAX).unwrap_or(usize::MAX);
        self.batch_events_max = self.batch_events_max.clamp(1, batch_max);
        self.delay_max = self.delay_max.max(Duration::from_millis(10));
        self.hold_max = self.hold_max.min(Duration::from_secs(3_600));
        self.state_every = self.state_every.map(|every| every.max(Duration::from_secs(1)));
        self
    }
}

/// The tasks that send.
pub struct Background {
    stop: watch::Sender<bool>,
    tasks: [JoinHandle<()>; 2],
}

/// Begins to send in the background, on the tokio runtime that this is called on. It connects by itself, and goes on
/// connecting for as long as it takes.
///
/// # Errors
/// [`UsageError`] for what is no site's or no producer's name.
pub fn spawn(destination: Destination, options: Options) -> Result<(Queue, Background), UsageError> {
    check_site(&destination.site)?;
    check_producer(&destination.producer)?;
    let (stop, stopping) = watch::channel(false);
    let (ready, batches) = mpsc::channel(BATCHES_READY_MAX);
    let queue = Queue::new(options.within_limits());
    let gathering = tokio::spawn(gather::gather(queue.clone(), ready, stopping));
    let sending = tokio::spawn(send(destination, batches, queue.clone()));
    Ok((queue, Background { stop, tasks: [gathering, sending] }))
}

impl Background {
    /// Sends what waits, states that nothing more comes, and ends; after the limit it ends at once. True where all of it
    /// is on the server's disk.
    pub async fn shutdown(mut self, limit: Duration) -> bool {
        let _ = self.stop.send(true);
        let [gathering, sending] = &mut self.tasks;
        let ended = tokio::time::timeout(limit, async {
            let gathered = gathering.await.is_ok();
            sending.await.is_ok() && gathered
        });
        ended.await.unwrap_or(false)
    }
}

impl Drop for Background {
    /// Nothing is sent after it: let it live as long as the site.
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Sends batches until no more come and all are durable.
async fn send(destination: Destination, mut batches: mpsc::Receiver<Batch>, queue: Queue) {
    loop {
        let error = match open_and_send(&destination, &mut batches, &queue).await {
            Ok(()) => return,
            Err(error) => error,
        };
        destination.observer.stopped(&error, PAUSE);
        tokio::time::sleep(PAUSE).await;
    }
}

async fn open_and_send(
    destination: &Destination,
    batches: &mut mpsc::Receiver<Batch>,
    queue: &Queue,
) -> Result<(), SendError> {
    let mut producer = loop {
        let connection = Connection::new(destination.address.clone(), &destination.site, destination.secret.clone())?
            .with_observer(destination.observer.clone());
        match Producer::open(connection, &destination.producer).await {
            // To go on trying is what it is for.
            Err(SendError::Unreachable { .. }) => {}
            opened => break opened?,
        }
    };
    loop {
        match producer.send_all(batches).await {
            Err(SendError::Unreachable { .. }) => {}
            ended => {
                queue.lose(producer.unanswered_events());
                return ended;
            }
        }
    }
}
