//! `muzzle hook`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// What to do with hooks.
#[derive(Debug, Subcommand)]
pub enum HookCommand {
    /// Put hooks in place. What is there is kept as NAME.before-muzzle, and called first.
    ///
    /// Example: muzzle hook install pre-commit pre-push
    Install(HookInstallArgs),
    /// Take hooks out, and put back what was there before.
    ///
    /// Example: muzzle hook uninstall pre-commit
    Uninstall(HookUninstallArgs),
    /// Say which hooks are in place.
    ///
    /// Example: muzzle hook status
    Status(HookPlaceArgs),
    /// What the scripts call. Reads what Git, or the pre-commit framework, tells a hook.
    ///
    /// Example: muzzle hook run pre-commit
    Run(HookRunArgs),
}

/// Where hooks are.
#[derive(Debug, Args)]
pub struct HookPlaceArgs {
    /// For all repositories: in this directory, or where core.hooksPath of your global configuration leads.
    #[arg(long, value_name = "DIRECTORY", num_args = 0..=1, require_equals = true)]
    pub global: Option<Option<PathBuf>>,
}

/// Arguments of `hook install`.
#[derive(Debug, Args)]
pub struct HookInstallArgs {
    /// Which.
    #[arg(required = true, value_name = "NAME")]
    pub names: Vec<HookArg>,
    /// Where.
    #[command(flatten)]
    pub place: HookPlaceArgs,
    /// pre-receive: accept a push with findings if it says why, as in `git push -o muzzle.allow=REASON`.
    #[arg(long)]
    pub allow_push_option: bool,
    /// Options of `scan` for each run, after `--`: muzzle hook install pre-commit -- --confidence high
    #[arg(last = true, value_name = "SCAN OPTION")]
    pub scan: Vec<String>,
}

/// Arguments of `hook uninstall`.
#[derive(Debug, Args)]
pub struct HookUninstallArgs {
    /// Which [default: all].
    #[arg(value_name = "NAME")]
    pub names: Vec<HookArg>,
    /// Where.
    #[command(flatten)]
    pub place: HookPlaceArgs,
}

/// Arguments of `hook run`.
#[derive(Debug, Args)]
pub struct HookRunArgs {
    /// Which.
    #[arg(value_name = "NAME")]
    pub name: HookRunArg,
    /// pre-receive: accept a push with findings if it says why.
    #[arg(long)]
    pub allow_push_option: bool,
    /// An option of `scan`, or its value; repeatable: --scan=--confidence --scan=high
    #[arg(long, value_name = "OPTION", allow_hyphen_values = true)]
    pub scan: Vec<String>,
    /// What Git, or the pre-commit framework, gives to the hook. Behind `--`, because names of files may look like
    /// options.
    #[arg(last = true, value_name = "ARGUMENT")]
    pub arguments: Vec<PathBuf>,
}

/// Hooks that can be installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum HookArg {
    /// Before a commit: what it would introduce.
    PreCommit,
    /// Before the commit of a merge without conflicts.
    PreMergeCommit,
    /// Before a push: the commits that the remote lacks.
    PrePush,
    /// On a server, before a push is accepted; all refs or none.
    PreReceive,
    /// On a server, for each ref.
    Update,
}

/// Hooks that can be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum HookRunArg {
    /// See install.
    PreCommit,
    /// See install.
    PreMergeCommit,
    /// See install.
    PrePush,
    /// See install.
    PreReceive,
    /// See install.
    Update,
    /// For the pre-commit framework, in any of its modes.
    PreCommitFramework,
}
