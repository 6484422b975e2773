//! What waits, what is dropped, and under which visitor a browser's first view goes out.

use super::*;

fn event(target: &str) -> AccessEvent {
    AccessEvent { target: target.to_owned(), ..AccessEvent::default() }
}

fn queue(waiting_events_max: usize, when_full: WhenFull) -> Queue {
    Queue::new(Options { waiting_events_max, when_full, held_events_max: 2, ..Options::default() })
}

/// Target and cookie of all that waits.
fn all(queue: &Queue) -> Vec<(String, String)> {
    queue.waiting().events.drain(..).map(|event| (event.target.clone(), event.cookie.clone())).collect()
}

fn pair(target: &str, cookie: &str) -> (String, String) {
    (target.to_owned(), cookie.to_owned())
}

#[test]
fn what_is_too_much_is_dropped_and_counted() {
    for (when_full, kept) in [(WhenFull::DropNewest, ["0", "1"]), (WhenFull::DropOldest, ["3", "4"])] {
        let queue = queue(2, when_full);
        (0..5).for_each(|number| queue.offer(event(&number.to_string())));
        assert_eq!((queue.dropped(), queue.waiting_events()), (3, 2));
        assert_eq!(all(&queue), kept.map(|target| pair(target, "")));
    }
    let none = queue(0, WhenFull::DropOldest);
    none.offer(event("a"));
    assert_eq!((none.dropped(), none.waiting_events()), (1, 0));
}

#[test]
fn a_browser_that_takes_its_cookie_is_one_visitor_from_its_first_view_on() {
    let queue = queue(10, WhenFull::DropNewest);
    assert!(queue.issue("a"));
    queue.offer_first("a", event("/first"));
    assert_eq!(all(&queue), []);
    queue.came_back("a");
    queue.offer(AccessEvent { cookie: "a".to_owned(), ..event("/second") });
    assert_eq!(all(&queue), [pair("/first", "a"), pair("/second", "a")]);
    // Also where its style sheet is asked for while the page is still on its way.
    assert!(queue.issue("b"));
    queue.came_back("b");
    queue.offer_first("b", event("/slow"));
    assert_eq!(all(&queue), [pair("/slow", "b")]);
    queue.came_back("b");
    queue.came_back("never given");
    assert_eq!(all(&queue), []);
}

#[test]
fn a_browser_that_refuses_cookies_stays_without() {
    let queue = queue(10, WhenFull::DropNewest);
    for cookie in ["a", "b"] {
        assert!(queue.issue(cookie));
        queue.offer_first(cookie, event(cookie));
    }
    assert!(!queue.issue("c"), "as many are waited for as may be");
    queue.release_held(false);
    assert_eq!(all(&queue), []);
    queue.release_held(true);
    assert_eq!(all(&queue), [pair("a", ""), pair("b", "")]);
    assert!(queue.issue("c"));
    // It ended after its time.
    queue.release_held(true);
    queue.offer_first("c", event("c"));
    assert_eq!(all(&queue), [pair("c", "")]);
}
