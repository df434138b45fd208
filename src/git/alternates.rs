//! Where objects are borrowed from: `objects/info/alternates`, and what the lenders borrow in turn.

use std::collections::HashSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use bstr::{BString, ByteSlice as _};

use crate::finding::{Gap, GapKind};

/// More than anybody borrows from on purpose.
const MOST: usize = 1024;
/// A longer list is not read.
const LARGEST: u64 = 1 << 20;

/// An object directory, and all that it borrows from, each once. What is named and cannot be read is a gap.
pub(super) fn resolve(objects: &Path, gaps: &mut Vec<Gap>) -> Vec<PathBuf> {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let mut seen = HashSet::from([real(objects)]);
    let mut directories = vec![objects.to_owned()];
    let mut at = 0;
    while let Some(directory) = directories.get(at).cloned() {
        at += 1;
        let list = directory.join("info/alternates");
        let mut complain = |why: String| {
            let place = list.display().to_string();
            let detail = format!("objects borrowed from elsewhere cannot be read: {why}");
            gaps.push(Gap { kind: GapKind::MissingObject, place, detail });
        };
        let text = match read(&list) {
            Ok(text) => text,
            Err(why) => {
                complain(why);
                continue;
            }
        };
        for name in text.lines().filter(|line| !line.is_empty() && !line.starts_with(b"#")).map(unquoted) {
            let Ok(path) = gix::path::from_bstr(name.as_bstr()) else {
                complain(format!("{name} is no path"));
                continue;
            };
            let path = directory.join(path);
            if !path.is_dir() {
                complain(format!("{} is no directory", path.display()));
            } else if directories.len() >= MOST {
                complain(format!("there are more than {MOST} directories"));
                break;
            } else if seen.insert(real(&path)) {
                directories.push(path);
            }
        }
    }
    directories
}

/// A list of alternates that is no file, and that would be waited for for ever.
pub(super) fn pipe(objects: &Path) -> Option<PathBuf> {
    let lists = resolve(objects, &mut Vec::new()).into_iter().map(|objects| objects.join("info/alternates"));
    lists.into_iter().find(|list| list.metadata().is_ok_and(|found| !found.is_file() && !found.is_dir()))
}

/// As it is meant; a quote that makes no sense is part of the name.
fn unquoted(line: &[u8]) -> BString {
    match gix::quote::ansi_c::undo(line.as_bstr()) {
        Ok((name, _)) if line.starts_with(b"\"") => name.into_owned(),
        _ => line.into(),
    }
}

fn read(list: &Path) -> Result<Vec<u8>, String> {
    match list.metadata() {
        // Opening a pipe would wait for ever.
        Ok(metadata) if !metadata.is_file() => return Err("the list is no file".into()),
        Ok(metadata) if metadata.len() > LARGEST => return Err("the list is too long".into()),
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.to_string()),
    }
    let mut text = Vec::new();
    let file = std::fs::File::open(list).map_err(|error| error.to_string())?;
    file.take(LARGEST).read_to_end(&mut text).map_err(|error| error.to_string())?;
    Ok(text)
}
