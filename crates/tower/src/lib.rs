//! A tower layer: every request that a site answers becomes an access event, sent to a headcount server in the background.
//!
//! ```text
//! request -> client, visitor, what was asked -> the site's own service -> status, length, time -> event -> Queue -> server
//! ```
//!
//! ```no_run
//! # fn example(queue: headcount_client::background::Queue) {
//! use headcount_tower::{Headcount, Proxies};
//!
//! let layer = Headcount::new(queue)
//!     .behind(Proxies::trusting(["10.0.0.0/8".parse().unwrap()]))
//!     .with_cookie("visitor");
//! // axum: Router::new().route(...).layer(layer)
//! # let _ = layer;
//! # }
//! ```
//!
//! No request waits for it, fails with it or is changed by it, but for one header: where a cookie is asked for, a page that a
//! browser without one gets sets it. Nobody gets one who says `Sec-GPC: 1` or `DNT: 1`. The crate never logs, and keeps no event.

mod address;
mod assets;
mod body;
mod cookie;
mod layer;
mod service;
mod view;

pub use address::{BadNetwork, ForwardedBy, Network, Proxies};
pub use body::CountedBody;
pub use layer::Headcount;
pub use service::{Counted, Response};
