//! A sender that sends twenty events each twenty milliseconds, whatever happens, and knows how long each batch waited from the
//! moment at which it was due.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use tokio::time::{sleep, sleep_until};

use crate::{
    attack::load::{batch, event},
    load::{Result, client::Stream, encode::Parcel, traffic::DAY_UNIX_MS},
};

pub const SITE: &str = "steady";
pub const PRODUCER: &str = "steady-sender";
const EVERY: Duration = Duration::from_millis(20);
const EVENTS: u64 = 20;
/// Batches without an answer; what waits beyond it counts as waiting.
const UNANSWERED_MAX: usize = 60;

#[derive(Default)]
struct Shared {
    waits: Mutex<Vec<Duration>>,
    acknowledged: AtomicU64,
    stop: AtomicBool,
}

pub struct Steady {
    shared: Arc<Shared>,
    thread: JoinHandle<()>,
}

impl Steady {
    pub fn start(address: SocketAddr) -> Self {
        let shared = Arc::new(Shared::default());
        let of_thread = shared.clone();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(send(address, &of_thread));
        });
        Self { shared, thread }
    }

    /// The waits since it was last asked.
    pub fn take(&self) -> Vec<Duration> {
        std::mem::take(&mut *self.shared.waits.lock().unwrap())
    }

    /// Ends, and gives the last sequence that was acknowledged.
    pub fn stop(self) -> u64 {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("it ends");
        self.shared.acknowledged.load(Ordering::Relaxed)
    }
}

fn parcel(sequence: u64) -> Parcel {
    let first = sequence * EVENTS;
    let noon = DAY_UNIX_MS + 12 * 3_600_000;
    let events = (first..first + EVENTS).map(|k| event(k % 5_000, format!("/page-{}", k % 50), noon)).collect();
    batch(SITE, PRODUCER, sequence, 0, events)
}

/// When each batch was due that is not acknowledged, oldest first, and when the next will be.
struct Queue {
    next: Instant,
    due: VecDeque<Instant>,
}

async fn send(address: SocketAddr, shared: &Shared) {
    let mut queue = Queue { next: Instant::now(), due: VecDeque::new() };
    while !shared.stop.load(Ordering::Relaxed) {
        // Whatever ends a stream, it goes on with the next; the batches without an answer are sent again.
        let _ = session(address, shared, &mut queue).await;
        sleep(EVERY).await;
    }
}

async fn session(address: SocketAddr, shared: &Shared, queue: &mut Queue) -> Result<()> {
    let mut stream = Stream::open(&format!("http://{address}"), UNANSWERED_MAX).await?;
    let mut last_sent = shared.acknowledged.load(Ordering::Relaxed);
    let mut unanswered = 0;
    while !shared.stop.load(Ordering::Relaxed) {
        tokio::select! {
            () = sleep_until(queue.next.into()) => {
                queue.due.push_back(queue.next);
                queue.next += EVERY;
            }
            answer = stream.answer(), if unanswered > 0 => {
                unanswered -= 1;
                acknowledge(answer?.durable_sequence, shared, queue);
            }
        }
        let last_due = shared.acknowledged.load(Ordering::Relaxed) + queue.due.len() as u64;
        while last_sent < last_due && unanswered < UNANSWERED_MAX {
            last_sent += 1;
            unanswered += 1;
            stream.send(&parcel(last_sent)).await?;
        }
    }
    Ok(())
}

/// Everything up to this sequence is durable.
fn acknowledge(durable: u64, shared: &Shared, queue: &mut Queue) {
    let before = shared.acknowledged.fetch_max(durable, Ordering::Relaxed);
    let mut waits = shared.waits.lock().unwrap();
    for due in queue.due.drain(..durable.saturating_sub(before).min(queue.due.len() as u64) as usize) {
        waits.push(due.elapsed());
    }
}
