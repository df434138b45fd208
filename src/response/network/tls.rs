//! TLS, always verified, for requests and for other protocols.

use std::io::{Read as _, Write as _};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, DefaultConnector, LazyBuffers, NextTimeout, Transport,
    TransportAdapter,
};

use super::{NetworkError, guard};
use crate::response::settings::Settings;

/// Who is believed: the system, where it has nobody the roots of Mozilla, and `ca_file`. There is no switch for less.
pub(super) fn config(settings: &Settings) -> Result<Arc<ClientConfig>, NetworkError> {
    let mut roots = RootCertStore::empty();
    // Single certificates that cannot be read are left out: what is signed by them is not believed.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    if let Some(file) = &settings.ca_file {
        let wrong = |why: String| NetworkError(format!("network.ca_file: {}: {why}", file.display()));
        let bytes = std::fs::read(file).map_err(|error| wrong(error.to_string()))?;
        let mut count = 0;
        for certificate in CertificateDer::pem_slice_iter(&bytes) {
            let certificate =
                certificate.map_err(|error| wrong(format!("no certificate in PEM: {error}")))?;
            roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
            count += 1;
        }
        if count == 0 {
            return Err(wrong("there is no certificate in it; PEM is expected".into()));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| NetworkError(format!("TLS: {error}")))?;
    Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

/// The name that a certificate must be for.
pub(super) fn server_name(host: &str) -> Result<ServerName<'static>, String> {
    match guard::literal(host) {
        Some(address) => Ok(ServerName::from(address)),
        None => ServerName::try_from(host.trim_end_matches('.').to_owned())
            .map_err(|_| format!("{host:?} is no name of a host")),
    }
}

/// What to do about a certificate that is not believed.
pub(super) fn explained(error: &rustls::Error) -> String {
    let hint = match error {
        rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer) => {
            "; if a gateway of yours stands between, name its certificate with network.ca_file"
        }
        _ => "",
    };
    format!("TLS: {error}{hint}")
}

/// Opens connections for requests: as the HTTP library does, with the TLS of [`config`] on top.
#[derive(Debug)]
pub(super) struct TlsConnector {
    pub(super) plain: DefaultConnector,
    pub(super) config: Arc<ClientConfig>,
}

impl TlsConnector {
    pub(super) fn open(&self, details: &ConnectionDetails<'_>) -> Result<Box<dyn Transport>, ureq::Error> {
        let Some(plain) = self.plain.connect(details, None)? else {
            return Err(ureq::Error::ConnectionFailed);
        };
        if !details.needs_tls() {
            return Ok(plain);
        }
        let host = details.uri.host().unwrap_or_default();
        let name = server_name(host).map_err(|_| ureq::Error::HostNotFound)?;
        let mut connection = ClientConnection::new(Arc::clone(&self.config), name).map_err(other)?;
        let mut socket = TransportAdapter::new(plain, details.current_time.clone());
        socket.set_timeout(details.timeout);
        connection.complete_io(&mut socket).map_err(unwrapped)?;
        let size = details.config.input_buffer_size();
        let buffers = LazyBuffers::new(size, details.config.output_buffer_size());
        Ok(Box::new(TlsTransport { buffers, stream: StreamOwned::new(connection, socket) }))
    }
}

fn other(error: rustls::Error) -> ureq::Error {
    ureq::Error::Other(Box::new(error))
}

/// rustls puts its own errors into those of the stream.
fn unwrapped(error: std::io::Error) -> ureq::Error {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(inner) => other(inner.clone()),
        None => error.into(),
    }
}

struct TlsTransport {
    buffers: LazyBuffers,
    stream: StreamOwned<ClientConnection, TransportAdapter>,
}

impl std::fmt::Debug for TlsTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TlsTransport")
    }
}

impl Transport for TlsTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.stream.get_mut().set_timeout(timeout);
        let output = self.buffers.output().get(..amount).unwrap_or_default();
        self.stream.write_all(output).map_err(unwrapped)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.stream.get_mut().set_timeout(timeout);
        let input = self.buffers.input_append_buf();
        let amount = self.stream.read(input).map_err(unwrapped)?;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        self.stream.get_mut().get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}
