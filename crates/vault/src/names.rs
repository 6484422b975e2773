//! Tables by a text, made for the way of an event: each text is hashed once.
//!
//! Pages, referrers and campaigns come from outside, so that somebody may choose them. They are hashed with SipHash-1-3
//! under a key that is drawn at random in each process ([`std::hash::RandomState`]); nobody can choose texts that share a
//! place. Which hash a text has never decides anything but its place in memory.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    marker::PhantomData,
    sync::{Arc, LazyLock},
};

use hashbrown::{HashTable, hash_table::Entry};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
};

/// One key for all tables, so that a hash that was made once serves in each of them.
static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// A text with its hash.
#[derive(Clone, Copy)]
pub(super) struct Name<'t> {
    pub(super) text: &'t str,
    hash: u64,
}

impl<'t> Name<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Self { text, hash: KEY.hash_one(text) }
    }
}

/// A text of a batch, by its place among the batch's [`Names`].
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct NameId(u32);

impl NameId {
    /// Its place among the names, from 0.
    pub(super) fn place(self) -> usize {
        self.0 as usize
    }
}

/// The texts of a batch, each once, one after the other in one piece of memory.
#[derive(Default)]
pub(super) struct Names {
    all: String,
    /// Where each ends, and its hash.
    each: Vec<(u32, u64)>,
    known: HashTable<u32>,
}

impl Names {
    /// The place of a text; it is taken in where it is new. `last` is the place that was given for this use before: most
    /// visits have the same few referrers and no campaign.
    pub(super) fn id(&mut self, text: &str, last: &mut NameId) -> NameId {
        if last.0 < self.len() && self.text(*last) == text {
            return *last;
        }
        let hash = KEY.hash_one(text);
        let Self { all, each, known } = self;
        let entry = known.entry(hash, |&id| piece(all, each, id) == text, |&id| each[id as usize].1);
        *last = NameId(match entry {
            Entry::Occupied(found) => *found.get(),
            Entry::Vacant(place) => {
                // A batch has at most 20,000 events of at most three texts of 512 bytes: 32 bits are enough.
                let id = u32::try_from(each.len()).unwrap_or(u32::MAX);
                place.insert(id);
                all.push_str(text);
                each.push((u32::try_from(all.len()).unwrap_or(u32::MAX), hash));
                id
            }
        });
        *last
    }

    /// How many there are.
    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.each.len()).unwrap_or(u32::MAX)
    }

    fn text(&self, id: NameId) -> &str {
        piece(&self.all, &self.each, id.0)
    }

    pub(super) fn get(&self, id: NameId) -> Name<'_> {
        Name { text: self.text(id), hash: self.each[id.0 as usize].1 }
    }
}

fn piece<'t>(all: &'t str, each: &[(u32, u64)], id: u32) -> &'t str {
    let place = id as usize;
    let start = if place == 0 { 0 } else { each[place - 1].0 as usize };
    &all[start..each[place].0 as usize]
}

/// A map from texts.
#[derive(Clone)]
pub(super) struct TextMap<V> {
    /// Places of rows by their texts.
    places: HashTable<u32>,
    /// Rows stay where they are, so that a place that was found once serves again.
    rows: Vec<Row<V>>,
}

#[derive(Clone)]
struct Row<V> {
    hash: u64,
    key: Arc<str>,
    value: V,
    /// Where the same text stood last in other maps, by [`Beside`].
    beside: [u32; 2],
}

/// Another map in which a row's text has a row too.
#[derive(Clone, Copy)]
pub(super) enum Beside {
    /// The same map of the delta.
    Delta,
    /// The pages of the month, beside those of a day.
    Month,
}

/// No place: it was not looked up, or nothing is remembered of it.
const UNKNOWN: u32 = u32::MAX;

impl<V> Default for TextMap<V> {
    fn default() -> Self {
        Self { places: HashTable::new(), rows: Vec::new() }
    }
}

impl<V> TextMap<V> {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn find(&self, name: Name<'_>) -> Option<&V> {
        self.place(name).map(|place| &self.rows[place].value)
    }

    /// Where a text stands. Rows stay where they are until the map is cleared.
    pub(super) fn place(&self, name: Name<'_>) -> Option<usize> {
        let is_it = |&place: &u32| self.rows[place as usize].is(name);
        self.places.find(name.hash, is_it).map(|&place| place as usize)
    }

    /// The value at a place.
    pub(super) fn value(&mut self, place: usize) -> &mut V {
        &mut self.rows[place].value
    }

    /// Where the text at a place stands in another map; it is put in where it is not there. The row remembers it, so that
    /// mostly nothing is looked up.
    pub(super) fn beside<W: Default>(&mut self, place: usize, which: Beside, other: &mut TextMap<W>) -> usize {
        let row = &mut self.rows[place];
        let known = &mut row.beside[which as usize];
        // The other map may have been cleared since: a place is good where it has the same hash, of 64 bits under a key.
        if other.rows.get(*known as usize).is_none_or(|theirs| theirs.hash != row.hash) {
            *known = other.place_of_row(row.hash, &row.key);
        }
        debug_assert_eq!(other.rows[*known as usize].key, row.key, "equal hashes have equal texts");
        *known as usize
    }

    pub(super) fn get(&self, key: &str) -> Option<&V> {
        self.find(Name::of(key))
    }

    #[cfg(test)]
    pub(super) fn get_mut(&mut self, key: &str) -> Option<&mut V> {
        self.place(Name::of(key)).map(|place| &mut self.rows[place].value)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &V)> {
        self.rows.iter().map(|row| (&*row.key, &row.value))
    }

    #[cfg(any(test, feature = "lab"))]
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().map(|row| &*row.key)
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.rows.iter().map(|row| &row.value)
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.rows.iter_mut().map(|row| &mut row.value)
    }

    /// All rows with names that are known in every map.
    pub(super) fn rows(&self) -> impl Iterator<Item = (Name<'_>, &V)> {
        self.rows.iter().map(|row| (Name { text: &row.key, hash: row.hash }, &row.value))
    }

    /// Forgets all rows, and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.places.clear();
        self.rows.clear();
    }
}

impl<V> Row<V> {
    fn new(hash: u64, key: Arc<str>) -> Self
    where
        V: Default,
    {
        Self { hash, key, value: V::default(), beside: [UNKNOWN; 2] }
    }

    fn is(&self, name: Name<'_>) -> bool {
        self.hash == name.hash && *self.key == *name.text
    }
}

impl<V: Default> TextMap<V> {
    /// The value of a text, which is put in where it is not there.
    pub(super) fn at(&mut self, name: Name<'_>) -> &mut V {
        let place = self.place_at(name);
        self.value(place)
    }

    /// The place of a text, which is put in where it is not there.
    pub(super) fn place_at(&mut self, name: Name<'_>) -> usize {
        self.entry(name.hash, name.text, || name.text.into()) as usize
    }

    /// The same for a text that has a row in another map: both share it.
    fn place_of_row(&mut self, hash: u64, key: &Arc<str>) -> u32 {
        self.entry(hash, key, || key.clone())
    }

    fn entry(&mut self, hash: u64, text: &str, key: impl FnOnce() -> Arc<str>) -> u32 {
        let Self { places, rows } = self;
        let name = Name { text, hash };
        match places.entry(hash, |&place| rows[place as usize].is(name), |&place| rows[place as usize].hash) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(vacant) => {
                // Far fewer keys than 32 bits count, see `guard`.
                let place = u32::try_from(rows.len()).unwrap_or(UNKNOWN);
                vacant.insert(place);
                rows.push(Row::new(hash, key()));
                place
            }
        }
    }
}

impl<V: PartialEq> PartialEq for TextMap<V> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.rows().all(|(name, value)| other.find(name) == Some(value))
    }
}

impl<V: Eq> Eq for TextMap<V> {}

#[cfg(test)]
impl<V> std::ops::Index<&str> for TextMap<V> {
    type Output = V;

    fn index(&self, key: &str) -> &V {
        self.get(key).expect("the key is there")
    }
}

impl<V: Serialize> Serialize for TextMap<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for TextMap<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Rows(PhantomData))
    }
}

struct Rows<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for Rows<V> {
    type Value = TextMap<V>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a map from texts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut rows: A) -> Result<TextMap<V>, A::Error> {
        let mut map = TextMap { places: HashTable::new(), rows: Vec::new() };
        while let Some((key, value)) = rows.next_entry::<Box<str>, V>()? {
            let name = Name::of(&key);
            if let Some(place) = map.place(name) {
                map.rows[place].value = value;
                continue;
            }
            let place = u32::try_from(map.rows.len()).unwrap_or(UNKNOWN);
            map.places.insert_unique(name.hash, place, |&place| map.rows[place as usize].hash);
            map.rows.push(Row { hash: name.hash, key: key.into(), value, beside: [UNKNOWN; 2] });
        }
        Ok(map)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn texts_map_like_the_plain_map(rows in prop::collection::vec(("[a-c]{0,3}", 0_u64..9), 0..60)) {
            let (mut ours, mut plain, mut names) = (TextMap::<u64>::default(), HashMap::<String, u64>::new(), Names::default());
            let mut last = NameId::default();
            for (key, count) in rows {
                let id = names.id(&key, &mut last);
                prop_assert_eq!(names.get(id).text, key.as_str());
                *ours.at(names.get(id)) += count;
                *plain.entry(key).or_default() += count;
            }
            prop_assert_eq!(ours.len(), plain.len());
            prop_assert!(plain.iter().all(|(key, count)| ours.get(key) == Some(count)));
            let bytes = postcard::to_allocvec(&ours).unwrap();
            prop_assert!(postcard::from_bytes::<TextMap<u64>>(&bytes).unwrap() == ours);
            let read: HashMap<String, u64> = postcard::from_bytes(&bytes).unwrap();
            prop_assert_eq!(read, plain);
        }
    }
}
