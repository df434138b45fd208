//! Settings: flags over environment over file over defaults; raw → validated. Who is believed is in `trust`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};

use crate::cli::{RuleFilesArgs, ScanArgs, ScopeArgs};
use crate::finding::Confidence;
use crate::git;
use crate::git::scope::Scope;
use crate::pipeline::{Options, Target};
use crate::policy::{Entry, Outcome, Policy};
use crate::report::Format;
use crate::report::text::visible;
use crate::rules::RuleSet;

mod check;
mod entries;
mod env;
mod file;
mod flags;
pub mod keys;
mod layer;
mod lint;
mod nearest;
mod origin;
pub mod policy_file;
mod response;
mod rule_answers;
mod settings;
mod size;
mod stricter;
pub(crate) mod suppression;
mod theirs;
mod trust;
mod weaker;

pub use env::Environment;
pub use file::{FileError, JSON_SCHEMA};
pub use origin::{Origin, Setting};
pub use response::{ResponseConfig, response};
pub use settings::Shown;
pub use trust::{NAMES, Standing};

use layer::Layer;
use settings::Settings;
use trust::RuleSource;

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
    /// The exit code is 0 or 1 even if something could not be scanned.
    pub allow_incomplete: bool,
}

impl Config {
    /// Reads and checks everything; errors say what to change.
    pub fn resolve(args: &ScanArgs) -> anyhow::Result<Self> {
        let environment = Environment::of_process();
        let settings = Settings::resolve(args, &environment)?;
        let (layer, threshold) = (&settings.layer, settings.threshold());
        let mut all = all_rules(args, &settings)?;
        let forgotten = rule_answers::forget(&mut all, &settings.sources, &args.paths, &environment)?;
        let entries = policy_entries(&settings, &all);
        let rules = selected(all, layer, threshold)?;
        let is = |setting: &Option<Setting<bool>>, default| setting.as_ref().map_or(default, |set| set.value);
        let (history, worktree) = (is(&layer.history, true), is(&layer.worktree, true));
        if !history && !worktree {
            bail!("neither history nor working tree is to be scanned: drop --no-history or --no-worktree");
        }
        let most = args.scope.max_commits.map(|most| usize::try_from(most).unwrap_or(usize::MAX));
        let ScopeArgs { range, since, branch, .. } = &args.scope;
        let now = jiff::Timestamp::now();
        let scope = Scope::new(range.as_deref(), since.as_deref(), branch.as_deref(), most, now)?;
        let scope = if args.staged {
            Some(Scope::staged(git::environment::Environment::of_process()))
        } else {
            scope
        };
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let targets: Vec<Target> = args.paths.iter().map(target).collect();
        let is_any =
            |list: &Option<Setting<Vec<String>>>| list.as_ref().is_some_and(|list| !list.value.is_empty());
        let judges_unused = !is_any(&layer.only) && !is_any(&layer.disable);
        let standing = trust::Standing::of(args, &environment)?;
        let suppression = suppression::sources(&args.suppression, &targets, &standing, judges_unused)?;
        let mut outcome = outcome(&settings);
        outcome.notices.extend(forgotten);
        let options = Options {
            targets,
            history,
            worktree,
            unreachable: scope.is_none() && is(&layer.unreachable, false),
            scope,
            honour_ignores: is(&layer.ignore_files, true),
            archives: is(&layer.archives, true),
            decoding: is(&layer.decoding, true),
            no_delta: args.no_delta,
            threshold,
            jobs: layer.jobs.as_ref().map_or(cores, |jobs| usize::from(jobs.value)),
            largest_file: layer.largest_file.as_ref().map_or(u64::MAX, |limit| limit.value.0),
            show_secrets: is(&layer.show_secrets, false),
            explain: is(&layer.explain, false),
            suppression,
            policy: Policy { entries, outcome },
        };
        let outputs = outputs(layer.outputs.as_ref().map_or(&[], |texts| &texts.value))?;
        Ok(Config { rules, options, outputs, allow_incomplete: is(&layer.allow_incomplete, false) })
    }
}

/// Every setting with its value and origin, and what people must know about them.
pub fn show(args: &ScanArgs) -> anyhow::Result<(Vec<Shown>, Outcome)> {
    let environment = Environment::of_process();
    let mut settings = Settings::resolve(args, &environment)?;
    // What is sent where is the only thing that a file named by nobody says.
    if args.config.is_none() && environment.get("MUZZLE_CONFIG").is_none() {
        let own = response::own(&environment, &mut settings.sources.notices)?;
        settings.layer = settings.layer.over(own.map(|(_, layer)| layer).unwrap_or_default());
    }
    Ok((settings.list(), outcome(&settings)))
}

/// The configuration that a scan of these paths would use, checked; what may not be meant, and how many allowlists it has.
pub fn check(path: &Path) -> anyhow::Result<Vec<String>> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("reading configuration {}", path.display()))?;
    let name = path.display().to_string();
    if file::is_gitleaks(&text) {
        let rules = RuleSet::of_gitleaks(&name, &text)?;
        if rules.is_empty() {
            bail!("{name}: {NO_RULES_OF_GITLEAKS}");
        }
        return Ok(Vec::new());
    }
    let layer = file::parse(&name, &text)?;
    let builtin = layer.builtin.as_ref().is_none_or(|builtin| builtin.value);
    let mut rules = if builtin { RuleSet::embedded()? } else { RuleSet::default() };
    let directory = path.parent().unwrap_or(Path::new(""));
    for file in layer.files.iter().flat_map(|files| &files.value) {
        rules.load(&directory.join(file))?;
    }
    let warnings = lint::warnings(&layer, &rules)?;
    let threshold = layer.confidence.as_ref().map_or(Confidence::Medium, |setting| setting.value);
    selected(rules, &layer, threshold)?;
    outputs(layer.outputs.as_ref().map_or(&[], |texts| &texts.value))?;
    Ok(warnings.into_iter().map(|(place, why)| format!("{place}: {why}")).collect())
}

fn target(path: &PathBuf) -> Target {
    if path == Path::new("-") { Target::Stdin } else { Target::Path(path.clone()) }
}

fn outcome(settings: &Settings) -> Outcome {
    let (layer, sources) = (&settings.layer, &settings.sources);
    let mut notices = sources.notices.clone();
    match (&sources.tree, &sources.refused) {
        (Some(_), Some(refused)) => {
            // What is in force anyway is not refused.
            let known: Vec<String> =
                entries::uncounted(&sources.layer).into_iter().map(|(_, text)| text).collect();
            let told = entries::uncounted(refused).into_iter().filter(|(_, text)| !known.contains(text));
            notices.extend(told.map(|(place, text)| {
                format!("{}:{} of the scanned tree is not honoured: {text}", place.file(), place.line())
            }));
        }
        (Some(_), None) => {
            let told =
                entries::unscanned(&sources.layer).into_iter().chain(entries::uncounted(&sources.layer));
            notices.extend(told.map(|(place, text)| {
                format!("{}:{} of the scanned tree: {text}", place.file(), place.line())
            }));
        }
        (None, _) => {}
    }
    let default = Outcome::default();
    Outcome {
        file: sources.file.clone(),
        revision: sources.revision.clone(),
        tree: sources.tree.clone(),
        fail_on: layer.fail_on.as_ref().map(|setting| setting.value.clone()).unwrap_or_default(),
        exit_code: layer.exit_code.as_ref().map_or(default.exit_code, |code| code.value),
        weakened: sources.weakened.clone(),
        notices,
        ..default
    }
}

/// What is hidden place by place, and what would be.
fn policy_entries(settings: &Settings, rules: &RuleSet) -> Vec<Arc<Entry>> {
    let mut all = entries::in_force(&settings.layer, rules);
    all.extend(settings.sources.refused.iter().flat_map(|refused| entries::refused(refused, rules)));
    all
}

/// What `-o` or a file asks for; by default a report for people.
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

const NO_RULES_OF_GITLEAKS: &str = "this gitleaks configuration has no rules, so that nothing would be found: add [[rules]], or \
     [extend] with useDefault = true for those that come with muzzle";

/// The rules of all sources, changed as the files say.
fn all_rules(args: &ScanArgs, settings: &Settings) -> anyhow::Result<RuleSet> {
    let (layer, sources) = (&settings.layer, &settings.sources);
    let builtin = layer.builtin.as_ref().is_none_or(|builtin| builtin.value);
    let mut rules = match &sources.gitleaks {
        Some((name, text)) => {
            let mut rules = RuleSet::of_gitleaks(name, text)?;
            if !builtin {
                rules.retain(|rule| !rule.builtin);
            }
            rules
        }
        None => embedded(builtin)?,
    };
    for source in &sources.rules {
        match source {
            RuleSource::Disk(path) => rules.load(path)?,
            RuleSource::Repository { file, trusted } => {
                let added = if *trusted {
                    rules.add_own(&file.origin, &file.text)
                } else {
                    rules.add_untrusted(&file.origin, &file.text)
                };
                // Messages may quote what the scanned tree says.
                added.map_err(|error| anyhow!(visible(error.to_string().as_bytes())))?;
            }
        }
    }
    args.rule_files.add_to(&mut rules)?;
    if let Some((name, _)) = sources.gitleaks.as_ref().filter(|_| rules.is_empty()) {
        bail!("{name}: {NO_RULES_OF_GITLEAKS}");
    }
    for (id, change) in &layer.overrides {
        let severity = change.severity.as_ref().map(|setting| setting.value);
        let confidence = change.confidence.as_ref().map(|setting| setting.value);
        if !rules.adjust(id, severity, confidence)
            && let Some(origin) = change.origin()
        {
            tracing::warn!(
                "{origin}: there is no rule {id:?} to override{}",
                nearest::hint(entries::ids(&rules), id)
            );
        }
    }
    for (id, change) in sources.refused.iter().flat_map(|refused| &refused.overrides) {
        // Raised at most.
        let Some((severity, confidence)) = rules.by_id(id).map(|rule| (rule.severity, rule.confidence))
        else {
            continue;
        };
        let severity = change.severity.as_ref().map(|setting| setting.value).filter(|new| *new > severity);
        let confidence =
            change.confidence.as_ref().map(|setting| setting.value).filter(|new| *new > confidence);
        rules.adjust(id, severity, confidence);
    }
    Ok(rules)
}

/// The rules that run; none is an error.
fn selected(mut rules: RuleSet, layer: &Layer, threshold: Confidence) -> anyhow::Result<RuleSet> {
    let only: Vec<&String> = layer.only.iter().flat_map(|only| &only.value).collect();
    let disabled = weaker::disabled(layer);
    let named =
        layer.only.iter().map(|only| (only, true)).chain(layer.disable.iter().map(|list| (list, false)));
    for (list, is_wanted) in named {
        for id in list.value.iter().filter(|id| rules.by_id(id).is_none()) {
            let near = nearest::hint(entries::ids(&rules), id);
            let id = visible(id.as_bytes());
            let near = if near.is_empty() { ";".into() } else { near };
            let why = format!("{}: there is no rule `{id}`{near} `muzzle rules list` shows all", list.origin);
            // What a file disables may be gone since it was written.
            if is_wanted || !matches!(list.origin, Origin::File(_)) {
                bail!(why);
            }
            tracing::warn!("{why}");
        }
    }
    rules.select(|rule| (only.is_empty() || only.contains(&&rule.id)) && !disabled.contains(&rule.id));
    if rules.is_empty() {
        bail!("no rule is left to run: none is loaded, or all that are selected are disabled");
    }
    // Who asks for a rule by name wants to know of all that it finds.
    if only.is_empty() {
        rules.leave_out_below(threshold);
        if threshold == Confidence::Low {
            rules.look_nearby();
        }
    }
    if rules.is_empty() {
        bail!("no rule is left to run: none can be as sure as confidence {threshold}; ask for less");
    }
    Ok(rules)
}

fn embedded(wanted: bool) -> anyhow::Result<RuleSet> {
    if wanted {
        RuleSet::embedded().context("loading the rules that come with muzzle")
    } else {
        Ok(RuleSet::default())
    }
}

impl RuleFilesArgs {
    /// The rules that come with muzzle, and those of the files.
    pub(crate) fn rules(&self) -> anyhow::Result<RuleSet> {
        let mut rules = embedded(!self.no_builtin_rules)?;
        self.add_to(&mut rules)?;
        Ok(rules)
    }

    fn add_to(&self, rules: &mut RuleSet) -> anyhow::Result<()> {
        self.files.iter().try_for_each(|file| rules.load(file)).map_err(Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_where() {
        assert_eq!(output("json").unwrap(), Output { format: Format::Json, file: None });
        assert_eq!(output("sarif=a=b").unwrap().file, Some("a=b".into()));
        assert!(output("sarif=").is_err());
        assert!(output("xml").unwrap_err().to_string().contains("human, json"));
    }
}
