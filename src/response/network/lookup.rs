//! Names to addresses, once, within a time.

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::sync::mpsc;
use std::time::Duration;

/// Addresses that are looked at and tried.
const MOST: usize = 16;

/// All addresses of a name.
///
/// # Errors
/// If there is none, or no answer in time. The system's resolver cannot be stopped: its thread ends when it does.
pub(super) fn addresses(host: &str, port: u16, time: Duration) -> Result<Vec<SocketAddr>, String> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let name = host.to_owned();
    let looked_up = move || {
        let found = (name.as_str(), port).to_socket_addrs().map(|found| found.take(MOST).collect::<Vec<_>>());
        let _ = sender.send(found);
    };
    std::thread::Builder::new()
        .name("look-up".into())
        .spawn(looked_up)
        .map_err(|error| format!("{host} cannot be looked up: {error}"))?;
    match receiver.recv_timeout(time) {
        Ok(Ok(found)) if found.is_empty() => Err(format!("{host} has no address")),
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) => Err(format!("{host} cannot be looked up: {error}")),
        Err(_) => Err(format!("{host} could not be looked up in {} s", time.as_secs())),
    }
}
