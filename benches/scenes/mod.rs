//! What `benches/answers` plays, and what its scenes share.

pub mod dashboard;
pub mod midnight;
pub mod overview;
pub mod recovery;

use std::{path::Path, time::Duration};

use headcount::proto::AccessEvent;

use crate::load::{
    Result,
    encode::{Parcel, parcel_of},
    server::Server,
    traffic::Random,
};

pub const DAY_MS: i64 = 86_400_000;
/// 2026-01-01T00:00:00Z.
pub const NEW_YEAR_UNIX_MS: i64 = 1_767_225_600_000;

/// Middle, 99 % and largest of waits, in milliseconds.
pub fn waits(mut waits: Vec<Duration>) -> String {
    waits.sort_unstable();
    let at = |part: f64| waits.get(((waits.len() as f64 * part) as usize).min(waits.len().saturating_sub(1)));
    let ms = |wait: Option<&Duration>| wait.map_or(0.0, |wait| wait.as_secs_f64() * 1_000.0);
    format!(
        "p50 {:.1} ms, p99 {:.1} ms, longest {:.1} ms ({} of them)",
        ms(at(0.5)),
        ms(at(0.99)),
        ms(at(1.0)),
        waits.len()
    )
}

/// A view of a page by a visitor with an address of its own.
pub fn view(unix_ms: i64, visitor: u32, page: usize) -> AccessEvent {
    AccessEvent {
        time_unix_ms: unix_ms,
        address: std::net::Ipv4Addr::from(0x0a00_0000 | (visitor & 0x00ff_ffff)).to_string(),
        user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0".to_owned(),
        method: "GET".to_owned(),
        target: format!("/page-{page}"),
        status: 200,
        accept_language: "ja".to_owned(),
        ..AccessEvent::default()
    }
}

/// A day of a site: visits of two pages each, spread over the hours, pages by Zipf's law.
pub fn day(begin_unix_ms: i64, visits: u32, pages: usize, random: &mut Random) -> Vec<AccessEvent> {
    let mut events = Vec::with_capacity(visits as usize * 2);
    for visit in 0..visits {
        let at = begin_unix_ms + i64::from(random.below(86_000)) * 1_000;
        let visitor = random.below(1 << 24) ^ visit;
        for view_of in 0..2 {
            events.push(view(at + view_of * 1_000, visitor, random.skewed(pages)));
        }
    }
    events
}

/// A batch of the one producer of a site.
pub fn parcel(site: &str, sequence: u64, events: Vec<AccessEvent>, complete_through_unix_ms: i64) -> Parcel {
    parcel_of("backend", site, sequence, events, complete_through_unix_ms)
}

/// A server with sites named `site-N` of a profile, with more lines for `[server]` and for each site.
pub fn serve(directory: &Path, sites: u32, profile: &str, server: &str, site: &str) -> Result<Server> {
    let path = |name: &str| directory.join(name).display().to_string();
    let mut text = format!("[server]\ndata = {:?}\nkeys = {:?}\n{server}\n", path("data"), path("keys"));
    for number in 0..sites {
        text += &format!("[[site]]\nname = \"site-{number}\"\nprofile = {profile:?}\n{site}\n");
    }
    let config = directory.join("headcount.toml");
    std::fs::write(&config, text)?;
    Server::start_with(directory, &config)
}
