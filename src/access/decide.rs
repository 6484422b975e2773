//! Who may do what: one function of who asks, what for, and what the configuration says of its sites. It knows no transport.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    record::{Date, Record, Role},
    scope::Scope,
    token::TokenFault,
};
use crate::units::SiteName;

/// What somebody wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Deed {
    /// Send accesses.
    Write,
    /// Read statistics.
    Read,
    /// Read what is for operators: figures of the machine.
    Operate,
}

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub enum Who<'r> {
    /// Anybody: no tokens are in force.
    Anybody,
    /// Somebody without a token, where tokens are in force.
    Nobody,
    /// Whoever holds this token, which is good.
    Holder(&'r Record),
}

/// Why somebody may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// No token came.
    #[error("a token is needed. Send it as `authorization: Bearer hc_...`; `headcount token add` makes one")]
    NoToken,
    /// What came is no token.
    #[error("{0}")]
    NotOne(#[from] TokenFault),
    /// It is a token, and none of this server.
    #[error("the token is not known here: it is of another server, or was exchanged")]
    Unknown,
    /// Its last day is over.
    #[error("the token was good until {0}; ask whoever gave it for a new one")]
    Expired(Date),
    /// It was taken back.
    #[error("the token was revoked on {0}; ask whoever gave it for a new one")]
    Revoked(Date),
    /// It is for something else.
    #[error("a token of the role {} {}; needed: one of the role {}", .0.name(), what_for(*.0), needed(*.1))]
    WrongRole(Role, Deed),
    /// What it is about changed while it was used.
    #[error("what this token may do has changed; connect again")]
    Changed,
    /// Too many wrong tokens came from there.
    #[error("too many wrong tokens came from this address; try again in {0} s")]
    TooMany(u64),
}

impl Denied {
    /// Whether another token might do it; else the token is good and for something else.
    #[must_use]
    pub fn is_about_the_token(self) -> bool {
        !matches!(self, Self::WrongRole(..))
    }
}

fn what_for(role: Role) -> &'static str {
    match role {
        Role::Ingest => "sends accesses and reads nothing",
        Role::Read => "reads statistics and nothing else",
        Role::Admin => "reads and sends no accesses",
    }
}

fn needed(deed: Deed) -> &'static str {
    match deed {
        Deed::Write => "ingest",
        Deed::Read => "read",
        Deed::Operate => "admin",
    }
}

/// What the configuration says of the sites.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// The group of each site that has one.
    pub groups: BTreeMap<SiteName, String>,
    /// The sites that anybody may read.
    pub public: Arc<BTreeSet<SiteName>>,
}

/// The sites for which somebody may do something.
///
/// # Errors
/// When it may be done for none, because no token came or it is for something else.
pub fn decide(who: Who<'_>, deed: Deed, rules: &Rules) -> Result<Scope, Denied> {
    let record = match who {
        Who::Anybody => return Ok(Scope::All),
        Who::Nobody if deed == Deed::Read && !rules.public.is_empty() => {
            return Ok(Scope::Only { sites: rules.public.clone(), by_token: false });
        }
        Who::Nobody => return Err(Denied::NoToken),
        Who::Holder(record) => record,
    };
    match (record.role, deed) {
        (Role::Admin, Deed::Read | Deed::Operate) => Ok(Scope::All),
        (Role::Ingest, Deed::Write) => Ok(sites_of(record, rules, false)),
        (Role::Read, Deed::Read) => Ok(sites_of(record, rules, true)),
        (role, deed) => Err(Denied::WrongRole(role, deed)),
    }
}

/// The sites of a token: those that it names and those of its groups, and for a reader those that are public anyway.
fn sites_of(record: &Record, rules: &Rules, with_public: bool) -> Scope {
    if record.all {
        return Scope::All;
    }
    let of_groups = rules.groups.iter().filter(|(_, group)| record.groups.contains(group)).map(|(site, _)| site);
    let public = rules.public.iter().filter(|_| with_public);
    let sites = record.sites.iter().chain(of_groups).chain(public).cloned().collect();
    Scope::Only { sites: Arc::new(sites), by_token: true }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(name: &str) -> SiteName {
        SiteName::new(name).unwrap()
    }

    fn rules() -> Rules {
        let groups = [("paris", "europe"), ("rome", "europe"), ("hanoi", "asia")];
        Rules {
            groups: groups.map(|(name, group)| (site(name), group.to_owned())).into(),
            public: Arc::new([site("open")].into()),
        }
    }

    fn record(role: Role, all: bool, sites: &[&str], groups: &[&str]) -> Record {
        Record {
            id: "x".to_owned(),
            role,
            all,
            sites: sites.iter().map(|name| site(name)).collect(),
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
            note: String::new(),
            digest: String::new(),
            created: Date::at(0),
            expires: None,
            revoked: None,
            before: None,
        }
    }

    /// What each of the sites paris, hanoi, open, and one that does not exist, may see of a deed; a dash: nothing at all.
    fn row(who: Who<'_>, deed: Deed) -> String {
        match decide(who, deed, &rules()) {
            Ok(scope) => ["paris", "hanoi", "open", "none"]
                .map(|name| if scope.allows(&site(name)) { 'y' } else { 'n' })
                .iter()
                .collect(),
            Err(_) => "-".to_owned(),
        }
    }

    #[test]
    fn who_may_do_what_is_this_table() {
        let paris = |role| record(role, false, &["paris"], &[]);
        let europe = |role| record(role, false, &[], &["europe"]);
        let all = |role| record(role, true, &[], &[]);
        let rows: [(&str, Option<Record>, [&str; 3]); 7] = [
            // Columns: write, read, operate.
            ("nobody", None, ["-", "nnyn", "-"]),
            ("ingest paris", Some(paris(Role::Ingest)), ["ynnn", "-", "-"]),
            ("ingest europe", Some(europe(Role::Ingest)), ["ynnn", "-", "-"]),
            ("read paris", Some(paris(Role::Read)), ["-", "ynyn", "-"]),
            ("read europe", Some(europe(Role::Read)), ["-", "ynyn", "-"]),
            ("read all", Some(all(Role::Read)), ["-", "yyyy", "-"]),
            ("admin", Some(all(Role::Admin)), ["-", "yyyy", "yyyy"]),
        ];
        for (name, record, expected) in rows {
            let who = record.as_ref().map_or(Who::Nobody, Who::Holder);
            let found = [Deed::Write, Deed::Read, Deed::Operate].map(|deed| row(who, deed));
            assert_eq!(found, expected, "{name}");
        }
        let anybody = [Deed::Write, Deed::Read, Deed::Operate].map(|deed| row(Who::Anybody, deed));
        assert_eq!(anybody, ["yyyy"; 3]);
        assert_eq!(decide(Who::Nobody, Deed::Read, &Rules::default()), Err(Denied::NoToken));
    }
}
