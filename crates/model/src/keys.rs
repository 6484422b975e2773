//! The public lists of keys: all that is ever published of browsers, languages, countries and so on.
//!
//! They are here because the vault counts by position in them and whoever reads answers may name them. How an event is
//! cut down to one of them is the vault's matter.

mod agent;
mod country;
mod domain;
mod language;
mod reader;
mod response;
mod robot;
mod robot_list;
mod source;

pub use agent::{BROWSERS, DEVICES, OSES};
pub use country::{COUNTRIES, COUNTRY_CODES};
pub use domain::{COUNTRY_DOMAINS, DOMAINS, GENERIC_DOMAINS, SECOND_DOMAINS, SUFFIX_BYTES_MAX};
pub use language::LANGUAGES;
pub use reader::{LOADED_FILES, PAGES_ONLY, READERS, ROBOT_LIKE};
pub use response::{ERROR_CLASSES, RESPONSE_SIZES, RESPONSE_TIMES, SERVER_ERRORS};
pub use robot::{ROBOT_FAMILIES, ROBOTS, robot_kinds};
pub use robot_list::{robot_list_date, robot_patterns};
pub use source::{ADDRESS, DIRECT, NO_CAMPAIGN, OTHER_APP, OTHER_HOST, PUBLIC_CAMPAIGNS, PUBLIC_REFERRERS};

/// The last key of countries and domains: nothing was sent, or it is in no file.
const UNKNOWN_KEY: &str = "(unknown)";
