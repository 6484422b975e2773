//! Opening: reads back what is on the disk, checks it, and refuses with a reason rather than start on a guess.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::Path,
    sync::Arc,
};

use super::{
    Options,
    cells::Cells,
    keys::{Epoch, KeyFault, KeyRing, ProducerKey, parse_epoch},
    release::{
        index::{Index, Sealed},
        reader::stored_release,
    },
    site::Site,
    store::{
        Fault,
        archive::Archive,
        disk::{Disk, Step},
        journal::{Checkpoint, Form, Place, Record},
        migrate::FORMAT_BEFORE,
        rows::{
            self, ChainPoint, FORMAT, FORMAT_OF_OLDER_DAYS, FORMAT_OF_WHOLE_CELLS, FORMAT_UNFINISHED,
            FORMAT_WITHOUT_DIGESTS, ProducerRow, SiteRow,
        },
    },
    tally::{Part, ProducerId, Through},
};
use crate::{
    calendar::{Day, PeriodKind},
    units::SiteName,
};

/// How the key of the producers is named where it is given up.
const PRODUCERS: &str = "producers";

/// What was read back.
pub(super) struct Recovered {
    pub(super) index: Index,
    pub(super) cells: Cells,
    pub(super) dirty: BTreeSet<Epoch>,
    /// The parts in which each cell is stored, but for the rest.
    pub(super) parts: HashMap<Epoch, BTreeSet<Part>>,
    /// Cells that are stored as a whole, as formats before 5 did.
    pub(super) whole: BTreeSet<Epoch>,
    pub(super) base: ChainPoint,
    /// The journal's records up to this one are gone.
    pub(super) trimmed: u64,
    pub(super) head: ChainPoint,
    pub(super) journal_bytes: u64,
    pub(super) producers: HashMap<SiteName, HashMap<ProducerId, ProducerRow>>,
}

/// What the vault is made of.
pub(super) struct Loaded {
    pub(super) recovered: Recovered,
    pub(super) stored: BTreeMap<SiteName, SiteRow>,
    pub(super) archive: Archive,
    pub(super) producer_key: ProducerKey,
    pub(super) given_up: BTreeSet<Epoch>,
}

/// Reads and checks all that is on the disk, but for the releases themselves.
pub(super) fn load(disk: &Disk, keys: &KeyRing, options: &Options) -> Result<Loaded, Fault> {
    check_format(disk, &options.data)?;
    let (index, stored) = load_published(disk)?;
    destroy_stale_keys(disk, keys, &index)?;
    let archive = open_archive(&options.archive, disk, &index, &stored)?;
    let (producers, epochs): (Vec<_>, Vec<_>) = options.give_up.iter().partition(|name| *name == PRODUCERS);
    let given_up = parse_given_up(&epochs)?;
    let producer_key = producer_key(disk, keys, !producers.is_empty())?;
    // What is missing is told together.
    let (recovered, producer_key) = match (load_cells(disk, keys, index, &given_up), producer_key) {
        (Ok(recovered), Some(key)) => (recovered, key),
        (Ok(_), None) => return Err(Fault::MissingKeys(vec![PRODUCERS.to_owned()])),
        (Err(Fault::MissingKeys(mut names)), None) => {
            names.push(PRODUCERS.to_owned());
            return Err(Fault::MissingKeys(names));
        }
        (Err(fault), _) => return Err(fault),
    };
    Ok(Loaded { recovered, stored, archive, producer_key, given_up })
}

fn parse_given_up(texts: &[&String]) -> Result<BTreeSet<Epoch>, Fault> {
    let parse = |text: &str| {
        let (site, period) = text.split_once('/')?;
        parse_epoch(site, period)
    };
    texts.iter().map(|text| parse(text).ok_or_else(|| Fault::GiveUp((*text).clone()))).collect()
}

impl Site {
    /// What is stored of it.
    pub(super) fn row(&self, created_unix_ms: i64) -> SiteRow {
        SiteRow {
            zone: self.calendar.zone_name().to_owned(),
            created_unix_ms,
            terms: self.history.terms().cloned().collect(),
        }
    }
}

/// Checks the format of the directory; a new one gets its mark, one of a version before becomes one of this version.
pub(super) fn check_format(disk: &Disk, path: &Path) -> Result<(), Fault> {
    match known_format(disk, path)? {
        Some(FORMAT) => Ok(()),
        // What the first version lacks, the digest over the rows, comes with the step itself; open days are read in either
        // form.
        _ => mark_format(disk, FORMAT),
    }
}

/// The format of the directory, none in a new one. One that cannot be opened is refused.
pub(super) fn known_format(disk: &Disk, path: &Path) -> Result<Option<u32>, Fault> {
    match disk.row::<u32>(rows::FORMAT_KEY, "the format row")? {
        format @ (None
        | Some(
            FORMAT | FORMAT_BEFORE | FORMAT_OF_WHOLE_CELLS | FORMAT_OF_OLDER_DAYS | FORMAT_WITHOUT_DIGESTS,
        )) => Ok(format),
        Some(FORMAT_UNFINISHED) => Err(Fault::Unfinished(path.to_owned())),
        Some(found) => Err(Fault::Format { path: path.to_owned(), found, known: FORMAT }),
    }
}

/// Whether a backup was being put back when the process ended.
pub(super) fn is_unfinished(disk: &Disk) -> Result<bool, Fault> {
    Ok(disk.row::<u32>(rows::FORMAT_KEY, "the format row")? == Some(FORMAT_UNFINISHED))
}

/// Notes that a backup is being put back.
pub(super) fn mark_unfinished(disk: &Disk) -> Result<(), Fault> {
    mark_format(disk, FORMAT_UNFINISHED)
}

fn mark_format(disk: &Disk, format: u32) -> Result<(), Fault> {
    let mut step = Step::default();
    step.put_row(rows::FORMAT_KEY, &format)?;
    disk.commit(step)
}

/// The index of what is published, and the stored sites.
pub(super) fn load_published(disk: &Disk) -> Result<(Index, BTreeMap<SiteName, SiteRow>), Fault> {
    let mut index = Index::default();
    let sites = load_sites(disk, &mut index)?;
    load_index(disk, &mut index)?;
    Ok((index, sites))
}

/// The stored sites; the index learns when each began.
fn load_sites(disk: &Disk, index: &mut Index) -> Result<BTreeMap<SiteName, SiteRow>, Fault> {
    let mut sites = BTreeMap::new();
    for row in disk.scan(rows::SITE_PREFIX) {
        let (key, value) = row?;
        let what = "a site's row";
        let name = std::str::from_utf8(&key[rows::SITE_PREFIX.len()..]).ok().and_then(|n| SiteName::new(n).ok());
        let name = name.ok_or_else(|| Fault::damaged(what))?;
        let stored: SiteRow = rows::decode(&value, what)?;
        index.sites.entry(name.clone()).or_default().created_unix_ms = stored.created_unix_ms;
        sites.insert(name, stored);
    }
    Ok(sites)
}

/// Which periods are released, and which keys are public.
fn load_index(disk: &Disk, index: &mut Index) -> Result<(), Fault> {
    let mut sealed: BTreeMap<SiteName, Sealed> = BTreeMap::new();
    for row in disk.scan(rows::INDEX_PREFIX) {
        let (key, value) = row?;
        let epoch = rows::parse_index_key(&key).ok_or_else(|| Fault::damaged("a row of the index"))?;
        let number: u64 = rows::decode(&value, "a row of the index")?;
        index.last_release = index.last_release.max(number);
        sealed.entry(epoch.site).or_default().insert(epoch.period, number);
    }
    for (site, periods) in sealed {
        index.sites.entry(site).or_default().sealed = Arc::new(periods);
    }
    for row in disk.scan(rows::PUBLIC_KEY_PREFIX) {
        let (key, _) = row?;
        let (site, table, key) = rows::parse_public_key(&key).ok_or_else(|| Fault::damaged("a published key"))?;
        index.sites.entry(site).or_default().public.entry(table).or_default().insert(key);
    }
    Ok(())
}

/// Opens the archive and appends what a crash kept from it. An archive that is ahead of the database is refused.
pub(super) fn open_archive(
    directory: &Path,
    disk: &Disk,
    index: &Index,
    sites: &BTreeMap<SiteName, SiteRow>,
) -> Result<Archive, Fault> {
    let mut archive = Archive::open(directory)?;
    archive.check_ends()?;
    let (archived, stored) = (archive.last_release(), index.last_release);
    if archived > stored {
        return Err(Fault::ArchiveAhead { path: directory.to_owned(), archived, stored });
    }
    for number in index.numbers_after(None, archived) {
        let release = stored_release(disk, number)?;
        if let Some(row) = sites.get(&release.site) {
            archive.append_settings(&release.site, row)?;
        }
        archive.append_missing(&release)?;
    }
    Ok(archive)
}

/// The key of the producers: the one that was there, or a new one in a new directory or where the old one was given up.
/// None where it is missing.
fn producer_key(disk: &Disk, keys: &KeyRing, is_given_up: bool) -> Result<Option<ProducerKey>, Fault> {
    let known = disk.get(rows::PRODUCER_KEY_KEY)?;
    let key = match (keys.producer_key()?, &known) {
        (Some(key), Some(known)) if key.check()[..] == known[..] => return Ok(Some(key)),
        (Some(_), Some(_)) if !is_given_up => return Err(Fault::ProducerKey(keys.producer_path())),
        (None, Some(_)) if !is_given_up => return Ok(None),
        (Some(key), _) => key,
        (None, _) => keys.create_producer_key()?,
    };
    let mut step = Step::default();
    step.put(rows::PRODUCER_KEY_KEY, &key.check());
    disk.commit(step)?;
    Ok(Some(key))
}

/// Weeks and months of which some days were restored without their sums.
pub(super) fn load_lost(disk: &Disk) -> Result<BTreeSet<Epoch>, Fault> {
    let epoch = |row: Result<(sled::IVec, _), Fault>| {
        rows::parse_lost_key(&row?.0).ok_or_else(|| Fault::damaged("a row of a lost period"))
    };
    disk.scan(rows::LOST_PREFIX).map(epoch).collect()
}

/// Reads the open cells and the journal on top of them. `given_up` epochs are left out.
pub(super) fn load_cells(
    disk: &Disk,
    keys: &KeyRing,
    index: Index,
    given_up: &BTreeSet<Epoch>,
) -> Result<Recovered, Fault> {
    let base: ChainPoint = disk.row(rows::BASE_KEY, "the journal's base")?.unwrap_or_default();
    let mut recovered = Recovered {
        index,
        cells: Cells::default(),
        dirty: BTreeSet::new(),
        parts: HashMap::new(),
        whole: BTreeSet::new(),
        base,
        trimmed: trimmed(disk)?.unwrap_or(base.sequence).min(base.sequence),
        head: ChainPoint::default(),
        journal_bytes: 0,
        producers: load_producers(disk)?,
    };
    let loaded = recovered
        .load_checkpoints(disk, keys, given_up)
        .and_then(|through| recovered.replay(disk, keys, given_up, &through));
    match loaded {
        Ok(()) => Ok(recovered),
        // Whoever lost one key has often lost all: name them together.
        Err(Fault::Key(KeyFault::Missing { .. })) => Err(recovered.name_missing_keys(disk, keys, given_up)?),
        Err(fault) => Err(fault),
    }
}

/// The record before the first one that is on the disk, which cells may hold already; none where there is no record.
fn trimmed(disk: &Disk) -> Result<Option<u64>, Fault> {
    let Some(first) = disk.scan(rows::JOURNAL_PREFIX).next() else { return Ok(None) };
    let sequence = rows::parse_journal_key(&first?.0).ok_or_else(|| Fault::damaged("a row of the journal"))?;
    Ok(Some(sequence.saturating_sub(1)))
}

impl Recovered {
    /// The latest day of a site that has data, open or sealed. After the clock was set back, hours may be published of a day
    /// that is yet to come.
    pub(super) fn newest_day(&self, site: &SiteName) -> Option<Day> {
        let open = self.cells.periods(site, PeriodKind::Day).last().map(|period| period.start);
        let of_site = self.index.sites.get(site).map(|of_site| &of_site.sealed);
        let sealed = of_site.and_then(|sealed| sealed.days()).map(|(_, last)| last);
        open.max(sealed).max(of_site.and_then(|sealed| sealed.last_day_with_hours()))
    }

    fn is_closed(&self, epoch: &Epoch) -> bool {
        self.index.sites.get(&epoch.site).is_some_and(|site| site.sealed.contains(epoch.period))
    }

    /// All open epochs that have data on the disk but no key.
    fn name_missing_keys(&self, disk: &Disk, keys: &KeyRing, given_up: &BTreeSet<Epoch>) -> Result<Fault, Fault> {
        let mut epochs = BTreeSet::new();
        for value in disk.scan_long(rows::PART_PREFIX) {
            epochs.extend(rows::parse_part_key(&value?.0).map(|(epoch, _)| epoch));
        }
        for value in disk.scan_long(rows::WHOLE_PREFIX) {
            epochs.extend(rows::parse_whole_key(&value?.0));
        }
        let head: ChainPoint = disk.row(rows::HEAD_KEY, "the journal's head")?.unwrap_or_default();
        for sequence in self.base.sequence + 1..=head.sequence {
            let what = format!("journal record {sequence}");
            let Some(bytes) = disk.get_long(&rows::journal_key(sequence), &what)? else { continue };
            for section in rows::decode::<Record>(&bytes, &what)?.sections {
                epochs.insert(section.epoch()?);
            }
        }
        epochs.retain(|epoch| !given_up.contains(epoch) && !self.is_closed(epoch) && !keys.has(epoch));
        Ok(Fault::MissingKeys(epochs.iter().map(ToString::to_string).collect()))
    }

    /// Reads what is stored of the open cells, and says up to which record. A closed epoch that still has a cell is a gap: it
    /// is kept as it is.
    fn load_checkpoints(
        &mut self,
        disk: &Disk,
        keys: &KeyRing,
        given_up: &BTreeSet<Epoch>,
    ) -> Result<HashMap<Epoch, Through>, Fault> {
        let mut through: HashMap<Epoch, Through> = HashMap::new();
        for value in disk.scan_long(rows::WHOLE_PREFIX) {
            let (key, value) = value?;
            let epoch = rows::parse_whole_key(&key).ok_or_else(|| Fault::damaged("a cell's row"))?;
            if given_up.contains(&epoch) || self.is_closed(&epoch) {
                continue;
            }
            let stored = checkpoint(value, &epoch)?;
            let (tally, _) = stored.section.open(&epoch, &*keys.existing(&epoch)?, Place::Whole(stored.through))?;
            self.cells.merge_encoded(&epoch, &tally).map_err(|_| damaged_tally(&epoch))?;
            let of_cell = through.entry(epoch.clone()).or_default();
            of_cell.note(Part::REST, stored.through);
            of_cell.note(Part::ALL, stored.through);
            self.whole.insert(epoch);
        }
        for value in disk.scan_long(rows::PART_PREFIX) {
            let (key, value) = value?;
            let (epoch, part) = rows::parse_part_key(&key).ok_or_else(|| Fault::damaged("a cell's row"))?;
            if given_up.contains(&epoch) || self.is_closed(&epoch) {
                continue;
            }
            let stored = checkpoint(value, &epoch)?;
            let place = Place::Part(part, stored.through);
            let (tally, form) = stored.section.open(&epoch, &*keys.existing(&epoch)?, place)?;
            if form != Form::ByTable {
                // So that the next checkpoint writes it in the form of today.
                self.dirty.insert(epoch.clone());
            }
            self.cells.merge_part(&epoch, part, &tally).map_err(|_| damaged_tally(&epoch))?;
            through.entry(epoch.clone()).or_default().note(part, stored.through);
            if part != Part::REST {
                self.parts.entry(epoch).or_default().insert(part);
            }
        }
        Ok(through)
    }

    /// Follows the journal from its base to its head; every record must be there and follow the one before.
    fn replay(
        &mut self,
        disk: &Disk,
        keys: &KeyRing,
        given_up: &BTreeSet<Epoch>,
        through: &HashMap<Epoch, Through>,
    ) -> Result<(), Fault> {
        let head: ChainPoint = disk.row(rows::HEAD_KEY, "the journal's head")?.unwrap_or_default();
        let nothing = Through::default();
        let mut at = self.base;
        while at.sequence < head.sequence {
            let sequence = at.sequence + 1;
            let what = format!("journal record {sequence}");
            let bytes = disk.get_long(&rows::journal_key(sequence), &what)?.ok_or_else(|| Fault::damaged(&*what))?;
            let (record, next) = Record::follow(&bytes, at)?;
            for section in &record.sections {
                let epoch = section.epoch()?;
                let through = through.get(&epoch).unwrap_or(&nothing);
                let is_folded =
                    through.has_all(sequence, matches!(epoch.period.kind, PeriodKind::Day | PeriodKind::Month));
                if is_folded || given_up.contains(&epoch) || self.is_closed(&epoch) {
                    continue;
                }
                let (tally, _) = section.open(&epoch, &*keys.existing(&epoch)?, Place::After(at))?;
                self.cells.merge_record(&epoch, &tally, sequence, through).map_err(|_| damaged_tally(&epoch))?;
                self.dirty.insert(epoch);
            }
            self.journal_bytes += bytes.len() as u64;
            at = next;
        }
        if at != head {
            return Err(Fault::damaged("the end of the journal is not what was last written"));
        }
        self.head = at;
        Ok(())
    }
}

fn checkpoint(value: Option<Vec<u8>>, epoch: &Epoch) -> Result<Checkpoint, Fault> {
    let what = format!("the cell of {epoch}");
    rows::decode(&value.ok_or_else(|| Fault::damaged(&*what))?, &what)
}

fn damaged_tally(epoch: &Epoch) -> Fault {
    Fault::damaged(format!("the tally of {epoch}"))
}

fn load_producers(disk: &Disk) -> Result<HashMap<SiteName, HashMap<ProducerId, ProducerRow>>, Fault> {
    let mut producers: HashMap<SiteName, HashMap<ProducerId, ProducerRow>> = HashMap::new();
    for row in disk.scan(b"p/") {
        let (key, value) = row?;
        let damaged = || Fault::damaged("a producer's row");
        let (site, id) = key[2..].split_last_chunk::<16>().ok_or_else(damaged)?;
        let site = site.strip_suffix(b"/").and_then(|s| std::str::from_utf8(s).ok()).ok_or_else(damaged)?;
        let site = SiteName::new(site).map_err(|_| damaged())?;
        producers.entry(site).or_default().insert(*id, rows::decode(&value, "a producer's row")?);
    }
    Ok(producers)
}

/// Destroys the keys of epochs that are sealed: a crash may have come between the release and this.
pub(super) fn destroy_stale_keys(disk: &Disk, keys: &KeyRing, index: &Index) -> Result<(), Fault> {
    for epoch in keys.on_disk()? {
        let number = index.sites.get(&epoch.site).and_then(|site| site.sealed.release(epoch.period));
        let Some(number) = number else { continue };
        let release = stored_release(disk, number)?;
        // A gap keeps its key as long as there is something that it opens.
        if release.gap.is_none() || !disk.has_cell(&epoch) {
            keys.destroy(&epoch)?;
        }
    }
    Ok(())
}
