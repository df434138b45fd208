//! Files in which other scanners keep what they shall not report.
//!
//! Their rules are not ours, so that a value, its hash or a place decides and never a rule's name. A value that an entry
//! means is hidden under every rule; another value is not, whatever line it stands on.

use std::sync::Arc;

use bstr::{BStr, BString, ByteSlice as _};
use hashbrown::{HashMap, HashSet};
use ignore::gitignore::Gitignore;
use regex_automata::meta::Regex;
use sha2::{Digest as _, Sha256};

use super::places::{Meaning, NamedPlace, Places, same_file};
use super::{Context, Verdicts};
use crate::finding::{Notice, NoticeKind, Occurrence, Suppression, SuppressionKind};
use crate::git::digest::sha1;
use crate::secret::Secret;

mod json;
mod lines;
mod recognise;
mod yaml;

pub use recognise::{FileFormat, ImportError, recognise};

/// What an entry goes by.
#[derive(Debug, Clone)]
enum Criterion {
    /// A place, and the rule that the other scanner names there. The value, if it is told.
    Place { place: NamedPlace, rule: String, value: Option<Secret> },
    /// The value itself.
    Value(Secret),
    /// A hash of the value.
    Hash(Hash, Vec<u8>),
    /// A hash of the value, in one file.
    HashInFile(Hash, Vec<u8>, BString),
    /// An expression for `path:line:text`.
    Line(Regex),
    /// Files.
    Files(Gitignore),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Hash {
    Sha1,
    Sha256,
    /// SHA-256 over the value, a comma and a word for what it is.
    Ggshield,
}

/// The words of ggshield for what a value is, that are known.
const GGSHIELD_KINDS: [&str; 12] = [
    "apikey",
    "client_id",
    "client_secret",
    "password",
    "username",
    "token",
    "key",
    "secret",
    "connection_uri",
    "private_key",
    "host",
    "pem",
];

/// One entry.
#[derive(Debug, Clone)]
struct Entry {
    /// The line of the file; 0 if that is not known.
    line: usize,
    criterion: Criterion,
    reason: Option<String>,
}

/// A file of another scanner, read.
#[derive(Debug, Clone)]
pub struct Import {
    /// As messages name it.
    pub origin: String,
    /// Whose it is.
    pub format: FileFormat,
    /// The scanned tree holds it.
    pub of_scanned_tree: bool,
    /// What could not be read.
    pub notices: Vec<Notice>,
    entries: Vec<Entry>,
}

impl Import {
    /// Reads a file of this format. What of it cannot be read becomes a notice; if nothing can, that is an error.
    pub fn parse(
        bytes: &[u8],
        format: FileFormat,
        origin: &str,
        of_scanned_tree: bool,
    ) -> Result<Self, ImportError> {
        let mut import = Import {
            origin: origin.to_owned(),
            format,
            of_scanned_tree,
            notices: Vec::new(),
            entries: Vec::new(),
        };
        match format {
            FileFormat::Gitleaks => json::gitleaks(bytes, &mut import)?,
            FileFormat::DetectSecrets => json::detect_secrets(bytes, &mut import)?,
            FileFormat::GitleaksIgnore => lines::gitleaks_ignore(bytes, &mut import),
            FileFormat::BetterleaksIgnore => lines::betterleaks_ignore(bytes, &mut import),
            FileFormat::Ripsecrets => lines::secrets_ignore(bytes, &mut import),
            FileFormat::GitSecrets => lines::git_allowed(bytes, &mut import),
            FileFormat::Kingfisher => yaml::kingfisher(bytes, &mut import)?,
            FileFormat::Ggshield => yaml::ggshield(bytes, &mut import)?,
        }
        Ok(import)
    }

    /// How many entries were read.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn push(&mut self, line: usize, criterion: Criterion, reason: Option<String>) {
        self.entries.push(Entry { line, criterion, reason });
    }

    fn notice(&mut self, kind: NoticeKind, line: usize, detail: String) {
        self.notices.push(Notice { kind, place: self.place(line), detail });
    }

    fn place(&self, line: usize) -> String {
        if line == 0 { self.origin.clone() } else { format!("{}:{line}", self.origin) }
    }

    fn reason(&self, entry: &Entry) -> Arc<Suppression> {
        Arc::new(Suppression {
            reason: entry.reason.clone(),
            of_scanned_tree: self.of_scanned_tree,
            ..Suppression::new(SuppressionKind::Imported, &self.origin, entry.line)
        })
    }

    pub(super) fn judge(&self, context: &Context<'_>, verdicts: &mut Verdicts) {
        verdicts.notices.extend(self.notices.iter().cloned());
        let mut judging = Judging { import: self, context, verdicts, used: vec![false; self.entries.len()] };
        judging.by_value();
        judging.by_place();
        judging.by_text();
        let unused = judging.used.iter().filter(|is_used| !**is_used).count();
        if context.judges_unused && unused > 0 {
            let detail = format!("{unused} of {} entries mean nothing that was found", self.entries.len());
            verdicts.notice(NoticeKind::Unused, self.origin.clone(), detail);
        }
    }
}

struct Judging<'a, 'b> {
    import: &'a Import,
    context: &'a Context<'b>,
    verdicts: &'a mut Verdicts,
    used: Vec<bool>,
}

impl Judging<'_, '_> {
    fn give(&mut self, entry: usize, finding: usize, occurrences: &[usize]) {
        self.used[entry] |= !occurrences.is_empty();
        let one = &self.import.entries[entry];
        if self.context.is_live(finding) {
            let detail = "the secret is live, and no file of another scanner hides that".to_owned();
            self.verdicts.notice(NoticeKind::NotHonoured, self.import.place(one.line), detail);
            return;
        }
        let reason = self.import.reason(one);
        occurrences.iter().for_each(|at| self.verdicts.give(finding, *at, &reason));
    }

    /// Entries that tell the value, or a hash of it.
    fn by_value(&mut self) {
        let mut values: HashMap<&Secret, usize> = HashMap::new();
        let mut hashes: HashMap<(Hash, &[u8]), Vec<usize>> = HashMap::new();
        for (number, entry) in self.import.entries.iter().enumerate() {
            match &entry.criterion {
                Criterion::Value(value) | Criterion::Place { value: Some(value), .. } => {
                    values.entry(value).or_insert(number);
                }
                Criterion::Hash(hash, digest) | Criterion::HashInFile(hash, digest, _) => {
                    hashes.entry((*hash, digest)).or_default().push(number);
                }
                _ => {}
            }
        }
        if values.is_empty() && hashes.is_empty() {
            return;
        }
        let wanted: HashSet<Hash> = hashes.keys().map(|(hash, _)| *hash).collect();
        for (number, finding) in self.context.findings.iter().enumerate() {
            let everywhere: Vec<usize> = (0..finding.occurrences.len()).collect();
            if let Some(entry) = values.get(&finding.secret) {
                self.give(*entry, number, &everywhere);
            }
            for (hash, digest) in wanted.iter().flat_map(|hash| digests(*hash, &finding.secret)) {
                for entry in hashes.get(&(hash, digest.as_slice())).cloned().unwrap_or_default() {
                    let covered = match &self.import.entries[entry].criterion {
                        Criterion::HashInFile(_, _, path) => {
                            let in_file = |at: &usize| finding.occurrences[*at].path == *path;
                            let begin: Vec<usize> = everywhere.iter().copied().filter(in_file).collect();
                            same_file(finding, &begin)
                        }
                        _ => everywhere.clone(),
                    };
                    self.give(entry, number, &covered);
                }
            }
        }
    }

    /// Entries that tell a place. One whose value was found needs none.
    fn by_place(&mut self) {
        let mut named: HashMap<&NamedPlace, (HashSet<&str>, Vec<usize>)> = HashMap::new();
        let mut order = Vec::new();
        for (number, entry) in self.import.entries.iter().enumerate().filter(|(at, _)| !self.used[*at]) {
            if let Criterion::Place { place, rule, .. } = &entry.criterion {
                let (rules, entries) = named.entry(place).or_insert_with(|| {
                    order.push(place);
                    Default::default()
                });
                rules.insert(rule);
                entries.push(number);
            }
        }
        let paths: HashSet<&BStr> = order.iter().map(|place| place.path.as_bstr()).collect();
        let places = Places::new(self.context, &paths);
        for place in order {
            let (rules, entries) = &named[place];
            let import = self.import;
            let fits = |secret: &Secret| {
                entries.iter().any(|entry| match &import.entries[*entry].criterion {
                    Criterion::Place { value: Some(value), .. } => overlaps(value, secret),
                    _ => true,
                })
            };
            let first = entries[0];
            match places.meaning(place, rules.len(), fits) {
                Meaning::Nothing => {}
                Meaning::These(stands) => {
                    entries.iter().for_each(|entry| self.used[*entry] = true);
                    let mut by_finding: HashMap<usize, Vec<usize>> = HashMap::new();
                    stands.iter().for_each(|(finding, at)| by_finding.entry(*finding).or_default().push(*at));
                    for (finding, begin) in by_finding {
                        let covered = same_file(&self.context.findings[finding], &begin);
                        self.give(first, finding, &covered);
                    }
                }
                Meaning::Several(several) => {
                    entries.iter().for_each(|entry| self.used[*entry] = true);
                    let line = import.entries[first].line;
                    let detail = format!(
                        "{several} different secrets stand or stood at {}:{}, and the place does not say which is \
                         meant: use `muzzle ignore add`",
                        place.path, place.line
                    );
                    self.verdicts.notice(NoticeKind::Ambiguous, import.place(line), detail);
                }
            }
        }
    }

    /// Entries that tell a text or files.
    fn by_text(&mut self) {
        for (entry, one) in self.import.entries.iter().enumerate() {
            let covers: Box<dyn Fn(&Occurrence) -> bool> = match &one.criterion {
                Criterion::Line(regex) => Box::new(|o| regex.is_match(&grep_line(o)[..])),
                Criterion::Files(files) => Box::new(|o| {
                    let path = o.path.to_path_lossy();
                    let path = path.strip_prefix("/").unwrap_or(&path);
                    !path.has_root() && files.matched_path_or_any_parents(path, false).is_ignore()
                }),
                _ => continue,
            };
            for number in 0..self.context.findings.len() {
                let all = self.context.findings[number].occurrences.iter().enumerate();
                let covered: Vec<usize> = all.filter(|(_, o)| covers(o)).map(|(at, _)| at).collect();
                if !covered.is_empty() {
                    self.give(entry, number, &covered);
                }
            }
        }
    }
}

/// Bytes of its line that an excerpt has on either side of the secret.
const MARGIN: usize = 120;

/// `path:line:text`. Where the line was cut there is a mark, so that no expression takes that for its end.
fn grep_line(occurrence: &Occurrence) -> Vec<u8> {
    let excerpt = &occurrence.excerpt;
    #[expect(clippy::disallowed_methods, reason = "expressions are matched against the line")]
    let line = excerpt.line.expose();
    let mut text = format!("{}:{}:", occurrence.path, occurrence.location.start.line).into_bytes();
    let cut = "…".as_bytes();
    if excerpt.secret.0 >= MARGIN {
        text.extend_from_slice(cut);
    }
    text.extend_from_slice(line.trim_end_with(|c| c == '\r'));
    if line.len() - excerpt.secret.1 >= MARGIN {
        text.extend_from_slice(cut);
    }
    text
}

/// The hashes by which a file may know a secret.
fn digests(hash: Hash, secret: &Secret) -> Vec<(Hash, Vec<u8>)> {
    #[expect(clippy::disallowed_methods, reason = "it is compared with hashes of other scanners")]
    let bytes = secret.expose();
    let digests = match hash {
        Hash::Sha1 => sha1(bytes).into_iter().map(|digest| digest.to_vec()).collect(),
        Hash::Sha256 => vec![Sha256::digest(bytes).to_vec()],
        Hash::Ggshield => {
            let of_kind = |kind: &&str| Sha256::digest([bytes, b",", kind.as_bytes()].concat()).to_vec();
            GGSHIELD_KINDS.iter().map(of_kind).chain([Sha256::digest(bytes).to_vec()]).collect()
        }
    };
    digests.into_iter().map(|digest: Vec<u8>| (hash, digest)).collect()
}

/// Whether one is part of the other: scanners do not agree on where a value begins.
#[expect(clippy::disallowed_methods, reason = "values are compared")]
fn overlaps(a: &Secret, b: &Secret) -> bool {
    let (a, b) = (a.expose(), b.expose());
    a.find(b).is_some() || b.find(a).is_some()
}
