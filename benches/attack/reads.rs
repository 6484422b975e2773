//! Questions and releases, far too many of them.

use headcount::proto::{ListTopRequest, Table, stats_service_client::StatsServiceClient};
use tokio::time::{Duration, sleep};
use tonic::transport::Endpoint;

use super::{
    Target,
    wire::{self, Client, EXPORT, WATCH},
};

/// Streams that ask for all releases. Their own window of 64 KiB is never given back where they do not read.
async fn streams(target: Target, connections: usize, each: usize, path: &'static str, read: bool) {
    wire::all(connections, move |_| async move {
        let mut client = Client::open(target.address, read, &[]).await;
        for number in 0..each {
            let call = wire::call(wire::stream(number), path, 0, b"", wire::END_STREAM);
            if !client.send(&call).await {
                return;
            }
        }
        while read {
            // As a client that reads well: windows for all that comes.
            let mut more = wire::frame(wire::WINDOW_UPDATE, 0, 0, &[0, 4, 0, 0]);
            for number in 0..each {
                more.extend(wire::frame(wire::WINDOW_UPDATE, 0, wire::stream(number), &[0, 4, 0, 0]));
            }
            if !client.send(&more).await {
                return;
            }
            sleep(Duration::from_millis(50)).await;
        }
        wire::forever().await;
    })
    .await;
}

pub async fn exports(target: Target) {
    streams(target, 10, target.many(100), EXPORT, false).await;
}

pub async fn exports_read(target: Target) {
    streams(target, 4, 1, EXPORT, true).await;
}

pub async fn watches(target: Target) {
    streams(target, target.many(50), 100, WATCH, false).await;
}

/// Each asks for other days, so that none is answered from memory.
pub async fn questions(target: Target) {
    wire::all(target.many(160), move |n| async move {
        let url = format!("http://{}", target.address);
        let Ok(channel) = Endpoint::from_shared(url).expect("an address").connect().await else { return };
        let mut client = StatsServiceClient::new(channel).max_decoding_message_size(64 << 20);
        for round in 0..1_000 {
            let (from, to) = (1 + (n + round) % 28, 1 + (n / 28 + round / 3) % 28);
            let request = ListTopRequest {
                site: crate::PUBLISHED.to_owned(),
                table: Table::Page.into(),
                from_date: format!("2025-08-{from:02}"),
                to_date: format!("2025-10-{to:02}"),
                page_size: 1_000,
                ..ListTopRequest::default()
            };
            if client.list_top(request).await.is_err() {
                sleep(Duration::from_millis(100)).await;
            }
        }
    })
    .await;
}
