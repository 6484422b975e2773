//! What a sender may want to hear while batches are on their way: for a progress bar, a metric or a log line.

use std::time::Duration;

use super::error::SendError;

/// Is told what happens to a connection. It is called on the task that sends, so it must return at once.
pub trait Observer: Send + Sync {
    /// The server made a batch durable and accepted this many of its events.
    fn accepted(&self, events: u64) {
        let _ = events;
    }

    /// The connection broke for a reason, and is tried again for a while. Told once for each outage.
    fn interrupted(&self, reason: &str, retry_for: Duration) {
        let _ = (reason, retry_for);
    }

    /// Sending in the background met an error that does not pass by itself, such as a site that the server does not know. It begins
    /// anew after a pause; what the server had not acknowledged is dropped.
    fn stopped(&self, error: &SendError, pause: Duration) {
        let _ = (error, pause);
    }
}

/// Hears nothing.
impl Observer for () {}
