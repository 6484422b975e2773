//! Fetches the files of a sitemap over HTTP, from the site's own hosts and nowhere else.
//!
//! It is here so that all network access for sitemaps is in one file, with its limits. It blocks: give it a thread of its
//! own. Certificates are checked against the system's store, so a private authority is accepted if the machine trusts it. The
//! store is read again for every sitemap.
//!
//! It never follows a redirect to another site, never uses a proxy, and sends nothing but its name and the request.

use std::{
    io::{self, Read},
    sync::Arc,
    time::{Duration, Instant},
};

use ureq::{
    Agent,
    http::{StatusCode, header::LOCATION},
    tls::{RootCerts, TlsConfig},
};

use super::{
    address::Address,
    local::{FILE_BYTES_MAX, unpacked},
};

/// The most redirects of one file.
const REDIRECTS_MAX: usize = 3;
/// What the site's log shows. The word `bot` keeps these requests out of the site's numbers.
const USER_AGENT: &str = concat!("headcount-sitemap-bot/", env!("CARGO_PKG_VERSION"));

/// Limits on fetching one sitemap.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// To connect, including name lookup and TLS.
    pub connect: Duration,
    /// From the request to the last header of the response.
    pub answer: Duration,
    /// One file, from the lookup to its last byte; each redirect starts again.
    pub file: Duration,
    /// All files. After this no further file is requested.
    pub whole: Duration,
    /// All files as transferred, in bytes.
    pub transfer_bytes: u64,
    /// One file, unpacked, in bytes.
    pub file_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            answer: Duration::from_secs(30),
            file: Duration::from_secs(120),
            whole: Duration::from_secs(600),
            transfer_bytes: 256 << 20,
            file_bytes: FILE_BYTES_MAX,
        }
    }
}

/// Fetches one sitemap and its children.
pub(super) struct Session<'h> {
    agent: Agent,
    hosts: &'h [String],
    limits: Limits,
    begun: Instant,
    left_bytes: u64,
}

/// What asks: within the limits, for bytes as they are, over no proxy; a redirect is an answer like any other.
pub(super) fn agent(limits: Limits, name: &str, accept: &str) -> Agent {
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::PlatformVerifier)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build();
    Agent::config_builder()
        .tls_config(tls)
        // Variables such as HTTPS_PROXY would send the request to somebody else.
        .proxy(None)
        // Redirects are followed by the callers, which check their hosts.
        .max_redirects(0)
        .http_status_as_error(false)
        .user_agent(name)
        .accept(accept)
        // A .gz file would otherwise be compressed twice.
        .accept_encoding("identity")
        .timeout_resolve(Some(limits.connect))
        .timeout_connect(Some(limits.connect))
        .timeout_recv_response(Some(limits.answer))
        .timeout_per_call(Some(limits.file))
        .build()
        .into()
}

/// What a server responds.
enum Response {
    File(Vec<u8>),
    Redirect(String),
}

impl<'h> Session<'h> {
    pub(super) fn new(hosts: &'h [String], limits: Limits) -> Self {
        let agent = agent(limits, USER_AGENT, "application/xml, text/xml, text/plain, */*;q=0.1");
        Self { agent, hosts, limits, begun: Instant::now(), left_bytes: limits.transfer_bytes }
    }

    /// The bytes of a file, unpacked.
    ///
    /// # Errors
    /// When it cannot be fetched or exceeds a limit.
    pub(super) fn get(&mut self, address: &Address) -> Result<Vec<u8>, String> {
        let mut at = address.clone();
        for _ in 0..=REDIRECTS_MAX {
            if self.begun.elapsed() >= self.limits.whole {
                let seconds = self.limits.whole.as_secs();
                return Err(format!("comes too late; allowed: {seconds} seconds for a sitemap with its children"));
            }
            match self.ask(&at)? {
                Response::File(bytes) => return Ok(bytes),
                Response::Redirect(reference) => {
                    let next = at.follow(&reference, self.hosts);
                    at = next.map_err(|what| format!("is redirected: {what}"))?;
                }
            }
        }
        Err(format!("is redirected again and again; allowed: at most {REDIRECTS_MAX} redirects"))
    }

    fn ask(&mut self, address: &Address) -> Result<Response, String> {
        let failed = |error: ureq::Error| format!("cannot be fetched: {}", self.words(&error));
        let response = self.agent.get(address.to_string()).call().map_err(failed)?;
        let status = response.status();
        if is_redirect(status) {
            let reference = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
            let reference = reference.ok_or("is redirected and the answer does not say where to")?;
            return Ok(Response::Redirect(reference.to_owned()));
        }
        if status != StatusCode::OK {
            return Err(format!("cannot be fetched: the server answers {status}; allowed: 200 OK"));
        }
        let body = Metered { source: response.into_body().into_reader(), left_bytes: &mut self.left_bytes };
        let bytes = unpacked(body, self.limits.file_bytes);
        match bytes {
            Ok(Some(bytes)) => Ok(Response::File(bytes)),
            Ok(None) => Err(format!("is larger than the {} bytes that are allowed", self.limits.file_bytes)),
            Err(error) => Err(format!("cannot be fetched: {}", self.words(&error.into()))),
        }
    }

    /// What went wrong. Time-outs state the limit.
    fn words(&self, error: &ureq::Error) -> String {
        let limit = match error {
            ureq::Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect) => self.limits.connect,
            ureq::Error::Timeout(ureq::Timeout::RecvResponse) => self.limits.answer,
            ureq::Error::Timeout(_) => self.limits.file,
            ureq::Error::Io(error) => return error.to_string(),
            other => return other.to_string(),
        };
        format!("it takes longer than {} seconds", limit.as_secs_f64())
    }
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Counts transferred bytes and fails beyond the limit.
pub(super) struct Metered<'l, R> {
    pub(super) source: R,
    pub(super) left_bytes: &'l mut u64,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        let count_bytes = u64::try_from(count).unwrap_or(u64::MAX);
        let left = self.left_bytes.checked_sub(count_bytes);
        *self.left_bytes =
            left.ok_or_else(|| io::Error::other("the sitemap and its children are too much to transfer"))?;
        Ok(count)
    }
}
