//! What a push would bring: the commits that the other side does not have.

use super::objects::{Kind, Objects};
use super::revisions::{LONGEST_TAG_CHAIN, Selection, UnknownRevision, peel, revision};
use super::scope::{KnownRefs, Push};
use super::{Repository, commit};

/// The commits that `push` brings. What the other side has is only left out if it is known here as well: less of that
/// means that more is scanned, never less.
pub(crate) fn selection(repository: &Repository, push: &Push) -> Result<Selection, UnknownRevision> {
    let mut selection = Selection::default();
    for tip in &push.tips {
        selection.tips.push(revision(repository, tip)?);
    }
    let (directories, hash) = Objects::place(repository);
    let Ok(mut objects) = Objects::open(&directories, hash) else { return Ok(selection) };
    let known = push.known.iter().filter_map(|name| revision(repository, name).ok());
    let known: Vec<gix::ObjectId> = known.chain(refs(repository, &push.refs)).collect();
    // A tag is not pushed for its commits alone.
    selection.tags = push.tips.iter().flat_map(|tip| tags(&mut objects, tip)).collect();
    for id in known {
        match peel(&mut objects, id) {
            Ok(id) => selection.hidden.push(id),
            Err(why) => tracing::debug!(%id, why, "what the other side has is not known here"),
        }
    }
    selection.hidden.sort();
    selection.hidden.dedup();
    Ok(selection)
}

/// The tags that an id leads through.
fn tags(objects: &mut Objects, tip: &str) -> Vec<gix::ObjectId> {
    let mut tags = Vec::new();
    let mut next = gix::ObjectId::from_hex(tip.as_bytes()).ok();
    while let Some(id) = next.filter(|id| !tags.contains(id) && tags.len() < LONGEST_TAG_CHAIN) {
        let Ok((Kind::Tag, bytes)) = objects.read_any(&id) else { break };
        tags.push(id);
        next = commit::tag_target(bytes);
    }
    tags
}

/// What refs point at that the other side has.
fn refs(repository: &Repository, wanted: &KnownRefs) -> Vec<gix::ObjectId> {
    let (prefixes, others) = match wanted {
        KnownRefs::None => return Vec::new(),
        KnownRefs::All => (vec![String::new()], Vec::new()),
        KnownRefs::OfRemote { name, url } => tracking(repository, name, url),
    };
    let mut broken = Vec::new();
    let all = super::refs::all(repository, &mut broken);
    for gap in broken {
        tracing::debug!(gap.detail, "not all refs can be read");
    }
    let begins = |name: &[u8], list: &[String]| list.iter().any(|prefix| name.starts_with(prefix.as_bytes()));
    let wanted = all.into_iter().filter(|(name, _)| begins(name, &prefixes) && !begins(name, &others));
    wanted.map(|(_, id)| id).collect()
}

/// Where a remote's refs are tracked, and places below that belong to other remotes. Of a remote without a name those
/// count that have its URL.
fn tracking(repository: &Repository, name: &str, url: &str) -> (Vec<String>, Vec<String>) {
    let config = repository.gix.config_snapshot();
    let sections = config.plumbing().sections_by_name("remote").into_iter().flatten();
    let mut names = vec![name.to_owned()];
    let mut others = Vec::new();
    for section in sections {
        let Some(remote) = section.header().subsection_name().map(ToString::to_string) else { continue };
        let is_there = |key: &str| section.values(key).iter().any(|value| value.as_slice() == url.as_bytes());
        if is_there("url") || is_there("pushurl") {
            names.push(remote);
        } else {
            others.push(remote);
        }
    }
    let place = |remote: &String| format!("refs/remotes/{remote}/");
    let own: Vec<String> = names.iter().map(place).collect();
    let below = |other: &String| own.iter().any(|own| other.starts_with(own.as_str()) && other != own);
    let others = others.iter().map(place).filter(below).collect();
    (own, others)
}
