//! What the blocks of a range say of each key of a table, without bias.
//!
//! It is here so that sums over blocks are made in one way: by the places of the keys, in the order of the blocks.

use std::rc::Rc;

use super::{
    columns::{Column, Columns, Place},
    measure::Measure,
    within::Part,
};
use crate::Source;

/// What is known of a key from the blocks of a range.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Direct {
    /// Unbiased.
    pub measure: Measure,
    /// The same from the blocks of the range alone: its noise is independent of that of any other range.
    pub plain: Measure,
    /// How much may be missing, because a block did not publish the key.
    pub slack: i64,
    /// In how many blocks it is published.
    pub(super) blocks: usize,
    /// Whether a block may have published it because its count was large.
    pub(super) is_chosen: bool,
    /// What the blocks that publish it hold together, of which it is a part.
    pub(super) whole: f64,
    /// How many days these blocks have.
    pub(super) days: f64,
}

/// A key with what is known of it.
pub(super) struct Known {
    pub(super) key: Rc<str>,
    pub(super) place: Place,
    pub(super) direct: Direct,
}

/// The keys that a range publishes, in their order.
pub struct Directs(pub(super) Vec<Known>);

impl Directs {
    /// What is known of a key; none where no block publishes it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Direct> {
        self.position(key).map(|position| &self.0[position].direct)
    }

    /// Which of the keys it is.
    #[must_use]
    pub fn position(&self, key: &str) -> Option<usize> {
        self.0.binary_search_by(|known| (*known.key).cmp(key)).ok()
    }

    /// What is known of each.
    pub fn values(&self) -> impl Iterator<Item = &Direct> {
        self.0.iter().map(|known| &known.direct)
    }

    /// Their names.
    pub fn keys(&self) -> impl Iterator<Item = &Rc<str>> {
        self.0.iter().map(|known| &known.key)
    }
}

/// Sums by the places of the keys.
#[derive(Default)]
pub(super) struct Sums(Vec<Direct>);

impl Sums {
    /// Notes that a block publishes its keys; so many keys were met.
    pub(super) fn note(&mut self, block: &Column, part: Part, places: usize) {
        if self.0.len() < places {
            self.0.resize(places, Direct::default());
        }
        let whole = block.whole(part).map_or(0.0, |measure| measure.value);
        for (place, is_chosen) in block.places.iter().zip(&block.chosen) {
            let direct = &mut self.0[*place];
            direct.blocks += 1;
            direct.whole += whole;
            direct.days += block.days;
            direct.is_chosen |= is_chosen;
        }
    }

    /// Adds what blocks say by themselves, and what it is taken for.
    pub(super) fn add(&mut self, plain: &[Sum], measures: &[Sum]) {
        let published = self.0.iter_mut().zip(plain.iter().zip(measures)).filter(|(_, (plain, _))| plain.blocks > 0);
        for (direct, (plain, sum)) in published {
            direct.plain = direct.plain.plus(plain.measure);
            direct.measure = direct.measure.plus(sum.measure);
        }
    }

    /// All published keys but one, in their order.
    pub(super) fn sorted<S: Source>(self, columns: &Columns<'_, S>, but: &str) -> Directs {
        let published = self.0.into_iter().enumerate().filter(|(_, direct)| direct.blocks > 0);
        let known = published.map(|(place, direct)| Known { key: columns.name(place), place, direct });
        let mut known: Vec<Known> = known.filter(|known| &*known.key != but).collect();
        known.sort_by(|a, b| a.key.cmp(&b.key));
        Directs(known)
    }
}

/// A key in some blocks: in how many, and their sum.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    pub(super) blocks: usize,
    pub(super) measure: Measure,
}

/// Each key's sum over blocks, by its place.
pub(super) fn sums(blocks: &[Rc<Column>], part: Part, places: usize) -> Vec<Sum> {
    let mut sums = vec![Sum::default(); places];
    for (place, measure) in blocks.iter().flat_map(|block| block.values(part)) {
        let sum = &mut sums[place];
        sum.blocks += 1;
        sum.measure = sum.measure.plus(measure);
    }
    sums
}
