//! `headcount open`: the page of the server on this machine, in a browser.
//!
//! It never starts a server, and opens nothing where none answers.

use std::{
    net::SocketAddr,
    path::PathBuf,
    process::{Command, ExitCode, Stdio},
    time::Duration,
};

use tokio::{net::TcpStream, time::timeout};

use super::{fail, location::Location};
use crate::serve;

/// How long a server on this machine may take to answer.
const CONNECT_WAIT: Duration = Duration::from_secs(2);
/// Programs that open an address in the user's browser: of desktops on Linux, and of macOS.
const OPENERS: [&str; 2] = ["xdg-open", "open"];

/// Open the page with the published numbers in a browser
///
/// Prints its address, and opens it where there is a browser.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Exit codes: 0 printed (and opened, where there is a browser), 2 wrong usage or configuration, 3 no server answers.")]
pub struct Args {
    /// The configuration file of the server
    #[arg(long, value_name = "FILE", env = "HEADCOUNT_CONFIG")]
    pub config: Option<PathBuf>,
    /// Where the server answers readers [default: as configured, else 127.0.0.1:4680]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub web: Option<SocketAddr>,
}

/// Opens the page.
pub async fn run(args: Args) -> ExitCode {
    let listen = match listen(args) {
        Ok(Some(listen)) => listen,
        Ok(None) => return fail("open", "web.listen is \"off\" in the configuration: this server has no page", 2),
        Err(message) => return fail("open", &message, 2),
    };
    let url = serve::url(listen);
    let address = url.trim_start_matches("http://").trim_end_matches('/');
    if !matches!(timeout(CONNECT_WAIT, TcpStream::connect(address)).await, Ok(Ok(_))) {
        let message =
            format!("no server answers at {url}; start one with `headcount serve`, or name its address with --web");
        return fail("open", &message, 3);
    }
    println!("{url}");
    if !OPENERS.iter().any(|opener| opens(opener, &url)) {
        eprintln!("headcount open: no browser was found here; open the address above in yours");
    }
    ExitCode::SUCCESS
}

fn listen(args: Args) -> Result<Option<SocketAddr>, String> {
    match args.web {
        Some(web) => Ok(Some(web)),
        None => Ok(Location { config: args.config, ..Location::default() }.config()?.web.listen),
    }
}

/// Whether a program opens it. It says so at once: a browser goes on by itself.
fn opens(opener: &str, url: &str) -> bool {
    let mut command = Command::new(opener);
    command.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
