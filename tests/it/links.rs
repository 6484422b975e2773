//! Links that the real binary follows: their pages are published from the first day without visitors, a page that nothing links is
//! not, and whoever says no is not asked.

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use crate::harness::{House, Server, log_lines, run, text};

/// Some pages that link each other, and one that nothing links.
const PAGES: [(&str, &str); 4] = [
    ("/", "<a href=/page-0>read</a><a href=/nobody-reads-this/index.html>unread</a><a href=/private/x>no</a>"),
    ("/page-0", "<a href=/>home</a><div class=most-read><a href=/page-1>hot</a></div>"),
    ("/nobody-reads-this/index.html", "nobody"),
    ("/page-1", "hot"),
];

/// A web server on loopback: its port, and what it was asked for.
fn web() -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = asked.clone();
    thread::spawn(move || listener.incoming().for_each(|stream| _ = answer(&stream.unwrap(), &seen)));
    (port, asked)
}

fn answer(mut stream: &TcpStream, asked: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut request = String::new();
    let mut lines = BufReader::new(stream);
    while !request.ends_with("\r\n\r\n") && lines.read_line(&mut request)? > 0 {}
    let path = request.split(' ').nth(1).unwrap_or_default();
    let page = PAGES.iter().find(|(known, _)| *known == path).map(|(_, page)| ("200 OK", "text/html", *page));
    let robots = ("200 OK", "text/plain", "User-agent: headcount\nDisallow: /private/\n");
    let other = if path == "/robots.txt" { robots } else { ("404 Not Found", "text/html", "") };
    asked.lock().unwrap().push(path.to_owned());
    let (status, kind, body) = page.unwrap_or(other);
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all(format!("{head}{body}").as_bytes())
}

fn site(port: u16, more: &str) -> String {
    format!(
        "[[site]]\nname = \"www\"\nhosts = [\"127.0.0.1\"]\nlinks_start = [\"http://127.0.0.1:{port}/\"]\nlinks_delay_ms = 1\n{more}"
    )
}

fn serve(house: &House, config: &str) -> Server {
    let mut args = house.serve_args();
    args.extend(["--config".to_owned(), house.write("headcount.toml", config)]);
    Server::start(&args)
}

#[test]
fn a_page_that_the_site_links_is_published_without_visitors() {
    let (port, asked) = web();
    let house = House::new();
    let server = serve(&house, &site(port, ""));
    server.wait_until(|server| server.log().contains("links followed site=www pages=3 requests=4").then_some(()));
    assert_eq!(*asked.lock().unwrap(), ["/robots.txt", "/", "/page-0", "/nobody-reads-this/index.html"]);
    assert!(
        server.log().contains("left_out=\"1 forbidden by robots.txt; 1 nofollow or links_ignore\""),
        "{}",
        server.log()
    );
    let file = house.write("access.txt", log_lines(0, 2_000));
    let (code, summary, _) = server.ship("www", &file, &[]);
    assert_eq!((code, summary["accepted"].as_u64()), (Some(0), Some(2_000)), "{summary}");
    server.wait_for_a_day("www");
    let report = server.report("www", &["--from", "2015-05-17", "--to", "2015-05-17", "--top", "1000"]);
    let tops = report["tops"].as_array().unwrap();
    let pages = tops.iter().find(|top| top["table"] == "page").unwrap();
    let rows = pages["rows"].as_array().unwrap();
    let row = |key: &str| rows.iter().find(|row| row["key"] == key);
    // Under the name that an access is counted under.
    let unread = row("/nobody-reads-this/").unwrap_or_else(|| panic!("the page is missing: {pages}"));
    assert_eq!(unread["views"]["low"].as_i64(), Some(0), "{unread}");
    assert!(row("/private/x").is_none(), "{pages}");
    server.stop();
}

#[test]
fn whoever_says_no_is_not_asked() {
    let (port, asked) = web();
    let house = House::new();
    for config in [site(port, "links = false\n"), format!("[server]\nlinks = false\n{}", site(port, ""))] {
        // Stopped again, so that it had the time to ask.
        let server = serve(&house, &config);
        let file = house.write("access.txt", log_lines(0, 10));
        server.ship("www", &file, &[]);
        server.stop();
        let said = run(&["check", "--fetch", "--config", &house.write("check.toml", &config)]);
        assert!(said.status.success(), "{}", text(&said.stderr));
        assert!(!text(&said.stdout).contains("links"), "{}", text(&said.stdout));
    }
    assert!(asked.lock().unwrap().is_empty());
}

#[test]
fn check_shows_what_would_be_found() {
    let (port, _) = web();
    let house = House::new();
    let config = house.write("right.toml", site(port, "links_ignore = [\"/nobody-*\"]\n"));
    let said = run(&["check", "--config", &config]);
    let expected = format!(
        "links       www: followed from http://127.0.0.1:{port}/ at the start and every day (try it with --fetch)"
    );
    assert!(text(&said.stdout).contains(&expected), "{}", text(&said.stdout));
    let said = run(&["check", "--fetch", "--pages", "--config", &config]);
    assert!(said.status.success(), "{}", text(&said.stderr));
    let expected = "followed    www: 2 pages, 3 requests; left out: 1 forbidden by robots.txt; 2 nofollow or links_ignore\n\
                    page        www: /\npage        www: /page-0\n";
    assert!(text(&said.stdout).ends_with(expected), "{}", text(&said.stdout));
    let config = house.write("wrong.toml", site(1, ""));
    let said = run(&["check", "--fetch", "--config", &config]);
    assert_eq!(said.status.code(), Some(1));
    assert!(text(&said.stderr).contains("site www: 127.0.0.1: "), "{}", text(&said.stderr));
}
