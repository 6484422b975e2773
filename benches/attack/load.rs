//! What is valid and far too much.

use headcount::proto::AccessEvent;

use super::{Target, wire};
use crate::load::{
    client::Stream,
    encode::{Parcel, parcel_of},
    traffic::DAY_UNIX_MS,
};

/// A browser that is not a robot.
const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

pub fn event(visitor: u64, target: String, unix_ms: i64) -> AccessEvent {
    let [a, b, c, d, ..] = visitor.to_le_bytes();
    AccessEvent {
        time_unix_ms: unix_ms,
        address: format!("{}.{b}.{c}.{d}", 1 + a % 200),
        user_agent: AGENT.to_owned(),
        method: "GET".to_owned(),
        target,
        status: 200,
        ..AccessEvent::default()
    }
}

pub fn batch(site: &str, producer: &str, sequence: u64, through: i64, events: Vec<AccessEvent>) -> Parcel {
    parcel_of(producer, site, sequence, events, through)
}

/// Batches of so many events each, one after the other, on streams of their own.
async fn sent(target: Target, streams: usize, length: u64, batches: u64, name: fn(u64, u64) -> String) {
    wire::all(streams, move |n| async move {
        let Ok(mut stream) = Stream::open(&format!("http://{}", target.address), 8).await else { return };
        let producer = format!("flood-{}-{n}", target.seed);
        for sequence in 1..=batches {
            let first = sequence * length;
            let events =
                (first..first + length).map(|k| event(k, name(n as u64, k), DAY_UNIX_MS + 3_600_000)).collect();
            let parcels = [batch("flooded", &producer, sequence, 0, events)];
            if let Err(error) = stream.deliver(&parcels, 1).await {
                eprintln!("an attack was refused: {error}");
                return;
            }
        }
        wire::forever().await;
    })
    .await;
}

pub async fn flood(target: Target) {
    sent(target, 3, 5_000, target.many(400) as u64, |_, k| format!("/page-{}", k % 300)).await;
}

pub async fn long_pages(target: Target) {
    let batches = target.many(33) as u64;
    sent(target, 1, 5_000, batches, |_, k| format!("/{k:07}/{}", "long-name-of-a-page/".repeat(23))).await;
}

/// Greetings of ever new sites or producers.
async fn greetings(target: Target, site: fn(usize) -> String, producer: fn(u64, usize) -> String) {
    wire::all(4, move |n| async move {
        for round in 0..1_000 {
            let Ok(mut stream) = Stream::open(&format!("http://{}", target.address), 64).await else { return };
            let first = (round * 4 + n) * 250;
            let parcels: Vec<_> = (first..first + 250)
                .map(|k| {
                    let events = vec![event(k as u64, "/".to_owned(), DAY_UNIX_MS + 3_600_000)];
                    batch(&site(k), &producer(target.seed, k), 1, 0, events)
                })
                .collect();
            let _ = stream.deliver(&parcels, 32).await;
        }
    })
    .await;
}

pub async fn sites(target: Target) {
    greetings(target, |k| format!("made-up-{k}"), |seed, _| format!("p-{seed}")).await;
}

pub async fn producers(target: Target) {
    greetings(target, |_| "flooded".to_owned(), |seed, k| format!("producer-{seed}-{k}")).await;
}
