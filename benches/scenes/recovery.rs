//! A server that was killed reads its journal again.

use std::time::Instant;

use super::serve;
use crate::load::{
    Result,
    client::Stream,
    encode::batches,
    process::disk_bytes,
    server::Server,
    traffic::{Size, Traffic},
};

/// Sends so many events without a checkpoint, kills the server, and starts it again.
pub async fn play(events: u32) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let mut server = serve(directory.path(), 3, "standard", "journal_mib = 4096", "client_domains = true")?;
    let traffic = Traffic::new(Size::standard(events.into(), 1));
    let (parcels, _) = batches(&traffic, 5_000);
    let mut sending = tokio::task::JoinSet::new();
    for of_site in parcels {
        let url = server.url();
        sending.spawn(async move { Stream::open(&url, 8).await?.deliver(&of_site, 8).await });
    }
    let mut accepted = 0;
    while let Some(sent) = sending.join_next().await {
        accepted += sent??;
    }
    server.process.kill();
    let bytes = disk_bytes(&directory.path().join("data"));
    let begun = Instant::now();
    let config = directory.path().join("headcount.toml");
    let server = Server::start_with(directory.path(), &config)?;
    println!(
        "recovery: {accepted} events in a journal, {} MB on the disk, open again after {:.2} s",
        bytes / 1_000_000,
        begun.elapsed().as_secs_f64()
    );
    drop(server);
    Ok(())
}
