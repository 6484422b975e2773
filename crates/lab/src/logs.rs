//! Real access logs, where the folder `../shared/data/logs` stands beside the clone: read by the shipper's parser, and made
//! a world by the vault.

use std::{
    io::{self, Read},
    path::{Path, PathBuf},
};

use headcount::ship::event_of_line;
use headcount_model::tables::Bounds;
use headcount_vault::{
    AccessEvent, FileError,
    probe::{LogReader, World},
};

use super::{crowd, fault, parallel};
use crate::query::AskError;

/// Where the shared logs are.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/logs")
}

/// The world of a log under bounds; `None` where the file is not here.
pub(super) fn world(name: &str, bounds: Bounds) -> Result<Option<World>, AskError> {
    let path = folder().join(name);
    let Ok(file) = std::fs::File::open(&path) else { return Ok(None) };
    let cannot = |source: io::Error| fault(FileError { path: path.clone(), source });
    let mut text = Vec::new();
    flate2::read::MultiGzDecoder::new(file).read_to_end(&mut text).map_err(cannot)?;
    let mut reader = LogReader::new()?;
    for line in text.split(|byte| *byte == b'\n') {
        let Some(event) = event_of_line(line) else { continue };
        let event = AccessEvent::at(event.time_unix_ms, event.status)
            .from_whom(event.address, String::new(), event.user_agent)
            .for_what(event.method, event.target)
            .with_context(event.referrer, String::new());
        reader.read(event)?;
    }
    let unseen = reader.pages().div_ceil(crowd::OPENED_PER_UNSEEN);
    let unseen = (0..unseen).map(|page| crowd::name("/never/", page));
    Ok(Some(reader.world(unseen, bounds, parallel::each)))
}
