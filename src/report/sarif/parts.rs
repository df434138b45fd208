//! Which files of a finding a part of the report is about.

use super::super::Report;
use super::super::places::{self, File, by_file, is_present};
use super::Part;
use crate::finding::{Finding, Occurrence};

/// Where a finding is.
pub(super) struct Files<'a> {
    /// The files that a part of the report is about.
    pub(super) chosen: Vec<File<'a>>,
    /// How many files have it.
    pub(super) all: usize,
}

impl<'a> Files<'a> {
    pub(super) fn of(report: &Report, finding: &'a Finding, part: Part) -> Self {
        let files = by_file(report, finding);
        let all = files.len();
        Files { chosen: in_part(files, finding, part), all }
    }
}

fn in_part<'a>(mut files: Vec<File<'a>>, finding: &Finding, part: Part) -> Vec<File<'a>> {
    let is_present = finding.in_head || finding.occurrences.iter().any(is_present);
    match part {
        Part::All => files,
        // Of one secret, what a checkout has comes first; the rest of it becomes history when that is gone.
        Part::Head if is_present => {
            let present: Vec<File<'_>> =
                files.iter().filter(|(_, occurrences)| places::is_present(occurrences[0])).cloned().collect();
            // A commit of a range may have it where HEAD has other lines.
            if present.is_empty() { files } else { present }
        }
        Part::History if !is_present => {
            // Where it came from stays the same, whatever is done with it later.
            let first = finding.first_seen.as_ref().map(|first| first.id);
            let came_from = |occurrence: &Occurrence| {
                first.is_some() && occurrence.provenance.commit().map(|info| info.id) == first
            };
            let at = files
                .iter()
                .position(|(_, occurrences)| occurrences.iter().any(|o| came_from(o)))
                .unwrap_or(0);
            let (uri, mut occurrences) = files.swap_remove(at);
            let origin = occurrences.iter().position(|o| came_from(o)).unwrap_or(0);
            occurrences.swap(0, origin);
            vec![(uri, occurrences)]
        }
        Part::Head | Part::History => Vec::new(),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::{Value, json};

    use super::super::super::fixture;
    use super::super::results::choose;
    use super::super::rules::Used;
    use super::*;
    use crate::finding::Provenance;

    /// One secret in two files; in one of them at many lines and times.
    pub(in crate::report::sarif) fn spread() -> Report {
        let rules = fixture::rules();
        let secret = fixture::secret(1);
        let mut places = vec![
            fixture::occurrence(&secret, b"other", 1, fixture::commit(1, 1_500_000_000)),
            fixture::occurrence(&secret, b"file", 2, fixture::commit(2, 1_600_000_000)),
            fixture::occurrence(&secret, b"file", 3, fixture::commit(3, 1_700_000_000)),
        ];
        places.extend(
            (0..150).map(|line| fixture::occurrence(&secret, b"file", 10 + line, Provenance::Unreachable)),
        );
        fixture::report(vec![fixture::finding(&rules, "fixture-token", &secret, places)], Vec::new())
    }

    fn parts(report: &Report) -> [Vec<Value>; 2] {
        [Part::Head, Part::History].map(|part| {
            let results = choose(report, &mut Used::default(), part, usize::MAX).results;
            results.into_iter().map(|result| serde_json::to_value(result).unwrap()).collect()
        })
    }

    #[test]
    fn what_is_in_history_alone_is_one_result_at_its_origin() {
        let mut report = spread();
        let [head, history] = parts(&report);
        assert_eq!((head.len(), history.len()), (0, 1));
        let physical = &history[0]["locations"][0]["physicalLocation"];
        assert_eq!(physical["artifactLocation"], json!({ "uri": "other" }));
        assert_eq!(physical["region"]["startLine"], 1);
        assert_eq!(history[0].get("relatedLocations"), None);
        assert_eq!(history[0]["properties"]["line"], 1);
        let message = history[0]["message"]["text"].as_str().unwrap();
        assert!(message.contains(" in 010101010101 of 2017-07-14. It is in line 1 there."), "{message}");
        // It is known by the secret alone, wherever else it turns up.
        let known_by = history[0]["partialFingerprints"].clone();
        let finding = &mut report.findings[0];
        assert_eq!(known_by["muzzle/v1"], finding.fingerprint.as_str());
        let elsewhere =
            fixture::occurrence(&fixture::secret(1), b"new", 1, fixture::commit(9, 1_800_000_000));
        finding.occurrences.insert(0, elsewhere);
        assert_eq!(parts(&report)[1][0]["partialFingerprints"], known_by);
        // Back in HEAD, it is an alert there, and at that file alone.
        report.findings[0].occurrences[1].in_head = true;
        report.findings[0].in_head = true;
        let [head, history] = parts(&report);
        assert_eq!((head.len(), history.len()), (1, 0));
        assert_eq!(head[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "other");
        assert!(head[0]["message"]["text"].as_str().unwrap().contains("2 other files hold it, too."));
    }
}
