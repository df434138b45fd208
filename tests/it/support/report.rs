//! The JSON report, and short forms of what it says.

use serde_json::Value;

use super::{RULE, Run};

/// A finished scan with its parsed report.
pub(crate) struct Scan {
    pub(crate) code: i32,
    pub(crate) report: Value,
    pub(crate) stderr: String,
}

impl Scan {
    /// Parses; a scan that died or gave no report fails the test.
    pub(crate) fn new(run: Run) -> Self {
        let code = run.code.unwrap_or_else(|| panic!("a signal ended it: {}", run.stderr));
        let report = serde_json::from_slice(&run.stdout)
            .unwrap_or_else(|e| panic!("exit {code}, no report ({e}): {}", run.stderr));
        Scan { code, report, stderr: run.stderr }
    }

    pub(crate) fn findings(&self) -> &[Value] {
        self.report["findings"].as_array().unwrap()
    }

    /// `rule path:line:column source [commit] [head]`, for every occurrence of every finding, in order. The fields
    /// agree with one another, or the test fails.
    pub(crate) fn places(&self) -> Vec<String> {
        self.findings()
            .iter()
            .flat_map(|finding| places(finding).into_iter().map(|p| rule_and(finding, &p)))
            .collect()
    }

    /// Places of the only finding, which is of the usual rule.
    pub(crate) fn only(&self) -> Vec<String> {
        assert_eq!(self.findings().len(), 1, "{:#}", self.report);
        let finding = &self.findings()[0];
        assert_eq!(finding["rule"]["id"], RULE);
        assert_eq!(finding["check"], "passed");
        places(finding)
    }

    /// The number of findings.
    pub(crate) fn count(&self) -> usize {
        self.findings().len()
    }

    /// `rule path:line kind source`, for the first place of what does not count, and `part` for what counts elsewhere.
    pub(crate) fn suppressed(&self) -> Vec<String> {
        let list = self.report["suppressed"].as_array().unwrap();
        list.iter()
            .map(|finding| {
                let (by, first) = (&finding["suppressions"][0], &finding["occurrences"][0]);
                let part = if finding["whole"] == true { "" } else { " part" };
                let place = format!("{}:{}", text(&first["path"]), first["start"]["line"]);
                rule_and(finding, &format!("{place} {} {}{part}", text(&by["kind"]), text(&by["source"])))
            })
            .collect()
    }

    /// `kind place`, for everything that is to be known about suppressions.
    pub(crate) fn notices(&self) -> Vec<String> {
        let list = self.report["suppression_notices"].as_array().unwrap();
        list.iter().map(|notice| format!("{} {}", text(&notice["kind"]), text(&notice["place"]))).collect()
    }

    /// The fingerprint of the only finding.
    pub(crate) fn fingerprint(&self) -> String {
        assert_eq!(self.count(), 1, "{:#}", self.report);
        text(&self.findings()[0]["fingerprint"]).to_owned()
    }

    /// `kind place`, for every gap.
    pub(crate) fn gaps(&self) -> Vec<String> {
        let gaps = self.report["gaps"].as_array().unwrap();
        assert_eq!(self.report["complete"], gaps.is_empty());
        gaps.iter().map(|gap| format!("{} {}", text(&gap["kind"]), text(&gap["place"]))).collect()
    }

    /// Everything was read; exit code 0 or 1, by what was found.
    #[track_caller]
    pub(crate) fn expect_complete(&self) -> &Self {
        assert_eq!(self.gaps(), [""; 0], "{:#}", self.report["gaps"]);
        assert_eq!(self.code, i32::from(self.count() > 0), "{:#}", self.report);
        self
    }

    /// Something was not read; exit code 3 or 4, by what was found.
    #[track_caller]
    pub(crate) fn expect_gaps(&self) -> &Self {
        assert_ne!(self.gaps(), [""; 0], "{:#}", self.report);
        assert_eq!(self.code, 3 + i32::from(self.count() > 0), "{:#}", self.report);
        self
    }

    /// Nothing was found, and everything was read.
    #[track_caller]
    pub(crate) fn expect_clean(&self) {
        self.expect_complete();
        assert_eq!(self.places(), [""; 0]);
    }
}

fn rule_and(finding: &Value, place: &str) -> String {
    format!("{} {place}", text(&finding["rule"]["id"]))
}

fn places(finding: &Value) -> Vec<String> {
    finding["occurrences"].as_array().unwrap().iter().map(place).collect()
}

fn place(occurrence: &Value) -> String {
    let start = &occurrence["start"];
    let mut place = format!(
        "{}:{}:{} {}",
        text(&occurrence["path"]),
        start["line"],
        start["column"],
        text(&occurrence["source"])
    );
    assert_eq!(occurrence["source"] == "commit", occurrence["commit"].is_object(), "{occurrence:#}");
    if let Some(id) = occurrence["commit"]["id"].as_str() {
        place = format!("{place} {id}");
    }
    if occurrence["in_head"] == true {
        place.push_str(" head");
    }
    place
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}
