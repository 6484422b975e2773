//! The attacks: hand-made HTTP/2 and HTTP/1.1, what no client library sends. Each runs until it is stopped, from this machine alone.

pub mod bodies;
pub mod floods;
pub mod holds;
pub mod load;
pub mod reads;
pub mod wire;

use std::{net::SocketAddr, pin::Pin};

use headcount_model::rng::SplitMix64;

/// What an attack knows.
#[derive(Clone, Copy)]
pub struct Target {
    pub address: SocketAddr,
    /// How large it is: 1 for the whole, less for the quick form.
    pub scale: f64,
    pub seed: u64,
}

impl Target {
    /// So many, scaled; one at least.
    pub fn many(&self, number: usize) -> usize {
        ((number as f64 * self.scale) as usize).max(1)
    }

    pub fn rng(&self) -> SplitMix64 {
        SplitMix64::new(self.seed)
    }
}

type Run = Pin<Box<dyn Future<Output = ()> + Send>>;

/// An attack by its name. It is stopped by dropping it.
pub struct Attack {
    pub name: &'static str,
    pub run: fn(Target) -> Run,
}

macro_rules! attacks {
    ($($name:literal => $run:path),+ $(,)?) => {
        &[$(Attack { name: $name, run: |target| Box::pin($run(target)) }),+]
    };
}

/// All of them.
pub const ALL: &[Attack] = attacks![
    "silent TCP connections" => holds::silent,
    "idle HTTP/2 connections" => holds::idle,
    "connections opened and closed" => holds::churn,
    "heads of requests, a byte a second" => holds::slow_heads,
    "frames, a byte a second" => holds::slow_frames,
    "HTTP/1.1 heads, a byte a second" => holds::slow_http1,
    "bodies, a byte a second" => bodies::slow,
    "answers without a window" => bodies::no_window,
    "unfinished messages of 16 MiB" => bodies::unfinished,
    "announced messages of 16 MiB" => bodies::announced,
    "unfinished messages over gRPC-Web" => bodies::unfinished_web,
    "messages that are no messages" => bodies::nonsense,
    "rapid resets" => floods::rapid_reset,
    "opened, greeted and reset" => floods::greet_and_reset,
    "CONTINUATION without end" => floods::continuation,
    "large heads" => floods::large_heads,
    "SETTINGS" => floods::settings,
    "PING" => floods::ping,
    "WINDOW_UPDATE" => floods::window_update,
    "PRIORITY" => floods::priority,
    "unknown frames" => floods::unknown,
    "empty DATA" => floods::empty_data,
    "HTTP/1.1 garbage" => floods::garbage,
    "one site floods" => load::flood,
    "pages with long names" => load::long_pages,
    "many sites" => load::sites,
    "many producers" => load::producers,
    "unread exports" => reads::exports,
    "exports that are read" => reads::exports_read,
    "distinct questions" => reads::questions,
    "streams of notices" => reads::watches,
];
