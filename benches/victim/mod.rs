//! The server that is attacked, and the steady sender of another site.

mod steady;

use std::{
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use headcount::proto::{ListSitesRequest, stats_service_client::StatsServiceClient};

pub use steady::Steady;

use crate::{
    PUBLISHED,
    attack::load::{batch, event},
    load::{
        Result,
        client::Stream,
        process::{Running, memory_mib},
        traffic::DAY_UNIX_MS,
    },
};

const DAY_MS: i64 = 86_400_000;
/// How long anything may take before and after the attacks.
const PATIENCE: Duration = Duration::from_secs(300);

pub struct Victim {
    process: Running,
    address: SocketAddr,
    log: Arc<Mutex<Vec<String>>>,
    binary: PathBuf,
    directory: PathBuf,
}

impl Victim {
    /// A server that takes any site, and knows the pages of one.
    pub fn start(binary: &Path, directory: &Path, pages: u64) -> Result<Self> {
        let list: String = (0..pages).map(|page| format!("https://www.example.jp/page-{page}\n")).collect();
        fs::write(directory.join("pages.txt"), list)?;
        let log = Arc::new(Mutex::new(Vec::new()));
        let (process, address) = launch(binary, directory, &log)?;
        Ok(Self { process, address, log, binary: binary.to_owned(), directory: directory.to_owned() })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    pub fn rss_mib(&self) -> f64 {
        rss_mib(self.id())
    }

    pub fn is_running(&mut self) -> bool {
        self.process.0.try_wait().is_ok_and(|ended| ended.is_none())
    }

    pub fn last_words(&self) -> String {
        self.log.lock().unwrap().last().cloned().unwrap_or_default()
    }

    pub fn panics(&self) -> usize {
        self.log.lock().unwrap().iter().filter(|line| line.contains("panicked")).count()
    }

    /// What the server said of limits that were met.
    pub fn refused(&self) -> Vec<String> {
        let log = self.log.lock().unwrap();
        log.iter().filter(|line| line.contains("limits were met")).cloned().collect()
    }

    /// Publishes so many days of a site, each with every page of the list.
    pub fn publish(&self, days: i64, pages: u64) -> Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let url = format!("http://{}", self.address);
            let mut stream = Stream::open(&url, 8).await?;
            let mut sequence = 0;
            for day in (0..days).rev() {
                sequence += 1;
                let noon = DAY_UNIX_MS - (day + 1) * DAY_MS + DAY_MS / 2;
                let events = (0..pages).map(|k| event(k, format!("/page-{k}"), noon)).collect();
                let through = noon + DAY_MS / 2 + 3_600_000;
                stream.deliver(&[batch(PUBLISHED, "history", sequence, through, events)], 1).await?;
            }
            let mut client = StatsServiceClient::connect(url).await?;
            let last = jiff::civil::date(2025, 11, 2).to_string();
            let begun = Instant::now();
            loop {
                let sites = client.list_sites(ListSitesRequest::default()).await?.into_inner().sites;
                if sites.iter().any(|site| site.last_date == last) {
                    return Ok(());
                }
                if begun.elapsed() > PATIENCE {
                    return Err("the days are not published in time".into());
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        })
    }

    /// Kills the server, starts it again, and gives how many acknowledged batches of the steady sender it does not know.
    pub fn lost(&mut self, acknowledged: u64) -> Result<u64> {
        self.process.kill();
        (self.process, self.address) = launch(&self.binary, &self.directory, &self.log)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let durable = runtime.block_on(async {
            let mut stream = Stream::open(&format!("http://{}", self.address), 1).await?;
            stream.send(&batch(steady::SITE, steady::PRODUCER, 0, 0, Vec::new())).await?;
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(stream.answer().await?.durable_sequence)
        })?;
        Ok(acknowledged.saturating_sub(durable))
    }
}

fn launch(binary: &Path, directory: &Path, log: &Arc<Mutex<Vec<String>>>) -> Result<(Running, SocketAddr)> {
    let path = |name: &str| directory.join(name).display().to_string();
    let child = Command::new(binary)
        .args(["serve", "--listen", "127.0.0.1:0", "--web", "off", "--data", &path("data"), "--keys", &path("keys")])
        .args(["--site", PUBLISHED, "--sitemap", &path("pages.txt")])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut process = Running(child);
    let mut lines = BufReader::new(process.0.stderr.take().ok_or("no log")?).lines();
    let address = loop {
        let line = lines.next().ok_or_else(|| format!("it did not start: {:?}", log.lock().unwrap()))??;
        if let Some(rest) = line.split("listening address=").nth(1) {
            break rest.split_whitespace().next().unwrap_or_default().parse()?;
        }
        log.lock().unwrap().push(line);
    };
    let log = log.clone();
    std::thread::spawn(move || {
        for line in lines.map_while(std::result::Result::ok) {
            log.lock().unwrap().push(line);
        }
    });
    Ok((process, address))
}

/// How much memory a process takes now, in MiB.
pub fn rss_mib(id: u32) -> f64 {
    // One that has ended takes none.
    memory_mib(id, "VmRSS:").unwrap_or(0.0)
}
