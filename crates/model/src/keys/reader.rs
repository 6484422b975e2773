//! How much a visit looks like a person's: the keys of the table of readers.
//!
//! It is here because a user agent can be copied and a browser's behaviour hardly is: a browser that shows a page loads its
//! style sheet, scripts, fonts and pictures. Nothing here decides which visit is which.

/// Loaded a style sheet, script, font or picture: somebody saw the page. These are the fewest readers there were.
pub const LOADED_FILES: usize = 0;
/// Opened pages alone, with a browser of its time, by a link or deep in the site: perhaps from a cache, perhaps no reader.
pub const PAGES_ONLY: usize = 1;
/// Opened pages alone, and in no way as a browser of its time does; or asked for robots.txt.
pub const ROBOT_LIKE: usize = 2;

/// Every key, by these positions.
pub const READERS: &[&str] = &["loaded files", "pages only", "robot-like"];
