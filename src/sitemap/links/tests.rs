//! Links of real servers on loopback: which pages are found, what is never asked for, and where it ends.
//!
//! A failure here is a page that is lost, a request to somebody else or to what robots.txt forbids, or a trap without an end.

use std::{ops::ControlFlow, time::Duration};

use super::*;
use crate::{
    sitemap::fake::{Reply, Web},
    vault::page_name,
};

fn hosts() -> Vec<String> {
    ["127.0.0.1", "*.0.0.2"].map(str::to_owned).to_vec()
}

/// Limits short enough for a test.
fn short() -> LinkLimits {
    let fetch = Limits { answer: Duration::from_millis(500), ..LinkLimits::default().fetch };
    LinkLimits { fetch, ..LinkLimits::default() }
}

fn links(web: &Web, wanted: Wanted) -> Links {
    let starts = if wanted.starts.is_empty() { vec![web.url("/")] } else { wanted.starts.clone() };
    Links::of(&hosts(), &["id".to_owned()], Wanted { starts, ..wanted }).unwrap().unwrap()
}

fn follow(links: &Links, limits: LinkLimits) -> Result<Found, String> {
    let query_allow = links.query_allow().to_vec();
    let name_of = move |target: &str| page_name(target, &query_allow);
    links.follow(limits, &name_of, &mut |_| ControlFlow::Continue(()))
}

fn found(web: &Web) -> Found {
    follow(&links(web, Wanted::default()), short()).unwrap()
}

fn with(header: &str, body: &str) -> Reply {
    Reply::With(format!("{header}\r\n"), body.as_bytes().to_vec())
}

#[test]
fn pages_are_found_over_links_and_feeds_and_have_the_name_that_is_counted() {
    let web = Web::start();
    web.page(
        "/",
        "<a href='a/index.html?utm_source=x'>a<a href=a>again<a href=/item?id=2&amp;session=9>item<img src=/i.png>\
         <a href=/i.png>picture<a href=/form.PDF>form<a href=mailto:me@site.test>mail\
         <link rel=alternate type=application/atom+xml href=/feed>",
    );
    web.page("/a", "<base href=/deep/><a href=../%E3%81%82>deep");
    web.page("/a/index.html", "index");
    web.page("/%E3%81%82", "deep");
    web.page("/item?id=2", "item");
    web.set("/feed", with("Content-Type: application/atom+xml", "<feed><entry><link href='new/1'/></entry></feed>"));
    web.page("/new/1", "new");
    let all = found(&web);
    assert_eq!(all.pages, ["/", "/a/", "/a", "/item?id=2", "/new/1", "/あ"]);
    assert_eq!((all.sitemaps, all.is_partial, all.left_out.as_str()), (0, false, "2 no HTML page"));
    assert_eq!(all.requests, u32::try_from(web.requests().len()).unwrap());
    let asked = web.paths();
    assert_eq!(asked[0], "/robots.txt");
    for path in ["/i.png", "/form.PDF", "/item?id=2&session=9"] {
        assert!(!asked.contains(&path.to_owned()), "{path}");
    }
}

#[test]
fn the_server_sees_a_robot_without_cookies() {
    let web = Web::start();
    web.set("/", Reply::With("Content-Type: text/html\r\nSet-Cookie: a=b\r\n".to_owned(), b"<a href=/a>".to_vec()));
    web.page("/a", "a");
    found(&web);
    for request in web.requests() {
        let request = request.to_ascii_lowercase();
        let agent = request.lines().find_map(|line| line.strip_prefix("user-agent: ")).unwrap();
        assert!(agent.starts_with("headcount-links-bot/") && agent.contains("not a visitor"), "{agent}");
        assert!(isbot::Bots::default().is_bot(agent), "{agent}");
        assert!(!request.contains("cookie") && !request.contains("referer"), "{request}");
    }
}

#[test]
fn robots_txt_is_obeyed() {
    let web = Web::start();
    web.file("/robots.txt", "User-agent: headcount\nDisallow: /private\nCrawl-delay: 0.1\nUser-agent: *\nDisallow: /");
    web.page("/", "<a href=/private/1>no<a href=/open>yes");
    web.page("/private/1", "no");
    web.set("/open", Reply::Moved("/private/2".to_owned()));
    let begun = std::time::Instant::now();
    let all = found(&web);
    assert_eq!((all.pages, all.left_out.as_str()), (vec!["/".to_owned()], "2 forbidden by robots.txt"));
    assert_eq!(web.paths(), ["/robots.txt", "/", "/open"]);
    assert!(begun.elapsed() >= Duration::from_millis(200), "{:?}", begun.elapsed());
    web.set("/robots.txt", Reply::Status("503 Service Unavailable"));
    let error = follow(&links(&web, Wanted::default()), short()).unwrap_err();
    assert_eq!(error, "127.0.0.1: robots.txt cannot be read: the server answers 503");
}

#[test]
fn a_sitemap_of_robots_txt_is_enough_and_a_broken_one_is_not() {
    let web = Web::start();
    web.file("/robots.txt", format!("Sitemap: {}\nSitemap: /b.txt\n", web.url("/a.txt")));
    web.file("/a.txt", "http://127.0.0.1/1\nhttp://127.0.0.1/index.html");
    web.file("/b.txt", "http://127.0.0.1/2?session=1");
    web.page("/", "<a href=/linked>");
    web.page("/linked", "linked");
    let all = found(&web);
    assert_eq!((all.pages, all.sitemaps), (vec!["/1".to_owned(), "/".to_owned(), "/2".to_owned()], 2));
    assert_eq!(web.paths(), ["/robots.txt", "/a.txt", "/b.txt"]);
    web.file("/b.txt", "http://elsewhere.test/");
    let all = found(&web);
    assert_eq!(all.pages, ["/1", "/", "/linked"]);
    assert!(
        all.left_out.contains("a sitemap of robots.txt: ") && all.left_out.contains("elsewhere.test"),
        "{}",
        all.left_out
    );
}

#[test]
fn nobody_else_is_asked() {
    let (web, other) = (Web::start(), Web::start());
    other.page("/", "other");
    let away = other.url("/").replace("127.0.0.1", "localhost");
    // Another port of the same host, another name of the same machine, and a name that a star covers.
    let covered = other.url("/").replace("127.0.0.1", "127.0.0.2");
    web.page(
        "/",
        format!("<a href={}>1<a href={away}>2<a href={covered}>3<a href=/moved>4<a href=/base>5", other.url("/")),
    );
    web.set("/moved", Reply::Moved(away.clone()));
    web.page("/base", format!("<base href={away}><a href=relative>"));
    assert_eq!(found(&web).pages, ["/", "/base"]);
    web.set("/robots.txt", Reply::Moved(away.clone()));
    let error = follow(&links(&web, Wanted::default()), short()).unwrap_err();
    assert_eq!(error, "127.0.0.1: robots.txt is redirected to a host that `hosts` does not spell out");
    web.set("/robots.txt", Reply::Status("404 Not Found"));
    web.set("/", Reply::Moved(away));
    let error = follow(&links(&web, Wanted::default()), short()).unwrap_err();
    assert_eq!(error, "127.0.0.1 leads to a host that `hosts` does not spell out: localhost");
    assert!(other.requests().is_empty(), "{:?}", other.requests());
}

#[test]
fn only_pages_that_may_be_listed_are_known() {
    let web = Web::start();
    let names = ["gone", "broken", "text", "hidden", "header", "end", "same"];
    web.page(
        "/",
        names.map(|name| format!("<a href=/{name}>{name}</a>")).concat()
            + "<div class=most-read><a href=/secret></div>",
    );
    web.set("/broken", Reply::Status("500 Internal Server Error"));
    web.file("/text", "no type");
    web.page("/hidden", "<meta name=robots content=noindex><a href=/behind>");
    web.set("/header", with("Content-Type: text/html\r\nX-Robots-Tag: noindex", "header"));
    web.page("/end", "<meta name=robots content=nofollow><a href=/beyond>");
    web.page("/behind", "behind");
    for path in ["/beyond", "/secret", "/ranking/1"] {
        web.page(path, "no");
    }
    web.page("/same", "<a href=/ranking/1>");
    let ignore = Ignore::read(&["/ranking/*".to_owned()]).unwrap();
    let all = follow(&links(&web, Wanted { ignore, ..Wanted::default() }), short()).unwrap();
    assert_eq!(all.pages, ["/", "/end", "/same", "/behind"]);
    assert_eq!(all.left_out, "2 noindex; 3 nofollow or links_ignore; 2 no HTML page; 1 failed");
    assert!(all.is_partial);
    let asked = web.paths();
    assert!(["/beyond", "/secret", "/ranking/1"].iter().all(|path| !asked.contains(&(*path).to_owned())), "{asked:?}");
}

#[test]
fn other_encodings_are_read() {
    let web = Web::start();
    let page = encoding_rs::SHIFT_JIS
        .encode("<meta charset=Shift_JIS><title>表</title><a href='/ビザ'>ビザ</a>")
        .0
        .into_owned();
    web.page("/", page);
    web.page("/%E3%83%93%E3%82%B6", "visa");
    assert_eq!(found(&web).pages, ["/", "/ビザ"]);
}

/// A calendar that never ends, sessions, and folders within themselves; beside them a shop with real pages.
fn endless(path: &str) -> Reply {
    let number = |prefix: &str| path.strip_prefix(prefix).and_then(|rest| rest.parse::<u32>().ok());
    if let Some(day) = number("/calendar/day-") {
        Reply::page(format!("<h1>{day}</h1>Nothing on this day. <a href=/calendar/day-{}>next</a>", day + 1))
    } else if let Some(number) = number("/shop/item-") {
        Reply::page(format!("Item {} <a href=/shop/item-{}>next</a>", "x".repeat(number as usize % 150), number + 1))
    } else if path.starts_with("/session/") {
        Reply::page(format!("Welcome <a href=/session/{}a1b2c3d4e5f60718>again</a>", path.len()))
    } else if path.starts_with("/folder/") {
        Reply::page("<a href=folder/>deeper</a>")
    } else {
        Reply::Status("404 Not Found")
    }
}

#[test]
fn traps_come_to_an_end_and_are_named() {
    let web = Web::start();
    web.page(
        "/",
        "<a href=/calendar/day-1>1<a href=/session/a1b2c3d4e5f607180>2<a href=/folder/>3<a href=/shop/item-1>4<a href=/about>5",
    );
    web.page("/about", "about");
    web.otherwise(endless);
    let all = found(&web);
    let below = |prefix: &str| all.pages.iter().filter(|page| page.starts_with(prefix)).count();
    assert!((50..=110).contains(&below("/calendar/")), "{}", below("/calendar/"));
    assert_eq!((below("/session/"), below("/folder/"), below("/about")), (1, 3, 1), "{:?}", all.pages);
    assert_eq!(below("/shop/"), 100, "{}", all.left_out);
    assert!(all.left_out.contains("too deep a path"), "{}", all.left_out);
    assert!(all.requests < 500, "{}", all.requests);
}

#[test]
fn limits_hold_and_say_what_is_missing() {
    let web = Web::start();
    web.page("/", (0..50).map(|n| format!("<a href=/{n}>{n}</a>")).collect::<String>());
    (0..50).for_each(|n| web.page(&format!("/{n}"), format!("page {}", "x".repeat(n))));
    let links = links(&web, Wanted::default());
    let requests = follow(&links, LinkLimits { requests: 10, ..short() }).unwrap();
    assert_eq!((requests.pages.len(), requests.requests, requests.is_partial), (9, 10, true));
    assert_eq!(requests.left_out, "the limit of requests is reached, 42 links wait");
    let pages = follow(&links, LinkLimits { pages: 5, ..short() }).unwrap();
    assert_eq!((pages.pages.len(), pages.left_out.as_str()), (5, "the limit of pages is reached, 46 links wait"));
    let fetch = Limits { transfer_bytes: 3_000, file_bytes: 2_000, ..short().fetch };
    let bytes = follow(&links, LinkLimits { fetch, ..short() }).unwrap();
    assert!(bytes.left_out.starts_with("the limit of bytes is reached"), "{}", bytes.left_out);
    let fetch = Limits { whole: Duration::ZERO, ..short().fetch };
    let error = follow(&links, LinkLimits { fetch, ..short() }).unwrap_err();
    assert!(error.starts_with("the limit of time is reached"), "{error}");
    let name_of = |target: &str| Some(target.to_owned());
    let stop = &mut |pages: &[String]| if pages.len() < 3 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
    assert_eq!(links.follow(short(), &name_of, stop).unwrap_err(), "stopped");
}

#[test]
fn a_host_in_trouble_is_left_alone() {
    let web = Web::start();
    web.page("/", (0..50).map(|n| format!("<a href=/{n}>{n}</a>")).collect::<String>());
    web.otherwise(|path| {
        Reply::Status(if path == "/robots.txt" { "404 Not Found" } else { "503 Service Unavailable" })
    });
    let all = found(&web);
    assert_eq!((all.pages.len(), all.requests), (1, 12));
    assert!(
        all.left_out.contains("127.0.0.1 is left alone, too many requests failed: the server answers 503"),
        "{}",
        all.left_out
    );
    web.set("/robots.txt", Reply::Silence);
    assert!(follow(&links(&web, Wanted::default()), short()).unwrap_err().contains("timeout"));
    let starts = vec!["http://127.0.0.1:1/".to_owned()];
    let error = follow(&links(&web, Wanted { starts, ..Wanted::default() }), short()).unwrap_err();
    assert!(error.contains("Connection refused"), "{error}");
}

#[test]
fn starts_are_on_hosts_that_are_spelled_out() {
    let of = |hosts: &[&str], starts: &[&str]| {
        let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        Links::of(&texts(hosts), &[], Wanted { starts: texts(starts), ..Wanted::default() })
    };
    assert!(of(&[], &[]).unwrap().is_none() && of(&["*.a.test"], &[]).unwrap().is_none());
    assert_eq!(
        of(&["a.test", "*.a.test", "b.test"], &[]).unwrap().unwrap().to_string(),
        "https://a.test/ https://b.test/"
    );
    for start in ["https://c.test/", "https://x.a.test/", "ftp://a.test/", "a.test", "https://me@a.test/"] {
        let (at, what) = of(&["a.test", "*.a.test"], &[start]).unwrap_err();
        assert_eq!(at, Some(0));
        assert!(what.contains("allowed: https:// or http:// with a host that `hosts` spells out"), "{what}");
    }
}
