//! The real binary, from outside: one program with a module for each property.

mod bad_input;
mod batches;
mod canary;
mod clients;
mod compile_fail;
mod demo;
mod harness;
mod keeping;
mod restart;
mod sitemap;
mod tidy;
