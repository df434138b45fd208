//! Repositories and files that were made to run commands, to lead a scan astray, or to use up time and memory.

use crate::case::Case;

mod bombs;
mod config;
mod files;
mod git_dir;
mod lines;
mod names;

pub(crate) fn cases() -> Vec<Case> {
    let all =
        [config::cases(), git_dir::cases(), files::cases(), names::cases(), lines::cases(), bombs::cases()];
    all.into_iter().flatten().collect()
}
