//! What happens by itself: options of all commands after which hooks fire.

use clap::Args;

/// Whether hooks act.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Hooks (of trusted configuration; docs/hooks.md)")]
pub struct HookArgs {
    /// Let hooks act that otherwise only say what they would do; without, those with mode = "live" act.
    #[arg(long)]
    pub run_hooks: bool,
}
