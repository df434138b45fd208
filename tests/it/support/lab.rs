//! A simulator of providers, and the trusted configuration with which the binary reaches it and nobody else.

use std::fmt::Write as _;

use muzzle::response::journal::{Chain, read};
use muzzle::response::simulator::{Kind, Planted, Simulator, SimulatorOptions, State};

use super::{Run, Sandbox, run};

/// Both, with a place to work in.
pub(crate) struct Lab {
    pub(crate) sandbox: Sandbox,
    pub(crate) simulator: Simulator,
}

impl Lab {
    /// With this `[revoke]` section.
    pub(crate) fn new(sandbox: Sandbox, revoke: &str) -> Self {
        let simulator = Simulator::start(SimulatorOptions::default()).unwrap();
        let settings = simulator.settings();
        let directory = sandbox.outside("home/.config/muzzle");
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(directory.join("ca.pem"), simulator.ca_pem()).unwrap();
        let mut text = format!(
            "[network]\nca_file = \"ca.pem\"\nallow_private = {:?}\nrate = {:?}\n\n[network.hosts]\n",
            settings.allow_private, settings.rate
        );
        for (service, hosts) in &settings.hosts {
            let _ = writeln!(text, "{service} = {hosts:?}");
        }
        text.push_str("\n[network.connect_to]\n");
        for (host, address) in &settings.connect_to {
            let _ = writeln!(text, "{host:?} = {address:?}");
        }
        let _ = write!(text, "\n{revoke}\n");
        std::fs::write(directory.join("muzzle.toml"), text).unwrap();
        Lab { sandbox, simulator }
    }

    /// A live one, and its value.
    pub(crate) fn plant(&self, kind: Kind) -> (Planted, String) {
        let planted = self.simulator.plant(kind, State::Live);
        #[expect(clippy::disallowed_methods, reason = "a test writes down what was made up")]
        let value = String::from_utf8(planted.secret.expose().to_vec()).unwrap();
        (planted, value)
    }

    /// How many requests with this method carried it.
    pub(crate) fn count(&self, planted: &Planted, method: &str) -> usize {
        let log = self.simulator.log();
        log.iter().filter(|one| one.method == method && one.sent.contains(&planted.id)).count()
    }

    pub(crate) fn revoke(&self, arguments: &[&str], stdin: &str) -> Run {
        let all = [&["revoke", "--quiet"], arguments].concat();
        run(&mut self.sandbox.command(all), stdin.as_bytes())
    }

    pub(crate) fn journal(&self) -> std::path::PathBuf {
        self.sandbox.outside("home/.local/state/muzzle/journal.jsonl")
    }

    /// What the journal says; it must be whole.
    pub(crate) fn chain(&self) -> Chain {
        let chain = read(&self.journal(), None, |_, _| ()).unwrap();
        assert!(chain.problems.is_empty(), "{:?}", chain.problems);
        chain
    }
}
