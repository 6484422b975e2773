//! Whose batch it is, and where that sender stands. Told to nobody else: a producer belongs to the secret that it came with.
//!
//! With a secret a producer is (site, name, secret), stored under a keyed hash of the three; where tokens are in force, (site, name,
//! secret, token). So another secret is another
//! producer, which stands at nothing, whether or not there are more of that name. Without one it stands where its stream has
//! come to, and nothing of it is stored but what it states to be complete and when it imported, in one row for all such streams of
//! a site.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{store::rows::ProducerRow, tally::ProducerId};

/// How many bytes a secret has.
pub const PRODUCER_SECRET_BYTES: std::ops::RangeInclusive<usize> = 16..=64;

/// All producers of a site that have no secret. No keyed hash is this.
pub(super) const STREAMS: ProducerId = [0; 16];

/// Who sends.
#[derive(Clone)]
pub(crate) enum Sender {
    /// A producer with a secret.
    Bound {
        /// Under what it is stored.
        id: ProducerId,
        /// Under what it was stored while no tokens were in force; the same as `id` where it comes without one.
        without_owner: ProducerId,
        /// Under what format 5 stored a producer of this name, which had no secret.
        by_name: ProducerId,
    },
    /// A producer without one.
    OfStream(StreamPlace),
}

/// Where a producer without a secret stands. It ends with its stream.
#[derive(Clone, Default)]
pub(crate) struct StreamPlace(Arc<Mutex<ProducerRow>>);

impl StreamPlace {
    fn row(&self) -> MutexGuard<'_, ProducerRow> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes on. Only what is durable afterwards is answered, as for rows in memory.
    pub(super) fn go_on(&self, row: ProducerRow) {
        *self.row() = row;
    }
}

/// Where a sender stands.
pub(super) struct Standing {
    pub(super) id: ProducerId,
    pub(super) row: ProducerRow,
    /// The row was nobody's until now, and is to be stored as this sender's.
    pub(super) is_claimed: bool,
}

impl Sender {
    /// Where it stands, by what `known` says of producers that are stored or will be with the group under way.
    pub(super) fn standing<'r>(&self, known: impl Fn(&ProducerId) -> Option<&'r ProducerRow>) -> Standing {
        let (id, earlier) = match self {
            Self::OfStream(place) => return Standing { id: STREAMS, row: place.row().clone(), is_claimed: false },
            Self::Bound { id, without_owner, by_name } => (id, [without_owner, by_name]),
        };
        if let Some(row) = known(id) {
            return Standing { id: *id, row: row.clone(), is_claimed: false };
        }
        // It stays under the id that it had before, by which open periods know it.
        for before in earlier {
            let is_ours = |row: &&ProducerRow| row.owner.is_none_or(|owner| owner == *id || owner == *earlier[0]);
            if let Some(row) = known(before).filter(is_ours) {
                let is_claimed = row.owner != Some(*id);
                return Standing { id: *before, row: ProducerRow { owner: Some(*id), ..row.clone() }, is_claimed };
            }
        }
        let row = ProducerRow { owner: Some(*id), ..ProducerRow::default() };
        Standing { id: *id, row, is_claimed: false }
    }
}

/// What the streams without a secret have stated and imported, together.
pub(super) fn stated_by_streams(known: Option<&ProducerRow>, said: &ProducerRow) -> ProducerRow {
    let mut row = known.cloned().unwrap_or_default();
    row.owner = Some(STREAMS);
    row.complete_through_unix_ms = row.complete_through_unix_ms.max(said.complete_through_unix_ms);
    row.stated_unix_ms = row.stated_unix_ms.max(said.stated_unix_ms);
    row.imported_unix_ms = row.imported_unix_ms.max(said.imported_unix_ms);
    row
}
