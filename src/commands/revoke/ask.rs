//! A person at a terminal, asked about each credential.

use std::io::{BufRead as _, Write as _};

use crate::finding::Verification;
use crate::report::text::visible;
use crate::response::inputs::Credential;
use crate::response::revoke::Item;
use crate::response::revoke::consent::{Answer, Consent};

/// Somebody who sits there.
#[derive(Debug, Default)]
pub(super) struct Person {
    /// Rules of which all may be done.
    all_of: Vec<String>,
    left: bool,
    /// What is done, for the question.
    pub(super) verb: &'static str,
}

impl Person {
    /// Who is asked whether to `verb`.
    pub(super) fn new(verb: &'static str) -> Self {
        Person { verb, ..Person::default() }
    }

    /// Before anything is sent: whether providers may be asked.
    pub(super) fn may_ask(requests: usize, hosts: usize) -> std::io::Result<bool> {
        let question = format!(
            "First up to {requests} read-only requests to {hosts} hosts: are they live? Go on [y/N] "
        );
        Ok(matches!(answer(&question)?.as_str(), "y" | "yes"))
    }
}

/// On standard error, so that standard output can be kept.
fn answer(question: &str) -> std::io::Result<String> {
    let mut stderr = std::io::stderr().lock();
    write!(stderr, "{question}")?;
    stderr.flush()?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim().to_ascii_lowercase())
}

impl Consent for Person {
    fn ask(&mut self, credential: &Credential, item: &Item, verification: &Verification) -> Answer {
        if self.left {
            return Answer::No("somebody at the terminal said: no more".to_owned());
        }
        if self.all_of.contains(&credential.rule) {
            return Answer::Yes("interactive, all of this rule".to_owned());
        }
        let facts = verification.identity.iter().map(|fact| format!(" {} {}", fact.name, fact.value));
        let question = format!(
            "{} {} {} is {}:{}\n  {}? [y]es, [N]o, [a]ll of this rule, [q]uit: ",
            visible(item.rule.as_bytes()),
            item.secret,
            visible(item.place.as_bytes()),
            verification.verdict,
            visible(facts.collect::<Vec<_>>().join(",").as_bytes()),
            self.verb,
        );
        match answer(&question).as_deref() {
            Ok("y" | "yes") => Answer::Yes("interactive".to_owned()),
            Ok("a" | "all") => {
                self.all_of.push(credential.rule.clone());
                Answer::Yes("interactive, all of this rule".to_owned())
            }
            Ok("q" | "quit") | Err(_) => {
                self.left = true;
                Answer::No("somebody at the terminal said: no more".to_owned())
            }
            Ok(_) => Answer::No("somebody at the terminal said no".to_owned()),
        }
    }
}
