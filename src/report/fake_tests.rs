//! Tests of the calls against a fake StatsService in this process: what is asked, and how refusals are reported.

use std::pin::Pin;

use headcount_client::Credentials;
use tokio::net::{TcpListener, TcpSocket};
use tokio_stream::{Stream, wrappers::TcpListenerStream};
use tonic::{Request, Response, Status, transport::Server};

use super::{fixture::*, *};
use crate::proto::{
    ExportReleasesRequest, ExportReleasesResponse, GetKeySeriesRequest, GetKeySeriesResponse, GetOverviewRequest,
    GetOverviewResponse, GetPrivacyRequest, GetPrivacyResponse, GetTrafficRequest, GetTrafficResponse,
    ListSitesRequest, ListSitesResponse, ListTopRequest, ListTopResponse, PeriodKind, WatchReleasesRequest,
    WatchReleasesResponse,
    stats_service_server::{StatsService, StatsServiceServer},
};

fn plain(width: usize) -> RenderOptions {
    RenderOptions { width, colour: false }
}

/// Answers from the fixture, and records the requests.
#[derive(Clone, Default)]
struct Fake {
    sites: Vec<crate::proto::Site>,
    asked: std::sync::Arc<std::sync::Mutex<Vec<String>>>,
}

impl Fake {
    fn note(&self, text: String) {
        self.asked.lock().expect("no test panics while it notes").push(text);
    }
}

type Notices<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl StatsService for Fake {
    async fn list_sites(&self, _: Request<ListSitesRequest>) -> Result<Response<ListSitesResponse>, Status> {
        Ok(Response::new(ListSitesResponse { sites: self.sites.clone(), groups: Vec::new() }))
    }

    async fn get_traffic(&self, request: Request<GetTrafficRequest>) -> Result<Response<GetTrafficResponse>, Status> {
        let ask = request.into_inner();
        self.note(format!("traffic {:?} {}..{}", ask.granularity(), ask.from_date, ask.to_date));
        Ok(Response::new(GetTrafficResponse { granularity: ask.granularity, ..traffic() }))
    }

    async fn list_top(&self, request: Request<ListTopRequest>) -> Result<Response<ListTopResponse>, Status> {
        let ask = request.into_inner();
        self.note(format!("top {:?} {}..{} {}", ask.table(), ask.from_date, ask.to_date, ask.page_size));
        Ok(Response::new(top(ask.table(), &[("key", 100)])))
    }

    async fn get_overview(&self, _: Request<GetOverviewRequest>) -> Result<Response<GetOverviewResponse>, Status> {
        Ok(Response::new(GetOverviewResponse::default()))
    }

    async fn get_key_series(&self, _: Request<GetKeySeriesRequest>) -> Result<Response<GetKeySeriesResponse>, Status> {
        Ok(Response::new(GetKeySeriesResponse::default()))
    }

    async fn get_privacy(&self, request: Request<GetPrivacyRequest>) -> Result<Response<GetPrivacyResponse>, Status> {
        match request.into_inner().site.as_str() {
            "" | "www.example.jp" => Ok(Response::new(privacy())),
            other => Err(Status::not_found(format!("site \"{other}\" is not known; known are: www.example.jp"))),
        }
    }

    type WatchReleasesStream = Notices<WatchReleasesResponse>;
    async fn watch_releases(
        &self,
        _: Request<WatchReleasesRequest>,
    ) -> Result<Response<Self::WatchReleasesStream>, Status> {
        Err(Status::unimplemented("the report never watches"))
    }

    type ExportReleasesStream = Notices<ExportReleasesResponse>;
    async fn export_releases(
        &self,
        _: Request<ExportReleasesRequest>,
    ) -> Result<Response<Self::ExportReleasesStream>, Status> {
        Err(Status::unimplemented("the report never exports"))
    }
}

/// Serves the fake on a free port until the test's runtime ends.
async fn serve(fake: Fake) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
    let address = listener.local_addr().expect("a bound listener has an address");
    let server = Server::builder().add_service(StatsServiceServer::new(fake));
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    format!("http://{address}")
}

fn request(site: &str, from: &str, to: &str) -> ReportRequest {
    ReportRequest {
        site: site.to_owned(),
        from_date: from.to_owned(),
        to_date: to.to_owned(),
        granularity: PeriodKind::Day,
        top: 7,
        compare: crate::proto::Compare::Previous,
    }
}

#[tokio::test]
async fn one_report_asks_for_the_series_whole_periods_and_all_breakdowns() {
    let fake = Fake { sites: vec![site()], ..Fake::default() };
    let asked = fake.asked.clone();
    let channel = connect(&serve(fake).await, &Credentials::default()).await.expect("connects");
    let data = fetch(channel, request("", "", "")).await.expect("answers");
    let numbers = data.numbers.expect("published");
    // The fake has keys for some tables only; a table without keys is left out.
    assert!(numbers.tops.iter().all(|top| top.keys > 0), "{:?}", numbers.tops.len());
    let asked = asked.lock().expect("unpoisoned").clone();
    assert_eq!(
        asked[..4],
        [
            "traffic Day ..",
            "traffic Week 2026-11-16..2026-11-29",
            "traffic Month 2026-11-01..2026-11-30",
            "top Page .. 7",
        ]
    );
    assert_eq!((asked.len(), asked[20].as_str()), (21, "top Bot .. 7"));
}

#[tokio::test]
async fn a_given_range_holds_for_the_breakdowns_too() {
    let fake = Fake { sites: vec![site()], ..Fake::default() };
    let asked = fake.asked.clone();
    let channel = connect(&serve(fake).await, &Credentials::default()).await.expect("connects");
    let ask = request("www.example.jp", "2026-11-22", "");
    fetch(channel, ask).await.expect("answers");
    let asked = asked.lock().expect("unpoisoned").clone();
    assert_eq!(asked[0], "traffic Day 2026-11-22..");
    assert_eq!(asked[3], "top Page 2026-11-22..2026-11-25 7");
}

#[tokio::test]
async fn no_site_and_nothing_published_are_answers() {
    let channel = connect(&serve(Fake::default()).await, &Credentials::default()).await.expect("connects");
    let data = fetch(channel, request("", "", "")).await.expect("answers");
    assert!(render(&data, None, &plain(80)).contains("No site is configured"));

    let new = crate::proto::Site { first_date: String::new(), ..site() };
    let fake = Fake { sites: vec![new], ..Fake::default() };
    let channel = connect(&serve(fake).await, &Credentials::default()).await.expect("connects");
    let data = fetch(channel, request("", "", "")).await.expect("answers");
    assert!(data.numbers.is_none());
    let text = render(&data, Some(&truth()), &plain(80));
    assert!(text.starts_with("www.example.jp\ntime zone Asia/Tokyo\n"), "{text}");
    assert!(text.contains("Nothing is published yet.") && text.contains("headcount ship"), "{text}");
}

#[tokio::test]
async fn a_refusal_carries_the_servers_message() {
    let fake = Fake { sites: vec![site()], ..Fake::default() };
    let channel = connect(&serve(fake).await, &Credentials::default()).await.expect("connects");
    let error = fetch(channel.clone(), request("other", "", "")).await.expect_err("unknown site");
    assert_eq!(error.exit_code(), 3);
    assert!(error.to_string().contains("known are: www.example.jp"), "{error}");
    let answer = fetch_privacy(channel, String::new(), 5).await.expect("answers");
    assert_eq!(answer, privacy());
}

#[tokio::test]
async fn nobody_there_says_what_to_do_and_nonsense_is_a_usage_error() {
    // Bound but not listening: the port stays taken during the test, and connections are refused.
    let silent = TcpSocket::new_v4().expect("a socket");
    silent.bind("127.0.0.1:0".parse().expect("an address")).expect("loopback has a free port");
    let address = silent.local_addr().expect("a bound socket has an address");
    let away = connect(&address.to_string(), &Credentials::default()).await.expect_err("nobody listens");
    assert_eq!(away.exit_code(), 3);
    assert!(away.to_string().contains("Is `headcount serve` running"), "{away}");
    for nonsense in ["ftp://127.0.0.1", "http://", "not a url", ""] {
        let error = connect(nonsense, &Credentials::default()).await.expect_err("no address");
        assert_eq!(error.exit_code(), 2, "{nonsense}: {error}");
    }
}
