//! Where do keywords occur? One pass over the bytes for all of them, case ignored, overlaps included.
//!
//! An Aho-Corasick automaton over byte classes: a table of `u16` with a power of two of columns. A single walk through such a table
//! waits for memory at every byte, so four pieces of the text are walked in turn: the waits overlap, and the walk is
//! two to three times as fast (`cargo bench prefilter`). The `aho-corasick` crate is the reference in the tests.

/// An occurrence: which automaton state was reached, and where the keyword ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hit {
    /// Offset after the keyword's last byte.
    pub(super) end: u32,
    state: u16,
}

#[derive(Debug)]
pub(super) struct Prefilter {
    classes: Box<[u8; 256]>,
    /// `table[state << shift | class]` is the next state. States at and above `first_match` end a keyword.
    table: Vec<u16>,
    /// log2 of the columns: one for each distinct keyword byte and one for all others.
    shift: u32,
    first_match: u16,
    /// For each matching state, its part of `outputs`.
    output_ranges: Vec<(u32, u32)>,
    outputs: Vec<u16>,
    longest: usize,
}

/// All keywords together, so that states fit `u16`.
pub(super) const MOST_KEYWORD_BYTES: usize = 1 << 16;
/// Shorter texts are walked in one piece.
const SHORTEST_SPLIT: usize = 512;

impl Prefilter {
    /// Builds the automaton. Keywords are lower-case ASCII, together shorter than [`MOST_KEYWORD_BYTES`].
    pub(super) fn new(keywords: &[Vec<u8>]) -> Self {
        Builder::default().build(keywords)
    }

    /// Length of the longest keyword; 1 without any.
    pub(super) fn longest(&self) -> usize {
        self.longest
    }

    /// The numbers of the keywords that end at a hit.
    pub(super) fn keywords(&self, hit: Hit) -> &[u16] {
        let (from, to) = self.output_ranges[usize::from(hit.state - self.first_match)];
        &self.outputs[from as usize..to as usize]
    }

    /// Appends every occurrence in `bytes` (less than 4 GiB), in no particular order.
    pub(super) fn find(&self, bytes: &[u8], hits: &mut Vec<Hit>) {
        if bytes.len() < SHORTEST_SPLIT {
            self.walk(bytes, 0, 0, hits);
            return;
        }
        let piece = bytes.len() / 4;
        let (a, rest) = bytes.split_at(piece);
        let (b, rest) = rest.split_at(piece);
        let (c, d) = rest.split_at(piece);
        let [second, third, fourth] = self.enter([a, b, c]);
        let mut states = [0, second, third, fourth];
        for (i, (((a, b), c), d)) in a.iter().zip(b).zip(c).zip(d).enumerate() {
            states[0] = self.next(states[0], *a);
            states[1] = self.next(states[1], *b);
            states[2] = self.next(states[2], *c);
            states[3] = self.next(states[3], *d);
            if states.iter().any(|state| *state >= self.first_match) {
                for (lane, state) in states.iter().enumerate() {
                    self.record(*state, lane * piece + i, hits);
                }
            }
        }
        self.walk(&d[piece..], states[3], 4 * piece, hits);
    }

    /// The states at the ends of pieces of one length, as far as their last bytes can matter. In turn as well.
    fn enter(&self, [a, b, c]: [&[u8]; 3]) -> [u16; 3] {
        let from = a.len() - a.len().min(self.longest - 1);
        let mut states = [0; 3];
        for ((a, b), c) in a[from..].iter().zip(&b[from..]).zip(&c[from..]) {
            states = [self.next(states[0], *a), self.next(states[1], *b), self.next(states[2], *c)];
        }
        states
    }

    fn walk(&self, bytes: &[u8], mut state: u16, base: usize, hits: &mut Vec<Hit>) {
        for (i, byte) in bytes.iter().enumerate() {
            state = self.next(state, *byte);
            self.record(state, base + i, hits);
        }
    }

    #[inline]
    fn next(&self, state: u16, byte: u8) -> u16 {
        self.table[usize::from(state) << self.shift | usize::from(self.classes[usize::from(byte)])]
    }

    #[inline]
    fn record(&self, state: u16, at: usize, hits: &mut Vec<Hit>) {
        if state >= self.first_match {
            #[expect(clippy::cast_possible_truncation, reason = "blocks are far below 4 GiB")]
            hits.push(Hit { end: (at + 1) as u32, state });
        }
    }
}

/// The trie while it is being built.
#[derive(Default)]
struct Builder {
    /// Columns of a node, a power of two: one for each class.
    width: usize,
    /// Per node and class: the next node, 0 for none.
    children: Vec<u16>,
    /// Per node: keywords that end there, also by way of shorter suffixes.
    outputs: Vec<Vec<u16>>,
}

impl Builder {
    fn build(mut self, keywords: &[Vec<u8>]) -> Prefilter {
        let classes = classes(keywords);
        self.width = (usize::from(classes.iter().max().copied().unwrap_or(0)) + 1).next_power_of_two();
        self.add_node();
        for (number, keyword) in keywords.iter().enumerate() {
            let mut node = 0;
            for byte in keyword {
                let class = usize::from(classes[usize::from(*byte)]);
                let place = node * self.width + class;
                if self.children[place] == 0 {
                    self.children[place] = self.add_node();
                }
                node = usize::from(self.children[place]);
            }
            self.outputs[node].push(u16::try_from(number).expect("fewer keywords than trie nodes"));
        }
        let order = self.complete();
        self.renumber(classes, &order, keywords.iter().map(Vec::len).max().unwrap_or(1))
    }

    fn add_node(&mut self) -> u16 {
        self.children.resize(self.children.len() + self.width, 0);
        self.outputs.push(Vec::new());
        u16::try_from(self.outputs.len() - 1).expect("at most 65,535 trie nodes")
    }

    /// Breadth first: fills the missing transitions from the longest proper suffix, and inherits its outputs. Returns the
    /// nodes in that order.
    fn complete(&mut self) -> Vec<usize> {
        let width = self.width;
        let mut suffix = vec![0u16; self.outputs.len()];
        let mut queue: std::collections::VecDeque<u16> =
            self.children[..width].iter().copied().filter(|child| *child != 0).collect();
        let mut order = vec![0];
        while let Some(node) = queue.pop_front() {
            order.push(usize::from(node));
            let fallback = usize::from(suffix[usize::from(node)]);
            let inherited = self.outputs[fallback].clone();
            self.outputs[usize::from(node)].extend(inherited);
            for class in 0..width {
                let through_suffix = self.children[fallback * width + class];
                let child = &mut self.children[usize::from(node) * width + class];
                if *child == 0 {
                    *child = through_suffix;
                } else {
                    suffix[usize::from(*child)] = through_suffix;
                    queue.push_back(*child);
                }
            }
        }
        order
    }

    /// Moves matching states to the end, so that one comparison tells them. The shallow states, where a walk spends most of
    /// its time, lie side by side.
    fn renumber(self, classes: Box<[u8; 256]>, order: &[usize], longest: usize) -> Prefilter {
        let (silent, matching): (Vec<usize>, Vec<usize>) =
            order.iter().partition(|node| self.outputs[**node].is_empty());
        let mut new_number = vec![0u16; self.outputs.len()];
        for (number, node) in silent.iter().chain(&matching).enumerate() {
            new_number[*node] = u16::try_from(number).expect("at most 65,535 trie nodes");
        }
        let mut table = Vec::with_capacity(self.children.len());
        for node in silent.iter().chain(&matching) {
            let row = &self.children[node * self.width..][..self.width];
            table.extend(row.iter().map(|next| new_number[usize::from(*next)]));
        }
        let mut outputs = Vec::new();
        let mut output_ranges = Vec::new();
        for node in &matching {
            let from = u32::try_from(outputs.len()).expect("few keywords");
            outputs.extend(&self.outputs[*node]);
            output_ranges.push((from, u32::try_from(outputs.len()).expect("few keywords")));
        }
        let first_match = u16::try_from(silent.len()).expect("at most 65,535 trie nodes");
        let shift = self.width.trailing_zeros();
        Prefilter { classes, table, shift, first_match, output_ranges, outputs, longest: longest.max(1) }
    }
}

/// Class 0 for bytes in no keyword; a letter shares its class with its other case.
fn classes(keywords: &[Vec<u8>]) -> Box<[u8; 256]> {
    let mut classes = Box::new([0u8; 256]);
    let mut next = 1;
    for byte in keywords.iter().flatten() {
        if classes[usize::from(*byte)] == 0 {
            classes[usize::from(*byte)] = next;
            classes[usize::from(byte.to_ascii_uppercase())] = next;
            next += 1;
        }
    }
    classes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(keywords: &[Vec<u8>], text: &[u8]) -> Vec<(usize, usize)> {
        let prefilter = Prefilter::new(keywords);
        let mut hits = Vec::new();
        prefilter.find(text, &mut hits);
        let mut all: Vec<(usize, usize)> = hits
            .iter()
            .flat_map(|hit| prefilter.keywords(*hit).iter().map(|k| (usize::from(*k), hit.end as usize)))
            .collect();
        all.sort_unstable();
        all
    }

    fn reference(keywords: &[Vec<u8>], text: &[u8]) -> Vec<(usize, usize)> {
        let automaton =
            aho_corasick::AhoCorasick::builder().ascii_case_insensitive(true).build(keywords).unwrap();
        let mut all: Vec<(usize, usize)> =
            automaton.find_overlapping_iter(text).map(|m| (m.pattern().as_usize(), m.end())).collect();
        all.sort_unstable();
        all
    }

    proptest::proptest! {
        #[test]
        fn equals_the_reference(
            keywords in proptest::collection::btree_set("[ab_]{1,5}", 1..8),
            text in proptest::collection::vec(proptest::sample::select(b"aAbB_x\n".to_vec()), 0..3000),
        ) {
            let keywords: Vec<Vec<u8>> = keywords.into_iter().map(String::into_bytes).collect();
            proptest::prop_assert_eq!(found(&keywords, &text), reference(&keywords, &text));
        }
    }

    #[test]
    fn equals_the_reference_with_the_embedded_keywords() {
        let rules = crate::rules::RuleSet::embedded().unwrap();
        let keywords: Vec<Vec<u8>> = rules.keywords().keys().map(|k| k.as_bytes().to_vec()).collect();
        let mut text = Vec::new();
        for (i, keyword) in keywords.iter().cycle().take(4000).enumerate() {
            text.extend_from_slice(&keyword[..keyword.len() - i % 2]);
            if i % 3 == 0 {
                text.push(b' ');
            }
        }
        assert_eq!(found(&keywords, &text), reference(&keywords, &text));
    }
}
