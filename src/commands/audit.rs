//! `muzzle audit …`: reads the journal, changes nothing.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, anyhow, bail};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::automatic::journal_at;
use super::print;
use crate::cli::{AuditCommand, AuditFilter, ExportFormat, JournalArgs, ShowFormat};
use crate::git::scope::date;
use crate::report::csv::cell;
use crate::report::text::{clip, visible};
use crate::response::journal::{Chain, Expected, Line, read};

/// What is broken.
const BROKEN: u8 = 1;

/// Runs one of them and returns the exit code.
pub fn run(command: &AuditCommand) -> anyhow::Result<u8> {
    match command {
        AuditCommand::Verify { place, expect_head, json } => verify(place, expect_head.as_deref(), *json),
        AuditCommand::Show { place, filter, format } => show(place, filter, *format),
        AuditCommand::Export { place, filter, format } => export(place, filter, *format),
    }
}

fn path(args: &JournalArgs) -> anyhow::Result<PathBuf> {
    journal_at(args.journal.as_deref(), args.config.as_deref(), &[])
}

fn verify(args: &JournalArgs, expected: Option<&str>, as_json: bool) -> anyhow::Result<u8> {
    if let Some(head) =
        expected.filter(|head| head.len() != 64 || !head.bytes().all(|b| b.is_ascii_hexdigit()))
    {
        bail!("--expect-head {}: a head has 64 hexadecimal digits", visible(head.as_bytes()));
    }
    let path = path(args)?;
    let chain = read(&path, expected, |_, _| ())?;
    let is_cut = chain.expected == Some(Expected::Missing);
    let holds = chain.problems.is_empty() && !is_cut;
    let name = visible(path.as_os_str().as_encoded_bytes());
    let text = if as_json {
        let document = json!({
            "journal": name, "holds": holds, "lines": chain.lines, "head": chain.head,
            "first": chain.times.as_ref().map(|(first, _)| first),
            "last": chain.times.as_ref().map(|(_, last)| last),
            "problems": chain.problems, "remarks": chain.remarks, "unclear": chain.unclear,
            "expected_head_found": chain.expected.map(|expected| expected != Expected::Missing),
        });
        format!("{}\n", serde_json::to_string_pretty(&document)?)
    } else {
        told(&name, &chain, holds)?
    };
    print(text)?;
    Ok(if holds { 0 } else { BROKEN })
}

/// What was found out, for people.
fn told(name: &str, chain: &Chain, holds: bool) -> anyhow::Result<String> {
    let mut text = String::new();
    let lines = plural(chain.lines, "line");
    let verdict = if holds { "the chain holds" } else { "THE CHAIN IS BROKEN" };
    writeln!(text, "{name}: {lines}, {verdict}")?;
    if let Some((first, last)) = &chain.times {
        writeln!(text, "from {} to {}", visible(first.as_bytes()), visible(last.as_bytes()))?;
    }
    for problem in &chain.problems {
        writeln!(text, "broken: line {}: {}", problem.line, problem.what)?;
    }
    for remark in &chain.remarks {
        writeln!(text, "note: line {}: {}", remark.line, remark.what)?;
    }
    match chain.expected {
        Some(Expected::Missing) => writeln!(
            text,
            "broken: no line has the head that was expected: the end was taken off, or this is another journal"
        )?,
        Some(Expected::Found(0)) => writeln!(text, "the last line has the head that was expected")?,
        Some(Expected::Found(after)) => {
            writeln!(text, "the head that was expected is there, and {} after it", plural(after, "line"))?;
        }
        None => {}
    }
    for unclear in &chain.unclear {
        let intent = &unclear.intent;
        let what = format!(
            "unclear: line {}, {}: {} of {} ({}) was begun, and nothing says how it ended",
            unclear.sequence, unclear.time, intent.action, intent.secret, intent.rule
        );
        writeln!(text, "{}", visible(what.as_bytes()))?;
    }
    if let Some(head) = &chain.head {
        writeln!(text, "head: {head}")?;
        writeln!(
            text,
            "keep the head elsewhere: --expect-head proves later that nothing was taken off the end"
        )?;
    }
    Ok(text)
}

fn plural(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// The lines that are asked for, each with its hash, and what the whole chain says.
fn chosen(args: &JournalArgs, filter: &AuditFilter) -> anyhow::Result<(Vec<(Line, String)>, Chain)> {
    let since = match &filter.since {
        None => None,
        Some(text) => Some(date(text, Timestamp::now()).ok_or_else(|| {
            anyhow!("--since {}: no date; say 2026-05-01, or \"2 weeks ago\"", visible(text.as_bytes()))
        })?),
    };
    let mut lines = Vec::new();
    let chain = read(&path(args)?, None, |line, hash| lines.push((line.clone(), hash.to_owned())))?;
    let wanted = filter.fingerprint.as_deref();
    let is_of = |line: &Line| {
        let intent = line.intent.as_ref();
        intent.is_some_and(|intent| wanted.is_none_or(|wanted| intent.fingerprint.starts_with(wanted)))
    };
    let begun: std::collections::BTreeSet<u64> =
        lines.iter().filter(|(line, _)| is_of(line)).map(|(line, _)| line.sequence).collect();
    let unclear: std::collections::BTreeSet<u64> = chain.unclear.iter().map(|one| one.sequence).collect();
    lines.retain(|(line, _)| {
        let concerns = wanted.is_none() || is_of(line) || line.of.is_some_and(|of| begun.contains(&of));
        let is_recent = since
            .is_none_or(|since| line.time.parse::<Timestamp>().is_ok_and(|time| time.as_second() >= since));
        concerns && is_recent && (!filter.unclear || unclear.contains(&line.sequence))
    });
    Ok((lines, chain))
}

fn exit_code(chain: &Chain) -> u8 {
    if chain.problems.is_empty() {
        return 0;
    }
    tracing::warn!(
        "the journal is not whole, and what is shown may not be what was written: `muzzle audit verify` tells more"
    );
    BROKEN
}

const HEADER: [&str; 7] = ["#", "TIME", "EVENT", "RESULT", "RULE", "SECRET", "WHO"];

/// Characters of the last column, which is as long as it likes otherwise.
const LONGEST: usize = 60;

fn show(args: &JournalArgs, filter: &AuditFilter, format: ShowFormat) -> anyhow::Result<u8> {
    let (lines, chain) = chosen(args, filter)?;
    if format == ShowFormat::Json {
        let list: Vec<&Line> = lines.iter().map(|(line, _)| line).collect();
        print(format!("{}\n", serde_json::to_string_pretty(&list)?))?;
        return Ok(exit_code(&chain));
    }
    let rows: Vec<[String; 7]> = std::iter::once(HEADER.map(str::to_owned))
        .chain(lines.iter().map(|(line, _)| row(line, &lines)))
        .collect();
    let widths: [usize; 7] =
        std::array::from_fn(|at| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0));
    let mut text = String::new();
    for row in &rows {
        let line = row.iter().zip(widths).fold(String::new(), |mut line, (cell, width)| {
            let _ = write!(line, "{cell:width$}  ");
            line
        });
        writeln!(text, "{}", line.trim_end())?;
    }
    if lines.is_empty() {
        text = "nothing in the journal is asked for\n".into();
    }
    print(text)?;
    Ok(exit_code(&chain))
}

fn row(line: &Line, all: &[(Line, String)]) -> [String; 7] {
    let begun = line.of.and_then(|of| all.iter().find(|(line, _)| line.sequence == of));
    let intent = line.intent.as_ref().or_else(|| begun.and_then(|(line, _)| line.intent.as_ref()));
    let of = line.of.map(|of| format!(" of {of}")).unwrap_or_default();
    let event = match &line.intent {
        Some(intent) => format!("{} {}", line.event.as_str(), intent.action),
        None => format!("{}{of}", line.event.as_str()),
    };
    let result = line.done.as_ref().map(|done| done.result.clone()).or(line.note.clone()).unwrap_or_default();
    let who = match &line.who.ci {
        Some(ci) => format!("{} ({} {})", line.who.user, ci.system, ci.actor.as_deref().unwrap_or("?")),
        None => line.who.user.clone(),
    };
    let seconds: String = line.time.chars().take("2026-01-02T03:04:05".len()).collect();
    let text = |text: &str| clip(&visible(text.as_bytes()), LONGEST);
    [
        line.sequence.to_string(),
        text(&format!("{seconds}Z")),
        text(&event),
        text(&result),
        text(intent.map_or("", |intent| &intent.rule)),
        text(intent.map_or("", |intent| &intent.secret)),
        text(&format!("{who}@{}", line.host)),
    ]
}

fn export(args: &JournalArgs, filter: &AuditFilter, format: ExportFormat) -> anyhow::Result<u8> {
    let (lines, chain) = chosen(args, filter)?;
    let holds = chain.problems.is_empty();
    let text = match format {
        ExportFormat::Json => {
            let with_hash = |(line, hash): &(Line, String)| -> serde_json::Result<Value> {
                let mut value = serde_json::to_value(line)?;
                value["line_sha256"] = json!(hash);
                Ok(value)
            };
            let lines = lines.iter().map(with_hash).collect::<Result<Vec<_>, _>>()?;
            let document = json!({
                "head": chain.head, "holds": holds, "problems": chain.problems, "remarks": chain.remarks,
                "lines": lines,
            });
            format!("{}\n", serde_json::to_string_pretty(&document)?)
        }
        ExportFormat::Csv => table(&lines),
    };
    print(text)?;
    if let Some(head) = &chain.head {
        // Beside the table, which has no place for it.
        writeln!(std::io::stderr(), "head: {head}").context("writing to standard error")?;
    }
    Ok(exit_code(&chain))
}

const COLUMNS: [&str; 29] = [
    "sequence",
    "time",
    "tool",
    "user",
    "uid",
    "process",
    "ci",
    "ci_actor",
    "ci_project",
    "ci_run",
    "host",
    "event",
    "of",
    "action",
    "rule",
    "provider",
    "fingerprint",
    "secret",
    "place",
    "call",
    "plan",
    "consent",
    "outcome",
    "result",
    "status",
    "request_id",
    "reply_sha256",
    "reason",
    "line_sha256",
];

fn table(lines: &[(Line, String)]) -> String {
    let mut out = COLUMNS.join(",") + "\n";
    for (line, hash) in lines {
        let (ci, intent, done) = (line.who.ci.as_ref(), line.intent.as_ref(), line.done.as_ref());
        let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
        let opt = |text: Option<&String>| text.cloned().unwrap_or_default();
        let cells: [String; 29] = [
            line.sequence.to_string(),
            line.time.clone(),
            line.tool.clone(),
            line.who.user.clone(),
            number(line.who.uid.map(u64::from)),
            line.who.process.to_string(),
            opt(ci.map(|ci| &ci.system)),
            opt(ci.and_then(|ci| ci.actor.as_ref())),
            opt(ci.and_then(|ci| ci.project.as_ref())),
            opt(ci.and_then(|ci| ci.run.as_ref())),
            line.host.clone(),
            line.event.as_str().into(),
            number(line.of),
            opt(intent.map(|intent| &intent.action)),
            opt(intent.map(|intent| &intent.rule)),
            opt(intent.map(|intent| &intent.provider)),
            opt(intent.map(|intent| &intent.fingerprint)),
            opt(intent.map(|intent| &intent.secret)),
            opt(intent.map(|intent| &intent.place)),
            opt(intent.map(|intent| &intent.call)),
            opt(intent.and_then(|intent| intent.plan.as_ref())),
            opt(intent.map(|intent| &intent.consent)),
            done.and_then(|done| done.outcome).map(|outcome| outcome.to_string()).unwrap_or_default(),
            opt(done.map(|done| &done.result)),
            number(done.and_then(|done| done.status).map(u64::from)),
            opt(done.and_then(|done| done.request_id.as_ref())),
            opt(done.and_then(|done| done.reply_sha256.as_ref())),
            done.map(|done| &done.reason).or(line.note.as_ref()).cloned().unwrap_or_default(),
            hash.clone(),
        ];
        let cells = cells.map(|text| cell(&visible(text.as_bytes())).into_owned());
        out.push_str(&cells.join(","));
        out.push('\n');
    }
    out
}
