//! `muzzle explain`: one finding, and how to get rid of it.

use anyhow::bail;

use super::print;
use super::report::content;
use super::scan::scan;
use crate::cli::{ConfidenceArg, ExplainArgs, ScanArgs};
use crate::config::Config;
use crate::finding::Finding;
use crate::report::Report;
use crate::report::human::explained;
use crate::report::saved::{Wanted, read};
use crate::report::text::visible;
use crate::response::guidance::of;
use crate::rules::response::Responses;

/// Explains it.
pub fn run(args: &ExplainArgs) -> anyhow::Result<u8> {
    let (report, source) = match &args.from {
        Some(file) => {
            let report = read(file, &content(file)?, Wanted::default())?;
            (report, format!("--from {}", visible(file.as_os_str().as_encoded_bytes())))
        }
        None => {
            let mut scan_args = ScanArgs::of(&args.path)?;
            scan_args.rule_files = args.rule_files.clone();
            scan_args.confidence = Some(ConfidenceArg::Low);
            let report = scan(Config::resolve(&scan_args)?, args.quiet)?;
            (report, visible(args.path.as_os_str().as_encoded_bytes()))
        }
    };
    let finding = find(&report, &args.fingerprint)?;
    let rule = report.rule(finding);
    let guidance = match report.guidance.get(&finding.rule) {
        Some(known) => Some(known.clone()),
        // A saved run may be older than what is known today.
        None => {
            let rules = args.rule_files.rules()?;
            of(&Responses::of(&rules.some(|known| known.id == rule.id))?, &rule.id)
        }
    };
    print(explained::render(&report, finding, guidance.as_ref(), &source))?;
    Ok(0)
}

/// The finding whose fingerprint this is, or begins with.
fn find<'a>(report: &'a Report, fingerprint: &str) -> anyhow::Result<&'a Finding> {
    let wanted = fingerprint.trim().to_ascii_lowercase();
    let fits = |finding: &&Finding| {
        let known = finding.fingerprint.as_str();
        known.starts_with(&wanted) || known.trim_start_matches("v1:").starts_with(&wanted)
    };
    let mut found: Vec<&Finding> = report.all_findings().filter(fits).collect();
    found.dedup_by(|a, b| a.fingerprint == b.fingerprint);
    match found.as_slice() {
        _ if wanted.trim_start_matches("v1:").is_empty() => {
            bail!("which finding? Reports show its fingerprint")
        }
        [one] => Ok(one),
        [] => bail!("no finding has the fingerprint {}: reports show them", visible(fingerprint.as_bytes())),
        several if several.iter().all(|one| one.fingerprint == several[0].fingerprint) => Ok(several[0]),
        several => bail!("{} findings begin like that: give more of the fingerprint", several.len()),
    }
}
