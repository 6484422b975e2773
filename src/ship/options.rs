//! What to ship where, as it is meant, and whether that can be.

use std::sync::Arc;
use std::time::Duration;

use headcount_client::{Credentials, ProducerSecret, ServerAddress, check_producer, check_site};

use super::error::ShipError;
use super::format::Format;
use super::hosts::SitesByHost;
use super::proxies::TrustedProxies;
use super::source::Input;

/// How long a server that takes nothing is tried again where nothing else is said.
const RETRY_FOR_DEFAULT: Duration = Duration::from_secs(60);

/// What to ship where.
#[derive(Clone, Debug)]
pub struct ShipOptions {
    /// The site's name as the server knows it. Where lines go to sites by their host it is only told.
    pub site: String,
    /// The sites that lines go to by the host that was asked.
    pub by_host: Option<Arc<SitesByHost>>,
    /// How far the position of a site of which a log holds nothing may stay behind in it, in bytes.
    pub lag_bytes: u64,
    /// The proxies whose word is taken for who asked.
    pub proxies: TrustedProxies,
    /// `http://HOST:PORT`.
    pub server: String,
    /// What the server is shown.
    pub credentials: Credentials,
    /// What makes the logs this sender's own on the server.
    pub secret: ProducerSecret,
    /// What the server said at the end of an earlier run of how much it had published; empty where there was none.
    pub release_mark: Vec<u8>,
    /// The sender's name in place of one made of the content; only for a single input.
    pub producer: Option<String>,
    /// The inputs are still being written: an unfinished last line waits, and nothing is stated.
    pub live: bool,
    /// Lines that are not understood are passed over, however many, and do not keep an input from being complete.
    pub accept_malformed: bool,
    /// Which fields lines must have.
    pub format: Format,
    /// What to read. The oldest is read first.
    pub inputs: Vec<Input>,
    /// How long to try again when the server takes nothing.
    pub retry_for: Duration,
    /// Now, in milliseconds since 1970: every request before it is in the inputs once they are read.
    pub now_unix_ms: i64,
    /// Show a bar on standard error where that is a terminal, and notices of lost connections.
    pub show_progress: bool,
}

impl ShipOptions {
    /// Finished logs of a site, sent to a server; nothing out of the ordinary.
    #[must_use]
    pub fn new(site: &str, server: &str, secret: ProducerSecret, inputs: Vec<Input>, now_unix_ms: i64) -> Self {
        Self {
            site: site.to_owned(),
            by_host: None,
            lag_bytes: 0,
            proxies: TrustedProxies::default(),
            server: server.to_owned(),
            credentials: Credentials::default(),
            secret,
            release_mark: Vec::new(),
            producer: None,
            live: false,
            accept_malformed: false,
            format: Format::Auto,
            inputs,
            retry_for: RETRY_FOR_DEFAULT,
            now_unix_ms,
            show_progress: false,
        }
    }

    /// Checks the options against the protocol's limits, before anything is sent.
    pub(super) fn check(&self) -> Result<(), ShipError> {
        ServerAddress::parse(&self.server)?.with_credentials(self.credentials.clone())?;
        match &self.by_host {
            None => check_site(&self.site)?,
            Some(sites) if sites.sites().is_empty() => {
                let text = "no site of the configuration has `hosts`, by which lines could be told apart";
                return Err(ShipError::Usage(text.to_owned()));
            }
            Some(_) => {}
        }
        if let Some(producer) = &self.producer {
            check_producer(producer)?;
        }
        self.check_inputs().map_err(ShipError::Usage)
    }

    /// Makes sure that there is something to read, and that it can be told apart.
    fn check_inputs(&self) -> Result<(), String> {
        if self.producer.is_some() && self.inputs.len() > 1 {
            return Err(format!(
                "one producer cannot stand for {} inputs, because each has its own position: leave --producer away, or name one FILE",
                self.inputs.len()
            ));
        }
        let stdin_count = self.inputs.iter().filter(|input| **input == Input::Stdin).count();
        match (self.inputs.len(), stdin_count) {
            (0, _) => Err("there is nothing to ship: name at least one FILE, or - for standard input".to_owned()),
            (_, 0 | 1) => Ok(()),
            (_, many) => Err(format!("standard input (-) is named {many} times; it can be read once")),
        }
    }
}
