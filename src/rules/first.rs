//! The bytes that a match of an expression may begin with.

use regex_syntax::hir::{Class, Hir, HirKind, Repetition};

use super::shape::ByteSet;

/// `None` if a match may be empty, or begin with more than single bytes can tell.
pub(super) fn first_bytes(hir: &Hir) -> Option<ByteSet> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) | HirKind::Repetition(Repetition { min: 0, .. }) => None,
        HirKind::Literal(literal) => literal.0.first().map(|byte| ByteSet::of(*byte)),
        HirKind::Class(class) => byte_set(class),
        HirKind::Capture(capture) => first_bytes(&capture.sub),
        HirKind::Repetition(repetition) => first_bytes(&repetition.sub),
        HirKind::Alternation(parts) => {
            parts.iter().try_fold(ByteSet::default(), |all, part| Some(all.union(&first_bytes(part)?)))
        }
        HirKind::Concat(parts) => {
            // What may be left out adds its bytes to those of what follows.
            let mut all = ByteSet::default();
            for part in parts {
                if let Some(set) = first_bytes(part) {
                    return Some(all.union(&set));
                }
                all = all.union(&if_not_empty(part)?);
            }
            None
        }
    }
}

/// The bytes that a match may begin with if it is not empty; maybe more.
fn if_not_empty(hir: &Hir) -> Option<ByteSet> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Some(ByteSet::default()),
        HirKind::Capture(capture) => if_not_empty(&capture.sub),
        HirKind::Repetition(repetition) => if_not_empty(&repetition.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().try_fold(ByteSet::default(), |all, part| Some(all.union(&if_not_empty(part)?)))
        }
        HirKind::Literal(_) | HirKind::Class(_) => first_bytes(hir),
    }
}

/// `None` for a class of characters that are more than a byte.
pub(super) fn byte_set(class: &Class) -> Option<ByteSet> {
    let Class::Bytes(class) = class else {
        let Class::Unicode(class) = class else { return None };
        return byte_set(&Class::Bytes(class.to_byte_class()?));
    };
    let mut set = ByteSet::default();
    class.ranges().iter().for_each(|range| set.insert_range(range.start()..=range.end()));
    Some(set)
}
