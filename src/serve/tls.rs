//! TLS 1.3 and 1.2 for what is listened on, and a certificate that is read again when it is renewed.
//!
//! New connections get the new certificate; those that are open go on under the old one. A certificate that cannot be used changes
//! nothing, and the log says why.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio::{sync::watch, task::JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::{
    access::file::{Mark, mark},
    telemetry,
};

/// How often the files are looked at.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// What is spoken inside, the better first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {what}", path = path.display())]
pub struct TlsFault {
    path: PathBuf,
    what: String,
}

/// A certificate with its key, as the files have them.
pub struct Certificate {
    certificate: PathBuf,
    key: PathBuf,
    provider: Arc<CryptoProvider>,
    current: RwLock<Arc<CertifiedKey>>,
}

impl fmt::Debug for Certificate {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_struct("Certificate").field("certificate", &self.certificate).finish_non_exhaustive()
    }
}

impl Certificate {
    /// Reads the chain (PEM, the server's own first) and the key that belongs to it.
    ///
    /// # Errors
    /// When one cannot be read, or they do not belong together.
    pub fn open(certificate: PathBuf, key: PathBuf) -> Result<Arc<Self>, TlsFault> {
        let provider = Arc::new(ring::default_provider());
        let current = RwLock::new(Arc::new(read(&certificate, &key, &provider)?));
        Ok(Arc::new(Self { certificate, key, provider, current }))
    }

    /// What makes connections of raw ones.
    pub(super) fn acceptor(self: &Arc<Self>) -> Result<TlsAcceptor, rustls::Error> {
        let builder = ServerConfig::builder_with_provider(self.provider.clone());
        let builder = builder.with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?;
        let mut config = builder.with_no_client_auth().with_cert_resolver(self.clone());
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// Reads the files again when they change, and when `reload` does, until the returned set is dropped.
    pub(super) fn follow(self: &Arc<Self>, mut reload: watch::Receiver<u64>) -> JoinSet<()> {
        let mut following = JoinSet::new();
        let this = self.clone();
        following.spawn(async move {
            let mut seen = this.mark();
            loop {
                let asked = tokio::time::timeout(LOOK_INTERVAL, reload.changed()).await;
                if matches!(asked, Ok(Err(_))) {
                    return;
                }
                let mark = this.mark();
                if mark != seen || asked.is_ok() {
                    seen = mark;
                    this.reload();
                }
            }
        });
        following
    }

    fn reload(&self) {
        match read(&self.certificate, &self.key, &self.provider) {
            Ok(new) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
                telemetry::certificate_read(&self.certificate);
            }
            Err(fault) => telemetry::certificate_unusable(&fault),
        }
    }

    /// Changes when a file does.
    fn mark(&self) -> [Option<Mark>; 2] {
        [&self.certificate, &self.key].map(|path| mark(path))
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

fn read(certificate: &Path, key: &Path, provider: &CryptoProvider) -> Result<CertifiedKey, TlsFault> {
    let fault = |path: &Path, what: String| TlsFault { path: path.to_owned(), what };
    let chain = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.map_err(|error| fault(certificate, format!("no certificates can be read: {error}")))?;
    if chain.is_empty() {
        return Err(fault(
            certificate,
            "it holds no certificate; allowed: a chain in PEM, the server's own first".to_owned(),
        ));
    }
    let private =
        PrivateKeyDer::from_pem_file(key).map_err(|error| fault(key, format!("no key can be read: {error}")))?;
    CertifiedKey::from_der(chain, private, provider)
        .map_err(|error| fault(key, format!("the key cannot be used with {}: {error}", certificate.display())))
}

/// The system's error for what TLS itself refuses.
pub(super) fn io_error(error: rustls::Error) -> io::Error {
    io::Error::other(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(directory: &Path, name: &str) -> [PathBuf; 2] {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let paths = ["certificate.pem", "key.pem"].map(|file| directory.join(file));
        std::fs::write(&paths[0], made.cert.pem()).unwrap();
        std::fs::write(&paths[1], made.signing_key.serialize_pem()).unwrap();
        paths
    }

    #[test]
    fn a_renewed_certificate_is_taken_and_a_damaged_one_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let [certificate, key] = write(directory.path(), "one.test");
        let held = Certificate::open(certificate.clone(), key.clone()).unwrap();
        let current = || held.current.read().unwrap().cert[0].to_vec();
        let first = current();
        write(directory.path(), "two.test");
        held.reload();
        let second = current();
        assert!(first != second);
        std::fs::write(&certificate, "").unwrap();
        held.reload();
        assert!(current() == second);
        assert!(Certificate::open(certificate, key).unwrap_err().to_string().contains("no certificate"));
    }

    #[test]
    fn a_key_of_another_certificate_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let other = tempfile::tempdir().unwrap();
        let [certificate, _] = write(directory.path(), "one.test");
        let [_, key] = write(other.path(), "two.test");
        assert!(Certificate::open(certificate, key).unwrap_err().to_string().contains("cannot be used with"));
    }
}
