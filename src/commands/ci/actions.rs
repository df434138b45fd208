//! What GitHub Actions gets: annotations and the log on standard output, the summary of the job, the outputs of the step.

use std::collections::hash_map::RandomState;
use std::fmt::Write as _;
use std::hash::{BuildHasher as _, Hasher as _};
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail};

use super::Run;
use crate::ci::Environment;
use crate::ci::checkout::Chosen;
use crate::finding::GapKind;
use crate::report::Look;
use crate::report::markdown::{self, Links};
use crate::report::{github, human};

/// Reports a run to GitHub; returns the exit code. An error becomes an annotation, too.
pub(super) fn finish(environment: &Environment, outcome: anyhow::Result<Run>) -> anyhow::Result<u8> {
    match outcome {
        Ok(run) => {
            // The summary and the outputs first: whoever reads the log may have gone.
            summary(environment, &run)?;
            outputs(environment, &run)?;
            log(&run)?;
            Ok(run.code)
        }
        Err(error) => {
            let _ = std::io::stdout().write_all(github::failure(&format!("{error:#}")).as_bytes());
            let lines = [("count", "0"), ("exit-code", "2"), ("complete", "false")];
            let lines = lines.map(|(name, value)| (name, value.to_owned()));
            append(environment, "GITHUB_OUTPUT", &pairs(&lines)?)?;
            Err(error)
        }
    }
}

/// Annotations, then the report for people in a group. While that is shown, the runner obeys nothing but a word that
/// nobody knows before.
fn log(run: &Run) -> anyhow::Result<()> {
    let mut out = github::render(&run.report);
    for line in &run.decision.why {
        out.extend_from_slice(
            format!("muzzle: {}\n", crate::report::text::visible(line.as_bytes())).as_bytes(),
        );
    }
    if run.report.gaps.iter().any(|gap| gap.kind == GapKind::Shallow) {
        out.extend_from_slice(format!("muzzle: to scan the rest, {}.\n", run.deepen).as_bytes());
    }
    if run.report.is_complete() && run.report.stats.commits == 0 && run.decision.extent != Chosen::Whole {
        out.extend_from_slice(
            github::notice("No commit was in scope, so that nothing was scanned.").as_bytes(),
        );
    }
    let token = token();
    out.extend_from_slice(
        format!("::group::muzzle: the whole report\n::stop-commands::{token}\n").as_bytes(),
    );
    out.extend_from_slice(&human::render(&run.report, &Look::default()));
    out.extend_from_slice(format!("::{token}::\n::endgroup::\n").as_bytes());
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(&out).and_then(|()| stdout.flush()).context("writing the report to standard output")
}

/// 128 bits that differ in every run.
fn token() -> String {
    let mut token = String::from("muzzle-");
    for part in 0..2u8 {
        let mut hasher = RandomState::new().build_hasher();
        hasher.write_u8(part);
        let _ = write!(token, "{:016x}", hasher.finish());
    }
    token
}

fn summary(environment: &Environment, run: &Run) -> anyhow::Result<()> {
    let Some(path) = environment.get("GITHUB_STEP_SUMMARY") else { return Ok(()) };
    let taken = Path::new(path)
        .metadata()
        .map_or(0, |metadata| usize::try_from(metadata.len()).unwrap_or(usize::MAX));
    let server = environment.get("GITHUB_SERVER_URL").unwrap_or("https://github.com");
    let links = environment
        .get("GITHUB_REPOSITORY")
        .and_then(|repository| Links::github(&format!("{}/{repository}", server.trim_end_matches('/'))));
    let context = markdown::Context {
        why: run.decision.why.clone(),
        links,
        room: Some(markdown::LARGEST.saturating_sub(taken)),
    };
    append(environment, "GITHUB_STEP_SUMMARY", &markdown::render_with(&run.report, &context))
}

fn outputs(environment: &Environment, run: &Run) -> anyhow::Result<()> {
    let mut lines = vec![
        ("count", run.report.findings.len().to_string()),
        ("exit-code", run.code.to_string()),
        ("complete", run.report.is_complete().to_string()),
        ("scope", run.report.scope.clone().unwrap_or_else(|| "everything".into())),
    ];
    for (name, file) in &run.sarif {
        lines.push((name, file.to_string_lossy().into_owned()));
    }
    append(environment, "GITHUB_OUTPUT", &pairs(&lines)?)
}

/// `name=value` lines. A value of two lines would be two outputs.
fn pairs(lines: &[(&str, String)]) -> anyhow::Result<Vec<u8>> {
    let mut out = String::new();
    for (name, value) in lines {
        if value.contains(['\n', '\r']) {
            bail!("the output `{name}` cannot hold a line break: {value:?}");
        }
        let _ = writeln!(out, "{name}={value}");
    }
    Ok(out.into_bytes())
}

/// To a file that a variable names, if it does.
fn append(environment: &Environment, variable: &str, bytes: &[u8]) -> anyhow::Result<()> {
    let Some(path) = environment.get(variable) else { return Ok(()) };
    let write = || std::fs::OpenOptions::new().append(true).create(true).open(path)?.write_all(bytes);
    write().with_context(|| format!("writing to {path} ({variable})"))
}
