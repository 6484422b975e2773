//! The query of a page, and what is cut from a page that is too long.
//!
//! It is here because a page has at most [`PAGE_BYTES_MAX`] bytes, and because only parameters that the site allows tell pages
//! apart. It appends to a path that is in its form. It never keeps another parameter.

use percent_encoding::percent_decode_str;

use super::{
    ELLIPSIS, PAGE_BYTES_MAX, PageRules,
    form::{Part, canonical},
    scrub::{Context, scrub},
};

/// Cuts a path that is too long. The piece that is left of the last segment stays where it is a normal form by
/// itself (an encoded byte or a placeholder cut in two is none); else the whole segment goes.
pub(super) fn shorten(path: &mut String) {
    let mut length = path.len().min(PAGE_BYTES_MAX - ELLIPSIS.len_utf8());
    while !path.is_char_boundary(length) {
        length -= 1;
    }
    path.truncate(length);
    path.push(ELLIPSIS);
    let name_at = path.rfind('/').map_or(0, |slash| slash + 1);
    let (mut decoded, mut again) = (String::new(), String::new());
    canonical(&path[name_at..], Part::Path, &mut decoded);
    let before = path[..name_at].split('/').skip(1).fold(Context::Unknown, |before, segment| match segment {
        "" => before,
        segment => Context::after_segment(segment, before),
    });
    scrub(&decoded, before, &mut again);
    if again != path[name_at..] {
        path.truncate(name_at);
        path.push(ELLIPSIS);
    }
}

/// Appends the allowed parameters, sorted by name (those of one name keep their order), as far as they fit. `scrubs`: without
/// personal data.
pub(super) fn append_query(query: &str, rules: &PageRules, scrubs: bool, out: &mut String) {
    let mut kept: Vec<(String, &str, Context)> = Vec::new();
    for pair in pairs(query) {
        let (raw_name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decoded = percent_decode_str(&raw_name.replace('+', "%20")).decode_utf8_lossy().into_owned();
        if rules.query_allow.contains(&decoded) {
            let mut name = String::new();
            canonical(raw_name, Part::Query, &mut name);
            kept.push((name, value, Context::of_parameter(&decoded)));
        }
    }
    kept.sort_by(|a, b| a.0.cmp(&b.0));
    let (mut value, mut pair) = (String::new(), String::new());
    for (index, (name, raw_value, context)) in kept.iter().enumerate() {
        value.clear();
        canonical(raw_value, Part::Query, &mut value);
        pair.clear();
        pair.push(if index == 0 { '?' } else { '&' });
        pair.push_str(name);
        pair.push('=');
        if scrubs {
            scrub(&value, *context, &mut pair);
        } else {
            pair.push_str(&value);
        }
        if out.len() + pair.len() > PAGE_BYTES_MAX {
            break;
        }
        out.push_str(&pair);
    }
}

/// The parameters of a query. A `&` that an HTML entity starts with (`&#64;`) stands between none.
fn pairs(query: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(query);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = memchr::memchr_iter(b'&', text.as_bytes()).find(|&at| !text[at + 1..].starts_with('#'));
        let (pair, after) = end.map_or((text, None), |end| (&text[..end], Some(&text[end + 1..])));
        rest = after;
        Some(pair)
    })
}
