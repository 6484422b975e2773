//! The words that every room of headcount shares. Nothing here reads or writes anything, and nothing knows of a visitor.
#![warn(missing_docs, unreachable_pub)]

pub mod bins;
pub mod budget;
pub mod calendar;
pub mod clock;
pub mod keys;
pub mod ledger;
pub mod outcome;
pub mod plan;
pub mod regular;
pub mod release;
pub mod rng;
pub mod shares;
pub mod source;
pub mod tables;
pub mod terms;
pub mod threshold;
pub mod units;
