//! Who is live, and what was asked.

use super::asked::{self, Asked};
use super::kind::Kind;
use crate::rules::sample::{Rng, sample_template};
use crate::secret::Secret;

/// Requests that are remembered.
const MOST_LOGGED: usize = 100_000;
/// Credentials that are made; rotation makes them, too.
const MOST_PLANTED: usize = 10_000;

/// How a credential stands with its provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// Accepted.
    Live,
    /// Known, with fewer rights than are asked for.
    Limited,
    /// Its time is over.
    Expired,
    /// Revoked or deleted.
    Dead,
    /// Switched off; or the account is.
    Disabled,
}

impl State {
    /// All of them.
    pub const ALL: [State; 5] = [State::Live, State::Limited, State::Expired, State::Dead, State::Disabled];

    /// As the command line names it.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Live => "live",
            State::Limited => "limited",
            State::Expired => "expired",
            State::Dead => "dead",
            State::Disabled => "disabled",
        }
    }
}

/// A credential that the simulator made.
#[derive(Debug, Clone)]
pub struct Planted {
    /// Its kind.
    pub kind: Kind,
    /// The value.
    pub secret: Secret,
    /// The other half: the key id of a pair.
    pub companion: Option<Secret>,
    /// What its provider calls it.
    pub id: u64,
}

/// A request, with the secrets taken out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Upper case.
    pub method: String,
    /// Without a port.
    pub host: String,
    /// Path and query; `{secret}` where a planted value stood.
    pub target: String,
    /// [`Planted::id`] of those whose value was sent.
    pub sent: Vec<u64>,
    /// What it called itself.
    pub user_agent: String,
    /// Names of the headers.
    pub headers: Vec<String>,
}

/// A credential, and what has become of it.
pub(super) struct Entry {
    pub(super) planted: Planted,
    pub(super) state: State,
    /// Revoked; so many checks still say that it is live.
    dying: Option<u32>,
    /// What a rotation issued in its place.
    pub(super) successor: Option<usize>,
}

/// All of it.
pub(super) struct World {
    entries: Vec<Entry>,
    log: Vec<Received>,
    seed: String,
    made: u64,
    delay: u32,
    oauth_client: (String, Secret),
}

impl World {
    pub(super) fn new(seed: String, delay: u32) -> Self {
        let password = value("{{[A-Za-z0-9]{32}}}", &format!("{seed} client"));
        let oauth_client = ("muzzle-drill".to_owned(), password);
        World { entries: Vec::new(), log: Vec::new(), seed, made: 0, delay, oauth_client }
    }

    pub(super) fn plant(&mut self, kind: Kind, state: State) -> Planted {
        self.made += 1;
        let name = format!("{} {} {kind}", self.seed, self.made);
        let planted = Planted {
            kind,
            secret: value(kind.template(), &name),
            companion: kind.companion().map(|template| value(template, &name)),
            id: 1000 + self.made,
        };
        if self.entries.len() < MOST_PLANTED {
            self.entries.push(Entry { planted: planted.clone(), state, dying: None, successor: None });
        }
        planted
    }

    pub(super) fn state(&self, secret: &Secret) -> Option<State> {
        let entry = self.entries.iter().find(|entry| entry.planted.secret == *secret)?;
        // What was revoked is dead, whoever has not noticed.
        Some(if entry.dying.is_some() { State::Dead } else { entry.state })
    }

    pub(super) fn oauth_client(&self) -> (String, Secret) {
        self.oauth_client.clone()
    }

    /// The credential of one of these kinds with this value.
    pub(super) fn find(&self, kinds: &[Kind], value: &str) -> Option<usize> {
        let value = Secret::new(value.as_bytes());
        self.entries
            .iter()
            .position(|entry| kinds.contains(&entry.planted.kind) && entry.planted.secret == value)
    }

    /// The same, by the other half.
    pub(super) fn find_by_companion(&self, kind: Kind, value: &str) -> Option<usize> {
        let value = Some(Secret::new(value.as_bytes()));
        self.entries.iter().position(|entry| entry.planted.kind == kind && entry.planted.companion == value)
    }

    pub(super) fn find_by_id(&self, kind: Kind, id: u64) -> Option<usize> {
        self.entries.iter().position(|entry| entry.planted.kind == kind && entry.planted.id == id)
    }

    pub(super) fn entry(&self, index: usize) -> Option<&Entry> {
        self.entries.get(index)
    }

    /// All of a kind that are not dead.
    pub(super) fn living(&self, kind: Kind) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.planted.kind == kind && entry.state != State::Dead)
    }

    /// What a check sees. Each one brings what is dying nearer to its end.
    pub(super) fn look(&mut self, index: Option<usize>) -> State {
        let Some(entry) = index.and_then(|index| self.entries.get_mut(index)) else { return State::Dead };
        match entry.dying {
            Some(0) => {
                entry.state = State::Dead;
                entry.dying = None;
            }
            Some(left) => entry.dying = Some(left - 1),
            None => {}
        }
        entry.state
    }

    /// Revokes it; it dies at once, or after as many checks as the options say.
    pub(super) fn revoke(&mut self, index: usize) {
        let delay = self.delay;
        if let Some(entry) = self.entries.get_mut(index).filter(|entry| entry.state != State::Dead) {
            if delay == 0 {
                entry.state = State::Dead;
            } else if entry.dying.is_none() {
                entry.dying = Some(delay);
            }
        }
    }

    pub(super) fn set(&mut self, index: usize, state: State) {
        if let Some(entry) = self.entries.get_mut(index) {
            entry.state = state;
        }
    }

    /// Makes one in its place. It is dead at once.
    pub(super) fn rotate(&mut self, index: usize) -> Option<Planted> {
        let kind = self.entries.get(index)?.planted.kind;
        let planted = self.plant(kind, State::Live);
        let successor = self.entries.len() - 1;
        let entry = self.entries.get_mut(index)?;
        entry.state = State::Dead;
        entry.successor = Some(successor);
        Some(planted)
    }

    pub(super) fn log(&self) -> &[Received] {
        &self.log
    }

    pub(super) fn note(&mut self, asked: &Asked) {
        if self.log.len() >= MOST_LOGGED {
            return;
        }
        let mut target = asked.target.clone();
        let mut sent = Vec::new();
        for entry in &self.entries {
            let planted = &entry.planted;
            let halves = std::iter::once(&planted.secret).chain(&planted.companion);
            for half in halves {
                if asked.holds(half) {
                    sent.push(planted.id);
                    target = asked::without(&target, half);
                }
            }
        }
        sent.dedup();
        let header = |name| asked.header(name).unwrap_or_default().to_owned();
        self.log.push(Received {
            method: asked.method.clone(),
            host: asked.host.clone(),
            target,
            sent,
            user_agent: header("user-agent"),
            headers: asked.headers.iter().map(|(name, _)| name.clone()).collect(),
        });
    }
}

fn value(template: &str, name: &str) -> Secret {
    let text = sample_template(template, &mut Rng::from_name(name)).unwrap_or_default();
    Secret::new(text.as_bytes())
}
