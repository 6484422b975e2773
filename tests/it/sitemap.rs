//! Sitemaps over the network, with the real binary: their pages are published without visitors, and no web server that is slow,
//! silent or untrusted delays headcount.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer},
};

use crate::harness::{House, Server, headcount, log_lines, run, text};

const SITEMAP: &str = "http://127.0.0.1/page-0\nhttp://127.0.0.1/nobody-reads-this\n";

/// Answers every request on a connection with the sitemap.
fn answer(stream: impl Read + Write) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        stream.read_line(&mut line).ok().filter(|&count| count > 0)?;
    }
    let length = SITEMAP.len();
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{SITEMAP}");
    stream.get_mut().write_all(answer.as_bytes()).ok()?;
    stream.get_mut().flush().ok()
}

/// A listener on loopback and its port.
fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

fn site(host: &str, url: &str) -> String {
    format!("[[site]]\nname = \"www\"\nhosts = [\"{host}\", \"127.0.0.1\"]\nsitemap = \"{url}\"\n")
}

fn serve(house: &House, url: &str) -> Server {
    let config = house.write("headcount.toml", site("localhost", url));
    let mut args = house.serve_args();
    args.extend(["--config".to_owned(), config]);
    Server::start(&args)
}

#[test]
fn a_page_of_a_fetched_sitemap_is_published_without_visitors() {
    let (web, port) = listener();
    let (go, gate) = mpsc::channel::<()>();
    thread::spawn(move || {
        gate.recv().unwrap();
        web.incoming().for_each(|stream| _ = answer(stream.unwrap()));
    });
    let house = House::new();
    // It takes requests before the sitemap has arrived.
    let server = serve(&house, &format!("http://127.0.0.1:{port}/sitemap.txt"));
    assert!(!server.log().contains("sitemap read"), "{}", server.log());
    go.send(()).unwrap();
    server.wait_until(|server| server.log().contains("sitemap read site=www pages=2").then_some(()));
    let file = house.write("access.txt", log_lines(0, 2_000));
    let (code, summary, _) = server.ship("www", &file, &[]);
    assert_eq!((code, summary["accepted"].as_u64()), (Some(0), Some(2_000)), "{summary}");
    server.wait_for_a_day("www");
    let report = server.report("www", &["--from", "2015-05-17", "--to", "2015-05-17", "--top", "1000"]);
    let tops = report["tops"].as_array().unwrap();
    let pages = tops.iter().find(|top| top["table"] == "page").unwrap();
    let rows = pages["rows"].as_array().unwrap();
    let unread = rows.iter().find(|row| row["key"] == "/nobody-reads-this");
    let unread = unread.unwrap_or_else(|| panic!("the page is missing: {pages}"));
    assert_eq!(unread["views"]["low"].as_i64(), Some(0), "{unread}");
    server.stop();
}

#[test]
fn a_server_that_never_answers_holds_up_neither_start_nor_stop() {
    let (web, port) = listener();
    let house = House::new();
    let server = serve(&house, &format!("http://127.0.0.1:{port}/sitemap.txt"));
    // The request is on its way.
    let (_held, _) = web.accept().unwrap();
    let begun = Instant::now();
    server.stop();
    // The request would time out after 30 seconds.
    assert!(begun.elapsed() < Duration::from_secs(25), "{:?}", begun.elapsed());
}

#[test]
fn check_fetches_when_it_is_asked_to() {
    let (web, port) = listener();
    thread::spawn(move || web.incoming().for_each(|stream| _ = answer(stream.unwrap())));
    let house = House::new();
    let url = format!("http://127.0.0.1:{port}/sitemap.txt");
    let config = house.write("right.toml", site("localhost", &url));
    let said = run(&["check", "--config", &config]);
    let expected =
        format!("sitemap     www: {url} is fetched at the start and every 1440 minutes (try it with --fetch)");
    assert!(text(&said.stdout).contains(&expected), "{}", text(&said.stdout));
    let said = run(&["check", "--fetch", "--config", &config]);
    assert!(said.status.success(), "{}", text(&said.stderr));
    assert!(
        text(&said.stdout).ends_with("fetched     www: 2 pages; 2 known pages with the list\n"),
        "{}",
        text(&said.stdout)
    );
    let config = house.write("wrong.toml", site("localhost", "http://127.0.0.1:1/sitemap.txt"));
    let said = run(&["check", "--fetch", "--config", &config]);
    assert_eq!(said.status.code(), Some(1));
    let message = text(&said.stderr);
    assert!(message.contains("site www: http://127.0.0.1:1/sitemap.txt: cannot be fetched"), "{message}");
}

/// A server with a certificate of a private authority: its port, and the authority's certificate as PEM.
fn trusted_by_the_house() -> (u16, String) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let chain = vec![CertificateDer::from(certificate.der().to_vec())];
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let (config, (web, port)) = (Arc::new(config), listener());
    thread::spawn(move || {
        for stream in web.incoming() {
            let connection = ServerConnection::new(config.clone()).unwrap();
            answer(StreamOwned::new(connection, stream.unwrap()));
        }
    });
    (port, authority.pem())
}

#[test]
fn an_authority_of_the_house_counts_where_the_machine_trusts_it_and_nowhere_else() {
    let (port, authority) = trusted_by_the_house();
    let (_, other) = trusted_by_the_house();
    let house = House::new();
    let config = house.write("headcount.toml", site("localhost", &format!("https://localhost:{port}/sitemap.txt")));
    let check = |store: &str| {
        let mut command = headcount(&["check", "--fetch", "--config", &config]);
        command.env("SSL_CERT_FILE", store).env_remove("SSL_CERT_DIR").output().unwrap()
    };
    let said = check(&house.write("store.pem", &authority));
    assert!(said.status.success(), "{}", text(&said.stderr));
    assert!(text(&said.stdout).contains("www: 2 pages"), "{}", text(&said.stdout));
    let said = check(&house.write("other.pem", &other));
    assert_eq!(said.status.code(), Some(1), "{}", text(&said.stdout));
    assert!(text(&said.stderr).contains("certificate"), "{}", text(&said.stderr));
}
