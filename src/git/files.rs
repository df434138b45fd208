//! Refs in files: one each below `refs`, and many in `packed-refs`, which the former override.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use bstr::{BString, ByteSlice as _};

use super::names::{Broken, Target};
use crate::disk;

/// A ref is an id or a name, and neither is longer.
const LARGEST_REF: u64 = 64 << 10;
/// A larger `packed-refs` is not read.
const LARGEST_LIST: u64 = 256 << 20;
/// The refs of one administrative directory, `HEAD` among them.
pub(super) fn read(directory: &Path) -> (BTreeMap<BString, Target>, Broken) {
    let (mut refs, mut broken) = (BTreeMap::new(), Vec::new());
    packed(&directory.join("packed-refs"), &mut refs, &mut broken);
    let top = directory.join("refs");
    let mut stack = Vec::new();
    match top.canonicalize() {
        // Several working trees once shared their refs by a link.
        Ok(real)
            if real.parent().is_some_and(|up| super::is_git_dir(up).unwrap_or(false))
                || !top.is_symlink() =>
        {
            stack.push((real, BString::from("refs")));
        }
        Ok(_) => broken.push(("refs".into(), ELSEWHERE.into())),
        Err(error) if disk::is_absent(&error) => {}
        Err(error) => broken.push(("refs".into(), error.to_string())),
    }
    let bounds = stack.first().and_then(|(real, _)| Some(real.parent()?.to_owned()));
    while let Some((path, name)) = stack.pop() {
        let paths = disk::entries(&path).unwrap_or_else(|error| {
            broken.push((name.to_string(), error.to_string()));
            Vec::new()
        });
        for path in paths {
            let part = path.file_name().unwrap_or_default().as_encoded_bytes();
            // Locks and the like.
            if part.starts_with(b".") || part.ends_with(b".lock") {
                continue;
            }
            let name = BString::from([name.as_slice(), b"/", part].concat());
            match path.symlink_metadata() {
                Ok(metadata) if metadata.is_dir() => stack.push((path, name)),
                _ => one(&path, name, bounds.as_deref(), &mut refs, &mut broken),
            }
        }
    }
    let real = directory.canonicalize().ok();
    one(&directory.join("HEAD"), "HEAD".into(), real.as_deref(), &mut refs, &mut broken);
    (refs, broken)
}

const ELSEWHERE: &str = "it is a symbolic link that leads elsewhere, which git may follow";

fn one(
    path: &Path,
    name: BString,
    bounds: Option<&Path>,
    refs: &mut BTreeMap<BString, Target>,
    broken: &mut Broken,
) {
    match target(path, bounds) {
        Ok(Some(target)) => drop(refs.insert(name, target)),
        Ok(None) => {}
        Err(why) => broken.push((name.to_string(), why)),
    }
}

/// What a file says; none if it is gone by now, or a link to nowhere or to a directory. Links are followed within
/// these bounds.
fn target(path: &Path, bounds: Option<&Path>) -> Result<Option<Target>, String> {
    if let Ok(link) = std::fs::read_link(path) {
        // As refs to refs were once written.
        let name = link.as_os_str().as_encoded_bytes();
        if name.starts_with(b"refs/") {
            return Ok(Some(Target::Name(name.into())));
        }
        match path.canonicalize() {
            Ok(real) if bounds.is_none_or(|bounds| !real.starts_with(bounds)) => {
                return Err(ELSEWHERE.into());
            }
            // What lies there is read where it lies.
            Ok(real) if real.is_dir() => return Ok(None),
            _ => {}
        }
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
