//! Sends accesses to a headcount server: each one exactly once, over connections that break and servers that restart.
//!
//! A [`Producer`] numbers its batches and keeps each one until the server says that it is durable. After a broken
//! connection it asks where the server stands (the *greeting*) and sends again what is missing.
//!
//! ```text
//! AccessEvent -> Batch -> Producer (window of unanswered batches) -> Connection (retries) -> server
//!                            <- Receipt, Position (durable sequence and cursor)
//! ```
//!
//! ```no_run
//! use headcount_client::{AccessEvent, Batch, Connection, Producer, ProducerSecret, SendError, ServerAddress};
//!
//! # async fn example(secret: Vec<u8>) -> Result<(), SendError> {
//! let address = ServerAddress::parse("http://127.0.0.1:50051")?;
//! let connection = Connection::new(address, "www", ProducerSecret::new(secret)?)?;
//! let mut producer = Producer::open(connection, "backend-1").await?;
//!
//! let mut batch = Batch::new();
//! batch.add(&AccessEvent { address: "192.0.2.1".into(), target: "/".into(), ..Default::default() });
//! producer.send(batch).await?;
//! producer.flush().await?; // now it is on the server's disk
//! assert_eq!(producer.receipt().accepted, 1);
//! # Ok(())
//! # }
//! ```
//!
//! A site that wants none of its requests to wait sends in the background instead: [`background::spawn`].
//!
//! This crate never logs or prints, and no error holds anything of an event. It decides nothing about an event: the server
//! does. Waiting batches are kept in memory alone, so what was not durable when the process ends is lost; who can produce
//! it again (from a log) keeps the place in the batch's cursor.

mod address;
pub mod background;
mod batch;
mod codec;
mod connection;
mod credentials;
mod error;
mod observer;
mod producer;
pub mod proxies;
mod retry;
mod secret;
mod status;
mod stream;
mod window;

pub use address::{Link, ServerAddress};
pub use batch::{BATCH_BYTES_MAX, BATCH_EVENTS_MAX, Batch, CURSOR_BYTES_MAX};
pub use connection::{Connection, RETRY_FOR_DEFAULT, SITE_BYTES_MAX, check_site};
pub use credentials::{Bearer, Credentials};
pub use error::{SendError, UsageError};
pub use headcount_proto::{AccessEvent, Outcome};
pub use observer::Observer;
pub use producer::{PRODUCER_BYTES_MAX, Producer, check_producer};
pub use secret::{ProducerSecret, SECRET_BYTES_MAX, SECRET_BYTES_MIN};
pub use window::{Position, Receipt, WINDOW_BATCHES};
