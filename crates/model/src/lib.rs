//! The words that every room of headcount shares. Nothing here knows of a visitor.
//!
//! Pure data and arithmetic: no files of its own, no network, no runtime, no database. Only [`clock::SystemClock`] asks the
//! system for the time, and [`calendar`] for its time zones. In the order in which data flows:
//!
//! - [`units`], [`calendar`], [`clock`], [`bins`], [`rng`]: names, periods, the time, percentiles, repeatable chance.
//! - [`outcome`]: how an event ends.
//! - [`tables`], [`keys`]: what can be published at all.
//! - [`promise`], [`shares`], [`budget`], [`threshold`], [`guard`], [`plan`], [`regular`], [`terms`]: the promise to a visitor, and how it
//!   is kept.
//! - [`release`]: what is published. [`source`], [`ledger`]: how it is read, and what it spent. [`why`]: why
//!   there is no number. [`format`](mod@format): all of it as text.

#![cfg_attr(
    test,
    allow(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_sign_loss,
        reason = "tests choose the numbers that they cast"
    )
)]

pub mod bins;
pub mod budget;
pub mod calendar;
pub mod clock;
pub mod format;
pub mod guard;
pub mod keys;
pub mod ledger;
pub mod outcome;
pub mod plan;
pub mod promise;
pub mod regular;
pub mod release;
pub mod rng;
pub mod shares;
pub mod source;
pub mod tables;
pub mod terms;
pub mod threshold;
pub mod units;
pub mod why;
