//! A bundle that is named: the history that it holds, and the text round it.

use std::path::Path;

use bstr::BString;

use super::assemble::Assembly;
use super::{Run, ScanError};
use crate::attribution::Attribution;
use crate::finding::GapKind;
use crate::git::bundle::is_made_up;
use crate::grouping::Place;
use crate::source::Worker;
use crate::source::bundle::Bundle;
use crate::source::lfs::LargeFiles;

impl Run<'_> {
    /// The bundle, as a repository without a working tree.
    pub(super) fn bundle(
        &mut self,
        path: &Path,
        bundle: Result<Bundle, String>,
        assembly: &mut Assembly,
    ) -> Result<(), ScanError> {
        if !self.options.history {
            return Err(ScanError::NothingInScope(path.to_owned()));
        }
        let mut bundle = bundle.map_err(|why| ScanError::Bundle { path: path.to_owned(), why })?;
        let unpacked = &mut bundle.unpacked;
        let name = path.display().to_string();
        let place = Place::File(BString::from(path.as_os_str().as_encoded_bytes()));
        let mut worker = Worker::new(self.detector, self.counters);
        worker.scan_as_it_is(&place, &unpacked.header);
        worker.scan_stream(&place, &name, &mut unpacked.rest);
        let (grouping, gaps) = worker.finish();
        assembly.add(grouping, &Attribution::default(), None);
        let before = std::mem::take(self.gaps);
        let large = LargeFiles::of(Some(&unpacked.repository), b"");
        self.history(&unpacked.repository, &unpacked.roots, &BString::default(), &large, assembly);
        // What the bundle goes on from is somewhere else, and what could not be decoded is told by what it is made from.
        let is_elsewhere = |kind| unpacked.goes_on && kind == GapKind::MissingObject;
        self.gaps.retain(|gap| !is_elsewhere(gap.kind) && !is_made_up(&gap.place));
        self.gaps.extend(before);
        self.gaps.append(&mut unpacked.gaps);
        self.gaps.extend(gaps);
        Ok(())
    }
}
