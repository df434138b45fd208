//! Filters of betterleaks: expressions that are true for what is not to be reported.
//!
//! ```text
//! text ─▶ lex ─▶ parse ─▶ formulas ─▶ evaluate, for one occurrence
//! ```
//!
//! What cannot be known here, such as how a model cuts a text into tokens, has a value that is neither true nor false,
//! and a formula applies only where it is true whatever that value is. So nothing is hidden that betterleaks reports.
//! Both forms are read: Expr, and CEL as it was before. The cost of a formula is bounded: it has no loops, and its texts
//! have a limit.

use crate::rules::exemption::Sight;
use crate::rules::expression::Cache;

mod calls;
mod evaluate;
mod lex;
mod parse;
mod tree;

use parse::Tree;
use tree::Node;

/// One condition; what it is true for is dropped.
#[derive(Debug)]
pub(crate) struct Formula {
    root: Node,
    /// How many expressions it tries.
    expressions: usize,
}

/// What was read, and what of it has no meaning here.
#[derive(Debug)]
pub(super) struct Parsed {
    /// Any of them is enough.
    pub(super) formulas: Vec<Formula>,
    /// What is not known here, and where it stands.
    pub(super) notes: Vec<(usize, String)>,
}

/// Why a filter cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// In bytes.
    pub(super) at: usize,
    pub(super) why: String,
    /// It may be right, but for what is not supported.
    pub(super) is_unsupported: bool,
}

impl Refusal {
    fn wrong(at: usize, why: impl Into<String>) -> Self {
        Refusal { at, why: why.into(), is_unsupported: false }
    }

    fn unsupported(at: usize, what: &str) -> Self {
        Refusal { at, why: format!("{what} are not supported in filters"), is_unsupported: true }
    }
}

impl Formula {
    /// Reads a filter.
    pub(super) fn parse(text: &str) -> Result<Parsed, Refusal> {
        let Tree { root, expressions, notes } = parse::parse(text)?;
        let roots = match root {
            // Apart, those that look at the secret alone are tried early.
            Node::Any(roots) => roots,
            root => vec![root],
        };
        let formulas = roots.into_iter().map(|root| Formula { root, expressions }).collect();
        Ok(Parsed { formulas, notes })
    }

    /// Whether it is true of what is seen.
    pub(in crate::rules) fn holds(&self, sight: &Sight<'_>, caches: &mut Vec<Cache>) -> bool {
        caches.resize_with(self.expressions.max(caches.len()), Cache::default);
        evaluate::is_true(&self.root, sight, caches)
    }

    /// Whether it looks at the secret, and at nothing that depends on the place.
    pub(in crate::rules) fn is_about_secret(&self) -> bool {
        self.root.is_about_secret()
    }
}
