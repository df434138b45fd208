//! Which findings make a scan fail.

use std::fmt;

use crate::finding::{Confidence, Severity};

/// Reasons to fail; one of them is enough. Without any, findings are reported and nothing fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailOn(Vec<Reason>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    Any,
    Confidence(Confidence),
    Severity(Severity),
}

impl Default for FailOn {
    fn default() -> Self {
        FailOn(vec![Reason::Any])
    }
}

const CONFIDENCES: [Confidence; 3] = [Confidence::Low, Confidence::Medium, Confidence::High];
const SEVERITIES: [Severity; 4] = [Severity::Low, Severity::Medium, Severity::High, Severity::Critical];

impl FailOn {
    /// Reads `any`, `never`, or a list such as `confidence=high,severity=critical`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split(',').map(str::trim).collect();
        if words == ["never"] {
            return Ok(FailOn(Vec::new()));
        }
        words.into_iter().map(reason).collect::<Result<_, _>>().map(FailOn)
    }

    /// Whether a finding of this confidence and severity is a reason to fail.
    pub fn counts(&self, confidence: Confidence, severity: Severity) -> bool {
        self.0.iter().any(|reason| match reason {
            Reason::Any => true,
            Reason::Confidence(least) => confidence >= *least,
            Reason::Severity(least) => severity >= *least,
        })
    }

    /// Whether some finding makes `other` fail and not this.
    pub fn is_weaker_than(&self, other: &FailOn) -> bool {
        CONFIDENCES.iter().any(|c| SEVERITIES.iter().any(|s| other.counts(*c, *s) && !self.counts(*c, *s)))
    }
}

fn reason(word: &str) -> Result<Reason, String> {
    let confidence = |level: &str| CONFIDENCES.into_iter().find(|c| c.as_str() == level);
    let severity = |level: &str| SEVERITIES.into_iter().find(|s| s.as_str() == level);
    let known = match word.split_once('=') {
        None if word == "any" => Some(Reason::Any),
        Some(("confidence", level)) => confidence(level).map(Reason::Confidence),
        Some(("severity", level)) => severity(level).map(Reason::Severity),
        _ => None,
    };
    known.ok_or_else(|| {
        format!(
            "{word:?} is no reason to fail: say `any`, `never`, or one or more of `confidence=low|medium|high` and \
             `severity=low|medium|high|critical`, with commas between them"
        )
    })
}

impl fmt::Display for FailOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("never");
        }
        let word = |reason: &Reason| match reason {
            Reason::Any => "any".to_owned(),
            Reason::Confidence(least) => format!("confidence={least}"),
            Reason::Severity(least) => format!("severity={least}"),
        };
        f.write_str(&self.0.iter().map(word).collect::<Vec<_>>().join(","))
    }
}

impl serde::Serialize for FailOn {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_reason_is_enough() {
        use {Confidence as C, Severity as S};
        let fail_on = FailOn::parse("confidence=high, severity=critical").unwrap();
        assert!(fail_on.counts(C::High, S::Low) && fail_on.counts(C::Low, S::Critical));
        assert!(!fail_on.counts(C::Medium, S::High));
        assert!(!FailOn::parse("never").unwrap().counts(C::High, S::Critical));
        assert!(FailOn::default().counts(C::Low, S::Low));
        assert_eq!(fail_on.to_string(), "confidence=high,severity=critical");
        assert_eq!(FailOn::parse("never").unwrap().to_string(), "never");
        for wrong in ["", "never,any", "confidence", "confidence=critical", "severity=", "all", "any,"] {
            assert!(FailOn::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn weaker_is_what_lets_something_pass() {
        let weaker = |a: &str, b: &str| FailOn::parse(a).unwrap().is_weaker_than(&FailOn::parse(b).unwrap());
        assert!(weaker("never", "confidence=high") && weaker("confidence=high", "any"));
        assert!(weaker("severity=high", "confidence=high") && weaker("confidence=high", "severity=high"));
        assert!(!weaker("confidence=low", "any") && !weaker("any", "never"));
        assert!(!weaker("confidence=high,severity=high", "severity=high"));
    }
}
