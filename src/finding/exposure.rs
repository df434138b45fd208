//! Where in a history a secret can be met, and since when.

use std::sync::Arc;

use super::{CommitInfo, Refs};

/// How long, and from where, a secret can be met in a history: at any path, in any blob.
#[derive(Debug, Clone)]
pub struct Exposure {
    /// The last commit, in topological order, that holds it.
    pub last_seen: Option<Arc<CommitInfo>>,
    /// The commit that removed it from the history of HEAD.
    pub removed_in: Option<Arc<CommitInfo>>,
    /// The refs in whose history it is.
    pub refs: Arc<Refs>,
}

impl Exposure {
    /// That in two repositories: removed is what was removed from both.
    #[must_use]
    pub(crate) fn joined(self, other: Exposure) -> Exposure {
        let later = |a: Option<Arc<CommitInfo>>, b: Option<Arc<CommitInfo>>| {
            a.into_iter().chain(b).max_by_key(|info| info.committed)
        };
        let removed_in = match (self.removed_in, other.removed_in) {
            (Some(a), Some(b)) => later(Some(a), Some(b)),
            _ => None,
        };
        Exposure {
            last_seen: later(self.last_seen, other.last_seen),
            removed_in,
            refs: Arc::new(self.refs.joined(&other.refs)),
        }
    }
}
