//! Nothing that was acknowledged is lost and nothing is counted twice, over kills and repeated shipments.

use crate::harness::{House, log_lines};

#[test]
fn a_log_that_is_shipped_twice_is_counted_once() {
    let house = House::new();
    let server = house.serve();
    let file = house.write("access.txt", log_lines(0, 3_500));
    let (code, first, _) = server.ship("www", &file, &[]);
    assert_eq!((code, first["lines"].as_u64()), (Some(0), Some(3_500)), "{first}");
    assert_eq!(first["files"][0]["outcomes"]["counted"].as_u64(), Some(3_500));
    server.wait_for_a_day("www");
    let before = server.report("www", &[]);
    let (code, again, _) = server.ship("www", &file, &[]);
    assert_eq!((code, again["sent"].as_u64()), (Some(0), Some(0)), "{again}");
    assert_eq!(server.report("www", &[])["traffic"], before["traffic"]);
    server.stop();
}

#[test]
fn acknowledged_batches_survive_a_kill_and_shipping_goes_on_where_it_was() {
    let house = House::new();
    let server = house.serve();
    let file = house.write("access.txt", log_lines(0, 2_500));
    let (code, first, _) = server.ship("www", &file, &["--live"]);
    assert_eq!((code, first["accepted"].as_u64()), (Some(0), Some(2_500)), "{first}");
    server.kill();

    let server = house.serve();
    // The log has grown; only the new lines are sent.
    let file = house.write("access.txt", log_lines(0, 4_000));
    let (code, second, _) = server.ship("www", &file, &[]);
    assert_eq!((code, second["sent"].as_u64()), (Some(0), Some(1_500)), "{second}");
    assert_eq!(second["files"][0]["resumed_at_line"].as_u64(), Some(2_500));
    server.wait_for_a_day("www");
    let report = server.report("www", &["--from", "2015-05-17", "--to", "2015-05-17"]);
    let visits = &report["traffic"]["points"][0]["visits"];
    let (low, high) = (visits["low"].as_i64().unwrap(), visits["high"].as_i64().unwrap());
    // 4,000 visitors of one view each. Four times the half width leaves one false alarm in a billion runs.
    let half = (high - low) / 2;
    assert!((visits["estimate"].as_i64().unwrap() - 4_000).abs() <= 4 * half, "{visits}");
    let log = server.stop();
    assert!(log.contains("stopping"), "{log}");
    // A published number never changes.
    let server = house.serve();
    let again = server.report("www", &["--from", "2015-05-17", "--to", "2015-05-17"]);
    assert_eq!(again["traffic"], report["traffic"]);
    server.stop();
}
