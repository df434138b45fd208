//! Refs in files: one each below `refs`, and many in `packed-refs`, which the former override.

use std::collections::{BTreeMap, HashSet};
use std::io::Read as _;
use std::path::Path;

use bstr::{BString, ByteSlice as _};

use super::names::{Broken, Target};

/// A ref is an id or a name, and neither is longer.
const LARGEST_REF: u64 = 64 << 10;
/// A larger `packed-refs` is not read.
const LARGEST_LIST: u64 = 256 << 20;
/// Deeper than a path can be.
const DEEPEST: usize = 2048;

/// The refs of one administrative directory, `HEAD` among them.
pub(super) fn read(directory: &Path) -> (BTreeMap<BString, Target>, Broken) {
    let (mut refs, mut broken) = (BTreeMap::new(), Vec::new());
    packed(&directory.join("packed-refs"), &mut refs, &mut broken);
    let mut seen = HashSet::new();
    let mut stack = vec![(directory.join("refs"), BString::from("refs"), 0)];
    while let Some((path, name, depth)) = stack.pop() {
        // A link may lead back up.
        let is_new = path.canonicalize().is_ok_and(|real| seen.insert(real));
        let Ok(entries) = std::fs::read_dir(&path) else { continue };
        if !is_new || depth > DEEPEST {
            continue;
        }
        for entry in entries.flatten() {
            let part = entry.file_name();
            let part = part.as_encoded_bytes();
            // Locks and the like.
            if part.starts_with(b".") || part.ends_with(b".lock") {
                continue;
            }
            let name = BString::from([name.as_slice(), b"/", part].concat());
            if entry.path().is_dir() {
                stack.push((entry.path(), name, depth + 1));
            } else {
                one(&entry.path(), name, &mut refs, &mut broken);
            }
        }
    }
    let head = directory.join("HEAD");
    if head.symlink_metadata().is_ok() {
        one(&head, "HEAD".into(), &mut refs, &mut broken);
    }
    (refs, broken)
}

fn one(path: &Path, name: BString, refs: &mut BTreeMap<BString, Target>, broken: &mut Broken) {
    match target(path) {
        Ok(Some(target)) => drop(refs.insert(name, target)),
        Ok(None) => {}
        Err(why) => broken.push((name.to_string(), why)),
    }
}

/// What a file says; none if it is gone by now.
fn target(path: &Path) -> Result<Option<Target>, String> {
    // As refs to refs were once written.
    if let Ok(link) = std::fs::read_link(path)
        && let link = link.as_os_str().as_encoded_bytes()
        && link.starts_with(b"refs/")
    {
        return Ok(Some(Target::Name(link.into())));
    }
    let Some(bytes) = plain(path, LARGEST_REF)? else { return Ok(None) };
    if let Some(name) = bytes.strip_prefix(b"ref:") {
        let name = name.trim();
        gix::validate::reference::name(name.as_bstr())
            .map_err(|_| "what it names cannot be a ref".to_owned())?;
        return Ok(Some(Target::Name(name.into())));
    }
    let word = bytes.split(u8::is_ascii_whitespace).next().unwrap_or_default();
    let id = gix::ObjectId::from_hex(word).map_err(|_| "it holds neither an id nor a name".to_owned())?;
    Ok(Some(Target::Id(id)))
}

fn packed(path: &Path, refs: &mut BTreeMap<BString, Target>, broken: &mut Broken) {
    let mut complain = |why: String| broken.push((path.display().to_string(), why));
    let text = match plain(path, LARGEST_LIST) {
        Ok(text) => text.unwrap_or_default(),
        Err(why) => return complain(why),
    };
    if !text.is_empty() && !text.ends_with(b"\n") {
        complain("its last line is cut short".into());
    }
    let mut rubbish = 0;
    for line in
        text.lines().filter(|line| !line.is_empty() && !line.starts_with(b"#") && !line.starts_with(b"^"))
    {
        let parts = line.split_once_str(" ");
        match parts.and_then(|(id, name)| Some((gix::ObjectId::from_hex(id).ok()?, name))) {
            Some((id, name)) => drop(refs.insert(name.into(), Target::Id(id))),
            None => rubbish += 1,
        }
    }
    if rubbish > 0 {
        complain(format!("{rubbish} of its lines make no sense"));
    }
}

/// The bytes of a plain file that is not too large; none if it is not there.
fn plain(path: &Path, largest: u64) -> Result<Option<Vec<u8>>, String> {
    let metadata = match path.metadata() {
        Ok(metadata) => metadata,
        // A link to nowhere is a ref to nothing.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    // Opening a pipe would wait for ever.
    if !metadata.is_file() {
        return Err("it is no file".into());
    }
    if metadata.len() > largest {
        return Err(format!("it has {} bytes; {largest} are read at most", metadata.len()));
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    file.take(largest).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    Ok(Some(bytes))
}
