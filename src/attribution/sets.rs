//! Sets of findings that share what they have in common: one for each tree and each commit, and nearly all alike.
//!
//! A set is a binary trie over the numbers of the findings with 64 of them in a leaf. Equal tries are one node, so
//! that equal sets have equal ids, and a set that differs from another by one finding costs a handful of nodes
//! however large both are. What is done with sets is counted, and ends where the [`Budget`] does: a repository can be
//! made to hold any number of unlike sets.

use std::hash::{BuildHasher as _, RandomState};

use hashbrown::{HashMap, HashTable};

/// A set; equal ids are equal sets.
pub(super) type SetId = u32;

/// The set without a finding.
pub(super) const EMPTY: SetId = 0;

/// Findings in one leaf.
const LEAF: u32 = 64;

/// More than this was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Exhausted;

/// What sets may cost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    /// Numbers kept, of four bytes.
    pub(super) room: usize,
    /// Nodes looked at.
    pub(super) steps: usize,
}

impl Budget {
    /// 128 MiB and about half a second. A history of 100,000 commits with 1,000 findings takes some hundredths.
    pub(super) const USUAL: Budget = Budget { room: 32 << 20, steps: 512 << 20 };

    /// Takes steps.
    pub(super) fn walk(&mut self, steps: usize) -> Result<(), Exhausted> {
        self.steps = self.steps.checked_sub(steps).ok_or(Exhausted)?;
        Ok(())
    }

    /// Takes room.
    pub(super) fn keep(&mut self, numbers: usize) -> Result<(), Exhausted> {
        self.room = self.room.checked_sub(numbers).ok_or(Exhausted)?;
        Ok(())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Node {
    Leaf(u64),
    Inner(SetId, SetId),
}

/// All sets of a scan.
#[derive(Debug)]
pub(super) struct Sets {
    /// How many levels of inner nodes every set has.
    height: u32,
    nodes: Vec<Node>,
    known: HashTable<SetId>,
    hasher: RandomState,
    unions: HashMap<Box<[SetId]>, SetId>,
    scratch: Vec<SetId>,
    pub(super) budget: Budget,
}

impl Sets {
    /// For findings with numbers below `findings`.
    pub(super) fn new(findings: usize, budget: Budget) -> Self {
        let leaves = findings.div_ceil(LEAF as usize).max(1);
        Sets {
            height: leaves.next_power_of_two().trailing_zeros(),
            nodes: vec![Node::Leaf(0)],
            known: HashTable::new(),
            hasher: RandomState::new(),
            unions: HashMap::new(),
            scratch: Vec::new(),
            budget,
        }
    }

    /// The set of these numbers, which ascend.
    pub(super) fn of(&mut self, numbers: &[u32]) -> Result<SetId, Exhausted> {
        self.build(numbers, 0, self.height)
    }

    /// Recursion goes as deep as a set is high: 26 levels for all numbers there are.
    fn build(&mut self, numbers: &[u32], base: u32, height: u32) -> Result<SetId, Exhausted> {
        if numbers.is_empty() {
            return Ok(EMPTY);
        }
        if height == 0 {
            return self
                .intern(Node::Leaf(numbers.iter().fold(0, |bits, number| bits | 1 << (number % LEAF))));
        }
        let middle = base + (LEAF << (height - 1));
        let (left, right) = numbers.split_at(numbers.partition_point(|number| *number < middle));
        let node = Node::Inner(self.build(left, base, height - 1)?, self.build(right, middle, height - 1)?);
        self.intern(node)
    }

    fn intern(&mut self, node: Node) -> Result<SetId, Exhausted> {
        let (nodes, hasher) = (&mut self.nodes, &self.hasher);
        let hash = hasher.hash_one(node);
        if let Some(id) = self.known.find(hash, |id| nodes[*id as usize] == node) {
            return Ok(*id);
        }
        // Sixteen bytes of the node and its place in the table.
        self.budget.keep(6)?;
        let id = SetId::try_from(nodes.len()).map_err(|_| Exhausted)?;
        nodes.push(node);
        self.known.insert_unique(hash, id, |id| hasher.hash_one(nodes[*id as usize]));
        Ok(id)
    }

    /// The union of these sets; asking for the same one again is cheap.
    pub(super) fn union(&mut self, sets: &mut Vec<SetId>) -> Result<SetId, Exhausted> {
        self.budget.walk(sets.len())?;
        sets.retain(|set| *set != EMPTY);
        sets.sort_unstable();
        sets.dedup();
        match sets[..] {
            [] => return Ok(EMPTY),
            [only] => return Ok(only),
            _ => {}
        }
        if let Some(known) = self.unions.get(&sets[..]) {
            return Ok(*known);
        }
        self.scratch.clear();
        self.scratch.extend_from_slice(sets);
        let union = self.merge(0)?;
        // The key, and its place in the table.
        self.budget.keep(sets.len() + 10)?;
        self.unions.insert(sets.as_slice().into(), union);
        Ok(union)
    }

    /// The union of what `scratch` holds from `from` on. All of them at once: no node is made but those of the union.
    fn merge(&mut self, from: usize) -> Result<SetId, Exhausted> {
        self.budget.walk(self.scratch.len() - from)?;
        self.scratch[from..].sort_unstable();
        let mut kept = from;
        for at in from..self.scratch.len() {
            let set = self.scratch[at];
            if set != EMPTY && (kept == from || self.scratch[kept - 1] != set) {
                self.scratch[kept] = set;
                kept += 1;
            }
        }
        self.scratch.truncate(kept);
        match self.scratch[from..] {
            [] => return Ok(EMPTY),
            [only] => return Ok(only),
            _ => {}
        }
        if let Node::Leaf(_) = self.nodes[self.scratch[from] as usize] {
            let bits = self.scratch[from..].iter().fold(0, |bits, leaf| bits | self.bits(*leaf));
            return self.intern(Node::Leaf(bits));
        }
        let mut halves = [EMPTY; 2];
        for (side, half) in halves.iter_mut().enumerate() {
            for at in from..kept {
                let child = self.children(self.scratch[at])[side];
                self.scratch.push(child);
            }
            *half = self.merge(kept)?;
            self.scratch.truncate(kept);
        }
        self.intern(Node::Inner(halves[0], halves[1]))
    }

    /// Of a leaf, or of the empty set anywhere.
    pub(super) fn bits(&self, leaf: SetId) -> u64 {
        match self.nodes[leaf as usize] {
            Node::Leaf(bits) => bits,
            Node::Inner(..) => 0,
        }
    }

    fn children(&self, set: SetId) -> [SetId; 2] {
        match self.nodes[set as usize] {
            Node::Inner(left, right) => [left, right],
            Node::Leaf(_) => [EMPTY; 2],
        }
    }

    /// How many leaves a full set has.
    pub(super) fn leaves(&self) -> u32 {
        1 << self.height
    }

    /// The leaf with the numbers from `64 * at` on.
    pub(super) fn leaf(&self, set: SetId, at: u32) -> SetId {
        (0..self.height).rev().fold(set, |node, level| self.children(node)[(at >> level & 1) as usize])
    }

    /// Whether a set has a number.
    pub(super) fn contains(&self, set: SetId, number: u32) -> bool {
        self.bits(self.leaf(set, number / LEAF)) >> (number % LEAF) & 1 == 1
    }

    /// The numbers that one set has and another has not. What both have in common is passed over as a whole.
    pub(super) fn difference(
        &mut self,
        has: SetId,
        lacks: SetId,
        mut visit: impl FnMut(u32),
    ) -> Result<(), Exhausted> {
        let mut stack = vec![(has, lacks, 0, self.height)];
        let mut steps = 0;
        while let Some((has, lacks, base, height)) = stack.pop() {
            steps += 1;
            if has == lacks || has == EMPTY {
                continue;
            }
            if height > 0 {
                let (theirs, others) = (self.children(has), self.children(lacks));
                stack.push((theirs[1], others[1], base + (LEAF << (height - 1)), height - 1));
                stack.push((theirs[0], others[0], base, height - 1));
                continue;
            }
            let mut bits = self.bits(has) & !self.bits(lacks);
            steps += bits.count_ones() as usize;
            while bits != 0 {
                visit(base + bits.trailing_zeros());
                bits &= bits - 1;
            }
        }
        self.budget.walk(steps)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn members(sets: &mut Sets, set: SetId) -> Vec<u32> {
        let mut found = Vec::new();
        sets.difference(set, EMPTY, |number| found.push(number)).unwrap();
        found
    }

    proptest::proptest! {
        #[test]
        fn sets_are_sets(
            size in 1u32..600,
            parts in proptest::collection::vec(proptest::collection::btree_set(0u32..600, 0..40), 1..6),
        ) {
            let parts: Vec<BTreeSet<u32>> =
                parts.iter().map(|part| part.iter().copied().filter(|n| *n < size).collect()).collect();
            let mut sets = Sets::new(size as usize, Budget::USUAL);
            let vector = |set: &BTreeSet<u32>| set.iter().copied().collect::<Vec<_>>();
            let ids: Vec<SetId> = parts.iter().map(|part| sets.of(&vector(part)).unwrap()).collect();
            let union = sets.union(&mut ids.clone()).unwrap();
            let expected: BTreeSet<u32> = parts.iter().flatten().copied().collect();
            proptest::prop_assert_eq!(members(&mut sets, union), vector(&expected));
            proptest::prop_assert_eq!(sets.of(&vector(&expected)).unwrap(), union, "equal sets are one");
            proptest::prop_assert_eq!(union == EMPTY, expected.is_empty());
            proptest::prop_assert!((0..size).all(|n| sets.contains(union, n) == expected.contains(&n)));
            let mut rest = Vec::new();
            sets.difference(union, ids[0], |number| rest.push(number)).unwrap();
            proptest::prop_assert_eq!(rest, vector(&(&expected - &parts[0])));
        }
    }

    #[test]
    fn one_more_finding_costs_little() {
        let mut sets = Sets::new(10_000, Budget::USUAL);
        let mut all = sets.of(&(0..10_000).collect::<Vec<_>>()).unwrap();
        for number in 0..10_000 {
            let rest: Vec<u32> = (0..10_000).filter(|n| *n != number).collect();
            let without = sets.of(&rest).unwrap();
            all = sets.union(&mut vec![all, without]).unwrap();
        }
        assert!(sets.nodes.len() < 10_000 * 10, "{}", sets.nodes.len());
    }

    #[test]
    fn what_is_too_much_is_not_done() {
        let mut sets = Sets::new(1000, Budget { room: 100, steps: 1000 });
        let numbers: Vec<u32> = (0..1000).map(|n| n * 37 % 1000).collect();
        let made = (1..=1000).try_for_each(|n| {
            let mut part = numbers[..n].to_vec();
            part.sort_unstable();
            sets.of(&part).map(|_| ())
        });
        assert_eq!(made, Err(Exhausted));
        assert_eq!(sets.difference(EMPTY, EMPTY, |_| ()), Ok(()));
        assert_eq!((0..1001).try_for_each(|_| sets.difference(EMPTY, EMPTY, |_| ())), Err(Exhausted));
    }
}
