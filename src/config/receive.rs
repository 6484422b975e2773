//! What proxies and collectors send: the section `[receive]`.

use super::{Problem, raw};
use crate::text::shown;

/// The longest name of a cookie, in bytes.
const COOKIE_BYTES_MAX: usize = 64;

/// The name of the visitor cookie, as RFC 6265 allows it (section 4.1.1).
pub(super) fn cookie(raw: raw::Receive) -> Result<Option<String>, Problem> {
    let Some(name) = raw.cookie else { return Ok(None) };
    let is_token = |byte: u8| byte.is_ascii_graphic() && !br#"()<>@,;:\"/[]?={}"#.contains(&byte);
    if (1..=COOKIE_BYTES_MAX).contains(&name.len()) && name.bytes().all(is_token) {
        return Ok(Some(name));
    }
    let what = format!(
        "{} is not the name of a cookie; allowed: 1 to {COOKIE_BYTES_MAX} letters, digits and any of !#$%&'*+-.^_`|~",
        shown(&name)
    );
    Err(Problem::new(&["receive", "cookie"], what))
}
