//! What an administrator may ask of a running keeper: a backup, and whether it takes anything.

use std::{
    fs::File,
    io::{self, BufWriter, Seek, Write},
};

use tokio::sync::{mpsc, oneshot, watch};

use crate::vault::{
    intake::Refusal,
    keeper::Keeper,
    store::{Fault, at},
};

/// Something to do between two commits.
pub(in crate::vault) enum Order {
    /// Write all rows to a file that has no name.
    BackUp(oneshot::Sender<Result<File, Fault>>),
}

/// Asks the keeper. It does not keep the keeper alive.
#[derive(Clone)]
pub struct Attendant {
    orders: mpsc::Sender<Order>,
    accepts: watch::Receiver<bool>,
}

impl Attendant {
    pub(in crate::vault) fn new(orders: mpsc::Sender<Order>, accepts: watch::Receiver<bool>) -> Self {
        Self { orders, accepts }
    }

    /// Whether there is room to take anything, now and when that changes.
    #[must_use]
    pub fn accepts(&self) -> watch::Receiver<bool> {
        self.accepts.clone()
    }

    /// A copy of the database as of now, to be read from its beginning. While it is made nothing is acknowledged. What is
    /// not published yet is encrypted in it, and its keys are not in it.
    ///
    /// # Errors
    /// When the keeper has ended or the copy cannot be written.
    pub async fn back_up(&self) -> Result<File, Refusal> {
        let (reply, copy) = oneshot::channel();
        self.orders.send(Order::BackUp(reply)).await.map_err(|_| Refusal::Unavailable)?;
        Ok(copy.await.map_err(|_| Refusal::Unavailable)??)
    }
}

impl Keeper {
    pub(in crate::vault) fn follow_order(&mut self, order: Order) -> Result<(), Fault> {
        match order {
            Order::BackUp(reply) => {
                // The journal is folded first: a copy without one is smaller and sooner read.
                self.checkpoint()?;
                let _ = reply.send(self.copy());
            }
        }
        Ok(())
    }

    fn copy(&self) -> Result<File, Fault> {
        let directory = self.disk.directory();
        let at = |error: io::Error| at(directory)(error);
        let mut copy = BufWriter::new(tempfile::tempfile_in(directory).map_err(at)?);
        self.disk.back_up(&mut copy)?;
        copy.flush().map_err(at)?;
        let mut copy = copy.into_inner().map_err(|error| at(error.into_error()))?;
        copy.rewind().map_err(at)?;
        Ok(copy)
    }
}
