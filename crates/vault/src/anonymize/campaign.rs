//! The campaign that a visit came from: `source / medium / campaign`, from the query parameters utm_source, utm_medium
//! and utm_campaign.
//!
//! It is here because the parameters are set by whoever writes a link, also by newsletters that put a reader's address
//! or number into them. It takes the request target and writes one short key without personal data, by the same rules as
//! for pages. It never keeps another parameter.

#[cfg(test)]
mod tests;

use headcount_model::keys::NO_CAMPAIGN;
use percent_encoding::percent_decode_str;

use super::page::{self, TARGET_BYTES_MAX};

/// The longest key that is ever written, in bytes.
pub(crate) const CAMPAIGN_BYTES_MAX: usize = 128;

/// The parameters, in the order of the key.
const NAMES: [&str; 3] = ["utm_source", "utm_medium", "utm_campaign"];
const SEPARATOR: &str = " / ";
/// Stands for a part that is missing.
const MISSING: &str = "-";
/// Ends a key that was cut.
const ELLIPSIS: char = '…';

/// Writes the key of a request target into `out` (cleared first): never empty, at most 128 bytes.
///
/// Of a parameter that comes twice, the first counts. A target without campaign, or with plain words in it, costs no
/// allocation.
pub(crate) fn campaign(target: &str, out: &mut String) {
    out.clear();
    if memchr::memchr(b'?', target.as_bytes()).is_none() {
        out.push_str(NO_CAMPAIGN);
        return;
    }
    let values = if target.len() <= TARGET_BYTES_MAX { values(target) } else { [None; 3] };
    let mut found = false;
    if values.iter().any(Option::is_some) {
        for (index, raw) in values.iter().enumerate() {
            if index > 0 {
                out.push_str(SEPARATOR);
            }
            let before = out.len();
            push_value(raw.unwrap_or_default(), out);
            if out.len() > before {
                found = true;
            } else {
                out.push_str(MISSING);
            }
        }
    }
    if found {
        shorten(out);
    } else {
        out.clear();
        out.push_str(NO_CAMPAIGN);
    }
}

/// The raw values of the parameters.
fn values(target: &str) -> [Option<&str>; 3] {
    let mut values = [None; 3];
    let local = target.split('#').next().unwrap_or_default();
    let Some((_, query)) = local.split_once('?') else {
        return values;
    };
    for pair in query.split('&') {
        if let Some((name, value)) = pair.split_once('=')
            && let Some(index) = NAMES.iter().position(|wanted| is_name(name, wanted))
        {
            values[index].get_or_insert(value);
        }
    }
    values
}

/// Compares decoded names without regard to ASCII case.
fn is_name(raw: &str, wanted: &str) -> bool {
    raw.len() >= wanted.len() && percent_decode_str(raw).map(|b| b.to_ascii_lowercase()).eq(wanted.bytes())
}

/// The bytes of a value: `+` is a space there, and a plus sign comes as %2B.
fn decoded(raw: &str) -> impl Iterator<Item = u8> {
    raw.split('+').enumerate().flat_map(|(index, piece)| {
        let space = (index > 0).then_some(b' ');
        space.into_iter().chain(percent_decode_str(piece))
    })
}

/// Appends a value, decoded, without personal data, in lower case; nothing where it is empty.
fn push_value(raw: &str, out: &mut String) {
    let start = out.len();
    if decoded(raw).all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b' ')) {
        push_words(decoded(raw).map(char::from), out);
        if page::is_plain_text(&out[start..]) {
            out[start..].make_ascii_lowercase();
            return;
        }
    } else {
        let bytes: Vec<u8> = decoded(raw).collect();
        push_words(String::from_utf8_lossy(&bytes).chars().filter(|&ch| !page::is_invisible(ch)), out);
    }
    let text = out.split_off(start);
    let mut scrubbed = String::with_capacity(text.len());
    page::scrub(&text, page::Context::Unknown, &mut scrubbed);
    // After the scrubber: letters that change between large and small are one of the signs of a token.
    out.push_str(&scrubbed.to_lowercase());
}

/// Appends text with one space for each run of white space, and none at the ends.
fn push_words(text: impl Iterator<Item = char>, out: &mut String) {
    let start = out.len();
    let mut space = false;
    for ch in text {
        if ch.is_whitespace() {
            space = out.len() > start;
        } else if !ch.is_control() {
            if space {
                out.push(' ');
                space = false;
            }
            out.push(ch);
        }
    }
}

/// Cuts a key that is too long, at the end of a character and never inside a placeholder.
fn shorten(key: &mut String) {
    if key.len() <= CAMPAIGN_BYTES_MAX {
        return;
    }
    let mut length = CAMPAIGN_BYTES_MAX - ELLIPSIS.len_utf8();
    while !key.is_char_boundary(length) {
        length -= 1;
    }
    key.truncate(length);
    if let Some(open) = key.rfind('{').filter(|&open| !key[open..].contains('}')) {
        key.truncate(open);
    }
    key.truncate(key.trim_end().len());
    key.push(ELLIPSIS);
}
