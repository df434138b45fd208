//! `muzzle debug simulator`: providers in a box, for documentation and tests that use the command line.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use crate::cli::SimulatorArgs;
use crate::commands::print;
use crate::response::simulator::{Fault, Kind, Planted, Received, Simulator, SimulatorOptions, State};
use crate::secret::Secret;

/// How often requests are written down.
const TICK: Duration = Duration::from_millis(50);

/// Runs until it is ended, or its time is over.
pub(super) fn run(args: &SimulatorArgs) -> anyhow::Result<u8> {
    let options = SimulatorOptions {
        port: args.port,
        delay: args.delay,
        hosts: args.hosts.clone(),
        seed: args.seed.clone(),
    };
    let simulator = Simulator::start(options)?;
    let wanted = args.plant.iter().map(|text| wanted(text)).collect::<anyhow::Result<Vec<_>>>()?;
    let wanted = if wanted.is_empty() { Kind::ALL.map(|kind| (kind, State::Live)).to_vec() } else { wanted };
    for fault in &args.fail {
        let (host, name) = fault.split_once('=').with_context(|| format!("{fault:?}: write HOST=FAULT"))?;
        let Some(fault) = Fault::by_name(name) else {
            bail!("there is no fault {name:?}; known ones: {}", Fault::NAMES.join(", "));
        };
        simulator.fail(host, None, u32::MAX, fault);
    }
    let planted: Vec<Value> =
        wanted.into_iter().map(|(kind, state)| described(&simulator.plant(kind, state), state)).collect();
    let directory = &args.directory;
    std::fs::create_dir_all(directory).with_context(|| format!("making {}", directory.display()))?;
    let write = |name: &str, text: &str| {
        let path = directory.join(name);
        std::fs::write(&path, text).with_context(|| format!("writing {}", path.display()))
    };
    let (client, password) = simulator.oauth_client();
    let document = json!({
        "address": simulator.address().to_string(), "planted": planted,
        "oauth_client": {"id": client, "secret": text(&password)},
    });
    write("ca.pem", simulator.ca_pem())?;
    write("requests.jsonl", "")?;
    write("planted.json", &format!("{document:#}\n"))?;
    // The last one: who waits for it finds the others.
    write("muzzle.toml", &configuration(&simulator))?;
    print(format!("listening on {}; {} is its configuration\n", simulator.address(), shown(directory)))?;
    watch(&simulator, &directory.join("requests.jsonl"), args.seconds.map(Duration::from_secs))?;
    Ok(0)
}

/// Writes each request down, as soon as it came.
fn watch(simulator: &Simulator, path: &Path, time: Option<Duration>) -> anyhow::Result<()> {
    let failed = || format!("writing {}", path.display());
    let mut file = std::fs::OpenOptions::new().append(true).open(path).with_context(failed)?;
    let started = Instant::now();
    let mut written = 0;
    loop {
        let is_over = time.is_some_and(|time| started.elapsed() >= time);
        let log = simulator.log();
        for received in log.iter().skip(written) {
            writeln!(file, "{}", line(received)).with_context(failed)?;
        }
        written = log.len();
        if is_over {
            return Ok(());
        }
        std::thread::sleep(TICK);
    }
}

fn line(received: &Received) -> Value {
    json!({
        "method": received.method, "host": received.host, "target": received.target, "sent": received.sent,
        "user_agent": received.user_agent,
    })
}

fn wanted(text: &str) -> anyhow::Result<(Kind, State)> {
    let (kind, state) = text.split_once('=').unwrap_or((text, "live"));
    let Some(kind) = Kind::ALL.into_iter().find(|known| known.as_str() == kind) else {
        bail!("there is no kind {kind:?}; known ones: {}", Kind::ALL.map(Kind::as_str).join(", "));
    };
    let Some(state) = State::ALL.into_iter().find(|known| known.as_str() == state) else {
        bail!("there is no state {state:?}; known ones: {}", State::ALL.map(State::as_str).join(", "));
    };
    Ok((kind, state))
}

fn described(planted: &Planted, state: State) -> Value {
    json!({
        "id": planted.id, "kind": planted.kind.as_str(), "rule": planted.kind.rule(), "state": state.as_str(),
        "secret": text(&planted.secret), "companion": planted.companion.as_ref().map(text),
    })
}

#[expect(clippy::disallowed_methods, reason = "a made-up value is told to who tries things out with it")]
fn text(secret: &Secret) -> String {
    String::from_utf8_lossy(secret.expose()).into_owned()
}

/// The `[network]` section with which its hosts are reached.
fn configuration(simulator: &Simulator) -> String {
    let settings = simulator.settings();
    let mut text = format!(
        "# For the simulator that listens on {}, and for nothing else.\n[network]\nca_file = \"ca.pem\"\n\
         allow_private = {:?}\nrate = {:?}\n\n[network.hosts]\n",
        simulator.address(),
        settings.allow_private,
        settings.rate
    );
    for (service, hosts) in &settings.hosts {
        let _ = writeln!(text, "{service} = {hosts:?}");
    }
    text.push_str("\n[network.connect_to]\n");
    for (host, address) in &settings.connect_to {
        let _ = writeln!(text, "{host:?} = {address:?}");
    }
    text
}

fn shown(directory: &Path) -> String {
    crate::report::text::visible(directory.join("muzzle.toml").as_os_str().as_encoded_bytes())
}
