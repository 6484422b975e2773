//! The control socket: how an administrator on the same machine asks a running server for a backup.
//!
//! `DATA/control/socket`, in a directory that only its owner can enter. The request is one line; the response to `backup` is
//! the bytes of a backup, which holds a digest over itself.

use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use tokio::{
    fs::File,
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
    task::JoinSet,
};

use crate::{telemetry, vault::Admin};

/// The longest line that is read, in bytes.
const LINE_BYTES_MAX: u64 = 256;

/// Where the socket of a data directory is.
#[must_use]
pub fn socket(data: &Path) -> PathBuf {
    data.join("control").join("socket")
}

/// Answers until the returned set is dropped. A server without a socket still serves; its log says why there is none.
pub(super) fn listen(data: &Path, admin: Admin) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    match bind(&socket(data)) {
        Ok(listener) => {
            tasks.spawn(accept(listener, admin));
        }
        Err(error) => telemetry::no_control_socket(&error),
    }
    tasks
}

fn bind(path: &Path) -> io::Result<UnixListener> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
        fs::set_permissions(directory, Permissions::from_mode(0o700))?;
    }
    // Left by an earlier process: this one holds the lock of the data directory.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    UnixListener::bind(path)
}

async fn accept(listener: UnixListener, admin: Admin) {
    // One at a time: a second backup waits for the first.
    while let Ok((stream, _)) = listener.accept().await {
        if let Err(error) = answer(stream, &admin).await {
            telemetry::backup_failed(&error);
        }
    }
}

async fn answer(stream: UnixStream, admin: &Admin) -> io::Result<()> {
    let (from, mut to) = stream.into_split();
    let mut line = String::new();
    BufReader::new(from.take(LINE_BYTES_MAX)).read_line(&mut line).await?;
    if line != "backup\n" {
        return Ok(());
    }
    let copy = admin.back_up().await.map_err(io::Error::other)?;
    let bytes = tokio::io::copy(&mut File::from_std(copy), &mut to).await?;
    to.shutdown().await?;
    telemetry::backed_up(bytes);
    Ok(())
}
