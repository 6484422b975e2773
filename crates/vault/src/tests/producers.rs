//! What a producer is told, and that nobody else is told it. A failure is an answer by which a sender learns of another one:
//! that it exists, or how far it has come.

use super::*;
use commit::sender::PRODUCER_SECRET_BYTES;
use store::rows::{self, ProducerRow};

const OTHER_SECRET: &[u8] = b"somebody else's secret";

/// The end, the cursor, and whether the batch was new; or what is expected instead.
type Told = Result<(u64, Vec<u8>, bool), String>;

/// What a sender is told of empty batches, each on a lane of its own.
fn probes(running: &Running, producer: &str, secret: &[u8]) -> Vec<Told> {
    let probe = |sequence| {
        let lane = running.lane_with("www", producer, secret);
        match block_on(lane.send(batch(sequence, vec![], 0))) {
            Ok(receipt) => Ok((receipt.durable_sequence, receipt.cursor, receipt.books.is_some())),
            Err(refusal) => Err(refusal.to_string()),
        }
    };
    [0, 9, 1, 2, 3, 0].into_iter().map(probe).collect()
}

fn send_three(running: &Running, producer: &str) {
    let lane = running.lane("www", producer);
    for sequence in 1..=3 {
        let cursor = format!("line {sequence}").into_bytes();
        let batch = TestBatch { cursor, ..batch(sequence, vec![view(NOON_UNIX_MS, 1, "/")], 0) };
        block_on(lane.send(batch)).unwrap();
    }
}

#[test]
fn whoever_lacks_the_secret_sees_the_same_with_and_without_the_producer() {
    for secret in [OTHER_SECRET, b""] {
        let told = [false, true].map(|is_there| {
            let house = House::new();
            let running = house.open();
            if is_there {
                send_three(&running, "web");
            }
            let told = probes(&running, "web", secret);
            running.close();
            told
        });
        assert_eq!(told[0], told[1]);
    }
}

#[test]
fn a_producer_is_one_site_one_name_and_one_secret() {
    let house = House::new();
    let running = house.open();
    send_three(&running, "web");
    let greet = |site: &str, producer: &str, secret: &[u8]| {
        block_on(running.lane_with(site, producer, secret).send(batch(0, vec![], 0))).unwrap().durable_sequence
    };
    assert_eq!(greet("www", "web", SECRET), 3);
    let longest = vec![7; *PRODUCER_SECRET_BYTES.end()];
    // Also where the parts would read the same in one piece.
    let (head, rest) = SECRET.split_at(1);
    let moved = format!("web{}", String::from_utf8_lossy(head));
    for (site, producer, secret) in
        [("www", "web", OTHER_SECRET), ("www", "web", &longest), ("www", &moved, rest), ("tokyo", "web", SECRET)]
    {
        assert_eq!(greet(site, producer, secret), 0, "{site} {producer}");
    }
    running.close();
}

#[test]
fn a_producer_is_its_tokens_and_goes_on_from_before_the_first_one() {
    let house = House::new();
    let running = house.open();
    send_three(&running, "web");
    let site = SiteName::new("www").unwrap();
    let greet = |secret: &[u8], owner: &str| {
        let lane = running.intake.lane(&site, "web", secret, owner).unwrap();
        block_on(lane.send(batch(0, vec![], 0))).unwrap().durable_sequence
    };
    // A token without the secret takes nothing over.
    assert_eq!(greet(OTHER_SECRET, "a"), 0);
    assert_eq!(greet(SECRET, "a"), 3);
    assert_eq!(greet(SECRET, "b"), 0);
    let next = running.intake.lane(&site, "web", SECRET, "a").unwrap();
    assert_eq!(block_on(next.send(batch(4, vec![], 0))).unwrap().durable_sequence, 4);
    // A lane holds the intake, which the end waits for.
    drop(next);
    running.close();
    let running = house.open();
    let greet = |owner: &str| {
        let lane = running.intake.lane(&site, "web", SECRET, owner).unwrap();
        block_on(lane.send(batch(0, vec![], 0))).unwrap().durable_sequence
    };
    assert_eq!([greet("a"), greet("b")], [4, 0]);
    running.close();
}

/// A directory of the format before with a producer at batch 41.
fn of_format_5(name: &str) -> House {
    let house = House::new();
    house.open().close();
    let key = keys::KeyRing::open(&house.keys()).unwrap().producer_key().unwrap().unwrap();
    let mut lane = StoredLane::open(&house.data(), 0).unwrap();
    let row = (41_u64, 0_i64, b"line 41".to_vec());
    let mut step = store::Step::default();
    step.put_row(&rows::producer_key(&SiteName::new("www").unwrap(), &key.id_by_name(name)), &row).unwrap();
    step.put_row(rows::FORMAT_KEY, &store::migrate::FORMAT_BEFORE).unwrap();
    lane.writer.commit(step).unwrap();
    house
}

fn rows_of(house: &House) -> Vec<ProducerRow> {
    let lane = StoredLane::open(&house.data(), 0).unwrap();
    lane.reader.scan(rows::PRODUCER_PREFIX).map(|row| rows::decode(&row.unwrap().1, "it").unwrap()).collect()
}

#[test]
fn a_producer_of_format_5_goes_to_the_first_secret_and_stays_with_it() {
    let house = of_format_5("web");
    let running = house.open();
    // Nobody without a secret is told, and it stays as it is.
    assert_eq!(probes(&running, "web", b""), probes(&running, "unknown", b""));
    let greeting = block_on(running.lane("www", "web").send(batch(0, vec![], 0))).unwrap();
    assert_eq!((greeting.durable_sequence, &*greeting.cursor), (41, &b"line 41"[..]));
    assert_eq!(probes(&running, "web", OTHER_SECRET), probes(&running, "unknown", OTHER_SECRET));
    running.close();
    assert!(rows_of(&house).iter().all(|row| row.owner.is_some()), "the binding is durable");

    let running = house.open();
    assert_eq!(probes(&running, "web", OTHER_SECRET)[0].as_ref().unwrap().0, 3, "its own, which it sent above");
    let lane = running.lane("www", "web");
    assert_eq!(block_on(lane.send(batch(42, vec![], 0))).unwrap().durable_sequence, 42);
    drop(lane);
    running.close();
    assert_eq!(rows_of(&house).iter().filter(|row| row.sequence == 42).count(), 1);
}

#[test]
fn without_a_secret_nothing_is_kept_but_what_is_complete() {
    let house = House::new();
    let running = house.open();
    let day_after_unix_ms = NOON_UNIX_MS + DAY_MS;
    for _ in 0..3 {
        let lane = running.lane_with("www", "web", b"");
        assert_eq!(block_on(lane.send(batch(0, vec![], 0))).unwrap().durable_sequence, 0);
        for sequence in 1..=2 {
            let sent = block_on(lane.send(batch(sequence, vec![view(NOON_UNIX_MS, 1, "/")], 0))).unwrap();
            assert_eq!((sent.durable_sequence, sent.books.is_some()), (sequence, true));
        }
        assert!(block_on(lane.send(batch(2, vec![], 0))).unwrap().books.is_none(), "its own batch is known");
    }
    running.close();
    assert_eq!(rows_of(&house), []);

    // Its statement is durable, and holds for all such streams: their day is published.
    house.clock.set(day_after_unix_ms);
    let running = house.open();
    for producer in ["web", "other"] {
        let lane = running.lane_with("www", producer, b"");
        block_on(lane.send(batch(1, vec![], day_after_unix_ms))).unwrap();
    }
    let published = running.wait_for("www", crate::calendar::Period::day(day("2026-11-02")));
    assert!(published.gap.is_none());
    running.close();
    let rows = rows_of(&house);
    assert_eq!(
        rows.iter().map(|row| (row.sequence, row.complete_through_unix_ms)).collect::<Vec<_>>(),
        [(0, day_after_unix_ms)]
    );
}

#[test]
fn what_a_stream_without_a_secret_states_hurries_no_producer_that_has_one() {
    let house = House::new();
    let running = house.open();
    let (bound, stream) = (running.lane("www", "web"), running.lane_with("www", "web", b""));
    block_on(bound.send(batch(1, vec![view(NOON_UNIX_MS, 1, "/")], NOON_UNIX_MS))).unwrap();
    let day_after_unix_ms = NOON_UNIX_MS + DAY_MS;
    house.clock.set(day_after_unix_ms);
    block_on(stream.send(batch(1, vec![], day_after_unix_ms))).unwrap();
    // The answer to the next batch comes after the committer has looked at what is due.
    block_on(stream.send(batch(2, vec![], 0))).unwrap();
    let today = crate::calendar::Period::day(day("2026-11-02"));
    assert_eq!(running.releases.get(&SiteName::new("www").unwrap(), today).unwrap(), None);
    block_on(bound.send(batch(2, vec![], day_after_unix_ms))).unwrap();
    running.wait_for("www", today);
    drop((bound, stream));
    running.close();
}
