//! The layer, and how it is told what it needs to know.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use headcount_client::background::Queue;
use http::Extensions;
use tower_layer::Layer;

use crate::address::Proxies;
use crate::service::Counted;

/// Finds the peer of a request among its extensions.
type PeerOf = dyn Fn(&Extensions) -> Option<IpAddr> + Send + Sync;

/// Counts what a service answers.
#[derive(Clone)]
pub struct Headcount(Arc<Settings>);

#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) queue: Queue,
    pub(crate) proxies: Proxies,
    pub(crate) peer: Arc<PeerOf>,
    pub(crate) cookie: Option<String>,
    pub(crate) sends_assets: bool,
}

impl Headcount {
    /// Sends to this queue. The peer is the `SocketAddr` among a request's extensions, no proxy is trusted, no cookie is set.
    #[must_use]
    pub fn new(queue: Queue) -> Self {
        let peer = |extensions: &Extensions| extensions.get::<SocketAddr>().map(SocketAddr::ip);
        let settings =
            Settings { queue, proxies: Proxies::default(), peer: Arc::new(peer), cookie: None, sends_assets: true };
        Self(Arc::new(settings))
    }

    fn with(self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Arc::unwrap_or_clone(self.0);
        change(&mut settings);
        Self(Arc::new(settings))
    }

    /// Where the server keeps the peer's address. axum with `into_make_service_with_connect_info`:
    /// `|extensions| extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip())`.
    #[must_use]
    pub fn peer(self, peer: impl Fn(&Extensions) -> Option<IpAddr> + Send + Sync + 'static) -> Self {
        self.with(|settings| settings.peer = Arc::new(peer))
    }

    /// The proxies before the site.
    #[must_use]
    pub fn behind(self, proxies: Proxies) -> Self {
        self.with(|settings| settings.proxies = proxies)
    }

    /// Tells visitors apart by a cookie of this name (letters, digits, `-` and `_`), which it gives to browsers that have none
    /// and do not object. Other names are left without effect.
    #[must_use]
    pub fn with_cookie(self, name: &str) -> Self {
        let is_good = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        self.with(|settings| settings.cookie = is_good.then(|| name.to_owned()))
    }

    /// Leaves style sheets, scripts, images, fonts, sound and film out.
    #[must_use]
    pub fn without_assets(self) -> Self {
        self.with(|settings| settings.sends_assets = false)
    }
}

impl<S> Layer<S> for Headcount {
    type Service = Counted<S>;

    fn layer(&self, inner: S) -> Counted<S> {
        Counted::new(inner, self.0.clone())
    }
}
