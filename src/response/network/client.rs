//! One request over one connection: no pool, no redirect, no cookie, no proxy of the environment.
//!
//! A connection of its own for each request costs a handshake, and buys that "not sent" is certain: a pooled connection
//! that the other side has closed looks like one on which an answer got lost.

use std::io::Read as _;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use rustls::ClientConfig;
use ureq::http;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, DefaultConnector, NextTimeout, Transport,
};
use ureq::{Agent, Proxy};
use zeroize::Zeroize as _;

use super::NetworkError;
use super::tls::{self, TlsConnector};
use crate::report::text::visible;
use crate::response::call::{Reply, Request, SendError};
use crate::response::settings::Settings;
use crate::secret::Secret;

/// Names us and our version, and nobody else.
static USER_AGENT: LazyLock<String> = LazyLock::new(|| match env!("CARGO_PKG_REPOSITORY") {
    "" => concat!("muzzle/", env!("CARGO_PKG_VERSION")).to_owned(),
    page => format!("muzzle/{} (+{page})", env!("CARGO_PKG_VERSION")),
});
/// Bytes from the status line to the body.
const LARGEST_HEAD: usize = 32 * 1024;
/// Longer answers to a header, a name or a limit say nothing that we use.
const MOST_HEADERS: usize = 100;
/// How such an error ends.
pub(super) const TIMED_OUT: &str = "no answer in time";
const BUFFER: usize = 16 * 1024;

/// Sends requests to addresses that were checked.
pub(super) struct Client {
    connector: Arc<TlsConnector>,
    proxy: Option<Proxy>,
    largest_reply: usize,
}

impl Client {
    pub(super) fn new(settings: &Settings, config: Arc<ClientConfig>) -> Result<Self, NetworkError> {
        let proxy = settings.proxy.as_deref().map(proxy).transpose()?;
        let connector = Arc::new(TlsConnector { plain: DefaultConnector::new(), config });
        Ok(Client { connector, proxy, largest_reply: settings.largest_reply })
    }

    /// Sends it, once. Without addresses the proxy finds the way.
    pub(super) fn send(
        &self,
        request: &Request,
        addresses: Option<&[SocketAddr]>,
        time: Duration,
    ) -> Result<Reply, SendError> {
        let deadline = Instant::now() + time;
        let message = message(request).map_err(SendError::Refused)?;
        let has_begun = Arc::new(AtomicBool::new(false));
        let watched = Watched {
            connector: Arc::clone(&self.connector),
            host: request.host.clone(),
            has_begun: Arc::clone(&has_begun),
        };
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .https_only(true)
            // The library would look at the environment by itself.
            .proxy(if addresses.is_some() { None } else { self.proxy.clone() })
            .max_redirects(0)
            .user_agent(USER_AGENT.as_str())
            .accept("application/json")
            .accept_encoding("")
            .timeout_global(Some(time))
            .max_response_header_size(LARGEST_HEAD)
            .input_buffer_size(LARGEST_HEAD.max(BUFFER))
            .output_buffer_size(BUFFER)
            .max_idle_connections(0)
            .max_idle_connections_per_host(0)
            .allow_non_standard_methods(true)
            .build();
        let agent = Agent::with_parts(config, watched, Pinned(addresses.map(<[_]>::to_vec)));
        let answer = match message {
            Message::Bare(message) => agent.run(message),
            Message::WithBody(message) => agent.run(message),
        };
        match answer {
            Ok(answer) => Ok(self.read(answer, deadline)),
            Err(error) => {
                let why = format!("{}: {}", request.host, visible(explained(&error).as_bytes()));
                Err(if has_begun.load(Ordering::SeqCst) {
                    SendError::Unclear(why)
                } else {
                    SendError::NotSent(why)
                })
            }
        }
    }

    /// A status is an answer, whatever becomes of the rest.
    fn read(&self, mut answer: http::Response<ureq::Body>, deadline: Instant) -> Reply {
        let status = answer.status().as_u16();
        let headers = answer.headers().iter().take(MOST_HEADERS);
        let text = |bytes: &[u8]| std::str::from_utf8(bytes).ok().map(str::to_owned);
        let headers = headers
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), text(value.as_bytes())?)))
            .collect();
        let mut reader = answer.body_mut().as_reader();
        // Never grown, so that no copy is left behind.
        let mut body = vec![0; self.largest_reply.saturating_add(1)];
        let mut filled = 0;
        let mut is_cut = false;
        while filled < body.len() {
            // The library's time is over by itself; this is for a peer that sends a byte now and then.
            if Instant::now() > deadline {
                is_cut = true;
                break;
            }
            match reader.read(&mut body[filled..]) {
                Ok(0) => break,
                Ok(amount) => filled += amount,
                Err(_) => {
                    is_cut = true;
                    break;
                }
            }
        }
        is_cut |= filled > self.largest_reply;
        let reply =
            Reply { status, headers, body: Secret::new(&body[..filled.min(self.largest_reply)]), is_cut };
        body.zeroize();
        reply
    }
}

/// With a body, or without.
enum Message<'a> {
    Bare(http::Request<()>),
    WithBody(http::Request<&'a [u8]>),
}

/// The request as the library wants it. Its copies of path, headers and body live until the connection is closed, and are
/// not wiped: neither the library nor TLS offers that. Ours are.
fn message(request: &Request) -> Result<Message<'_>, String> {
    let wrong =
        |what: &str| format!("{} cannot be sent: its {what} cannot stand in a request", request.template);
    let host = match request.host.parse::<std::net::Ipv6Addr>() {
        Ok(address) => format!("[{address}]"),
        Err(_) => request.host.clone(),
    };
    let target = std::str::from_utf8(exposed(&request.target)).map_err(|_| wrong("path"))?;
    if !target.starts_with('/') || !target.bytes().all(|byte| byte.is_ascii_graphic()) || target.contains('#')
    {
        return Err(wrong("path"));
    }
    let mut address = if request.port == 443 {
        format!("https://{host}{target}")
    } else {
        format!("https://{host}:{}{target}", request.port)
    };
    let uri = address.parse::<http::Uri>();
    address.zeroize();
    let uri = uri.map_err(|_| wrong("address"))?;
    if uri.host().is_none_or(|found| found != host) {
        return Err(wrong("host"));
    }
    let mut builder = http::Request::builder().method(request.method.as_str()).uri(uri);
    for (name, value) in &request.headers {
        if matches!(
            name.as_str(),
            "host" | "user-agent" | "content-length" | "transfer-encoding" | "connection"
        ) {
            continue;
        }
        let mut value = http::HeaderValue::from_bytes(exposed(value)).map_err(|_| wrong("header"))?;
        value.set_sensitive(true);
        builder = builder.header(name.as_str(), value);
    }
    builder = builder.header("connection", "close");
    let message = match &request.body {
        // Without a length, servers wait for more.
        None if matches!(request.method.as_str(), "POST" | "PUT" | "PATCH") => {
            builder.body(&[][..]).map(Message::WithBody)
        }
        None => builder.body(()).map(Message::Bare),
        Some(body) => builder.body(exposed(body)).map(Message::WithBody),
    };
    message.map_err(|_| wrong("method or header"))
}

#[expect(clippy::disallowed_methods, reason = "a request is made of secrets, and goes to their provider")]
fn exposed(secret: &Secret) -> &[u8] {
    secret.expose()
}

/// The proxy of the settings.
pub(super) fn proxy(text: &str) -> Result<Proxy, NetworkError> {
    let wrong = || {
        NetworkError(
            "network.proxy: it is written as http://HOST:PORT, https://HOST:PORT or socks5://HOST:PORT"
                .into(),
        )
    };
    // Whoever wants names looked up by the proxy means all names; the other kinds of SOCKS look them up here, unchecked.
    let text = match text.split_once("://") {
        Some(("http" | "https" | "socks5h", _)) => text.to_owned(),
        Some(("socks5", rest)) => format!("socks5h://{rest}"),
        _ => return Err(wrong()),
    };
    Proxy::new(&text).map_err(|_| wrong())
}

/// For people, and never with what was asked for: the library's words for a bad address hold it.
fn explained(error: &ureq::Error) -> String {
    match error {
        ureq::Error::BadUri(_) | ureq::Error::RequireHttpsOnly(_) => "it cannot be asked".into(),
        ureq::Error::HostNotFound => "no such host".into(),
        ureq::Error::Timeout(_) => TIMED_OUT.into(),
        ureq::Error::LargeResponseHeader(..) => {
            format!("the head of the answer is longer than {} KiB", LARGEST_HEAD >> 10)
        }
        ureq::Error::Other(inner) => match inner.downcast_ref::<rustls::Error>() {
            Some(error) => tls::explained(error),
            None => inner.to_string(),
        },
        ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            "the connection was closed without an answer".into()
        }
        ureq::Error::Io(error) => error.to_string(),
        other => other.to_string(),
    }
}

/// Answers with the addresses that were checked, whatever it is asked. Without, there is a proxy, and what is asked for is
/// the proxy's own name, from trusted configuration.
#[derive(Debug)]
struct Pinned(Option<Vec<SocketAddr>>);

impl Resolver for Pinned {
    fn resolve(
        &self,
        uri: &http::Uri,
        config: &ureq::config::Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let Some(addresses) = &self.0 else {
            return ureq::unversioned::resolver::DefaultResolver::default().resolve(uri, config, timeout);
        };
        let mut found = self.empty();
        for address in addresses.iter().take(16) {
            found.push(*address);
        }
        if found.is_empty() { Err(ureq::Error::HostNotFound) } else { Ok(found) }
    }
}

/// Notes when the first byte of the request goes out, behind TLS and proxy.
#[derive(Debug)]
struct Watched {
    connector: Arc<TlsConnector>,
    host: String,
    has_begun: Arc<AtomicBool>,
}

impl Connector for Watched {
    type Out = Box<dyn Transport>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        _: Option<()>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        let transport = self.connector.open(details)?;
        // What is said to a proxy is not yet the request.
        let host = details.uri.host().unwrap_or_default();
        let host = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        if !details.needs_tls() || host != self.host {
            return Ok(Some(transport));
        }
        Ok(Some(Box::new(Watching { transport, has_begun: Arc::clone(&self.has_begun) })))
    }
}

#[derive(Debug)]
struct Watching {
    transport: Box<dyn Transport>,
    has_begun: Arc<AtomicBool>,
}

impl Transport for Watching {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.transport.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        // Before: from here on it may have left.
        self.has_begun.store(true, Ordering::SeqCst);
        self.transport.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.transport.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.transport.is_open()
    }

    fn is_tls(&self) -> bool {
        self.transport.is_tls()
    }
}
