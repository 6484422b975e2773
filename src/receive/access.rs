//! One access on its way to the vault. Like the event that it becomes it cannot be printed, and its texts are wiped.

use zeroize::Zeroize as _;

use crate::{proto::AccessEvent, vault};

/// What a proxy writes where the client went away before an answer: nginx's word for it.
pub(super) const CLIENT_GONE: u32 = 499;

/// An access that was received.
pub(super) struct Access(AccessEvent);

impl Access {
    pub(super) fn new(event: AccessEvent) -> Self {
        Self(event)
    }

    /// The host that was asked, as the sender wrote it.
    pub(super) fn host(&self) -> &str {
        &self.0.host
    }

    /// Whether it is this event, for tests: neither can be printed.
    #[cfg(test)]
    pub(super) fn is(&self, event: &AccessEvent) -> bool {
        self.0 == *event
    }

    /// The event for the vault, which takes the texts over and wipes them.
    pub(super) fn into_event(mut self) -> vault::AccessEvent<'static> {
        let take = |text: &mut String| std::mem::take(text);
        let event = &mut self.0;
        vault::AccessEvent::at(event.time_unix_ms, event.status)
            .from_whom(take(&mut event.address), take(&mut event.cookie), take(&mut event.user_agent))
            .for_what(take(&mut event.method), take(&mut event.target))
            .at_host(take(&mut event.host))
            .with_context(take(&mut event.referrer), take(&mut event.accept_language))
            .with_answer(take(&mut event.client_host), event.response_time_ms, event.response_bytes)
    }
}

impl Drop for Access {
    fn drop(&mut self) {
        let event = &mut self.0;
        for text in [
            &mut event.address,
            &mut event.cookie,
            &mut event.user_agent,
            &mut event.target,
            &mut event.referrer,
            &mut event.accept_language,
            &mut event.client_host,
            &mut event.host,
        ] {
            text.as_mut_str().zeroize();
        }
    }
}

/// The value of a cookie in a `Cookie` header; empty where it is not there.
pub(super) fn cookie<'h>(header: &'h str, name: Option<&str>) -> &'h str {
    let Some(name) = name else { return "" };
    let mut pairs = header.split(';').filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map_or("", |(_, value)| value.trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::cookie;

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let header = "a=1; visitor=\"xyz\"; visitor2=no";
        assert_eq!(cookie(header, Some("visitor")), "xyz");
        assert_eq!(cookie(header, Some("visit")), "");
        assert_eq!(cookie(header, None), "");
        assert_eq!(cookie("visitor", Some("visitor")), "");
        assert_eq!(cookie("visitor=a=b", Some("visitor")), "a=b");
    }
}
