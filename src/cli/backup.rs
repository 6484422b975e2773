//! `headcount backup`: a copy of the database, also from a running server.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    net::Shutdown,
    os::unix::{fs::OpenOptionsExt, net::UnixStream},
    path::{Path, PathBuf},
    process::ExitCode,
};

use super::location::Location;
use crate::{serve, vault::admin};

/// Copy the database into one file, also while the server runs
///
/// The file holds the published releases, the positions of the senders, and what open periods have counted so far,
/// encrypted. It does not hold the keys of open periods: keep these apart, because whoever has both can read what is not
/// published yet. `headcount restore --backup` restores it.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  headcount backup --data /var/lib/headcount /backup/headcount-$(date +%F)

While the copy is made (a second for some 100 MB) a running server acknowledges nothing. Copy the archive directory too: it
only grows, so any tool that copies files will do, at any time.
Exit codes: 0 done and checked, 1 failed, 2 wrong usage or configuration.")]
pub struct Args {
    /// Where the data are
    #[command(flatten)]
    pub location: Location,
    /// The file to write; it must not exist
    #[arg(value_name = "FILE")]
    pub to: PathBuf,
}

/// Takes the backup.
pub fn run(args: &Args) -> ExitCode {
    let config = match args.location.config() {
        Ok(config) => config,
        Err(message) => return super::fail("backup", &message, 2),
    };
    match take(&config.data, &args.to) {
        Ok(bytes) => {
            println!("{}: {bytes} bytes, checked", args.to.display());
            ExitCode::SUCCESS
        }
        Err(message) => super::fail("backup", &message, 1),
    }
}

fn take(data: &Path, to: &Path) -> Result<u64, String> {
    if to.exists() {
        return Err(format!("{} is there already: name another file", to.display()));
    }
    let mut partial = to.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let result = write(data, &partial).and_then(|()| {
        let bytes = admin::check_backup(&partial).map_err(|fault| fault.to_string())?;
        fs::rename(&partial, to).map_err(|error| format!("{}: {error}", to.display()))?;
        Ok(bytes)
    });
    if result.is_err() {
        let _ = fs::remove_file(&partial);
    }
    result
}

fn write(data: &Path, to: &Path) -> Result<(), String> {
    let at = |error: io::Error| format!("{}: {error}", to.display());
    let mut file = File::options().create(true).truncate(true).write(true).mode(0o600).open(to).map_err(at)?;
    match UnixStream::connect(serve::control::socket(data)) {
        Ok(server) => ask(server, &mut file).map_err(at)?,
        Err(_) => admin::back_up(data, &mut file).map_err(|fault| fault.to_string())?,
    }
    file.sync_all().map_err(at)
}

fn ask(mut server: UnixStream, to: &mut File) -> io::Result<()> {
    server.write_all(b"backup\n")?;
    server.shutdown(Shutdown::Write)?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        match server.read(&mut buffer)? {
            0 => return Ok(()),
            read => to.write_all(&buffer[..read])?,
        }
    }
}
