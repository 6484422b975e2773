//! How requests were answered: bins of times and sizes, classes of errors.

use crate::bins;

/// Every response time that is ever published.
pub const RESPONSE_TIMES: &[&str] = bins::RESPONSE_TIMES.labels;
/// Every response size that is ever published.
pub const RESPONSE_SIZES: &[&str] = bins::RESPONSE_SIZES.labels;
/// The classes of errors that are counted by page.
pub const ERROR_CLASSES: &[&str] = &["4xx", SERVER_ERRORS];
/// The class of errors that are the server's own.
pub const SERVER_ERRORS: &str = "5xx";
