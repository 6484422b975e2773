//! What to generate: which sites, how busy, for which days.
//!
//! A plan is the only input: the same plan gives the same logs, byte for byte.

use jiff::civil::{Date, date};

/// Most sites of one plan, so that a wrong number cannot fill a disk.
pub const SITES_MAX: usize = 1_000;
/// Most visits a day that a site plan may ask for.
pub const VISITS_PER_DAY_MAX: u32 = 200_000;

/// Most visits of one site in a whole plan: there are enough private addresses for them.
pub const VISITS_MAX: u64 = 10_000_000;

/// What [`write_logs`](super::write_logs) is to write.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The seed of everything.
    pub seed: u64,
    /// The first day, in each site's own time zone.
    pub first_day: Date,
    /// How many days, from 0.
    pub days: u16,
    /// The sites, each with a name of its own.
    pub sites: Vec<SitePlan>,
}

/// One invented site.
#[derive(Clone, Debug)]
pub struct SitePlan {
    /// Lower-case letters, digits and hyphens; also the name of the log file.
    pub name: String,
    /// An IANA name, e.g. `Asia/Tokyo`.
    pub time_zone: String,
    /// The language trees, the most read first, e.g. `en`. At least one.
    pub languages: Vec<String>,
    /// About how many pages the site has.
    pub pages: u16,
    /// Visits on a usual weekday; at most [`VISITS_PER_DAY_MAX`].
    pub visits_per_day: u32,
    /// Visits of a Saturday or Sunday, in percent of a weekday.
    pub weekend_percent: u8,
    /// The day (0 = the first) on which a story is in the news and visits are three times as many; `None` for never.
    pub spike_day: Option<u16>,
}

impl Plan {
    /// The month in which `first_day_of_month` lies: the main site of a ministry with about 1,500 visits a weekday, and
    /// three embassy sites with about 300 a day.
    pub fn month(first_day_of_month: Date, seed: u64) -> Plan {
        let first_day = first_day_of_month.first_of_month();
        let main = SitePlan {
            name: "www".to_owned(),
            time_zone: "Asia/Tokyo".to_owned(),
            languages: vec!["ja".to_owned(), "en".to_owned()],
            pages: 600,
            visits_per_day: 1_500,
            weekend_percent: 45,
            spike_day: Some(16),
        };
        Plan {
            seed,
            first_day,
            days: u16::try_from(first_day.days_in_month()).unwrap_or(0),
            sites: vec![
                main,
                SitePlan::embassy("embassy-aurelia", "Europe/Paris", "fr", 9),
                SitePlan::embassy("embassy-borealis", "America/Sao_Paulo", "pt", 19),
                SitePlan::embassy("embassy-corvia", "Africa/Nairobi", "sw", 23),
            ],
        }
    }

    /// Fourteen days from Monday 2 November 2026 with one main site and one embassy at a tenth of the usual traffic: small
    /// enough for a test.
    pub fn small(seed: u64) -> Plan {
        let mut plan = Plan::month(date(2026, 11, 1), seed);
        plan.first_day = date(2026, 11, 2);
        plan.days = 14;
        plan.sites.truncate(2);
        for site in &mut plan.sites {
            site.visits_per_day /= 10;
            site.spike_day = Some(9);
        }
        plan
    }

    /// Checks that the plan can be written.
    ///
    /// # Errors
    /// A sentence that names the site and the value, and says what is allowed.
    pub fn check(&self) -> Result<(), String> {
        if self.sites.len() > SITES_MAX {
            return Err(format!("the plan has {} sites; at most {SITES_MAX} are allowed", self.sites.len()));
        }
        for (index, site) in self.sites.iter().enumerate() {
            site.check()?;
            let visits = u64::from(site.visits_per_day) * u64::from(self.days);
            if visits > VISITS_MAX {
                return Err(format!(
                    "site {:?} would have {visits} visits in {} days; at most {VISITS_MAX} are allowed",
                    site.name, self.days
                ));
            }
            if self.sites[..index].iter().any(|other| other.name == site.name) {
                return Err(format!("the plan has two sites named {:?}; each needs a name of its own", site.name));
            }
        }
        Ok(())
    }
}

impl SitePlan {
    /// A small site: about 300 visits a day, 120 pages in English, Japanese and `language`.
    pub fn embassy(name: &str, time_zone: &str, language: &str, spike_day: u16) -> SitePlan {
        SitePlan {
            name: name.to_owned(),
            time_zone: time_zone.to_owned(),
            languages: vec!["en".to_owned(), "ja".to_owned(), language.to_owned()],
            pages: 120,
            visits_per_day: 300,
            weekend_percent: 60,
            spike_day: Some(spike_day),
        }
    }

    /// The host name in the site's own links, e.g. `embassy-aurelia.ministry.example`.
    pub fn host(&self) -> String {
        format!("{}.ministry.example", self.name)
    }

    fn check(&self) -> Result<(), String> {
        let is_name_byte = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if self.name.is_empty() || self.name.len() > 63 || !self.name.bytes().all(is_name_byte) {
            return Err(format!(
                "the site name {:?} is not usable; 1 to 63 of a-z, 0-9 and '-' are allowed",
                self.name
            ));
        }
        let is_language =
            |language: &String| language.len() >= 2 && language.bytes().all(|byte| byte.is_ascii_lowercase());
        if self.languages.is_empty() || !self.languages.iter().all(is_language) {
            return Err(format!(
                "the languages {:?} of site {:?} are not usable; one or more of the form \"en\" are needed",
                self.languages, self.name
            ));
        }
        if self.visits_per_day > VISITS_PER_DAY_MAX {
            return Err(format!(
                "site {:?} asks for {} visits a day; at most {VISITS_PER_DAY_MAX} are allowed",
                self.name, self.visits_per_day
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_has_its_days() {
        let plan = Plan::month(date(2028, 2, 17), 1);
        assert_eq!((plan.first_day, plan.days), (date(2028, 2, 1), 29));
        assert_eq!(plan.sites.len(), 4);
        assert_eq!(plan.check(), Ok(()));
    }

    #[test]
    fn what_cannot_be_written_is_named() {
        let mut plan = Plan::small(1);
        plan.sites[0].name = "../www".to_owned();
        assert!(plan.check().unwrap_err().contains("\"../www\""));
        plan = Plan::small(1);
        plan.sites[1].name = "www".to_owned();
        assert!(plan.check().unwrap_err().contains("two sites"));
        plan = Plan::small(1);
        plan.sites[0].languages.clear();
        assert!(plan.check().unwrap_err().contains("languages"));
        plan = Plan::small(1);
        plan.sites[0].visits_per_day = u32::MAX;
        assert!(plan.check().unwrap_err().contains("200000"));
    }
}
