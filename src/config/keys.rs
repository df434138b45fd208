//! Every key of `muzzle.toml`, in one list: for messages, `config explain` and `config show`; a test holds it against the
//! schema.

use toml::de::{DeTable, DeValue};

use super::nearest;

/// A key.
#[derive(Debug)]
pub struct Key {
    /// With its section.
    pub name: &'static str,
    /// What its value may be.
    pub kind: &'static str,
    /// What holds without it.
    pub default: &'static str,
    /// The variable that sets it.
    pub variable: Option<&'static str>,
    /// The flag that sets it.
    pub flag: Option<&'static str>,
    /// What of it hides findings, so that it is not taken from a tree that is not trusted.
    pub hides: Option<&'static str>,
    /// Whether it is taken only from a file that does not lie in the scanned tree.
    pub is_own: bool,
    /// What it does.
    pub text: &'static str,
}

const fn key(name: &'static str, kind: &'static str, default: &'static str, text: &'static str) -> Key {
    Key { name, kind, default, variable: None, flag: None, hides: None, is_own: false, text }
}

impl Key {
    const fn env(self, variable: &'static str) -> Self {
        Key { variable: Some(variable), ..self }
    }

    const fn flag(self, flag: &'static str) -> Self {
        Key { flag: Some(flag), ..self }
    }

    const fn hides(self, what: &'static str) -> Self {
        Key { hides: Some(what), ..self }
    }

    const fn own(self) -> Self {
        Key { is_own: true, ..self }
    }
}

const LEVELS: &str = "\"low\" | \"medium\" | \"high\"";
const BOOL: &str = "true | false";
const TEXTS: &str = "list of texts";

/// All of them.
pub const KEYS: &[Key] = &[
    key("scan.confidence", LEVELS, "\"medium\"", "The least confidence that is reported. Rules that are never that sure do not run.")
        .env("MUZZLE_CONFIDENCE").flag("--confidence").hides("a higher level"),
    key("scan.jobs", "1 to 1024", "all cores", "Threads. A scanned tree's own configuration cannot ask for more than there are cores.")
        .env("MUZZLE_JOBS").flag("--jobs"),
    key("scan.history", BOOL, "true", "Whether the objects of repositories are scanned.")
        .env("MUZZLE_HISTORY").flag("--no-history").hides("false"),
    key("scan.worktree", BOOL, "true", "Whether the files of repositories are scanned.")
        .env("MUZZLE_WORKTREE").flag("--no-worktree").hides("false"),
    key("scan.unreachable", BOOL, "false", "Whether what only objects hold that no ref or reflog reaches is reported; otherwise it is counted.")
        .env("MUZZLE_UNREACHABLE").flag("--unreachable"),
    key("scan.ignore_files", BOOL, "true", "Whether files that .gitignore names are passed over.")
        .env("MUZZLE_IGNORE_FILES").flag("--no-ignore"),
    key("scan.archives", BOOL, "true", "Whether archives and compressed files are opened.")
        .env("MUZZLE_ARCHIVES").flag("--no-archives").hides("false"),
    key("scan.decoding", BOOL, "true", "Whether what stands encoded in texts (base64, hex, escapes) is decoded.")
        .env("MUZZLE_DECODING").flag("--no-decoding").hides("false"),
    key(
        "scan.largest_file",
        "a size: \"10 MiB\"",
        "no limit",
        "Nothing is reported in files and blobs that are larger. They are counted, and larger files of the working tree are not read.",
    )
    .env("MUZZLE_LARGEST_FILE")
    .flag("--largest-file")
    .hides("what is larger"),
    key("rules.only", TEXTS, "[]", "Ids of the only rules that run, whatever their confidence; empty means all.")
        .env("MUZZLE_RULES").flag("--rule").hides("all other rules"),
    key("rules.disable", TEXTS, "[]", "Ids of rules that do not run. Lists of all sources add up.")
        .env("MUZZLE_DISABLE_RULES").flag("--disable-rule").hides("these rules"),
    key("rules.files", TEXTS, "[]", "Rule files, or directories of them, relative to the configuration file. Those of a scanned tree lie in it and are in muzzle's own format.")
        .flag("--rules"),
    key("rules.builtin", BOOL, "true", "Whether the rules that come with muzzle run.")
        .env("MUZZLE_BUILTIN_RULES").flag("--no-builtin-rules").hides("false"),
    key("rules.override.ID.enabled", BOOL, "true", "Whether this rule runs.").hides("false"),
    key("rules.override.ID.severity", "\"low\" | \"medium\" | \"high\" | \"critical\"", "the rule's", "How much the credential opens, in place of what the rule says.")
        .hides("a lower one"),
    key("rules.override.ID.confidence", LEVELS, "the rule's", "How sure a match is before checks, in place of what the rule says. A failed check lowers it all the same.")
        .hides("a lower one"),
    key("paths.include", TEXTS, "[]", "Patterns as in .gitignore; if there are any, nothing is reported at other paths.")
        .hides("all other paths"),
    key("paths.exclude", TEXTS, "[]", "Patterns as in .gitignore; nothing is reported at these paths. They are scanned all the same, so that what was hidden can be counted.")
        .hides("these paths"),
    key("allowlist.description", "text", "its first criterion", "What the allowlist is for; reports name it so."),
    key("allowlist.condition", "\"OR\" | \"AND\"", "\"OR\"", "Whether one of the criteria is enough, or all that are there must hold. Either holds everywhere.")
        .hides("what it allows"),
    key("allowlist.commits", TEXTS, "[]", "Whole ids of commits: that which the report names, or that which first brought the secret to the path.")
        .hides("what it allows"),
    key("allowlist.paths", TEXTS, "[]", "Expressions on the path.").hides("what it allows"),
    key("allowlist.regexTarget", "\"secret\" | \"match\" | \"line\"", "\"secret\"", "What regexes are matched against: the secret, all that the rule's expression matched, or the line (120 bytes on either side).")
        .hides("what it allows"),
    key("allowlist.regexes", TEXTS, "[]", "Expressions on what regexTarget names.").hides("what it allows"),
    key("allowlist.stopwords", TEXTS, "[]", "Words that the secret contains, case ignored.").hides("what it allows"),
    key("allowlist.targetRules", TEXTS, "[]", "Ids of the only rules that it is for; empty means all."),
    key("report.outputs", TEXTS, "[\"human\"]", "Reports to write, each FORMAT or FORMAT=FILE. Never taken from a scanned repository: it does not choose which files are written.")
        .env("MUZZLE_OUTPUT").flag("--output"),
    key("report.fail_on", "text", "\"any\"", "Which findings make the scan fail: any, never, or one or more of confidence=LEVEL and severity=LEVEL with commas between them, of which one is enough. Others are reported and change no exit code.")
        .env("MUZZLE_FAIL_ON").flag("--fail-on").hides("what fails less"),
    key("report.exit_code", "0 to 255", "1", "The exit code of a complete scan with findings that make it fail; not 2, 3 or 4, which say that it was none.")
        .env("MUZZLE_EXIT_CODE").flag("--exit-code").hides("0"),
    key("report.show_secrets", BOOL, "false", "Whether reports show the secrets themselves. Never taken from a scanned repository.")
        .env("MUZZLE_SHOW_SECRETS").flag("--show-secrets"),
    key("report.explain", BOOL, "false", "Whether the report for people says which candidates were dropped, by rule and reason.")
        .env("MUZZLE_EXPLAIN").flag("--explain"),
    key("report.allow_incomplete", BOOL, "false", "Whether the exit code is 0 or 1 even if something could not be scanned.")
        .env("MUZZLE_ALLOW_INCOMPLETE").flag("--allow-incomplete").hides("true"),
    key("network.hosts", "table of lists of hosts", "{}", "By service, such as gitlab, github, vault or grafana: hosts of your own, NAME or NAME:PORT, that its credentials may be sent to.").own(),
    key("network.values", "table of tables of texts", "{}", "By rule, or * for all: inputs of a call that the scanned text does not tell, such as a user's name.").own(),
    key("network.connect_to", "table: \"HOST:PORT\" = \"ADDRESS:PORT\"", "{}", "Where to connect in place of a host, for gateways and test labs. TLS still wants the certificate of the host; an address that is not public must be in network.allow_private, too.").own(),
    key("network.allow_private", "list of addresses and networks", "[]", "Addresses that are not public, such as \"10.1.0.0/16\", that may be connected to all the same.").own(),
    key("network.ca_file", "a file", "none", "Certificates in PEM that are believed beside those of the system. Relative to the configuration file.").own(),
    key("network.proxy", "\"http://HOST:PORT\", \"https://…\" or \"socks5://…\"", "none", "Through which proxy requests go. It looks names up. The environment's proxies are not used.").own(),
    key("network.timeout", "1 to 600", "10", "Seconds for one request, from connecting to the last byte.").own(),
    key("network.most_requests", "number", "1000", "Requests of a whole run, repetitions included.").own(),
    key("network.rate", "0.001 to 1000", "2", "Requests a second and host.").own(),
    key("network.longest_wait", "0 to 86400", "60", "The most seconds that a provider may ask to wait; who asks for more is not asked again in this run.").own(),
    key("revoke", "table", "none", "The policy of `muzzle revoke`.").own(),
    key("hooks", "list of tables", "[]", "Programs and webhooks that are told when something happens.").own(),
    key("journal", "table", "none", "Where the audit journal is.").own(),
];

/// Variables that stand for no key: which configuration is used.
pub const VARIABLES: &[(&str, &str)] = &[
    ("MUZZLE_CONFIG", "The configuration file, as --config names it."),
    ("MUZZLE_CONFIG_FROM", "The revision that policy is taken from, as --config-from names it."),
    ("MUZZLE_NO_REPO_CONFIG", "true: as --no-repo-config."),
    (
        "XDG_CONFIG_HOME",
        "Where muzzle/muzzle.toml of your own lies, of which the sections network, revoke, hooks and journal are read [default: ~/.config].",
    ),
    (
        "CI",
        "If it is set, and not empty, false or 0, what the scanned tree's own configuration hides is not honoured.",
    ),
];

/// Sections that later versions may have.
const RESERVED: [&str; 1] = ["verify"];

/// The key of this name; an id in it may be any.
pub fn by_name(name: &str) -> Option<&'static Key> {
    let matches = |key: &&Key| {
        key.name == name
            || key.name.split_once(".ID.").is_some_and(|(section, last)| {
                name.strip_prefix(section).and_then(|rest| rest.strip_prefix('.')).is_some_and(|rest| {
                    rest.rsplit_once('.').is_some_and(|(id, found)| !id.is_empty() && found == last)
                })
            })
    };
    KEYS.iter().find(matches)
}

/// `; did you mean …?` for a key that is not there.
pub fn hint(name: &str) -> String {
    let last =
        |key: &&'static Key| key.name.rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case(name));
    match KEYS.iter().find(last) {
        Some(key) => format!("; did you mean `{}`?", key.name),
        None => nearest::hint(KEYS.iter().map(|key| key.name), name),
    }
}

/// The first key that is not known: where it stands, and what to do.
pub(super) fn unknown(root: &DeTable<'_>) -> Option<(usize, String)> {
    let mut found = Vec::new();
    look("", root, &mut found);
    found.into_iter().min()
}

fn look(section: &str, table: &DeTable<'_>, found: &mut Vec<(usize, String)>) {
    for (key, value) in table {
        let (name, at) = (key.get_ref().as_ref(), key.span().start);
        let path = if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") };
        let below = if path.starts_with("rules.override.") && section == "rules.override" {
            "rules.override.ID".to_owned()
        } else {
            path.clone()
        };
        let is_section = KEYS.iter().any(|key| key.name.starts_with(&format!("{below}.")));
        if !is_section && !KEYS.iter().any(|key| key.name == path) {
            found.push((at, complaint(section, name)));
            continue;
        }
        match value.get_ref() {
            DeValue::Table(table) if is_section => look(&below, table, found),
            DeValue::Array(list) if is_section => {
                let tables = list.iter().filter_map(|one| match one.get_ref() {
                    DeValue::Table(table) => Some(table),
                    _ => None,
                });
                tables.for_each(|table| look(&below, table, found));
            }
            _ => {}
        }
    }
}

fn complaint(section: &str, name: &str) -> String {
    if section.is_empty() && RESERVED.contains(&name) {
        return format!("the section `{name}` is for later versions of muzzle; this one does not know it");
    }
    let mut siblings: Vec<&str> = Vec::new();
    for key in KEYS {
        let rest = if section.is_empty() {
            Some(key.name)
        } else {
            key.name.strip_prefix(section).and_then(|rest| rest.strip_prefix('.'))
        };
        siblings.extend(rest.and_then(|rest| rest.split('.').next()));
    }
    siblings.sort_unstable();
    siblings.dedup();
    let near = nearest::hint(siblings.iter().copied(), name);
    let near = if near.is_empty() { hint(name) } else { near };
    let place = if section.is_empty() { "here".to_owned() } else { format!("in [{section}]") };
    let known = if near.is_empty() { "; known" } else { " Known" };
    format!("`{name}` is not known {place}{near}{known}: {}", siblings.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_keys_are_told_with_what_was_meant() {
        let told = |text: &str| unknown(DeTable::parse(text).unwrap().get_ref());
        let why = |text: &str| told(text).map(|(_, why)| why).unwrap_or_default();
        assert_eq!(
            told("[scan]\njobs = 1\n[[allowlist]]\npaths = []\n[rules.override.'a.b']\nenabled = true"),
            None
        );
        assert_eq!(told("[scan]\nconfidance = 'low'").unwrap().0, 7);
        assert!(why("[scan]\nconfidance = 'low'").contains("in [scan]; did you mean `confidence`?"));
        assert!(why("confidence = 'low'").contains("did you mean `scan.confidence`?"));
        assert!(why("[[allowlist]]\nmatchCondition = 'AND'").contains("did you mean `condition`?"));
        assert!(why("[[allowlists]]\n").contains("did you mean `allowlist`?"));
        assert!(why("[rules.override.x]\nseverty = 1").contains("did you mean `severity`?"));
        assert!(why("[verify]\n").contains("later versions"));
        assert!(why("[scan]\nzzz = 1").ends_with(
            "known: archives, confidence, decoding, history, ignore_files, jobs, largest_file, unreachable, worktree"
        ));
    }

    #[test]
    fn keys_are_found_by_name() {
        assert!(by_name("rules.override.some-rule.enabled").is_some());
        assert!(by_name("rules.override..enabled").is_none() && by_name("rules.override.x.on").is_none());
        assert!(by_name("scan.jobs").is_some() && by_name("jobs").is_none());
    }
}
