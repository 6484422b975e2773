//! The real binary, from outside: one program with a module for each property.

mod bad_input;
mod batches;
mod canary;
mod clients;
mod clocks;
mod compile_fail;
mod crash;
mod damage;
mod demo;
mod disk;
mod dst;
mod faults;
mod harness;
mod keeping;
mod migrate;
mod restart;
mod sealing;
mod sitemap;
mod stops;
mod tidy;
