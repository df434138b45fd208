mod bundles;
mod lfs;
mod nested;

use crate::case::{Case, case, finds};
use crate::support::line;

pub(crate) fn cases() -> Vec<Case> {
    [plain(), nested::cases(), lfs::cases(), bundles::cases()].into_iter().flatten().collect()
}

fn plain() -> Vec<Case> {
    vec![case("plain", |t| {
        t.git(["init", "-q"]);
        let id = t.commit_file("a", line("one"));
        finds(["one"]).at(format!("a:1:3 commit {id} head")).at("a:1:3 worktree")
    })]
}
