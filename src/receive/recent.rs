//! Which records came a short while ago: a collector that got no answer sends them again, and they must not count twice.
//!
//! A record is known by a digest of all its bytes and of its sender's, under a key that lives as long as the process. Whether one is
//! left out depends on it and its copies alone, never on what else came with it. Digests are forgotten after ten to twenty
//! minutes, and earlier where more than [`RECORDS_MAX`] come within ten. It never holds a record, and nothing of it
//! reaches the disk: after a restart all is new.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// How long digests are gathered before older ones are forgotten. Collectors give a batch up after some five minutes.
const GENERATION: Duration = Duration::from_secs(600);
/// Digests of a generation: as many as fit a table of 2²¹ places, some 19 MB.
const RECORDS_MAX: usize = 1_800_000;

/// What tells a record from all others.
pub(super) type Digest = u64;

/// The system has no random bits.
#[derive(Debug, thiserror::Error)]
#[error("the system gives no random bits: {0}")]
pub struct NoRandomness(getrandom::Error);

/// Some of the records are under way already, in another request: let it end first.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct UnderWay;

/// What came recently.
pub(super) struct Recent {
    key: [u8; 32],
    state: Mutex<State>,
}

struct State {
    current: HashSet<Digest>,
    before: HashSet<Digest>,
    under_way: HashSet<Digest>,
    since: Instant,
}

/// Digests of the records of one request. Those of one that repeats another byte by byte differ by its number.
pub(super) struct Digests<'r> {
    recent: &'r Recent,
    sender: [u8; 32],
    times: HashMap<Digest, u32>,
}

impl Recent {
    pub(super) fn new() -> Result<Self, NoRandomness> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(NoRandomness)?;
        let nothing = HashSet::new;
        let state = State { current: nothing(), before: nothing(), under_way: nothing(), since: Instant::now() };
        Ok(Self { key, state: Mutex::new(state) })
    }

    /// Digests of records of this sender.
    pub(super) fn digests(&self, sender: &[u8]) -> Digests<'_> {
        Digests { recent: self, sender: *blake3::keyed_hash(&self.key, sender).as_bytes(), times: HashMap::new() }
    }

    /// Takes the records of a request: for each whether it is new. New ones are under way until [`Recent::settle`].
    pub(super) fn claim(&self, digests: &[Digest]) -> Result<Vec<bool>, UnderWay> {
        self.claim_at(digests, Instant::now())
    }

    fn claim_at(&self, digests: &[Digest], now: Instant) -> Result<Vec<bool>, UnderWay> {
        let mut state = self.state();
        state.forget(now);
        if digests.iter().any(|digest| state.under_way.contains(digest)) {
            return Err(UnderWay);
        }
        let known = |digest: &Digest| state.current.contains(digest) || state.before.contains(digest);
        let new: Vec<bool> = digests.iter().map(|digest| !known(digest)).collect();
        state.under_way.extend(digests.iter().zip(&new).filter(|(_, new)| **new).map(|(digest, _)| *digest));
        Ok(new)
    }

    /// Ends what was under way: it is durable, or it may come again.
    pub(super) fn settle(&self, digests: impl IntoIterator<Item = Digest>, is_durable: bool) {
        let mut state = self.state();
        for digest in digests {
            state.under_way.remove(&digest);
            if is_durable {
                state.current.insert(digest);
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn forget(&mut self, now: Instant) {
        let age = now.saturating_duration_since(self.since);
        if age >= GENERATION || self.current.len() >= RECORDS_MAX {
            self.before = if age >= GENERATION * 2 { HashSet::new() } else { std::mem::take(&mut self.current) };
            self.current = HashSet::new();
            self.since = now;
        }
    }
}

impl Digests<'_> {
    /// The digest of the next record, of its bytes.
    pub(super) fn next(&mut self, record: &[u8]) -> Digest {
        let digest = self.digest(record, 0);
        let times = self.times.entry(digest).or_default();
        *times += 1;
        let times = *times;
        if times == 1 { digest } else { self.digest(record, times) }
    }

    fn digest(&self, record: &[u8], times: u32) -> Digest {
        let mut hasher = blake3::Hasher::new_keyed(&self.recent.key);
        hasher.update(&self.sender).update(&times.to_le_bytes()).update(record);
        let bytes = hasher.finalize();
        bytes.as_bytes()[..8].iter().fold(0, |digest, byte| digest << 8 | u64::from(*byte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digests(recent: &Recent, records: &[&str]) -> Vec<Digest> {
        let mut digests = recent.digests(b"sender");
        records.iter().map(|record| digests.next(record.as_bytes())).collect()
    }

    #[test]
    fn what_became_durable_is_known_and_what_failed_is_not() {
        let recent = Recent::new().unwrap();
        let of = |records: &[&str]| digests(&recent, records);
        assert_eq!(recent.claim(&of(&["a", "b"])), Ok(vec![true, true]));
        assert_eq!(recent.claim(&of(&["b", "c"])), Err(UnderWay));
        recent.settle(of(&["a"]), true);
        recent.settle(of(&["b"]), false);
        // Cut otherwise, with others: each record for itself.
        assert_eq!(recent.claim(&of(&["x", "a", "b"])), Ok(vec![true, false, true]));
    }

    #[test]
    fn equal_records_of_one_request_are_as_many_as_there_are() {
        let recent = Recent::new().unwrap();
        let thrice = digests(&recent, &["a", "a", "b", "a"]);
        assert_eq!(thrice.iter().collect::<HashSet<_>>().len(), 4);
        assert_eq!(thrice, digests(&recent, &["a", "a", "b", "a"]));
        assert_ne!(recent.digests(b"other").next(b"a"), thrice[0]);
        assert_ne!(digests(&Recent::new().unwrap(), &["a"])[0], thrice[0], "another process, another key");
    }

    #[test]
    fn digests_are_forgotten_after_ten_to_twenty_minutes() {
        let recent = Recent::new().unwrap();
        let of = |records: &[&str]| digests(&recent, records);
        recent.claim(&of(&["a"])).unwrap();
        recent.settle(of(&["a"]), true);
        let later = |generations| Instant::now() + GENERATION * generations;
        assert_eq!(recent.claim_at(&of(&["a"]), later(1)), Ok(vec![false]));
        assert_eq!(recent.claim_at(&of(&["a"]), later(2)), Ok(vec![true]));
    }
}
