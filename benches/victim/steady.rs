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

/// When each batch without an answer was due, oldest first.
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
    let mut sent = 0;
    let first = shared.acknowledged.load(Ordering::Relaxed) + 1;
    let mut answered = 0;
    while !shared.stop.load(Ordering::Relaxed) {
        tokio::select! {
            () = sleep_until(queue.next.into()), if queue.due.len() - sent.min(queue.due.len()) < UNANSWERED_MAX => {
                queue.due.push_back(queue.next);
                queue.next += EVERY;
            }
            answer = stream.answer(), if sent > 0 => {
                let durable = answer?.durable_sequence;
                shared.acknowledged.fetch_max(durable, Ordering::Relaxed);
                answered += 1;
                sent -= 1;
                if let Some(due) = queue.due.pop_front() {
                    shared.waits.lock().unwrap().push(due.elapsed());
                }
                continue;
            }
        }
        while sent < queue.due.len() && sent < UNANSWERED_MAX {
            stream.send(&parcel(first + answered + sent as u64)).await?;
            sent += 1;
        }
    }
    Ok(())
}
