//! Log-ins to databases: PostgreSQL, MySQL and MariaDB, Redis. One attempt each, since servers count the failed ones.
//!
//! A rule's inputs: `secret` is the password. Where it counts stands in the URL round it in `line` (or in `url`); or it is
//! given as `host`, `port`, `user` and `database`. The host must be listed, as `[network.hosts] postgres`, `mysql` or
//! `redis`, with its port if that is not the usual one. A log-in leaves more than a line in an access log: it is tried with
//! `--intrusive` only.
//!
//! A password goes out in the clear over TLS alone, or to this machine. Elsewhere, a server without TLS is not asked.

mod login;
mod mysql;
mod postgres;
mod redis;
#[cfg(test)]
mod tests;

use super::{Module, ask};
use crate::finding::Liveness;
use crate::response::call::{Purpose, Transport};
use crate::response::inputs::Credential;
use crate::response::judge::Judged;
use crate::response::plan::{Plan, Planned};
use crate::response::settings::Settings;
use crate::response::stream::Stream;
use login::Login;

/// A kind of server.
pub(super) struct Database {
    /// As in rule files; also the name of its list of hosts.
    name: &'static str,
    port: u16,
    /// Of URLs; a driver may stand behind a `+`.
    schemes: &'static [&'static str],
    log_in: fn(Box<dyn Stream>, &Login<'_>) -> Judged,
    change: &'static str,
}

pub(super) static POSTGRES: Database = Database {
    name: "postgres",
    port: 5432,
    schemes: &["postgres", "postgresql"],
    log_in: postgres::log_in,
    change: "ALTER ROLE … PASSWORD …, then end its open sessions: pg_terminate_backend",
};
pub(super) static MYSQL: Database = Database {
    name: "mysql",
    port: 3306,
    schemes: &["mysql", "mysql2", "mysqlx", "mariadb"],
    log_in: mysql::log_in,
    change: "ALTER USER … IDENTIFIED BY …, then end its open sessions: KILL",
};
pub(super) static REDIS: Database = Database {
    name: "redis",
    port: 6379,
    schemes: &["redis", "rediss"],
    log_in: redis::log_in,
    change: "ACL SETUSER … resetpass >…, or CONFIG SET requirepass …, then end its open sessions: CLIENT KILL",
};

impl Module for Database {
    fn name(&self) -> &'static str {
        self.name
    }

    fn plan_verify(&self, credential: &Credential, settings: &Settings) -> Plan {
        match self.ready(credential, settings) {
            Ok(login) => Plan::Requests(vec![Planned {
                purpose: Purpose::Verify,
                template: format!("LOGIN {}://{}:{}", self.schemes[0], login.host, login.port),
                host: login.host.clone(),
                sends: vec!["user".to_owned(), "secret".to_owned()],
            }]),
            Err(why) => ask::nothing(why),
        }
    }

    fn verify(&self, credential: &Credential, transport: &dyn Transport, settings: &Settings) -> Judged {
        let login = match self.ready(credential, settings) {
            Ok(login) => login,
            Err(why) => return ask::not_asked(why),
        };
        let stream = match transport.open(&login.host, login.port, Purpose::Verify) {
            Ok(stream) => stream,
            Err(error) => return ask::unanswered(&error),
        };
        let judged = (self.log_in)(stream, &login);
        let identity = if judged.verdict.is_live() { login.facts() } else { Vec::new() };
        Judged { identity, ..judged }
    }

    fn by_hand(&self) -> &'static str {
        self.change
    }
}

impl Database {
    fn ready<'a>(&self, credential: &'a Credential, settings: &Settings) -> Result<Login<'a>, String> {
        let login = Login::of(&credential.inputs, self.schemes, self.port)?;
        let listed = settings.hosts.get(self.name).map(Vec::as_slice).unwrap_or_default();
        let mut listed = listed.iter().filter_map(|one| ask::host_and_port(one, self.port));
        if !listed.any(|(host, port)| host.eq_ignore_ascii_case(&login.host) && port == login.port) {
            let (host, port) = (&login.host, login.port);
            let entry = if port == self.port { host.clone() } else { format!("{host}:{port}") };
            return Err(format!(
                "{host} is not listed: allow it with [network.hosts] {} = [\"{entry}\"]",
                self.name
            ));
        }
        if !settings.intrusive {
            return Err(
                "the only check is a log-in, and servers count failed ones: ask for it with --intrusive"
                    .into(),
            );
        }
        Ok(login)
    }
}

/// The connection broke off, or what came is none of the protocol.
fn broken(error: &std::io::Error) -> Judged {
    ask::judged(
        Liveness::Unreachable,
        format!("the connection broke off during the log-in: {}", error.kind()),
    )
}

fn refused(code: &str) -> Judged {
    ask::judged(Liveness::Dead, format!("{code}: the server refuses this password for this user"))
}

fn accepted() -> Judged {
    ask::judged(Liveness::Live, "the server accepts the log-in")
}

fn limited(code: &str, why: &str) -> Judged {
    ask::judged(Liveness::LiveLimited, format!("{code}: the password is accepted, but {why}"))
}

fn unknown(code: &str) -> Judged {
    ask::judged(Liveness::Ambiguous, format!("{code}: an answer that does not tell"))
}

fn strange() -> Judged {
    ask::judged(Liveness::Ambiguous, "what answers does not speak this protocol")
}

/// Nothing was sent that could be read on the way.
fn in_the_clear() -> Judged {
    ask::not_asked("the server offers no TLS: the password would be readable on the way, and was not sent")
}
