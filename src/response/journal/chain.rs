//! The whole chain, followed from its first line to its last: what is broken, what is unclear, and where it ends.

use std::collections::BTreeMap;
use std::io::{BufRead, Read as _};

use super::Unclear;
use super::file::looks_torn;
use super::line::{Kind, Line, NONE_BEFORE, Read, sha256};

/// No line is that long.
const LONGEST_LINE: u64 = 1024 * 1024;

/// Something that is wrong, or worth knowing.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Remark {
    /// The line of the file.
    pub line: u64,
    /// What.
    pub what: String,
}

/// What the chain says.
#[derive(Debug, Default)]
pub struct Chain {
    /// Lines that were read.
    pub lines: u64,
    /// The first time that was told, and the last one.
    pub times: Option<(String, String)>,
    /// SHA-256 of the last line. Kept elsewhere, it proves that nothing was taken off the end.
    pub head: Option<String>,
    /// What is broken. Empty: the chain holds.
    pub problems: Vec<Remark>,
    /// What is no reason to doubt it: lines that a crash tore.
    pub remarks: Vec<Remark>,
    /// What was begun and not ended.
    pub unclear: Vec<Unclear>,
    /// Whether a line has the hash that was asked for, and how many came after it.
    pub expected: Option<Expected>,
}

/// A head that was kept elsewhere, and what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// It is there, and so many lines after it.
    Found(u64),
    /// No line has it.
    Missing,
}

/// Follows the chain, and shows each line that is whole, with its hash. `expected`: a head that was kept elsewhere.
pub(super) fn follow(
    mut journal: impl BufRead,
    expected: Option<&str>,
    mut each: impl FnMut(&Line, &str),
) -> std::io::Result<Chain> {
    let mut walk = Walk {
        chain: Chain { expected: expected.map(|_| Expected::Missing), ..Chain::default() },
        previous: Some(NONE_BEFORE.into()),
        ..Walk::default()
    };
    loop {
        let mut bytes = Vec::new();
        (&mut journal).take(LONGEST_LINE).read_until(b'\n', &mut bytes)?;
        if bytes.is_empty() {
            return Ok(walk.end());
        }
        walk.number += 1;
        let is_open = bytes.last() != Some(&b'\n');
        if !is_open {
            bytes.pop();
        }
        match Line::read(&bytes) {
            Read::Line(line) => {
                let hash = walk.line(&line, &bytes);
                if expected.is_some_and(|expected| expected.eq_ignore_ascii_case(&hash)) {
                    walk.chain.expected = Some(Expected::Found(0));
                } else if let Some(Expected::Found(after)) = &mut walk.chain.expected {
                    *after += 1;
                }
                each(&line, &hash);
            }
            Read::Changed => {
                walk.problem(walk.number, "it was changed: its hash does not fit");
                walk.settle_torn(None);
                walk.chain.head = Some(sha256(&bytes));
                walk.lose_track();
            }
            Read::Unreadable => walk.unreadable(bytes, is_open),
        }
    }
}

#[derive(Default)]
struct Walk {
    chain: Chain,
    /// Of the file.
    number: u64,
    /// Of the last line; `None` behind something that is broken anyway.
    previous: Option<String>,
    /// Of the last line, as long as there is nothing to complain of.
    sequence: Option<u64>,
    is_begun: bool,
    /// Lines that cannot be read: the first one's number, how many, and their bytes.
    torn: Option<(u64, u64, Vec<u8>)>,
    is_open: bool,
    begun: BTreeMap<u64, Unclear>,
    known: std::collections::BTreeSet<u64>,
}

impl Walk {
    fn problem(&mut self, line: u64, what: impl Into<String>) {
        self.chain.problems.push(Remark { line, what: what.into() });
    }

    /// What follows something broken is not broken for that.
    fn lose_track(&mut self) {
        self.previous = None;
        self.sequence = None;
        self.is_begun = true;
    }

    fn unreadable(&mut self, bytes: Vec<u8>, is_open: bool) {
        self.is_open = is_open;
        match &mut self.torn {
            Some((_, lines, torn)) => {
                *lines += 1;
                torn.push(b'\n');
                torn.extend_from_slice(&bytes);
            }
            None => self.torn = Some((self.number, 1, bytes)),
        }
    }

    /// Lines that cannot be read are nothing bad if the next one tells of them.
    fn settle_torn(&mut self, next: Option<&Line>) {
        let told = next.and_then(|line| line.torn.as_ref());
        let number = self.number;
        match (self.torn.take(), told) {
            (Some((first, lines, bytes)), Some(told))
                if told.lines == lines && told.sha256 == sha256(&bytes) =>
            {
                let what = format!(
                    "torn by a crash, or written by something else; line {number} tells of it, and goes on"
                );
                self.chain
                    .remarks
                    .extend((first..first + lines).map(|line| Remark { line, what: what.clone() }));
            }
            (Some((first, lines, _)), _) => {
                for line in first..first + lines {
                    self.problem(line, "it is no line of a journal, and no line after it tells of it");
                }
                self.lose_track();
            }
            (None, Some(_)) => {
                self.problem(
                    number,
                    "it tells of torn lines before it that are not there: they were removed",
                );
            }
            (None, None) => {}
        }
    }

    /// A line that is whole; its hash.
    fn line(&mut self, line: &Line, bytes: &[u8]) -> String {
        self.settle_torn(Some(line));
        let number = self.number;
        if self.previous.as_ref().is_some_and(|previous| *previous != line.previous) {
            self.problem(
                number,
                if self.is_begun {
                    "it does not follow the line before: one was changed, removed or put in between"
                } else {
                    "it is not the first line: those before it were removed"
                },
            );
        }
        let next = if self.is_begun { self.sequence.map(|last| last + 1) } else { Some(1) };
        if let Some(next) = next.filter(|next| *next != line.sequence) {
            self.problem(number, format!("its number is {}, where {next} is due", line.sequence));
        }
        self.refer(line);
        let hash = sha256(bytes);
        self.chain.head = Some(hash.clone());
        self.previous = Some(hash.clone());
        self.sequence = Some(line.sequence);
        self.is_begun = true;
        self.chain.lines += 1;
        let first = self.chain.times.take().map_or_else(|| line.time.clone(), |(first, _)| first);
        self.chain.times = Some((first, line.time.clone()));
        hash
    }

    /// What begins, and what ends.
    fn refer(&mut self, line: &Line) {
        match (line.event, &line.intent, line.of) {
            (Kind::Begin, Some(intent), _) => {
                self.known.insert(line.sequence);
                let unclear =
                    Unclear { sequence: line.sequence, time: line.time.clone(), intent: intent.clone() };
                self.begun.insert(line.sequence, unclear);
            }
            (Kind::Done | Kind::Reconciled, _, Some(of)) if self.known.contains(&of) => {
                self.begun.remove(&of);
            }
            (Kind::Begin, None, _) => self.problem(self.number, "it begins something, and does not say what"),
            (Kind::Done | Kind::Reconciled, _, _) => {
                self.problem(self.number, "it ends something that no line before it began");
            }
            (Kind::Note, _, _) => {}
        }
    }

    fn end(mut self) -> Chain {
        if let Some((first, lines, bytes)) = self.torn.take() {
            let last_line = bytes.rsplit(|b| *b == b'\n').next().unwrap_or_default();
            let is_torn = self.is_open || looks_torn(last_line);
            for line in first..first + lines {
                if is_torn {
                    let what = "torn by a crash while it was written; the next line will tell of it".into();
                    self.chain.remarks.push(Remark { line, what });
                } else {
                    self.problem(line, "it is no line of a journal, and no line after it tells of it");
                }
            }
        }
        self.chain.unclear = self.begun.into_values().collect();
        self.chain
    }
}
