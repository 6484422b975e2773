//! Whether a page view looks like that of a person's browser, by the request alone.
//!
//! It is here because a program can send any user agent and seldom sends all else as a browser does. It takes a page view and
//! gives a mark of its visitor, which is kept for the day; it sees no other request and no other visitor.

use super::agent::Age;
use crate::{calendar::Day, event::AccessEvent, limit::VisitorDay};

/// Answered from what the browser has kept: it was here before.
const NOT_MODIFIED: u32 = 304;

/// The mark of a page view: that of a browser, where it has one of its time, comes by a link that a browser can name (or deep
/// in the site, or asks again for what it has), and none else.
pub(super) fn marks(event: &AccessEvent<'_>, page: &str, age: Age, day: Day) -> VisitorDay {
    let date = day.date();
    let is_deep = page != "/";
    let came_by_something = has_referrer(event) || is_deep || event.status == NOT_MODIFIED;
    let is_browser =
        came_by_something && is_possible(event.referrer.as_str()) && !age.is_behind(date.year(), date.month());
    if is_browser { VisitorDay::mark_browser() } else { VisitorDay::NOTHING }
}

/// Whether a request names the page on which it began.
pub(super) fn has_referrer(event: &AccessEvent<'_>) -> bool {
    !matches!(event.referrer.as_str(), "" | "-")
}

/// Whether a browser can send a Referer header: an absolute URL, whose path begins with a slash where it is http
/// (RFC 9110, section 10.1.3; URL Standard, "URL serializing").
fn is_possible(referrer: &str) -> bool {
    if matches!(referrer, "" | "-") {
        return true;
    }
    match referrer.split_once("://") {
        Some(("http" | "https", rest)) => rest.find('/').is_some_and(|host_bytes| host_bytes > 0),
        Some((scheme, _)) => {
            !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
        }
        None => referrer == "about:blank",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_name_a_url_with_a_path() {
        for (referrer, wanted) in [
            ("", true),
            ("-", true),
            ("https://www.example.jp/", true),
            ("http://example.jp:8080/a?b=c", true),
            ("android-app://com.google.android.gm", true),
            ("about:blank", true),
            ("http://example.jp", false),
            ("https://example.jp?q=1", false),
            ("http:///a", false),
            ("www.example.jp", false),
            ("://", false),
        ] {
            assert_eq!(is_possible(referrer), wanted, "{referrer}");
        }
    }

    #[test]
    fn a_browser_of_its_time_comes_by_a_link_or_deep_in_the_site() {
        let (day, now) =
            (Day::from_date("2021-10-22".parse().unwrap()), "Mozilla/5.0 (X11; Linux) Chrome/94.0 Safari/537.36");
        let old = "Mozilla/5.0 (X11; Linux) Chrome/63.0 Safari/537.36";
        for (page, status, referrer, agent, wanted) in [
            ("/", 200, "", now, false),
            ("/", 304, "", now, true),
            ("/", 200, "https://www.google.com/", now, true),
            ("/", 200, "http://example.jp", now, false),
            ("/news/", 200, "", now, true),
            ("/news/", 200, "", old, false),
            ("/news/", 200, "https://www.google.com/", old, false),
            ("/news/", 200, "", "", true),
        ] {
            let event = AccessEvent::at(0, status).with_context(referrer, "");
            let is_browser = marks(&event, page, Age::of(agent), day) == VisitorDay::mark_browser();
            assert_eq!(is_browser, wanted, "{page} {status} {referrer} {agent}");
        }
    }
}
