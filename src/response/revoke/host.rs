//! Whether something on this host waits for a token to die.
//!
//! A worm of May 2026 installs a service that asks the provider every minute with the token it stole, and wipes the home
//! directory as soon as that is refused. Revoking wakes it, so it is looked for first; and whoever revokes from another
//! machine still has to look at those that the token was on.

use std::path::{Path, PathBuf};

/// Parts of the names of its services.
const NAMES: [&str; 1] = ["gh-token-monitor"];

/// Where services of a user are registered, below the home directory.
const OF_USERS: [&str; 5] = [
    ".config/systemd/user",
    ".config/systemd/user/default.target.wants",
    ".local/share/systemd/user",
    ".config/autostart",
    "Library/LaunchAgents",
];

/// Where services of all users are.
const OF_ALL: [&str; 5] = [
    "etc/systemd/user",
    "etc/systemd/system",
    "usr/lib/systemd/user",
    "Library/LaunchAgents",
    "Library/LaunchDaemons",
];

/// Providers whose refusal it waits for.
const PROVIDERS: [&str; 2] = ["github", "npm"];

/// What is said before a credential of such a provider is revoked.
const WARNING: &str = "malware is known that waits for this provider to refuse the token, and then wipes the home \
                       directory (service gh-token-monitor): isolate the machines that it was stolen from before you \
                       revoke, and revoke from a clean one";

/// What was found on this host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Host {
    /// Files of services that wait for a refusal.
    pub suspicious: Vec<PathBuf>,
    /// Somebody looked, and says that this host is clean.
    pub acknowledged: bool,
}

impl Host {
    /// Looks at this one.
    pub fn look(home: Option<&Path>, root: &Path, acknowledged: bool) -> Self {
        let homes = home.into_iter().flat_map(|home| OF_USERS.iter().map(move |below| home.join(below)));
        let places = homes.chain(OF_ALL.iter().map(|below| root.join(below)));
        let mut suspicious: Vec<PathBuf> = places.flat_map(|place| suspicious_in(&place)).collect();
        suspicious.sort();
        suspicious.dedup();
        Host { suspicious, acknowledged }
    }

    /// What is said before a credential of this provider is revoked.
    pub fn warning(&self, provider: &str) -> Option<&'static str> {
        (PROVIDERS.contains(&provider) && !self.acknowledged).then_some(WARNING)
    }

    /// Why nothing of this provider is revoked from here.
    pub fn forbids(&self, provider: &str) -> Option<String> {
        let first =
            self.suspicious.first().filter(|_| PROVIDERS.contains(&provider) && !self.acknowledged)?;
        Some(format!(
            "{} is on this host: a service that may wipe the home directory when the token is refused. Stop and remove \
             it, or revoke from another machine; --acknowledge-host-clean says that you looked",
            first.display()
        ))
    }
}

fn suspicious_in(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    let is_known = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
        NAMES.iter().any(|known| name.contains(known))
    };
    entries.flatten().map(|entry| entry.path()).filter(is_known).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_service_stops_github_and_npm_until_somebody_looked() {
        let directory = tempfile::TempDir::new().unwrap();
        let home = directory.path().join("home");
        let units = home.join(".config/systemd/user");
        std::fs::create_dir_all(&units).unwrap();
        let clean = Host::look(Some(&home), directory.path(), false);
        assert_eq!(clean.forbids("github"), None);
        assert!(clean.warning("github").is_some() && clean.warning("stripe").is_none());

        std::fs::write(units.join("gh-token-monitor.service"), "").unwrap();
        let infected = Host::look(Some(&home), directory.path(), false);
        assert!(infected.forbids("github").unwrap().contains("gh-token-monitor.service"));
        assert!(infected.forbids("npm").is_some());
        assert_eq!(infected.forbids("stripe"), None);
        let acknowledged = Host::look(Some(&home), directory.path(), true);
        assert_eq!((acknowledged.forbids("github"), acknowledged.warning("github")), (None, None));
    }
}
