//! How an input is read: as what, up to when, and who asked for which site.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::format::{Access, Format};
use super::hosts::SitesByHost;
use super::options::ShipOptions;
use super::proxies::TrustedProxies;
use crate::proto::AccessEvent;

/// How an input is read.
#[derive(Clone)]
pub(super) struct ReadOptions {
    pub(super) format: Format,
    /// The content still grows: an unfinished last line waits, and so does one that is ahead of the clock.
    pub(super) live: bool,
    /// Lines that are not understood are passed over, however many.
    pub(super) accept_malformed: bool,
    pub(super) now_unix_ms: i64,
    /// Up to when it may be stated what is complete while it is read.
    pub(super) until_unix_ms: Option<i64>,
    /// Once it is true, reading ends after the batch under way.
    pub(super) stop: Arc<AtomicBool>,
    /// How far the positions of sites of which nothing was read may stay behind, in bytes.
    pub(super) lag_bytes: u64,
    pub(super) proxies: TrustedProxies,
    /// Where lines go to sites by their host.
    pub(super) by_host: Option<Arc<SitesByHost>>,
}

impl ReadOptions {
    /// As the options say.
    pub(super) fn of(options: &ShipOptions) -> Self {
        Self {
            format: options.format.clone(),
            live: options.live,
            accept_malformed: options.accept_malformed,
            now_unix_ms: options.now_unix_ms,
            until_unix_ms: None,
            stop: Arc::default(),
            lag_bytes: options.lag_bytes,
            proxies: options.proxies.clone(),
            by_host: options.by_host.clone(),
        }
    }

    /// The number of the site that an access is for; none where no site has its host.
    pub(super) fn site_of(&self, access: &Access<'_>) -> Option<usize> {
        self.by_host.as_ref().map_or(Some(0), |sites| sites.site_of(&access.virtual_host()))
    }

    /// The event of an access, of the client behind trusted proxies.
    pub(super) fn event_of(&self, access: &Access<'_>) -> AccessEvent {
        let mut event = access.to_event();
        if !self.proxies.is_empty()
            && let Some(client) = self.proxies.client(&event.address, &access.forwarded())
        {
            event.address = client;
        }
        event
    }
}
