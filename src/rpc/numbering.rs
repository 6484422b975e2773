//! Which numbers of releases a reader sees: those of the server, or for whoever may read some sites alone those within each site.

use std::collections::HashMap;

use crate::{access::Scope, answers::ordinal::Ordinals, proto, units::SiteName, vault::Release};

/// Which numbers a reader sees in an answer about one site.
pub(super) enum Numbering {
    /// Those of the server.
    Stored,
    /// Those within the site.
    WithinSite(Ordinals),
}

impl Numbering {
    /// That of an answer about a site.
    pub(super) fn new(is_restricted: bool, ordinals: impl FnOnce() -> Ordinals) -> Self {
        if is_restricted { Self::WithinSite(ordinals()) } else { Self::Stored }
    }

    fn change(&self, release: &mut u64) {
        if let Self::WithinSite(ordinals) = self {
            *release = ordinals.within_site(*release);
        }
    }

    /// Changes the numbers in an answer.
    pub(super) fn blocks(&self, blocks: &mut [proto::Block]) {
        blocks.iter_mut().for_each(|block| self.change(&mut block.release));
    }

    /// Changes the numbers in an answer.
    pub(super) fn privacy(&self, answer: &mut proto::GetPrivacyResponse) {
        answer.ledger.iter_mut().for_each(|entry| self.change(&mut entry.release));
        answer.days.iter_mut().flat_map(|day| &mut day.spent).for_each(|spent| self.change(&mut spent.release));
    }
}

/// Whether a reader may read some sites alone.
pub(super) fn is_restricted(scope: &Scope) -> bool {
    *scope != Scope::All
}

/// The numbers of releases that come one after the other.
pub(super) struct Following<F> {
    ordinals_of: Option<F>,
    known: HashMap<SiteName, Ordinals>,
}

impl<F: Fn(&SiteName) -> Ordinals> Following<F> {
    /// `ordinals_of` gives those of a site, as far as it is published; `None`: the numbers of the server.
    pub(super) fn new(ordinals_of: Option<F>) -> Self {
        Self { ordinals_of, known: HashMap::new() }
    }

    /// The number that the reader sees; none where the release has gone meanwhile, as an hour does.
    pub(super) fn number(&mut self, release: &Release) -> Option<u64> {
        let Some(ordinals_of) = &self.ordinals_of else { return Some(release.number) };
        let found = self.known.get(&release.site).map_or(0, |ordinals| ordinals.within_site(release.number));
        if found > 0 {
            return Some(found);
        }
        let fresh = ordinals_of(&release.site);
        let number = fresh.within_site(release.number);
        self.known.insert(release.site.clone(), fresh);
        (number > 0).then_some(number)
    }
}
