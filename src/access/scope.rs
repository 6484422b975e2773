//! The sites that somebody may read, or send to.

use std::{collections::BTreeSet, sync::Arc};

use crate::units::SiteName;

/// The sites that somebody may read, or send to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Scope {
    /// All of them, also those that come later.
    All,
    /// Some, by name. Nothing may tell whether there are others.
    Only {
        /// Their names; not all need to exist.
        sites: Arc<BTreeSet<SiteName>>,
        /// Whether a token gave this; else these are the sites that anybody may read.
        by_token: bool,
    },
}

impl Scope {
    /// Whether a site is one of them.
    #[must_use]
    pub fn allows(&self, site: &SiteName) -> bool {
        match self {
            Self::All => true,
            Self::Only { sites, .. } => sites.contains(site),
        }
    }

    /// What it takes in memory, in bytes, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match self {
            Self::All => 0,
            Self::Only { sites, .. } => sites.iter().map(|site| size_of::<SiteName>() + site.as_str().len()).sum(),
        }
    }
}
