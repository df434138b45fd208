//! What may be sent, run and revoked is said by a file of one's own, and never by the scanned tree.

use std::path::Path;

use serde_json::Value;

use crate::support::{Run, Sandbox, line, run};

/// Everything that a tree could want.
const GREEDY: &str = "[network]\nhosts = { gitlab = ['evil.example.test'] }\nallow_private = ['127.0.0.0/8']\n\
    connect_to = { 'api.github.com:443' = '127.0.0.1:9' }\nproxy = 'http://evil.example.test:3128'\n\n\
    [revoke]\nmode = 'live'\n\n[[hooks]]\nrun = ['/bin/sh']\n\n[journal]\nfile = '/tmp/journal'\n";

const KEYS: [&str; 7] = [
    "network.hosts",
    "network.connect_to",
    "network.allow_private",
    "network.proxy",
    "revoke",
    "hooks",
    "journal",
];

impl Sandbox {
    /// `muzzle config show --json`: each key's value and origin, and the notices.
    fn shown(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Value {
        let mut command = self.command(["config", "show", "--json"].iter().chain(arguments));
        command.envs(environment.iter().copied());
        let run = run(&mut command, b"");
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        serde_json::from_slice(&run.stdout).unwrap()
    }

    fn own(&self, text: &str) {
        let file = self.outside("home/.config/muzzle/muzzle.toml");
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }

    fn told_of(&self, arguments: &[&str], ci: bool) -> (Run, String) {
        let mut command = self.command(["scan", "."].iter().chain(arguments));
        if ci {
            command.env("CI", "true");
        }
        let run = run(&mut command, b"");
        let text = String::from_utf8_lossy(&run.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
        (run, text)
    }
}

fn setting<'a>(shown: &'a Value, key: &str) -> (&'a Value, &'a str) {
    let list = shown["settings"].as_array().unwrap();
    let found = list.iter().find(|one| one["key"] == key).unwrap_or_else(|| panic!("{key} in {list:#?}"));
    (&found["value"], found["origin"].as_str().unwrap())
}

#[track_caller]
fn all_ignored(shown: &Value, told: &str) {
    for key in KEYS {
        assert_eq!(setting(shown, key).1, "default", "{key}");
        let expected = format!("{key} in ");
        let notices = shown["notices"].as_array().unwrap();
        let found = notices.iter().filter_map(Value::as_str).find(|notice| notice.starts_with(&expected));
        assert!(found.is_some_and(|notice| notice.contains("is ignored")), "{key} in {notices:#?}");
        assert!(told.contains(&expected) && told.contains("is ignored"), "{key}\n{told}");
    }
}

#[test]
fn the_scanned_tree_has_no_say() {
    let sandbox = Sandbox::repository();
    sandbox.write("muzzle.toml", GREEDY);
    sandbox.commit_file("a", line("one"));
    sandbox.git(["tag", "base"]);
    for (arguments, ci) in [
        (&[][..], false),
        (&[][..], true),
        (&["--config-from", "base"][..], false),
        (&["--no-repo-config"][..], false),
        (&["--config", "muzzle.toml"][..], true),
    ] {
        let environment: &[_] = if ci { &[("CI", "true")] } else { &[] };
        let (run, told) = sandbox.told_of(arguments, ci);
        assert_eq!(run.code, Some(1), "{arguments:?}\n{}", run.stderr);
        all_ignored(&sandbox.shown(arguments, environment), &told);
    }
}

#[test]
fn a_link_into_the_tree_or_out_of_it_is_the_trees() {
    let sandbox = Sandbox::repository();
    sandbox.write("sub/muzzle.toml", GREEDY);
    sandbox.commit_file("a", line("one"));
    std::fs::write(sandbox.outside("elsewhere.toml"), GREEDY).unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("../elsewhere.toml", sandbox.path("link.toml")).unwrap();
        std::os::unix::fs::symlink("work/sub/muzzle.toml", sandbox.outside("inward.toml")).unwrap();
        for name in ["link.toml", "../inward.toml", "sub/muzzle.toml", "./sub/../sub/muzzle.toml"] {
            let shown = sandbox.shown(&["--config", name], &[("CI", "1")]);
            all_ignored(&shown, &sandbox.told_of(&["--config", name], true).1);
        }
    }
    let shown = sandbox.shown(&["--config", "../elsewhere.toml"], &[("CI", "1")]);
    assert_eq!(setting(&shown, "network.proxy").1, "../elsewhere.toml:5");
}

#[test]
fn a_file_of_ones_own_is_believed() {
    let sandbox = Sandbox::repository();
    sandbox.write("muzzle.toml", "[network]\nrate = 900.0\n");
    sandbox.commit_file("a", line("one"));
    let proxy = format!("http://me{}pw@proxy.example.test:3128", ':');
    sandbox.own(&format!(
        "[network]\nrate = 0.5\nproxy = '{proxy}'\nvalues = {{ '*' = {{ client_secret = 'x' }} }}\n\
         [scan]\nconfidence = 'high'\n[revoke]\nmode = 'plan'\n"
    ));
    let shown = sandbox.shown(&[], &[]);
    let (rate, origin) = setting(&shown, "network.rate");
    assert!(rate == 0.5 && origin.ends_with("home/.config/muzzle/muzzle.toml:2"), "{rate} {origin}");
    assert_eq!(setting(&shown, "network.proxy").0, "http://********@proxy.example.test:3128");
    assert_eq!(setting(&shown, "network.values").0, &serde_json::json!({"*": ["client_secret"]}));
    assert_eq!(setting(&shown, "revoke").0, &serde_json::json!(["mode"]));
    assert_eq!(setting(&shown, "scan.confidence").1, "default");
    let notices = shown["notices"].to_string();
    assert!(notices.contains("only the sections network, revoke, hooks and journal"), "{notices}");
    let elsewhere = sandbox.outside("xdg/muzzle/muzzle.toml");
    std::fs::create_dir_all(elsewhere.parent().unwrap()).unwrap();
    std::fs::write(&elsewhere, "[network]\nrate = 7\n").unwrap();
    let xdg = sandbox.outside("xdg");
    let shown = sandbox.shown(&[], &[("XDG_CONFIG_HOME", xdg.to_str().unwrap())]);
    assert_eq!(setting(&shown, "network.rate").0, 7.0);
    std::fs::write(sandbox.outside("named.toml"), "[network]\ntimeout = 3\n").unwrap();
    let shown = sandbox.shown(&["--config", "../named.toml"], &[]);
    assert_eq!(setting(&shown, "network.timeout").1, "../named.toml:2");
    assert_eq!(setting(&shown, "network.rate").1, "default", "the named file is the only one");
}

#[test]
fn mistakes_are_told_with_their_place() {
    let sandbox = Sandbox::new();
    for (text, expected) in [
        ("[network]\nhosts = { gitlab = ['https://a/'] }", "muzzle.toml:2:9: \"https://a/\" is no host"),
        ("[network]\ntimeout = 0", "muzzle.toml:2:11: 0 is not between 1 and 600"),
        ("[network]\nrate = -1.0", "-1 is not between"),
        ("[network]\nallow_private = ['10.0.0.0/99']", "muzzle.toml:2:17: network.allow_private"),
        ("[network]\nproxy = 'ftp://a'", "muzzle.toml:2:9: network.proxy"),
        ("[network]\nconnect_to = { a = 'b' }", "network.connect_to"),
        ("[network]\nredirects = true", "`redirects` is not known in [network]"),
        ("[network]\nmost_request = 1", "did you mean `most_requests`?"),
    ] {
        sandbox.write("muzzle.toml", text);
        let run = sandbox.muzzle(["config", "check"]);
        assert!(run.code == Some(2) && run.stderr.contains(expected), "{text}\n{}", run.stderr);
    }
    let run = sandbox.muzzle(["config", "explain", "network"]);
    let text = String::from_utf8(run.stdout).unwrap();
    assert_eq!(text.matches("never from a scanned tree").count(), 10, "{text}");
    assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md").exists());
}
