//! Listens on loopback, one thread for each connection, and ends with all of them.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::asked::Asked;
use super::fault::{Written, written};
use super::{Shared, providers};

/// Connections at a time.
const MOST: usize = 128;
/// Without a byte for so long, a connection is closed.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a wait looks whether all is over.
const SLICE: Duration = Duration::from_millis(20);
/// Who is asked for in TLS when the certificate is to be wrong.
const SOMEBODY_ELSE: &str = "somebody-else.example.test";

/// A running server.
pub(super) struct Server {
    address: SocketAddr,
    common: Arc<Common>,
    listening: Option<JoinHandle<()>>,
}

struct Common {
    is_over: AtomicBool,
    connections: AtomicUsize,
    /// Connections that are open, to be closed at the end.
    open: Mutex<Vec<Option<TcpStream>>>,
}

impl Server {
    pub(super) fn start(port: u16, shared: &Arc<Shared>) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let address = listener.local_addr()?;
        let config = config(shared).map_err(std::io::Error::other)?;
        let common = Arc::new(Common {
            is_over: AtomicBool::new(false),
            connections: AtomicUsize::new(0),
            open: Mutex::default(),
        });
        let (shared, own) = (Arc::clone(shared), Arc::clone(&common));
        let listening = std::thread::Builder::new()
            .name("simulator".into())
            .spawn(move || listen(&listener, &config, &shared, &own))?;
        Ok(Server { address, common, listening: Some(listening) })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn connections(&self) -> usize {
        self.common.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.common.is_over.store(true, Ordering::SeqCst);
        // Wakes up who waits for a connection.
        let _ = TcpStream::connect(self.address);
        for stream in self.common.open.lock().unwrap_or_else(PoisonError::into_inner).iter().flatten() {
            let _ = stream.shutdown(Shutdown::Both);
        }
        if let Some(listening) = self.listening.take() {
            let _ = listening.join();
        }
    }
}

fn config(shared: &Arc<Shared>) -> Result<Arc<ServerConfig>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Certificates(Arc::clone(shared))));
    Ok(Arc::new(config))
}

struct Certificates(Arc<Shared>);

impl std::fmt::Debug for Certificates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Certificates")
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name()?;
        let is_wrong = self.0.faults().has_wrong_name(name);
        self.0.authority.certificate(if is_wrong { SOMEBODY_ELSE } else { name })
    }
}

fn listen(listener: &TcpListener, config: &Arc<ServerConfig>, shared: &Arc<Shared>, common: &Arc<Common>) {
    let mut threads: Vec<JoinHandle<()>> = Vec::new();
    for stream in listener.incoming() {
        if common.is_over.load(Ordering::SeqCst) {
            break;
        }
        threads.retain(|thread| !thread.is_finished());
        let Ok(stream) = stream else { continue };
        if threads.len() >= MOST {
            continue;
        }
        common.connections.fetch_add(1, Ordering::SeqCst);
        let (config, shared, own) = (Arc::clone(config), Arc::clone(shared), Arc::clone(common));
        let spawned = std::thread::Builder::new().name("simulated".into()).spawn(move || {
            let place = own.enter(&stream);
            // Who came after all were closed has to go by itself.
            if !own.is_over.load(Ordering::SeqCst) {
                // What goes wrong on a connection ends it.
                let _ = serve(stream, config, &shared, &own);
            }
            own.leave(place);
        });
        threads.extend(spawned);
    }
    for thread in threads {
        let _ = thread.join();
    }
}

impl Common {
    fn enter(&self, stream: &TcpStream) -> usize {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let copy = stream.try_clone().ok();
        match open.iter().position(Option::is_none) {
            Some(free) => {
                open[free] = copy;
                free
            }
            None => {
                open.push(copy);
                open.len() - 1
            }
        }
    }

    fn leave(&self, place: usize) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stream) = open.get_mut(place).and_then(Option::take) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn wait(&self, time: Duration) {
        let until = Instant::now() + time;
        while !self.is_over.load(Ordering::SeqCst) && Instant::now() < until {
            std::thread::sleep(SLICE.min(until.saturating_duration_since(Instant::now())));
        }
    }
}

fn serve(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    shared: &Shared,
    common: &Common,
) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    let connection = ServerConnection::new(config).map_err(std::io::Error::other)?;
    let mut stream = StreamOwned::new(connection, stream);
    let Some(asked) = Asked::read(&mut stream) else { return Ok(()) };
    shared.world().note(&asked);
    let name = stream.conn.server_name().unwrap_or_default().to_owned();
    let fault = shared.faults().of(&asked);
    match written(fault, &asked, || providers::answer(&mut shared.world(), &asked, &name)) {
        Written::Answer(answer, after) => {
            common.wait(after);
            answer.write(&mut stream)?;
        }
        Written::Bytes(bytes) => {
            stream.write_all(&bytes)?;
            stream.flush()?;
        }
        Written::Nothing(time) => {
            common.wait(time);
            // Without a farewell, as when a process dies.
            return stream.sock.shutdown(Shutdown::Both);
        }
    }
    stream.conn.send_close_notify();
    stream.flush()?;
    stream.sock.shutdown(Shutdown::Write)?;
    // Lets the other side read to the end before the connection goes.
    stream.sock.set_read_timeout(Some(Duration::from_secs(1)))?;
    let mut rest = [0; 256];
    while stream.sock.read(&mut rest).is_ok_and(|amount| amount > 0) {}
    Ok(())
}
