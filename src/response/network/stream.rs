//! Connections to servers that do not speak HTTP, plain at first, with TLS when both sides want it.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::{ClientConfig, ClientConnection, StreamOwned};

use super::tls;
use crate::report::text::visible;
use crate::response::call::SendError;
use crate::response::stream::Stream;

/// Connects to the first of the checked addresses that answers.
pub(super) fn open(
    host: &str,
    addresses: &[SocketAddr],
    deadline: Instant,
    config: &Arc<ClientConfig>,
) -> Result<Box<dyn Stream>, SendError> {
    let mut why = "no address".to_owned();
    for address in addresses {
        let connected = left(deadline).and_then(|time| {
            let stream = TcpStream::connect_timeout(address, time)?;
            stream.set_nodelay(true)?;
            Ok(stream)
        });
        match connected {
            Ok(stream) => {
                let (host, config) = (host.to_owned(), Arc::clone(config));
                return Ok(Box::new(Plain { stream, host, deadline, config }));
            }
            Err(error) => why = error.to_string(),
        }
    }
    Err(SendError::NotSent(format!("{host}: {why}")))
}

fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}

/// Every read and write ends when the time of the whole connection does.
struct Plain {
    stream: TcpStream,
    host: String,
    deadline: Instant,
    config: Arc<ClientConfig>,
}

impl Read for Plain {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(left(self.deadline)?))?;
        self.stream.read(buffer)
    }
}

impl Write for Plain {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(left(self.deadline)?))?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl Stream for Plain {
    fn secure(mut self: Box<Self>) -> Result<Box<dyn Stream>, SendError> {
        let failed = |why: String| SendError::NotSent(visible(why.as_bytes()));
        let name = tls::server_name(&self.host).map_err(failed)?;
        let told = |error: &rustls::Error| failed(format!("{}: {}", self.host, tls::explained(error)));
        let mut connection =
            ClientConnection::new(Arc::clone(&self.config), name).map_err(|error| told(&error))?;
        if let Err(error) = connection.complete_io(&mut *self) {
            let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
            return Err(match inner {
                Some(inner) => failed(format!("{}: {}", self.host, tls::explained(inner))),
                None => failed(format!("{}: {error}", self.host)),
            });
        }
        Ok(Box::new(Secure(StreamOwned::new(connection, *self))))
    }

    fn is_loopback(&self) -> bool {
        self.stream.peer_addr().is_ok_and(|address| address.ip().is_loopback())
    }

    fn is_secure(&self) -> bool {
        false
    }
}

struct Secure(StreamOwned<ClientConnection, Plain>);

impl Read for Secure {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Secure {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Stream for Secure {
    fn secure(self: Box<Self>) -> Result<Box<dyn Stream>, SendError> {
        Ok(self)
    }

    fn is_loopback(&self) -> bool {
        self.0.sock.is_loopback()
    }

    fn is_secure(&self) -> bool {
        true
    }
}
