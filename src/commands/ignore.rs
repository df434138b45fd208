//! `muzzle ignore …`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use jiff::civil::Date;

use super::scan::{scan, write_file};
use super::{MOST_TOLD, print};
use crate::cli::{ConfidenceArg, IgnoreCommand, IgnorePlace, ScanArgs};
use crate::config::Config;
use crate::finding::{Finding, Fingerprint};
use crate::git::{Repository, identity::user};
use crate::report::Report;
use crate::report::text::visible;
use crate::suppression::identity::{Identities, Salt, is_identity};
use crate::suppression::ignore_edit::{self, NewEntry};
use crate::suppression::{IgnoreFile, InlineAllow, Sources, ignore_file, of_no_use, today};

/// Runs one of them and returns the exit code.
pub fn run(command: &IgnoreCommand) -> anyhow::Result<u8> {
    match command {
        IgnoreCommand::Add { fingerprints, reason, until, scope, who, all_values, place } => {
            let asked = Asked { fingerprints, reason, scope: scope.as_deref(), all_values: *all_values };
            add(&Place::find(place)?, &asked, until.as_deref(), who.as_deref())
        }
        IgnoreCommand::Prune { dry_run, place } => prune(&Place::find(place)?, *dry_run),
        IgnoreCommand::List { json, place } => list(&Place::find(place)?, *json),
    }
}

/// An ignore file, and what it belongs to.
struct Place {
    repository: Option<Repository>,
    root: PathBuf,
    file: PathBuf,
    /// Empty if there is none yet.
    text: String,
}

impl Place {
    fn find(place: &IgnorePlace) -> anyhow::Result<Self> {
        let path = &place.repository;
        if !path.is_dir() {
            bail!("{} is no directory", path.display());
        }
        let repository = Repository::discover(path)?;
        let root = match &repository {
            Some(repository) => match repository.worktree() {
                Some(root) => root.to_owned(),
                None if place.file.is_none() => {
                    bail!("{} is a bare repository: name the ignore file with --file", path.display())
                }
                None => repository.git_dir().to_owned(),
            },
            None => path.clone(),
        };
        let file = place.file.clone().unwrap_or_else(|| root.join(ignore_file::NAME));
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error).with_context(|| format!("reading {}", file.display())),
        };
        Ok(Place { repository, root, file, text })
    }

    fn name(&self) -> String {
        self.file.display().to_string()
    }

    fn parsed(&self) -> IgnoreFile {
        IgnoreFile::parse(&self.text, &self.name(), false)
    }

    /// Everything that is found here, whoever answers for it.
    fn scan(&self) -> anyhow::Result<Report> {
        let mut args = ScanArgs::of(&self.root)?;
        args.confidence = Some(ConfidenceArg::Low);
        args.unreachable = true;
        let mut config = Config::resolve(&args)?;
        config.options.suppression = Sources { inline: InlineAllow::None, ..Sources::default() };
        scan(config, false)
    }

    fn write(&self, text: &str) -> anyhow::Result<()> {
        write_file(&self.file, text.as_bytes()).with_context(|| format!("writing {}", self.name()))
    }
}

/// What the user wants to answer for.
struct Asked<'a> {
    fingerprints: &'a [String],
    reason: &'a str,
    scope: Option<&'a str>,
    all_values: bool,
}

fn add(place: &Place, asked: &Asked<'_>, until: Option<&str>, who: Option<&str>) -> anyhow::Result<u8> {
    if asked.reason.trim().is_empty() {
        bail!("--reason says nothing: write why the finding does not count");
    }
    if let Some(wrong) = asked.fingerprints.iter().find(|id| !is_identity(id) || id.starts_with("s1:")) {
        bail!(
            "{wrong:?} is no fingerprint: give it as the report shows it, `v1:` and 32 hex digits; an id of an ignore \
             file or a baseline is of no use elsewhere"
        );
    }
    let until = until.map(last_day).transpose()?;
    if let Some(scope) = asked.scope {
        ignore_file::scope(scope).map_err(anyhow::Error::msg)?;
    }
    let who = match who.map(str::trim).filter(|who| !who.is_empty()) {
        Some(who) => who.to_owned(),
        None => user(place.repository.as_ref()).context(
            "nobody answers for the entry: Git's configuration has no user.name or user.email; say --who NAME",
        )?,
    };
    let report = place.scan()?;
    let mut chosen: Vec<usize> = Vec::new();
    for fingerprint in asked.fingerprints {
        chosen.extend(findings_of(&report, fingerprint, asked.all_values)?);
    }
    let known_salt = place.parsed().salts.first().copied();
    let salt = known_salt.map_or_else(Salt::random, Ok).context("no salt can be made")?;
    let identities =
        Identities::of(&report.findings, &report.rules, &[salt], |number| chosen.contains(&number));
    let entries: Vec<NewEntry> = chosen
        .iter()
        .map(|number| {
            let finding = &report.findings[*number];
            NewEntry {
                identity: identities.to_write(*number, finding, salt).to_owned(),
                path: asked.scope.map(ToOwned::to_owned),
                rule: report.rule(finding).id.clone(),
                reason: asked.reason.trim().to_owned(),
                who: who.clone(),
                when: today(),
                until,
            }
        })
        .collect();
    let needs_salt = known_salt.is_none() && entries.iter().any(|entry| entry.identity.starts_with("s1:"));
    let text = ignore_edit::add(&place.text, &place.name(), needs_salt.then_some(salt), &entries)?;
    place.write(&text)?;
    let mut out = String::new();
    for (number, entry) in chosen.iter().zip(&entries) {
        let finding = &report.findings[*number];
        let first = &finding.occurrences[0];
        let path = report.redactor.show_path(&first.path);
        let until = entry.until.map_or_else(|| "for ever".into(), |until| format!("until {until}"));
        writeln!(out, "ignored {until}: {} at {path}:{}", entry.rule, first.location.start.line)?;
    }
    writeln!(
        out,
        "{} has {} by {}.",
        visible(place.name().as_bytes()),
        counted(entries.len(), "entry", "entries"),
        visible(who.as_bytes())
    )?;
    print(&out)?;
    Ok(0)
}

/// The findings that a fingerprint means.
fn findings_of(report: &Report, fingerprint: &str, all_values: bool) -> anyhow::Result<Vec<usize>> {
    let numbers = |is_meant: &dyn Fn(&Finding) -> bool| -> Vec<usize> {
        let all = report.findings.iter().enumerate();
        all.filter(|(_, finding)| is_meant(finding)).map(|(number, _)| number).collect()
    };
    let mut found = numbers(&|finding| finding.fingerprint.as_str() == fingerprint);
    if found.is_empty() {
        // A report of some commits may show another place of it first.
        found = numbers(&|finding| is_at_place(report, finding, fingerprint));
    }
    if found.is_empty() {
        let gaps = if report.is_complete() { "" } else { ", of which not everything could be read" };
        bail!("no finding has the fingerprint {fingerprint} in {}{gaps}", report.targets.join(", "));
    }
    if found.len() > 1 && !all_values {
        bail!(
            "{} different values stand or stood at the place of {fingerprint}: say --all-values to answer for all of \
             them, the present one included",
            found.len()
        );
    }
    Ok(found)
}

/// Whether a place of a guessable finding has this fingerprint.
fn is_at_place(report: &Report, finding: &Finding, fingerprint: &str) -> bool {
    let rule = report.rule(finding);
    rule.guessable
        && finding.occurrences.iter().any(|occurrence| {
            #[expect(
                clippy::disallowed_methods,
                reason = "the fingerprint covers the line without the secret"
            )]
            let line = occurrence.excerpt.line.expose();
            let (start, end) = occurrence.excerpt.secret;
            let at_place = Fingerprint::of_place(&rule.id, &occurrence.path, &line[..start], &line[end..]);
            at_place.as_str() == fingerprint
        })
}

/// A day, or a number of days from today.
fn last_day(text: &str) -> anyhow::Result<Date> {
    let day = match text.strip_suffix('d').map(str::parse::<u32>) {
        Some(Ok(days)) => today().checked_add(jiff::Span::new().try_days(days)?)?,
        _ => text.parse().with_context(|| {
            format!("--until {text:?} is no day such as 2030-12-31, nor a number of days such as 90d")
        })?,
    };
    if day < today() {
        bail!("--until {day} is over: an entry that is expired hides nothing");
    }
    Ok(day)
}

fn prune(place: &Place, dry_run: bool) -> anyhow::Result<u8> {
    let file = place.parsed();
    let report = place.scan()?;
    let gone = of_no_use(&file, &report);
    let mut out = String::new();
    for (line, why) in gone.iter().take(MOST_TOLD) {
        let entry = file.entries.iter().find(|entry| entry.line == *line).context("it was just there")?;
        let rule = visible(entry.rule.as_deref().unwrap_or("").as_bytes());
        writeln!(out, "{why}: line {line}, {} {rule}", entry.identity)?;
    }
    for notice in &file.notices {
        writeln!(
            out,
            "cannot be read, and stays: {}: {}",
            visible(notice.place.as_bytes()),
            visible(notice.detail.as_bytes())
        )?;
    }
    if !report.is_complete() {
        writeln!(out, "Not everything could be read, so that nothing is taken out.")?;
        print(&out)?;
        return Ok(3);
    }
    let number = counted(gone.len(), "entry", "entries");
    if dry_run || gone.is_empty() {
        writeln!(out, "{number} of {} would go.", file.entries.len())?;
    } else {
        let lines: BTreeSet<usize> = gone.iter().map(|(line, _)| *line).collect();
        let text = ignore_edit::remove(&place.text, &lines).with_context(|| {
            format!("{} cannot be changed by a program; take the entries out by hand", place.name())
        })?;
        place.write(&text)?;
        writeln!(out, "{number} of {} went.", file.entries.len())?;
    }
    print(&out)?;
    Ok(0)
}

fn list(place: &Place, as_json: bool) -> anyhow::Result<u8> {
    let file = place.parsed();
    let today = today();
    let mut out = String::new();
    if as_json {
        let entries: Vec<_> = file
            .entries
            .iter()
            .map(|entry| {
                serde_json::json!({
                    "line": entry.line, "fingerprint": entry.identity, "rule": entry.rule, "reason": entry.reason,
                    "path": entry.scope.as_ref().map(|(path, _)| path), "who": entry.who,
                    "when": entry.when.map(|day| day.to_string()), "until": entry.until.map(|day| day.to_string()),
                    "expired": entry.is_expired(today),
                })
            })
            .collect();
        writeln!(out, "{}", serde_json::to_string_pretty(&entries)?)?;
    } else {
        for entry in &file.entries {
            let until = match entry.until {
                Some(until) if entry.is_expired(today) => format!("EXPIRED {until}"),
                Some(until) => format!("until {until}"),
                None => "for ever".into(),
            };
            let scope = entry.scope.as_ref().map_or_else(String::new, |(path, _)| format!(" in {path}"));
            let rule = entry.rule.as_deref().unwrap_or_default();
            let text =
                format!("{}  {until}  {rule}{scope}: {} ({})", entry.identity, entry.reason, entry.who);
            writeln!(out, "{}", visible(text.as_bytes()))?;
        }
        writeln!(out, "{}", counted(file.entries.len(), "entry", "entries"))?;
    }
    print(&out)?;
    for notice in &file.notices {
        tracing::warn!("{}: {}", visible(notice.place.as_bytes()), visible(notice.detail.as_bytes()));
    }
    Ok(0)
}

fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
