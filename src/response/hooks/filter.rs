//! What a hook fires for.

use globset::{Glob, GlobSet, GlobSetBuilder};

use super::Context;
use super::config::HookSection;
use crate::finding::{Liveness, RefKind, Severity};
use crate::report::text::visible;

/// All that is set must hold. What is not known holds nothing: a hook for the branch `main` does not fire for a file that
/// is in no commit.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    rules: Option<GlobSet>,
    providers: Option<GlobSet>,
    refs: Option<GlobSet>,
    branches: Option<GlobSet>,
    severity: Option<Severity>,
    verdicts: Vec<Liveness>,
}

impl Filter {
    pub(super) fn of(section: &HookSection) -> Result<Self, String> {
        Ok(Filter {
            rules: globs("rules", &section.rules)?,
            providers: globs("providers", &section.providers)?,
            refs: globs("refs", &section.refs)?,
            branches: globs("branches", &section.branches)?,
            severity: section.severity,
            verdicts: section.verdicts.clone(),
        })
    }

    /// Whether it fires.
    pub(super) fn takes(&self, context: &Context<'_>) -> bool {
        let verdict = context.verification.map(|verification| verification.verdict);
        if !self.verdicts.is_empty() && !verdict.is_some_and(|verdict| self.verdicts.contains(&verdict)) {
            return false;
        }
        let Some(subject) = context.subject else {
            // A run as a whole has neither rule nor ref.
            return [&self.rules, &self.providers, &self.refs, &self.branches]
                .iter()
                .all(|globs| globs.is_none())
                && self.severity.is_none();
        };
        let fits =
            |globs: &Option<GlobSet>, text: &str| globs.as_ref().is_none_or(|globs| globs.is_match(text));
        let branch = |name: &String| match RefKind::of(name.as_bytes()) {
            (RefKind::Branch, short) => Some(short.to_string()),
            _ => None,
        };
        fits(&self.rules, &subject.rule)
            && fits(&self.providers, &subject.provider)
            && self.severity.is_none_or(|least| subject.severity.is_some_and(|severity| severity >= least))
            && self.refs.as_ref().is_none_or(|globs| subject.refs.iter().any(|name| globs.is_match(name)))
            && self
                .branches
                .as_ref()
                .is_none_or(|globs| subject.refs.iter().filter_map(branch).any(|name| globs.is_match(name)))
    }
}

fn globs(key: &str, texts: &[String]) -> Result<Option<GlobSet>, String> {
    if texts.is_empty() {
        return Ok(None);
    }
    let mut set = GlobSetBuilder::new();
    for text in texts {
        let glob = Glob::new(text)
            .map_err(|error| format!("{key}: {}: {}", visible(text.as_bytes()), error.kind()))?;
        set.add(glob);
    }
    set.build().map(Some).map_err(|error| format!("{key}: {}", error.kind()))
}

#[cfg(test)]
mod tests {
    use super::super::payload::Subject;
    use super::*;
    use crate::finding::Verification;

    #[test]
    fn all_that_is_set_must_hold() {
        let subject = Subject {
            rule: "aws-access-key".into(),
            provider: "aws".into(),
            severity: Some(Severity::High),
            refs: vec!["refs/heads/release/1".into(), "refs/tags/v1".into()],
            ..Subject::default()
        };
        let live = Verification {
            verdict: Liveness::Live,
            reason: String::new(),
            host: None,
            requests: 1,
            identity: Vec::new(),
            risk: None,
            at: 0,
        };
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let none = HookSection::default;
        let context = Context { subject: Some(&subject), verification: Some(&live), ..Context::default() };
        let takes = |section: HookSection| Filter::of(&section).unwrap().takes(&context);
        assert!(takes(none()));
        assert!(takes(HookSection { rules: texts(&["x", "aws-*"]), ..none() }));
        assert!(!takes(HookSection { rules: texts(&["aws"]), ..none() }));
        assert!(!takes(HookSection { rules: texts(&["aws-*"]), providers: texts(&["gcp"]), ..none() }));
        assert!(takes(HookSection { severity: Some(Severity::High), ..none() }));
        assert!(!takes(HookSection { severity: Some(Severity::Critical), ..none() }));
        assert!(takes(HookSection { branches: texts(&["release/*"]), ..none() }));
        assert!(!takes(HookSection { branches: texts(&["v1", "main"]), ..none() }));
        assert!(takes(HookSection { refs: texts(&["refs/tags/v*"]), ..none() }));
        assert!(takes(HookSection { verdicts: vec![Liveness::Live], ..none() }));
        assert!(!takes(HookSection { verdicts: vec![Liveness::Dead], ..none() }));
        let run = Context::default();
        assert!(Filter::of(&none()).unwrap().takes(&run));
        assert!(!Filter::of(&HookSection { rules: texts(&["*"]), ..none() }).unwrap().takes(&run));
    }
}
