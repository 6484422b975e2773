//! Follows the links of sites that have no sitemap: at the start, then once a day while the server runs.
//!
//! It is here so that a page that a site adds becomes known without a restart, and so that pages become known while links are still
//! being followed. Where something failed or a limit was reached, the pages known before stay.
//!
//! It never delays the server: neither start nor shutdown waits for a web server.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
    ops::ControlFlow,
    sync::Arc,
    time::{Duration, Instant},
};

use headcount_model::rng::SplitMix64;
use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinSet,
    time::sleep,
};

use crate::{
    sitemap::{Found, KNOWN_PAGES_MAX, LinkLimits, Links, NameOf},
    telemetry,
    units::SiteName,
    vault::{self, Intake},
};

/// Sites whose links are followed at once: each may take some 100 MiB, and a thread that mostly waits.
const FOLLOWED_AT_ONCE_MAX: usize = 8;
/// The first wait after a failure; each further one is twice as long, up to the usual interval.
const RETRY_FIRST: Duration = Duration::from_secs(300);
/// How far an interval differs from the usual one, so that a hundred sites are not all asked at the same minute.
const JITTER: f64 = 0.1;
/// What has been found becomes known this often, and first after [`PROGRESS_FIRST`].
const PROGRESS: Duration = Duration::from_secs(600);
const PROGRESS_FIRST: Duration = Duration::from_secs(30);

/// A site and how its links are followed.
#[derive(Debug, Clone)]
pub struct Followed {
    /// The site.
    pub site: SiteName,
    /// Its links.
    pub links: Links,
    /// Pages that are known whatever is found.
    pub listed: Vec<String>,
    /// The interval between two rounds, give or take a tenth.
    pub refresh: Duration,
}

/// What a thread that follows links tells.
enum News {
    SoFar(Vec<String>),
    Ended(Result<Found, String>),
}

/// Follows the links of all of them regularly until the returned set is dropped.
pub(super) fn follow_all(followed: Vec<Followed>, intake: &Intake) -> JoinSet<()> {
    let permits = Arc::new(Semaphore::new(FOLLOWED_AT_ONCE_MAX));
    let mut following = JoinSet::new();
    for followed in followed {
        let intake = intake.clone();
        let know = move |site: &SiteName, pages: &[String]| intake.know_pages(site, pages);
        following.spawn(keep(followed, permits.clone(), LinkLimits::default(), know));
    }
    following
}

/// The name under which a page is counted, for the links of a site.
#[must_use]
pub fn name_of(links: &Links) -> Arc<NameOf> {
    let query_allow = links.query_allow().to_vec();
    Arc::new(move |target: &str| vault::page_name(target, &query_allow))
}

/// Follows the links of one site again and again.
async fn keep(
    followed: Followed,
    permits: Arc<Semaphore>,
    limits: LinkLimits,
    know: impl Fn(&SiteName, &[String]) + Send + 'static,
) {
    let mut jitter = jitter_of(&followed.site);
    let mut retry = RETRY_FIRST;
    let mut before: Vec<String> = Vec::new();
    loop {
        // The semaphore is never closed; if it were, there would be nothing to wait for.
        let permit = permits.acquire().await;
        let result = round(&followed, limits, &before, &know).await;
        drop(permit);
        let wait = match result {
            Ok(found) => {
                let earlier = if found.is_partial { before.as_slice() } else { &[] };
                let pages = merged(&[&followed.listed, &found.pages, earlier]);
                know(&followed.site, &pages);
                telemetry::links_followed(&followed.site, pages.len(), found.requests, &found.left_out);
                before = pages;
                retry = RETRY_FIRST;
                followed.refresh.mul_f64(1.0 + JITTER * (2.0 * jitter.next_unit() - 1.0))
            }
            Err(fault) => {
                telemetry::links_failed(&followed.site, &fault);
                let wait = retry.min(followed.refresh);
                retry = retry.saturating_mul(2);
                wait
            }
        };
        sleep(wait).await;
    }
}

/// A sequence of its own for each site, the same at every start.
fn jitter_of(site: &SiteName) -> SplitMix64 {
    let mut hasher = DefaultHasher::new();
    site.as_str().hash(&mut hasher);
    SplitMix64::new(hasher.finish())
}

/// Follows the links once, on a thread of its own. What is found on the way is known beside what was before.
async fn round(
    followed: &Followed,
    limits: LinkLimits,
    before: &[String],
    know: &impl Fn(&SiteName, &[String]),
) -> Result<Found, String> {
    let (sender, mut news) = mpsc::channel(1);
    let (links, name_of) = (followed.links.clone(), name_of(&followed.links));
    let work = move || {
        let mut told = Instant::now() + PROGRESS_FIRST;
        let mut watch = |pages: &[String]| {
            if sender.is_closed() {
                return ControlFlow::Break(());
            }
            if Instant::now() >= told {
                told = Instant::now() + PROGRESS;
                // Where the last one still waits, this one is not needed.
                let _ = sender.try_send(News::SoFar(pages.to_vec()));
            }
            ControlFlow::Continue(())
        };
        let found = links.follow(limits, &*name_of, &mut watch);
        // No receiver: the server is shutting down.
        let _ = sender.blocking_send(News::Ended(found));
    };
    // Not a blocking task: the runtime would wait at shutdown for a web server that answers slowly.
    let thread = std::thread::Builder::new().name("links".to_owned()).spawn(work);
    thread.map_err(|error| format!("no thread can be started: {error}"))?;
    loop {
        match news.recv().await {
            Some(News::SoFar(pages)) => {
                let pages = merged(&[&followed.listed, before, &pages]);
                know(&followed.site, &pages);
                telemetry::links_progress(&followed.site, pages.len());
            }
            Some(News::Ended(result)) => return result,
            None => return Err("following the links ended unexpectedly; please report this".to_owned()),
        }
    }
}

/// All pages of the lists without repeats, the first ones first, at most as many as a site may have.
fn merged(lists: &[&[String]]) -> Vec<String> {
    let mut seen = HashSet::new();
    let all = lists.iter().flat_map(|list| list.iter());
    all.filter(|page| seen.insert(page.as_str())).take(KNOWN_PAGES_MAX).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sitemap::{
        Wanted,
        fake::{Reply, Web},
    };

    /// How long anything may take that should take a moment.
    const PATIENCE: Duration = Duration::from_secs(60);

    async fn wait_for(known: &mut mpsc::UnboundedReceiver<Vec<String>>, pages: &[&str]) {
        let found = async { while known.recv().await.unwrap() != pages {} };
        tokio::time::timeout(PATIENCE, found).await.expect("known in time");
    }

    #[tokio::test]
    async fn new_pages_become_known_and_a_failure_takes_none_away() {
        let web = Web::start();
        web.page("/", "<a href=/a>");
        web.page("/a", "a");
        let wanted = Wanted { starts: vec![web.url("/")], ..Wanted::default() };
        let links = Links::of(&["127.0.0.1".to_owned()], &[], wanted).unwrap().unwrap();
        let (site, refresh) = (SiteName::new("www").unwrap(), Duration::from_millis(20));
        let followed = Followed { site, links, listed: vec!["/listed".to_owned()], refresh };
        let (sender, mut known) = mpsc::unbounded_channel();
        let know = move |_: &SiteName, pages: &[String]| sender.send(pages.to_vec()).unwrap();
        let mut following = JoinSet::new();
        following.spawn(keep(followed, Arc::new(Semaphore::new(1)), LinkLimits::default(), know));
        wait_for(&mut known, &["/listed", "/", "/a"]).await;
        web.page("/", "<a href=/b>");
        web.page("/b", "b");
        wait_for(&mut known, &["/listed", "/", "/b"]).await;
        // A page that fails is still known; one that is gone is not.
        web.set("/b", Reply::Status("500 Internal Server Error"));
        web.page("/c", "c");
        web.page("/", "<a href=/b>b<a href=/c>c");
        wait_for(&mut known, &["/listed", "/", "/c", "/b"]).await;
        web.set("/b", Reply::Status("404 Not Found"));
        wait_for(&mut known, &["/listed", "/", "/c"]).await;
        // Nobody answers: nothing changes.
        web.set("/", Reply::Status("503 Service Unavailable"));
        let before = web.requests().len();
        let asked = async {
            while web.requests().len() < before + 6 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, asked).await.expect("asked in time");
        while let Ok(pages) = known.try_recv() {
            assert_eq!(pages, ["/listed", "/", "/c"]);
        }
        drop(following);
    }

    #[test]
    fn a_site_has_at_most_so_many_pages() {
        let many: Vec<String> = (0..KNOWN_PAGES_MAX).map(|n| format!("/{n}")).collect();
        let pages = merged(&[&["/0".to_owned(), "/listed".to_owned()], &many]);
        assert_eq!((pages.len(), pages[1].as_str()), (KNOWN_PAGES_MAX, "/listed"));
    }
}
