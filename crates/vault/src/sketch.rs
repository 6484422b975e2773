//! The sketch: how many different visitors, without a list of them.
//!
//! A HyperLogLog sketch (Flajolet and others 2007) counts the visitors of a week or a month, whom no one may
//! remember. A visitor's keyed 64-bit tag picks one register and a rank; the register keeps the highest rank. So a
//! visitor changes at most one register, and adding one twice changes nothing.
//!
//! This file wraps the `hyperloglog` crate: a sparse form while few registers are used, a merge that gives the same
//! sketch in any order and grouping, a compact stored form, and the histogram of register values from which the number
//! is published. It never estimates (the noise has to come first, see `release::estimate`) and never hashes: tags
//! come from outside, under the key of their epoch.

use hyperloglog::HyperLogLog;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

mod stored;

pub(crate) use stored::SketchFault;

/// How many registers a sketch has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Precision {
    /// 2^12 registers, for a page: standard error 1.6 % before noise.
    P12,
    /// 2^14 registers, for a site: standard error 0.8 % before noise.
    P14,
}

/// The sketch of a site's visitors.
pub(crate) const SITE_PRECISION: Precision = Precision::P14;
/// The sketch of a page's visitors.
pub(crate) const PAGE_PRECISION: Precision = Precision::P12;

impl Precision {
    /// p, the number of hash bits that choose the register.
    pub(crate) const fn bits(self) -> u8 {
        match self {
            Self::P12 => 12,
            Self::P14 => 14,
        }
    }

    /// m = 2^p.
    pub(crate) const fn registers(self) -> usize {
        1 << self.bits()
    }

    /// The highest value of a register, 65 - p: all other hash bits are zero.
    pub(crate) const fn rank_max(self) -> u8 {
        65 - self.bits()
    }

    /// Used registers up to which the sparse form is smaller and quick enough.
    pub(crate) const fn sparse_entries_max(self) -> usize {
        self.registers() / 16
    }

    /// The register and the rank (1 to [`Self::rank_max`]) of a hash: the low p bits, and one more than the leading
    /// zeros of the rest. The same rule as the crate's.
    #[expect(clippy::cast_possible_truncation, reason = "Cast safety: at most 64 zeros, and an index below 2^14.")]
    pub(crate) const fn position(self, hash: u64) -> (u16, u8) {
        let index = hash & (self.registers() as u64 - 1);
        let rest = hash >> self.bits();
        // p bits are known to be zero in `rest`, so its zeros count from there: at most 65 - p.
        let rank = rest.leading_zeros() as u8 - self.bits() + 1;
        (index as u16, rank)
    }

    /// Some hash whose position is (`index`, `rank`): the crate can be told a rank only through a hash.
    const fn hash_at(self, index: u16, rank: u8) -> u64 {
        if rank >= self.rank_max() {
            return index as u64;
        }
        (1 << (64 - rank)) | index as u64
    }

    /// The error rate for which the crate chooses this p. Its rule is p = ceil(2 ln(1.04 / rate)), with a natural
    /// logarithm; these rates lie in the middle of the step, so no rounding can move them.
    const fn crate_error_rate(self) -> f64 {
        match self {
            Self::P12 => 0.003_31,
            Self::P14 => 0.001_22,
        }
    }

    /// Whether (`index`, `rank`) can be the value of a used register.
    const fn allows(self, index: u16, rank: u8) -> bool {
        (index as usize) < self.registers() && rank >= 1 && rank <= self.rank_max()
    }
}

/// A used register and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    index: u16,
    rank: u8,
}

/// The two forms. Which one it is follows from the number of used registers alone, so equal sketches have equal forms.
#[derive(Clone)]
enum Form {
    /// Sorted by index, at most `sparse_entries_max` entries. What a commit adds to a page's sketch are a few: they need no
    /// memory of their own.
    Sparse(SmallVec<[Entry; 4]>),
    Dense(Dense),
}

/// The crate's sketch. The crate cannot be asked for one register (only for all, through serde), so the ranks are kept
/// beside it. They answer whether a raise changed anything; the tests hold the two equal.
#[derive(Clone)]
struct Dense {
    sketch: Box<HyperLogLog>,
    ranks: Box<[u8]>,
}

/// A set of visitors of which only the size can be told.
#[derive(Clone, Deserialize)]
#[serde(try_from = "stored::Stored")]
pub(crate) struct Sketch {
    precision: Precision,
    form: Form,
}

impl Sketch {
    /// An empty sketch.
    pub(crate) fn new(precision: Precision) -> Self {
        Self { precision, form: Form::Sparse(SmallVec::new()) }
    }

    /// Its precision.
    pub(crate) fn precision(&self) -> Precision {
        self.precision
    }

    /// Raises one register to at least `rank`; true if that changed it.
    ///
    /// `index` is below m and `rank` is 1 to `rank_max`, as [`Precision::position`] gives them. Anything else changes
    /// nothing and gives false (and stops a debug build).
    pub(crate) fn raise(&mut self, index: u16, rank: u8) -> bool {
        let allowed = self.precision.allows(index, rank);
        debug_assert!(allowed, "register {index} cannot have rank {rank}");
        if !allowed {
            return false;
        }
        let changed = match &mut self.form {
            Form::Dense(dense) => dense.raise(self.precision, index, rank),
            Form::Sparse(entries) => raise_sparse(entries, Entry { index, rank }),
        };
        self.grow();
        changed
    }

    /// Takes in everything that `other` has seen. In any order and grouping the result is the same.
    ///
    /// # Errors
    /// [`SketchFault::Precision`] where the two have different precisions; nothing is changed then.
    pub(crate) fn merge(&mut self, other: &Self) -> Result<(), SketchFault> {
        if self.precision != other.precision {
            return Err(SketchFault::Precision(other.precision.bits()));
        }
        match (&mut self.form, &other.form) {
            (Form::Dense(mine), Form::Dense(theirs)) => mine.merge(theirs),
            (_, Form::Sparse(entries)) => {
                for entry in entries {
                    self.raise(entry.index, entry.rank);
                }
            }
            (Form::Sparse(entries), Form::Dense(theirs)) => {
                let mine = std::mem::take(entries);
                let mut dense = theirs.clone();
                for entry in mine {
                    dense.raise(self.precision, entry.index, entry.rank);
                }
                self.form = Form::Dense(dense);
            }
        }
        Ok(())
    }

    /// About how many bytes its stored form takes.
    pub(crate) fn stored_bytes(&self) -> usize {
        match &self.form {
            Form::Sparse(entries) => 3 * entries.len(),
            Form::Dense(_) => self.precision.registers() * 6 / 8,
        }
    }

    /// How many registers have each value 0 to `rank_max`. The sum is m, the number of registers.
    ///
    /// One visitor more or less moves at most one register from one entry to another: L2 distance sqrt 2.
    #[expect(clippy::cast_possible_truncation, reason = "Cast safety: at most 2^14 registers.")]
    pub(crate) fn histogram(&self) -> Vec<u32> {
        let mut counts = vec![0_u32; usize::from(self.precision.rank_max()) + 1];
        let mut used = 0;
        self.for_each_used(|entry| {
            used += 1;
            counts[usize::from(entry.rank)] += 1;
        });
        counts[0] = self.precision.registers() as u32 - used;
        counts
    }

    /// Calls `visit` with every used register in order of index.
    fn for_each_used(&self, mut visit: impl FnMut(Entry)) {
        match &self.form {
            Form::Sparse(entries) => entries.iter().copied().for_each(visit),
            Form::Dense(dense) => {
                for (index, rank) in (0..=u16::MAX).zip(&*dense.ranks) {
                    if *rank > 0 {
                        visit(Entry { index, rank: *rank });
                    }
                }
            }
        }
    }

    /// Goes over to the dense form where the sparse one has become too long.
    fn grow(&mut self) {
        let Form::Sparse(entries) = &self.form else {
            return;
        };
        if entries.len() <= self.precision.sparse_entries_max() {
            return;
        }
        let mut dense = Dense::new(self.precision);
        for entry in entries {
            dense.raise(self.precision, entry.index, entry.rank);
        }
        self.form = Form::Dense(dense);
    }
}

/// Raises or inserts one entry of a sorted list; true if that changed it.
fn raise_sparse(entries: &mut SmallVec<[Entry; 4]>, entry: Entry) -> bool {
    match entries.binary_search_by_key(&entry.index, |known| known.index) {
        Ok(place) if entries[place].rank >= entry.rank => false,
        Ok(place) => {
            entries[place].rank = entry.rank;
            true
        }
        Err(place) => {
            entries.insert(place, entry);
            true
        }
    }
}

impl Dense {
    fn new(precision: Precision) -> Self {
        // The seed is of no use here (tags come hashed), but two sketches merge only if it is the same.
        let sketch = HyperLogLog::new_deterministic(precision.crate_error_rate(), 0);
        Self { sketch: Box::new(sketch), ranks: vec![0; precision.registers()].into() }
    }

    fn raise(&mut self, precision: Precision, index: u16, rank: u8) -> bool {
        let known = &mut self.ranks[usize::from(index)];
        if *known >= rank {
            return false;
        }
        *known = rank;
        self.sketch.insert_by_hash_value(precision.hash_at(index, rank));
        true
    }

    fn merge(&mut self, other: &Self) {
        self.sketch.merge(&other.sketch);
        for (mine, theirs) in self.ranks.iter_mut().zip(&*other.ranks) {
            *mine = (*mine).max(*theirs);
        }
    }
}

#[cfg(test)]
mod tests;
