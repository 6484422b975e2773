//! headcount itself: over gRPC from a lean client, and as `headcount ship` of a log.

use std::{
    fs,
    process::{Command, Stdio},
    time::Instant,
};

use super::{Figure, Inputs, files};
use crate::load::{Result, client::Stream, process, server::Server};

/// One stream on a connection of its own for each site; all events acknowledged as durable.
pub fn stream(inputs: &Inputs) -> Result<Figure> {
    let directory = inputs.scratch.join("headcount");
    let _ = fs::remove_dir_all(&directory);
    let server = Server::start(&directory, inputs.size.sites)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let own_before = process::usage(std::process::id())?.cpu_seconds;
    let before = server.process.usage()?.cpu_seconds;
    let (accepted, seconds) = runtime.block_on(deliver(inputs, &server.url()))?;
    let after = server.process.usage()?;
    if accepted != inputs.size.events {
        return Err(format!("headcount accepted {accepted} of {} events", inputs.size.events).into());
    }
    Ok(Figure {
        events: inputs.size.events,
        seconds,
        cpu_seconds: after.cpu_seconds - before,
        feeder_cpu_seconds: process::usage(std::process::id())?.cpu_seconds - own_before,
        peak_mib: after.peak_mib,
        disk_bytes: process::disk_bytes(&server.data),
    })
}

async fn deliver(inputs: &Inputs, url: &str) -> Result<(u64, f64)> {
    let mut streams = Vec::new();
    for _ in &inputs.batches {
        streams.push(Stream::open(url, inputs.window).await?);
    }
    let began = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for (mut stream, parcels) in streams.into_iter().zip(&inputs.batches) {
        let (parcels, window) = (parcels.clone(), inputs.window);
        tasks.spawn(async move { stream.deliver(&parcels, window).await });
    }
    let mut accepted = 0;
    while let Some(part) = tasks.join_next().await {
        accepted += part??;
    }
    Ok((accepted, began.elapsed().as_secs_f64()))
}

/// `headcount ship` of the log into a server.
pub fn ship(inputs: &Inputs) -> Result<Figure> {
    let directory = inputs.scratch.join("ship");
    let _ = fs::remove_dir_all(&directory);
    let server = Server::start(&directory, inputs.size.sites)?;
    let before = server.process.usage()?.cpu_seconds;
    let mut command = Command::new(env!("CARGO_BIN_EXE_headcount"));
    // What is live states nothing as complete, so that the day stays open as in the other rounds.
    command.args(["ship", "--live", "--json", "--site", "site-0", "--server", &server.url()]).arg(&inputs.log);
    let shipped = files::run(command, Stdio::null())?;
    let after = server.process.usage()?;
    Ok(Figure {
        events: inputs.size.events,
        seconds: shipped.seconds,
        cpu_seconds: after.cpu_seconds - before,
        feeder_cpu_seconds: shipped.cpu_seconds,
        peak_mib: after.peak_mib,
        disk_bytes: process::disk_bytes(&server.data),
    })
}
