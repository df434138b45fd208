//! `muzzle hook …`.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use clap::Parser as _;

use crate::cli::{
    HookArg, HookCommand, HookInstallArgs, HookPlaceArgs, HookRunArg, HookRunArgs, HookUninstallArgs,
    ScanArgs, ScanOptions,
};
use crate::hook::Name;
use crate::hook::place::{self, Place};
use crate::hook::script::{self, Installed, Script, State};

mod framework;
mod local;
mod server;

/// Runs one of them and returns the exit code.
pub fn run(command: &HookCommand) -> anyhow::Result<u8> {
    match command {
        HookCommand::Install(args) => install(args),
        HookCommand::Uninstall(args) => uninstall(args),
        HookCommand::Status(args) => status(args),
        HookCommand::Run(args) => call(args),
    }
}

fn call(args: &HookRunArgs) -> anyhow::Result<u8> {
    let scan = scan_options(&args.scan)?;
    match args.name {
        HookRunArg::PreCommit | HookRunArg::PreMergeCommit => local::pre_commit(&scan),
        HookRunArg::PrePush => local::pre_push(&scan, &args.arguments),
        HookRunArg::PreReceive => server::pre_receive(&scan, args.allow_push_option),
        HookRunArg::Update => server::update(&scan, &args.arguments),
        HookRunArg::PreCommitFramework => framework::run(scan, &args.arguments),
    }
}

/// Options of `scan` that were given to a hook.
fn scan_options(options: &[String]) -> anyhow::Result<ScanArgs> {
    let scan = match ScanOptions::try_parse_from(options) {
        Ok(ScanOptions { scan }) => scan,
        Err(error) => bail!("the options for `muzzle scan` make no sense: {}", error.render()),
    };
    if scan.paths != [Path::new(".")] {
        bail!("a hook scans what Git tells it: paths cannot be among its options for `muzzle scan`");
    }
    let scope = &scan.scope;
    if scan.staged || scope.range.is_some() || scope.since.is_some() || scope.branch.is_some() {
        bail!(
            "a hook scans what Git tells it: --staged, --range, --since and --branch cannot be among its options"
        );
    }
    Ok(scan)
}

fn install(args: &HookInstallArgs) -> anyhow::Result<u8> {
    scan_options(&args.scan)?;
    if args.allow_push_option && args.names.iter().any(|name| *name != HookArg::PreReceive) {
        bail!("--allow-push-option is for pre-receive: Git tells push options to no other hook");
    }
    let place = find(&args.place)?;
    let mut options: Vec<String> = args.scan.iter().map(|option| format!("--scan={option}")).collect();
    if args.allow_push_option {
        options.push("--allow-push-option".into());
    }
    let script = Script { options, global: args.place.global.is_some() };
    for name in args.names.iter().copied().map(Name::from) {
        let done = match script::install(&place.directory, name, &script)? {
            Installed::New => "installed".into(),
            Installed::Same => "was installed already".into(),
            Installed::Changed => "installed anew".into(),
            Installed::Chained(kept) => {
                format!("installed; the hook that was there is now {}, and is called first", kept.display())
            }
        };
        say(&format!("{name}: {done}"))?;
    }
    notes(&place)?;
    if args.allow_push_option {
        say("note: Git takes push options if receive.advertisePushOptions is true on this server")?;
    }
    Ok(0)
}

fn uninstall(args: &HookUninstallArgs) -> anyhow::Result<u8> {
    let place = find(&args.place)?;
    let named: Vec<Name> = args.names.iter().copied().map(Name::from).collect();
    let names = if named.is_empty() { Name::ALL.to_vec() } else { named };
    for name in names {
        let before = script::state(&place.directory, name);
        let done = match (script::uninstall(&place.directory, name)?, before) {
            (true, State::Ours { chained: true }) => "taken out; the hook that was there before is back",
            (true, _) => "taken out",
            (false, State::Other) => "is not muzzle's, and stays",
            (false, _) => "is not installed",
        };
        say(&format!("{name}: {done}"))?;
    }
    Ok(0)
}

fn status(args: &HookPlaceArgs) -> anyhow::Result<u8> {
    let place = find(args)?;
    say(&format!("hooks in {}", place.directory.display()))?;
    for name in Name::ALL {
        let state = match script::state(&place.directory, name) {
            State::Absent => "none",
            State::Ours { chained: false } => "muzzle",
            State::Ours { chained: true } => "muzzle, after the hook that was there before",
            State::Other => "not muzzle's",
        };
        say(&format!("  {name:16}  {state}"))?;
    }
    notes(&place)?;
    Ok(0)
}

fn find(args: &HookPlaceArgs) -> anyhow::Result<Place> {
    Ok(match &args.global {
        None => place::local()?,
        Some(named) => place::global(named.as_deref())?,
    })
}

fn notes(place: &Place) -> anyhow::Result<()> {
    place.notes.iter().try_for_each(|note| say(&format!("note: {note}")))
}

/// A line on standard output.
fn say(text: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{}", crate::report::text::visible(text.as_bytes()))
        .context("writing to standard output")
}

/// Lines on standard error, where Git and the pre-commit framework show them. Whether anybody reads them changes
/// nothing about what is refused.
fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

impl From<HookArg> for Name {
    fn from(argument: HookArg) -> Self {
        match argument {
            HookArg::PreCommit => Name::PreCommit,
            HookArg::PreMergeCommit => Name::PreMergeCommit,
            HookArg::PrePush => Name::PrePush,
            HookArg::PreReceive => Name::PreReceive,
            HookArg::Update => Name::Update,
        }
    }
}
