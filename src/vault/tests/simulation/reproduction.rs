//! Histories that failed once, and histories that are worth keeping.
