//! Page views of a log through the real anonymiser and limiter, and as many releases of them as a test wants: to hold what
//! is published against what somebody else counted.

use super::{Noise, NoiseFault, accesses::Reader, noise::Drawn, release};
use crate::{
    AccessEvent, Outcome, Privacy, Release, SiteSettings, Table,
    anonymize::Seen,
    bound::Bounder,
    calendar::{Calendar, Day, Period},
    cells::Cells,
    keys::Epoch,
    release::{
        draw::Draw,
        index::{PublicKeys, SiteIndex},
        terms::History,
    },
    sites::settings::Site,
    tally::{DayTally, MonthTally},
    units::SiteName,
};
use headcount_model::source::ReadError;

/// A page view that went in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    /// The name of its page.
    pub page: String,
    /// Whether the limiter counted it.
    pub is_counted: bool,
}

/// A site without a list of pages, and what was counted of it.
pub struct ViewCount {
    reader: Reader,
    site: Site,
    index: SiteIndex,
    open: Cells,
    delta: Cells,
}

impl ViewCount {
    /// Nothing counted yet, under fresh keys.
    ///
    /// # Errors
    /// When keys cannot be made.
    pub fn new() -> Result<Self, ReadError> {
        // Unwrap safety: a fixed name that is one, and UTC is always known.
        let (name, calendar) = (SiteName::new("www").expect("a name"), Calendar::new("UTC").expect("a zone"));
        let settings = SiteSettings::plain(name, calendar);
        let site = Site::new(&settings, History::of(vec![settings.terms(Privacy::default())]));
        let (open, delta) = (Cells::default(), Cells::default());
        Ok(Self { reader: Reader::new()?, site, index: SiteIndex::default(), open, delta })
    }

    /// Takes an access; `None` where it is no page view.
    ///
    /// # Errors
    /// When a key cannot be made.
    pub fn add(&mut self, event: AccessEvent<'_>) -> Result<Option<Added>, ReadError> {
        let Some(sighting) = self.reader.read(&self.site, event)? else { return Ok(None) };
        let Seen::Visit(visit) = &sighting.seen else { return Ok(None) };
        let page = self.reader.page(visit.page).to_owned();
        let bounder = Bounder::new(&self.site, &self.index, [0; 16], 0);
        let outcome = bounder.add(sighting, self.reader.names(), &mut self.open, &mut self.delta);
        Ok(Some(Added { page, is_counted: outcome == Outcome::Counted }))
    }

    /// A release of a day in which all pages of a list are public already.
    ///
    /// # Errors
    /// When noise cannot be drawn.
    pub fn day(&self, day: Day, pages: &[&str], noise: &mut dyn Noise) -> Result<Release, NoiseFault> {
        let public = PublicKeys::from([(Table::Page, pages.iter().map(|page| Box::from(*page)).collect())]);
        let epoch = Epoch { site: self.site.name.clone(), period: Period::day(day) };
        let nothing = DayTally::default();
        let tally = self.delta.days.get(&epoch).unwrap_or(&nothing);
        self.draw(epoch.period, &public, noise, |draw| draw.day(day, tally, &[]))
    }

    /// A release of a month in which nothing is counted but its visitors, who are made up: a tag each, like a keyed hash.
    ///
    /// # Errors
    /// When noise cannot be drawn.
    pub fn month_of(
        &self,
        day: Day,
        tags: impl IntoIterator<Item = u64>,
        noise: &mut dyn Noise,
    ) -> Result<Release, NoiseFault> {
        let mut tally = MonthTally::default();
        for tag in tags {
            let (index, rank) = tally.visitors.precision().position(tag);
            tally.visitors.raise(index, rank);
        }
        self.draw(Period::month_of(day), &PublicKeys::new(), noise, |draw| draw.month(&tally))
    }

    fn draw(
        &self,
        period: Period,
        public: &PublicKeys,
        noise: &mut dyn Noise,
        body: impl FnOnce(&mut Draw<'_>) -> Result<crate::release::draw::Body, crate::release::noise::NoiseFault>,
    ) -> Result<Release, NoiseFault> {
        let (under, known_pages) = (self.site.history.of_period(period), &*self.site.known_pages());
        let noise = &mut Drawn(noise);
        let body = body(&mut Draw { site: &self.site, known_pages, under: &under, public, noise })?;
        Ok(release(&self.site, &under, period, 1, body))
    }
}
