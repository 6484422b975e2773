//! Producers that send while the server dies and comes back, and record what was acknowledged.
//!
//! The content of a batch follows from its producer and sequence, so a batch that is sent again is identical. Every visitor is in
//! one batch only and has one view: a lost batch is missing in the visits of its days, and a batch counted twice shows as
//! second views, which do not occur otherwise.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use headcount::proto::{AccessEvent, IngestRequest, IngestResponse, ingest_service_client::IngestServiceClient};
use tokio::{runtime::Runtime, sync::watch, task::JoinHandle};
use tokio_stream::{StreamExt, wrappers::ReceiverStream};
use tonic::{Code, Status, Streaming};

use super::Dice;
use crate::harness::BROWSER;

/// Visitors of a batch on each of its days.
pub const VISITORS_PER_DAY: u64 = 20;
/// Days over which a batch goes: its record in the journal has a part for each.
pub const DAYS: i64 = 3;
/// Batches that a connection has under way.
const WINDOW: u64 = 8;
const MS_PER_DAY: i64 = 86_400_000;
/// 2015-05-04, a Monday: the first day of the first chapter.
pub const FIRST_DAY: i64 = 16_559;

/// One producer's account.
pub struct Producer {
    pub name: String,
    /// The highest sequence that was sent.
    pub sent: AtomicU64,
    /// The highest sequence that was acknowledged.
    pub acked: AtomicU64,
    /// The first sequence of each chapter: batches of chapter c go to days 3 c to 3 c + 2.
    chapters: Mutex<Vec<u64>>,
}

/// All producers, and what they have found out.
pub struct Fleet {
    runtime: Runtime,
    pub producers: Vec<Arc<Producer>>,
    address: watch::Sender<Option<String>>,
    stop: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<()>>,
    shared: Arc<Findings>,
}

/// Findings of the connections.
#[derive(Default)]
pub struct Findings {
    /// Wrong answers, in words.
    pub wrong: Mutex<Vec<String>>,
    /// Acknowledged batches that a later greeting did not know.
    pub lost: AtomicU64,
    /// Answers UNAVAILABLE.
    pub refused: AtomicU64,
}

impl Findings {
    fn wrong(&self, what: String) {
        self.wrong.lock().expect("the list").push(what);
    }
}

impl Producer {
    fn chapter_of(&self, sequence: u64) -> i64 {
        let chapters = self.chapters.lock().expect("the chapters");
        chapters.partition_point(|first| *first <= sequence) as i64 - 1
    }

    fn request(&self, sequence: u64, events: Vec<AccessEvent>) -> IngestRequest {
        self.sent.fetch_max(sequence, Ordering::SeqCst);
        let (site, producer) = ("www".to_owned(), self.name.clone());
        let cursor = if sequence == 0 { Vec::new() } else { sequence.to_string().into_bytes() };
        let producer_secret = format!("the secret of {}", self.name).into_bytes();
        IngestRequest { site, producer, sequence, events, cursor, producer_secret, ..IngestRequest::default() }
    }

    /// The batch of a sequence: visitors, or at the end of a chapter the word that its days are complete.
    fn batch(&self, sequence: u64) -> IngestRequest {
        let chapter = self.chapter_of(sequence);
        let first = FIRST_DAY + DAYS * chapter;
        if self.chapters.lock().expect("the chapters").last() == Some(&(sequence + 1)) {
            let mut request = self.request(sequence, Vec::new());
            request.complete_through_unix_ms = (first + DAYS) * MS_PER_DAY;
            return request;
        }
        let event = |day: i64, visitor: u64| AccessEvent {
            time_unix_ms: (first + day) * MS_PER_DAY + 36_000_000,
            cookie: format!("{}-{sequence}-{day}-{visitor}", self.name),
            target: format!("/page-{}", visitor % 5),
            user_agent: BROWSER.into(),
            ..AccessEvent::default()
        };
        let days = (0..DAYS).flat_map(|day| (0..VISITORS_PER_DAY).map(move |visitor| event(day, visitor)));
        self.request(sequence, days.collect())
    }
}

impl Fleet {
    pub fn new(producers: usize) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let producer = |n| Producer {
            name: format!("edge-{n}"),
            sent: AtomicU64::new(0),
            acked: AtomicU64::new(0),
            chapters: Mutex::new(vec![1]),
        };
        Self {
            runtime: runtime.expect("a runtime"),
            producers: (0..producers).map(|n| Arc::new(producer(n))).collect(),
            address: watch::channel(None).0,
            stop: Arc::default(),
            tasks: Vec::new(),
            shared: Arc::default(),
        }
    }

    pub fn findings(&self) -> &Findings {
        &self.shared
    }

    /// Sends on two connections for each producer until [`Self::pause`], wherever the server is.
    pub fn load(&mut self, seed: u64) {
        self.stop.store(false, Ordering::SeqCst);
        for (n, producer) in self.producers.iter().enumerate() {
            for half in 0..2 {
                let connection = Connection {
                    producer: producer.clone(),
                    address: self.address.subscribe(),
                    stop: self.stop.clone(),
                    shared: self.shared.clone(),
                    dice: Dice::new(seed ^ (n as u64) << 8 ^ half),
                };
                self.tasks.push(self.runtime.spawn(connection.run()));
            }
        }
    }

    /// The server's address, if it runs.
    pub fn server_is_at(&self, url: Option<String>) {
        self.address.send_replace(url);
    }

    /// Ends all connections.
    pub fn pause(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        for task in self.tasks.drain(..) {
            if let Err(error) = self.runtime.block_on(task) {
                self.shared.wrong(format!("a connection failed: {error}"));
            }
        }
    }

    /// Sends again what is not acknowledged yet. An error if the server is gone.
    pub fn settle(&self, url: &str) -> Result<(), Status> {
        self.producers.iter().try_for_each(|producer| self.runtime.block_on(producer.settle(url, &self.shared)))
    }

    /// Ends the chapter: the next batch of every producer will state that its days are complete. Connections must rest.
    pub fn end_chapter(&self) {
        for producer in &self.producers {
            let last = producer.sent.fetch_add(1, Ordering::SeqCst) + 1;
            producer.chapters.lock().expect("the chapters").push(last + 1);
        }
    }

    /// Batches that are acknowledged.
    pub fn acked(&self) -> u64 {
        self.producers.iter().map(|p| p.acked.load(Ordering::SeqCst)).sum()
    }

    /// Visitors that each day of an ended chapter must have; everything sent must be acknowledged.
    pub fn visitors_of_chapter(&self, chapter: usize) -> u64 {
        let batches = |producer: &Arc<Producer>| {
            let chapters = producer.chapters.lock().expect("the chapters");
            // The last batch of a chapter has no visitors.
            chapters[chapter + 1] - 1 - chapters[chapter]
        };
        self.producers.iter().map(batches).sum::<u64>() * VISITORS_PER_DAY
    }
}

impl Producer {
    async fn settle(&self, url: &str, shared: &Findings) -> Result<(), Status> {
        let durable = self.greet(url, shared).await?;
        let rest = (durable + 1..=self.sent.load(Ordering::SeqCst)).map(|sequence| self.batch(sequence));
        self.send_and_wait(url, rest.collect(), shared).await
    }

    async fn greet(&self, url: &str, shared: &Findings) -> Result<u64, Status> {
        let acked = self.acked.load(Ordering::SeqCst);
        let mut answers = open(url, vec![self.request(0, Vec::new())]).await?;
        let greeting = answers.next().await.unwrap_or_else(|| Err(Status::unavailable("no answer")))?;
        self.check_greeting(acked, &greeting, shared);
        Ok(greeting.durable_sequence)
    }

    async fn send_and_wait(&self, url: &str, batches: Vec<IngestRequest>, shared: &Findings) -> Result<(), Status> {
        let count = batches.len();
        let mut answers = open(url, batches).await?;
        for _ in 0..count {
            let answer = answers.next().await.unwrap_or_else(|| Err(Status::unavailable("no answer")))?;
            self.note(&answer, shared);
        }
        Ok(())
    }

    /// A greeting must know all that was acknowledged before it was sent, and nothing that was never sent.
    fn check_greeting(&self, acked: u64, greeting: &IngestResponse, shared: &Findings) {
        let (durable, sent) = (greeting.durable_sequence, self.sent.load(Ordering::SeqCst));
        if durable < acked {
            shared.lost.fetch_add(acked - durable, Ordering::SeqCst);
            shared.wrong(format!("{}: {acked} was acknowledged, and {durable} is durable", self.name));
            self.acked.store(durable, Ordering::SeqCst);
        }
        if durable > sent {
            shared.wrong(format!("{}: {sent} was sent, and {durable} is durable", self.name));
        }
        let cursor = String::from_utf8_lossy(&greeting.cursor).into_owned();
        if durable > 0 && cursor != durable.to_string() {
            shared.wrong(format!("{}: {durable} is durable, and its cursor is {cursor:?}", self.name));
        }
    }

    fn note(&self, answer: &IngestResponse, shared: &Findings) {
        if answer.durable_sequence < answer.sequence || answer.rejected > 0 {
            shared.wrong(format!("{}: a wrong answer: {answer:?}", self.name));
        }
        self.acked.fetch_max(answer.durable_sequence, Ordering::SeqCst);
    }
}

async fn open(url: &str, requests: Vec<IngestRequest>) -> Result<Streaming<IngestResponse>, Status> {
    let (sender, receiver) = tokio::sync::mpsc::channel(requests.len().max(1));
    for request in requests {
        sender.send(request).await.expect("there is room");
    }
    stream(url, ReceiverStream::new(receiver)).await
}

async fn stream(url: &str, requests: ReceiverStream<IngestRequest>) -> Result<Streaming<IngestResponse>, Status> {
    let client = IngestServiceClient::connect(url.to_owned()).await;
    let mut client = client.map_err(|e| Status::unavailable(e.to_string()))?;
    Ok(client.ingest(requests).await?.into_inner())
}

/// One of the connections of a producer.
struct Connection {
    producer: Arc<Producer>,
    address: watch::Receiver<Option<String>>,
    stop: Arc<AtomicBool>,
    shared: Arc<Findings>,
    dice: Dice,
}

impl Connection {
    async fn run(mut self) {
        while !self.stop.load(Ordering::SeqCst) {
            let url = self.address.borrow_and_update().clone();
            if let Some(url) = url
                && let Err(status) = self.send(&url).await
            {
                self.look_at(&status);
            }
            // Until the server has a new address or has recovered.
            let _ = tokio::time::timeout(Duration::from_millis(5), self.address.changed()).await;
        }
    }

    /// What may end a stream: the server is gone or refuses, or a gap that was left on purpose.
    fn look_at(&self, status: &Status) {
        use tonic_types::StatusExt;
        match status.code() {
            Code::FailedPrecondition => {}
            // The client library's error for a broken connection.
            Code::Unknown | Code::Cancelled | Code::Internal if status.get_error_details().error_info().is_none() => {}
            Code::Unavailable => {
                let details = status.get_error_details();
                if details.error_info().is_some() {
                    self.shared.refused.fetch_add(1, Ordering::SeqCst);
                    if details.retry_info().is_none() {
                        self.shared.wrong(format!("refused without a time to wait: {status}"));
                    }
                }
            }
            _ => self.shared.wrong(format!("a stream ended with {status}")),
        }
    }

    /// Greets, and sends on until the stream ends: some batches twice, some too early.
    async fn send(&mut self, url: &str) -> Result<(), Status> {
        let acked = self.producer.acked.load(Ordering::SeqCst);
        let (sender, receiver) = tokio::sync::mpsc::channel(4);
        let _ = sender.send(self.producer.request(0, Vec::new())).await;
        let mut answers = stream(url, ReceiverStream::new(receiver)).await?;
        let greeting = answers.next().await.unwrap_or_else(|| Err(Status::unavailable("no answer")))?;
        self.producer.check_greeting(acked, &greeting, &self.shared);
        let mut next = greeting.durable_sequence + 1;
        let mut under_way = 0;
        while !self.stop.load(Ordering::SeqCst) {
            while under_way < WINDOW {
                let sequence = match self.dice.below(24) {
                    0 if next > 1 => next - 1,
                    1 => next + 1,
                    _ => {
                        next += 1;
                        next - 1
                    }
                };
                if sender.send(self.producer.batch(sequence)).await.is_err() {
                    break;
                }
                under_way += 1;
            }
            let answer = answers.next().await.unwrap_or_else(|| Err(Status::unavailable("no answer")))?;
            self.producer.note(&answer, &self.shared);
            under_way -= 1;
        }
        Ok(())
    }
}
