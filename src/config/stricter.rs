//! Of settings that are not trusted, those that hide nothing.

use super::layer::Layer;
use super::origin::Setting;
use crate::finding::Confidence;
use crate::policy::FailOn;

/// What of `tree` is stricter than `base`.
pub(super) fn only(tree: &Layer, base: &Layer) -> Layer {
    let threshold = base.confidence.as_ref().map_or(Confidence::Medium, |setting| setting.value);
    let fail_on = base.fail_on.as_ref().map(|setting| setting.value.clone()).unwrap_or_default();
    let is =
        |setting: &Option<Setting<bool>>, value| setting.clone().filter(|setting| setting.value == value);
    Layer {
        confidence: tree.confidence.clone().filter(|setting| setting.value < threshold),
        jobs: tree.jobs.clone(),
        history: is(&tree.history, true),
        worktree: is(&tree.worktree, true),
        unreachable: is(&tree.unreachable, true),
        ignore_files: is(&tree.ignore_files, false),
        archives: is(&tree.archives, true),
        decoding: is(&tree.decoding, true),
        largest_file: tree
            .largest_file
            .clone()
            .filter(|limit| base.largest_file.as_ref().is_some_and(|base| limit.value >= base.value)),
        builtin: is(&tree.builtin, true),
        fail_on: tree.fail_on.clone().filter(|setting: &Setting<FailOn>| {
            fail_on.is_weaker_than(&setting.value) && !setting.value.is_weaker_than(&fail_on)
        }),
        exit_code: tree.exit_code.clone().filter(|setting| setting.value != 0 && base.exit_code.is_none()),
        explain: tree.explain.clone(),
        allow_incomplete: is(&tree.allow_incomplete, false),
        ..Layer::default()
    }
}
