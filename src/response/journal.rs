//! The audit journal: append-only, each line chained to the one before by a hash; never a secret.
//!
//! What is to be done is written before, what came of it after. If it cannot be written, nothing is done.

use std::fs::File;
use std::io::{BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::ci::Environment;
use crate::rules::response::Outcome;
use crate::secret::{Secret, mask};

use super::guard::Guard;

mod chain;
mod file;
mod line;
mod place;
#[cfg(test)]
mod tests;
mod who;

pub use chain::{Chain, Expected, Remark};
pub use line::{Kind, Line, Torn};
pub use place::{JournalSection, journal_path};
pub use who::{Ci, Who};

use file::Locked;

/// Bytes of one text of a line.
const LONGEST_TEXT: usize = 4096;

/// What is about to be done, or was refused or rehearsed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Intent {
    /// `verify`, `revoke`, `rotate`, `hook`, `drill`, ….
    pub action: String,
    /// The rule.
    pub rule: String,
    /// The provider.
    pub provider: String,
    /// The finding's identity.
    pub fingerprint: String,
    /// Masked.
    pub secret: String,
    /// Where it was found. Masked and printable.
    pub place: String,
    /// `METHOD https://host/path`, with names in place of inputs; or the program of a hook.
    pub call: String,
    /// Of the plan that was agreed to.
    pub plan: Option<String>,
    /// Who agreed, and how: `interactive`, `--yes`, policy.
    pub consent: String,
    /// Anything else worth keeping, masked.
    pub note: Option<String>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Done {
    /// Of a revocation.
    pub outcome: Option<Outcome>,
    /// The word of it: a verdict, an outcome, an exit code.
    pub result: String,
    /// Of the reply.
    pub status: Option<u16>,
    /// What the provider calls the request.
    pub request_id: Option<String>,
    /// SHA-256 of the reply's body.
    pub reply_sha256: Option<String>,
    /// Why, masked.
    pub reason: String,
}

/// It cannot be written or read; so nothing was sent.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct JournalError(pub String);

/// An open journal. Several processes may write to one file.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    /// The file's own lock keeps other processes out, this one other threads.
    file: Mutex<File>,
    who: Who,
    host: String,
    guard: Guard,
}

/// Something begun. Dropped without [`Pending::finish`], it stays unclear in the journal, as after a crash.
#[derive(Debug)]
#[must_use]
pub struct Pending<'a> {
    journal: &'a Journal,
    /// Of the line that began it.
    pub sequence: u64,
}

/// Something begun whose end is not known: the process died, or no answer came.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Unclear {
    /// Of the line that began it.
    pub sequence: u64,
    /// When, RFC 3339.
    pub time: String,
    /// What.
    pub intent: Intent,
}

/// What a line says beside who, where and when.
#[derive(Debug, Default)]
struct Said {
    of: Option<u64>,
    intent: Option<Intent>,
    done: Option<Done>,
    note: Option<String>,
    torn: Option<Torn>,
}

impl Journal {
    /// Opens or makes it, mode `0600`; checks the chain's end.
    ///
    /// # Errors
    /// If it cannot be written, or its end does not fit.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let environment = Environment::of_process();
        let file = file::open(path)?;
        file::end(&Locked::alone(&file)?)?;
        let (who, host) = (Who::of(&environment), who::host(&environment));
        Ok(Journal { path: path.to_owned(), file: Mutex::new(file), who, host, guard: Guard::default() })
    }

    /// Masks these, should they ever come near it.
    #[must_use]
    pub fn guarded<'a>(self, secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        Journal { guard: Guard::new(secrets), ..self }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes what is about to be done, to the disk.
    ///
    /// # Errors
    /// If it cannot be written: then it must not be done.
    pub fn begin(&self, intent: Intent) -> Result<Pending<'_>, JournalError> {
        let said = Said { intent: Some(intent), ..Said::default() };
        Ok(Pending { journal: self, sequence: self.write(Kind::Begin, said)? })
    }

    /// Writes down something that was refused or rehearsed: nothing was sent.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn note(&self, intent: Intent, done: &Done) -> Result<(), JournalError> {
        let said = Said { intent: Some(intent), done: Some(done.clone()), ..Said::default() };
        self.write(Kind::Note, said).map(drop)
    }

    /// What was begun and not finished, and not reconciled since.
    ///
    /// # Errors
    /// If the journal cannot be read, or its chain is broken.
    pub fn unclear(&self) -> Result<Vec<Unclear>, JournalError> {
        let chain = read(&self.path, None, |_, _| ())?;
        match chain.problems.first() {
            None => Ok(chain.unclear),
            Some(Remark { line, what }) => Err(JournalError(format!(
                "the journal {} is not whole: line {line}: {what}. `muzzle audit verify` tells all; keep the file, and \
                 name another one with --journal",
                self.path.display()
            ))),
        }
    }

    /// Says what came of something that was unclear.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn reconcile(&self, unclear: &Unclear, done: &Done) -> Result<(), JournalError> {
        let said = Said { of: Some(unclear.sequence), done: Some(done.clone()), ..Said::default() };
        self.write(Kind::Reconciled, said).map(drop)
    }

    /// Writes a line to the disk; its number.
    fn write(&self, event: Kind, said: Said) -> Result<u64, JournalError> {
        let failed = |why: String| {
            JournalError(format!("the journal {} cannot be written: {why}", self.path.display()))
        };
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let locked = Locked::alone(&file)?;
        // What was done is told where it was begun, even if the file was moved meanwhile.
        if event != Kind::Done && !file::is_at(&file, &self.path) {
            return Err(failed("it was moved or replaced while we ran; run the command again".into()));
        }
        let mut end = file::end(&locked)?;
        let mut out = if end.is_open { b"\n".to_vec() } else { Vec::new() };
        if let Some(torn) = end.torn.take() {
            let note = match torn.lines {
                1 => {
                    "the line before this one cannot be read: a crash while writing, or another writer".into()
                }
                lines => format!("{lines} lines before this one cannot be read: crashes, or another writer"),
            };
            let told = Said { note: Some(note), torn: Some(torn), ..Said::default() };
            self.add(Kind::Note, told, &mut end, &mut out).map_err(&failed)?;
        }
        self.add(event, said, &mut end, &mut out).map_err(&failed)?;
        (&*file)
            .write_all(&out)
            .and_then(|()| file.sync_data())
            .map_err(|error| failed(error.to_string()))?;
        Ok(end.sequence)
    }

    /// Adds a line behind `end`.
    fn add(&self, event: Kind, said: Said, end: &mut file::End, out: &mut Vec<u8>) -> Result<(), String> {
        let Said { of, intent, done, note, torn } = said;
        let line = Line {
            sequence: end.sequence + 1,
            time: jiff::Timestamp::now().to_string(),
            tool: concat!("muzzle ", env!("CARGO_PKG_VERSION")).into(),
            who: self.who.clone().shown_by(&self.guard),
            host: self.shown(&self.host),
            event,
            of,
            intent: intent.map(|intent| self.shown_intent(intent)),
            done: done.map(|done| self.shown_done(done)),
            note,
            torn,
            previous: std::mem::take(&mut end.hash),
        };
        let bytes = line.bytes().map_err(|error| error.to_string())?;
        end.hash = line::sha256(&bytes);
        end.sequence = line.sequence;
        out.extend_from_slice(&bytes);
        out.push(b'\n');
        Ok(())
    }

    /// Without secrets and control characters, and not too long.
    fn shown(&self, text: &str) -> String {
        shown_by(&self.guard, text)
    }

    fn shown_intent(&self, intent: Intent) -> Intent {
        let Intent { action, rule, provider, fingerprint, secret, place, call, plan, consent, note } = intent;
        let shown = |text: String| self.shown(&text);
        // What is not masked as a secret is masked cannot be anything else than one.
        let is_masked = secret.is_empty() || Secret::of_masked(&secret).is_some();
        let secret = if is_masked { secret } else { mask(secret.as_bytes()) };
        Intent {
            action: shown(action),
            rule: shown(rule),
            provider: shown(provider),
            fingerprint: shown(fingerprint),
            secret: shown(secret),
            place: shown(place),
            call: shown(call),
            plan: plan.map(shown),
            consent: shown(consent),
            note: note.map(shown),
        }
    }

    fn shown_done(&self, done: Done) -> Done {
        let Done { outcome, result, status, request_id, reply_sha256, reason } = done;
        let shown = |text: String| self.shown(&text);
        Done {
            outcome,
            result: shown(result),
            status,
            request_id: request_id.map(shown),
            reply_sha256: reply_sha256.map(shown),
            reason: shown(reason),
        }
    }
}

fn shown_by(guard: &Guard, text: &str) -> String {
    if text.len() <= LONGEST_TEXT {
        return guard.show(text.as_bytes());
    }
    let end = (0..=LONGEST_TEXT).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    guard.show_cut(&text.as_bytes()[..end]) + "…"
}

impl Who {
    /// What others may have written, masked and printable.
    fn shown_by(self, guard: &Guard) -> Self {
        let shown = |text: String| shown_by(guard, &text);
        let ci = self.ci.map(|ci| Ci {
            system: ci.system,
            actor: ci.actor.map(shown),
            project: ci.project.map(shown),
            run: ci.run.map(shown),
        });
        Who { user: shown(self.user), ci, ..self }
    }
}

/// Follows the chain of a journal that need not be ours, and shows each line that is whole, with its hash. `expected`: a
/// head that was kept elsewhere.
///
/// # Errors
/// If it cannot be read.
pub fn read(
    path: &Path,
    expected: Option<&str>,
    each: impl FnMut(&Line, &str),
) -> Result<Chain, JournalError> {
    let failed =
        |error: std::io::Error| JournalError(format!("reading the journal {}: {error}", path.display()));
    // A pipe would be waited for.
    if !path.metadata().map_err(failed)?.is_file() {
        return Err(JournalError(format!("the journal {} is no file", path.display())));
    }
    let file = File::open(path).map_err(failed)?;
    let locked = Locked::shared(&file)?;
    chain::follow(BufReader::new(locked.0), expected, each).map_err(failed)
}

impl Pending<'_> {
    /// Writes what came of it.
    ///
    /// # Errors
    /// If it cannot be written: it was done all the same, and stays unclear.
    pub fn finish(self, done: &Done) -> Result<(), JournalError> {
        let said = Said { of: Some(self.sequence), done: Some(done.clone()), ..Said::default() };
        self.journal.write(Kind::Done, said).map(drop)
    }
}
