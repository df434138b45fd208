//! `muzzle config …`.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde_json::json;

use super::print;
use crate::cli::{ConfigCommand, ScanArgs};
use crate::config::keys::{self, KEYS, Key, VARIABLES};
use crate::config::{self, JSON_SCHEMA, NAMES};
use crate::report::text::visible;

/// What `config init` writes.
const STARTER: &str = include_str!("config/starter.toml");

/// Runs one of them and returns the exit code.
pub fn run(command: &ConfigCommand) -> anyhow::Result<u8> {
    match command {
        ConfigCommand::Show { json, scan } => show(scan, *json),
        ConfigCommand::Init { file } => init(file),
        ConfigCommand::Check { file } => check(file.as_deref()),
        ConfigCommand::Explain { key } => explain(key.as_deref()),
        ConfigCommand::Schema => print(JSON_SCHEMA).map(|()| 0),
    }
}

fn show(args: &ScanArgs, as_json: bool) -> anyhow::Result<u8> {
    let (settings, outcome) = config::show(args)?;
    if as_json {
        let document = json!({
            "file": outcome.file, "revision": outcome.revision, "notices": outcome.notices,
            "weakened": outcome.weakened, "settings": settings,
        });
        return print(format!("{}\n", serde_json::to_string_pretty(&document)?)).map(|()| 0);
    }
    let width = settings.iter().map(|shown| shown.key.len()).max().unwrap_or(0);
    let values: Vec<String> = settings.iter().map(|shown| shown.value.to_string()).collect();
    let value_width = values.iter().map(String::len).filter(|length| *length <= 40).max().unwrap_or(0);
    let mut text = String::new();
    for (shown, value) in settings.iter().zip(&values) {
        let line = format!("{:width$}  {value:value_width$}  {}", shown.key, shown.origin);
        writeln!(text, "{}", visible(line.as_bytes()))?;
    }
    for notice in outcome.notices.iter().chain(&outcome.weakened) {
        writeln!(text, "note: {}", visible(notice.as_bytes()))?;
    }
    print(&text).map(|()| 0)
}

fn init(path: &Path) -> anyhow::Result<u8> {
    let file = std::fs::OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = file.with_context(|| {
        let why =
            if path.exists() { "is there already, and is not overwritten" } else { "cannot be written" };
        format!("{} {why}", path.display())
    })?;
    file.write_all(STARTER.as_bytes()).with_context(|| format!("writing {}", path.display()))?;
    print(format!("wrote {}; `muzzle config check` checks it\n", shown(path))).map(|()| 0)
}

fn check(path: Option<&Path>) -> anyhow::Result<u8> {
    let here = || NAMES.iter().map(PathBuf::from).find(|path| path.exists());
    let Some(path) = path.map(Path::to_owned).or_else(here) else {
        bail!(
            "there is neither {} nor {} here: name a file, or begin with `muzzle config init`",
            NAMES[0],
            NAMES[1]
        );
    };
    let warnings = config::check(&path)?;
    let mut text = String::new();
    for warning in &warnings {
        writeln!(text, "warning: {}", visible(warning.as_bytes()))?;
    }
    let number = warnings.len();
    let plural = if number == 1 { "" } else { "s" };
    writeln!(text, "{}: no mistakes, {number} warning{plural}", shown(&path))?;
    print(&text).map(|()| 0)
}

/// Fit to be shown.
fn shown(path: &Path) -> String {
    visible(path.as_os_str().as_encoded_bytes())
}

fn explain(name: Option<&str>) -> anyhow::Result<u8> {
    let mut text = String::new();
    let Some(name) = name else {
        let width = KEYS.iter().map(|key| key.name.len()).max().unwrap_or(0);
        for key in KEYS {
            writeln!(text, "{:width$}  {}", key.name, key.text)?;
        }
        for (name, what) in VARIABLES {
            writeln!(text, "{name:width$}  {what}")?;
        }
        return print(&text).map(|()| 0);
    };
    let section: Vec<&Key> = KEYS.iter().filter(|key| key.name.starts_with(&format!("{name}."))).collect();
    let keys = keys::by_name(name).map_or(section, |key| vec![key]);
    if keys.is_empty() {
        bail!("there is no key `{name}`{}; `muzzle config explain` lists all", keys::hint(name));
    }
    for key in keys {
        writeln!(text, "{}\n  {}\n  value:   {}\n  default: {}", key.name, key.text, key.kind, key.default)?;
        if let Some(flag) = key.flag {
            writeln!(text, "  flag:    {flag}")?;
        }
        if let Some(variable) = key.variable {
            writeln!(text, "  env:     {variable}")?;
        }
        match key.hides {
            _ if key.is_own => writeln!(
                text,
                "  trust:   only from --config, MUZZLE_CONFIG or ~/.config/muzzle/muzzle.toml; never from a scanned tree"
            )?,
            Some(what) => writeln!(text, "  trust:   not taken from an untrusted tree: {what}")?,
            None => writeln!(text, "  trust:   hides nothing")?,
        }
    }
    print(&text).map(|()| 0)
}
