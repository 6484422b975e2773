//! One request to the site: asked as a robot that says what it is, and answered within limits.
//!
//! It is here so that all network access of this room is in one file. Only what a page, a feed or robots.txt needs is read; of other
//! answers the head alone.
//!
//! It never sends a cookie, a referrer or a query that it was not given, never follows a redirect by itself and never uses a proxy.

use std::time::{Duration, Instant};

use ureq::{
    Agent,
    http::{HeaderMap, HeaderName, header},
};

use crate::sitemap::{
    fetch::{Metered, agent},
    links::{LinkLimits, place::Place},
    local::unpacked,
};

/// What the site's log shows. The word `bot` keeps these requests out of the site's numbers.
const USER_AGENT: &str = concat!(
    "headcount-links-bot/",
    env!("CARGO_PKG_VERSION"),
    " (not a visitor: finds the pages of this site for its own statistics)"
);
const ACCEPT: &str =
    "text/html, application/xhtml+xml, application/rss+xml;q=0.5, application/atom+xml;q=0.5, */*;q=0.1";
const ROBOTS_TAG: HeaderName = HeaderName::from_static("x-robots-tag");

/// What the server answered.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// Where a redirect leads.
    pub(super) location: Option<String>,
    pub(super) content_type: String,
    /// All values of X-Robots-Tag.
    pub(super) robots_tag: String,
    /// Empty where it is not 200 or neither a page nor a feed.
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn is_html(&self) -> bool {
        ["text/html", "application/xhtml+xml"].contains(&self.kind())
    }

    pub(super) fn is_redirect(&self) -> bool {
        matches!(self.status, 301 | 302 | 303 | 307 | 308)
    }

    /// Whether the server asks to be left alone for a while.
    pub(super) fn is_busy(&self) -> bool {
        matches!(self.status, 429 | 503)
    }

    /// The content type without parameters. In lower case: the whole was made so.
    fn kind(&self) -> &str {
        self.content_type.split(';').next().unwrap_or_default().trim()
    }

    pub(super) fn is_feed(&self) -> bool {
        !self.is_html() && self.kind().ends_with("xml")
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// Nobody answers at this address and port: another scheme may be tried.
    Unreachable(String),
    /// Anything else.
    Broken(String),
}

impl Failure {
    pub(super) fn into_words(self) -> String {
        let (Self::Unreachable(what) | Self::Broken(what)) = self;
        what
    }
}

/// Asks, and keeps account of time and bytes.
pub(super) struct Visitor {
    agent: Agent,
    limits: LinkLimits,
    begun: Instant,
    left_bytes: u64,
    asked: u32,
}

impl Visitor {
    pub(super) fn new(limits: LinkLimits) -> Self {
        let agent = agent(limits.fetch, USER_AGENT, ACCEPT);
        Self { agent, limits, begun: Instant::now(), left_bytes: limits.fetch.transfer_bytes, asked: 0 }
    }

    /// The limit that is reached, if one is.
    pub(super) fn is_over(&self) -> Option<&'static str> {
        if self.begun.elapsed() >= self.limits.fetch.whole {
            Some("time")
        } else if self.left_bytes < self.limits.fetch.file_bytes {
            // One page more might not fit.
            Some("bytes")
        } else {
            (self.asked >= self.limits.requests).then_some("requests")
        }
    }

    /// How many requests were sent.
    pub(super) const fn asked(&self) -> u32 {
        self.asked
    }

    /// Asks for a place. Of pages and feeds the body is read, of others only where `reads_all` says so.
    pub(super) fn ask(&mut self, place: &Place, reads_all: bool) -> Result<Answer, Failure> {
        self.asked += 1;
        let response = self.agent.get(place.to_string()).call().map_err(failure)?;
        let headers = response.headers();
        let mut answer = Answer {
            status: response.status().as_u16(),
            location: headers.get(header::LOCATION).and_then(|value| value.to_str().ok()).map(str::to_owned),
            content_type: all(headers, &header::CONTENT_TYPE).to_ascii_lowercase(),
            robots_tag: all(headers, &ROBOTS_TAG),
            body: Vec::new(),
        };
        if answer.status == 200 && (reads_all || answer.is_html() || answer.is_feed()) {
            let source = response.into_body().into_reader();
            let body = unpacked(Metered { source, left_bytes: &mut self.left_bytes }, self.limits.fetch.file_bytes);
            answer.body = body.map_err(|error| failure(error.into()))?.ok_or_else(|| {
                Failure::Broken(format!("is larger than the {} bytes that are allowed", self.limits.fetch.file_bytes))
            })?;
        }
        Ok(answer)
    }

    /// Waits until `pause` has passed since the last request to the host.
    pub(super) fn wait(&self, last: Option<Instant>, pause: Duration) {
        let left = last.map_or(Duration::ZERO, |last| pause.saturating_sub(last.elapsed()));
        std::thread::sleep(left);
    }
}

/// All values of a header as one text.
fn all(headers: &HeaderMap, name: &HeaderName) -> String {
    let values: Vec<&str> = headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
    values.join(",")
}

fn failure(error: ureq::Error) -> Failure {
    use std::io::ErrorKind;
    let is_unreachable = match &error {
        ureq::Error::ConnectionFailed | ureq::Error::Timeout(ureq::Timeout::Connect) => true,
        ureq::Error::Io(error) => matches!(
            error.kind(),
            ErrorKind::ConnectionRefused | ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable
        ),
        _ => false,
    };
    let what = error.to_string();
    if is_unreachable { Failure::Unreachable(what) } else { Failure::Broken(what) }
}
