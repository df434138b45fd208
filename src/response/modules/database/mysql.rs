//! MySQL and MariaDB: TLS if the server has it, then `mysql_native_password` or `caching_sha2_password`.
//! <https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase.html>

use std::io;

use ring::digest;
use zeroize::Zeroizing;

use super::{Judged, Login, accepted, ask, broken, in_the_clear, limited, refused, strange, unknown};
use crate::response::stream::Stream;

/// Packets of a log-in are short.
const LARGEST_PACKET: usize = 16 * 1024;
const MOST_PACKETS: usize = 10;

const NATIVE: &[u8] = b"mysql_native_password";
const CACHING: &[u8] = b"caching_sha2_password";

mod capability {
    pub(super) const LONG_PASSWORD: u32 = 1;
    pub(super) const CONNECT_WITH_DB: u32 = 1 << 3;
    pub(super) const PROTOCOL_41: u32 = 1 << 9;
    pub(super) const SSL: u32 = 1 << 11;
    pub(super) const SECURE_CONNECTION: u32 = 1 << 15;
    pub(super) const PLUGIN_AUTH: u32 = 1 << 19;
}

pub(super) fn log_in(stream: Box<dyn Stream>, login: &Login<'_>) -> Judged {
    let mut session = Session { stream, sequence: 0 };
    let greeting = match session.receive() {
        Ok(packet) => packet,
        Err(error) => return broken(&error),
    };
    // A server that is full, or lets nobody in from here, says so at once.
    if let Some(code) = error_code(&greeting) {
        return unknown(&code.to_string());
    }
    let Some(greeting) = Greeting::read(&greeting) else { return strange() };
    let flags = flags(login);
    let mut session = match session.secured(&greeting, flags) {
        Ok(session) => session,
        Err(judged) => return judged,
    };
    session.talk(&greeting, flags, login).unwrap_or_else(|error| broken(&error))
}

/// What the server says first.
struct Greeting {
    capabilities: u32,
    salt: Vec<u8>,
    plugin: Vec<u8>,
}

impl Greeting {
    fn read(packet: &[u8]) -> Option<Self> {
        let rest = packet.strip_prefix(&[10])?;
        let version = rest.iter().position(|byte| *byte == 0)?;
        // Behind the version: thread (4), salt (8), a zero, capabilities (2), character set, status (2), capabilities (2),
        // the salt's length, ten reserved bytes, the rest of the salt.
        let rest = rest.get(version + 1..)?;
        let number = |at: usize| Some(u32::from(u16::from_le_bytes([*rest.get(at)?, *rest.get(at + 1)?])));
        let capabilities = number(13)? | number(18)? << 16;
        let length = usize::from(*rest.get(20)?).max(21) - 8;
        let second = rest.get(31..)?;
        let second = second.get(..length.min(second.len()))?;
        let salt = [rest.get(4..12)?, second.strip_suffix(&[0]).unwrap_or(second)].concat();
        let plugin = rest.get(31 + second.len()..).unwrap_or_default();
        let plugin = plugin.split(|byte| *byte == 0).next().unwrap_or_default().to_vec();
        (salt.len() == 20).then_some(Greeting { capabilities, salt, plugin })
    }
}

fn flags(login: &Login<'_>) -> u32 {
    use capability::{CONNECT_WITH_DB, LONG_PASSWORD, PLUGIN_AUTH, PROTOCOL_41, SECURE_CONNECTION};
    let database = if login.database.is_some() { CONNECT_WITH_DB } else { 0 };
    LONG_PASSWORD | PROTOCOL_41 | SECURE_CONNECTION | PLUGIN_AUTH | database
}

/// What comes before the user's name: flags, the largest packet, `utf8mb4`.
fn head(flags: u32) -> Vec<u8> {
    let largest = u32::try_from(LARGEST_PACKET).unwrap_or(u32::MAX);
    [&flags.to_le_bytes()[..], &largest.to_le_bytes(), &[45], &[0; 23]].concat()
}

struct Session {
    stream: Box<dyn Stream>,
    sequence: u8,
}

impl Session {
    /// With TLS, or on this machine.
    fn secured(mut self, greeting: &Greeting, flags: u32) -> Result<Self, Judged> {
        if greeting.capabilities & capability::SSL == 0 {
            return if self.stream.is_loopback() { Ok(self) } else { Err(in_the_clear()) };
        }
        self.send(&head(flags | capability::SSL)).map_err(|error| broken(&error))?;
        let stream = self.stream.secure().map_err(|error| ask::unanswered(&error))?;
        Ok(Session { stream, sequence: self.sequence })
    }

    fn talk(&mut self, greeting: &Greeting, flags: u32, login: &Login<'_>) -> io::Result<Judged> {
        let plugin = if greeting.plugin == CACHING { CACHING } else { NATIVE };
        let flags = if self.stream.is_secure() { flags | capability::SSL } else { flags };
        let Some(first) = proof(plugin, &login.password, &greeting.salt) else { return Ok(strange()) };
        let mut answer = Zeroizing::new(head(flags));
        answer.extend_from_slice(login.user.as_bytes());
        answer.extend_from_slice(&[0, u8::try_from(first.len()).unwrap_or(0)]);
        answer.extend_from_slice(&first);
        if let Some(database) = &login.database {
            answer.extend_from_slice(database.as_bytes());
            answer.push(0);
        }
        answer.extend_from_slice(plugin);
        answer.push(0);
        self.send(&answer)?;
        let mut has_switched = false;
        for _ in 0..MOST_PACKETS {
            let packet = self.receive()?;
            match packet.as_slice() {
                [0, ..] => {
                    self.sequence = 0;
                    // Says good-bye; nobody waits for an answer.
                    let _ = self.send(&[1]);
                    return Ok(accepted());
                }
                [0xff, ..] => return Ok(error_code(&packet).map_or_else(strange, judge)),
                [0xfe, rest @ ..] if !has_switched => {
                    has_switched = true;
                    let mut parts = rest.splitn(2, |byte| *byte == 0);
                    let (name, salt) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
                    let salt = salt.strip_suffix(&[0]).unwrap_or(salt);
                    let Some(proof) = proof(name, &login.password, salt) else {
                        return Ok(unknown(&format!(
                            "log-in by {}",
                            ask::plain(&String::from_utf8_lossy(name))
                        )));
                    };
                    self.send(&proof)?;
                }
                // The server has seen this password before.
                [1, 3] => {}
                // It has not, and wants it whole.
                [1, 4] if self.stream.is_secure() => {
                    let whole = Zeroizing::new([login.password.as_slice(), &[0]].concat());
                    self.send(&whole)?;
                }
                [1, 4] => return Ok(unknown("caching_sha2_password without TLS")),
                _ => return Ok(strange()),
            }
        }
        Ok(strange())
    }

    fn send(&mut self, content: &[u8]) -> io::Result<()> {
        let length = u32::try_from(content.len()).map_err(|_| io::ErrorKind::InvalidInput)?.to_le_bytes();
        let mut packet = Zeroizing::new(Vec::with_capacity(content.len() + 4));
        packet.extend_from_slice(&[length[0], length[1], length[2], self.sequence]);
        packet.extend_from_slice(content);
        self.sequence = self.sequence.wrapping_add(1);
        self.stream.write_all(&packet)?;
        self.stream.flush()
    }

    fn receive(&mut self) -> io::Result<Vec<u8>> {
        let mut head = [0; 4];
        self.stream.read_exact(&mut head)?;
        let length = usize::from(head[0]) | usize::from(head[1]) << 8 | usize::from(head[2]) << 16;
        if length > LARGEST_PACKET {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut packet = vec![0; length];
        self.stream.read_exact(&mut packet)?;
        self.sequence = head[3].wrapping_add(1);
        Ok(packet)
    }
}

fn error_code(packet: &[u8]) -> Option<u16> {
    match packet {
        [0xff, low, high, ..] => Some(u16::from_le_bytes([*low, *high])),
        _ => None,
    }
}

/// What the server says at the end of a log-in.
fn judge(code: u16) -> Judged {
    match code {
        1045 => refused("1045"),
        1044 => limited("1044", "the user may not use this database"),
        1049 => limited("1049", "there is no such database"),
        1862 | 1820 => limited(&code.to_string(), "it has expired and must be changed"),
        _ => unknown(&code.to_string()),
    }
}

/// What proves that the password is known, without telling it. `None` for other ways to log in.
fn proof(plugin: &[u8], password: &[u8], salt: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (algorithm, salt_is_first) = match plugin {
        NATIVE => (&digest::SHA1_FOR_LEGACY_USE_ONLY, true),
        CACHING => (&digest::SHA256, false),
        _ => return None,
    };
    let hash = |parts: &[&[u8]]| {
        let mut context = digest::Context::new(algorithm);
        parts.iter().for_each(|part| context.update(part));
        Zeroizing::new(context.finish().as_ref().to_vec())
    };
    let once = hash(&[password]);
    let twice = hash(&[&once]);
    let mask = if salt_is_first { hash(&[salt, &twice]) } else { hash(&[&twice, salt]) };
    Some(Zeroizing::new(once.iter().zip(mask.iter()).map(|(a, b)| a ^ b).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
    }

    /// Against the formulas of the documentation, worked out by another implementation.
    #[test]
    fn proofs_are_those_of_the_documentation() {
        let salt: Vec<u8> = (1..=20).collect();
        let native = proof(NATIVE, b"pencil", &salt).unwrap();
        assert_eq!(hex(&native), "cf61fc4b84338d2884baac2131c29caedc133246");
        let caching = proof(CACHING, b"pencil", &salt).unwrap();
        assert_eq!(hex(&caching), "804b188f4565dae5617113370e156183c91cfef6dd4714585f8d465f2150b271");
        assert!(proof(b"dialog", b"pencil", &salt).is_none());
    }
}
