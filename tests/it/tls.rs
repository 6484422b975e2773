//! TLS of the real binary: commands and other programs over it, a certificate that is renewed while a stream lives, and a listener on
//! a network that lets nobody in without.
//!
//! A failure is a connection that ends with a renewal, one that gets the old certificate after it, or a start that opens a network
//! without protection.

use std::{process::Command, time::Duration};

use headcount::proto::{ListSitesRequest, WatchReleasesRequest, stats_service_client::StatsServiceClient};
use headcount_client::{Credentials, Link, ServerAddress};

use crate::harness::{House, Server, log_lines, run, text};

const CONFIG: &str = "[tls]\ncertificate = \"certificate.pem\"\nkey = \"key.pem\"\n[[site]]\nname = \"www\"\n";

/// A new certificate of this machine in the house; gives it as PEM.
fn renew(house: &House) -> String {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    house.write("key.pem", made.signing_key.serialize_pem());
    house.write("certificate.pem", made.cert.pem());
    made.cert.pem()
}

fn start(house: &House) -> Server {
    let mut args = house.serve_args();
    args.extend(["--config".to_owned(), house.write("headcount.toml", CONFIG)]);
    Server::start(&args)
}

async fn client(server: &Server, ca: &str) -> Result<StatsServiceClient<Link>, tonic::transport::Error> {
    let credentials = Credentials::default().with_ca(ca.as_bytes().to_vec());
    let address = ServerAddress::parse(&format!("https://{}", server.address)).unwrap();
    let link = address.with_credentials(credentials).unwrap().connect(Duration::from_secs(60)).await?;
    Ok(StatsServiceClient::new(link))
}

#[test]
fn commands_and_other_programs_speak_tls() {
    let house = House::new();
    renew(&house);
    let ca = house.path("certificate.pem").display().to_string();
    let server = start(&house);
    let url = format!("https://{}", server.address);
    let log = house.write("access.txt", log_lines(0, 300));
    let shipped = run(&["ship", "--site", "www", "--server", &url, "--ca", &ca, "--retry-for", "0", &log]);
    assert!(shipped.status.success(), "{}", text(&shipped.stderr));
    let report = run(&["privacy", "--server", &url, "--ca", &ca]);
    assert!(report.status.success(), "{}", text(&report.stderr));
    // Not known by the certificates of the system, and not spoken plainly.
    assert_eq!(run(&["privacy", "--server", &url]).status.code(), Some(3));
    assert_eq!(run(&["privacy", "--server", &server.url()]).status.code(), Some(3));
    for version in ["-tls1_2", "-tls1_3"] {
        let mut openssl = Command::new("openssl");
        openssl.args(["s_client", "-connect", &server.address, version, "-alpn", "h2", "-CAfile", &ca, "-brief"]);
        let output = openssl.stdin(std::process::Stdio::null()).output().expect("openssl runs");
        let said = text(&output.stdout) + &text(&output.stderr);
        assert!(said.contains("Verification: OK"), "{version}: {said}");
    }
    let old =
        Command::new("openssl").args(["s_client", "-connect", &server.address, "-tls1_1", "-brief"]).output().unwrap();
    assert!(!old.status.success());
    let page = server.log().split("url=https://").nth(1).and_then(|rest| rest.split('/').next()).unwrap().to_owned();
    let curl = Command::new("curl")
        .args(["-sS", "--cacert", &ca, &format!("https://{page}/data/sites.csv")])
        .output()
        .unwrap();
    assert!(text(&curl.stdout).contains("www"), "{} {}", text(&curl.stdout), text(&curl.stderr));
    server.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_certificate_ends_no_stream() {
    let house = House::new();
    let first = renew(&house);
    let server = start(&house);
    let mut living = client(&server, &first).await.unwrap();
    let mut stream = living.watch_releases(WatchReleasesRequest::default()).await.unwrap().into_inner();
    let second = renew(&house);
    let renewed = async {
        while client(&server, &second).await.is_err() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), renewed).await.expect("it is read in time");
    assert!(client(&server, &first).await.is_err(), "new connections get the new one");
    // The old connection goes on, and so does its stream.
    assert!(living.list_sites(ListSitesRequest {}).await.is_ok());
    assert!(tokio::time::timeout(Duration::from_millis(300), stream.message()).await.is_err(), "it still waits");
    // Half a certificate changes nothing.
    house.write("certificate.pem", &second[..second.len() / 2]);
    server.wait_until(|server| server.log().contains("the one before stays").then_some(()));
    assert!(client(&server, &second).await.is_ok());
    drop((living, stream));
    server.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_network_nobody_goes_without_protection() {
    let house = House::new();
    let data = house.path("data").display().to_string();
    let output = run(&["serve", "--listen", "0.0.0.0:0", "--web", "off", "--data", &data]);
    let (code, said) = (output.status.code(), text(&output.stderr));
    assert!(code == Some(2) && said.contains("[tls]") && said.contains("behind_proxy"), "{said}");
    let certificate = renew(&house);
    let config = house.write("headcount.toml", CONFIG.replace("[tls]", "[server]\nlisten = \"0.0.0.0:0\"\n[tls]"));
    let mut args = house.serve_args();
    let at = args.iter().position(|arg| arg == "--listen").unwrap();
    args.drain(at..at + 2);
    args.extend(["--config".to_owned(), config]);
    let mut server = Server::start(&args);
    server.address = server.address.replace("0.0.0.0", "127.0.0.1");
    // Without any token in the file too.
    let status = client(&server, &certificate).await.unwrap().list_sites(ListSitesRequest {}).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::Unauthenticated);
    server.stop();
}
