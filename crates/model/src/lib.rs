//! The words that every room of headcount shares. Nothing here reads or writes anything, and nothing knows of a visitor.
#![warn(missing_docs, unreachable_pub)]

pub mod bins;
pub mod calendar;
pub mod clock;
pub mod keys;
pub mod outcome;
pub mod rng;
pub mod tables;
pub mod units;
