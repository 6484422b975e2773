//! A small data directory with rows of every kind, to be copied, damaged and opened again; and a client that sends a few
//! batches and waits.

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use headcount::proto::{
    AccessEvent, ExportReleasesResponse, IngestRequest, IngestResponse, PeriodKind,
    ingest_service_client::IngestServiceClient,
};
use tokio_stream::StreamExt;
use tonic::Status;

use super::{
    quiet_args,
    truth::{self, Named},
};
use crate::harness::{BROWSER, House, Server};

/// 2015-06-29, a Monday. With the day after it, a month and a quarter end.
pub const OPEN_DAY: i64 = 16_615;
/// 2015-06-22, a Monday, that is published in the scene.
pub const PUBLISHED_DAY: i64 = 16_608;
/// Batches of the scene's producer.
pub const BATCHES: u64 = 5;
/// Visitors of each of the two open days, and of the published one.
pub const VISITORS: i64 = 300;
const MS_PER_DAY: i64 = 86_400_000;
/// The time limit for an answer that should take a moment.
const PATIENCE: Duration = Duration::from_secs(15);

/// A data directory with a published day and two open ones.
pub struct Scene {
    pub house: House,
    /// What was published in it.
    pub published: BTreeMap<Named, ExportReleasesResponse>,
}

/// Sends requests on one stream and collects the answers; the last may be an error.
pub fn send(url: &str, requests: Vec<IngestRequest>) -> Vec<Result<IngestResponse, Status>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let answers = runtime.block_on(async { tokio::time::timeout(PATIENCE, exchange(url, requests)).await });
    answers.unwrap_or_else(|_| vec![Err(Status::deadline_exceeded("the server is there and does not answer"))])
}

async fn exchange(url: &str, requests: Vec<IngestRequest>) -> Vec<Result<IngestResponse, Status>> {
    let client = IngestServiceClient::connect(url.to_owned()).await;
    let mut client = match client {
        Ok(client) => client,
        Err(error) => return vec![Err(Status::unavailable(error.to_string()))],
    };
    match client.ingest(tokio_stream::iter(requests)).await {
        Ok(answers) => answers.into_inner().collect().await,
        Err(status) => vec![Err(status)],
    }
}

/// A batch with new visitors on a day.
pub fn batch(sequence: u64, day: i64, visitors: i64) -> IngestRequest {
    let event = |visitor| AccessEvent {
        time_unix_ms: day * MS_PER_DAY + 36_000_000,
        cookie: format!("{sequence}-{visitor}"),
        target: format!("/page-{}", visitor % 5),
        user_agent: BROWSER.into(),
        ..AccessEvent::default()
    };
    let (site, producer, cursor) = ("www".to_owned(), "edge".to_owned(), sequence.to_string().into_bytes());
    let events = (0..visitors).map(event).collect();
    let producer_secret = b"known to the edge".to_vec();
    IngestRequest { site, producer, sequence, events, cursor, producer_secret, ..IngestRequest::default() }
}

/// A batch that states that everything before a day was sent.
pub fn complete(sequence: u64, before_day: i64) -> IngestRequest {
    IngestRequest { complete_through_unix_ms: before_day * MS_PER_DAY, ..batch(sequence, 0, 0) }
}

/// What a producer is told in a greeting: its last durable sequence and the cursor.
pub fn greet(url: &str) -> Result<(u64, Vec<u8>), Status> {
    let greeting = IngestRequest { cursor: Vec::new(), ..batch(0, 0, 0) };
    let answer = send(url, vec![greeting]).pop().unwrap_or_else(|| Err(Status::unavailable("no answer")))?;
    Ok((answer.durable_sequence, answer.cursor))
}

/// What the health service says of a service; the empty name is the whole server.
pub fn is_healthy(url: &str, service: &str) -> bool {
    use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};
    let ask = async {
        let channel = tonic::transport::Endpoint::from_shared(url.to_owned()).expect("an address").connect().await;
        let mut client = HealthClient::new(channel.expect("a connection"));
        let request = HealthCheckRequest { service: service.to_owned() };
        client.check(request).await.expect("its health").into_inner().status()
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(ask) == ServingStatus::Serving
}

/// The releases that are not of today: a configured site publishes its hours as they pass.
pub fn of_2015(url: &str) -> Result<BTreeMap<Named, ExportReleasesResponse>, Status> {
    let mut releases = truth::export(url)?;
    releases.retain(|(_, _, start), _| start.starts_with("2015"));
    Ok(releases)
}

impl Scene {
    /// Ends with SIGTERM, so that all is in checkpoints, or with SIGKILL, so that all is in the journal.
    pub fn new(ends_well: bool) -> Self {
        let house = House::new();
        let server = Server::start(&quiet_args(&house));
        let url = server.url();
        let answers = send(&url, vec![batch(1, PUBLISHED_DAY, VISITORS), complete(2, PUBLISHED_DAY + 1)]);
        answers.into_iter().for_each(|answer| assert_eq!(answer.expect("an answer").rejected, 0));
        server.wait_until(|server| of_2015(&server.url()).ok().filter(|all| !all.is_empty()));
        let more = [(3, OPEN_DAY, VISITORS / 2), (4, OPEN_DAY, VISITORS / 2), (5, OPEN_DAY + 1, VISITORS)];
        let answers = send(&url, more.into_iter().map(|(s, day, count)| batch(s, day, count)).collect());
        answers.into_iter().for_each(|answer| assert_eq!(answer.expect("an answer").rejected, 0));
        let published = of_2015(&url).expect("the releases");
        if ends_well {
            server.stop();
        } else {
            server.kill();
        }
        Self { house, published }
    }

    /// The same directories in another house, and the arguments to serve them.
    pub fn copy(&self) -> (House, Vec<String>) {
        let house = House::new();
        for name in ["data", "keys"] {
            copy_all(&self.house.path(name), &house.path(name));
        }
        let args = quiet_args(&house);
        (house, args)
    }
}

/// The periods that end when the scene's producer has sent everything before the Monday after the open days.
pub fn to_be_sealed() -> Vec<Named> {
    let named = |kind, start: &str| ("www".to_owned(), kind, start.to_owned());
    vec![
        truth::day(OPEN_DAY),
        truth::day(OPEN_DAY + 1),
        named(PeriodKind::Week, "2015-06-29"),
        named(PeriodKind::Month, "2015-06-01"),
        named(PeriodKind::Quarter, "2015-04-01"),
    ]
}

/// The batch that completes them.
pub fn ending() -> IngestRequest {
    complete(BATCHES + 1, OPEN_DAY + 7)
}

pub fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        let kind = entry.file_type().expect("its type");
        if kind.is_dir() {
            copy_all(&entry.path(), &target);
        } else if kind.is_file() {
            // Not a socket.
            fs::copy(entry.path(), target).expect("a file");
        }
    }
}
