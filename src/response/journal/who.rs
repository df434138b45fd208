//! On whose behalf something is done: the user of the system, and what a pipeline says of itself.

use serde::{Deserialize, Serialize};

use crate::ci::Environment;

/// Who.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// The name of the user.
    pub user: String,
    /// Its number, which no variable can change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// The number of our process.
    #[serde(default)]
    pub process: u32,
    /// In a pipeline: as its variables have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ci: Option<Ci>,
}

/// A run of a pipeline.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ci {
    /// Which system.
    pub system: String,
    /// Who made it run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Which repository or project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Which run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
}

/// A system, the variable that gives it away, and those of actor, project and run.
const SYSTEMS: [[&str; 5]; 7] = [
    ["github", "GITHUB_ACTIONS", "GITHUB_ACTOR", "GITHUB_REPOSITORY", "GITHUB_RUN_ID"],
    ["gitlab", "GITLAB_CI", "GITLAB_USER_LOGIN", "CI_PROJECT_PATH", "CI_JOB_ID"],
    ["azure", "TF_BUILD", "BUILD_REQUESTEDFOR", "BUILD_REPOSITORY_NAME", "BUILD_BUILDID"],
    [
        "bitbucket",
        "BITBUCKET_BUILD_NUMBER",
        "BITBUCKET_STEP_TRIGGERER_UUID",
        "BITBUCKET_REPO_FULL_NAME",
        "BITBUCKET_BUILD_NUMBER",
    ],
    ["jenkins", "JENKINS_URL", "BUILD_USER_ID", "JOB_NAME", "BUILD_TAG"],
    ["buildkite", "BUILDKITE", "BUILDKITE_BUILD_CREATOR", "BUILDKITE_PIPELINE_SLUG", "BUILDKITE_BUILD_ID"],
    ["circleci", "CIRCLECI", "CIRCLE_USERNAME", "CIRCLE_PROJECT_REPONAME", "CIRCLE_WORKFLOW_ID"],
];

impl Who {
    /// Of this process.
    pub(super) fn of(environment: &Environment) -> Self {
        let named = ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(|name| environment.get(name));
        let uid = uid();
        let user = uid.and_then(user_name).or(named.map(str::to_owned));
        Who {
            user: user.unwrap_or_else(|| "unknown".into()),
            uid,
            process: std::process::id(),
            ci: Ci::of(environment),
        }
    }
}

impl Ci {
    fn of(environment: &Environment) -> Option<Self> {
        let get = |name: &str| environment.get(name).map(str::to_owned);
        for [system, sign, actor, project, run] in SYSTEMS {
            if environment.get(sign).is_some_and(|value| value != "false") {
                return Some(Ci {
                    system: system.into(),
                    actor: get(actor),
                    project: get(project),
                    run: get(run),
                });
            }
        }
        let is_ci = environment.get("CI").is_some_and(|value| !matches!(value, "false" | "0"));
        is_ci.then(|| Ci { system: "unknown".into(), ..Ci::default() })
    }
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere there is none")]
fn uid() -> Option<u32> {
    Some(rustix::process::geteuid().as_raw())
}

#[cfg(not(unix))]
fn uid() -> Option<u32> {
    None
}

/// As the system's own list has it: a variable can be set by anybody.
fn user_name(uid: u32) -> Option<String> {
    let list = std::fs::read("/etc/passwd").ok()?;
    let list = String::from_utf8_lossy(&list);
    list.lines().find_map(|line| {
        let mut parts = line.split(':');
        let name = parts.next()?;
        (parts.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    })
}

/// The name of the machine.
#[cfg(unix)]
pub(super) fn host(_environment: &Environment) -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// The name of the machine.
#[cfg(not(unix))]
pub(super) fn host(environment: &Environment) -> String {
    environment.get("COMPUTERNAME").unwrap_or("unknown").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pipelines_say_who_they_run_for() {
        let github = Environment::from([
            ("CI", "true"),
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_ACTOR", "ada"),
            ("GITHUB_REPOSITORY", "acme/app"),
            ("GITHUB_RUN_ID", "42"),
        ]);
        let text = |text: &str| Some(text.to_owned());
        let ci = Ci::of(&github).unwrap();
        assert_eq!(
            (ci.system.as_str(), ci.actor, ci.project, ci.run),
            ("github", text("ada"), text("acme/app"), text("42"))
        );
        assert_eq!(Ci::of(&Environment::from([("CI", "1")])).unwrap().system, "unknown");
        assert_eq!(Ci::of(&Environment::from([("CI", "false"), ("GITLAB_CI", "false")])), None);
    }

    #[cfg(unix)]
    #[test]
    fn the_users_name_is_not_that_of_a_variable() {
        let who = Who::of(&Environment::from([("USER", "somebody-else")]));
        assert_eq!(who.uid, Some(rustix::process::geteuid().as_raw()));
        if user_name(who.uid.unwrap()).is_some() {
            assert_ne!(who.user, "somebody-else");
        }
        assert_eq!(user_name(0).as_deref(), Some("root"));
    }
}
