//! Whom to believe: the settings that are in force, and what of the scanned tree's own is not.
//!
//! ```text
//! -c FILE, MUZZLE_CONFIG ─▶ trusted, and the only file
//! --config-from REF      ─▶ trusted; of the tree's own, what is stricter
//! neither                ─▶ the tree's own: all of it, and told; in a pipeline, what is stricter
//! ```

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::env::Environment;
use super::layer::Layer;
use super::policy_file::{PolicyFile, PolicySource, read};
use super::{file, response, stricter};
use crate::cli::ScanArgs;
use crate::git::Repository;
use crate::policy::TreeOutcome;

/// Names of the configuration at the root of a repository.
pub const NAMES: [&str; 2] = ["muzzle.toml", ".muzzle.toml"];

/// Each is tried at each place that something was found: who wrote the tree does not choose how long that takes.
const MOST_ENTRIES: usize = 1000;
const MOST_RULE_FILES: usize = 100;

/// Where rules come from, beside those that come with muzzle.
#[derive(Debug)]
pub(super) enum RuleSource {
    /// A file or directory that the user named.
    Disk(PathBuf),
    /// A file of the repository, as it is in the tree or a revision.
    Repository { file: PolicyFile, trusted: bool },
}

/// How policy that lies in the scanned tree stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The revision that policy is taken from.
    pub revision: Option<String>,
    /// Why what the tree's own files hide is not honoured; `None` if it is.
    pub why_not: Option<&'static str>,
    /// Whether a broken file of the tree is no error.
    pub lenient: bool,
}

impl Standing {
    /// As flags and environment have it.
    pub fn of(args: &ScanArgs, environment: &Environment) -> anyhow::Result<Self> {
        let revision = args.config_from.as_deref().or(environment.get("MUZZLE_CONFIG_FROM"));
        let lenient = args.no_repo_config || environment.switch("MUZZLE_NO_REPO_CONFIG")?.unwrap_or(false);
        let why_not = if lenient {
            Some("--no-repo-config says so")
        } else if revision.is_some() {
            Some("--config-from names the revision that policy is taken from")
        } else {
            environment.is_ci().then_some("CI is set")
        };
        Ok(Standing { revision: revision.map(str::to_owned), why_not, lenient })
    }
}

/// What files say, with what is made of it.
#[derive(Debug, Default)]
pub(super) struct Sources {
    /// What is in force of all files.
    pub(super) layer: Layer,
    /// What the scanned tree's own file says and has no say in.
    pub(super) refused: Option<Layer>,
    pub(super) rules: Vec<RuleSource>,
    /// A gitleaks configuration in place of a file of ours: name and text.
    pub(super) gitleaks: Option<(String, String)>,
    pub(super) file: Option<String>,
    pub(super) revision: Option<String>,
    pub(super) tree: Option<TreeOutcome>,
    pub(super) weakened: Vec<String>,
    pub(super) notices: Vec<String>,
}

impl Sources {
    /// Finds and reads the files.
    pub(super) fn find(args: &ScanArgs, environment: &Environment) -> anyhow::Result<Self> {
        let standing = Standing::of(args, environment)?;
        let named = args.config.clone().or_else(|| environment.get("MUZZLE_CONFIG").map(PathBuf::from));
        let repository = only_repository(&args.paths)?;
        if let Some(revision) = standing.revision.as_ref().filter(|_| repository.is_none()) {
            bail!(
                "policy is to come from revision {revision:?}, but what is scanned is not one repository: drop \
                 --config-from (or MUZZLE_CONFIG_FROM), or scan a single repository"
            );
        }
        if let Some(path) = named {
            return Sources::of_named(&path, repository.as_ref(), &args.paths, environment);
        }
        let Some(repository) = repository else { return Ok(Sources::default()) };
        Sources::of_repository(&repository, &standing)
    }

    fn of_named(
        path: &Path,
        repository: Option<&Repository>,
        scanned: &[PathBuf],
        environment: &Environment,
    ) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("reading configuration {}", path.display()))?;
        let name = path.display().to_string();
        let mut sources = Sources { file: Some(name.clone()), ..Sources::default() };
        let root = repository.and_then(Repository::worktree).map(Path::to_owned);
        let scanned: Vec<PathBuf> = root.into_iter().chain(scanned.iter().cloned()).collect();
        let is_inside = environment.is_ci() && response::is_inside(path, &scanned);
        if is_inside {
            sources.notices.push(format!(
                "{name} lies in the scanned tree, where a change under review can change it: --config-from REF takes \
                 policy from a revision that was reviewed"
            ));
        }
        if file::is_gitleaks(&text) {
            sources.gitleaks = Some((name, text));
            return Ok(sources);
        }
        sources.layer = file::parse(&name, &text)?;
        if is_inside {
            for what in response::ignored(&mut sources.layer) {
                sources.notices.push(format!(
                    "{what} is ignored: a file that a change under review can change has no say in what is sent, run or \
                     revoked"
                ));
            }
        }
        let directory = path.parent().unwrap_or(Path::new(""));
        let files = sources.layer.files.iter().flat_map(|files| &files.value);
        sources.rules = files.map(|file| RuleSource::Disk(directory.join(file))).collect();
        Ok(sources)
    }

    fn of_repository(repository: &Repository, standing: &Standing) -> anyhow::Result<Self> {
        let &Standing { why_not, lenient, .. } = standing;
        let revision = standing.revision.as_deref();
        let mut sources = Sources { revision: revision.map(str::to_owned), ..Sources::default() };
        let base = match revision {
            Some(revision) => loaded(repository, PolicySource::Revision(revision))?,
            None => None,
        };
        let tree = match loaded(repository, PolicySource::Tree) {
            // Who asks for it not to be honoured need not mend it.
            Err(error) if lenient => {
                sources.notices.push(format!("the scanned tree's configuration cannot be read: {error:#}"));
                None
            }
            other => other?,
        };
        let tree_layer = tree.as_ref().map(|(_, layer)| layer.clone()).unwrap_or_default();
        let base_layer =
            base.as_ref().map(|(_, layer)| sources.without_outputs(layer.clone())).unwrap_or_default();
        if let (Some(revision), Some((file, layer))) = (revision, &base) {
            sources.file = Some(file.origin.clone());
            sources.add_rules(repository, layer, PolicySource::Revision(revision), true)?;
        }
        if let Some((file, _)) = &tree {
            sources.tree = Some(TreeOutcome { file: file.origin.clone(), why_not: why_not.map(Into::into) });
            match sources.add_rules(repository, &tree_layer, PolicySource::Tree, why_not.is_none()) {
                Err(error) if lenient => {
                    sources.notices.push(format!("the scanned tree's rules cannot be read: {error:#}"));
                }
                outcome => outcome?,
            }
        }
        if revision.is_some() {
            sources.weakened = super::weaker::than(&base_layer, &tree_layer);
        }
        match (tree, why_not) {
            (Some((file, layer)), None) => {
                sources.file = Some(file.origin);
                sources.layer = sources.without_outputs(layer);
            }
            (Some((_, layer)), Some(_)) => {
                sources.layer = stricter::only(&layer, &base_layer).over(base_layer);
                sources.refused = Some(sources.without_outputs(layer));
            }
            (None, _) => sources.layer = base_layer,
        }
        Ok(sources)
    }

    /// A scanned repository chooses neither which files are written nor whether secrets are shown, not even at a revision
    /// that was reviewed: by whom is not known.
    fn without_outputs(&mut self, mut layer: Layer) -> Layer {
        let refused = [
            layer.outputs.take().map(|setting| ("report.outputs", setting.origin)),
            layer.show_secrets.take().map(|setting| ("report.show_secrets", setting.origin)),
        ];
        for (key, origin) in refused.into_iter().flatten() {
            let notice = format!(
                "{key} in {origin} is not used: the scanned repository has no say in what is written where"
            );
            self.notices.push(notice);
        }
        for what in response::ignored(&mut layer) {
            self.notices.push(format!(
                "{what} is ignored: the scanned repository has no say in what is sent, run or revoked"
            ));
        }
        layer
    }

    fn add_rules(
        &mut self,
        repository: &Repository,
        layer: &Layer,
        from: PolicySource<'_>,
        trusted: bool,
    ) -> anyhow::Result<()> {
        let Some(files) = &layer.files else { return Ok(()) };
        for name in &files.value {
            let Some(file) = read(repository, name.trim_start_matches("./"), from)? else {
                bail!("{}: there is no rule file {name:?} in the repository", files.origin);
            };
            self.rules.push(RuleSource::Repository { file, trusted });
        }
        Ok(())
    }
}

/// The configuration of a repository, read.
fn loaded(repository: &Repository, from: PolicySource<'_>) -> anyhow::Result<Option<(PolicyFile, Layer)>> {
    let mut found: Option<PolicyFile> = None;
    for name in NAMES {
        if let Some(file) = read(repository, name, from)? {
            if let Some(other) = found {
                bail!("{} and {} are both there: remove one of them", other.origin, file.origin);
            }
            found = Some(file);
        }
    }
    let Some(file) = found else { return Ok(None) };
    if file::is_gitleaks(&file.text) {
        bail!("{} is a gitleaks configuration: name it with --config, or rewrite it", file.origin);
    }
    let layer = file::parse(&file.origin, &file.text)?;
    let patterns = layer.include.iter().chain(&layer.exclude).map(|list| list.value.len()).sum::<usize>();
    if layer.allowlists.len() + patterns > MOST_ENTRIES {
        bail!("{} has more than {MOST_ENTRIES} allowlists and patterns", file.origin);
    }
    if layer.files.as_ref().is_some_and(|files| files.value.len() > MOST_RULE_FILES) {
        bail!("{} names more than {MOST_RULE_FILES} rule files", file.origin);
    }
    Ok(Some((file, layer)))
}

/// The repository that is scanned, if it is a single one.
pub(super) fn only_repository(paths: &[PathBuf]) -> anyhow::Result<Option<Repository>> {
    match paths {
        [path] if path.is_dir() => Ok(Repository::discover(path)?),
        _ => Ok(None),
    }
}
