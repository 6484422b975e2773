//! The certificate by which the server is known, and who ends TLS: the section `[tls]`.

use std::path::{Path, PathBuf};

use super::{Problem, raw};

/// How connections are protected.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TlsConfig {
    /// The certificates (PEM) and their key, where the server speaks TLS itself.
    pub files: Option<(PathBuf, PathBuf)>,
    /// A proxy speaks TLS and is the only one that reaches the server.
    pub is_behind_proxy: bool,
}

impl TlsConfig {
    /// Whether events may be taken on another address than loopback.
    #[must_use]
    pub fn allows_network(&self) -> bool {
        self.files.is_some() || self.is_behind_proxy
    }
}

/// What the section means. Paths are relative to the file of the configuration.
pub(super) fn tls(raw: raw::Tls, base: &Path) -> Result<TlsConfig, Problem> {
    let files = match (raw.certificate, raw.key) {
        (Some(certificate), Some(key)) => Some((base.join(certificate), base.join(key))),
        (None, None) => None,
        (Some(_), None) => {
            return Err(Problem::new(&["tls", "key"], "is missing; `certificate` and `key` go together"));
        }
        (None, Some(_)) => {
            return Err(Problem::new(&["tls", "certificate"], "is missing; `certificate` and `key` go together"));
        }
    };
    if files.is_some() && raw.behind_proxy {
        let what = "true and a certificate contradict each other: either the server speaks TLS, or a proxy does";
        return Err(Problem::new(&["tls", "behind_proxy"], what));
    }
    Ok(TlsConfig { files, is_behind_proxy: raw.behind_proxy })
}
