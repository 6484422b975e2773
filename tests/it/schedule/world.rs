//! One world: the built program under a clock that is moved by hand, what is sent to it, and all that can be seen of it but the
//! numbers. Two worlds that differ in one visitor-day must look the same.

use std::{fmt::Write as _, thread};

use headcount::{
    clock::{Clock, SystemClock},
    proto::{
        AccessEvent, ExportReleasesResponse, GetPrivacyRequest, GetTrafficRequest, IngestRequest, ListSitesRequest,
        PeriodKind, WatchReleasesRequest, stats_service_client::StatsServiceClient,
    },
};
use jiff::{SignedDuration, Timestamp};
use tokio_stream::StreamExt;
use tonic::{Status, transport::Channel};

use crate::{
    faults::{
        scene,
        shim::{Faults, Field},
        truth,
    },
    harness::{BROWSER, House, Server, all_bytes},
};

/// Midnight of a Tuesday, from which minutes are counted.
const MIDNIGHT: &str = "2027-02-02T00:00:00Z";
/// Hours between the end of a period and its publication where nobody states anything.
const LATENESS_HOURS: i64 = 3;
/// A site to which nobody sends: when an hour of it is there, the server has looked at all sites by that clock. Sites are looked
/// at in the order of their names.
const WATCHED: &str = "zz";

pub struct World {
    house: House,
    faults: Faults,
    server: Server,
    is_configured: bool,
    seen: Vec<String>,
}

/// Minutes since the first midnight.
pub const fn at(day: i64, hour: i64, minute: i64) -> i64 {
    (day * 24 + hour) * 60 + minute
}

fn time(minutes: i64) -> Timestamp {
    MIDNIGHT.parse::<Timestamp>().expect("a time") + SignedDuration::from_mins(minutes)
}

/// Plays a scene in both worlds at once. None where the clock cannot be moved here.
pub fn both(scene: impl Fn(bool) -> Option<Vec<String>> + Sync) -> Option<[Vec<String>; 2]> {
    let (without, with) = thread::scope(|scope| {
        let without = scope.spawn(|| scene(false));
        let with = scene(true);
        (without.join().expect("a world"), with)
    });
    Some([without?, with?])
}

/// The lines of a log: visitors by number, each at a minute.
pub fn log(views: &[(i64, u32)]) -> String {
    views.iter().fold(String::new(), |mut log, (minutes, visitor)| {
        let at = time(*minutes).strftime("%d/%b/%Y:%H:%M:%S +0000");
        let (high, low) = (visitor / 256, visitor % 256);
        let _ = writeln!(log, "10.7.{high}.{low} - - [{at}] \"GET /a HTTP/1.1\" 200 512 \"-\" \"{BROWSER}\"");
        log
    })
}

/// A batch of a producer, with the same views.
pub fn batch(producer: &str, sequence: u64, views: &[(i64, u32)], complete_through: i64) -> IngestRequest {
    let event = |(minutes, visitor): &(i64, u32)| AccessEvent {
        time_unix_ms: time(*minutes).as_millisecond(),
        cookie: format!("visitor-{visitor}"),
        target: "/a".into(),
        user_agent: BROWSER.into(),
        ..AccessEvent::default()
    };
    let complete_through_unix_ms = if complete_through == 0 { 0 } else { time(complete_through).as_millisecond() };
    IngestRequest {
        site: "www".into(),
        producer: producer.into(),
        producer_secret: format!("the secret of the producer {producer}").into_bytes(),
        sequence,
        events: views.iter().map(event).collect(),
        complete_through_unix_ms,
        ..IngestRequest::default()
    }
}

impl World {
    /// Starts at a minute, with a configuration or without.
    pub fn begin(sites: Option<&str>, minutes: i64) -> Option<Self> {
        let house = House::new();
        let faults = Faults::new(&house)?;
        let mut args = house.serve_args();
        if let Some(sites) = sites {
            let config = format!(
                "[seal]\nmax_lateness_minutes = {}\n{sites}\n[[site]]\nname = \"{WATCHED}\"\n",
                60 * LATENESS_HOURS
            );
            args.extend(["--config".to_owned(), house.write("headcount.toml", config)]);
        }
        let server = faults.launch(&args, &[(Field::ClockMs, ahead(minutes))]).expect("it starts");
        let world = Self { house, faults, server, is_configured: sites.is_some(), seen: Vec::new() };
        if !world.is_configured {
            let first = IngestRequest { site: WATCHED.into(), ..batch("first", 1, &[(minutes, 0)], 0) };
            world.exchange(first);
        }
        Some(world)
    }

    fn exchange(&self, request: IngestRequest) -> String {
        let answer = scene::send(&self.server.url(), vec![request]).remove(0).expect("an answer");
        format!("{answer:?}")
    }

    /// Sends a batch whose sender is told the same in both worlds.
    pub fn send(&mut self, minutes: i64, request: IngestRequest) {
        self.faults.set(Field::ClockMs, ahead(minutes));
        let answer = self.exchange(request);
        self.seen.push(format!("{minutes}: {answer}"));
    }

    /// Sends a batch with the visitor in it who comes in one world alone: its sender knows that.
    pub fn send_unseen(&mut self, minutes: i64, request: IngestRequest) {
        self.faults.set(Field::ClockMs, ahead(minutes));
        self.exchange(request);
    }

    /// Ships a growing log with `--live` alone.
    pub fn ship_live(&mut self, minutes: i64, log: &str) {
        self.faults.set(Field::ClockMs, ahead(minutes));
        let (file, url) = (self.house.write("access.log", log), self.server.url());
        let state = self.house.path("state").display().to_string();
        let args = ["ship", "--live", "--site", "www", "--server", &url, "--state", &state, &file].map(str::to_owned);
        let output = self.faults.command(&args).output().expect("it runs");
        assert!(output.status.success(), "{output:?}");
    }

    /// Moves the clock to the beginning of an hour, waits until all is published that is due, and looks at everything.
    pub fn look(&mut self, day: i64, hour: i64) {
        self.faults.set(Field::ClockMs, ahead(at(day, hour, 0)) + 1_000);
        let lateness = if self.is_configured { LATENESS_HOURS } else { 24 };
        // The hour that is due just now, by itself or in its day.
        let last = time(at(day, hour, 0)) - SignedDuration::from_hours(lateness) - SignedDuration::from_mins(60);
        let (due_hour, due_date) = (last.strftime("%FT%H").to_string(), last.strftime("%F").to_string());
        let is_last_of_day = due_hour.ends_with("T23");
        let releases = self.server.wait_until(|server| {
            let found = truth::export(&server.url()).ok()?;
            let is_it = |(site, kind, start): &truth::Named| match kind {
                PeriodKind::Hour => site == WATCHED && !is_last_of_day && start.starts_with(&due_hour),
                PeriodKind::Day => site == WATCHED && *start == due_date,
                _ => false,
            };
            found.keys().any(is_it).then_some(found)
        });
        let mut releases: Vec<_> = releases.into_values().collect();
        releases.sort_by_key(|release| release.release);
        let answers = answers(&self.server.url(), releases.last().map_or(0, |last| last.release)).expect("answers");
        let shown = releases.into_iter().map(|release| shape(&release)).chain(answers);
        self.seen.extend(shown.map(|line| format!("{day} {hour}: {line}")));
    }

    /// Visits of an hour of the site, and their standard error; none where it is not published by itself.
    pub fn visits_of_hour(&self, start: &str) -> Option<(i64, f64)> {
        let releases = truth::export(&self.server.url()).expect("the releases");
        let is_it = |named: &truth::Named| named.0 == "www" && named.2.starts_with(start);
        let release = releases.into_iter().find(|(named, _)| is_it(named))?.1;
        let counter = release.counters.into_iter().find(|counter| counter.counter == "hour-visit")?;
        Some((counter.value, counter.standard_error))
    }

    /// Stops, and gives all that was seen.
    pub fn end(mut self) -> Vec<String> {
        assert!(!self.server.stop().contains("panicked"));
        self.seen.extend(archived(&self.house));
        self.seen
    }
}

/// How far the clock must be ahead to be at a minute now.
fn ahead(minutes: i64) -> i64 {
    time(minutes).as_millisecond() - SystemClock.now_unix_ms()
}

/// A release without its numbers.
fn shape(release: &ExportReleasesResponse) -> String {
    let counters = release.counters.iter().map(|c| format!("{}/{}/{}", c.table, c.key, c.counter));
    let ExportReleasesResponse { release: number, site, time_zone, start, gap, rho_nano, .. } = release;
    let kind = release.kind();
    format!(
        "{number} {site} {time_zone} {kind:?} {start} {gap:?} {rho_nano} {}",
        counters.collect::<Vec<_>>().join(" ")
    )
}

/// All answers but numbers: the sites, the notices up to a release, the ledger, and what traffic lacks and why.
fn answers(url: &str, last: u64) -> Result<Vec<String>, Status> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let client = StatsServiceClient::connect(url.to_owned()).await;
        let mut client = client.map_err(|e| Status::unavailable(e.to_string()))?;
        let mut seen = Vec::new();
        for site in client.list_sites(ListSitesRequest {}).await?.into_inner().sites {
            seen.push(format!("{:?}", headcount::proto::Site { last_visits: None, ..site }));
        }
        let request = WatchReleasesRequest { site: String::new(), after_release: Some(0) };
        let mut notices = client.watch_releases(request).await?.into_inner();
        while let Some(notice) = notices.next().await.transpose()? {
            seen.push(format!("{notice:?}"));
            if notice.release >= last {
                break;
            }
        }
        let request = GetPrivacyRequest { site: "www".into(), ..GetPrivacyRequest::default() };
        seen.push(shown(client.get_privacy(request).await.map(tonic::Response::into_inner)));
        seen.push(shown(traffic(&mut client).await));
        Ok(seen)
    })
}

fn shown<T: std::fmt::Debug>(answer: Result<T, Status>) -> String {
    answer.map_or_else(|status| format!("{:?} {}", status.code(), status.message()), |answer| format!("{answer:?}"))
}

/// By hour: whether there is a number, or why there is none.
async fn traffic(client: &mut StatsServiceClient<Channel>) -> Result<Vec<String>, Status> {
    let request = GetTrafficRequest {
        site: "www".into(),
        from_date: "2027-02-02".into(),
        to_date: "2027-02-03".into(),
        granularity: PeriodKind::Hour.into(),
        ..GetTrafficRequest::default()
    };
    let answer = client.get_traffic(request).await?.into_inner();
    let point = |point: headcount::proto::TrafficPoint| {
        let visits = point.visits.unwrap_or_default();
        format!("{} {} {:?}", point.start, visits.estimate.is_some(), visits.reason)
    };
    Ok(answer.points.into_iter().map(point).chain([format!("{:?} {:?}", answer.blocks, answer.missing)]).collect())
}

/// What the archive has of each release, without its numbers.
pub fn archived(house: &House) -> Vec<String> {
    let mut found = Vec::new();
    for (path, bytes) in all_bytes(&house.path("data").join("archive")) {
        for line in bytes.split(|byte| *byte == b'\n') {
            let Ok(line) = serde_json::from_slice::<serde_json::Value>(line) else { continue };
            let release = &line["release"];
            let name = path.file_name().expect("a name").display();
            found.push(format!("{name} {} {} {}", release["number"], release["period"], release["sealed_at_unix_s"]));
        }
    }
    found.sort();
    found
}
