//! Proves that a backup restores: puts it back in another place, with the archive, and looks at all that is published there.
//!
//! It is here because a backup that nobody ever restored is a hope. It may run beside the server. Open periods come back encrypted and
//! are not opened: their keys have no copy, and a drill needs none.

use std::{path::Path, sync::Arc};

use super::{Directories, Restore, Restored, Verified, restore, verify::verify_published};
use crate::{clock::Clock, store::AdminError};

/// What a drill gave.
#[derive(Debug)]
pub struct Drilled {
    /// What was put back.
    pub restored: Restored,
    /// What was looked at there.
    pub verified: Verified,
}

/// Puts a backup, and a copy of the archive where there is one, into an empty directory that belongs to the caller, and checks it.
///
/// # Errors
/// As [`restore()`].
pub fn drill(scratch: &Path, backup: &Path, archive: &Path, clock: Arc<dyn Clock>) -> Result<Drilled, AdminError> {
    let place = |name| scratch.join(name);
    let directories = Directories { data: place("data"), keys: place("keys"), archive: place("archive") };
    let what = Restore {
        directories: directories.clone(),
        from: archive.exists().then(|| archive.to_owned()),
        backup: Some(backup.to_owned()),
    };
    let restored = restore(&what)?;
    let verified = verify_published(&directories, clock)?;
    Ok(Drilled { restored, verified })
}
