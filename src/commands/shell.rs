//! `muzzle completions` and `muzzle man`: made from the command line's own definition.

use anyhow::Context as _;
use clap::CommandFactory as _;

use super::print;
use crate::cli::{Cli, CompletionsArgs, ManArgs};

/// Prints a completion script.
pub fn completions(args: &CompletionsArgs) -> anyhow::Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "muzzle", &mut script);
    print(&script).map(|()| 0)
}

/// Prints the main page, or writes one page for each command.
pub fn man(args: &ManArgs) -> anyhow::Result<u8> {
    let command = Cli::command();
    let Some(directory) = &args.directory else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page)?;
        return print(&page).map(|()| 0);
    };
    let place = || format!("writing manual pages to {}", directory.display());
    std::fs::create_dir_all(directory).with_context(place)?;
    clap_mangen::generate_to(command, directory).with_context(place)?;
    Ok(0)
}
