//! A long batch on its way into the vault: other tasks get their turns, and a batch that is given up leaves nothing behind.

use std::{
    future::Future,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Poll, Waker},
};

use super::*;
use crate::tests::{House, NOON_UNIX_MS, batch, block_on, view};

#[test]
fn other_tasks_of_the_same_thread_run_while_a_long_batch_is_anonymised() {
    let house = House::new();
    let running = house.open();
    let lane = running.lane("www", "one");
    let events = (0..20_000).map(|visitor| view(NOON_UNIX_MS, visitor, "/")).collect();
    let turns = Arc::new(AtomicU32::new(0));
    let taken = turns.clone();
    block_on(async move {
        let other = tokio::spawn(async move {
            loop {
                taken.fetch_add(1, Ordering::SeqCst);
                tokio::task::yield_now().await;
            }
        });
        let Batch { sequence, events, length, complete_through_unix_ms, cursor } = batch(1, events, 0);
        let events = events.into_iter().map(Ok);
        let batch = Batch { sequence, events, length, complete_through_unix_ms, cursor };
        let pending = lane.hand_over(batch).await.unwrap();
        // Before anybody waits for the disk.
        assert!(turns.load(Ordering::SeqCst) >= 20_000 / EVENTS_PER_SLICE, "{turns:?} turns");
        other.abort();
        assert_eq!(pending.receipt().await.unwrap().durable_sequence, 1);
    });
    running.close();
}

#[test]
fn a_batch_that_is_given_up_half_way_is_wiped_and_not_counted() {
    let house = House::new();
    let running = house.open();
    let lane = running.lane("www", "one");
    let length = 2 * EVENTS_PER_SLICE as usize;
    let mut addresses: Vec<String> = (0..length).map(|n| format!("192.0.2.{}", n % 256)).collect();
    let events = addresses.iter_mut().map(|address| {
        let event = AccessEvent::at(NOON_UNIX_MS, 200).from_whom(address.as_mut_str(), "", "agent");
        Ok(event.for_what("GET", "/"))
    });
    let batch = Batch { sequence: 1, events, length, complete_through_unix_ms: 0, cursor: Vec::new() };
    {
        let mut handing_over = pin!(lane.hand_over(batch));
        let Poll::Pending = handing_over.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
            panic!("a batch of two slices does not wait once")
        };
    }
    // The rest was never read from its message, which wipes all of its bytes.
    let wiped = addresses.iter().filter(|address| address.bytes().all(|byte| byte == 0)).count();
    assert_eq!(wiped, EVENTS_PER_SLICE as usize);
    // All room was given back, and the sequence was not used.
    let events = vec![view(NOON_UNIX_MS, 1, "/")];
    let receipt = block_on(lane.send(crate::tests::batch(1, events, 0))).unwrap();
    assert_eq!(receipt.durable_sequence, 1);
    let whole = u32::try_from(EVENTS_UNDER_WAY_MAX).unwrap();
    let patience = std::time::Duration::from_secs(60);
    block_on(async { tokio::time::timeout(patience, running.intake.room.acquire_many(whole)).await })
        .expect("all room is given back")
        .unwrap()
        .forget();
    drop(lane);
    running.close();
}
