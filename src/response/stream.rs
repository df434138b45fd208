//! A connection to a server that does not speak HTTP: what log-ins to databases go through.

use std::io::{Read, Write};

use super::call::SendError;

/// An open connection. Reading and writing end with the time that settings give one request.
pub trait Stream: Read + Write + Send {
    /// The same connection with TLS on it from here on: the certificate must be that of the host it was opened to.
    ///
    /// # Errors
    /// If the handshake fails: nothing was sent under it.
    fn secure(self: Box<Self>) -> Result<Box<dyn Stream>, SendError>;

    /// Whether the other end is this machine.
    fn is_loopback(&self) -> bool;

    /// Whether TLS is on it.
    fn is_secure(&self) -> bool;
}
