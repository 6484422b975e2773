//! An answer as a response: compressed where the reader takes that, and not sent again to whoever has it.

use std::{io, sync::Arc};

use http::{
    HeaderMap, HeaderValue, Response, StatusCode,
    header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, VARY},
};
use tokio::sync::Semaphore;
use tonic::body::Body;

use super::{
    body,
    coding::{Coding, gzip, is_known, tag},
};

/// Answers that are written at the same time, for each core.
const AT_ONCE_PER_CORE: usize = 2;
/// Shorter answers are not compressed, in bytes: they fit into one packet.
const PLAIN_BYTES_MAX: usize = 1_024;

/// Lets only so many write at the same time. Clones share the limit.
#[derive(Clone)]
pub(super) struct Writers(Arc<Semaphore>);

impl Writers {
    pub(super) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self(Arc::new(Semaphore::new(cores * AT_ONCE_PER_CORE)))
    }

    /// Writes on a thread where that holds up nobody; `None` where the writing ended unexpectedly.
    pub(super) async fn write<A: Send + 'static>(&self, write: impl FnOnce() -> A + Send + 'static) -> Option<A> {
        let permit = self.0.clone().acquire_owned().await.ok()?;
        let work = move || {
            // Given back at the end of the work, also where nobody waits for it any more.
            let _permit = permit;
            write()
        };
        tokio::task::spawn_blocking(work).await.ok()
    }
}

/// The response with these bytes, as the headers of the request want it. `is_kept`: a reader may keep it and ask whether it still
/// holds.
pub(super) fn reply(
    bytes: Vec<u8>,
    kind: &'static str,
    headers: &HeaderMap,
    is_kept: bool,
) -> io::Result<Response<Body>> {
    let tag = tag(&bytes);
    let is_known = is_kept && is_known(headers, &tag);
    let offered: &[Coding] =
        if bytes.len() > PLAIN_BYTES_MAX { &[Coding::Gzip, Coding::Plain] } else { &[Coding::Plain] };
    let coding = Coding::chosen(headers, offered);
    let bytes = match coding {
        _ if is_known => Vec::new(),
        Coding::Gzip => gzip(&bytes)?,
        _ => bytes,
    };
    let mut response = Response::new(body(bytes));
    let to = response.headers_mut();
    to.insert(VARY, HeaderValue::from_static("accept-encoding"));
    to.insert(CACHE_CONTROL, HeaderValue::from_static(if is_kept { "no-cache" } else { "no-store" }));
    if is_kept {
        // Weak: it stands for the answer in every coding.
        to.extend(HeaderValue::from_str(&format!("W/\"{tag}\"")).map(|tag| (ETAG, tag)));
    }
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return Ok(response);
    }
    to.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    to.extend(coding.name().map(|name| (CONTENT_ENCODING, name)));
    Ok(response)
}
