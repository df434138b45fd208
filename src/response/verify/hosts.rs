//! Several hosts were asked: what they say together.

use crate::finding::Liveness;
use crate::response::judge::Judged;

/// What one host said.
pub(super) struct Answer {
    pub(super) host: String,
    pub(super) judged: Judged,
}

/// Whether an answer makes others needless: a host that knows the credential.
pub(super) fn decides(verdict: Liveness) -> bool {
    matches!(verdict, Liveness::Live | Liveness::LiveLimited | Liveness::Disabled | Liveness::Expired)
}

/// How much an unknown answer tells; more is shown.
fn strength(verdict: Liveness) -> u8 {
    match verdict {
        Liveness::RateLimited => 5,
        Liveness::Blocked => 4,
        Liveness::Ambiguous => 3,
        Liveness::Unreachable => 2,
        Liveness::NotAttempted => 1,
        _ => 0,
    }
}

/// The first that knows it decides. It is dead if all say so; else it is not known, and the strongest reason stays.
pub(super) fn together(answers: Vec<Answer>) -> Option<Answer> {
    let count = answers.len();
    let names = answers.iter().map(|answer| answer.host.as_str()).collect::<Vec<_>>().join(", ");
    if let Some(at) = answers.iter().position(|answer| decides(answer.judged.verdict)) {
        return answers.into_iter().nth(at);
    }
    let is_dead = |answer: &Answer| answer.judged.verdict == Liveness::Dead;
    if answers.iter().all(is_dead) {
        let mut first = answers.into_iter().next()?;
        if count > 1 {
            first.judged.reason = format!("{}, at each of {names}", first.judged.reason);
        }
        return Some(first);
    }
    // The first among equals.
    let unknown = answers.into_iter().rev().max_by_key(|answer| strength(answer.judged.verdict));
    unknown.map(|mut answer| {
        if count > 1 {
            answer.judged.reason = format!("{}: {}", answer.host, answer.judged.reason);
        }
        answer
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(verdicts: &[Liveness]) -> (Liveness, String, String) {
        let answer = |(number, verdict): (usize, &Liveness)| Answer {
            host: format!("h{number}"),
            judged: Judged::new(*verdict, format!("r{number}")),
        };
        let answer = together(verdicts.iter().enumerate().map(answer).collect()).unwrap();
        (answer.judged.verdict, answer.host, answer.judged.reason)
    }

    #[test]
    fn one_that_knows_it_decides_and_all_must_say_dead() {
        use Liveness::{Ambiguous, Dead, Disabled, Live, NotAttempted, RateLimited, Unreachable};
        let told = |verdict, host: &str, reason: &str| (verdict, host.to_owned(), reason.to_owned());
        assert_eq!(all(&[Dead, Live]), told(Live, "h1", "r1"));
        assert_eq!(all(&[RateLimited, Disabled]), told(Disabled, "h1", "r1"));
        assert_eq!(all(&[Dead]), told(Dead, "h0", "r0"));
        assert_eq!(all(&[Dead, Dead]), told(Dead, "h0", "r0, at each of h0, h1"));
        assert_eq!(all(&[Dead, Unreachable, Ambiguous, Dead]), told(Ambiguous, "h2", "h2: r2"));
        assert_eq!(all(&[Dead, NotAttempted]), told(NotAttempted, "h1", "h1: r1"));
        assert_eq!(all(&[Unreachable, Unreachable]), told(Unreachable, "h0", "h0: r0"));
        assert!(together(Vec::new()).is_none());
    }
}
