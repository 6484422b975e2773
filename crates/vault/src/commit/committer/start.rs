//! What a committer does once, before it takes anything: it notes sites that are new or have new terms, and ends what was given
//! up.

use std::collections::BTreeSet;

use super::*;

impl Committer {
    /// Notes the sites that are new or have new terms, and how late it is. Configured ones are published from today on, also
    /// when nobody comes.
    pub(crate) fn note_sites(&mut self) -> Result<(), CommitError> {
        let mut step = Step::default();
        let mut is_new = false;
        for site in self.shared.registry.all() {
            let key = rows::site_key(&site.name);
            let stored: Option<SiteRow> = self.room.lane.row(&key, "a site's row")?;
            match stored {
                None if !site.is_configured => {}
                None => {
                    self.note_site(&site.name, &mut step)?;
                    is_new = true;
                }
                Some(stored) => {
                    let row = site.row(stored.created_unix_ms);
                    if let Some(terms) = row.terms.last().filter(|_| row != stored) {
                        crate::telemetry::terms_change(&site.name, terms.from);
                        step.put_row(&key, &row)?;
                        is_new = true;
                    }
                }
            }
        }
        if is_new {
            self.writer.commit_and_wait(step)?;
        }
        self.store_time()
    }

    /// Ends open periods whose keys are lost: they become gaps, and the journal is cut so that it is not asked for
    /// them again.
    pub(crate) fn give_up(&mut self, epochs: &BTreeSet<Epoch>) -> Result<(), CommitError> {
        for epoch in epochs {
            let Some(site) = self.shared.registry.get(&epoch.site) else { continue };
            let is_open = |i: &Index| !i.sites.get(&epoch.site).is_some_and(|s| s.sealed.contains(epoch.period));
            if is_open(&self.shared.index.read().unwrap_or_else(PoisonError::into_inner)) {
                self.sealing(self.shared.clock.now_unix_ms()).give_up(&site, epoch)?;
            }
        }
        if epochs.is_empty() { Ok(()) } else { self.checkpoint() }
    }
}
