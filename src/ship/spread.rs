//! Sends one log to several sites: each site has a producer of its own, and so a position of its own in the log.
//!
//! A few connections share the sites. On each of them one batch is sent after the other, each durable before the next.

use std::sync::Arc;

use headcount_client::{Batch, Connection, Position, Producer, Receipt};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::READ_AHEAD_BATCHES;
use super::error::ShipError;
use super::hosts::SitesByHost;
use super::lane::{Lane, Taker};

/// How many connections share the sites.
const CONNECTIONS_AT_ONCE: usize = 8;

/// Where the producers of a log stand, by site.
pub(super) type Ends = Vec<Position>;

/// The senders of one log to all its sites.
pub(super) struct Spread {
    producer: String,
    sites: Arc<SitesByHost>,
    positions: Ends,
    connections: Vec<Connection>,
}

impl Spread {
    /// Asks where the log's producer stands for each site.
    ///
    /// # Errors
    /// The server refuses, or cannot be reached.
    pub(super) async fn open(
        sites: &Arc<SitesByHost>,
        producer: &str,
        connect: impl Fn(&str) -> Result<Connection, ShipError>,
    ) -> Result<Self, ShipError> {
        let names = sites.sites();
        let mut spread = Self {
            producer: producer.to_owned(),
            sites: Arc::clone(sites),
            positions: vec![Position::default(); names.len()],
            connections: Vec::new(),
        };
        for number in 0..names.len().min(CONNECTIONS_AT_ONCE) {
            let mut connection = connect(&names[number])?;
            for site in (number..names.len()).step_by(CONNECTIONS_AT_ONCE) {
                let opened = Producer::open(connection.at_site(&names[site])?, producer).await?;
                (connection, spread.positions[site]) = opened.into_parts();
            }
            spread.connections.push(connection);
        }
        Ok(spread)
    }

    /// A lane for each site, and the other ends of them.
    pub(super) fn lanes(&self) -> (Vec<Lane>, Vec<mpsc::Receiver<(usize, Batch)>>) {
        let (senders, receivers): (Vec<_>, Vec<_>) =
            self.connections.iter().map(|_| mpsc::channel(READ_AHEAD_BATCHES)).unzip();
        let lane = |(site, position): (usize, &Position)| {
            Lane::new(Taker::Shared(senders[site % senders.len()].clone(), site), position.clone())
        };
        (self.positions.iter().enumerate().map(lane).collect(), receivers)
    }

    /// Sends what comes until nothing more does. Gives where each site's producer stands, what the server said
    /// of all, and its mark of how much it has published.
    ///
    /// # Errors
    /// What stopped one of them; the others stop too.
    pub(super) async fn send(
        self,
        receivers: Vec<mpsc::Receiver<(usize, Batch)>>,
    ) -> Result<(Ends, Receipt, Vec<u8>), ShipError> {
        let mut tasks = JoinSet::new();
        for (connection, receiver) in self.connections.into_iter().zip(receivers) {
            let (sites, producer, positions) = (Arc::clone(&self.sites), self.producer.clone(), self.positions.clone());
            tasks.spawn(pass_on(connection, sites, producer, positions, receiver));
        }
        let (mut ends, mut receipt, mut mark) = (self.positions, Receipt::default(), Vec::new());
        while let Some(ended) = tasks.join_next().await {
            let passed_on = ended.map_err(|_| ShipError::Protocol("a sender stopped unexpectedly".to_owned()))?;
            let (positions, said, seen) = passed_on?;
            mark = seen;
            for (end, position) in ends.iter_mut().zip(positions) {
                if position.durable_sequence > end.durable_sequence {
                    *end = position;
                }
            }
            add(&mut receipt, &said);
        }
        Ok((ends, receipt, mark))
    }
}

/// Sends the batches of some sites over one connection.
async fn pass_on(
    mut connection: Connection,
    sites: Arc<SitesByHost>,
    producer: String,
    mut positions: Ends,
    mut batches: mpsc::Receiver<(usize, Batch)>,
) -> Result<(Ends, Receipt, Vec<u8>), ShipError> {
    let mut receipt = Receipt::default();
    while let Some((site, batch)) = batches.recv().await {
        let position = std::mem::take(&mut positions[site]);
        let mut sender = Producer::resume(connection.at_site(&sites.sites()[site])?, &producer, position)?;
        sender.send(batch).await?;
        sender.flush().await?;
        add(&mut receipt, sender.receipt());
        (connection, positions[site]) = sender.into_parts();
    }
    Ok((positions, receipt, connection.release_mark().to_vec()))
}

/// Adds what a server said.
pub(super) fn add(to: &mut Receipt, said: &Receipt) {
    to.accepted += said.accepted;
    to.rejected += said.rejected;
    to.duplicates += said.duplicates;
    for (outcome, count) in &said.outcomes {
        *to.outcomes.entry(*outcome).or_default() += count;
    }
}
