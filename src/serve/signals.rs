//! What a running server is told from outside: to stop, and to read again what can be read again.

use tokio::sync::watch;

/// What a server listens to.
#[derive(Debug, Clone)]
pub struct Signals {
    /// Turns true when the server is to finish what has begun and end.
    pub stop: watch::Receiver<bool>,
    /// Changes each time when what lies in files is to be read again: sitemaps, for one. Whoever keeps something of a file
    /// subscribes by cloning it.
    pub reload: watch::Receiver<u64>,
}

/// The other end.
#[derive(Debug, Clone)]
pub struct Told {
    stop: watch::Sender<bool>,
    reload: watch::Sender<u64>,
}

/// Both ends.
#[must_use]
pub fn signals() -> (Told, Signals) {
    let ((stop, stopped), (reload, reloaded)) = (watch::channel(false), watch::channel(0));
    (Told { stop, reload }, Signals { stop: stopped, reload: reloaded })
}

impl Told {
    /// The server is to end.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Files are to be read again.
    pub fn reload(&self) {
        self.reload.send_modify(|times| *times += 1);
    }
}
