//! Where findings in commits and tags are: in the object itself, at a path that no file can have.

use std::sync::Arc;

use hashbrown::HashSet;

use super::links::Links;
use super::{Home, Starts};
use crate::finding::{CommitInfo, Provenance};
use crate::git::object_name;
use crate::git::pack::Kind;
use crate::git::store::{Number, Store};
use crate::source::metadata;

/// The place of each commit and tag among the objects, if nothing reaches it as well.
pub(super) fn homes(
    store: &Store,
    links: &Links,
    order: &[usize],
    starts: &Starts,
    objects: &HashSet<Number>,
    limited: bool,
    info_of: &mut dyn FnMut(usize) -> Arc<CommitInfo>,
) -> Vec<(Number, Vec<Home>)> {
    let found = |number: &&Number| matches!(store.kind(**number), Kind::Commit | Kind::Tag);
    let found: Vec<Number> = objects.iter().filter(found).copied().collect();
    if found.is_empty() {
        return Vec::new();
    }
    let reached: HashSet<usize> = order.iter().copied().collect();
    let home = |number: Number| {
        let id = object_name(store.id(number));
        let (path, provenance) = match links.row_of(number) {
            Some(row) if reached.contains(&row) => {
                (metadata::commit_path(&id), Provenance::Commit(info_of(row)))
            }
            Some(_) => (metadata::commit_path(&id), Provenance::Unreachable),
            None if starts.tags.contains(&number) => (metadata::tag_path(&id), Provenance::Ref),
            None => (metadata::tag_path(&id), Provenance::Unreachable),
        };
        (number, vec![Home { path, provenance, in_head: false }])
    };
    // Where one ref is all that is meant, what nothing reaches is out of scope.
    let is_meant = |homes: &[Home]| !limited || homes[0].provenance != Provenance::Unreachable;
    found.into_iter().map(home).filter(|(_, homes)| is_meant(homes)).collect()
}
