//! What releases say of one table, each read once and kept as numbers.
//!
//! It is here because the points of a key's series all look at the same weeks before them. A key has a place, a number given
//! when it is first met, so thousands of keys are looked up by name once a release and never again. It decides nothing: it
//! holds what [`within`] makes of one release.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
    rc::Rc,
    sync::Arc,
};

use headcount_model::{
    calendar::{Day, Period, PeriodKind},
    release::Release,
    source::ReadError,
    tables::Table,
    units::SiteName,
};

use super::{
    super::{Source, State, state},
    measure::Measure,
    past::DAYS_BACK,
    within::{self, Part},
};

/// The place of a key among all keys that were met.
pub(super) type Place = usize;

/// One table of one release.
pub(super) struct Column {
    /// The number of the release.
    pub(super) number: u64,
    /// How many days it has.
    pub(super) days: f64,
    /// Whether the release has the table.
    pub(super) is_counted: bool,
    /// The keys' places, in the order of the keys.
    pub(super) places: Vec<Place>,
    /// Of each key in the same order, whether it may stand here because its count was large.
    pub(super) chosen: Vec<bool>,
    all: Values,
    /// Where they differ from `all`.
    first: Option<Values>,
}

/// The numbers of the keys, and what they are parts of.
struct Values {
    whole: Option<Measure>,
    of_keys: Vec<Measure>,
}

impl Column {
    fn of(&self, part: Part) -> &Values {
        self.first.as_ref().filter(|_| part == Part::First).unwrap_or(&self.all)
    }

    /// What the keys are parts of.
    pub(super) fn whole(&self, part: Part) -> Option<Measure> {
        self.of(part).whole
    }

    /// The keys' places and numbers, in the order of the keys.
    pub(super) fn values(&self, part: Part) -> impl Iterator<Item = (Place, Measure)> {
        self.places.iter().zip(&self.of(part).of_keys).map(|(place, measure)| (*place, *measure))
    }
}

/// The columns of one table of one site.
pub struct Columns<'a, S> {
    pub(super) source: &'a S,
    pub(super) site: &'a SiteName,
    pub(super) table: Table,
    keys: RefCell<Keys>,
    /// None where a period has no numbers.
    read: RefCell<BTreeMap<Period, Option<Rc<Column>>>>,
}

#[derive(Default)]
struct Keys {
    names: Vec<Rc<str>>,
    places: HashMap<Rc<str>, Place>,
}

impl Keys {
    fn place(&mut self, name: &str) -> Place {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        let (place, name): (Place, Rc<str>) = (self.names.len(), name.into());
        self.names.push(name.clone());
        self.places.insert(name, place);
        place
    }
}

impl<'a, S: Source> Columns<'a, S> {
    /// Of a table of a site.
    #[must_use]
    pub fn new(source: &'a S, site: &'a SiteName, table: Table) -> Self {
        Self { source, site, table, keys: RefCell::default(), read: RefCell::default() }
    }

    /// That of a period; none where it has no numbers.
    pub(super) fn at(&self, period: Period) -> Result<Option<Rc<Column>>, ReadError> {
        if let Some(column) = self.read.borrow().get(&period) {
            return Ok(column.clone());
        }
        let column = match state(self.source, self.site, period)? {
            State::Numbers(release) => Some(Rc::new(self.column(&release))),
            State::Gap | State::Absent => None,
        };
        self.read.borrow_mut().insert(period, column.clone());
        Ok(column)
    }

    /// That of a release with numbers.
    pub(super) fn of(&self, release: &Arc<Release>) -> Rc<Column> {
        if let Some(Some(column)) = self.read.borrow().get(&release.period) {
            return column.clone();
        }
        let column = Rc::new(self.column(release));
        self.read.borrow_mut().insert(release.period, Some(column.clone()));
        column
    }

    fn column(&self, release: &Release) -> Column {
        let outline = release.outline();
        let values = |part| Values {
            whole: within::whole_of(&outline, self.table, part),
            of_keys: within::values(release, &outline, self.table, part),
        };
        let numbers = release.table(self.table);
        let keys = || numbers.iter().flat_map(|numbers| &numbers.keys);
        let threshold = numbers.map(|numbers| numbers.threshold).filter(|threshold| *threshold > 0);
        let is_chosen = |count: Option<&i64>| threshold.is_some_and(|most| count.copied().unwrap_or(0) >= most);
        let mut names = self.keys.borrow_mut();
        Column {
            number: release.number,
            days: release.period.days().count() as f64,
            is_counted: numbers.is_some(),
            places: keys().map(|key| names.place(&key.key)).collect(),
            chosen: keys().map(|key| is_chosen(key.counts.first())).collect(),
            all: values(Part::All),
            // Of a visit by any other key there is one counter.
            first: (self.table == Table::Page).then(|| values(Part::First)),
        }
    }

    /// How many keys were met.
    pub(super) fn places(&self) -> usize {
        self.keys.borrow().names.len()
    }

    /// The name of the key of a place.
    pub(super) fn name(&self, place: Place) -> Rc<str> {
        self.keys.borrow().names[place].clone()
    }

    /// Lets go of the days and weeks that no past of a range from this day on has; months are few. What is asked for again is read
    /// again.
    pub(crate) fn forget_before(&self, day: Day) {
        let day = day.plus(-DAYS_BACK);
        self.read.borrow_mut().retain(|period, _| period.kind == PeriodKind::Month || period.start >= day);
    }
}
