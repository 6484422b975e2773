//! How many files may be open. A connection is one, and so is each file of the database: a server that has none left cannot store.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::limits::{FILES_RESERVED, FILES_WANTED};

/// Raises the limit as far as it is allowed and useful, and gives how many connections fit beside the files of the database.
pub(super) fn connections_max(wanted: usize) -> usize {
    let now = getrlimit(Resource::Nofile);
    let most = now.maximum.unwrap_or(u64::MAX);
    let soft = now.current.unwrap_or(u64::MAX);
    let asked = FILES_WANTED.min(most).max(soft);
    let raised = Rlimit { current: Some(asked), maximum: now.maximum };
    let files = if asked > soft && setrlimit(Resource::Nofile, raised).is_ok() { asked } else { soft };
    let connections = fitting(files, wanted);
    if connections < wanted {
        crate::telemetry::few_files(files, connections);
    }
    connections
}

/// How many of the wanted connections fit.
fn fitting(files: u64, wanted: usize) -> usize {
    // Where not even the reserve is there, a few can still be served.
    let left = files.saturating_sub(FILES_RESERVED).max(files / 4);
    usize::try_from(left).map_or(wanted, |left| left.min(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_files_to_the_database() {
        assert_eq!(fitting(1_024, 4_096), 768);
        assert_eq!(fitting(16_384, 4_096), 4_096);
        assert_eq!(fitting(64, 4_096), 16);
        assert!(connections_max(10) <= 10);
    }
}
