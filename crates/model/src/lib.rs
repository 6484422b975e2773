//! The words that every room of headcount shares. Nothing here reads or writes anything, and nothing knows of a visitor.

pub mod bins;
