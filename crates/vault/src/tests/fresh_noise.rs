//! Each release that is drawn takes noise of its own and lets go of it before anything is published.

use std::sync::Mutex;

use super::*;
use crate::{
    calendar::Period,
    release::{
        budget::SigmaMilli,
        noise::{NoiseFault, NoiseSource},
    },
};

/// What happened, in order.
type Story = Arc<Mutex<Vec<&'static str>>>;

/// Says when the noise of a release is made and when it goes.
struct Source(Story);

struct OfRelease {
    story: Story,
    drawn: bool,
}

impl NoiseSource for Source {
    fn of_release(&mut self) -> Result<Box<dyn Noise + '_>, NoiseFault> {
        self.0.lock().unwrap().push("made");
        Ok(Box::new(OfRelease { story: self.0.clone(), drawn: false }))
    }
}

impl Noise for OfRelease {
    fn sample(&mut self, _: SigmaMilli) -> Result<i64, NoiseFault> {
        if !std::mem::replace(&mut self.drawn, true) {
            self.story.lock().unwrap().push("drawn from");
        }
        Ok(0)
    }
}

impl Drop for OfRelease {
    fn drop(&mut self) {
        self.story.lock().unwrap().push("gone");
    }
}

#[test]
fn every_release_has_noise_of_its_own() {
    let house = House::new();
    let story = Story::default();
    let opened = open_with_noise(house.options(), house.clock.clone(), Box::new(Source(story.clone()))).unwrap();
    let Opened { intake, committer, releases, admin } = opened;
    let running = Running { intake, releases, admin, committer: std::thread::spawn(move || committer.run()) };
    let lane = running.lane("www", "import");
    let events = [3, 2, 1].into_iter().map(|days| view(NOON_UNIX_MS - days * DAY_MS, 1, "/")).collect();
    block_on(lane.send(batch(1, events, NOON_UNIX_MS))).unwrap();
    // 30 and 31 October and 1 November, the month of two of them, and the week of all three.
    let mut all: Vec<Period> = ["2026-10-30", "2026-10-31", "2026-11-01"].map(|d| Period::day(day(d))).to_vec();
    all.extend([Period::month_of(day("2026-10-30")), Period::week_of(day("2026-11-01"))]);
    for period in &all {
        running.wait_for("www", *period);
    }
    drop(lane);
    running.close();
    let wanted = vec![["made", "drawn from", "gone"]; all.len()].concat();
    assert_eq!(*story.lock().unwrap(), wanted);
}
