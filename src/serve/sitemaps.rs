//! Keeps the known pages up to date: reads each sitemap at an interval while the server runs.
//!
//! It is here so that a page that a site adds appears without a restart. Failures are logged, and the pages known before
//! stay. A URL is fetched at once; a file waits for its first interval, because it was read with the configuration.
//!
//! It never delays the server: neither start nor shutdown waits for a sitemap.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{Semaphore, oneshot, watch},
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{
    sitemap::{Limits, Sitemap, together},
    telemetry,
    units::SiteName,
    vault::Intake,
};

/// How many sitemaps are read at once: each may take some 100 MiB while it is read.
const READ_AT_ONCE_MAX: usize = 4;
/// The first wait after a failure; each further one is twice as long, up to the usual interval.
const RETRY_FIRST: Duration = Duration::from_secs(300);

/// A sitemap and how it is kept up to date.
#[derive(Debug, Clone)]
pub struct Watched {
    /// The site whose pages it names.
    pub site: SiteName,
    /// The sitemap.
    pub sitemap: Sitemap,
    /// Pages that are known whatever it holds.
    pub listed: Vec<String>,
    /// The interval between two reads.
    pub refresh: Duration,
    /// Whether it has been read already, so that its pages are known.
    pub is_read: bool,
}

/// Reads all of them regularly, and at each change of `reload`, until the returned set is dropped.
pub(super) fn read_all(sitemaps: Vec<Watched>, intake: &Intake, reload: &watch::Receiver<u64>) -> JoinSet<()> {
    let permits = Arc::new(Semaphore::new(READ_AT_ONCE_MAX));
    let mut reading = JoinSet::new();
    for watched in sitemaps {
        let intake = intake.clone();
        let know = move |site: &SiteName, pages: &[String]| intake.know_pages(site, pages);
        reading.spawn(refresh(watched, permits.clone(), Limits::default(), reload.clone(), know));
    }
    reading
}

/// Reads one sitemap again and again.
async fn refresh(
    watched: Watched,
    permits: Arc<Semaphore>,
    limits: Limits,
    mut reload: watch::Receiver<u64>,
    know: impl Fn(&SiteName, &[String]) + Send + 'static,
) {
    let mut wait = if watched.is_read { watched.refresh } else { Duration::ZERO };
    let mut retry = RETRY_FIRST;
    loop {
        // Where nobody is left who could ask for it, the time alone decides.
        if let Ok(Err(_)) = timeout(wait, reload.changed()).await {
            sleep(wait).await;
        }
        // The semaphore is never closed; if it were, there would be nothing to wait for.
        let permit = permits.acquire().await;
        let result = read(&watched, limits).await;
        drop(permit);
        match result {
            Ok(pages) => {
                know(&watched.site, &pages);
                telemetry::sitemap_read(&watched.site, pages.len());
                (wait, retry) = (watched.refresh, RETRY_FIRST);
            }
            Err(fault) => {
                telemetry::sitemap_failed(&watched.site, &fault);
                wait = retry.min(watched.refresh);
                retry = retry.saturating_mul(2);
            }
        }
    }
}

/// All known pages of the site, read on a thread of its own.
async fn read(watched: &Watched, limits: Limits) -> Result<Vec<String>, String> {
    let (sender, pages) = oneshot::channel();
    let (sitemap, listed) = (watched.sitemap.clone(), watched.listed.clone());
    let work = move || {
        let found = sitemap.read(limits).map_err(|error| error.to_string());
        // No receiver: the server is shutting down.
        let _ = sender.send(found.and_then(|found| together(&listed, found)));
    };
    // Not a blocking task: the runtime would wait at shutdown for a web server that answers slowly.
    let thread = std::thread::Builder::new().name("sitemap".to_owned()).spawn(work);
    thread.map_err(|error| format!("no thread can be started: {error}"))?;
    pages.await.unwrap_or_else(|_| Err("the reading ended unexpectedly; please report this".to_owned()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tokio::sync::mpsc;

    use super::*;
    use crate::sitemap::fake::Web;

    /// How long anything may take that should take a moment.
    const PATIENCE: Duration = Duration::from_secs(60);

    fn watched(text: &str, is_read: bool) -> Watched {
        Watched {
            site: SiteName::new("www").unwrap(),
            sitemap: Sitemap::named(text, Path::new(""), &["127.0.0.1".to_owned()]).unwrap(),
            listed: vec!["/listed".to_owned()],
            refresh: Duration::from_millis(20),
            is_read,
        }
    }

    /// Keeps a sitemap and gives what becomes known.
    fn kept(watched: Watched) -> (JoinSet<()>, mpsc::UnboundedReceiver<Vec<String>>) {
        kept_with(watched, watch::channel(0).1)
    }

    fn kept_with(
        watched: Watched,
        reload: watch::Receiver<u64>,
    ) -> (JoinSet<()>, mpsc::UnboundedReceiver<Vec<String>>) {
        let (sender, known) = mpsc::unbounded_channel();
        let know = move |_: &SiteName, pages: &[String]| sender.send(pages.to_vec()).unwrap();
        let mut reading = JoinSet::new();
        reading.spawn(refresh(watched, Arc::new(Semaphore::new(1)), Limits::default(), reload, know));
        (reading, known)
    }

    async fn wait_for(known: &mut mpsc::UnboundedReceiver<Vec<String>>, pages: &[&str]) {
        let found = async { while known.recv().await.unwrap() != pages {} };
        tokio::time::timeout(PATIENCE, found).await.expect("known in time");
    }

    #[tokio::test]
    async fn a_new_page_becomes_known_and_a_failure_takes_none_away() {
        let web = Web::start();
        web.file("/sitemap.txt", "http://127.0.0.1/a");
        let (reading, mut known) = kept(watched(&web.url("/sitemap.txt"), false));
        wait_for(&mut known, &["/listed", "/a"]).await;
        web.file("/sitemap.txt", "http://127.0.0.1/a\nhttp://127.0.0.1/b");
        wait_for(&mut known, &["/listed", "/a", "/b"]).await;
        // It fails four times: no page becomes known or unknown.
        let before = web.requests().len();
        web.set("/sitemap.txt", crate::sitemap::fake::Reply::Status("404 Not Found"));
        let asked = async {
            while web.requests().len() < before + 4 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, asked).await.expect("asked in time");
        while let Ok(pages) = known.try_recv() {
            assert_eq!(pages, ["/listed", "/a", "/b"]);
        }
        web.file("/sitemap.txt", "http://127.0.0.1/c");
        wait_for(&mut known, &["/listed", "/c"]).await;
        drop(reading);
    }

    #[tokio::test]
    async fn a_changed_file_is_read_again() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("list.txt");
        std::fs::write(&file, "http://127.0.0.1/a").unwrap();
        let (reading, mut known) = kept(watched(file.to_str().unwrap(), true));
        wait_for(&mut known, &["/listed", "/a"]).await;
        std::fs::write(&file, "http://127.0.0.1/b").unwrap();
        wait_for(&mut known, &["/listed", "/b"]).await;
        drop(reading);
    }

    #[tokio::test]
    async fn it_is_read_at_once_when_asked() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("list.txt");
        std::fs::write(&file, "http://127.0.0.1/a").unwrap();
        let (ask, reload) = watch::channel(0);
        let never = Watched { refresh: Duration::from_secs(86_400), ..watched(file.to_str().unwrap(), true) };
        let (reading, mut known) = kept_with(never, reload);
        for round in 1..=2 {
            ask.send_modify(|times| *times += 1);
            wait_for(&mut known, &["/listed", "/a"]).await;
            assert_eq!(*ask.borrow(), round);
        }
        drop(reading);
    }
}
