//! Which files may answer for findings: those that the user names, and those of the scanned tree as far as it is trusted.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::policy_file::{LONGEST, PolicyFile, PolicySource, read};
use super::trust::Standing;
use crate::cli::{InlineAllowArg, SuppressionArgs};
use crate::finding::{Notice, NoticeKind};
use crate::git::Repository;
use crate::pipeline::Target;
use crate::suppression::foreign::{FileFormat, recognise};
use crate::suppression::{Baseline, IgnoreFile, Import, InlineAllow, Sources, baseline, ignore_file};

/// Longer files are nobody's baseline.
const LARGEST: u64 = 256 << 20;

/// Files at the root of a tree that answer for findings.
const NAMES: [&str; 2] = [ignore_file::NAME, ".gitleaksignore"];

/// All who may ask for findings to be let pass.
pub(super) fn sources(
    args: &SuppressionArgs,
    targets: &[Target],
    standing: &Standing,
    judges_unused: bool,
) -> anyhow::Result<Sources> {
    let inline = match args.inline_allow {
        _ if args.no_inline_allow => InlineAllow::None,
        Some(InlineAllowArg::None) => InlineAllow::None,
        Some(InlineAllowArg::Own) => InlineAllow::Own,
        Some(InlineAllowArg::All) | None => InlineAllow::All,
    };
    let mut sources = Sources { inline, judges_unused, ..Sources::default() };
    for path in args.baselines.iter().chain(&args.ignore_files) {
        named(path, &mut sources)?;
    }
    match place_of(targets) {
        Some(Tree::Repository(repository)) => of_repository(&repository, standing, &mut sources)?,
        Some(Tree::Directory(root)) => of_directory(&root, standing, &mut sources),
        None => {}
    }
    Ok(sources)
}

/// A file that the user named, whatever it is.
fn named(path: &Path, sources: &mut Sources) -> anyhow::Result<()> {
    let origin = path.display().to_string();
    let bytes = read_named(path)?;
    let text = String::from_utf8_lossy(&bytes);
    let is_toml = path.extension().is_some_and(|extension| extension == "toml");
    if baseline::is_baseline(&text) {
        sources.baselines.push(Baseline::parse(&text, &origin)?);
    } else if is_toml || text.lines().any(|line| line.trim_start().starts_with("[[ignore]]")) {
        sources.add_ignore_file(&text, &origin, false);
    } else {
        let format = recognise(path, &bytes)?;
        sources.imports.push(Import::parse(&bytes, format, &origin, false)?);
    }
    Ok(())
}

/// The bytes of a file that the user named.
pub(crate) fn read_named(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).with_context(|| format!("reading {}", path.display()))?;
    file.take(LARGEST + 1).read_to_end(&mut bytes).with_context(|| format!("reading {}", path.display()))?;
    if bytes.len() as u64 > LARGEST {
        bail!("{} is longer than {} MiB, which is no baseline", path.display(), LARGEST >> 20);
    }
    Ok(bytes)
}

/// What holds the scanned files.
enum Tree {
    Repository(Box<Repository>),
    Directory(PathBuf),
}

/// The one repository or directory of all targets: what one tree says is not asked about another.
fn place_of(targets: &[Target]) -> Option<Tree> {
    let mut found: Option<Box<Repository>> = None;
    for target in targets {
        let Target::Path(path) = target else { return None };
        // What cannot be opened is told by the scan itself.
        match Repository::discover(path).ok()? {
            Some(repository) => match &found {
                Some(first) if first.git_dir() != repository.git_dir() => return None,
                _ => found = Some(Box::new(repository)),
            },
            None if targets.len() == 1 && path.is_dir() => return Some(Tree::Directory(path.clone())),
            None => return None,
        }
    }
    found.map(Tree::Repository)
}

fn of_repository(repository: &Repository, standing: &Standing, sources: &mut Sources) -> anyhow::Result<()> {
    for name in NAMES {
        if let Some(revision) = &standing.revision
            && let Some(file) = read(repository, name, PolicySource::Revision(revision))?
        {
            take(name, &file, false, None, sources);
        }
        match read(repository, name, PolicySource::Tree) {
            Ok(None) => {}
            Ok(Some(file)) => take(name, &file, true, standing.why_not, sources),
            Err(error) => unreadable(name, &error.to_string(), sources),
        }
    }
    Ok(())
}

fn of_directory(root: &Path, standing: &Standing, sources: &mut Sources) {
    for name in NAMES {
        let path = root.join(name);
        let Ok(metadata) = path.symlink_metadata() else { continue };
        let text = if metadata.is_file() && metadata.len() <= LONGEST {
            std::fs::read_to_string(&path).map_err(|error| error.to_string())
        } else {
            Err("it is no plain file of at most 1 MiB".into())
        };
        match text {
            Ok(text) => {
                let file = PolicyFile { text, origin: name.to_owned() };
                take(name, &file, true, standing.why_not, sources);
            }
            Err(why) => unreadable(name, &why, sources),
        }
    }
}

fn unreadable(name: &str, why: &str, sources: &mut Sources) {
    let detail = format!("{why}; it hides nothing");
    sources.notices.push(Notice { kind: NoticeKind::Malformed, place: name.to_owned(), detail });
}

/// Adds a file of a repository to those that are obeyed, or to those that are not.
fn take(name: &str, file: &PolicyFile, of_tree: bool, refused: Option<&'static str>, sources: &mut Sources) {
    let (files, imports) = match refused {
        Some(why) => {
            let refused = sources.refused.get_or_insert_with(Default::default);
            refused.because = why;
            (&mut refused.ignore_files, &mut refused.imports)
        }
        None => (&mut sources.ignore_files, &mut sources.imports),
    };
    if name == ignore_file::NAME {
        files.push(IgnoreFile::parse(&file.text, &file.origin, of_tree));
    } else if let Ok(import) =
        Import::parse(file.text.as_bytes(), FileFormat::GitleaksIgnore, &file.origin, of_tree)
    {
        imports.push(import);
    }
}
