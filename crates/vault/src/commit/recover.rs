//! Opening: reads back what is on the disk, checks it, and refuses with a reason rather than start on a guess.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::Path,
    sync::Arc,
};

use super::{
    checkpoint::Stored,
    doubt::{self, Doubt},
    group::Producers,
    journal::{Checkpoint, Form, Place, Record},
};
use crate::{
    Options,
    cells::Cells,
    keys::{Epoch, KeyFault, KeyRing, ProducerKey, parse_epoch},
    release::{
        index::{Index, PublishedPeriods},
        reader::stored_release,
    },
    store::{
        CommitError, Damaged, OpenError, ReadError, Step,
        archive::Archive,
        lane::Lane,
        migrate::{self, FORMAT_BEFORE},
        reader::LaneReader,
        rows::{self, ChainPoint, FORMAT, FORMAT_UNFINISHED, SiteRow},
        writer::LaneWriter,
    },
    tally::{Part, Through},
};
use crate::{
    calendar::{Day, PeriodKind},
    units::SiteName,
};

/// How the key of the producers is named where it is given up.
const PRODUCERS: &str = "producers";
/// How it is named that the data are an older copy.
const COPY: &str = "copy";

/// What was read back.
pub(crate) struct Recovered {
    pub(crate) index: Index,
    pub(crate) cells: Cells,
    pub(crate) head: ChainPoint,
    pub(crate) stored: Stored,
    pub(crate) producers: Producers,
}

/// What the vault is made of.
pub(crate) struct Loaded {
    pub(crate) recovered: Recovered,
    pub(crate) stored: BTreeMap<SiteName, SiteRow>,
    pub(crate) archive: Archive,
    pub(crate) producer_key: ProducerKey,
    pub(crate) given_up: BTreeSet<Epoch>,
    pub(crate) doubt: Doubt,
}

/// Reads and checks all that is on the disk, but for the releases themselves.
pub(crate) fn load(lane: &mut Lane, keys: &KeyRing, options: &Options) -> Result<Loaded, OpenError> {
    check_format(lane, &options.data)?;
    let reader = lane.reader.clone();
    let (mut index, stored) = load_published(&reader)?;
    destroy_stale_keys(&reader, keys, &index)?;
    let archive = open_archive(&options.archive, &reader, &index, &stored)?;
    let (copy, give_up): (Vec<_>, Vec<_>) = options.give_up.iter().partition(|name| *name == COPY);
    let (producers, epochs): (Vec<_>, Vec<_>) = give_up.into_iter().partition(|name| *name == PRODUCERS);
    let mut given_up = parse_given_up(&epochs)?;
    let doubt = doubt::of(&reader, keys, &mut index, !copy.is_empty(), &given_up)?;
    let producer_key = producer_key(lane, keys, !producers.is_empty())?;
    // What is missing is told together.
    let mut cells = load_cells(&reader, keys, index.clone(), &given_up);
    if let (Err(OpenError::MissingKeys(names)), Doubt::Copy) = (&cells, doubt) {
        // They went when these periods were published.
        given_up.extend(parse_given_up(&names.iter().collect::<Vec<_>>())?);
        cells = load_cells(&reader, keys, index, &given_up);
    }
    let (recovered, producer_key) = match (cells, producer_key) {
        (Ok(recovered), Some(key)) => (recovered, key),
        (Ok(_), None) => return Err(OpenError::MissingKeys(vec![PRODUCERS.to_owned()])),
        (Err(OpenError::MissingKeys(mut names)), None) => {
            names.push(PRODUCERS.to_owned());
            return Err(OpenError::MissingKeys(names));
        }
        (Err(error), _) => return Err(error),
    };
    Ok(Loaded { recovered, stored, archive, producer_key, given_up, doubt })
}

fn parse_given_up(texts: &[&String]) -> Result<BTreeSet<Epoch>, OpenError> {
    let parse = |text: &str| {
        let (site, period) = text.split_once('/')?;
        parse_epoch(site, period)
    };
    texts.iter().map(|text| parse(text).ok_or_else(|| OpenError::GiveUp((*text).clone()))).collect()
}

/// Checks the format of the directory; a new one gets its mark.
pub(crate) fn check_format(lane: &mut Lane, path: &Path) -> Result<(), OpenError> {
    match known_format(&lane.reader, path)? {
        Some(FORMAT) => Ok(()),
        before => {
            let mut step = Step::default();
            if before.is_some() {
                migrate::producers(&lane.reader, &mut step)?;
            }
            step.put_row(rows::FORMAT_KEY, &FORMAT)?;
            Ok(lane.writer.commit(step)?)
        }
    }
}

/// The format of the directory, none in a new one. One that cannot be opened is refused.
pub(crate) fn known_format(lane: &LaneReader, path: &Path) -> Result<Option<u32>, OpenError> {
    match lane.row::<u32>(rows::FORMAT_KEY, "the format row")? {
        format @ (None | Some(FORMAT | FORMAT_BEFORE)) => Ok(format),
        Some(FORMAT_UNFINISHED) => Err(OpenError::Unfinished(path.to_owned())),
        Some(found) => Err(OpenError::Format { path: path.to_owned(), found, known: FORMAT }),
    }
}

/// Whether a backup was being put back when the process ended.
pub(crate) fn is_unfinished(lane: &LaneReader) -> Result<bool, ReadError> {
    Ok(lane.row::<u32>(rows::FORMAT_KEY, "the format row")? == Some(FORMAT_UNFINISHED))
}

/// Notes that a backup is being put back.
pub(crate) fn mark_unfinished(lane: &mut LaneWriter) -> Result<(), CommitError> {
    let mut step = Step::default();
    step.put_row(rows::FORMAT_KEY, &FORMAT_UNFINISHED)?;
    lane.commit(step)
}

/// The index of what is published, and the stored sites.
pub(crate) fn load_published(lane: &LaneReader) -> Result<(Index, BTreeMap<SiteName, SiteRow>), ReadError> {
    let mut index = Index::default();
    let sites = load_sites(lane, &mut index)?;
    load_index(lane, &mut index)?;
    Ok((index, sites))
}

/// The stored sites; the index learns when each began.
fn load_sites(lane: &LaneReader, index: &mut Index) -> Result<BTreeMap<SiteName, SiteRow>, ReadError> {
    let mut sites = BTreeMap::new();
    for row in lane.scan(rows::SITE_PREFIX) {
        let (key, value) = row?;
        let what = "a site's row";
        let name = std::str::from_utf8(&key[rows::SITE_PREFIX.len()..]).ok().and_then(|n| SiteName::new(n).ok());
        let name = name.ok_or_else(|| Damaged::new(what))?;
        let stored: SiteRow = rows::decode(&value, what)?;
        index.sites.entry(name.clone()).or_default().created_unix_ms = stored.created_unix_ms;
        sites.insert(name, stored);
    }
    Ok(sites)
}

/// Which periods are released, and which keys are public.
fn load_index(lane: &LaneReader, index: &mut Index) -> Result<(), ReadError> {
    let mut sealed: BTreeMap<SiteName, PublishedPeriods> = BTreeMap::new();
    for row in lane.scan(rows::INDEX_PREFIX) {
        let (key, value) = row?;
        let epoch = rows::parse_index_key(&key).ok_or_else(|| Damaged::new("a row of the index"))?;
        let number: u64 = rows::decode(&value, "a row of the index")?;
        index.last_release = index.last_release.max(number);
        sealed.entry(epoch.site).or_default().insert(epoch.period, number);
    }
    for (site, periods) in sealed {
        index.sites.entry(site).or_default().sealed = Arc::new(periods);
    }
    for row in lane.scan(rows::PUBLIC_KEY_PREFIX) {
        let (key, _) = row?;
        let (site, table, key) = rows::parse_public_key(&key).ok_or_else(|| Damaged::new("a published key"))?;
        index.sites.entry(site).or_default().public.entry(table).or_default().insert(key);
    }
    Ok(())
}

/// Opens the archive and appends what a crash kept from it. An archive that is ahead of the database is refused.
pub(crate) fn open_archive(
    directory: &Path,
    lane: &LaneReader,
    index: &Index,
    sites: &BTreeMap<SiteName, SiteRow>,
) -> Result<Archive, OpenError> {
    let mut archive = Archive::open(directory)?;
    archive.check_ends()?;
    let (archived, stored) = (archive.last_release(), index.last_release);
    if archived > stored {
        return Err(OpenError::ArchiveAhead { path: directory.to_owned(), archived, stored });
    }
    for number in index.numbers_after(None, archived) {
        let release = stored_release(lane, number)?;
        if let Some(row) = sites.get(&release.site) {
            archive.append_settings(&release.site, row)?;
        }
        archive.append_missing(&release)?;
    }
    Ok(archive)
}

/// The key of the producers: the one that was there, or a new one in a new directory or where the old one was given up.
/// None where it is missing.
fn producer_key(lane: &mut Lane, keys: &KeyRing, is_given_up: bool) -> Result<Option<ProducerKey>, OpenError> {
    let known = lane.reader.get(rows::PRODUCER_KEY_KEY)?;
    let key = match (keys.producer_key()?, &known) {
        (Some(key), Some(known)) if key.check()[..] == known[..] => return Ok(Some(key)),
        (Some(_), Some(_)) if !is_given_up => return Err(OpenError::ProducerKey(keys.producer_path())),
        (None, Some(_)) if !is_given_up => return Ok(None),
        (Some(key), _) => key,
        (None, _) => keys.create_producer_key()?,
    };
    let mut step = Step::default();
    step.put(rows::PRODUCER_KEY_KEY, key.check());
    lane.writer.commit(step)?;
    Ok(Some(key))
}

/// Weeks and months of which some days were restored without their sums.
pub(crate) fn load_lost(lane: &LaneReader) -> Result<BTreeSet<Epoch>, ReadError> {
    let epoch = |key: Result<Vec<u8>, ReadError>| {
        rows::parse_lost_key(&key?).ok_or_else(|| Damaged::new("a row of a lost period").into())
    };
    lane.keys(rows::LOST_PREFIX).map(epoch).collect()
}

/// Reads the open cells and the journal on top of them. `given_up` epochs are left out.
pub(crate) fn load_cells(
    lane: &LaneReader,
    keys: &KeyRing,
    index: Index,
    given_up: &BTreeSet<Epoch>,
) -> Result<Recovered, OpenError> {
    let base: ChainPoint = lane.row(rows::BASE_KEY, "the journal's base")?.unwrap_or_default();
    let mut recovered = Recovered {
        index,
        cells: Cells::default(),
        head: ChainPoint::default(),
        stored: Stored {
            dirty: BTreeSet::new(),
            parts: HashMap::new(),
            base,
            trimmed: trimmed(lane)?.unwrap_or(base.sequence).min(base.sequence),
            journal_bytes: 0,
        },
        producers: Producers::load(lane)?,
    };
    let loaded = recovered
        .load_checkpoints(lane, keys, given_up)
        .and_then(|through| recovered.replay(lane, keys, given_up, &through));
    match loaded {
        Ok(()) => Ok(recovered),
        // Whoever lost one key has often lost all: name them together.
        Err(CommitError::Key(KeyFault::Missing { .. })) => Err(recovered.name_missing_keys(lane, keys, given_up)?),
        Err(error) => Err(error.into()),
    }
}

/// The record before the first one that is on the disk, which cells may hold already; none where there is no record.
fn trimmed(lane: &LaneReader) -> Result<Option<u64>, ReadError> {
    let Some(first) = lane.keys(rows::JOURNAL_PREFIX).next() else { return Ok(None) };
    let sequence = rows::parse_journal_key(&first?).ok_or_else(|| Damaged::new("a row of the journal"))?;
    Ok(Some(sequence.saturating_sub(1)))
}

impl Recovered {
    /// The latest day of a site that has data, open or sealed. After the clock was set back, hours may be published of a day
    /// that is yet to come.
    pub(crate) fn newest_day(&self, site: &SiteName) -> Option<Day> {
        let open = self.cells.periods(site, PeriodKind::Day).last().map(|period| period.start);
        let of_site = self.index.sites.get(site).map(|of_site| &of_site.sealed);
        let sealed = of_site.and_then(|sealed| sealed.days()).map(|(_, last)| last);
        open.max(sealed).max(of_site.and_then(|sealed| sealed.last_day_with_hours()))
    }

    fn is_closed(&self, epoch: &Epoch) -> bool {
        self.index.sites.get(&epoch.site).is_some_and(|site| site.sealed.contains(epoch.period))
    }

    /// All open epochs that have data on the disk but no key.
    fn name_missing_keys(
        &self,
        lane: &LaneReader,
        keys: &KeyRing,
        given_up: &BTreeSet<Epoch>,
    ) -> Result<OpenError, OpenError> {
        let mut epochs = BTreeSet::new();
        for key in lane.keys(rows::PART_PREFIX) {
            epochs.extend(rows::parse_part_key(&key?).map(|(epoch, _)| epoch));
        }
        let head: ChainPoint = lane.row(rows::HEAD_KEY, "the journal's head")?.unwrap_or_default();
        for sequence in self.stored.base.sequence + 1..=head.sequence {
            let what = format!("journal record {sequence}");
            let Some(bytes) = lane.named(&rows::journal_key(sequence), &what)? else { continue };
            for section in rows::decode::<Record>(&bytes, &what)?.sections {
                epochs.insert(section.epoch()?);
            }
        }
        epochs.retain(|epoch| !given_up.contains(epoch) && !self.is_closed(epoch) && !keys.has(epoch));
        Ok(OpenError::MissingKeys(epochs.iter().map(ToString::to_string).collect()))
    }

    /// Reads what is stored of the open cells, and says up to which record. A closed epoch that still has a cell is a gap: it
    /// is kept as it is.
    fn load_checkpoints(
        &mut self,
        lane: &LaneReader,
        keys: &KeyRing,
        given_up: &BTreeSet<Epoch>,
    ) -> Result<HashMap<Epoch, Through>, CommitError> {
        let mut through: HashMap<Epoch, Through> = HashMap::new();
        for key in lane.keys(rows::PART_PREFIX) {
            let key = key?;
            let (epoch, part) = rows::parse_part_key(&key).ok_or_else(|| Damaged::new("a cell's row"))?;
            if given_up.contains(&epoch) || self.is_closed(&epoch) {
                continue;
            }
            let stored = checkpoint(lane, &key, &epoch)?;
            let place = Place::Part(part, stored.through);
            let (tally, form) = stored.section.open(&epoch, &*keys.existing(&epoch)?, place)?;
            if form != Form::ByTable {
                // So that the next checkpoint writes it in the form of today.
                self.stored.dirty.insert(epoch.clone());
            }
            self.cells.merge_part(&epoch, part, &tally).map_err(|_| damaged_tally(&epoch))?;
            through.entry(epoch.clone()).or_default().note(part, stored.through);
            if part != Part::REST {
                self.stored.parts.entry(epoch).or_default().insert(part);
            }
        }
        Ok(through)
    }

    /// Follows the journal from its base to its head; every record must be there and follow the one before.
    fn replay(
        &mut self,
        lane: &LaneReader,
        keys: &KeyRing,
        given_up: &BTreeSet<Epoch>,
        through: &HashMap<Epoch, Through>,
    ) -> Result<(), CommitError> {
        let head: ChainPoint = lane.row(rows::HEAD_KEY, "the journal's head")?.unwrap_or_default();
        let nothing = Through::default();
        let mut at = self.stored.base;
        while at.sequence < head.sequence {
            let sequence = at.sequence + 1;
            let what = format!("journal record {sequence}");
            let bytes = lane.named(&rows::journal_key(sequence), &what)?.ok_or_else(|| Damaged::new(&*what))?;
            let (record, next) = Record::follow(&bytes, at)?;
            for section in &record.sections {
                let epoch = section.epoch()?;
                let through = through.get(&epoch).unwrap_or(&nothing);
                let is_in_cells =
                    through.has_all(sequence, matches!(epoch.period.kind, PeriodKind::Day | PeriodKind::Month));
                if is_in_cells || given_up.contains(&epoch) || self.is_closed(&epoch) {
                    continue;
                }
                let (tally, _) = section.open(&epoch, &*keys.existing(&epoch)?, Place::After(at))?;
                self.cells.merge_record(&epoch, &tally, sequence, through).map_err(|_| damaged_tally(&epoch))?;
                self.stored.dirty.insert(epoch);
            }
            self.stored.journal_bytes += bytes.len() as u64;
            at = next;
        }
        if at != head {
            return Err(Damaged::new("the end of the journal is not what was last written").into());
        }
        self.head = at;
        Ok(())
    }
}

fn checkpoint(lane: &LaneReader, key: &[u8], epoch: &Epoch) -> Result<Checkpoint, ReadError> {
    let what = format!("the cell of {epoch}");
    let value = lane.named(key, &what)?.ok_or_else(|| Damaged::new(&*what))?;
    Ok(rows::decode(&value, &what)?)
}

fn damaged_tally(epoch: &Epoch) -> Damaged {
    Damaged::new(format!("the tally of {epoch}"))
}

/// Destroys the keys of epochs that are sealed: a crash may have come between the release and this.
pub(crate) fn destroy_stale_keys(lane: &LaneReader, keys: &KeyRing, index: &Index) -> Result<(), CommitError> {
    for epoch in keys.on_disk()? {
        let number = index.sites.get(&epoch.site).and_then(|site| site.sealed.release(epoch.period));
        let Some(number) = number else { continue };
        let release = stored_release(lane, number)?;
        // A gap keeps its key as long as there is something that it opens.
        if release.gap.is_none() || !lane.has_cell(&epoch) {
            keys.destroy(&epoch)?;
        }
    }
    Ok(())
}
