//! Saved findings → findings. What many have in common is one again: commits, names of refs, lines.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bstr::BString;

use super::schema::{
    CommitSaved, CompanionSaved, ExcerptSaved, FindingSaved, OccurrenceSaved, RangeSaved, RefCountsSaved,
    VerificationSaved,
};
use crate::finding::{
    CommitInfo, Companion, Excerpt, Exposure, Fact, Finding, Fingerprint, ObjectName, Occurrence, Person,
    Provenance, Refs, RuleIndex, Verdict, Verification, Via,
};
use crate::location::{Location, Position, Span};
use crate::report::text::visible;
use crate::report::uri;
use crate::rules::RuleSet;
use crate::secret::Secret;

/// What findings of one file share.
pub(super) struct Reader {
    rules: HashMap<String, RuleIndex>,
    /// The file has secrets.
    shown: bool,
    /// And they are wanted.
    reveal: bool,
    commits: HashMap<ObjectName, Arc<CommitInfo>>,
    names: HashMap<String, u32>,
    /// Names of refs in the order in which they were met.
    ordered: Vec<BString>,
    excerpts: HashMap<Excerpt, Arc<Excerpt>>,
    /// Lines with secrets, and what is shown in their place.
    lines: HashMap<Excerpt, Excerpt>,
}

/// A finding whose refs are not named yet, since all findings share the names.
type Listed = (Vec<u32>, [usize; 4]);

impl Reader {
    /// Findings are of the first `speaking` of the rules: the others are known by their id alone.
    pub(super) fn new(rules: &RuleSet, speaking: usize, shown: bool, reveal: bool) -> Self {
        Reader {
            rules: rules.iter().take(speaking).map(|(index, rule)| (rule.id.clone(), index)).collect(),
            shown,
            reveal: shown && reveal,
            commits: HashMap::new(),
            names: HashMap::new(),
            ordered: Vec::new(),
            excerpts: HashMap::new(),
            lines: HashMap::new(),
        }
    }

    /// All findings, in their order, and the lines that are not masked. The first `counted` count.
    pub(super) fn all(
        mut self,
        saved: impl Iterator<Item = FindingSaved>,
        counted: usize,
    ) -> Result<(Vec<Finding>, HashMap<Excerpt, Excerpt>), String> {
        let mut findings = Vec::new();
        let mut listed = Vec::new();
        for (place, saved) in saved.enumerate() {
            let (finding, refs) = self.finding(saved).map_err(|why| match place.checked_sub(counted) {
                None => format!("finding {}: {why}", place + 1),
                Some(place) => format!("suppressed finding {}: {why}", place + 1),
            })?;
            findings.push(finding);
            listed.push(refs);
        }
        let names = Arc::new(self.ordered);
        for (finding, (listed, counts)) in findings.iter_mut().zip(listed) {
            if let Some(exposure) = &mut finding.exposure {
                exposure.refs = Arc::new(Refs::new(Arc::clone(&names), listed, counts));
            }
        }
        Ok((findings, self.lines))
    }

    fn finding(&mut self, saved: FindingSaved) -> Result<(Finding, Listed), String> {
        let rule = self.rule(&saved.rule.id)?;
        let fingerprint = Fingerprint::parse(&saved.fingerprint)
            .ok_or("its `fingerprint` is not `v1:` and 32 hexadecimal digits")?;
        let excerpts: Vec<Arc<Excerpt>> =
            saved.excerpts.into_iter().map(|saved| self.excerpt(saved)).collect::<Result<_, _>>()?;
        let occurrences: Vec<Occurrence> = saved
            .occurrences
            .into_iter()
            .map(|occurrence| self.occurrence(occurrence, &excerpts))
            .collect::<Result<_, _>>()?;
        if occurrences.is_empty() {
            return Err("it is without any occurrence".into());
        }
        let last_seen = self.maybe_commit(saved.last_seen)?;
        let removed_in = self.maybe_commit(saved.removed_in)?;
        let (exposure, refs) = match (saved.refs, saved.refs_by_kind) {
            (Some(names), Some(counts)) => {
                let refs = self.refs(names, &counts)?;
                (Some(Exposure { last_seen, removed_in, refs: Arc::default() }), refs)
            }
            (None, None) => (None, Listed::default()),
            _ => return Err("of `refs` and `refs_by_kind` it has one without the other".into()),
        };
        let finding = Finding {
            fingerprint,
            rule,
            severity: saved.severity,
            confidence: saved.confidence,
            secret: self.secret(&saved.secret, saved.secret_base64.as_deref())?,
            entropy: if (0.0..=8.0).contains(&saved.entropy) { saved.entropy } else { 0.0 },
            verdict: verdict(&saved.check, saved.check_detail)?,
            identity: saved.identity.0.into_iter().map(fact).collect(),
            companion: saved.companion.map(|half| self.companion(&half)).transpose()?,
            occurrences,
            first_seen: self.maybe_commit(saved.first_seen)?,
            in_head: saved.in_head,
            exposure,
            days_exposed: saved.days_exposed,
            verification: saved.verification.map(verification).transpose()?,
        };
        Ok((finding, refs))
    }

    fn rule(&self, id: &str) -> Result<RuleIndex, String> {
        let id = visible(id.as_bytes());
        self.rules.get(&id).copied().ok_or_else(|| format!("`rules` does not describe its rule `{id}`"))
    }

    fn secret(&self, text: &str, base64: Option<&str>) -> Result<Secret, String> {
        if !self.shown {
            return Secret::of_masked(text).ok_or_else(|| "its `secret` is not masked".into());
        }
        let secret = match base64 {
            Some(base64) => {
                Secret::new(&STANDARD.decode(base64).map_err(|_| "its `secret_base64` is no base64")?)
            }
            None => Secret::new(text.as_bytes()),
        };
        if self.reveal {
            return Ok(secret);
        }
        Secret::of_masked(&secret.masked()).ok_or_else(|| "its `secret` cannot be masked".into())
    }

    fn companion(&self, half: &CompanionSaved) -> Result<Companion, String> {
        let position = Position { line: half.line, column: 1 };
        Ok(Companion {
            rule: self.rule(&half.rule)?,
            secret: self.secret(&half.secret, half.secret_base64.as_deref())?,
            path: half.path.as_str().into(),
            location: Location { start: position, end: position, span: Span { start: 0, end: 0 } },
            is_near: half.near,
        })
    }

    fn excerpt(&mut self, saved: ExcerptSaved) -> Result<Arc<Excerpt>, String> {
        let masked = line(&saved);
        let excerpt = match saved.revealed {
            Some(revealed) if self.reveal => {
                let revealed = line(&revealed);
                self.lines.insert(revealed.clone(), masked);
                revealed
            }
            None if self.reveal => return Err("its excerpts lack `revealed`".into()),
            _ => masked,
        };
        let known = self.excerpts.entry(excerpt);
        Ok(Arc::clone(known.or_insert_with_key(|excerpt| Arc::new(excerpt.clone()))))
    }

    fn occurrence(
        &mut self,
        saved: OccurrenceSaved,
        excerpts: &[Arc<Excerpt>],
    ) -> Result<Occurrence, String> {
        let excerpt = excerpts.get(saved.excerpt).ok_or("the `excerpt` of an occurrence is not there")?;
        let provenance = match (saved.source.as_str(), saved.commit) {
            ("worktree", None) => Provenance::Worktree,
            ("staged", None) => Provenance::Staged,
            ("stdin", None) => Provenance::Stdin,
            ("ref", None) => Provenance::Ref,
            ("unreachable", None) => Provenance::Unreachable,
            ("local", None) => Provenance::Local,
            ("commit", Some(commit)) => Provenance::Commit(self.commit(commit)?),
            ("commit", None) => return Err("an occurrence lacks its commit".into()),
            (source, _) => {
                return Err(format!("`{}` is no source, or has no commit", visible(source.as_bytes())));
            }
        };
        let blob = saved.blob.map(|id| object(&id)).transpose()?;
        let path = BString::from(uri::decode(&saved.uri, &saved.path));
        let via = via(&path, saved.member, saved.decoded);
        Ok(Occurrence {
            path,
            location: Location {
                start: Position { line: saved.start.line, column: saved.start.column },
                end: Position { line: saved.end.line, column: saved.end.column },
                span: Span { start: saved.bytes.start, end: saved.bytes.end },
            },
            provenance,
            blob,
            in_head: saved.in_head,
            excerpt: Arc::clone(excerpt),
            // They were judged by the scan.
            markers: None,
            via,
        })
    }

    fn maybe_commit(&mut self, saved: Option<CommitSaved>) -> Result<Option<Arc<CommitInfo>>, String> {
        saved.map(|commit| self.commit(commit)).transpose()
    }

    fn commit(&mut self, saved: CommitSaved) -> Result<Arc<CommitInfo>, String> {
        let id = object(&saved.id)?;
        let time = match (&saved.date, saved.seconds) {
            (Some(date), _) => {
                let time = date.parse::<jiff::Timestamp>();
                time.map_err(|_| format!("`{}` is no date", visible(date.as_bytes())))?.as_second()
            }
            (None, Some(seconds)) => seconds,
            (None, None) => return Err("a commit has no date".into()),
        };
        if let Some(known) = self.commits.get(&id) {
            return Ok(Arc::clone(known));
        }
        let info = Arc::new(CommitInfo {
            id,
            author: Person { name: saved.author.into(), email: saved.email.into() },
            time,
            // Counted in days already.
            committed: time,
            subject: saved.subject.into(),
        });
        self.commits.insert(id, Arc::clone(&info));
        Ok(info)
    }

    /// Which of the shared names these are, and how many of each kind there are.
    fn refs(&mut self, names: Vec<String>, counts: &RefCountsSaved) -> Result<Listed, String> {
        let mut listed = Vec::new();
        for name in names {
            let next = u32::try_from(self.ordered.len()).map_err(|_| "there are too many refs")?;
            let ordered = &mut self.ordered;
            let place = *self.names.entry(name).or_insert_with_key(|name| {
                ordered.push(name.as_str().into());
                next
            });
            listed.push(place);
        }
        let counts = [counts.branches, counts.tags, counts.remotes, counts.others];
        let named = crate::finding::RefKind::ALL.map(|kind| {
            let is_one =
                |place: &&u32| crate::finding::RefKind::of(&self.ordered[**place as usize]).0 == kind;
            listed.iter().filter(is_one).count()
        });
        let total = counts.iter().try_fold(0usize, |sum, count| sum.checked_add(*count));
        if total.is_none() || counts.iter().zip(named).any(|(all, named)| *all < named) {
            return Err("`refs_by_kind` counts other refs than `refs` names".into());
        }
        Ok((listed, counts))
    }
}

fn object(hex: &str) -> Result<ObjectName, String> {
    ObjectName::from_hex(hex).ok_or_else(|| format!("`{}` is no object id", visible(hex.as_bytes())))
}

/// Names stand beside our own words, where nothing is made harmless any more.
fn fact((name, value): (String, String)) -> Fact {
    Fact { name: visible(name.as_bytes()).into(), value }
}

/// No calendar has a time that was not saved.
fn verification(saved: VerificationSaved) -> Result<Verification, String> {
    let seconds = |date: String| {
        let time = date.parse::<jiff::Timestamp>();
        time.map(jiff::Timestamp::as_second).map_err(|_| format!("`{}` is no date", visible(date.as_bytes())))
    };
    Ok(Verification {
        verdict: saved.verdict,
        reason: saved.reason,
        host: saved.host,
        requests: saved.requests,
        identity: saved.identity.0.into_iter().map(fact).collect(),
        risk: saved.risk,
        at: saved.at.map(seconds).transpose()?.unwrap_or(i64::MAX),
    })
}

fn verdict(check: &str, detail: Option<String>) -> Result<Verdict, String> {
    match (check, detail) {
        ("none", None) => Ok(Verdict::NotChecked),
        ("passed", None) => Ok(Verdict::Passed),
        ("failed", Some(why)) => Ok(Verdict::Failed(visible(why.as_bytes()).into())),
        _ => Err("`check` and `check_detail` do not fit each other".into()),
    }
}

/// Whatever the ranges say, they lie within the text.
fn line(saved: &ExcerptSaved) -> Excerpt {
    let text = visible(saved.text.as_bytes());
    let byte = |character: usize| text.char_indices().nth(character).map_or(text.len(), |(at, _)| at);
    let range = |range: &RangeSaved| (byte(range.start), byte(range.end.max(range.start)));
    let (secret, matched) = (range(&saved.secret), range(&saved.matched));
    Excerpt { line: Secret::new(text.as_bytes()), secret, matched }
}
/// How the text was come by, if it was not the file itself.
fn via(path: &BString, member: Option<String>, decoded: Option<String>) -> Option<Arc<Via>> {
    let is_behind = |member: &String| path.ends_with(format!("!{member}").as_bytes());
    let member = member.filter(is_behind).unwrap_or_default();
    let decoded = decoded.unwrap_or_default();
    let is_plain = member.is_empty() && decoded.is_empty();
    (!is_plain).then(|| Arc::new(Via { member: member.into(), decoded }))
}
