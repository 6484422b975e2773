//! Hands mails to a mail server, one for each recipient, so that nobody sees who else has it.
//!
//! It never writes an address, a mail or a password anywhere; what the mail server says is not repeated, because it names addresses.

use std::{
    error::Error as _,
    fmt::Write as _,
    fs::File,
    io::{self, Read as _},
    os::unix::fs::PermissionsExt as _,
    path::Path,
};

use lettre::{
    Message, SmtpTransport, Transport as _,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
    transport::smtp::{
        Error as SmtpError,
        authentication::Credentials,
        client::{Tls, TlsParameters},
        extension::ClientId,
    },
};
use zeroize::Zeroizing;

use super::{DigestError, Letter};
use crate::config::{Login, Relay, Security};

/// The most recipients of one run.
const RECIPIENTS_MAX: usize = 1_000;
/// The largest file of recipients, in bytes.
const LIST_BYTES_MAX: u64 = 1 << 20;
/// The longest password, in bytes.
const PASSWORD_BYTES_MAX: u64 = 1_024;
/// Random bytes of a Message-ID.
const ID_BYTES: usize = 16;
/// Replies that say that the login is refused (RFC 4954, section 6): all other recipients would be refused too.
const LOGIN_REFUSED: [u16; 4] = [530, 534, 535, 538];

/// Who gets it. It has no `Debug`: addresses are not to be written.
pub struct Recipients(Vec<Mailbox>);

impl Recipients {
    /// The addresses that were typed, and those of a file: one a line, `#` before a remark.
    ///
    /// # Errors
    /// When the file cannot be read, for the first that is no address, and when there is none or too many.
    pub fn new(typed: &[String], file: Option<&Path>) -> Result<Self, DigestError> {
        let mut all: Vec<String> = typed.iter().map(|text| text.trim().to_owned()).collect();
        if let Some(path) = file {
            let text = read(path, LIST_BYTES_MAX)?;
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
            all.extend(lines.map(str::to_owned));
        }
        if all.is_empty() || all.len() > RECIPIENTS_MAX {
            return Err(DigestError::Recipients { count: all.len(), max: RECIPIENTS_MAX });
        }
        let parsed =
            all.iter().zip(1..).map(|(text, place)| text.parse().map_err(|_| DigestError::Recipient { place }));
        parsed.collect::<Result<Vec<Mailbox>, _>>().map(Self)
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

/// Sends the mail to each recipient. It takes as long as the mail server does: call it where that may block.
///
/// # Errors
/// When the password file is not as it must be, the mail server cannot be reached, or it refused some recipients. The others have
/// their mail then.
pub fn send(letter: &Letter, relay: &Relay, unsubscribe: Option<&str>, to: &Recipients) -> Result<(), DigestError> {
    let transport = transport(relay)?;
    let server = format!("{}:{}", relay.server, relay.port);
    let (all, mut sent, mut refused) = (to.count(), 0, String::new());
    for (recipient, place) in to.0.iter().zip(1..) {
        let message = message(letter, &relay.from, recipient, unsubscribe)?;
        let Err(error) = transport.send(&message) else {
            sent += 1;
            continue;
        };
        match error.status().map(u16::from) {
            Some(code) if !LOGIN_REFUSED.contains(&code) => {
                let between = if refused.is_empty() { "" } else { ", " };
                let _ = write!(refused, "{between}recipient {place} ({code})");
            }
            _ => return Err(DigestError::Relay { server, problem: problem(&error, relay), sent, all }),
        }
    }
    if refused.is_empty() { Ok(()) } else { Err(DigestError::Refused { server, refused, sent, all }) }
}

/// What happened, in words that hold no address.
fn problem(error: &SmtpError, relay: &Relay) -> String {
    if let Some(code) = error.status() {
        return format!("refused the login ({code}); look at `mail.user` and `mail.password_file`");
    }
    if error.is_timeout() {
        return format!("did not answer within {} s", relay.timeout.as_secs());
    }
    if error.is_tls() {
        let cause = error.source().map(ToString::to_string).unwrap_or_default();
        return format!("offers no TLS that can be trusted ({cause})");
    }
    if error.is_client() {
        return "does not offer what is configured: STARTTLS where `mail.tls` is \"starttls\", a login where `mail.user` is set".to_owned();
    }
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    match cause {
        // A certificate that is refused comes as such an error of the connection.
        Some(cause) if cause.kind() == io::ErrorKind::InvalidData && relay.security != Security::Clear => {
            format!("offers no TLS that can be trusted ({cause})")
        }
        // Such as "Connection refused".
        Some(cause) => format!("cannot be reached ({})", cause.kind()),
        None => "does not answer as a mail server does".to_owned(),
    }
}

fn transport(relay: &Relay) -> Result<SmtpTransport, DigestError> {
    let parameters = || {
        let made = TlsParameters::new_rustls(relay.server.clone());
        made.map_err(|_| DigestError::Message { what: "the certificates of this machine cannot be read" })
    };
    let tls = match relay.security {
        Security::StartTls => Tls::Required(parameters()?),
        Security::Tls => Tls::Wrapper(parameters()?),
        Security::Clear => Tls::None,
    };
    // The sender's domain: the name of this machine is nobody's business.
    let hello = ClientId::Domain(relay.from.email.domain().to_owned());
    let builder = SmtpTransport::builder_dangerous(relay.server.clone());
    let builder = builder.port(relay.port).tls(tls).timeout(Some(relay.timeout)).hello_name(hello);
    Ok(match &relay.login {
        Some(login) => builder.credentials(credentials(login)?).build(),
        None => builder.build(),
    })
}

fn credentials(login: &Login) -> Result<Credentials, DigestError> {
    let path = &login.password_file;
    let failed = |source| DigestError::File { path: path.clone(), source };
    let mode = File::open(path).and_then(|file| file.metadata()).map_err(failed)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(DigestError::OpenPassword { path: path.clone() });
    }
    let text = Zeroizing::new(read(path, PASSWORD_BYTES_MAX)?);
    let password = text.trim_end_matches(['\r', '\n']);
    if password.is_empty() || password.contains(char::is_control) {
        return Err(DigestError::NoPassword { path: path.clone(), max: PASSWORD_BYTES_MAX });
    }
    Ok(Credentials::new(login.user.clone(), password.to_owned()))
}

/// A file of text that is not longer than it may be.
fn read(path: &Path, bytes_max: u64) -> Result<String, DigestError> {
    let failed = |source| DigestError::File { path: path.to_owned(), source };
    let mut text = String::new();
    let length =
        File::open(path).and_then(|file| file.take(bytes_max + 1).read_to_string(&mut text)).map_err(failed)?;
    if length as u64 > bytes_max {
        return Err(failed(io::Error::other(format!("it is longer than the {bytes_max} bytes that are allowed"))));
    }
    Ok(text)
}

/// The mail of one recipient.
fn message(letter: &Letter, from: &Mailbox, to: &Mailbox, unsubscribe: Option<&str>) -> Result<Message, DigestError> {
    let id = random_id(from.email.domain())?;
    let mut builder = Message::builder()
        .from(from.clone())
        .to(to.clone())
        .subject(letter.subject())
        .message_id(Some(id))
        .date_now()
        .raw_header(header("Auto-Submitted", "auto-generated"))
        .raw_header(header("Content-Language", letter.language_tag()));
    if let Some(url) = unsubscribe {
        builder = builder.raw_header(header("List-Unsubscribe", &format!("<{url}>")));
    }
    let built = builder.multipart(MultiPart::alternative_plain_html(letter.plain(), letter.html()));
    built.map_err(|_| DigestError::Message { what: "its sender and recipient make no envelope" })
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// A name that no other mail has, and that tells nothing.
fn random_id(domain: &str) -> Result<String, DigestError> {
    let mut bytes = [0_u8; ID_BYTES];
    getrandom::fill(&mut bytes).map_err(|_| DigestError::Message { what: "the system gives no random numbers" })?;
    let digits = bytes.iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    });
    Ok(format!("<{digits}@{domain}>"))
}
