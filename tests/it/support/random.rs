//! Histories of all shapes, always the same for the same seed.

use std::collections::BTreeMap;

use super::{Rng, line};

/// Names of the tokens in it.
pub(crate) const TOKENS: [&str; 5] = ["t0", "t1", "t2", "t3", "t4"];

/// A stream for `git fast-import`: commits with none to three parents, each of which has what a parent had and a few
/// changes; then refs of all kinds.
pub(crate) fn random_history(rng: &mut Rng, skewed: bool) -> String {
    let mut stream = String::new();
    let mut states: Vec<BTreeMap<String, String>> = Vec::new();
    for number in 0..8 + rng.below(8) {
        let mut parents = Vec::new();
        if number > 0 && rng.below(10) > 0 {
            // Mostly a recent one, so that there are long lines.
            parents.push(number - 1 - rng.below(number.min(3)));
            for _ in 0..rng.below(6) / 3 {
                parents.push(rng.below(number));
            }
        }
        let mut state = parents.first().map(|parent| states[*parent].clone()).unwrap_or_default();
        parents.sort_unstable();
        parents.dedup();
        if parents.len() > 1 && rng.below(3) > 0 {
            parents.iter().for_each(|parent| state.extend(states[*parent].clone()));
        }
        for _ in 0..rng.below(4) {
            let path = ["a", "b", "d/a", "d/b", "d/e/a", "f/a"][rng.below(6)].to_owned();
            match rng.below(5) {
                0 | 1 => {
                    let tokens: String = (0..rng.below(3)).map(|_| line(TOKENS[rng.below(5)])).collect();
                    state.insert(path, format!("{}\n{tokens}", rng.below(3)));
                }
                2 => drop(state.remove(&path)),
                _ if state.is_empty() => {}
                _ => {
                    let from = state.keys().nth(rng.below(state.len())).unwrap().clone();
                    let text = state.remove(&from).unwrap();
                    state.insert(path, text);
                }
            }
        }
        let date =
            1_500_000_000 + number + if skewed { 100 * rng.below(1_000_000) } else { 100_000 * number };
        stream.push_str("reset refs/heads/main\n");
        stream.push_str(&format!(
            "commit refs/heads/main\nmark :{}\ncommitter A <a@b> {date} +0000\ndata 1\nm\n",
            number + 1
        ));
        for (at, parent) in parents.iter().enumerate() {
            stream.push_str(&format!("{} :{}\n", if at == 0 { "from" } else { "merge" }, parent + 1));
        }
        stream.push_str("deleteall\n");
        for (path, text) in &state {
            stream.push_str(&format!("M 100644 inline {path}\ndata {}\n{text}\n", text.len()));
        }
        states.push(state);
    }
    for kind in ["heads/topic", "tags/v", "remotes/origin/r", "pull/"] {
        for number in 0..rng.below(4) {
            let mark = 1 + rng.below(states.len());
            stream.push_str(&format!("reset refs/{kind}{number}\nfrom :{mark}\n\n"));
        }
    }
    stream
}
