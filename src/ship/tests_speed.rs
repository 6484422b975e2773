//! How fast logs are read and shipped: measurements, not checks. Run them with
//! `cargo test --release --lib ship::tests_speed -- --ignored --nocapture --test-threads 1`.

use std::hint::black_box;
use std::io::Read as _;
use std::path::Path;
use std::time::Instant;

use super::tests::{Place, gzip};
use super::*;

const LOG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/logs/elastic-apache_logs.log.gz");

/// The elastic log some times over; `None` where it is not here.
fn repeated(times: usize) -> Option<Vec<u8>> {
    let Ok(file) = std::fs::File::open(Path::new(LOG)) else {
        println!("skipped: {LOG} is not here");
        return None;
    };
    let mut content = Vec::new();
    flate2::read::MultiGzDecoder::new(file).read_to_end(&mut content).unwrap();
    Some(content.repeat(times))
}

#[test]
#[ignore = "a measurement, not a check"]
fn parser() {
    let Some(content) = repeated(100) else { return };
    for to_event in [false, true] {
        let started = Instant::now();
        let (mut parser, mut count) = (Parser::new(Format::Auto), 0_u32);
        for line in content.split(|byte| *byte == b'\n') {
            let Ok(Parsed::Access(access)) = parser.parse(line) else {
                continue;
            };
            count += 1;
            if to_event {
                black_box(access.to_event());
            } else {
                black_box(access);
            }
        }
        let per_second = f64::from(count) / started.elapsed().as_secs_f64();
        println!("parse, to event {to_event}: {per_second:.0} lines/s");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement, not a check"]
async fn whole_way() {
    let Some(content) = repeated(50) else { return };
    let compressed = gzip(&content);
    // Each twice and in turn, so that a first run that warms up does not pass for a difference.
    let inputs = [("plain", content), ("gzip", compressed)];
    for (name, bytes) in inputs.iter().chain(&inputs) {
        let place = Place::new().await;
        let file = place.write(name, bytes);
        let summary = place.ship(&[&file]).await;
        let (sent, speed) = (summary.sent, summary.lines_per_second);
        println!("{name}, to a server in memory on the same machine: {sent} lines, {speed} lines/s");
    }
}
