//! A real site with the layer, over real connections, before a headcount server in memory. A failure is an event that is missing,
//! doubled or wrong; a browser that is two visitors; or an answer that is not what the site gave.

#![allow(clippy::unwrap_used, reason = "what a test did not expect may stop it")]

#[path = "../../client/tests/fake/mod.rs"]
mod fake;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::{StatusCode, header};
use axum::response::Html;
use axum::routing::get;
use fake::Fake;
use headcount_client::background::{Background, Destination, Options, spawn};
use headcount_client::{AccessEvent, ProducerSecret, ServerAddress};
use headcount_tower::{Headcount, Proxies};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const LIMIT: Duration = Duration::from_secs(60);

struct Site {
    server: Fake,
    background: Background,
    address: SocketAddr,
}

impl Site {
    async fn start(change: impl FnOnce(Headcount) -> Headcount) -> Self {
        let server = Fake::start().await;
        let destination = Destination {
            address: ServerAddress::parse(&server.url()).unwrap(),
            site: "www".to_owned(),
            producer: "site".to_owned(),
            secret: ProducerSecret::new([7; 32]).unwrap(),
            observer: Arc::new(()),
        };
        let (queue, background) = spawn(destination, Options::default()).unwrap();
        let peer = |extensions: &http::Extensions| extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let layer = Headcount::new(queue).peer(peer).behind(Proxies::trusting(["127.0.0.0/8".parse().unwrap()]));
        let public = [(header::CONTENT_TYPE, "text/html"), (header::CACHE_CONTROL, "public, max-age=60")];
        let app = Router::new()
            .route("/", get(|| async { Html("<p>a page") }).post(|| async { "sent" }))
            .route("/style.css", get(|| async { "p {}" }))
            .route("/cached", get(move || async move { (public, "for all") }))
            .route("/gone", get(|| async { StatusCode::GONE }))
            .layer(change(layer));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let service = app.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        Self { server, background, address }
    }

    /// Asks as a browser with these headers; gives the answer, head and body.
    async fn ask(&self, line: &str, headers: &[(&str, &str)]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let mut head =
            format!("{line} HTTP/1.1\r\nHost: www.example.jp\r\nConnection: close\r\nUser-Agent: Firefox\r\n");
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        stream.write_all((head + "\r\n").as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    /// All events that arrive until the site has stopped.
    async fn events(self) -> Vec<AccessEvent> {
        assert!(self.background.shutdown(LIMIT).await);
        std::mem::take(&mut self.server.state().events)
    }
}

/// The cookie that an answer sets.
fn cookie_of(answer: &str) -> Option<String> {
    let line = answer.lines().find_map(|line| line.strip_prefix("set-cookie: visitor="))?;
    for attribute in ["; Max-Age=2592000", "; HttpOnly", "; Secure", "; SameSite=Lax", "; Path=/"] {
        assert!(line.contains(attribute), "{line}");
    }
    let value = line.split(';').next()?.to_owned();
    assert_eq!(value.len(), 32);
    Some(value)
}

#[tokio::test]
async fn an_event_says_what_was_asked_and_answered() {
    let site = Site::start(|layer| layer).await;
    let from = [
        ("X-Forwarded-For", "1.1.1.1, 198.51.100.7"),
        ("Referer", "https://search.example/"),
        ("Accept-Language", "ja,en"),
        ("Cookie", "visitor=0123456789abcdef0123456789abcdef"),
    ];
    let answer = site.ask("GET /?x=1", &from).await;
    assert!(answer.ends_with("<p>a page") && answer.contains("content-length: 9") && cookie_of(&answer).is_none());
    assert!(site.ask("GET /gone", &[]).await.starts_with("HTTP/1.1 410"));
    assert!(site.ask("POST /", &[]).await.ends_with("sent"));
    let mut events = site.events().await;
    assert_eq!(events.len(), 2);
    let first = events.remove(0);
    assert!(first.time_unix_ms > 1_700_000_000_000 && first.response_time_ms.is_some());
    let expected = AccessEvent {
        time_unix_ms: first.time_unix_ms,
        response_time_ms: first.response_time_ms,
        address: "198.51.100.7".to_owned(),
        user_agent: "Firefox".to_owned(),
        method: "GET".to_owned(),
        target: "/?x=1".to_owned(),
        status: 200,
        referrer: "https://search.example/".to_owned(),
        accept_language: "ja,en".to_owned(),
        response_bytes: Some(9),
        host: "www.example.jp".to_owned(),
        ..AccessEvent::default()
    };
    // No cookie was asked for, so none is sent. It cannot be printed.
    assert!(first == expected);
    assert!(events[0].status == 410 && events[0].address == "127.0.0.1" && events[0].response_bytes == Some(0));
}

#[tokio::test]
async fn a_browser_that_takes_cookies_is_one_visitor_from_its_first_request_on() {
    let site = Site::start(|layer| layer.with_cookie("visitor").without_assets()).await;
    let cookie = cookie_of(&site.ask("GET /", &[]).await).unwrap();
    let header = format!("theme=dark; visitor={cookie}");
    // The style sheet is not sent, and shows that the cookie was taken.
    let answers =
        [site.ask("GET /style.css", &[("Cookie", &header)]).await, site.ask("GET /", &[("Cookie", &header)]).await];
    assert!(answers.iter().all(|answer| cookie_of(answer).is_none()));
    let visitors: Vec<String> = site.events().await.into_iter().map(|event| event.cookie.clone()).collect();
    assert_eq!(visitors, [cookie.clone(), cookie]);
}

#[tokio::test]
async fn a_browser_that_refuses_cookies_is_one_visitor_too() {
    let site = Site::start(|layer| layer.with_cookie("visitor")).await;
    let mut given = BTreeSet::new();
    for _ in 0..5 {
        given.extend(cookie_of(&site.ask("GET /", &[]).await));
    }
    assert_eq!(given.len(), 5, "each is a new one");
    let events = site.events().await;
    assert!(events.len() == 5 && events.iter().all(|event| event.cookie.is_empty() && event.address == "127.0.0.1"));
}

#[tokio::test]
async fn nobody_gets_a_cookie_who_objects_or_by_what_others_are_given_too() {
    let site = Site::start(|layer| layer.with_cookie("visitor")).await;
    for objection in [("Sec-GPC", "1"), ("DNT", "1")] {
        // Nor is the one used that it has of former times.
        let headers = [objection, ("Cookie", "visitor=0123456789abcdef0123456789abcdef")];
        assert_eq!(cookie_of(&site.ask("GET /", &headers).await), None);
    }
    for line in ["GET /cached", "GET /style.css", "GET /gone", "POST /"] {
        assert_eq!(cookie_of(&site.ask(line, &[]).await), None, "{line}");
    }
    // What is no cookie of ours is replaced.
    let forged = site.ask("GET /", &[("Cookie", "visitor=everybody")]).await;
    assert!(cookie_of(&forged).is_some());
    let events = site.events().await;
    assert!(events.len() == 6 && events.iter().all(|event| event.cookie.is_empty()));
}
