//! How long, and from where, a secret can be met, in one line.

use super::super::Report;
use super::super::text::clip;
use super::{LONGEST_TEXT, layout, short_id};
use crate::finding::{Finding, RefKind, Refs};

/// Refs of one kind that are named.
const MOST_REFS: usize = 2;

/// Empty for what is in no history.
pub(in crate::report) fn told(report: &Report, finding: &Finding) -> String {
    let Some(exposure) = &finding.exposure else { return String::new() };
    let Some(last) = &exposure.last_seen else { return reachable(report, &exposure.refs) };
    let days = finding.days_exposed.map(|days| match days {
        0 => "less than a day".into(),
        days => layout::count(days, "day"),
    });
    let end = match &exposure.removed_in {
        Some(removed) => Some(format!("removed in {}", short_id(removed))),
        None if finding.in_head => None,
        None => Some(format!("last seen in {}", short_id(last))),
    };
    let refs = match exposure.refs.total() {
        0 => "reachable from no ref".into(),
        _ => reachable(report, &exposure.refs),
    };
    days.into_iter().chain(end).chain([refs]).collect::<Vec<_>>().join(" · ")
}

/// A few of each kind by name, the others by number.
fn reachable(report: &Report, refs: &Refs) -> String {
    let kinds: Vec<String> = RefKind::ALL
        .into_iter()
        .filter(|kind| refs.count(*kind) > 0)
        .map(|kind| {
            let (one, several) = kind.nouns();
            let names: Vec<String> = refs
                .names()
                .map(|name| RefKind::of(name))
                .filter(|(of, _)| *of == kind)
                .take(MOST_REFS)
                .map(|(_, short)| clip(&report.redactor.show_path(short), LONGEST_TEXT))
                .collect();
            let (all, named) = (refs.count(kind), names.len());
            let noun = if all == 1 { one } else { several };
            match all - named {
                _ if named == 0 => layout::count(all as u64, "").trim_end().to_owned() + " " + noun,
                0 => format!("{noun} {}", names.join(", ")),
                more => format!("{noun} {} and {} more", names.join(", "), layout::count(more as u64, "")),
            }
        })
        .collect();
    if kinds.is_empty() { String::new() } else { format!("reachable from {}", kinds.join("; ")) }
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture;
    use super::*;
    use crate::finding::Provenance;

    fn finding() -> Finding {
        let rules = fixture::rules();
        let secret = fixture::secret(1);
        let place = fixture::occurrence(&secret, b"a", 1, fixture::commit(1, 1_600_000_000));
        let mut finding = fixture::finding(&rules, "fixture-token", &secret, vec![place]);
        let names = ["refs/heads/main", "refs/tags/v1", "refs/tags/v2", "refs/tags/v3", "refs/stash"];
        finding.exposure = Some(fixture::exposure(2, Some(3), &names));
        finding.days_exposed = Some(1812);
        finding
    }

    #[test]
    fn days_removal_and_refs() {
        let report = fixture::report(Vec::new(), Vec::new());
        let mut finding = finding();
        let expected = "1,812 days · removed in 030303030303 · reachable from branch main; tags v1, v2 and 1 more; \
                        other ref refs/stash";
        assert_eq!(told(&report, &finding), expected);
        finding.days_exposed = Some(0);
        finding.exposure = Some(fixture::exposure(2, None, &[]));
        assert_eq!(
            told(&report, &finding),
            "less than a day · last seen in 020202020202 · reachable from no ref"
        );
        finding.in_head = true;
        finding.days_exposed = Some(1);
        finding.exposure = Some(fixture::exposure(2, None, &["refs/remotes/origin/x"]));
        assert_eq!(told(&report, &finding), "1 day · reachable from remote branch origin/x");
    }

    #[test]
    fn nothing_is_said_of_what_is_in_no_history() {
        let report = fixture::report(Vec::new(), Vec::new());
        let mut finding = finding();
        finding.occurrences[0].provenance = Provenance::Unreachable;
        finding.exposure = None;
        assert_eq!(told(&report, &finding), "");
    }

    #[test]
    fn a_secret_in_the_name_of_a_ref_is_masked() {
        let mut finding = finding();
        let name = [&b"refs/heads/"[..], &fixture::secret(1)].concat();
        finding.exposure = Some(fixture::exposure(2, None, &[&String::from_utf8(name).unwrap()]));
        let report = fixture::report(vec![finding.clone()], Vec::new());
        assert!(told(&report, &finding).ends_with("reachable from branch fxt_********"));
    }
}
