//! A saved report has no values: they are looked for where it says that they were, with today's rules.
//!
//! What is read is what the scan read: blobs by their id, files below the scanned place. A value counts only if its
//! fingerprint is the saved one, so that a file which changed since yields nothing.

use std::collections::HashMap;
use std::io::Read as _;
use std::path::{Component, Path};
use std::sync::Arc;

use bstr::{BString, ByteSlice as _};

use super::{Values, first_line};
use crate::detect::Detector;
use crate::finding::{
    Companion, Excerpt, Finding, Fingerprint, GIT_DIRECTORY, ObjectName, Occurrence, Provenance, RuleIndex,
};
use crate::git::blob::Blobs;
use crate::git::{Repository, local, refs};
use crate::grouping::Place;
use crate::location::Location;
use crate::report::Report;
use crate::report::text::visible;
use crate::rules::{RuleError, RuleSet};
use crate::secret::Secret;
use crate::source::bundle::Bundle;
use crate::source::{Counters, Worker, lfs, nested};

/// Places of one finding that are tried: the first ones are those that matter.
const MOST_PLACES: usize = 50;
/// Larger files are not read again.
const LARGEST: u64 = 256 << 20;

/// Something that a rule found.
struct Hit {
    rule: RuleIndex,
    secret: Secret,
    location: Location,
    excerpt: Arc<Excerpt>,
}

/// What was read, or why not.
type Read = Result<Arc<Vec<Hit>>, String>;

/// Which bytes. Paths say in which of the repositories in what was scanned they are.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Source {
    Blob(ObjectName, BString),
    /// A file of a commit.
    Committed(ObjectName, BString),
    File(BString),
    /// A file of the git directory.
    Local(BString),
    /// The names of all refs of the repository to which one of them belongs, a line each.
    RefNames(BString),
}

struct Reader<'a> {
    report: &'a Report,
    detector: Detector,
    by_id: HashMap<String, RuleIndex>,
    root: &'a Path,
    repository: Option<Repository>,
    /// What was scanned is one: its repository is unpacked here.
    _bundle: Option<Bundle>,
    blobs: Option<Blobs>,
    read: HashMap<Source, Read>,
}

/// The values of all findings of a report, those that count first, out of the repository or directory at `root`.
///
/// # Errors
/// If a rule file has a mistake.
pub fn reread(
    report: &Report,
    root: &Path,
    mut rules: RuleSet,
) -> Result<Vec<Result<Values, String>>, RuleError> {
    let halves = report.all_findings().filter_map(|finding| finding.companion.as_ref()).map(|half| half.rule);
    let used: std::collections::HashSet<&str> = report
        .all_findings()
        .map(|finding| finding.rule)
        .chain(halves)
        .map(|rule| report.rules.get(rule).id.as_str())
        .collect();
    rules.retain(|rule| used.contains(rule.id.as_str()));
    let by_id = rules.iter().map(|(index, rule)| (rule.id.clone(), index)).collect();
    // What cannot be opened is told with the findings that need it.
    let bundle = Bundle::open(root).and_then(Result::ok);
    let repository = match &bundle {
        Some(bundle) => Repository::open(bundle.unpacked.repository.git_dir()).ok(),
        None => Repository::discover(root).ok().flatten(),
    };
    let mut reader = Reader {
        report,
        detector: Detector::new(rules)?,
        by_id,
        root,
        blobs: repository.as_ref().and_then(Blobs::open),
        repository,
        _bundle: bundle,
        read: HashMap::new(),
    };
    Ok(report.all_findings().map(|finding| reader.values(finding)).collect())
}

impl Reader<'_> {
    fn values(&mut self, finding: &Finding) -> Result<Values, String> {
        let rule = self.rule(finding.rule)?;
        let mut why = None;
        let mut found = None;
        for occurrence in finding.occurrences.iter().take(MOST_PLACES) {
            match self.read(&source(occurrence)?) {
                Ok(hits) => found = hits.iter().find_map(|hit| self.is(hit, rule, finding, occurrence)),
                Err(error) => why = why.or(Some(error)),
            }
            if found.is_some() {
                break;
            }
        }
        let Some((secret, line)) = found else {
            return Err(why.unwrap_or_else(|| {
                "it cannot be found again where the report says that it was: scan again".into()
            }));
        };
        let companion = finding.companion.as_ref().map(|half| self.companion(finding, half)).transpose()?;
        Ok(Values { secret, companion, line: Some(line) })
    }

    /// The rule of today with the same id.
    fn rule(&self, saved: RuleIndex) -> Result<RuleIndex, String> {
        let id = &self.report.rules.get(saved).id;
        self.by_id
            .get(id)
            .copied()
            .ok_or_else(|| format!("no rule `{id}` is known any more: --rules FILE names its file"))
    }

    /// The value and its line, if this is the finding's.
    fn is(
        &self,
        hit: &Hit,
        rule: RuleIndex,
        finding: &Finding,
        occurrence: &Occurrence,
    ) -> Option<(Secret, Secret)> {
        if hit.rule != rule {
            return None;
        }
        let rule = self.detector.rules().get(rule);
        #[expect(clippy::disallowed_methods, reason = "fingerprints are functions of the bytes")]
        let fingerprint = if rule.guessable {
            let (start, end) = hit.excerpt.secret;
            let line = hit.excerpt.line.expose();
            Fingerprint::of_place(&rule.id, &occurrence.path, &line[..start], &line[end..])
        } else {
            Fingerprint::of_secret(&rule.id, hit.secret.expose())
        };
        (fingerprint == finding.fingerprint).then(|| (hit.secret.clone(), first_line(&hit.excerpt)))
    }

    /// The other half: in the file of one of the places, or in another one of the same commit or directory.
    fn companion(&mut self, finding: &Finding, half: &Companion) -> Result<Secret, String> {
        let rule = self.rule(half.rule)?;
        let masked = half.secret.masked();
        let is = |hit: &&Hit| {
            hit.rule == rule
                && hit.location.start.line == half.location.start.line
                && hit.secret.masked() == masked
        };
        for occurrence in finding.occurrences.iter().take(MOST_PLACES) {
            let source = match (occurrence.path == half.path, occurrence.provenance.commit()) {
                (true, _) => source(occurrence)?,
                (false, Some(commit)) => Source::Committed(commit.id, half.path.clone()),
                (false, None) => Source::File(half.path.clone()),
            };
            if let Ok(hits) = self.read(&source)
                && let Some(hit) = hits.iter().find(is)
            {
                return Ok(hit.secret.clone());
            }
        }
        Err("its other half cannot be found again where the report says that it was: scan again".into())
    }

    fn read(&mut self, source: &Source) -> Read {
        if let Some(known) = self.read.get(source) {
            return known.clone();
        }
        let bytes = match source {
            Source::Blob(id, path) => self.blob(id, path),
            Source::Committed(id, path) => self.committed(id, path),
            Source::File(path) => self.file(path),
            Source::Local(name) => self.local(name),
            Source::RefNames(name) => self.ref_names(name),
        };
        let (Source::Blob(_, path)
        | Source::Committed(_, path)
        | Source::File(path)
        | Source::Local(path)
        | Source::RefNames(path)) = source;
        let hits = bytes.map(|bytes| {
            let mut hits = self.scan(&bytes);
            hits.extend(self.large(&bytes, path).iter().flat_map(|bytes| self.scan(bytes)));
            Arc::new(hits)
        });
        self.read.insert(source.clone(), hits.clone());
        hits
    }

    fn blob(&mut self, id: &ObjectName, path: &BString) -> Result<Vec<u8>, String> {
        let own = self.blobs().and_then(|blobs| blobs.read(id));
        own.or_else(|why| {
            let mut blobs = self.inner(path).into_iter().filter_map(|(inner, _)| Blobs::open(&inner));
            blobs.find_map(|mut blobs| blobs.read(id).ok()).ok_or(why)
        })
    }

    fn committed(&mut self, id: &ObjectName, path: &BString) -> Result<Vec<u8>, String> {
        let own = self.blobs().and_then(|blobs| blobs.of_commit(id, &path.to_str_lossy()));
        own.or_else(|why| {
            let mut inner = self.inner(path).into_iter().filter_map(|(inner, prefix)| {
                Blobs::open(&inner)?.of_commit(id, &path.strip_prefix(prefix.as_slice())?.to_str_lossy()).ok()
            });
            inner.next().ok_or(why)
        })
    }

    /// The repositories further in that may hold what is at this path, and where they lie.
    fn inner(&self, path: &BString) -> Vec<(Repository, BString)> {
        nested::holders(self.top(), self.repository.as_ref(), path.as_bstr())
    }

    /// Where paths begin.
    fn top(&self) -> &Path {
        self.repository.as_ref().and_then(Repository::worktree).unwrap_or(self.root)
    }

    /// What a pointer of Git LFS stands for.
    fn large(&self, bytes: &[u8], path: &BString) -> Option<Vec<u8>> {
        let name = lfs::pointer(bytes)?;
        let inner = self.inner(path).into_iter().find_map(|(inner, _)| lfs::open(&inner, &name).ok());
        let file = inner.or_else(|| lfs::open(self.repository.as_ref()?, &name).ok())?;
        let mut bytes = Vec::new();
        file.take(LARGEST).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }

    fn blobs(&mut self) -> Result<&mut Blobs, String> {
        let root = visible(self.root.as_os_str().as_encoded_bytes());
        self.blobs
            .as_mut()
            .ok_or_else(|| format!("{root} is no Git repository: --repository PATH says where it is"))
    }

    /// A file below what was scanned; no other, whatever the report says.
    fn file(&self, name: &BString) -> Result<Vec<u8>, String> {
        let shown = visible(name);
        let named = name.to_path().map_err(|_| format!("{shown} is no path here"))?;
        let is_below = named.components().all(|part| matches!(part, Component::Normal(_)));
        let path = if self.root.is_file() {
            self.root.to_owned()
        } else if is_below {
            self.top().join(named)
        } else {
            return Err(format!(
                "{shown} does not lie in what was scanned: --repository PATH names the file"
            ));
        };
        plain_file(&path, &shown)
    }

    /// A file of the git directory.
    fn local(&self, name: &BString) -> Result<Vec<u8>, String> {
        let shown = visible(name);
        let (repository, below) = self.git_directory(name)?;
        let path = local::place(&repository, below).ok_or_else(|| format!("{shown} is no path here"))?;
        plain_file(&path, &shown)
    }

    /// The names of all refs, a line each.
    fn ref_names(&self, name: &BString) -> Result<Vec<u8>, String> {
        let (repository, _) = self.git_directory(name)?;
        // What cannot be read is told by the scan.
        let refs = refs::roots(&repository, &mut Vec::new()).refs;
        Ok(refs.into_iter().flat_map(|(name, _)| Vec::from(name).into_iter().chain(*b"\n")).collect())
    }

    /// The repository in whose git directory a path leads, and the rest of the path.
    fn git_directory<'a>(&self, name: &'a BString) -> Result<(Repository, &'a [u8]), String> {
        let lost = || format!("{} is in no repository any more", visible(name));
        let at = name.rfind(GIT_DIRECTORY).ok_or_else(lost)?;
        let (prefix, below) = name.split_at(at);
        let own = self.repository.as_ref().filter(|_| prefix.is_empty());
        let own = own.and_then(|own| Repository::open(own.git_dir()).ok());
        let inner = || self.inner(name).into_iter().find(|(_, place)| place == prefix);
        Ok((own.or_else(|| inner().map(|(inner, _)| inner)).ok_or_else(lost)?, below))
    }

    fn scan(&self, bytes: &[u8]) -> Vec<Hit> {
        let counters = Counters::default();
        let mut worker = Worker::new(&self.detector, &counters);
        worker.scan(&Place::Stdin, &String::new, bytes);
        let (grouping, _) = worker.finish();
        let hits = grouping.drafts.into_iter().flat_map(|((rule, secret), sightings)| {
            sightings.into_iter().map(move |sighting| Hit {
                rule,
                secret: secret.clone(),
                location: sighting.location,
                excerpt: sighting.excerpt,
            })
        });
        let mut hits: Vec<Hit> = hits.collect();
        hits.sort_by(|a, b| a.location.cmp(&b.location).then_with(|| a.secret.cmp(&b.secret)));
        hits
    }
}

/// Which bytes an occurrence is in.
fn source(occurrence: &Occurrence) -> Result<Source, String> {
    match (&occurrence.provenance, occurrence.blob) {
        (_, Some(blob)) => Ok(Source::Blob(blob, occurrence.file().into())),
        (Provenance::Stdin, None) => {
            Err("it came from standard input, which cannot be read again: scan with --verify".into())
        }
        (Provenance::Local, None) => Ok(Source::Local(occurrence.file().into())),
        (Provenance::Ref, None) => Ok(Source::RefNames(occurrence.file().into())),
        (_, None) => Ok(Source::File(occurrence.file().into())),
    }
}

/// The bytes of what must be a plain file; errors call it by the name that is `shown`.
fn plain_file(path: &Path, shown: &str) -> Result<Vec<u8>, String> {
    let failed = |error: std::io::Error| format!("{shown} cannot be read again: {error}");
    let metadata = path.symlink_metadata().map_err(failed)?;
    if !metadata.is_file() || metadata.len() > LARGEST {
        return Err(format!("{shown} is no plain file any more, or too large"));
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(failed)?;
    file.take(LARGEST).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}
