//! Findings → results: one per finding and path.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value, json};
use serde_sarif::sarif as model;

use super::super::about::{remediation, title};
use super::super::places::{File, commit_and_date, is_present, whereabouts};
use super::super::refs::RefNames;
use super::super::{Report, facts, json, verified};
use super::details::{elsewhere, exposure, label, region, sentence_of, short_hash, tags, verification};
use super::parts::Files;
use super::rules::Used;
use super::{Part, level, plain, suppressed};
use crate::finding::{Finding, Occurrence, Verdict};
use crate::location::Location;

/// Locations of one result, the primary one included: as many as GitHub shows.
const MOST_LOCATIONS: usize = 100;
/// Related locations that the message links to: GitHub shows no others.
const MOST_LINKS: usize = 5;
/// Related locations of all results together. More would let a file that few secrets are in at many places become too
/// large to be taken.
const MOST_RELATED: usize = 100_000;

/// The results of a file.
pub(super) struct Chosen {
    /// The most severe ones, in the order of the findings.
    pub(super) results: Vec<model::Result>,
    /// What there was no room for.
    pub(super) left_out: Option<LeftOut>,
    /// What does not count and there was no room for.
    pub(super) suppressed_left_out: usize,
    /// How many related locations all further results together may have.
    related: usize,
}

impl Chosen {
    pub(super) fn add(&mut self, place: &Place<'_>, report: &Report, finding: &Finding, rules: &mut Used) {
        self.related = self.related.saturating_sub(place.shown);
        self.results.push(place.result(report, finding, rules.index(finding.rule)));
    }

    /// How many related locations the next result may have at most.
    pub(super) fn related(&self) -> usize {
        self.related
    }
}

/// Results that are not in the file.
pub(super) struct LeftOut {
    pub(super) count: usize,
    /// Where the first of them is.
    pub(super) first: model::Location,
}

/// How many results there are.
pub(super) fn count(report: &Report, part: Part) -> usize {
    let counted: usize =
        report.findings.iter().map(|finding| Files::of(report, finding, part).chosen.len()).sum();
    counted + suppressed::count(report, part)
}

/// At most `most` results, of which one stands for those that are left out. What does not count takes what room is left.
pub(super) fn choose(report: &Report, rules: &mut Used, part: Part, most: usize) -> Chosen {
    let names = RefNames::new(report);
    let files: Vec<Files<'_>> =
        report.findings.iter().map(|finding| Files::of(report, finding, part)).collect();
    let total: usize = files.iter().map(|files| files.chosen.len()).sum();
    let room = if total > most { most.saturating_sub(1) } else { total };
    let mut chosen =
        Chosen { results: Vec::new(), left_out: None, suppressed_left_out: 0, related: MOST_RELATED };
    for (finding, files) in report.findings.iter().zip(&files) {
        let exposure = exposure(finding, &names);
        for file in &files.chosen {
            let place = Place::new(part, &exposure, file, files.all - 1, chosen.related);
            if chosen.results.len() < room {
                chosen.add(&place, report, finding, rules);
            } else {
                chosen.left_out = Some(LeftOut { count: total - room, first: place.primary() });
                chosen.suppressed_left_out = suppressed::count(report, part);
                return chosen;
            }
        }
    }
    suppressed::add(report, rules, &names, part, most, &mut chosen);
    chosen
}

/// Where a result is: the occurrences of one finding at one path, the best one first.
pub(super) struct Place<'a> {
    part: Part,
    exposure: &'a [(&'static str, Value)],
    uri: &'a str,
    occurrences: &'a [&'a Occurrence],
    others: Vec<&'a Occurrence>,
    /// How many of the others are told one by one.
    shown: usize,
    other_files: usize,
}

impl<'a> Place<'a> {
    pub(super) fn new(
        part: Part,
        exposure: &'a [(&'static str, Value)],
        (uri, occurrences): &'a File<'a>,
        other_files: usize,
        related: usize,
    ) -> Self {
        let others = elsewhere(occurrences);
        let most = if part == Part::History { 0 } else { related.clamp(MOST_LINKS, MOST_LOCATIONS - 1) };
        Place { part, exposure, uri, occurrences, shown: others.len().min(most), others, other_files }
    }

    fn result(&self, report: &Report, finding: &Finding, rule_index: i64) -> model::Result {
        let rule = report.rule(finding);
        let mut result = model::Result::builder()
            .rule_id(rule.id.as_str())
            .rule_index(rule_index)
            .level(level(finding.severity, finding.confidence))
            .message(model::Message::builder().text(self.message(report, finding)).build())
            .locations(vec![self.primary()])
            .partial_fingerprints(self.fingerprints(finding))
            .properties(self.properties(report, finding))
            .build();
        let related = self.related();
        result.related_locations = (!related.is_empty()).then_some(related);
        result
    }

    /// Short sentences, of which the first is the title. Nothing in them is the repository's own text.
    fn message(&self, report: &Report, finding: &Finding) -> String {
        let rule = report.rule(finding);
        let name = title(rule);
        let mut text = format!(
            "{}. The secret {} is {}.",
            plain(name.trim_end_matches('.')),
            plain(&finding.secret.masked()),
            whereabouts(self.occurrences[0])
        );
        if let Some(first) = &finding.first_seen {
            let _ = write!(text, " It was first committed in {}.", commit_and_date(first));
        }
        if self.part == Part::History {
            let _ = write!(text, " It is in line {} there.", self.occurrences[0].location.start.line);
        }
        if let Some(told) = verified::of(report, finding) {
            let _ = write!(text, " {}", plain(&sentence_of(&told)));
        }
        if let Verdict::Failed(why) = &finding.verdict {
            let _ = write!(text, " It may be no real one: {}.", plain(why));
        }
        let links = self.others.iter().zip(1..).take(MOST_LINKS.min(self.shown));
        let links: Vec<String> =
            links.map(|(occurrence, id)| format!("[{}]({id})", label(occurrence))).collect();
        if !links.is_empty() {
            let _ = write!(text, " Also in this file: {}", links.join(", "));
            match self.others.len() - links.len() {
                0 => text.push('.'),
                more => _ = write!(text, ", and {more} more."),
            }
        }
        match self.other_files {
            0 => {}
            1 => text.push_str(" Another file holds it, too."),
            more => _ = write!(text, " {more} other files hold it, too."),
        }
        let _ = write!(text, " {}", plain(&remediation(rule)));
        text
    }

    fn related(&self) -> Vec<model::Location> {
        let others = self.others.iter().zip(1..).take(self.shown);
        others
            .map(|(occurrence, id)| {
                let mut location = self.location(&occurrence.location);
                location.id = Some(id);
                location.message = Some(model::Message::builder().text(label(occurrence)).build());
                location
            })
            .collect()
    }

    fn location(&self, location: &Location) -> model::Location {
        let artifact = model::ArtifactLocation::builder().uri(self.uri).build();
        let physical =
            model::PhysicalLocation::builder().artifact_location(artifact).region(region(location));
        model::Location::builder().physical_location(physical.build()).build()
    }

    /// Of what is gone from a checkout, the lines that stand there now are not shown as if they had it.
    fn primary(&self) -> model::Location {
        let mut location = self.location(&self.occurrences[0].location);
        if self.part == Part::History {
            let first = model::Region::builder().start_line(1).start_column(1).end_line(1).end_column(1);
            location
                .physical_location
                .iter_mut()
                .for_each(|place| place.region = Some(first.clone().build()));
        }
        location
    }

    /// The finding's own, and the file: two results of one finding are two alerts. The part about history has but one.
    ///
    /// The only one that GitHub looks at is `primaryLocationLineHash`. The action that uploads makes it of the line and
    /// the text behind it, as they are in the checkout; where the checkout has other lines, or none, it is ours.
    fn fingerprints(&self, finding: &Finding) -> BTreeMap<String, String> {
        let own = match self.part {
            Part::History => finding.fingerprint.to_string(),
            Part::All | Part::Head => format!("{}:{}", finding.fingerprint, short_hash(self.uri)),
        };
        let mut fingerprints = BTreeMap::new();
        if !is_present(self.occurrences[0]) {
            fingerprints.insert("primaryLocationLineHash".to_owned(), format!("{}:1", short_hash(&own)));
        }
        fingerprints.insert("muzzle/v1".to_owned(), own);
        fingerprints
    }

    fn properties(&self, report: &Report, finding: &Finding) -> model::PropertyBag {
        let primary = self.occurrences[0];
        let facts = facts::of(report, finding).into_iter();
        let identity: Map<String, Value> = facts.map(|(name, value)| (name, value.into())).collect();
        let mut properties = BTreeMap::from([
            ("check", json!(json::check(&finding.verdict).0)),
            ("confidence", json!(finding.confidence)),
            ("fingerprint", json!(finding.fingerprint.as_str())),
            ("identity", json!(identity)),
            ("inHead", json!(self.occurrences.iter().any(|occurrence| occurrence.in_head))),
            ("secret", json!(finding.secret.masked())),
            ("severity", json!(finding.severity)),
            ("source", json!(primary.provenance.as_str())),
        ]);
        if let Some(told) = verified::of(report, finding) {
            properties.insert("verification", verification(&told));
        }
        if self.part == Part::History {
            properties.insert("line", json!(primary.location.start.line));
        }
        if let Some(half) = &finding.companion {
            let place = format!("{}:{}", report.redactor.show_path(&half.path), half.location.start.line);
            let rule = &report.rules.get(half.rule).id;
            properties
                .insert("companion", json!({"rule": rule, "secret": half.secret.masked(), "place": place}));
        }
        let commit =
            self.occurrences.iter().find_map(|o| o.provenance.commit()).map(|info| info.id.to_string());
        if let Some(commit) = commit {
            properties.insert("commit", json!(commit));
        }
        if let Some(date) = finding.first_seen.as_ref().and_then(|info| json::date(info.time)) {
            properties.insert("firstSeen", json!(date));
        }
        properties.extend(self.exposure.iter().cloned());
        let properties = properties.into_iter().map(|(name, value)| (name.to_owned(), value));
        let properties = properties.collect::<BTreeMap<_, _>>();
        let mut bag = model::PropertyBag::builder().additional_properties(properties).build();
        bag.tags = tags(finding);
        bag
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture;
    use super::super::details::MOST_REFS;
    use super::super::parts::tests::spread;
    use super::*;
    use crate::finding::Provenance;

    fn results(report: &Report) -> Vec<Value> {
        let results = choose(report, &mut Used::default(), Part::All, usize::MAX).results;
        results.into_iter().map(|result| serde_json::to_value(result).unwrap()).collect()
    }

    #[test]
    fn one_result_per_file_at_its_latest_version() {
        let results = results(&spread());
        assert_eq!(results.len(), 2);
        let [other, file] = &results[..] else { unreachable!() };
        assert_eq!(file["locations"].as_array().unwrap().len(), 1);
        let physical = &file["locations"][0]["physicalLocation"];
        assert_eq!(physical["artifactLocation"], json!({ "uri": "file" }));
        assert_eq!(
            physical["region"],
            json!({ "startLine": 3, "startColumn": 10, "endLine": 3, "endColumn": 40 })
        );
        assert_eq!(file["relatedLocations"].as_array().unwrap().len(), MOST_LOCATIONS - 1);
        assert_eq!(other.get("relatedLocations"), None);
        assert_eq!(file["properties"]["commit"], "03".repeat(20));
        assert_eq!(file["properties"]["firstSeen"], "2017-07-14T02:40:00Z");
        assert_eq!(file["properties"]["secret"], "fxt_********");
        assert_ne!(file["partialFingerprints"], other["partialFingerprints"]);
        assert_eq!(file["properties"]["fingerprint"], other["properties"]["fingerprint"]);
    }

    #[test]
    fn exposure_is_told_of_each_result() {
        let mut report = spread();
        let names: Vec<String> = (10..40).map(|i| format!("refs/tags/v{i}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        report.findings[0].exposure = Some(fixture::exposure(4, Some(5), &names));
        report.findings[0].days_exposed = Some(7);
        for result in results(&report) {
            let properties = &result["properties"];
            assert_eq!(properties["lastSeen"], "2023-11-14T22:13:20Z");
            assert_eq!(properties["removedIn"], "05".repeat(20));
            assert_eq!(properties["daysExposed"], 7);
            assert_eq!(properties["refs"], json!(names[..MOST_REFS]));
            assert_eq!(properties["refsTotal"], 30);
        }
        report.findings[0].exposure = None;
        assert_eq!(results(&report)[0]["properties"].get("refs"), None);
    }

    #[test]
    fn the_same_lines_in_another_version_are_no_other_place() {
        let mut report = spread();
        let same = fixture::occurrence(&fixture::secret(1), b"other", 1, Provenance::Worktree);
        report.findings[0].occurrences.push(same);
        let other = &results(&report)[0];
        assert_eq!(other["properties"]["source"], "worktree");
        assert_eq!(other["properties"]["commit"], "01".repeat(20));
        assert_eq!(other.get("relatedLocations"), None);
    }

    #[test]
    fn head_is_preferred_to_later_commits() {
        let mut report = spread();
        report.findings[0].occurrences[1].in_head = true;
        let file = &results(&report)[1];
        assert_eq!(file["locations"][0]["physicalLocation"]["region"]["startLine"], 2);
        assert_eq!(file["properties"]["inHead"], true);
        assert!(file["message"]["text"].as_str().unwrap().contains("is in HEAD."));
    }

    #[test]
    fn a_message_is_short_sentences_of_our_own() {
        let mut report = spread();
        report.findings[0].verdict = Verdict::Failed("the sum is `wrong`".into());
        assert_eq!(
            results(&report)[1]["message"]["text"],
            "Fixture \\[token\\](https://evil.example). The secret fxt_******** is not in this file of HEAD, but still \
             in the history. It was first committed in 010101010101 of 2017-07-14. It may be no real one: the sum is \
             \\`wrong\\`. Also in this file: [line 2, commit 020202020202 of 2020-09-13](1), [line 10, unreachable \
             object](2), [line 11, unreachable object](3), [line 12, unreachable object](4), [line 13, unreachable \
             object](5), and 146 more. Another file holds it, too. Revoke it under Settings > Tokens, then replace it \
             wherever it is used, which may be more places than one."
        );
    }

    #[test]
    fn results_are_in_the_order_of_the_findings_and_refer_to_their_rules() {
        let report = fixture::odd_report();
        let mut rules = Used::default();
        let Chosen { results, left_out, .. } = choose(&report, &mut rules, Part::All, 6);
        let results: Vec<Value> = results.into_iter().map(|r| serde_json::to_value(r).unwrap()).collect();
        assert_eq!((results.len(), left_out.unwrap().count), (5, 24));
        assert!(results.iter().all(|result| result["ruleIndex"] == 0 && result["ruleId"] == "fixture-token"));
        assert_eq!(rules.descriptors(&report).len(), 1);
        let Chosen { results, left_out, .. } = choose(&report, &mut rules, Part::All, usize::MAX);
        assert_eq!((results.last().unwrap().rule_index, left_out.is_none()), (Some(1), true));
        assert_eq!(rules.descriptors(&report).len(), 2);
    }

    #[test]
    fn the_line_hash_is_left_to_who_has_the_lines() {
        let mut report = spread();
        let hash = |result: &Value| result["partialFingerprints"].get("primaryLocationLineHash").cloned();
        let gone = results(&report).iter().map(hash).collect::<Vec<_>>();
        assert!(gone.iter().all(Option::is_some) && gone[0] != gone[1], "{gone:?}");
        // Lines above move it; that changes nothing.
        for occurrence in &mut report.findings[0].occurrences {
            occurrence.location.start.line += 7;
            occurrence.location.end.line += 7;
        }
        assert_eq!(results(&report).iter().map(hash).collect::<Vec<_>>(), gone);
        report.findings[0].occurrences[1].in_head = true;
        assert_eq!(hash(&results(&report)[1]), None);
    }

    #[test]
    fn related_locations_are_bounded_altogether() {
        let rules = fixture::rules();
        let finding = |number: u8| {
            let secret = fixture::secret(number);
            let places = (0..150).map(|line| fixture::occurrence(&secret, b"f", line, Provenance::Worktree));
            fixture::finding(&rules, "fixture-token", &secret, places.collect())
        };
        let findings = (0..1100u32).map(|number| finding(u8::try_from(number % 26).unwrap()));
        let results = results(&fixture::report(findings.collect(), Vec::new()));
        let related: Vec<usize> =
            results.iter().map(|result| result["relatedLocations"].as_array().unwrap().len()).collect();
        assert_eq!((related[0], related.last()), (MOST_LOCATIONS - 1, Some(&MOST_LINKS)));
        assert!(related.iter().sum::<usize>() < MOST_RELATED + 100 * MOST_LINKS);
    }
}
