//! The real binary, from outside: one program with a module for each property.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what a test or benchmark did not expect may stop it")]

mod bad_input;
mod batches;
mod canary;
mod clients;
mod clocks;
mod compile_fail;
mod copies;
mod crash;
mod crates;
mod damage;
mod demo;
mod disk;
mod dst;
mod faults;
#[path = "../golden/golden.rs"]
mod golden;
mod harness;
mod help;
mod keeping;
mod migrate;
mod producers;
mod restart;
mod sealing;
mod sitemap;
mod stops;
