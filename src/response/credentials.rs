//! What is asked about: the distinct credentials of a report, and which of its findings each of them stands for.
//!
//! A report of a scan has the values; one that was saved has masks, and [`reread`] looks for the values where it says that
//! they were. One value can also be [`given`].

use std::collections::HashMap;

use super::inputs::{Credential, Inputs};
use super::risk::{Circumstances, risk};
use super::settings::Settings;
use crate::finding::{Excerpt, Fact, Finding, Fingerprint, Liveness, Severity, Verification};
use crate::report::Report;
use crate::report::text::{Redactor, visible};
use crate::secret::Secret;

pub mod given;
pub mod reread;

/// Which findings are meant; an empty list is no limit.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Ids of rules.
    pub rules: Vec<String>,
    /// Severities.
    pub severities: Vec<Severity>,
}

/// What requests about a finding are filled with.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Values {
    /// The credential.
    pub secret: Secret,
    /// The other half.
    pub companion: Option<Secret>,
    /// The line that it stands in. Sent only where a template names a group of it.
    pub line: Option<Secret>,
}

/// The credentials of a report.
#[derive(Debug, Default)]
pub struct Credentials {
    /// Distinct ones, in the order of the report.
    pub all: Vec<Credential>,
    /// Of each finding, those that count first.
    about: Vec<About>,
}

/// What is known of a finding.
#[derive(Debug)]
enum About {
    /// Nobody asked for it.
    Unwanted,
    /// Which of the credentials it is about.
    Credential(usize),
    /// Its value is not known, and why.
    Lost(String),
}

impl Wanted {
    fn has(&self, report: &Report, finding: &Finding) -> bool {
        let rule = &report.rule(finding).id;
        (self.rules.is_empty() || self.rules.contains(rule))
            && (self.severities.is_empty() || self.severities.contains(&finding.severity))
    }
}

impl Values {
    /// Those of a finding that was not saved, or with its secrets.
    fn of(finding: &Finding) -> Self {
        Values {
            secret: finding.secret.clone(),
            companion: finding.companion.as_ref().map(|half| half.secret.clone()),
            line: finding.occurrences.first().map(|place| first_line(&place.excerpt)),
        }
    }
}

/// The line of an excerpt.
fn first_line(excerpt: &Excerpt) -> Secret {
    #[expect(clippy::disallowed_methods, reason = "it goes from one wiped buffer to another")]
    let line = excerpt.line.expose();
    Secret::new(line.split(|byte| *byte == b'\n').next().unwrap_or_default())
}

impl Credentials {
    /// Those of a report that has the values themselves.
    pub fn of(report: &Report, wanted: &Wanted, settings: &Settings) -> Self {
        let values = report.all_findings().map(|finding| Ok(Values::of(finding))).collect();
        Credentials::with(report, values, wanted, settings)
    }

    /// The same with values from elsewhere: one for each finding, those that count first; or why there is none.
    pub fn with(
        report: &Report,
        values: Vec<Result<Values, String>>,
        wanted: &Wanted,
        settings: &Settings,
    ) -> Self {
        let mut credentials = Credentials::default();
        let mut known: HashMap<(String, Values), usize> = HashMap::new();
        for (finding, values) in report.all_findings().zip(values) {
            let about = match values {
                _ if !wanted.has(report, finding) => About::Unwanted,
                _ if report.rule(finding).is_by_path() => {
                    About::Lost("the name of a file is no credential".into())
                }
                Err(why) => About::Lost(why),
                Ok(values) => {
                    let rule = report.rule(finding);
                    let next = credentials.all.len();
                    // Lines differ from place to place; the first one stands for all.
                    let key = (rule.id.clone(), Values { line: None, ..values.clone() });
                    let number = *known.entry(key).or_insert(next);
                    if number == next {
                        let place = place(report, finding);
                        let fingerprint = finding.fingerprint.clone();
                        let (id, provider) = (&rule.id, &rule.provider);
                        let inputs = inputs(id, values, settings);
                        credentials.all.push(credential(fingerprint, id, provider, inputs, place));
                    }
                    About::Credential(number)
                }
            };
            credentials.about.push(about);
        }
        credentials
    }

    /// How many findings were asked for whose values are not known.
    pub fn lost(&self) -> usize {
        self.about.iter().filter(|about| matches!(about, About::Lost(_))).count()
    }

    /// Why they are not, each reason once with the number of findings.
    pub fn reasons(&self) -> Vec<(String, usize)> {
        let mut reasons: Vec<(String, usize)> = Vec::new();
        for about in &self.about {
            let About::Lost(why) = about else { continue };
            match reasons.iter_mut().find(|(known, _)| known == why) {
                Some((_, number)) => *number += 1,
                None => reasons.push((why.clone(), 1)),
            }
        }
        reasons
    }

    /// Writes the answers, one for each of `all`, into the findings of the report, masked.
    pub fn attach(&self, report: &mut Report, answers: &[Verification]) {
        let redactor = self.redactor();
        let answers: Vec<Verification> = answers.iter().map(|answer| masked(answer, &redactor)).collect();
        let hidden = report.suppressions.suppressed.iter_mut().map(|one| &mut one.finding);
        for (finding, about) in report.findings.iter_mut().chain(hidden).zip(&self.about) {
            let mut answer = match about {
                About::Unwanted => continue,
                About::Credential(number) => match answers.get(*number) {
                    Some(answer) => answer.clone(),
                    None => not_asked("it was not asked about".into()),
                },
                About::Lost(why) => not_asked(why.clone()),
            };
            answer.risk = Some(risk(&answer, &Circumstances::of(finding)));
            finding.verification = Some(answer);
        }
    }

    /// Masks every value that was sent, or might have been.
    pub fn redactor(&self) -> Redactor {
        Redactor::new(self.all.iter().flat_map(|credential| credential.inputs.values()))
    }
}

/// An answer as it may be shown: what the provider says may echo what was sent.
pub(crate) fn masked(answer: &Verification, redactor: &Redactor) -> Verification {
    let show = |text: &str| redactor.show(text.as_bytes());
    let fact = |fact: &Fact| Fact { name: visible(fact.name.as_bytes()).into(), value: show(&fact.value) };
    Verification {
        reason: show(&answer.reason),
        host: answer.host.as_deref().map(show),
        identity: answer.identity.iter().map(fact).collect(),
        risk: answer.risk.as_deref().map(show),
        ..answer.clone()
    }
}

/// An answer that nobody gave.
pub(crate) fn not_asked(reason: String) -> Verification {
    Verification {
        verdict: Liveness::NotAttempted,
        reason,
        host: None,
        requests: 0,
        identity: Vec::new(),
        risk: None,
        at: jiff::Timestamp::now().as_second(),
    }
}

fn credential(
    fingerprint: Fingerprint,
    rule: &str,
    provider: &str,
    inputs: Inputs,
    place: String,
) -> Credential {
    Credential { fingerprint, rule: rule.to_owned(), provider: provider.to_owned(), inputs, place }
}

/// What is known, with what trusted configuration adds; that never replaces what was found.
fn inputs(rule: &str, values: Values, settings: &Settings) -> Inputs {
    let mut inputs = Inputs::default();
    for name in ["*", rule] {
        for (name, value) in settings.values.get(name).into_iter().flatten() {
            inputs.set(name, Secret::new(value.as_bytes()));
        }
    }
    inputs.set("secret", values.secret);
    values.companion.into_iter().for_each(|companion| inputs.set("companion", companion));
    values.line.into_iter().for_each(|line| inputs.set("line", line));
    inputs
}

/// `path:line`, masked and printable.
fn place(report: &Report, finding: &Finding) -> String {
    match finding.occurrences.first() {
        Some(first) => {
            format!("{}:{}", report.redactor.show_path(&first.path), first.location.start.line)
        }
        None => "no place".into(),
    }
}

#[cfg(test)]
mod tests;
