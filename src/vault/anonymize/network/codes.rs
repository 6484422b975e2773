//! The countries that are ever published.

use super::UNKNOWN_KEY;

/// The codes of ISO 3166-1 (alpha-2), sorted, with `XK`, by which most address lists mean Kosovo.
const CODES: [&str; 250] = [
    "AD", "AE", "AF", "AG", "AI", "AL", "AM", "AO", "AQ", "AR", "AS", "AT", "AU", "AW", "AX", "AZ", "BA", "BB", "BD",
    "BE", "BF", "BG", "BH", "BI", "BJ", "BL", "BM", "BN", "BO", "BQ", "BR", "BS", "BT", "BV", "BW", "BY", "BZ", "CA",
    "CC", "CD", "CF", "CG", "CH", "CI", "CK", "CL", "CM", "CN", "CO", "CR", "CU", "CV", "CW", "CX", "CY", "CZ", "DE",
    "DJ", "DK", "DM", "DO", "DZ", "EC", "EE", "EG", "EH", "ER", "ES", "ET", "FI", "FJ", "FK", "FM", "FO", "FR", "GA",
    "GB", "GD", "GE", "GF", "GG", "GH", "GI", "GL", "GM", "GN", "GP", "GQ", "GR", "GS", "GT", "GU", "GW", "GY", "HK",
    "HM", "HN", "HR", "HT", "HU", "ID", "IE", "IL", "IM", "IN", "IO", "IQ", "IR", "IS", "IT", "JE", "JM", "JO", "JP",
    "KE", "KG", "KH", "KI", "KM", "KN", "KP", "KR", "KW", "KY", "KZ", "LA", "LB", "LC", "LI", "LK", "LR", "LS", "LT",
    "LU", "LV", "LY", "MA", "MC", "MD", "ME", "MF", "MG", "MH", "MK", "ML", "MM", "MN", "MO", "MP", "MQ", "MR", "MS",
    "MT", "MU", "MV", "MW", "MX", "MY", "MZ", "NA", "NC", "NE", "NF", "NG", "NI", "NL", "NO", "NP", "NR", "NU", "NZ",
    "OM", "PA", "PE", "PF", "PG", "PH", "PK", "PL", "PM", "PN", "PR", "PS", "PT", "PW", "PY", "QA", "RE", "RO", "RS",
    "RU", "RW", "SA", "SB", "SC", "SD", "SE", "SG", "SH", "SI", "SJ", "SK", "SL", "SM", "SN", "SO", "SR", "SS", "ST",
    "SV", "SX", "SY", "SZ", "TC", "TD", "TF", "TG", "TH", "TJ", "TK", "TL", "TM", "TN", "TO", "TR", "TT", "TV", "TW",
    "TZ", "UA", "UG", "UM", "US", "UY", "UZ", "VA", "VC", "VE", "VG", "VI", "VN", "VU", "WF", "WS", "XK", "YE", "YT",
    "ZA", "ZM", "ZW",
];

/// Every country that is ever published: the codes, then "(unknown)".
pub const COUNTRIES: &[&str] = &ended::<250, 251>(CODES, [UNKNOWN_KEY]);

/// The position of "(unknown)".
pub(super) const UNKNOWN: u8 = 250;
const _: () = assert!(COUNTRIES.len() == UNKNOWN as usize + 1, "a country is kept as one byte");

/// A list with something more at its end.
pub(super) const fn ended<const N: usize, const M: usize>(
    list: [&'static str; N],
    end: [&'static str; 1],
) -> [&'static str; M] {
    assert!(N + 1 == M, "the list is one longer");
    let mut all = [end[0]; M];
    let mut index = 0;
    while index < N {
        all[index] = list[index];
        index += 1;
    }
    all
}

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
    Some(CODES.binary_search(&code).ok().and_then(|index| u8::try_from(index).ok()).unwrap_or(UNKNOWN))
}
