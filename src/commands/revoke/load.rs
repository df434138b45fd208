//! Which credentials are meant, and how they are looked up: a scan, a saved run, or one secret.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::remains;
use crate::cli::RevokeArgs;
use crate::commands::verify::given::{first_line, others};
use crate::config::Config;
use crate::report::Report;
use crate::report::saved::{SavedError, Wanted as Saved, read};
use crate::report::text::visible;
use crate::response::credentials::given::Given;
use crate::response::credentials::reread::reread;
use crate::response::credentials::{Credentials, Wanted};
use crate::response::inputs::Credential;
use crate::response::revoke::Record;
use crate::response::settings::Settings;
use crate::rules::response::Responses;

/// They, with what can be done about them.
pub(super) struct Loaded {
    pub(super) credentials: Vec<Credential>,
    pub(super) responses: Responses,
    lost: Vec<(String, usize)>,
    report: Option<Report>,
}

/// The trees that findings come from: their configuration is nobody's word.
pub(super) fn scanned(args: &RevokeArgs) -> Vec<PathBuf> {
    if args.is_of_one_secret() {
        return Vec::new();
    }
    match (&args.repository, args.paths.as_slice()) {
        (Some(repository), _) => vec![repository.clone()],
        (None, []) => vec![".".into()],
        (None, paths) => paths.to_vec(),
    }
}

/// Finds them.
pub(super) fn credentials(args: &RevokeArgs, settings: &Settings) -> anyhow::Result<Loaded> {
    if args.is_of_one_secret() {
        return one(args, settings);
    }
    if !(args.values.is_empty() && args.variables.is_empty()) || args.force_shape {
        bail!("--set and --force-shape are for one secret on standard input: name its rule with --rule");
    }
    let wanted = Wanted { rules: args.rules.clone(), ..Wanted::default() };
    let (report, responses, found) = match &args.from {
        Some(file) => saved(args, file, &wanted, settings)?,
        None => {
            let scan = args.as_scan().map_err(|error| {
                anyhow::anyhow!(error.to_string().trim_start_matches("error: ").trim_end().to_owned())
            })?;
            let report = crate::commands::scan::scan(Config::resolve(&scan)?, args.quiet)?;
            let responses = Responses::of(&report.rules)?;
            let found = Credentials::of(&report, &wanted, settings);
            (report, responses, found)
        }
    };
    let lost = found.reasons();
    Ok(Loaded { credentials: found.all, responses, lost, report: Some(report) })
}

/// What a saved run found.
fn saved(
    args: &RevokeArgs,
    file: &Path,
    wanted: &Wanted,
    settings: &Settings,
) -> anyhow::Result<(Report, Responses, Credentials)> {
    let bytes = crate::commands::report::content(file)?;
    let rules = args.rule_files.rules()?;
    let responses = Responses::of(&rules)?;
    match read(file, &bytes, Saved { secrets: true, explain: false }) {
        Ok(mut report) => {
            let credentials = Credentials::of(&report, wanted, settings);
            report.show_secrets = false;
            Ok((report, responses, credentials))
        }
        Err(SavedError::NoSecrets(_)) => {
            let report = read(file, &bytes, Saved { secrets: false, explain: false })?;
            let values = reread(&report, &place(args, &report)?, rules)?;
            let credentials = Credentials::with(&report, values, wanted, settings);
            Ok((report, responses, credentials))
        }
        Err(error) => Err(error.into()),
    }
}

/// Where the values of a saved run are.
fn place(args: &RevokeArgs, report: &Report) -> anyhow::Result<PathBuf> {
    if let Some(path) = &args.repository {
        path.metadata().with_context(|| format!("--repository {}", path.display()))?;
        return Ok(path.clone());
    }
    match report.targets.as_slice() {
        [one] if one != "-" && Path::new(one).exists() => Ok(one.into()),
        _ => Ok(".".into()),
    }
}

/// The one that standard input has.
fn one(args: &RevokeArgs, settings: &Settings) -> anyhow::Result<Loaded> {
    let rule = match args.rules.as_slice() {
        [rule] => rule.clone(),
        [] => bail!("which provider is told? Name the rule of the secret with --rule ID"),
        _ => bail!("one secret is of one rule: name it once"),
    };
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        bail!(
            "a secret is read from standard input, and a terminal would show it: pipe it in, or name what is to be scanned"
        );
    }
    let others = others(&args.values, &args.variables, &[])?;
    let secret = first_line(stdin.lock()).context("reading the secret from standard input")?;
    let rules = args.rule_files.rules()?;
    let responses = Responses::of(&rules)?;
    let given = Given { rule, secret, others, any_shape: args.force_shape };
    let credential = given.credential(&rules, settings)?;
    Ok(Loaded { credentials: vec![credential], responses, lost: Vec::new(), report: None })
}

impl Loaded {
    /// Findings whose values are not known.
    pub(super) fn tell_lost(&self) -> std::io::Result<()> {
        for (why, number) in &self.lost {
            let findings = if *number == 1 { "finding" } else { "findings" };
            let why = visible(why.as_bytes());
            writeln!(std::io::stderr(), "muzzle: {number} {findings} cannot be revoked from here: {why}")?;
        }
        Ok(())
    }

    /// What is left to do after each of these.
    pub(super) fn remains(&self, records: &[Record]) -> Vec<Vec<String>> {
        records.iter().map(|record| remains::after(record, self.report.as_ref())).collect()
    }
}
