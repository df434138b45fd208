//! One secret, on standard input.

use std::io::{IsTerminal as _, Read};

use anyhow::{Context as _, anyhow, bail};
use zeroize::Zeroizing;

use super::ask::{Asked, Session};
use crate::cli::{VerdictFormat, VerifyArgs};
use crate::commands::print;
use crate::finding::{Severity, Verification};
use crate::report::text::Redactor;
use crate::response::credentials::given::Given;
use crate::response::credentials::masked;
use crate::response::inputs::Credential;
use crate::response::risk::{Circumstances, Place, risk};
use crate::response::verdicts::{self, Verdict, exit_code};
use crate::rules::response::Responses;
use crate::secret::Secret;

/// More is no secret.
const LONGEST: u64 = 1 << 20;

/// Reads it, and asks.
pub(super) fn run(args: &VerifyArgs, session: &Session<'_>) -> anyhow::Result<u8> {
    let rule = match args.rules.as_slice() {
        [rule] => rule.clone(),
        [] => bail!("which provider is asked? Name the rule of the secret with --rule ID"),
        _ => bail!("one secret is of one rule: name it once"),
    };
    if !args.outputs.is_empty() {
        bail!("there is no report of one secret: --format json writes its verdict for programs");
    }
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        bail!(
            "a secret is read from standard input, and a terminal would show it: pipe it in, or name what is to be scanned"
        );
    }
    let others = others(&args.values, &args.variables, &args.value_files)?;
    let secret = first_line(stdin.lock()).context("reading the secret from standard input")?;
    let rules = args.rule_files.rules()?;
    let responses = Responses::of(&rules)?;
    let given = Given { rule, secret, others, any_shape: args.force_shape };
    let credential = given.credential(&rules, &session.settings)?;
    let severity = rules.by_id(&credential.rule).map_or(Severity::High, |rule| rule.severity);
    match session.ask(&responses, std::slice::from_ref(&credential), &[], args.format)? {
        Asked::Planned => Ok(0),
        Asked::Answered(answers) => {
            let list: Vec<Verdict> =
                answers.iter().map(|answer| verdict(&credential, answer, severity)).collect();
            match args.format {
                VerdictFormat::Human => print(verdicts::render(&list))?,
                VerdictFormat::Json => print(verdicts::document(&list, &session.agreed()))?,
            }
            Ok(exit_code(&list))
        }
    }
}

fn verdict(credential: &Credential, answer: &Verification, severity: Severity) -> Verdict {
    let mut answer = masked(answer, &Redactor::new(credential.inputs.values()));
    let circumstances = Circumstances { severity, identity: &[], place: Place::Unknown, is_pushed: false };
    answer.risk = Some(risk(&answer, &circumstances));
    let identity = (credential.fingerprint.to_string(), &*credential.rule, &*credential.provider);
    Verdict::new(identity, (credential.secret().masked(), credential.place.clone()), &answer)
}

/// What else its provider needs.
pub(crate) fn others(
    values: &[String],
    variables: &[String],
    files: &[String],
) -> anyhow::Result<Vec<(String, Secret)>> {
    let mut others = Vec::new();
    for text in values {
        let (name, value) = pair(text, "--set")?;
        others.push((name, Secret::new(value.as_bytes())));
    }
    for text in variables {
        let (name, variable) = pair(text, "--set-from-env")?;
        let value = std::env::var_os(&variable)
            .ok_or_else(|| anyhow!("--set-from-env {name}: there is no environment variable {variable}"))?;
        others.push((name, Secret::new(value.as_encoded_bytes())));
    }
    for text in files {
        let (name, file) = pair(text, "--set-from-file")?;
        let open = std::fs::File::open(&file).with_context(|| format!("--set-from-file {name}: {file}"))?;
        others.push((name, first_line(open).with_context(|| format!("reading {file}"))?));
    }
    if let Some((name, _)) = others.iter().find(|(name, _)| name == "secret") {
        bail!("{name} is what is read from standard input");
    }
    Ok(others)
}

fn pair(text: &str, option: &str) -> anyhow::Result<(String, String)> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => {
            Ok((name.to_owned(), value.to_owned()))
        }
        // What stands there may be a secret that was typed by mistake.
        _ => bail!("{option} takes NAME=VALUE, with something on both sides"),
    }
}

/// Without its line break; wiped.
pub(crate) fn first_line(input: impl Read) -> std::io::Result<Secret> {
    // No buffer grows behind our back: what was in the old one would stay in memory.
    let mut line = Zeroizing::new(Vec::with_capacity(64 << 10));
    let mut input = input.take(LONGEST);
    let mut byte = Zeroizing::new([0; 1]);
    while line.last() != Some(&b'\n') && input.read(&mut byte[..])? == 1 {
        line.push(byte[0]);
    }
    let end = line.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |at| at + 1);
    Ok(Secret::new(&line[..end]))
}
