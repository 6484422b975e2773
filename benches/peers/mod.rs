//! One round of each contender: it starts with nothing, takes all events, and is looked at before it is ended.

pub mod files;
pub mod headcount;
pub mod redis;
pub mod report;

use std::path::PathBuf;

use crate::load::{encode::Parcel, traffic::Size};

/// What one round took.
#[derive(Clone, Copy, Default)]
pub struct Figure {
    pub events: u64,
    pub seconds: f64,
    /// Of the contender, without whoever feeds it.
    pub cpu_seconds: f64,
    /// Of whoever feeds it.
    pub feeder_cpu_seconds: f64,
    pub peak_mib: f64,
    pub disk_bytes: u64,
}

impl Figure {
    pub fn per_second(&self) -> f64 {
        self.events as f64 / self.seconds
    }

    /// CPU seconds a million events.
    pub fn cpu_a_million(&self) -> f64 {
        self.cpu_seconds * 1e6 / self.events as f64
    }

    pub fn feeder_a_million(&self) -> f64 {
        self.feeder_cpu_seconds * 1e6 / self.events as f64
    }

    pub fn disk_an_event(&self) -> f64 {
        self.disk_bytes as f64 / self.events as f64
    }
}

/// What all rounds share: the events in each form, made before any clock runs.
pub struct Inputs {
    pub size: Size,
    pub batches: Vec<Vec<Parcel>>,
    pub commands: Vec<Vec<Parcel>>,
    pub log: PathBuf,
    pub table: PathBuf,
    pub scratch: PathBuf,
    /// Batches, or parcels of commands, that wait for their answers, on each connection.
    pub window: usize,
    /// A Python that has duckdb.
    pub python: Option<PathBuf>,
}
