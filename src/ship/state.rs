//! The file that makes the logs of one sender its own: a secret that goes with everything that is sent. The server tells how
//! far a log was sent to whoever has it, and to nobody else.
//!
//! Beside it lies what each server said of how much it has published, which is given back to it: a server that is an older copy of
//! itself notices. That file is no secret, and where it cannot be used nothing is lost but this.
//!
//! The state file is made at the first run, is read by its owner alone, and is shared by all logs that this user ships. Where it is lost,
//! logs that the server counted in part begin anew. It holds nothing of what was shipped.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use headcount_client::ProducerSecret;
use zeroize::Zeroizing;

/// What the file begins with; the secret follows in hexadecimal digits.
const HEADING: &str = "headcount ship 1";
/// How many bytes a secret has.
const SECRET_BYTES: usize = 32;
/// Of how many servers a mark is kept.
const MARKS_MAX: usize = 64;
/// More than what the file ever holds.
const FILE_BYTES_MAX: u64 = 4_096;

/// Why there is no secret.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// It cannot be read or made.
    #[error(
        "the state file {path} cannot be {what}: {source}. It holds the secret by which the server knows this sender: make its \
         directory writable, or name another place with --state FILE"
    )]
    File {
        /// The file or its directory.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// It is something else.
    #[error(
        "{0} is no state file of headcount ship, or is damaged: put a copy of it back, or name another place with --state FILE. \
         With a new one, logs that the server counted in part are counted anew"
    )]
    Damaged(PathBuf),
    /// Others may read it.
    #[error("others than its owner may read the state file {0}, which holds a secret: chmod 600 {0}")]
    Open(PathBuf),
    /// There is no place for it.
    #[error("there is no HOME and no XDG_STATE_HOME to keep the sender's secret in: name a place with --state FILE")]
    Nowhere,
}

/// The secret in a state file; a new one where there is none yet.
///
/// # Errors
/// The file cannot be read or made, is something else, or may be read by others.
pub fn load_secret(path: &Path) -> Result<ProducerSecret, StateError> {
    match read(path)? {
        Some(secret) => Ok(secret),
        None => make(path),
    }
}

/// A secret that is kept nowhere: for a server that ends with this process.
///
/// # Errors
/// When the operating system gives no random bytes.
pub fn passing_secret() -> io::Result<ProducerSecret> {
    let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
    getrandom::fill(&mut *bytes).map_err(|error| io::Error::other(error.to_string()))?;
    ProducerSecret::new(&bytes[..]).map_err(io::Error::other)
}

/// What a server said at the end of the last run of how much it has published; empty where nothing is known.
#[must_use]
pub fn known_mark(state: &Path, server: &str) -> Vec<u8> {
    let marks = fs::read_to_string(marks_beside(state)).unwrap_or_default();
    let mark = marks.lines().find_map(|line| line.strip_prefix(server)?.strip_prefix(' '));
    mark.and_then(from_hex).unwrap_or_default()
}

/// Keeps it for the next run. Where it cannot be written, the next run gives back an older one or none, which does no harm.
pub fn keep_mark(state: &Path, server: &str, mark: &[u8]) {
    let path = marks_beside(state);
    let known = fs::read_to_string(&path).unwrap_or_default();
    let others = known.lines().filter(|line| line.split(' ').next() != Some(server));
    let mut text: String = others.take(MARKS_MAX - 1).map(|line| format!("{line}\n")).collect();
    text.push_str(&format!("{server} {}\n", to_hex(mark)));
    let draft = state.with_extension(format!("{}.marks", std::process::id()));
    let _ = fs::write(&draft, text).and_then(|()| fs::rename(&draft, &path));
}

fn marks_beside(state: &Path) -> PathBuf {
    state.with_extension("marks")
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn failed<'p>(path: &'p Path, what: &'static str) -> impl Fn(io::Error) -> StateError + 'p {
    move |source| StateError::File { path: path.to_owned(), what, source }
}

fn read(path: &Path) -> Result<Option<ProducerSecret>, StateError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(path, "read")(error)),
    };
    let mode = file.metadata().map_err(failed(path, "read"))?.permissions().mode();
    let mut text = Zeroizing::new(String::new());
    file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(failed(path, "read"))?;
    if mode & 0o077 != 0 {
        return Err(StateError::Open(path.to_owned()));
    }
    let damaged = || StateError::Damaged(path.to_owned());
    let digits = text.strip_prefix(HEADING).and_then(|rest| rest.strip_prefix('\n'));
    let digits = digits.and_then(|rest| rest.strip_suffix('\n')).ok_or_else(damaged)?;
    let bytes = Zeroizing::new(from_hex(digits).filter(|bytes| bytes.len() == SECRET_BYTES).ok_or_else(damaged)?);
    ProducerSecret::new(&bytes[..]).map(Some).map_err(|_| damaged())
}

fn from_hex(digits: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let bytes = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?));
    bytes.collect::<Option<Vec<u8>>>().filter(|_| rest.is_empty())
}

/// Makes the file, whole or not at all. Where another run made it meanwhile, that one counts.
fn make(path: &Path) -> Result<ProducerSecret, StateError> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make_directory(directory)?;
    let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
    let entropy = |error: getrandom::Error| failed(path, "made")(io::Error::other(error.to_string()));
    getrandom::fill(&mut *bytes).map_err(entropy)?;
    let draft = path.with_extension(format!("{}.new", std::process::id()));
    let made = write(&draft, &bytes[..]).and_then(|()| match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked.and_then(|()| File::open(directory)?.sync_all()),
    });
    let _ = fs::remove_file(&draft);
    made.map_err(failed(path, "written"))?;
    read(path)?.ok_or_else(|| StateError::Damaged(path.to_owned()))
}

fn make_directory(directory: &Path) -> Result<(), StateError> {
    if directory.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(directory).map_err(failed(directory, "made"))?;
    fs::set_permissions(directory, Permissions::from_mode(0o700)).map_err(failed(directory, "made"))
}

fn write(draft: &Path, secret: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(draft)?;
    let digits = Zeroizing::new(to_hex(secret));
    file.write_all(HEADING.as_bytes())?;
    file.write_all(b"\n")?;
    file.write_all(digits.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(path: &Path) -> Vec<u8> {
        fs::read(path).unwrap()
    }

    #[test]
    fn a_secret_is_made_once_for_its_owner_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state").join("ship");
        load_secret(&path).unwrap();
        let first = bytes(&path);
        load_secret(&path).unwrap();
        assert_eq!(bytes(&path), first);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no draft is left");
        let other = directory.path().join("other");
        load_secret(&other).unwrap();
        assert_ne!(bytes(&other), first);
    }

    #[test]
    fn a_mark_is_kept_for_each_server() {
        let directory = tempfile::tempdir().unwrap();
        let state = directory.path().join("ship");
        assert_eq!(known_mark(&state, "http://a:1"), b"");
        keep_mark(&state, "http://a:1", b"one");
        keep_mark(&state, "http://a:12", b"two");
        keep_mark(&state, "http://a:1", b"three");
        assert_eq!(known_mark(&state, "http://a:1"), b"three");
        assert_eq!(known_mark(&state, "http://a:12"), b"two");
        assert_eq!(known_mark(&state, "http://a"), b"");
    }

    #[test]
    fn a_file_that_is_something_else_is_left_as_it_is() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ship");
        for content in ["", "headcount ship 1\n", "headcount ship 2\n00\n", &format!("{HEADING}\n{}\n", "0".repeat(63))]
        {
            fs::write(&path, content).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
            assert!(matches!(load_secret(&path), Err(StateError::Damaged(_))), "{content:?}");
            assert_eq!(bytes(&path), content.as_bytes());
        }
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let open = load_secret(&path).unwrap_err();
        assert!(open.to_string().contains("chmod 600"), "{open}");
        // A directory in its place, and a file in the place of its directory.
        for place in [directory.path().to_owned(), path.join("ship")] {
            let error = load_secret(&place).unwrap_err();
            assert!(error.to_string().contains("--state FILE"), "{error}");
        }
    }
}
