//! What a dashboard asks, of the real binary: every question has its answer, answers to different questions agree with each other,
//! and a question that has none is refused with what is allowed.

use std::fmt::Write as _;

use headcount::proto::{
    Change, Compare, GetKeySeriesRequest, GetKeySeriesResponse, GetOverviewRequest, GetOverviewResponse,
    GetTrafficRequest, ListSitesRequest, ListTopRequest, PeriodKind, Reason, Table, Value,
    stats_service_client::StatsServiceClient,
};
use tonic::{Code, Status, transport::Channel};

use crate::{
    harness::{BROWSER, House, Server, run, text},
    lists,
};

const CONFIG: &str = r#"
[[group]]
name = "europe"
title = { en = "Europe", ja = "欧州" }

[[group]]
name = "asia"

[[site]]
name = "aurelia"
title = { en = "Embassy in Aurelia", ja = "在アウレリア大使館" }
group = "europe"
country = "FR"

[[site]]
name = "borduria"
title = "Embassy in Borduria"
"#;

/// Visits a day of a site in April and in May.
const AURELIA: [u32; 2] = [150, 220];
const BORDURIA: [u32; 2] = [60, 60];

/// Lines of two whole months; every tenth visit meets an error of the server in May.
fn history(visits: [u32; 2]) -> String {
    let mut log = String::new();
    for (month, name, days, visits) in [(4, "Apr", 30, visits[0]), (5, "May", 31, visits[1])] {
        for day in 1..=days {
            for n in 0..visits {
                let (a, b, minute) = (n >> 8 & 255, n & 255, n % 60);
                let page = n % 3;
                for status in [200].into_iter().chain((month == 5 && n % 10 == 0).then_some(503)) {
                    let _ = writeln!(
                        log,
                        "10.{day}.{a}.{b} - - [{day:02}/{name}/2015:10:{minute:02}:00 +0000] \"GET /page-{page} HTTP/1.1\" \
                         {status} 512 \"-\" \"{BROWSER}\""
                    );
                }
            }
        }
    }
    log
}

async fn client(server: &Server) -> StatsServiceClient<Channel> {
    StatsServiceClient::connect(server.url()).await.unwrap()
}

/// A server of which two months of both sites are published.
fn served(house: &House) -> Server {
    let mut args = house.serve_args();
    args.extend(["--config".to_owned(), house.write("headcount.toml", CONFIG)]);
    let server = Server::start(&args);
    for (site, visits) in [("aurelia", AURELIA), ("borduria", BORDURIA)] {
        let file = house.write(&format!("{site}.txt"), history(visits));
        let (code, summary, said) = server.ship(site, &file, &[]);
        assert_eq!(code, Some(0), "{summary} {said}");
    }
    let runtime = runtime();
    server.wait_until(|server| {
        let sites = runtime.block_on(async { client(server).await.list_sites(ListSitesRequest {}).await });
        let sites = sites.unwrap().into_inner().sites;
        sites.iter().all(|site| site.last_month == "2015-05-01" && !site.last_week.is_empty()).then_some(())
    });
    server
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

async fn overview(server: &Server, request: GetOverviewRequest) -> Result<GetOverviewResponse, Status> {
    Ok(client(server).await.get_overview(request).await?.into_inner())
}

async fn series(server: &Server, key: &str, kind: PeriodKind) -> Result<GetKeySeriesResponse, Status> {
    let request = GetKeySeriesRequest {
        site: "aurelia".into(),
        table: Table::Page.into(),
        key: key.into(),
        from_date: "2015-05-01".into(),
        to_date: "2015-05-31".into(),
        granularity: kind.into(),
        ..GetKeySeriesRequest::default()
    };
    Ok(client(server).await.get_key_series(request).await?.into_inner())
}

fn estimate(value: Option<&Value>) -> i64 {
    value.and_then(|value| value.estimate).unwrap_or_else(|| panic!("a number: {value:?}"))
}

/// Whether the interval of a change holds the true one.
fn holds(change: &Change, truth: i64) -> bool {
    // Twice its width: a test that runs every day must not fail every twentieth.
    let half = change.high - change.low;
    (change.low - half..=change.high + half).contains(&truth)
}

#[test]
fn every_question_of_a_dashboard_has_its_answer() {
    let house = House::new();
    let server = served(&house);
    runtime().block_on(async {
        sites_have_titles_groups_and_periods(&server).await;
        an_overview_has_all_sites_and_agrees_with_each(&server).await;
        traffic_is_compared_with_the_month_before(&server).await;
        rows_tell_their_change_and_are_filtered(&server).await;
        a_key_over_time_agrees_with_the_breakdown(&server).await;
        what_cannot_be_asked_is_refused(&server).await;
    });
    the_command_line_shows_the_same(&server);
    lists::periods_are_named_in_words(&server);
    lists::a_release_is_told_as_it_comes(&server, &house);
    server.stop();
}

fn the_command_line_shows_the_same(server: &Server) {
    let url = server.url();
    let said = |words: &[&str]| {
        let output = run(&[&["report", "--server", url.as_str()], words].concat());
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let all = ["--overview", "--to", "2015-05-17"];
    let (code, overview, _) = said(&all);
    assert_eq!(code, Some(0));
    assert!(overview.starts_with("2 sites by month\n") && overview.contains("Embassy in Borduria"), "{overview}");
    let table: Vec<&str> = overview.lines().take(4).collect();
    assert!(table[1].contains("visits") && table[1].contains("previous") && table[1].ends_with("change"), "{overview}");
    assert!(table.iter().all(|line| line.chars().count() <= 80), "{overview}");
    let (_, json, _) = said(&[&all[..], &["--json", "--group", "europe"]].concat());
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["sites"].as_array().unwrap().len(), 1);
    assert_eq!(json["sites"][0]["change"]["within_noise"], false);
    let (code, _, error) = said(&["--overview", "--group", "africa"]);
    assert!(code == Some(3) && error.contains("Known groups: europe, asia"), "{error}");
    let key = ["--site", "aurelia", "--key", "/page-1", "--from", "2015-05-01", "--to", "2015-05-31"];
    let (code, series, _) = said(&key);
    assert_eq!((code, series.lines().filter(|line| line.starts_with("2015-05-")).count()), (Some(0), 31));
    assert!(series.contains("compared with") && series.contains("Compared with 2015-04-01 to 2015-04-30."), "{series}");
    let (code, _, error) = said(&["--key", "page-1"]);
    assert!(code == Some(3) && error.contains("begins with"), "{error}");
    let (_, plain, _) = said(&["--site", "aurelia", "--to", "2015-05-31", "--compare", "none"]);
    assert!(plain.contains("total") && !plain.contains("change"), "{plain}");
    let (_, first, _) = said(&["--site", "aurelia", "--from", "2015-04-01", "--to", "2015-04-30"]);
    assert!(first.contains("\ntotal") && !first.contains("\ncompared with"), "{first}");
    let words = first.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("Not compared with 2015-03-01 to 2015-03-31: "), "{first}");
}

async fn sites_have_titles_groups_and_periods(server: &Server) {
    let answer = client(server).await.list_sites(ListSitesRequest {}).await.unwrap().into_inner();
    assert_eq!(answer.groups.iter().map(|group| group.group.as_str()).collect::<Vec<_>>(), ["europe", "asia"]);
    assert_eq!(answer.groups[0].titles["ja"], "欧州");
    let [aurelia, borduria] = &answer.sites[..] else { panic!("two sites: {answer:?}") };
    assert_eq!((aurelia.group.as_str(), aurelia.country.as_str()), ("europe", "FR"));
    assert_eq!(aurelia.titles["ja"], "在アウレリア大使館");
    assert_eq!((borduria.titles["en"].as_str(), borduria.group.as_str()), ("Embassy in Borduria", ""));
    // The day after the last begins and ends at midnight UTC, and may be 24 hours late.
    let last: jiff::civil::Date = aurelia.last_date.parse().unwrap();
    let due = (i64::from(headcount::calendar::Day::from_date(last).number()) + 3) * 24 * 60 * 60;
    assert_eq!(aurelia.next_due_unix_s, due);
}

async fn an_overview_has_all_sites_and_agrees_with_each(server: &Server) {
    let date = "2015-05-17".to_owned();
    let all =
        overview(server, GetOverviewRequest { date: date.clone(), ..GetOverviewRequest::default() }).await.unwrap();
    let [aurelia, borduria] = &all.sites[..] else { panic!("two sites: {all:?}") };
    assert_eq!((aurelia.from_date.as_str(), aurelia.to_date.as_str()), ("2015-05-01", "2015-05-31"));
    assert_eq!((aurelia.title.as_str(), aurelia.time_zone.as_str()), ("Embassy in Aurelia", "UTC"));
    let (change, truth) = (aurelia.change.as_ref().unwrap(), i64::from(31 * AURELIA[1] - 30 * AURELIA[0]));
    assert!(!change.within_noise && change.percent.is_some() && holds(change, truth), "{change:?}, truly {truth}");
    // 31 days and not 30 of the same.
    assert!(holds(borduria.change.as_ref().unwrap(), i64::from(BORDURIA[0])), "{borduria:?}");
    assert_eq!(aurelia.weeks_from_date, "2015-03-02");
    let lists = [aurelia.week_estimates.len(), aurelia.week_below.len(), aurelia.week_above.len()];
    assert_eq!((lists, aurelia.week_reasons.len()), ([12 + 1; 3], 13));
    assert_eq!(aurelia.week_reasons[0], i32::from(Reason::BeforeFirstDay));
    assert_eq!((aurelia.week_reasons[12], aurelia.gap_days), (i32::from(Reason::Unspecified), 0));
    let errors = aurelia.errors.as_ref().unwrap();
    assert!(!errors.within_noise && holds(errors, i64::from(31 * AURELIA[1] / 10)), "{errors:?}");
    assert!((all.change_standard_errors - 3.3).abs() < 1e-9);
    // The site's own answer says the same of the same month, and of a week.
    let month = traffic(server, "aurelia", ["2015-05-01", "2015-05-31"], PeriodKind::Month).await;
    assert_eq!(month.points[0].visits, aurelia.visits);
    assert_eq!(month.previous_points[0].visits, aurelia.previous);
    let week = traffic(server, "aurelia", ["2015-05-18", "2015-05-24"], PeriodKind::Week).await;
    let visits = week.points[0].visits.as_ref();
    let (number, at) = (estimate(visits), 11);
    assert_eq!(number, aurelia.week_estimates[at]);
    let interval = [number - aurelia.week_below[at], number + aurelia.week_above[at]];
    assert_eq!(visits.map(|visits| [visits.low, visits.high]), Some(interval));
    let of_group = GetOverviewRequest {
        group: "europe".into(),
        date,
        period: PeriodKind::Week.into(),
        weeks: 2,
        language: "ja-JP".into(),
        compare: Compare::None.into(),
    };
    let of_group = overview(server, of_group).await.unwrap();
    assert_eq!((of_group.sites.len(), of_group.groups.len()), (1, 2));
    let site = &of_group.sites[0];
    assert_eq!((site.title.as_str(), site.from_date.as_str()), ("在アウレリア大使館", "2015-05-11"));
    assert_eq!((site.week_estimates.len(), &site.change, &site.previous), (2, &None, &None));
    // Both weeks have numbers.
    assert!(site.week_reasons.is_empty());
}

async fn traffic(
    server: &Server,
    site: &str,
    [from, to]: [&str; 2],
    kind: PeriodKind,
) -> headcount::proto::GetTrafficResponse {
    let request = GetTrafficRequest {
        site: site.into(),
        from_date: from.into(),
        to_date: to.into(),
        granularity: kind.into(),
        ..GetTrafficRequest::default()
    };
    client(server).await.get_traffic(request).await.unwrap().into_inner()
}

async fn traffic_is_compared_with_the_month_before(server: &Server) {
    let answer = traffic(server, "aurelia", ["2015-05-01", "2015-05-31"], PeriodKind::Day).await;
    let previous = answer.previous.as_ref().unwrap();
    assert_eq!((previous.start.as_str(), previous.end.as_str()), ("2015-04-01", "2015-04-30"));
    assert_eq!((answer.points.len(), answer.previous_points.len()), (31, 30));
    let changes = answer.change.unwrap();
    let (visits, visitors) = (changes.visits.unwrap(), changes.visitors.unwrap());
    assert!(holds(&visits, i64::from(31 * AURELIA[1] - 30 * AURELIA[0])) && !visits.within_noise, "{visits:?}");
    // Distinct visitors of two months.
    assert!(visitors.estimate.is_some() && changes.views.unwrap().estimate.is_some(), "{visitors:?}");
    let year = GetTrafficRequest {
        site: "aurelia".into(),
        from_date: "2015-05-01".into(),
        to_date: "2015-05-31".into(),
        compare: Compare::Year.into(),
        ..GetTrafficRequest::default()
    };
    let answer = client(server).await.get_traffic(year.clone()).await.unwrap().into_inner();
    let change = answer.change.unwrap().visits.unwrap();
    assert_eq!((answer.previous.unwrap().start.as_str(), change.estimate), ("2014-05-01", None));
    assert_eq!(change.reason(), Reason::BeforeFirstDay);
    let nothing = GetTrafficRequest { compare: Compare::None.into(), ..year };
    let answer = client(server).await.get_traffic(nothing).await.unwrap().into_inner();
    assert!(answer.previous.is_none() && answer.change.is_none() && answer.previous_points.is_empty());
}

async fn rows_tell_their_change_and_are_filtered(server: &Server) {
    let mut request = ListTopRequest {
        site: "aurelia".into(),
        from_date: "2015-05-01".into(),
        to_date: "2015-05-31".into(),
        ..ListTopRequest::default()
    };
    let plain = client(server).await.list_top(request.clone()).await.unwrap().into_inner();
    assert!(plain.rows.iter().all(|row| row.previous.is_none() && row.change.is_none()));
    request.compare = Compare::Previous.into();
    let compared = client(server).await.list_top(request.clone()).await.unwrap().into_inner();
    assert_eq!(compared.previous_scope.as_ref().unwrap().from_date, "2015-04-01");
    let keys = |answer: &headcount::proto::ListTopResponse| {
        answer.rows.iter().map(|row| (row.key.clone(), row.views)).collect::<Vec<_>>()
    };
    assert_eq!(keys(&plain), keys(&compared));
    let row = compared.rows.iter().find(|row| row.key == "/page-1").unwrap();
    let truth = i64::from(31 * (AURELIA[1] / 3) - 30 * (AURELIA[0] / 3));
    assert!(holds(row.change.as_ref().unwrap(), truth), "{row:?}, truly {truth}");
    request.contains = "GE-1".into();
    let filtered = client(server).await.list_top(request).await.unwrap().into_inner();
    assert_eq!(keys(&filtered).iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["/page-1"]);
    assert_eq!(filtered.keys, 1);
}

async fn a_key_over_time_agrees_with_the_breakdown(server: &Server) {
    let days = series(server, "/page-1", PeriodKind::Day).await.unwrap();
    assert_eq!((days.points.len(), days.metric()), (31, headcount::proto::Metric::Views));
    let of_day = ListTopRequest {
        site: "aurelia".into(),
        from_date: "2015-05-17".into(),
        to_date: "2015-05-17".into(),
        ..ListTopRequest::default()
    };
    let of_day = client(server).await.list_top(of_day).await.unwrap().into_inner();
    let row = of_day.rows.iter().find(|row| row.key == "/page-1").unwrap();
    assert_eq!((days.points[16].count, days.points[16].visitors), (row.views, row.visitors));
    let months = series(server, "/page-1", PeriodKind::Month).await.unwrap();
    assert_eq!(months.points[0].count, months.total);
    assert_eq!(months.previous_scope.unwrap().from_date, "2015-04-01");
    assert!(months.change.unwrap().estimate.is_some());
    // Whether anybody asked for a page that is not published, nobody can tell.
    for unseen in ["/page-4", "/nobody/ever"] {
        let answer = series(server, unseen, PeriodKind::Month).await.unwrap();
        let count = answer.points[0].count.unwrap();
        assert_eq!((count.estimate, count.reason()), (None, Reason::BelowThreshold), "{unseen}");
        assert!(count.high > 0 && answer.total.unwrap().estimate.is_none());
    }
}

async fn what_cannot_be_asked_is_refused(server: &Server) {
    let refused = |status: Status, code: Code, words: &[&str]| {
        assert_eq!(status.code(), code, "{status:?}");
        assert!(words.iter().all(|word| status.message().contains(word)), "{:?} has {words:?}", status.message());
    };
    let group = GetOverviewRequest { group: "europ".into(), ..GetOverviewRequest::default() };
    refused(overview(server, group).await.unwrap_err(), Code::NotFound, &["\"europ\"", "europe, asia"]);
    let weeks = GetOverviewRequest { weeks: 54, ..GetOverviewRequest::default() };
    refused(overview(server, weeks).await.unwrap_err(), Code::InvalidArgument, &["weeks: 54", "1 to 53"]);
    let hour = GetOverviewRequest { period: PeriodKind::Hour.into(), ..GetOverviewRequest::default() };
    refused(overview(server, hour).await.unwrap_err(), Code::InvalidArgument, &["period: 1", "day (2)"]);
    let language = GetOverviewRequest { language: "日本語".into(), ..GetOverviewRequest::default() };
    refused(overview(server, language).await.unwrap_err(), Code::InvalidArgument, &["language", "\"ja\""]);
    for (key, word) in [("", "no key"), ("(other)", "no key"), ("page-1", "begins with"), ("/a\nb", "control")] {
        let status = series(server, key, PeriodKind::Day).await.unwrap_err();
        refused(status, Code::InvalidArgument, &["key:", word]);
    }
    let status = series(server, "/page-1", PeriodKind::Hour).await.unwrap_err();
    refused(status, Code::InvalidArgument, &["granularity", "day (2), week (3) or month (4)"]);
    let compare = GetTrafficRequest { compare: 9, ..GetTrafficRequest::default() };
    let status = client(server).await.get_traffic(compare).await.unwrap_err();
    refused(status, Code::InvalidArgument, &["compare: 9", "previous (2)"]);
    let contains = ListTopRequest { contains: "x".repeat(201), ..ListTopRequest::default() };
    let status = client(server).await.list_top(contains).await.unwrap_err();
    refused(status, Code::InvalidArgument, &["contains: a text of 201", "at most 200"]);
}
