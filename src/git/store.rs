//! Every object of a repository under one number: packs, alternates' packs, loose objects.

use std::path::{Path, PathBuf};

use hashbrown::HashTable;

use super::loose::{self, Loose};
use super::pack::{Kind, Pack};
use super::{Repository, alternates, bundle, entries};
use crate::finding::{Gap, GapKind};
use crate::interrupt::Scratch;

/// A larger loose copy does not stand in for a damaged packed one.
const LARGEST_COPY: u64 = 64 << 20;

/// An object's number in a [`Store`].
pub(crate) type Number = u32;

/// All objects of a repository and its alternates. Numbers: the entries of the packs one after the other, then the
/// loose objects.
pub(crate) struct Store {
    pub(crate) packs: Vec<Pack>,
    /// The number of each pack's first entry; one more for the first loose object.
    bases: Vec<Number>,
    loose: Vec<(gix::ObjectId, u16)>,
    loose_kinds: Vec<Kind>,
    directories: Vec<PathBuf>,
    /// id → number; ids are not stored again.
    numbers: HashTable<Number>,
    /// Copies of packs whose indexes are of no use.
    _copies: Vec<Scratch>,
}

impl Store {
    /// Opens everything. What cannot be opened is a gap; a pack whose index is of no use is read from a copy with a new
    /// one.
    pub(crate) fn open(repository: &Repository, gaps: &mut Vec<Gap>) -> Self {
        Self::open_with(repository, true, gaps)
    }

    /// Opens what can be opened without writing anything.
    pub(super) fn open_as_it_is(repository: &Repository) -> Self {
        Self::open_with(repository, false, &mut Vec::new())
    }

    fn open_with(repository: &Repository, may_copy: bool, gaps: &mut Vec<Gap>) -> Self {
        let hash = repository.hash();
        let objects = repository.gix.common_dir().join("objects");
        let directories = alternates::resolve(&objects, gaps);
        let (mut packs, mut copies) = (Vec::new(), Vec::new());
        for directory in &directories {
            for file in pack_files(&directory.join("pack"), gaps) {
                let why = match open_pack(&file, hash) {
                    Ok(pack) => {
                        packs.push(pack);
                        continue;
                    }
                    Err(why) => why,
                };
                let mut detail = why;
                if may_copy {
                    match bundle::reindex(&file.with_extension("pack"), hash) {
                        Ok((copy, lost)) => {
                            let indexes = pack_files(&copy.path().join("objects/pack"), gaps);
                            packs.extend(indexes.iter().filter_map(|index| open_pack(index, hash).ok()));
                            gaps.extend(lost);
                            copies.push(copy);
                            detail.push_str("; the pack was read without its index");
                        }
                        Err(why) => detail = format!("{detail}; and the pack: {why}"),
                    }
                }
                gaps.push(Gap { kind: GapKind::CorruptPack, place: file.display().to_string(), detail });
            }
        }
        let mut store = Store {
            packs,
            bases: Vec::new(),
            loose: Vec::new(),
            loose_kinds: Vec::new(),
            directories,
            numbers: HashTable::new(),
            _copies: copies,
        };
        store.number_packed();
        store.number_loose(hash, gaps);
        store
    }

    fn number_packed(&mut self) {
        let mut base: Number = 0;
        let total = self.packs.iter().map(Pack::len).sum();
        let mut numbers = HashTable::with_capacity(total);
        for pack in &self.packs {
            self.bases.push(base);
            base = base.saturating_add(Number::try_from(pack.len()).unwrap_or(Number::MAX));
        }
        self.bases.push(base);
        for (pack, first) in self.packs.iter().zip(&self.bases) {
            for entry in 0..Number::try_from(pack.len()).unwrap_or(Number::MAX) {
                let id = pack.id(entry);
                if numbers.find(hash_of(id), |other| self.id(*other) == id).is_none() {
                    numbers.insert_unique(hash_of(id), first + entry, |other| hash_of(self.id(*other)));
                }
            }
        }
        self.numbers = numbers;
    }

    fn number_loose(&mut self, hash: gix::hash::Kind, gaps: &mut Vec<Gap>) {
        let first = *self.bases.last().unwrap_or(&0);
        let mut numbers = std::mem::take(&mut self.numbers);
        for (place, directory) in (0u16..).zip(self.directories.clone()) {
            for id in loose::list(&directory, hash, gaps) {
                let known = numbers.find(hash_of(&id), |other| self.id(*other) == id).copied();
                // A copy that nobody can tell the kind of does not count if there is another.
                if known.is_some_and(|number| self.kind(number) != Kind::Unknown) {
                    continue;
                }
                let number = first + Number::try_from(self.loose.len()).unwrap_or(0);
                let kind = Loose::open(&loose::path_of(&directory, &id)).map_or(Kind::Unknown, |l| l.kind);
                self.loose.push((id, place));
                self.loose_kinds.push(kind);
                match numbers.find_mut(hash_of(&id), |other| self.id(*other) == id) {
                    Some(known) => *known = number,
                    None => {
                        numbers.insert_unique(hash_of(&id), number, |other| hash_of(self.id(*other)));
                    }
                }
            }
        }
        self.numbers = numbers;
    }

    /// How many numbers there are. Copies of one object in several packs have a number each.
    pub(crate) fn len(&self) -> usize {
        *self.bases.last().unwrap_or(&0) as usize + self.loose.len()
    }

    /// How many of them are blobs; loose ones of unknown kind included.
    pub(crate) fn blobs(&self) -> usize {
        let all = 0..Number::try_from(self.len()).unwrap_or(Number::MAX);
        all.filter(|number| self.kind(*number) == Kind::Blob).count()
    }

    pub(crate) fn id(&self, number: Number) -> &gix::oid {
        match self.place(number) {
            Ok((pack, entry)) => self.packs[pack].id(entry),
            Err(loose) => &self.loose[loose].0,
        }
    }

    pub(crate) fn kind(&self, number: Number) -> Kind {
        match self.place(number) {
            Ok((pack, entry)) => self.packs[pack].kind(entry),
            Err(loose) => self.loose_kinds[loose],
        }
    }

    /// The number of the copy that counts.
    pub(crate) fn find(&self, id: &gix::oid) -> Option<Number> {
        self.numbers.find(hash_of(id), |other| self.id(*other) == id).copied()
    }

    /// Whether this copy is the one that counts.
    pub(crate) fn is_first_copy(&self, number: Number) -> bool {
        // Mostly no object has two copies, and then there is nothing to look up.
        self.numbers.len() == self.len() || self.find(self.id(number)) == Some(number)
    }

    pub(crate) fn number_of_entry(&self, pack: usize, entry: u32) -> Number {
        self.bases[pack] + entry
    }

    /// Numbers of the loose objects.
    pub(crate) fn loose_numbers(&self) -> std::ops::Range<Number> {
        let first = *self.bases.last().unwrap_or(&0);
        first..first + Number::try_from(self.loose.len()).unwrap_or(0)
    }

    pub(crate) fn open_loose(&self, number: Number) -> Result<Loose, String> {
        let Err(place) = self.place(number) else { return Err("it is packed".into()) };
        let (id, directory) = &self.loose[place];
        Loose::open(&loose::path_of(&self.directories[usize::from(*directory)], id))
    }

    /// The bytes of a packed object from a loose file, if there is one that can be read whole.
    pub(crate) fn loose_copy(&self, number: Number) -> Option<Vec<u8>> {
        let id = self.id(number);
        let open = |directory: &PathBuf| Loose::open(&loose::path_of(directory, id)).ok();
        let loose = self.directories.iter().find_map(open)?;
        let fits = loose.kind == self.kind(number) && loose.size <= LARGEST_COPY;
        fits.then(|| loose.read().ok()).flatten()
    }

    /// Pack and entry, or the place among the loose objects.
    fn place(&self, number: Number) -> Result<(usize, u32), usize> {
        let pack = self.bases.partition_point(|base| *base <= number) - 1;
        if pack < self.packs.len() {
            Ok((pack, number - self.bases[pack]))
        } else {
            Err((number - self.bases[pack]) as usize)
        }
    }
}

/// Opens a pack by the name of its index, or by its own if it has none. The error is for a person.
fn open_pack(file: &Path, hash: gix::hash::Kind) -> Result<Pack, String> {
    if file.extension().is_some_and(|extension| extension == "pack") {
        return Err("it has no index; `git index-pack` makes one".into());
    }
    // Opening a pipe would wait for ever. What is not there is told by name when it is opened.
    let are_files = [file, &file.with_extension("pack")]
        .iter()
        .all(|path| path.metadata().map_or(true, |metadata| metadata.is_file()));
    if !are_files {
        return Err("it is no file".into());
    }
    // gix asserts its way through some damaged indexes; that is a damaged index, not the end of the scan.
    let opened = std::panic::catch_unwind(|| Pack::open(file, hash));
    opened.unwrap_or_else(|_| Err("its index contradicts itself".into()))
}

/// Ids are hashes already.
fn hash_of(id: &gix::oid) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&id.as_bytes()[..8]);
    u64::from_le_bytes(bytes)
}

/// The indexes of all packs, and packs that have none, by name, so that numbers do not depend on the order of the
/// directory.
fn pack_files(directory: &Path, gaps: &mut Vec<Gap>) -> Vec<PathBuf> {
    let mut paths = entries(directory, gaps);
    paths.retain(|path| match path.extension().and_then(|extension| extension.to_str()) {
        Some("idx") => true,
        Some("pack") => !path.with_extension("idx").exists(),
        _ => false,
    });
    paths
}
