//! A plan against what the checkout has: which commits are scanned in the end.
//!
//! Never too little without a word: a base that is gone makes the range longer, and what is not there makes the scan
//! incomplete.

use super::fetch::{Fetch, REMOTE};
use super::{Id, Plan, Point, What};
use crate::finding::{Gap, GapKind};
use crate::git::environment::Environment;
use crate::git::scope::{Extent, Scope};
use crate::git::{OpenError, Repository};

/// What is scanned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What.
    pub extent: Chosen,
    /// Why, and what was done for it; sentences.
    pub why: Vec<String>,
    /// The commit whose configuration and suppressions hold: what was there before the change. `None` where nothing is
    /// under review.
    pub base: Option<String>,
    /// What is known to be missing.
    pub gaps: Vec<Gap>,
}

/// What is scanned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// Nothing.
    Nothing,
    /// The history of every ref.
    Whole,
    /// Some commits.
    Some(Box<Scope>),
}

/// Decides; with `may_fetch`, what is missing is fetched first.
pub fn decide(repository: Repository, plan: &Plan, may_fetch: bool) -> Result<Decision, OpenError> {
    let mut why = vec![plan.why.clone()];
    let (head, bases) = match &plan.what {
        What::Nothing => return Ok(Decision::of(Chosen::Nothing, why)),
        What::Whole => {
            if may_fetch && let Err(error) = Fetch::into(&repository).everything() {
                why.push(format!("Nothing could be fetched: {error}."));
            }
            return Ok(Decision::of(Chosen::Whole, why));
        }
        What::Introduced { head, bases } => (head, bases),
    };
    let mut checkout = Checkout { repository, head, bases };
    let mut failure = None;
    if may_fetch && !checkout.is_enough() {
        failure = Fetch::into(&checkout.repository).these(&checkout.wanted()).err();
        // Opened anew, since new packs came.
        let again = Repository::discover(checkout.repository.git_dir())?;
        if let Some(repository) = again {
            checkout.repository = repository;
        }
    }
    let advice = match &failure {
        Some(error) => format!("{error}; {}", plan.deepen),
        None => plan.deepen.to_owned(),
    };
    let mut decision = checkout.decision(why, &advice);
    if let Some(error) = failure.filter(|_| decision.gaps.is_empty()) {
        decision.why.push(format!("Nothing could be fetched: {error}."));
    }
    Ok(decision)
}

impl Decision {
    fn of(extent: Chosen, why: Vec<String>) -> Self {
        Decision { extent, why, base: None, gaps: Vec::new() }
    }
}

/// A checkout, and what is asked of it.
struct Checkout<'a> {
    repository: Repository,
    head: &'a Point,
    bases: &'a [Point],
}

impl Checkout<'_> {
    /// The head and the best base are there, and every commit between them.
    fn is_enough(&self) -> bool {
        let Some(head) = self.find(self.head) else { return false };
        match self.bases.first() {
            Some(base) => self.find(base).is_some_and(|base| self.repository.has_all(&between(&base, &head))),
            None => self.repository.has_all(&all_of(&head)),
        }
    }

    /// The id of a commit that is there.
    fn find(&self, point: &Point) -> Option<String> {
        match point {
            Point::Commit(id) | Point::CommitAt(id, _) => self.repository.commit(id.as_str()),
            Point::Head => self.repository.commit("HEAD"),
            Point::Branch(branch) => {
                // What the remote has, not what somebody may have made of it here.
                self.repository.commit(&format!("refs/remotes/{REMOTE}/{}", branch.as_str()))
            }
            Point::TargetOf { .. } => self.target(point).and_then(|id| self.repository.commit(id.as_str())),
        }
    }

    /// The first parent, which need not be there, of a merge of two, the second of which is the head.
    fn target(&self, point: &Point) -> Option<Id> {
        let Point::TargetOf { merge, head } = point else { return None };
        match &self.repository.parents(merge.as_str())[..] {
            [first, second] if second == head.as_str() => Id::new(first),
            _ => None,
        }
    }

    /// What to ask the remote for.
    fn wanted(&self) -> Vec<String> {
        let name = |point: &Point| match point {
            Point::Commit(id) => Some(id).filter(|id| id.is_whole()).map(|id| id.as_str().to_owned()),
            Point::CommitAt(id, reference) => {
                Some(if id.is_whole() { id.as_str().to_owned() } else { reference.clone() })
            }
            Point::Head => None,
            Point::Branch(branch) => {
                let branch = branch.as_str();
                Some(format!("+refs/heads/{branch}:refs/remotes/{REMOTE}/{branch}"))
            }
            Point::TargetOf { .. } => self.target(point).map(|id| id.as_str().to_owned()),
        };
        let mut wanted: Vec<String> = std::iter::once(self.head).chain(self.bases).filter_map(name).collect();
        // A remote may give away refs only.
        if let Point::CommitAt(_, reference) = self.head {
            wanted.push(reference.clone());
        }
        wanted
    }

    fn decision(&self, mut why: Vec<String>, advice: &str) -> Decision {
        let gap = |kind, place: String, detail: String| vec![Gap { kind, place, detail }];
        let Some(head) = self.find(self.head) else {
            let detail = format!("it is not in the checkout, so that nothing was scanned; {advice}");
            let gaps = gap(GapKind::MissingObject, self.head.told(), detail);
            return Decision { gaps, ..Decision::of(Chosen::Nothing, why) };
        };
        let found =
            self.bases.iter().enumerate().find_map(|(rank, base)| Some((rank, base, self.find(base)?)));
        let gone = |until: usize| {
            let gone = self.bases[..until].iter().filter(|base| match base {
                // That the host made no merge is nothing to be told.
                Point::TargetOf { .. } => false,
                _ => true,
            });
            gone.map(Point::told).collect::<Vec<_>>().join(" and ")
        };
        let none_left = || match gone(self.bases.len()) {
            gone if gone.is_empty() => "target".into(),
            gone => gone,
        };
        if let Some((rank, base, id)) = found {
            let missing = gone(rank);
            if !missing.is_empty() {
                why.push(format!("There is no {missing} any more, or not here: {} is taken.", base.told()));
            }
            let chosen = Chosen::Some(Box::new(between(&id, &head)));
            return Decision { base: Some(id), ..Decision::of(chosen, why) };
        }
        if !self.bases.is_empty() && self.repository.is_shallow() {
            let detail = format!(
                "the change cannot be told from what was there before, since the checkout is shallow; {advice}"
            );
            let gaps = gap(GapKind::Shallow, none_left(), detail);
            let chosen = Chosen::Some(Box::new(range(Extent::Only(head.clone()), &format!("{head}^!"))));
            return Decision { gaps, ..Decision::of(chosen, why) };
        }
        if !self.bases.is_empty() {
            let missing = none_left();
            why.push(format!(
                "There is no {missing} any more, or not here: everything that {} reaches is scanned.",
                self.head.told()
            ));
        }
        Decision::of(Chosen::Some(Box::new(all_of(&head))), why)
    }
}

fn between(base: &str, head: &str) -> Scope {
    range(Extent::Between(base.into(), head.into()), &format!("{base}..{head}"))
}

fn range(extent: Extent, text: &str) -> Scope {
    Scope {
        extent,
        branch: None,
        most: None,
        environment: Environment::default(),
        text: format!("--range {text}"),
    }
}

fn all_of(head: &str) -> Scope {
    Scope {
        extent: Extent::Whole,
        branch: Some(head.into()),
        most: None,
        environment: Environment::default(),
        text: format!("--branch {head}"),
    }
}
