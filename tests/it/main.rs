//! The real binary, from outside: one program with a module for each property.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "a test or benchmark stops at what it did not expect, chooses its numbers and gives nothing to others"
)]

mod bad_input;
mod batches;
mod canary;
mod clients;
mod clocks;
mod copies;
mod crash;
mod crates;
mod damage;
mod demo;
mod digest;
mod disk;
mod dst;
mod envoy;
mod faults;
mod gate;
#[path = "../golden/golden.rs"]
mod golden;
mod harness;
mod help;
mod http;
mod keeping;
mod links;
mod lists;
mod loss;
mod migrate;
mod monitor;
mod producers;
mod publish;
mod questions;
mod receive;
mod restart;
mod schedule;
mod sealing;
mod sitemap;
mod stops;
mod timing;
mod web;
mod web_errors;
