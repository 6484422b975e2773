//! One request from its arrival to the end of its answer; then it is offered to the queue.

use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use headcount_client::AccessEvent;
use http::header::{ACCEPT_LANGUAGE, HOST, HeaderName, REFERER, SET_COOKIE, USER_AGENT};
use http::{HeaderMap, Method, Request, Response};

use crate::assets::is_asset;
use crate::cookie;
use crate::layer::Settings;

/// The longest texts that the server looks at, in bytes; a target that is longer must stay too long.
const TEXT_BYTES_MAX: usize = 4_096;
const TARGET_BYTES_MAX: usize = 8_196;

/// A request under way. It cannot be printed.
pub(crate) struct View {
    settings: Arc<Settings>,
    event: AccessEvent,
    begun: Instant,
    may_get_cookie: bool,
    /// The cookie that its answer sets.
    given: Option<String>,
}

impl View {
    /// What is known when a request arrives; none where it is not to be sent.
    pub(crate) fn begin<B>(settings: &Arc<Settings>, request: &Request<B>) -> Option<Self> {
        let headers = request.headers();
        let unwanted = cookie::is_unwanted(headers);
        let name = settings.cookie.as_deref().filter(|_| !unwanted);
        let visitor = name.and_then(|name| cookie::of_request(headers, name));
        if let Some(visitor) = visitor {
            settings.queue.came_back(visitor);
        }
        let is_sent = settings.sends_assets || !is_asset(request.uri().path());
        // Nothing else can be a page or an error of one.
        if request.method() != Method::GET || !is_sent {
            return None;
        }
        let client = settings.proxies.client((settings.peer)(request.extensions()), headers);
        let event = AccessEvent {
            time_unix_ms: now_unix_ms(),
            address: client.map(|client| client.to_string()).unwrap_or_default(),
            cookie: visitor.unwrap_or_default().to_owned(),
            user_agent: header(headers, &USER_AGENT),
            method: "GET".to_owned(),
            target: cut(request.uri().path_and_query().map_or("/", |target| target.as_str()), TARGET_BYTES_MAX),
            referrer: header(headers, &REFERER),
            accept_language: header(headers, &ACCEPT_LANGUAGE),
            host: request.uri().authority().map_or_else(|| header(headers, &HOST), |host| cut(host.as_str(), 255)),
            ..AccessEvent::default()
        };
        let may_get_cookie = name.is_some() && visitor.is_none();
        Some(Self { settings: settings.clone(), event, begun: Instant::now(), may_get_cookie, given: None })
    }

    /// Takes the head of the answer in, and lets it set the cookie where that is wanted.
    pub(crate) fn answered<B>(&mut self, response: &mut Response<B>) {
        self.event.status = response.status().as_u16().into();
        if self.may_get_cookie && response.status().is_success() && cookie::may_be_set_by(response.headers()) {
            self.give_cookie(response.headers_mut());
        }
    }

    fn give_cookie(&mut self, headers: &mut HeaderMap) {
        let Some(name) = self.settings.cookie.as_deref() else { return };
        let Some(value) = cookie::random() else { return };
        if let Some(set) = cookie::set(name, &value)
            && self.settings.queue.issue(&value)
        {
            headers.append(SET_COOKIE, set);
            self.given = Some(value);
        }
    }

    /// The answer is over, with so many bytes of a body.
    pub(crate) fn end(mut self, body_bytes: u64) {
        self.event.response_bytes = Some(body_bytes);
        self.event.response_time_ms = Some(u32::try_from(self.begun.elapsed().as_millis()).unwrap_or(u32::MAX));
        match self.given {
            Some(given) => self.settings.queue.offer_first(&given, self.event),
            None => self.settings.queue.offer(self.event),
        }
    }
}

fn header(headers: &HeaderMap, name: &HeaderName) -> String {
    headers.get(name).map(|value| cut(&String::from_utf8_lossy(value.as_bytes()), TEXT_BYTES_MAX)).unwrap_or_default()
}

fn cut(text: &str, bytes_max: usize) -> String {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

/// The system's clock, in milliseconds since 1970.
#[allow(clippy::disallowed_methods)] // the one place of this crate that reads the clock
fn now_unix_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
