//! Sitemaps from real servers on loopback and from files: what is read, what is refused, and with which message.
//!
//! A failure here is a page that is lost, a request to a host that is not the site's, or a limit that does not hold.

use std::{fs, io::Write, path::Path, time::Duration};

use flate2::{Compression, write::GzEncoder};

use super::{
    fake::{Reply, Web},
    *,
};

/// Limits short enough for a test.
fn short() -> Limits {
    let moment = Duration::from_millis(300);
    Limits { answer: moment, file: 2 * moment, ..Limits::default() }
}

fn xml(pages: &[&str]) -> String {
    let urls: String = pages.iter().map(|page| format!("<url><loc>http://127.0.0.1{page}</loc></url>\n")).collect();
    format!(
        "<?xml version=\"1.0\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n{urls}</urlset>\n"
    )
}

fn index(children: &[String]) -> String {
    let children: String = children.iter().map(|child| format!("<sitemap><loc>{child}</loc></sitemap>\n")).collect();
    format!("<sitemapindex>\n{children}</sitemapindex>\n")
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn hosts() -> Vec<String> {
    vec!["127.0.0.1".to_owned(), "*.site.test".to_owned()]
}

fn sitemap(text: &str) -> Sitemap {
    Sitemap::named(text, Path::new(""), &hosts()).unwrap()
}

fn read(web: &Web, path: &str, limits: Limits) -> Result<Vec<String>, String> {
    let server = web.url("");
    sitemap(&web.url(path)).read(limits).map_err(|error| error.to_string().replace(&server, "WEB"))
}

fn refused(web: &Web, path: &str) -> String {
    read(web, path, short()).unwrap_err()
}

#[test]
fn plain_compressed_and_listed_pages_are_read() {
    let web = Web::start();
    web.file("/sitemap.xml", xml(&["/", "/visa/?a=1&amp;b=2"]));
    web.file("/sitemap.xml.gz", gzip(xml(&["/zipped"]).as_bytes()));
    web.file("/list.txt", "http://127.0.0.1/one\n\nhttps://www.site.test/two#part\n");
    let all = |path| read(&web, path, Limits::default()).unwrap();
    assert_eq!(all("/sitemap.xml"), ["/", "/visa/?a=1&b=2"]);
    assert_eq!(all("/sitemap.xml.gz"), ["/zipped"]);
    assert_eq!(all("/list.txt"), ["/one", "/two"]);
}

#[test]
fn the_server_sees_a_robot_that_asks_for_nothing_packed() {
    let web = Web::start();
    web.file("/sitemap.xml", xml(&["/"]));
    read(&web, "/sitemap.xml", Limits::default()).unwrap();
    let request = web.requests()[0].to_ascii_lowercase();
    let agent = request.lines().find_map(|line| line.strip_prefix("user-agent: ")).unwrap();
    assert!(isbot::Bots::default().is_bot(agent), "{agent}");
    assert!(request.contains("accept-encoding: identity\r\n"), "{request}");
}

#[test]
fn the_children_of_an_index_are_fetched_too() {
    let web = Web::start();
    web.file("/index.xml", index(&[web.url("/a.xml"), web.url("/deep/b.xml.gz"), "/c.txt".to_owned()]));
    web.file("/a.xml", xml(&["/a"]));
    web.file("/deep/b.xml.gz", gzip(xml(&["/b"]).as_bytes()));
    web.file("/c.txt", "http://127.0.0.1/c");
    assert_eq!(read(&web, "/index.xml", Limits::default()).unwrap(), ["/a", "/b", "/c"]);
    web.file("/c.txt", index(&[web.url("/a.xml")]));
    assert_eq!(refused(&web, "/index.xml"), "WEB/c.txt: is an index inside an index; allowed: sitemaps");
    web.file("/many.xml", index(&vec![web.url("/a.xml"); FILES_MAX + 1]));
    assert_eq!(refused(&web, "/many.xml"), "WEB/many.xml: names 1001 files; allowed: at most 1000");
    web.file("/foreign.xml", index(&["http://elsewhere.test/a.xml".to_owned()]));
    assert_eq!(
        refused(&web, "/foreign.xml"),
        "WEB/foreign.xml:2: the host \"elsewhere.test\" is not one of the site; add it to the site's hosts or take the URL out"
    );
}

#[test]
fn redirects_stay_on_the_site_and_come_to_an_end() {
    let web = Web::start();
    web.file("/sitemap.xml", xml(&["/here"]));
    for (path, to) in [("/1", web.url("/sub/2")), ("/sub/2", "3".to_owned()), ("/sub/3", "/sitemap.xml".to_owned())] {
        web.set(path, Reply::Moved(to));
    }
    assert_eq!(read(&web, "/1", Limits::default()).unwrap(), ["/here"]);
    web.set("/0", Reply::Moved("1".to_owned()));
    assert_eq!(refused(&web, "/0"), "WEB/0: is redirected again and again; allowed: at most 3 redirects");
    let other = Web::start();
    web.set("/away", Reply::Moved(other.url("/sitemap.xml").replace("127.0.0.1", "localhost")));
    assert_eq!(
        refused(&web, "/away"),
        "WEB/away: is redirected: the host \"localhost\" is not one of the site; add it to the site's hosts or take the URL out"
    );
    assert!(other.requests().is_empty());
    web.set("/odd", Reply::Moved("file:///etc/passwd".to_owned()));
    assert!(refused(&web, "/odd").starts_with("WEB/odd: is redirected: \"file:///etc/passwd\" is not a URL"));
}

#[test]
fn https_is_never_left() {
    let from = Address::parse("https://www.site.test/a/b.xml", &hosts()).unwrap();
    let follow = |to: &str| from.follow(to, &hosts()).map(|address| address.to_string());
    assert_eq!(follow("c.xml").unwrap(), "https://www.site.test/a/c.xml");
    assert_eq!(follow("//x.site.test/c.xml").unwrap(), "https://x.site.test/c.xml");
    assert_eq!(follow("/go/http://x").unwrap(), "https://www.site.test/go/http://x");
    assert_eq!(
        follow("http://www.site.test/c.xml").unwrap_err(),
        "\"http://www.site.test/c.xml\" leaves https; allowed: https once it has begun"
    );
    assert!(follow("https://me@www.site.test/").unwrap_err().contains("user name"));
    assert!(follow("https://www.site.test.elsewhere.test/").unwrap_err().contains("is not one of the site"));
    // From http to https is allowed.
    let plain = Address::parse("http://www.site.test/b.xml", &hosts()).unwrap();
    assert!(plain.follow("https://www.site.test/b.xml", &hosts()).is_ok());
}

#[test]
fn what_is_too_large_is_refused() {
    let web = Web::start();
    let limits = Limits { file_bytes: 1_000, transfer_bytes: 1_500, ..short() };
    let large = vec![b' '; 1_001];
    web.file("/large.xml", &large);
    web.file("/bomb.gz", gzip(&large));
    web.file("/index.xml", index(&[web.url("/a.xml"), web.url("/a.xml")]));
    web.file("/a.xml", format!("{}{}", xml(&["/a"]), " ".repeat(600)));
    for path in ["/large.xml", "/bomb.gz"] {
        let error = read(&web, path, limits).unwrap_err();
        assert_eq!(error, format!("WEB{path}: is larger than the 1000 bytes that are allowed"));
    }
    assert_eq!(
        read(&web, "/index.xml", limits).unwrap_err(),
        "WEB/a.xml: cannot be fetched: the sitemap and its children are too much to transfer"
    );
}

#[test]
fn who_answers_slowly_is_not_waited_for() {
    let web = Web::start();
    web.set("/silent", Reply::Silence);
    web.set("/drip", Reply::Drip);
    assert_eq!(refused(&web, "/silent"), "WEB/silent: cannot be fetched: it takes longer than 0.3 seconds");
    assert_eq!(refused(&web, "/drip"), "WEB/drip: cannot be fetched: it takes longer than 0.6 seconds");
    let late = Limits { whole: Duration::ZERO, ..short() };
    assert!(read(&web, "/silent", late).unwrap_err().contains("comes too late"));
}

#[test]
fn what_is_no_sitemap_is_refused() {
    let web = Web::start();
    web.set("/error", Reply::Status("503 Service Unavailable"));
    web.set("/cut", Reply::Cut(b"http://127.0.0.1/a\nhttp://127.0.0.1/b".to_vec()));
    web.file("/page", "<!DOCTYPE html>\n<html><body>Not found</body></html>");
    web.file("/empty", "\n");
    web.file("/foreign", "http://127.0.0.1/\nhttp://127.0.0.2/\n");
    let whole = gzip(xml(&["/a"]).as_bytes());
    web.file("/half.gz", &whole[..whole.len() / 2]);
    let told = [
        ("/missing", "cannot be fetched: the server answers 404 Not Found; allowed: 200 OK"),
        ("/error", "cannot be fetched: the server answers 503 Service Unavailable; allowed: 200 OK"),
        ("/cut", "cannot be fetched: Peer disconnected"),
        ("/empty", "is empty; allowed: <urlset>, <sitemapindex> or one URL a line"),
    ];
    for (path, what) in told {
        assert_eq!(refused(&web, path), format!("WEB{path}: {what}"));
    }
    assert_eq!(refused(&web, "/page"), "WEB/page:2: begins with <html>; allowed: <urlset> or <sitemapindex>");
    assert!(refused(&web, "/foreign").starts_with("WEB/foreign:2: the host \"127.0.0.2\" (near \"127.0.0.1\")"));
    assert!(refused(&web, "/half.gz").starts_with("WEB/half.gz: cannot be fetched: "));
    assert!(read(&Web::start(), "", Limits::default()).unwrap_err().contains("404"));
    let closed = sitemap("http://127.0.0.1:1/").read(short()).unwrap_err().to_string();
    assert!(closed.starts_with("http://127.0.0.1:1/: cannot be fetched: Connection refused"), "{closed}");
}

#[test]
fn local_files_are_read_anew_each_time() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &[u8]| fs::write(directory.path().join(name), content).unwrap();
    write("index.xml", index(&["https://www.site.test/maps/a.xml.gz".to_owned()]).as_bytes());
    write("a.xml.gz", &gzip(xml(&["/a"]).as_bytes()));
    let sitemap = Sitemap::named("index.xml", directory.path(), &hosts()).unwrap();
    assert!(!sitemap.is_remote());
    assert_eq!(sitemap.read(Limits::default()).unwrap(), ["/a"]);
    write("a.xml.gz", xml(&["/a", "/b"]).as_bytes());
    assert_eq!(sitemap.read(Limits::default()).unwrap(), ["/a", "/b"]);
    write("a.xml.gz", b"<urlset>\n<url>");
    let error = sitemap.read(Limits::default()).unwrap_err().to_string();
    assert!(error.ends_with("a.xml.gz:2: ends inside an element"), "{error}");
}

#[test]
fn listed_pages_and_those_of_the_sitemap_are_counted_together() {
    let listed = ["/".to_owned(), "/a".to_owned()];
    assert_eq!(together(&listed, vec!["/a".to_owned(), "/b".to_owned()]).unwrap(), ["/", "/a", "/b"]);
    let many = (0..KNOWN_PAGES_MAX).map(|n| format!("/{n}")).collect();
    assert_eq!(together(&listed, many).unwrap_err(), "50002 known pages; allowed: at most 50000 a site");
}
