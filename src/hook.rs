//! Git's hooks: their names, where Git looks for them, and scripts there that call muzzle.
//!
//! A script only calls `muzzle hook run NAME`, so that what a hook does follows the binary. What stood in its place
//! before is kept beside it and called first.

pub mod place;
pub mod script;

/// A hook that muzzle can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    /// Before a commit.
    PreCommit,
    /// Before the commit of a merge that had no conflicts.
    PreMergeCommit,
    /// Before a push, where it begins.
    PrePush,
    /// Before a push is accepted, where it arrives; for all refs at once.
    PreReceive,
    /// The same for each ref.
    Update,
}

impl Name {
    /// All of them.
    pub const ALL: [Name; 5] =
        [Name::PreCommit, Name::PreMergeCommit, Name::PrePush, Name::PreReceive, Name::Update];

    /// As Git calls it.
    pub fn as_str(self) -> &'static str {
        match self {
            Name::PreCommit => "pre-commit",
            Name::PreMergeCommit => "pre-merge-commit",
            Name::PrePush => "pre-push",
            Name::PreReceive => "pre-receive",
            Name::Update => "update",
        }
    }

    /// Whether Git tells it something on standard input, which the hook before it has to be told as well.
    fn reads_input(self) -> bool {
        matches!(self, Name::PrePush | Name::PreReceive)
    }

    /// What was not scanned, and what to do about it, if muzzle cannot be called.
    fn without_muzzle(self) -> [&'static str; 2] {
        match self {
            Name::PreCommit => {
                ["this commit was not scanned", "To commit all the same: git commit --no-verify"]
            }
            Name::PreMergeCommit => {
                ["this merge was not scanned", "To merge all the same: git merge --no-verify"]
            }
            Name::PrePush => ["this push was not scanned", "To push all the same: git push --no-verify"],
            Name::PreReceive | Name::Update => [
                "this push was not scanned",
                "Those who run this server have to install it, or take this hook out.",
            ],
        }
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}
