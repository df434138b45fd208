//! The bytes of a file → its summary and its findings, be they one document or one a line.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::error::Category;

use super::schema::{FindingSaved, SummarySaved};
use super::{SCHEMA_VERSION, SavedError};
use crate::report::text::visible;

/// What tells a summary from a finding.
#[derive(Deserialize)]
struct Glance {
    schema_version: Option<serde_json::Value>,
    fingerprint: Option<IgnoredAny>,
}

/// Reads all of it.
pub(super) fn read(file: &str, bytes: &[u8]) -> Result<(SummarySaved, Vec<FindingSaved>), SavedError> {
    let documents = split(file, bytes)?;
    let no_report = || SavedError::NoReport(file.to_owned());
    let Some((last, lines)) = documents.split_last() else { return Err(no_report()) };
    // What the lines are is known before they are read: to name a missing field helps nobody who took another file.
    let glance = |document: &&[u8]| serde_json::from_slice::<Glance>(document).map_err(|_| no_report());
    let is_finding = |glance: &Glance| glance.fingerprint.is_some() && glance.schema_version.is_none();
    for line in lines {
        if !is_finding(&glance(line)?) {
            return Err(no_report());
        }
    }
    let last_glance = glance(last)?;
    match &last_glance.schema_version {
        Some(version) if version == SCHEMA_VERSION => {}
        Some(version) => {
            let found = visible(version.to_string().chars().take(40).collect::<String>().as_bytes());
            return Err(SavedError::Version { file: file.to_owned(), found });
        }
        None if is_finding(&last_glance) => return Err(SavedError::CutOff(file.to_owned())),
        None => return Err(no_report()),
    }
    let mut summary: SummarySaved = parse(file, last, "the summary")?;
    let findings = match (summary.findings.take(), lines) {
        (Some(findings), []) => findings,
        (None, lines) => (1..)
            .zip(lines)
            .map(|(number, line)| parse(file, line, &format!("line {number}")))
            .collect::<Result<_, _>>()?,
        (Some(_), _) => return Err(no_report()),
    };
    Ok((summary, findings))
}

/// The JSON documents of a text, one behind the other.
fn split<'a>(file: &str, bytes: &'a [u8]) -> Result<Vec<&'a [u8]>, SavedError> {
    let mut stream = serde_json::Deserializer::from_slice(bytes).into_iter::<IgnoredAny>();
    let mut documents = Vec::new();
    let mut at = 0;
    while let Some(document) = stream.next() {
        match document {
            Ok(_) => {
                documents.push(&bytes[at..stream.byte_offset()]);
                at = stream.byte_offset();
            }
            Err(error) if error.classify() == Category::Eof => {
                return Err(SavedError::CutOff(file.to_owned()));
            }
            Err(_) => return Err(SavedError::NoReport(file.to_owned())),
        }
    }
    Ok(documents)
}

fn parse<T: for<'a> Deserialize<'a>>(file: &str, document: &[u8], what: &str) -> Result<T, SavedError> {
    serde_json::from_slice(document).map_err(|error| {
        // The message quotes what it did not expect.
        let why = format!("in {what}, {}", visible(error.to_string().as_bytes()));
        SavedError::Wrong { file: file.to_owned(), why }
    })
}
