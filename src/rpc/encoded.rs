//! Responses as bytes. Many people ask the same: an answer is encoded once, and its bytes are sent to all of them until the
//! answer itself is another.
//!
//! How long an answer holds is decided by `answers` alone; here its stamp says whether bytes are of this answer.

use std::hash::Hash;

use prost::{Message, bytes::Bytes};
use quick_cache::{Weighter, sync::Cache};
use tonic::Status;

use super::status;
use crate::answers::cache::Weigh;

/// What all cached responses of a kind may take, in bytes.
const BYTES_MAX: u64 = 8 * 1024 * 1024;
/// How many responses of a kind are expected. The cache is split into at most a thirty-second of this many shards (four), and
/// the largest response must fit into one.
const RESPONSES_EXPECTED: usize = 128;

/// A response as it goes over the wire.
#[derive(Clone)]
pub struct Encoded(Bytes);

impl Encoded {
    pub(super) fn of(response: &impl Message) -> Self {
        Self(response.encode_to_vec().into())
    }

    pub(super) fn into_bytes(self) -> Bytes {
        self.0
    }
}

impl Weigh for Encoded {
    fn bytes(&self) -> usize {
        self.0.len()
    }
}

/// A response, and the stamp of the answer that it was made of.
#[derive(Clone)]
struct Stamped {
    response: Encoded,
    stamp: u64,
}

#[derive(Clone)]
struct ByBytes;

impl<Q: Weigh> Weighter<Q, Stamped> for ByBytes {
    fn weight(&self, question: &Q, stamped: &Stamped) -> u64 {
        (question.bytes() + stamped.response.0.len()) as u64
    }
}

/// Responses of one kind, by question.
pub(super) struct EncodedCache<Q>(Cache<Q, Stamped, ByBytes>);

impl<Q: Weigh + Hash + Eq + Clone> EncodedCache<Q> {
    pub(super) fn new() -> Self {
        Self(Cache::with_weighter(RESPONSES_EXPECTED, BYTES_MAX, ByBytes))
    }

    /// The response to a question, made of the answer of this stamp or of a later one. It is encoded once for all who ask
    /// the same at the same time, on a thread where that holds up nobody.
    pub(super) async fn response<M: Message>(
        &self,
        question: &Q,
        stamp: u64,
        convert: impl FnOnce() -> Result<M, Status> + Send + 'static,
    ) -> Result<Encoded, Status> {
        if let Some(stamped) = self.0.get(question).filter(|stamped| stamped.stamp >= stamp) {
            return Ok(stamped.response);
        }
        self.0.remove_if(question, |stamped| stamped.stamp < stamp);
        let guard = match self.0.get_value_or_guard_async(question).await {
            Ok(stamped) => return Ok(stamped.response),
            Err(guard) => guard,
        };
        let encode = move || convert().map(|response| Encoded::of(&response));
        let response = tokio::task::spawn_blocking(encode).await.map_err(|_| status::internal())??;
        // Where others took the room meanwhile, it is not cached.
        let _ = guard.insert(Stamped { response: response.clone(), stamp });
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };

    use super::*;
    use crate::proto::OutcomeCount;

    /// Asks; the response holds how often anything was encoded before.
    async fn ask(cache: &EncodedCache<()>, encoded: &Arc<AtomicU32>, stamp: u64) -> u32 {
        let encoded = encoded.clone();
        let convert = move || {
            let first_index = encoded.fetch_add(1, Ordering::SeqCst);
            Ok(OutcomeCount { first_index, ..OutcomeCount::default() })
        };
        let response = cache.response(&(), stamp, convert).await.unwrap();
        OutcomeCount::decode(response.into_bytes()).unwrap().first_index
    }

    #[tokio::test]
    async fn an_answer_is_encoded_once_and_never_replaced_by_an_older_one() {
        let (cache, encoded) = (EncodedCache::new(), Arc::default());
        assert_eq!([ask(&cache, &encoded, 4).await, ask(&cache, &encoded, 4).await], [0, 0]);
        assert_eq!(ask(&cache, &encoded, 5).await, 1);
        // Whoever got the answer before is sent the later one.
        assert_eq!(ask(&cache, &encoded, 4).await, 1);
        assert_eq!(encoded.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn what_cannot_be_converted_is_not_cached() {
        let (cache, encoded) = (EncodedCache::new(), Arc::default());
        let refused = cache.response::<OutcomeCount>(&(), 1, || Err(status::internal())).await;
        assert!(refused.is_err());
        assert_eq!(ask(&cache, &encoded, 1).await, 0);
    }
}
