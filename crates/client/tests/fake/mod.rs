//! A server for tests: keeps sequences, cursors and events in memory, and fails on demand.
//!
//! It keeps the events it committed, so that a test can see that each one arrived exactly once. The tests of `src/ship` in
//! the root use it too.

#![allow(dead_code, unreachable_pub)] // not every test needs all of it

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming};

use headcount_proto::ingest_service_server::{IngestService, IngestServiceServer};
use headcount_proto::{AccessEvent, IngestRequest, IngestResponse, Outcome, OutcomeCount};

/// What goes wrong at a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is committed, and the stream ends before the answer.
    LoseAnswer,
    /// The stream ends and the batch is forgotten.
    LoseBatch,
    /// UNAVAILABLE, and the batch is forgotten.
    Unavailable,
    /// PERMISSION_DENIED, which no client should repeat.
    Refuse,
    /// The server forgets every batch after the third, and the stream ends.
    GoBack,
    /// Somebody else's batch takes this one's place.
    Intrude,
}

/// What the server holds.
#[derive(Default)]
pub struct State {
    /// Sequence and cursor of each producer.
    pub producers: HashMap<String, (u64, Vec<u8>)>,
    pub events: Vec<AccessEvent>,
    /// Producer, instant, and how many events had been committed when it was stated.
    pub stated: Vec<(String, i64, usize)>,
    /// At which batch (from 1, over all producers, repeated ones too) what fails.
    pub faults: VecDeque<(u64, Fault)>,
    pub batches_seen: u64,
    /// Producer, sequence, cursor, and how many events there were after it.
    commits: Vec<(String, u64, Vec<u8>, usize)>,
    /// The site that exists; empty: every one.
    pub only_site: String,
}

impl State {
    fn take(&mut self, request: IngestRequest) -> Result<Option<IngestResponse>, Status> {
        if !self.only_site.is_empty() && self.only_site != request.site {
            return Err(Status::not_found(format!("no site {:?}", request.site)));
        }
        let mut fault = None;
        if request.sequence > 0 {
            self.batches_seen += 1;
            if self.faults.front().is_some_and(|(at, _)| *at == self.batches_seen) {
                fault = self.faults.pop_front().map(|(_, fault)| fault);
            }
        }
        let held = self.producers.entry(request.producer.clone()).or_default();
        match fault {
            Some(Fault::Unavailable) => return Err(Status::unavailable("draining")),
            Some(Fault::Refuse) => return Err(Status::permission_denied("too much")),
            Some(Fault::LoseBatch) => return Ok(None),
            Some(Fault::GoBack) => {
                let (_, sequence, cursor, events) = self.commits[2].clone();
                *held = (sequence, cursor);
                self.events.truncate(events);
                return Ok(None);
            }
            Some(Fault::Intrude) => *held = (request.sequence, b"not yours".to_vec()),
            Some(Fault::LoseAnswer) | None => {}
        }
        let answer = self.commit(request)?;
        Ok((fault != Some(Fault::LoseAnswer)).then_some(answer))
    }

    fn commit(&mut self, request: IngestRequest) -> Result<IngestResponse, Status> {
        let held = self.producers.entry(request.producer.clone()).or_default();
        if request.sequence > held.0 + 1 {
            return Err(Status::failed_precondition(format!("expected {}", held.0 + 1)));
        }
        let mut answer = IngestResponse { sequence: request.sequence, ..Default::default() };
        if request.sequence == held.0 + 1 {
            *held = (request.sequence, request.cursor);
            let count = request.events.len() as u64;
            answer.accepted = count;
            if count > 0 {
                answer.outcomes.push(OutcomeCount { outcome: Outcome::Counted.into(), count, first_index: 0 });
            }
            self.events.extend(request.events);
            let commit = (request.producer.clone(), held.0, held.1.clone(), self.events.len());
            self.commits.push(commit);
            if request.complete_through_unix_ms > 0 {
                let stated = (request.producer, request.complete_through_unix_ms, self.events.len());
                self.stated.push(stated);
            }
        } else {
            answer.duplicate = request.sequence > 0;
        }
        (answer.durable_sequence, answer.cursor) = held.clone();
        Ok(answer)
    }
}

/// A running server.
pub struct Fake {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Fake {
    /// Listens on a free port of loopback.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::<Mutex<State>>::default();
        let service = IngestServiceServer::new(Service(Arc::clone(&state)));
        tokio::spawn(
            tonic::transport::Server::builder()
                .add_service(service)
                .serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true))),
        );
        Self { address, state }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Every committed target, in order.
    pub fn targets(&self) -> Vec<String> {
        let state = self.state();
        state.events.iter().map(|event| event.target.clone()).collect()
    }

    /// A way to this server whose first connections break after so many milliseconds each. Gives its URL.
    pub async fn through_broken_line(&self, cut_after_ms: Vec<u64>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = self.address;
        tokio::spawn(async move {
            let mut cuts = cut_after_ms.into_iter();
            while let Ok((mut near, _)) = listener.accept().await {
                let limit = std::time::Duration::from_millis(cuts.next().unwrap_or(600_000));
                tokio::spawn(async move {
                    let mut far = TcpStream::connect(server).await.unwrap();
                    let copying = copy_bidirectional(&mut near, &mut far);
                    let _ = tokio::time::timeout(limit, copying).await;
                });
            }
        });
        url
    }
}

struct Service(Arc<Mutex<State>>);

#[tonic::async_trait]
impl IngestService for Service {
    type IngestStream = ReceiverStream<Result<IngestResponse, Status>>;

    async fn ingest(&self, request: Request<Streaming<IngestRequest>>) -> Result<Response<Self::IngestStream>, Status> {
        let mut requests = request.into_inner();
        let state = Arc::clone(&self.0);
        let (sender, receiver) = mpsc::channel(4);
        tokio::spawn(async move {
            while let Ok(Some(request)) = requests.message().await {
                let answer = state.lock().unwrap().take(request);
                let Some(answer) = answer.transpose() else {
                    return;
                };
                let failed = answer.is_err();
                if sender.send(answer).await.is_err() || failed {
                    return;
                }
            }
        });
        Ok(Response::new(ReceiverStream::new(receiver)))
    }
}
