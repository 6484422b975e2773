//! `headcount ship --follow`: follows logs until a signal comes. The work is in `crate::ship`.

use std::{io, process::ExitCode};

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

use super::ship::{Args, EXIT_TROUBLE, EXIT_USAGE, complain, sending, told};
use crate::{
    clock::{Clock, SystemClock},
    ship::{Followed, ShipOptions, Surroundings, follow, keep_mark},
};

/// How far positions of sites without lines stay behind while logs are followed: they are read again after a restart.
const FOLLOWED_LAG_BYTES: u64 = 1024 * 1024;

/// Follows until a signal comes.
pub(super) async fn run(args: Args) -> ExitCode {
    let quiet = args.quiet;
    let followed = match sending(args, SystemClock.now_unix_ms()) {
        Ok((options, state)) => {
            let (stop, stopped) = watch::channel(false);
            if let Err(error) = stop_on_signals(stop) {
                complain(&format!("signals cannot be waited for: {error}"));
                return ExitCode::from(EXIT_TROUBLE);
            }
            let server = options.server.clone();
            let around = Surroundings {
                now_unix_ms: &|| SystemClock.now_unix_ms(),
                tell: &complain,
                keep_mark: &|mark| keep_mark(&state, &server, mark),
                stop: stopped,
            };
            follow(ShipOptions { lag_bytes: FOLLOWED_LAG_BYTES, ..options }, around).await.map_err(told)
        }
        Err(error) => Err((error, EXIT_USAGE)),
    };
    match followed {
        Ok(Followed { lines, accepted, rejected, malformed }) => {
            if !quiet {
                complain(&format!(
                    "stopped: {lines} lines read, {accepted} accepted, {rejected} rejected, {malformed} not understood"
                ));
            }
            ExitCode::SUCCESS
        }
        Err((error, code)) => {
            complain(&error);
            ExitCode::from(code)
        }
    }
}

/// Turns the channel true at SIGINT or SIGTERM.
fn stop_on_signals(stop: watch::Sender<bool>) -> io::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        let _ = stop.send(true);
    });
    Ok(())
}
