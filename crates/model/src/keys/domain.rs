//! Domain categories: what a client's host name is cut down to.

use super::UNKNOWN_KEY;

/// The longest entry but the last two, in bytes.
pub const SUFFIX_BYTES_MAX: usize = 9;
/// A domain that is not listed, or a name inside some network.
const OTHER_KEY: &str = "other";

/// Generic top-level domains, sorted. Those that came after 2012 are too many to list; a few common ones are here.
pub const GENERIC_DOMAINS: [&str; 29] = [
    "aero", "app", "arpa", "asia", "biz", "cat", "cloud", "com", "coop", "dev", "edu", "gov", "info", "int", "jobs",
    "mil", "mobi", "museum", "name", "net", "online", "org", "post", "pro", "site", "tel", "tokyo", "travel", "xyz",
];

/// Top-level domains of countries, sorted: every one of two letters that exists.
pub const COUNTRY_DOMAINS: [&str; 248] = [
    "ac", "ad", "ae", "af", "ag", "ai", "al", "am", "ao", "aq", "ar", "as", "at", "au", "aw", "ax", "az", "ba", "bb",
    "bd", "be", "bf", "bg", "bh", "bi", "bj", "bm", "bn", "bo", "br", "bs", "bt", "bv", "bw", "by", "bz", "ca", "cc",
    "cd", "cf", "cg", "ch", "ci", "ck", "cl", "cm", "cn", "co", "cr", "cu", "cv", "cw", "cx", "cy", "cz", "de", "dj",
    "dk", "dm", "do", "dz", "ec", "ee", "eg", "er", "es", "et", "eu", "fi", "fj", "fk", "fm", "fo", "fr", "ga", "gb",
    "gd", "ge", "gf", "gg", "gh", "gi", "gl", "gm", "gn", "gp", "gq", "gr", "gs", "gt", "gu", "gw", "gy", "hk", "hm",
    "hn", "hr", "ht", "hu", "id", "ie", "il", "im", "in", "io", "iq", "ir", "is", "it", "je", "jm", "jo", "jp", "ke",
    "kg", "kh", "ki", "km", "kn", "kp", "kr", "kw", "ky", "kz", "la", "lb", "lc", "li", "lk", "lr", "ls", "lt", "lu",
    "lv", "ly", "ma", "mc", "md", "me", "mg", "mh", "mk", "ml", "mm", "mn", "mo", "mp", "mq", "mr", "ms", "mt", "mu",
    "mv", "mw", "mx", "my", "mz", "na", "nc", "ne", "nf", "ng", "ni", "nl", "no", "np", "nr", "nu", "nz", "om", "pa",
    "pe", "pf", "pg", "ph", "pk", "pl", "pm", "pn", "pr", "ps", "pt", "pw", "py", "qa", "re", "ro", "rs", "ru", "rw",
    "sa", "sb", "sc", "sd", "se", "sg", "sh", "si", "sj", "sk", "sl", "sm", "sn", "so", "sr", "ss", "st", "su", "sv",
    "sx", "sy", "sz", "tc", "td", "tf", "tg", "th", "tj", "tk", "tl", "tm", "tn", "to", "tr", "tt", "tv", "tw", "tz",
    "ua", "ug", "uk", "us", "uy", "uz", "va", "vc", "ve", "vg", "vi", "vn", "vu", "wf", "ws", "ye", "yt", "za", "zm",
    "zw",
];

/// Second levels that say what kind of network it is, sorted. Not all countries have them.
pub const SECOND_DOMAINS: [&str; 209] = [
    "ac.ae", "ac.at", "ac.bd", "ac.cn", "ac.cr", "ac.cy", "ac.id", "ac.il", "ac.in", "ac.ir", "ac.jp", "ac.ke",
    "ac.kr", "ac.lk", "ac.nz", "ac.th", "ac.tz", "ac.ug", "ac.uk", "ac.vn", "ac.za", "ac.zw", "ad.jp", "co.at",
    "co.id", "co.il", "co.in", "co.jp", "co.ke", "co.kr", "co.nz", "co.th", "co.uk", "co.za", "com.ar", "com.au",
    "com.bd", "com.br", "com.cn", "com.co", "com.hk", "com.lk", "com.mo", "com.mx", "com.my", "com.np", "com.pe",
    "com.ph", "com.pk", "com.pl", "com.sa", "com.sg", "com.tr", "com.tw", "com.ua", "com.uz", "com.vn", "ed.jp",
    "edu.ar", "edu.au", "edu.bd", "edu.br", "edu.cn", "edu.co", "edu.ec", "edu.eg", "edu.es", "edu.gh", "edu.gr",
    "edu.hk", "edu.in", "edu.iq", "edu.it", "edu.jo", "edu.kw", "edu.kz", "edu.lk", "edu.mn", "edu.mo", "edu.mx",
    "edu.my", "edu.ng", "edu.np", "edu.pe", "edu.ph", "edu.pk", "edu.pl", "edu.pt", "edu.qa", "edu.sa", "edu.sg",
    "edu.tr", "edu.tw", "edu.ua", "edu.uy", "edu.ve", "edu.vn", "gc.ca", "go.cr", "go.id", "go.jp", "go.ke", "go.kr",
    "go.th", "go.tz", "go.ug", "gob.ar", "gob.cl", "gob.ec", "gob.es", "gob.mx", "gob.pe", "gob.ve", "gouv.fr",
    "gov.ae", "gov.au", "gov.bd", "gov.br", "gov.cn", "gov.co", "gov.cy", "gov.eg", "gov.gh", "gov.gr", "gov.hk",
    "gov.il", "gov.in", "gov.iq", "gov.ir", "gov.it", "gov.jo", "gov.kw", "gov.kz", "gov.lk", "gov.mn", "gov.mo",
    "gov.my", "gov.ng", "gov.np", "gov.ph", "gov.pk", "gov.pl", "gov.pt", "gov.qa", "gov.sa", "gov.sg", "gov.tr",
    "gov.tw", "gov.ua", "gov.uk", "gov.vn", "gov.za", "govt.nz", "gr.jp", "gub.uy", "gv.at", "idv.tw", "in.th",
    "lg.jp", "mi.th", "mil.in", "mil.my", "muni.il", "ne.jp", "ne.kr", "net.au", "net.bd", "net.br", "net.cn",
    "net.hk", "net.id", "net.il", "net.in", "net.my", "net.nz", "net.ph", "net.pk", "net.pl", "net.sg", "net.th",
    "net.tw", "net.vn", "nhs.uk", "nic.in", "or.id", "or.jp", "or.kr", "or.th", "org.ar", "org.au", "org.br", "org.cn",
    "org.hk", "org.il", "org.in", "org.mx", "org.my", "org.nz", "org.ph", "org.pk", "org.pl", "org.sg", "org.tw",
    "org.uk", "org.za", "re.kr", "res.in", "sch.id", "sch.uk",
];

/// Every domain that is ever published: generic ones, those of countries, second levels, then "other" and "(unknown)".
pub const DOMAINS: &[&str] = &list();

const LENGTH: usize = GENERIC_DOMAINS.len() + COUNTRY_DOMAINS.len() + SECOND_DOMAINS.len() + 2;
const OTHER: usize = LENGTH - 2;
const UNKNOWN: usize = LENGTH - 1;

const fn list() -> [&'static str; LENGTH] {
    let mut all = [OTHER_KEY; LENGTH];
    let mut index = 0;
    while index < OTHER {
        all[index] = if index < GENERIC_DOMAINS.len() {
            GENERIC_DOMAINS[index]
        } else if index < GENERIC_DOMAINS.len() + COUNTRY_DOMAINS.len() {
            COUNTRY_DOMAINS[index - GENERIC_DOMAINS.len()]
        } else {
            SECOND_DOMAINS[index - GENERIC_DOMAINS.len() - COUNTRY_DOMAINS.len()]
        };
        assert!(all[index].len() <= SUFFIX_BYTES_MAX, "an entry is too long");
        index += 1;
    }
    all[UNKNOWN] = UNKNOWN_KEY;
    all
}
