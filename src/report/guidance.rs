//! How a kind of credential is taken out of circulation and replaced, as reports tell it. Of rule files: our own words or
//! the user's, and of saved runs anybody's, so that every text is made harmless where it is shown.

use serde::{Deserialize, Serialize};

use super::about::{given, is_link};

/// What is known of one rule's credentials.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guidance {
    /// How to revoke.
    pub revoke: Option<Revocation>,
    /// How to replace.
    pub rotate: Option<Rotation>,
}

/// How to revoke.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// Who can.
    pub who: String,
    /// What else it destroys.
    pub destroys: Option<String>,
    /// How it is undone; `None`: not at all.
    pub undo: Option<String>,
    /// How long it may take until it is dead.
    pub delay: Option<String>,
    /// A known trap.
    pub warning: Option<String>,
    /// The provider's page.
    pub page: Option<String>,
    /// What to do there.
    pub steps: Vec<String>,
}

/// How to replace.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// Whether the provider has a call for it.
    pub has_call: bool,
    /// What becomes of the old one, and when.
    pub old: Option<String>,
    /// A known trap.
    pub warning: Option<String>,
    /// The provider's page.
    pub page: Option<String>,
    /// What to do, in order.
    pub steps: Vec<String>,
}

/// A label and a text on one line.
type Line = (&'static str, String);

impl Guidance {
    /// What there is to say, in order, on one line each.
    pub(crate) fn lines(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        if let Some(revoke) = &self.revoke {
            lines.extend(given(&revoke.who).map(|text| ("Revoke", text)));
            add(&mut lines, "It destroys", revoke.destroys.as_ref());
            if given(&revoke.who).is_some() && !revoke.is_by_hand() {
                let undo = revoke.undo.as_deref().and_then(given).unwrap_or_else(|| "not possible".into());
                lines.push(("Undo", undo));
            }
            add(&mut lines, "It takes", revoke.delay.as_ref());
            add(&mut lines, "Beware", revoke.warning.as_ref());
            steps(&mut lines, revoke.page.as_ref(), &revoke.steps);
        }
        if let Some(rotate) = &self.rotate {
            if rotate.has_call {
                lines.push(("Replace", "its provider issues a replacement: muzzle revoke --rotate".into()));
            } else if rotate.page.is_some() || !rotate.steps.is_empty() {
                lines.push(("Replace", "at the provider's page".into()));
            }
            add(&mut lines, "The old one", rotate.old.as_ref());
            add(&mut lines, "Beware", rotate.warning.as_ref());
            let known = self.revoke.as_ref().and_then(|revoke| revoke.page.as_ref());
            steps(&mut lines, rotate.page.as_ref().filter(|page| Some(*page) != known), &rotate.steps);
        }
        lines
    }

    /// The provider's page, if it is a plain web address: that of revoking, else that of replacing.
    pub(super) fn page(&self) -> Option<&str> {
        let pages = [self.revoke.as_ref().map(|one| &one.page), self.rotate.as_ref().map(|one| &one.page)];
        pages.into_iter().flatten().flatten().map(String::as_str).find(|page| is_link(page))
    }
}

impl Revocation {
    /// There is no call that could be undone.
    fn is_by_hand(&self) -> bool {
        self.destroys.is_none() && self.undo.is_none()
    }
}

fn add(lines: &mut Vec<Line>, label: &'static str, text: Option<&String>) {
    lines.extend(text.and_then(|text| given(text)).map(|text| (label, text)));
}

fn steps(lines: &mut Vec<Line>, page: Option<&String>, steps: &[String]) {
    add(lines, "Page", page);
    let steps = steps.iter().filter_map(|step| given(step)).enumerate();
    lines.extend(steps.map(|(number, step)| ("Step", format!("{}. {step}", number + 1))));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guidance() -> Guidance {
        let text = |text: &str| Some(text.to_owned());
        Guidance {
            revoke: Some(Revocation {
                who: "whoever holds it".into(),
                destroys: text("nothing\nelse"),
                page: text("https://fixture.example/tokens"),
                steps: vec!["Open it.".into(), " ".into(), "Press\u{1b}[31m the button.".into()],
                ..Revocation::default()
            }),
            rotate: Some(Rotation {
                page: text("https://fixture.example/tokens"),
                old: text("works on for a day"),
                ..Rotation::default()
            }),
        }
    }

    #[test]
    fn what_there_is_to_say_is_said_once_and_harmless() {
        let lines: Vec<String> =
            guidance().lines().iter().map(|(label, text)| format!("{label}: {text}")).collect();
        let expected = [
            "Revoke: whoever holds it",
            "It destroys: nothing else",
            "Undo: not possible",
            "Page: https://fixture.example/tokens",
            "Step: 1. Open it.",
            "Step: 2. Press\\u{1b}[31m the button.",
            "Replace: at the provider's page",
            "The old one: works on for a day",
        ];
        assert_eq!(lines, expected);
        assert!(Guidance::default().lines().is_empty());
    }

    #[test]
    fn only_a_plain_address_is_a_page() {
        let mut guidance = guidance();
        assert_eq!(guidance.page(), Some("https://fixture.example/tokens"));
        guidance.revoke.as_mut().unwrap().page = Some("javascript:x".into());
        guidance.rotate = None;
        assert_eq!(guidance.page(), None);
    }
}
