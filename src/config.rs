//! Settings: command line over file over defaults; raw → validated.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::Deserialize;

use crate::cli::{ConfidenceArg, RuleFilesArgs, ScanArgs, ScopeArgs};
use crate::finding::Confidence;
use crate::git::scope::Scope;
use crate::pipeline::{Options, Target};
use crate::report::Format;
use crate::rules::RuleSet;

/// A configuration file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    scan: ScanSection,
    #[serde(default)]
    rules: RulesSection,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ScanSection {
    confidence: Option<Confidence>,
    jobs: Option<u16>,
    history: Option<bool>,
    worktree: Option<bool>,
    unreachable: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RulesSection {
    #[serde(default)]
    only: Vec<String>,
    #[serde(default)]
    disable: Vec<String>,
    /// Rule files, relative to the configuration file.
    #[serde(default)]
    files: Vec<PathBuf>,
}

/// Where a report goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// In which format.
    pub format: Format,
    /// `None` is standard output.
    pub file: Option<PathBuf>,
}

/// Everything `scan` needs.
#[derive(Debug)]
pub struct Config {
    /// The rules to run.
    pub rules: RuleSet,
    /// How to scan.
    pub options: Options,
    /// Reports to write.
    pub outputs: Vec<Output>,
}

impl Config {
    /// Reads and checks everything; errors say what to change.
    pub fn resolve(args: &ScanArgs) -> anyhow::Result<Self> {
        let (file, directory) = match &args.config {
            Some(path) => (read(path)?, path.parent().unwrap_or(Path::new("")).to_owned()),
            None => (File::default(), PathBuf::new()),
        };
        let threshold =
            args.confidence.map(Confidence::from).or(file.scan.confidence).unwrap_or(Confidence::Medium);
        let mut rules = select_rules(args, &file.rules, &directory)?;
        // Who asks for a rule by name wants to know of all that it finds.
        if args.rules.is_empty() && file.rules.only.is_empty() {
            rules.leave_out_below(threshold);
        }
        let history = !args.no_history && file.scan.history.unwrap_or(true);
        let worktree = !args.no_worktree && file.scan.worktree.unwrap_or(true);
        if !history && !worktree {
            bail!("neither history nor working tree is to be scanned: drop --no-history or --no-worktree");
        }
        let most = args.scope.max_commits.map(|most| usize::try_from(most).unwrap_or(usize::MAX));
        let ScopeArgs { range, since, branch, .. } = &args.scope;
        let now = jiff::Timestamp::now();
        let scope = Scope::new(range.as_deref(), since.as_deref(), branch.as_deref(), most, now)?;
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let options = Options {
            targets: args.paths.iter().map(target).collect(),
            history,
            worktree,
            unreachable: scope.is_none() && (args.unreachable || file.scan.unreachable.unwrap_or(false)),
            scope,
            honour_ignores: !args.no_ignore,
            no_delta: args.no_delta,
            threshold,
            jobs: args.jobs.or(file.scan.jobs).map_or(cores, |jobs| usize::from(jobs.max(1))),
            show_secrets: args.show_secrets,
            explain: args.explain,
        };
        Ok(Config { rules, options, outputs: outputs(&args.outputs)? })
    }
}

/// What `-o` asks for; by default a report for people.
pub(crate) fn outputs(texts: &[String]) -> anyhow::Result<Vec<Output>> {
    let mut outputs = texts.iter().map(|text| output(text)).collect::<anyhow::Result<Vec<_>>>()?;
    if outputs.is_empty() {
        outputs.push(Output { format: Format::Human, file: None });
    }
    if outputs.iter().filter(|output| output.file.is_none()).count() > 1 {
        bail!(
            "two reports cannot share standard output: give one of them a file, as in -o sarif=muzzle.sarif"
        );
    }
    Ok(outputs)
}

fn target(path: &PathBuf) -> Target {
    if path == Path::new("-") { Target::Stdin } else { Target::Path(path.clone()) }
}

fn read(path: &Path) -> anyhow::Result<File> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("reading configuration {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("in configuration {}", path.display()))
}

fn output(text: &str) -> anyhow::Result<Output> {
    let (name, file) = match text.split_once('=') {
        Some((name, file)) => (name, Some(PathBuf::from(file))),
        None => (text, None),
    };
    let Some(format) = Format::by_name(name) else {
        let known: Vec<&str> = Format::ALL.iter().map(|(name, _)| *name).collect();
        bail!("unknown report format {name:?}; known ones: {}", known.join(", "));
    };
    if file.as_ref().is_some_and(|file| file.as_os_str().is_empty()) {
        bail!("-o {name}= names no file");
    }
    Ok(Output { format, file: file.filter(|file| file != Path::new("-")) })
}

fn select_rules(args: &ScanArgs, section: &RulesSection, directory: &Path) -> anyhow::Result<RuleSet> {
    let mut rules = args.rule_files.base()?;
    section.files.iter().try_for_each(|file| rules.load(&directory.join(file)))?;
    args.rule_files.add_to(&mut rules)?;
    let only: Vec<&String> =
        if args.rules.is_empty() { section.only.iter() } else { args.rules.iter() }.collect();
    let disabled: Vec<&String> = args.disabled_rules.iter().chain(&section.disable).collect();
    for id in only.iter().chain(&disabled) {
        if rules.by_id(id).is_none() {
            let near = nearest(&rules, id);
            bail!("there is no rule `{id}`; did you mean `{near}`? `muzzle rules list` shows all");
        }
    }
    rules.retain(|rule| (only.is_empty() || only.contains(&&rule.id)) && !disabled.contains(&&rule.id));
    if rules.is_empty() {
        bail!("no rule is left to run: none is loaded, or all that --rule selects are disabled");
    }
    Ok(rules)
}

impl RuleFilesArgs {
    /// The rules that come with muzzle, and those of the files.
    pub(crate) fn rules(&self) -> anyhow::Result<RuleSet> {
        let mut rules = self.base()?;
        self.add_to(&mut rules)?;
        Ok(rules)
    }

    fn base(&self) -> anyhow::Result<RuleSet> {
        if self.no_builtin_rules {
            return Ok(RuleSet::default());
        }
        RuleSet::embedded().context("loading the rules that come with muzzle")
    }

    fn add_to(&self, rules: &mut RuleSet) -> anyhow::Result<()> {
        self.files.iter().try_for_each(|file| rules.load(file)).map_err(Into::into)
    }
}

/// The id that shares the most two-letter pieces with a mistyped one.
fn nearest<'a>(rules: &'a RuleSet, id: &str) -> &'a str {
    let pieces = |text: &str| {
        text.as_bytes().windows(2).map(<[u8]>::to_vec).collect::<std::collections::BTreeSet<_>>()
    };
    let wanted = pieces(id);
    let score = |known: &str| {
        let known = pieces(known);
        let shared = known.intersection(&wanted).count();
        (2000 * shared) / (known.len() + wanted.len()).max(1)
    };
    rules.iter().map(|(_, rule)| rule.id.as_str()).max_by_key(|known| score(known)).unwrap_or_default()
}

impl From<ConfidenceArg> for Confidence {
    fn from(argument: ConfidenceArg) -> Self {
        match argument {
            ConfidenceArg::Low => Confidence::Low,
            ConfidenceArg::Medium => Confidence::Medium,
            ConfidenceArg::High => Confidence::High,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs() {
        assert_eq!(output("json").unwrap(), Output { format: Format::Json, file: None });
        assert_eq!(output("sarif=a=b").unwrap().file, Some("a=b".into()));
        assert!(output("sarif=").is_err());
        assert!(output("xml").unwrap_err().to_string().contains("human, json"));
    }

    #[test]
    fn unknown_keys_in_a_configuration_are_errors() {
        assert!(toml::from_str::<File>("[scan]\nconfidance = 'low'").is_err());
        let file: File = toml::from_str("[scan]\nconfidence = 'low'\n[rules]\ndisable = ['x']").unwrap();
        assert_eq!(file.scan.confidence, Some(Confidence::Low));
    }
}
