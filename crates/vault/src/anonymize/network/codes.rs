//! Codes of countries as address lists write them.

use headcount_model::keys::{COUNTRIES, COUNTRY_CODES};

/// The position of "(unknown)".
pub(super) const UNKNOWN: u8 = 250;
const _: () = assert!(COUNTRIES.len() == UNKNOWN as usize + 1, "a country is kept as one byte");

/// The position of a code as an address list writes it; that of "(unknown)" for codes that name no country (`EU`, `AP`,
/// `??`) or one that is no more. `None` where it is no code at all.
pub(super) fn position(code: &str) -> Option<u8> {
    if code == "??" {
        return Some(UNKNOWN);
    }
    if code.len() != 2 || !code.bytes().all(|b| b.is_ascii_uppercase()) {
        return None;
    }
    // Some registries write UK, which the standard keeps free for the United Kingdom.
    let code = if code == "UK" { "GB" } else { code };
    Some(COUNTRY_CODES.binary_search(&code).ok().and_then(|index| u8::try_from(index).ok()).unwrap_or(UNKNOWN))
}
