//! After every crash, what was acknowledged is there, and nothing is there twice. This is the short form of `benches/crash`.
//!
//! The real server is killed again and again on one data directory, while three producers send on two connections each
//! (some batches twice, some too early): at random moments, before any change of the disk, in the middle of a write, right
//! after a sync and before its answer, while it stops, by a power failure that leaves only what was synced (or a random half
//! of the rest), and by a disk that is full, broken or read-only.
//!
//! A failure: a start that is refused, a panic, a greeting that does not know what was acknowledged or knows what was never
//! sent, a cursor of another batch, a rejected event, a published number that changes, and days whose numbers are not
//! those of the batches sent. Releases are noisy: with the configuration used one batch is about twenty standard
//! deviations of a day's visits, so a whole batch shows and a few single visitors would not. That a batch is all or nothing
//! follows from its being one step; `sealing` kills at each change of the disk.
//! Not a failure: a batch that was sent and not acknowledged may be there or not.

use crate::faults::campaign::Campaign;

#[test]
fn fifty_kills_under_load_lose_nothing_and_double_nothing() {
    let Some(campaign) = Campaign::new(1) else { return };
    let figures = campaign.run(50, 25, |_| {});
    eprintln!("{} ({:?}, {} days compared)", figures.last_line(), figures.by_way, figures.days_checked);
    assert!(figures.is_good(), "{}\n{}", figures.last_line(), figures.wrong.join("\n"));
    assert!(figures.acked > 200, "there was hardly any load: {}", figures.last_line());
}
