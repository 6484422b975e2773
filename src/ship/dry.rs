//! Reads inputs as shipping does and sends nothing: what would be sent, by day, and what would not, and why.
//!
//! No server is asked, so what it would make of an access (a robot, an asset, a day that is published) is not known here, nor
//! what an earlier run has sent.

use std::sync::Arc;
use std::time::Instant;

use headcount_client::Position;
use tokio::sync::mpsc;

use super::error::ShipError;
use super::options::ShipOptions;
use super::order::by_first_time;
use super::prepare::{InputError, prepare};
use super::progress::{Meter, Progress};
use super::reader::{ReadOptions, Reader};
use super::source::Input;
use super::summary::{FileSummary, Summary};
use super::{READ_AHEAD_BATCHES, on_thread};

/// Reads all inputs to their end.
///
/// # Errors
/// An option is outside its limits.
pub async fn dry_run(options: ShipOptions) -> Result<Summary, ShipError> {
    options.check()?;
    let started = Instant::now();
    let meter = Arc::new(Meter::default());
    let sizes = options.inputs.iter().map(Input::size_bytes);
    let progress = Progress::start(options.show_progress, sizes.sum(), &meter, &options.server);
    let (inputs, format) = (options.inputs.clone(), options.format.clone());
    let ordered = on_thread(move || by_first_time(&inputs, &format)).await.unwrap_or_default();
    let mut files = Vec::with_capacity(ordered.len());
    for (input, _) in &ordered {
        files.push(read(&options, input, &meter).await);
    }
    drop(progress);
    Ok(Summary { is_dry: true, ..Summary::of(options.site, files, started.elapsed()) })
}

async fn read(options: &ShipOptions, input: &Input, meter: &Arc<Meter>) -> FileSummary {
    let mut file = FileSummary::new(input.name());
    let read_options = ReadOptions { accept_malformed: true, ..ReadOptions::of(options) };
    let (from, producer, meter) = (input.clone(), options.producer.clone(), Arc::clone(meter));
    let reading = on_thread(move || {
        let Some(prepared) = prepare(&from, producer, &meter)? else { return Ok(None) };
        let name = prepared.producer.clone();
        let (sender, mut batches) = mpsc::channel(READ_AHEAD_BATCHES);
        let reader =
            std::thread::spawn(move || Reader::new(prepared, read_options, sender, meter).run(&Position::default()));
        while batches.blocking_recv().is_some() {}
        reader.join().map(|read| Some((name, read))).map_err(|_| InputError::Stopped)
    });
    match reading.await.unwrap_or(Err(InputError::Stopped)) {
        Ok(None) => {}
        Ok(Some((producer, (tally, error)))) => {
            file.producer = producer;
            file.read(&tally);
            let error = error.or_else(|| {
                let is_fine = options.accept_malformed || tally.account.is_trusted();
                (!is_fine).then(|| InputError::not_understood(tally.account, &tally, None))
            });
            file.error = error.map(|error| error.to_string());
        }
        Err(error) => file.error = Some(error.to_string()),
    }
    file
}
