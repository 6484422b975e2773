//! Who may do what, of the real binary: every role, site, method and transport; tokens that come and go while the server runs.
//!
//! A failure is an answer that a token does not give, one that tells of a site that the token is not about, or a stream that goes on
//! after its token.

use std::{collections::BTreeMap, time::Duration};

use headcount::proto::{
    ExportReleasesRequest, GetKeySeriesRequest, GetOverviewRequest, GetPrivacyRequest, GetTrafficRequest,
    ListSitesRequest, ListTopRequest, WatchReleasesRequest, stats_service_client::StatsServiceClient,
};
use headcount_client::{Credentials, Link, ServerAddress};
use prost::Message;
use tonic::{Code, Status};

use crate::{
    harness::{House, Server, headcount, log_lines, run, text},
    http::{Reply, get},
};

const CONFIG: &str = r#"
[[group]]
name = "europe"
[[group]]
name = "asia"

[[site]]
name = "open"
public = true
[[site]]
name = "paris"
group = "europe"
[[site]]
name = "hanoi"
group = "asia"
"#;

/// A house with the configuration, its server, and the arguments that lead to its directories.
pub struct Town {
    pub house: House,
    pub config: String,
    pub server: Server,
}

impl Town {
    pub fn new() -> Self {
        let house = House::new();
        let config = house.write("headcount.toml", CONFIG);
        let mut args = house.serve_args();
        args.extend(["--config".to_owned(), config.clone()]);
        let server = Server::start(&args);
        Self { house, config, server }
    }

    /// Runs `headcount token` and gives what it printed.
    pub fn token(&self, args: &[&str]) -> String {
        let data = self.house.path("data").display().to_string();
        let output = run(&[&["token"], args, &["--config", &self.config, "--data", &data]].concat());
        assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
        text(&output.stdout).trim().to_owned()
    }

    /// A new token in a file; gives the file.
    pub fn add(&self, name: &str, args: &[&str]) -> String {
        let token = self.token(&[&["add"], args].concat());
        self.house.write(name, token)
    }

    /// Waits until the server has read the tokens, up to this one.
    pub fn wait_until_known(&self, token_file: &str) {
        let path = "/data/open/traffic.csv";
        self.server.wait_until(|_| (self.get("/data/paris/traffic.csv", None).status == 401).then_some(()));
        self.server.wait_until(|_| (self.get(path, Some(token_file)).status != 401).then_some(()));
    }

    pub fn ship(&self, site: &str, token_file: &str, count: u32) -> (Option<i32>, String) {
        let log = self.house.write("access.txt", log_lines(0, count));
        let url = self.server.url();
        let output = headcount(&["ship", "--site", site, "--server", &url, "--retry-for", "0", &log])
            .env("HEADCOUNT_TOKEN_FILE", token_file)
            .output()
            .unwrap();
        (output.status.code(), text(&output.stderr))
    }

    pub async fn client(&self, token_file: Option<&str>) -> StatsServiceClient<Link> {
        let mut credentials = Credentials::default();
        if let Some(file) = token_file {
            credentials = credentials.with_token(&std::fs::read_to_string(file).unwrap()).unwrap();
        }
        let address = ServerAddress::parse(&self.server.url()).unwrap().with_credentials(credentials).unwrap();
        StatsServiceClient::new(address.connect(Duration::from_secs(60)).await.unwrap())
    }

    pub fn get(&self, path: &str, token_file: Option<&str>) -> Reply {
        let bearer = token_file.map(|file| format!("Bearer {}", std::fs::read_to_string(file).unwrap()));
        let headers: Vec<(&str, &str)> = bearer.iter().map(|value| ("authorization", value.as_str())).collect();
        get(&self.server.web, path, &headers)
    }
}

pub fn code<T>(answer: Result<T, Status>) -> Code {
    answer.err().map_or(Code::Ok, |status| status.code())
}

/// How each method over gRPC, JSON and the files answers about a site.
async fn outcomes(town: &Town, token: Option<&str>, site: &str) -> BTreeMap<String, String> {
    let mut client = town.client(token).await;
    let site = site.to_owned();
    let mut found = BTreeMap::new();
    let mut note = |name: &str, code: Code| drop(found.insert(format!("grpc {name}"), format!("{code:?}")));
    let traffic = GetTrafficRequest { site: site.clone(), ..Default::default() };
    note("GetTraffic", code(client.get_traffic(traffic).await));
    let top = ListTopRequest { site: site.clone(), ..Default::default() };
    note("ListTop", code(client.list_top(top).await));
    let key = GetKeySeriesRequest { site: site.clone(), key: "/page-1".to_owned(), ..Default::default() };
    note("GetKeySeries", code(client.get_key_series(key).await));
    let privacy = GetPrivacyRequest { site: site.clone(), ..Default::default() };
    note("GetPrivacy", code(client.get_privacy(privacy).await));
    let export = ExportReleasesRequest { site: site.clone(), ..Default::default() };
    note("ExportReleases", code(client.export_releases(export).await));
    let watch = WatchReleasesRequest { site: site.clone(), ..Default::default() };
    note("WatchReleases", code(client.watch_releases(watch).await));
    for method in ["GetTraffic", "ListTop", "GetPrivacy"] {
        let path = format!(
            "/headcount.v1.StatsService/{method}?connect=v1&encoding=json&message=%7B%22site%22%3A%22{site}%22%7D"
        );
        found.insert(format!("json {method}"), town.get(&path, token).status.to_string());
    }
    for file in ["traffic.csv", "page.json"] {
        found.insert(format!("data {file}"), town.get(&format!("/data/{site}/{file}"), token).status.to_string());
    }
    found
}

/// What is refused in these words everywhere, or answered everywhere.
fn all(found: &BTreeMap<String, String>, grpc: &str, http: &str) {
    assert_eq!(found.len(), 11);
    for (name, outcome) in found {
        let expected = if name.starts_with("grpc") { grpc } else { http };
        assert_eq!(outcome, expected, "{name}: {found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_role_site_method_and_transport_has_its_answer() {
    let town = Town::new();
    // Before the first token anybody reads and sends.
    for site in ["open", "paris", "hanoi"] {
        assert_eq!(town.server.ship(site, &town.house.write("a.txt", log_lines(0, 300)), &[]).0, Some(0));
        town.server.wait_for_a_day(site);
    }
    all(&outcomes(&town, None, "paris").await, "Ok", "200");
    let ingest = town.add("ingest", &["--role", "ingest", "--site", "paris"]);
    let read = town.add("read", &["--role", "read", "--site", "paris"]);
    let asia = town.add("asia", &["--role", "read", "--group", "asia"]);
    let every = town.add("every", &["--role", "read", "--all"]);
    let admin = town.add("admin", &["--role", "admin"]);
    town.wait_until_known(&admin);
    // Nobody: sites that are public, and the same refusal whether or not there is another site.
    all(&outcomes(&town, None, "open").await, "Ok", "200");
    for site in ["paris", "hanoi", "nowhere"] {
        all(&outcomes(&town, None, site).await, "Unauthenticated", "401");
    }
    // A token of one site: the same about a site that it is not about and one that is not there.
    for (token, own, others) in [(&read, "paris", ["hanoi", "nowhere"]), (&asia, "hanoi", ["paris", "nowhere"])] {
        for site in [own, "open"] {
            all(&outcomes(&town, Some(token), site).await, "Ok", "200");
        }
        for site in others {
            all(&outcomes(&town, Some(token), site).await, "NotFound", "404");
        }
    }
    for token in [&every, &admin] {
        for site in ["open", "paris", "hanoi"] {
            all(&outcomes(&town, Some(token), site).await, "Ok", "200");
        }
        all(&outcomes(&town, Some(token), "nowhere").await, "NotFound", "404");
    }
    for site in ["open", "paris", "nowhere"] {
        all(&outcomes(&town, Some(&ingest), site).await, "PermissionDenied", "403");
    }
    // Sending: its own site alone.
    assert_eq!(town.ship("paris", &ingest, 300).0, Some(0));
    for token in [&read, &asia, &every, &admin] {
        let (code, said) = town.ship("paris", token, 300);
        assert!(code == Some(3) && said.contains("PERMISSION_DENIED"), "{said}");
    }
    let refused = ["hanoi", "nowhere"].map(|site| {
        let (code, said) = town.ship(site, &ingest, 300);
        assert_eq!(code, Some(3));
        said.replace(site, "SITE")
    });
    assert!(
        refused[0] == refused[1] && refused[0].contains("NOT_FOUND") && !refused[0].contains("open"),
        "{refused:?}"
    );
    town.server.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_sees_its_sites_in_lists_and_no_other_name() {
    let town = Town::new();
    for site in ["hanoi", "paris", "open"] {
        assert_eq!(town.server.ship(site, &town.house.write("a.txt", log_lines(0, 300)), &[]).0, Some(0));
        town.server.wait_for_a_day(site);
    }
    let read = town.add("read", &["--role", "read", "--group", "europe"]);
    town.wait_until_known(&read);
    let mut client = town.client(Some(&read)).await;
    let listed = client.list_sites(ListSitesRequest {}).await.unwrap().into_inner();
    assert_eq!(listed.sites.iter().map(|site| site.site.as_str()).collect::<Vec<_>>(), ["open", "paris"]);
    assert_eq!(listed.groups.iter().map(|group| group.group.as_str()).collect::<Vec<_>>(), ["europe"]);
    let overview = |group: &str| GetOverviewRequest { group: group.to_owned(), ..Default::default() };
    let all = client.get_overview(overview("")).await.unwrap().into_inner();
    assert_eq!(all.sites.len(), 2);
    assert_eq!(client.get_overview(overview("europe")).await.unwrap().into_inner().sites.len(), 1);
    let mut said = Vec::new();
    for group in ["asia", "none"] {
        let status = client.get_overview(overview(group)).await.unwrap_err();
        said.push((status.code(), status.message().replace(group, "GROUP")));
    }
    assert!(said[0] == said[1] && said[0].0 == Code::NotFound, "{said:?}");
    let paths = [
        "/data/sites.csv",
        "/data/overview.csv",
        "/headcount.v1.StatsService/ListSites?connect=v1&encoding=json&message=%7B%7D",
    ];
    for token in [None, Some(read.as_str())] {
        for path in paths {
            let reply = town.get(path, token);
            assert!(reply.status == 200 && reply.text().contains("open") && !reply.text().contains("hanoi"), "{path}");
            assert_eq!(reply.text().contains("paris"), token.is_some(), "{path}");
            assert_eq!(reply.header("cache-control"), "private, no-cache");
            assert!(reply.header("vary").contains("accept-encoding"), "{:?}", reply.headers);
        }
    }
    town.server.stop();
}

/// Everything that a token learns about its site, as bytes.
async fn learned(town: &Town, token: &str) -> Vec<Vec<u8>> {
    let mut client = town.client(Some(token)).await;
    let site = || "paris".to_owned();
    let mut all = vec![client.list_sites(ListSitesRequest {}).await.unwrap().into_inner().encode_to_vec()];
    all.push(client.get_overview(GetOverviewRequest::default()).await.unwrap().into_inner().encode_to_vec());
    all.push(client.get_traffic(GetTrafficRequest::default()).await.unwrap().into_inner().encode_to_vec());
    let top = ListTopRequest { site: site(), page_size: 2, ..Default::default() };
    all.push(client.list_top(top).await.unwrap().into_inner().encode_to_vec());
    let privacy = GetPrivacyRequest { site: site(), ledger_entries: 100, ledger_days: 30 };
    all.push(client.get_privacy(privacy).await.unwrap().into_inner().encode_to_vec());
    let mut releases = client.export_releases(ExportReleasesRequest::default()).await.unwrap().into_inner();
    while let Some(release) = releases.message().await.unwrap() {
        all.push(release.encode_to_vec());
    }
    all.push(town.get("/data/overview.csv", Some(token)).body);
    all
}

/// The same once nothing more is published: weeks and months follow the days.
async fn settled(town: &Town, token: &str) -> Vec<Vec<u8>> {
    let mut before = learned(town, token).await;
    loop {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        let now = learned(town, token).await;
        if now == before && now.len() > 8 {
            return now;
        }
        before = now;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_token_learns_does_not_depend_on_other_sites() {
    let house = House::new();
    let config = house.write("headcount.toml", CONFIG.replace("public = true", ""));
    let mut args = house.serve_args();
    args.extend(["--config".to_owned(), config.clone()]);
    let server = Server::start(&args);
    let town = Town { house, config, server };
    // Others publish before, so that the numbers of the server do not begin with this site.
    for site in ["hanoi", "paris"] {
        assert_eq!(town.server.ship(site, &town.house.write("a.txt", log_lines(0, 300)), &[]).0, Some(0));
        town.server.wait_for_a_day(site);
    }
    let token = town.add("read", &["--role", "read", "--site", "paris"]);
    let every = town.add("every", &["--role", "read", "--all"]);
    let send = town.add("send", &["--role", "ingest", "--site", "open"]);
    town.wait_until_known(&send);
    let before = settled(&town, &token).await;
    let first = town.client(Some(&token)).await.export_releases(ExportReleasesRequest::default()).await.unwrap();
    let first = first.into_inner().message().await.unwrap().unwrap();
    assert!(
        first.release <= 1 << 25,
        "the first release of a site is the first, whatever others published: {}",
        first.release
    );
    // The cursor goes on where it ended, and names of other sites do not help.
    let mut rest = Vec::new();
    let ask = ExportReleasesRequest { site: "paris".to_owned(), after_release: first.release };
    let mut stream = town.client(Some(&token)).await.export_releases(ask).await.unwrap().into_inner();
    while let Some(release) = stream.message().await.unwrap() {
        rest.push(release.release);
    }
    assert!(rest.len() > 2 && rest.iter().all(|number| *number > first.release) && rest.is_sorted(), "{rest:?}");
    // Another site gets releases: nothing changes.
    assert_eq!(town.ship("open", &send, 3_000).0, Some(0));
    let published = async {
        loop {
            let text = town.get("/data/sites.csv", Some(&every)).text();
            if text.lines().any(|line| line.starts_with("open") && line.contains("2015-")) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), published).await.expect("published in time");
    let after = learned(&town, &token).await;
    // An hour of today that ended meanwhile is new, and changes nothing else.
    let old = |all: &[Vec<u8>]| all[5..all.len().min(before.len())].to_vec();
    assert!(after == before || after.len() > before.len() && old(&after) == old(&before));
    town.server.stop();
}
