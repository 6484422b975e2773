//! How a command that asks a server is let in: a token from a file or the environment, and whom it trusts.
//!
//! It is here so that a token is never typed: what is typed is seen by everybody on the machine and stays in the shell's history.

use std::path::{Path, PathBuf};

use headcount_client::{Credentials, ServerAddress};
use zeroize::Zeroizing;

use crate::{
    access::token::Token,
    report::{self, Link, ReportError},
};

/// The variable that may hold the token.
const VARIABLE: &str = "HEADCOUNT_TOKEN";
/// The largest file of a token or of certificates, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// How a server is asked.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Trust {
    /// The file with the token that lets this command in; without it, HEADCOUNT_TOKEN is used where it is set
    #[arg(long, value_name = "FILE", env = "HEADCOUNT_TOKEN_FILE")]
    pub token_file: Option<PathBuf>,
    /// The certificates (PEM) of the authority that an https server is known by [default: those that the system trusts]
    #[arg(long, value_name = "FILE", env = "HEADCOUNT_CA")]
    pub ca: Option<PathBuf>,
    /// Refused, with the reason.
    #[arg(long, hide = true, value_parser = refuse)]
    pub token: Option<String>,
}

/// The server that a command reads from.
#[derive(clap::Args, Clone, Debug)]
pub struct Server {
    /// The server's address
    #[arg(id = "server", long = "server", value_name = "URL", env = "HEADCOUNT_SERVER", default_value = report::DEFAULT_SERVER)]
    pub url: String,
    /// How it lets this in
    #[command(flatten)]
    trust: Trust,
}

impl Server {
    /// A connection, with what the server is to be shown.
    pub(super) async fn connect(&self) -> Result<Link, ReportError> {
        let credentials = self.trust.credentials(&self.url).map_err(ReportError::Trust)?;
        report::connect(&self.url, &credentials).await
    }
}

fn refuse(_: &str) -> Result<String, String> {
    let why = "a token on the command line is seen by everybody on this machine and stays in the shell's history";
    Err(format!("{why}; write it to a file and name that with --token-file, or set {VARIABLE}. Exchange this one"))
}

impl Trust {
    /// What the server of a URL is shown.
    pub(super) fn credentials(&self, url: &str) -> Result<Credentials, String> {
        let server = ServerAddress::parse(url).map_err(|error| error.to_string())?;
        let mut credentials = Credentials::default();
        if let Some(text) = self.text()? {
            let token = Token::parse(&text).map_err(|fault| format!("{}: {fault}", self.place()))?;
            credentials = credentials.with_token(token.reveal()).map_err(|error| error.to_string())?;
            if server.is_in_clear() {
                eprintln!(
                    "headcount: the token goes to {url} in clear: use https://, or a tunnel that ends on this machine"
                );
            }
        }
        if let Some(path) = &self.ca {
            credentials = credentials.with_ca(read(path)?.as_bytes().to_vec());
        }
        // Refused here, before anything is asked, where the certificates cannot be used.
        server.with_credentials(credentials.clone()).map_err(|error| error.to_string())?;
        Ok(credentials)
    }

    fn place(&self) -> String {
        self.token_file.as_deref().map_or_else(|| VARIABLE.to_owned(), |path| path.display().to_string())
    }

    fn text(&self) -> Result<Option<Zeroizing<String>>, String> {
        match &self.token_file {
            Some(path) => read(path).map(Some),
            None => Ok(variable()),
        }
    }
}

fn variable() -> Option<Zeroizing<String>> {
    #[allow(clippy::disallowed_methods, reason = "the command line reads the environment")]
    std::env::var(VARIABLE).ok().filter(|text| !text.is_empty()).map(Zeroizing::new)
}

fn read(path: &Path) -> Result<Zeroizing<String>, String> {
    let cannot = |what: String| format!("{} cannot be read: {what}", path.display());
    let length = std::fs::metadata(path).map_err(|error| cannot(error.to_string()))?.len();
    if length > FILE_BYTES_MAX {
        return Err(cannot(format!("it has {length} bytes; allowed: {FILE_BYTES_MAX}")));
    }
    std::fs::read_to_string(path).map(Zeroizing::new).map_err(|error| cannot(error.to_string()))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::access::record::Role;

    #[derive(Parser)]
    struct Typed {
        #[command(flatten)]
        trust: Trust,
    }

    #[test]
    fn a_token_on_the_command_line_is_refused_with_why() {
        let error = Typed::try_parse_from(["x", "--token", "hc_read_secret"]).err().expect("refused").to_string();
        assert!(error.contains("--token-file") && error.contains("history"), "{error}");
    }

    #[test]
    fn a_mistyped_token_is_told_before_anything_is_asked() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("token");
        let trust = Trust { token_file: Some(file.clone()), ..Trust::default() };
        let token = Token::new(Role::Read).unwrap();
        std::fs::write(&file, format!("{}\n", token.reveal())).unwrap();
        assert!(trust.credentials("http://127.0.0.1:1").is_ok());
        std::fs::write(&file, &token.reveal()[..50]).unwrap();
        let error = trust.credentials("http://127.0.0.1:1").unwrap_err();
        assert!(error.contains("not whole") && !error.contains(&token.reveal()[10..20]), "{error}");
        std::fs::remove_file(&file).unwrap();
        assert!(trust.credentials("http://127.0.0.1:1").unwrap_err().contains("cannot be read"));
    }
}
