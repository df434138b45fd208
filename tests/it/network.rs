//! The transport: what it sends, what it refuses, and what it makes of whatever comes back. Loopback only.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use muzzle::response::call::{Purpose, Reply, Request, SendError, Transport as _};
use muzzle::response::network::Network;
use muzzle::response::settings::Settings;
use muzzle::response::simulator::{Fault, Kind, RetryAfter, Simulator, SimulatorOptions, State};
use muzzle::secret::Secret;

const HOST: &str = "api.github.com";

fn simulator() -> Simulator {
    Simulator::start(SimulatorOptions::default()).unwrap()
}

fn network(simulator: &Simulator) -> Network {
    network_with(simulator, |_| {})
}

fn network_with(simulator: &Simulator, change: impl FnOnce(&mut Settings)) -> Network {
    let mut settings = simulator.settings();
    settings.timeout = Duration::from_secs(5);
    change(&mut settings);
    Network::new(&settings).unwrap()
}

fn get(path: &str) -> Request {
    request(Purpose::Verify, "GET", HOST, path)
}

fn request(purpose: Purpose, method: &str, host: &str, path: &str) -> Request {
    Request {
        purpose,
        method: method.into(),
        host: host.into(),
        port: 443,
        target: Secret::new(path.as_bytes()),
        headers: Vec::new(),
        body: None,
        template: format!("{method} https://{host}{{path}}"),
    }
}

#[expect(clippy::disallowed_methods, reason = "a test sends what was made up")]
fn bearer(mut request: Request, secret: &Secret) -> Request {
    let value = [b"Bearer ", secret.expose()].concat();
    request.headers.push(("authorization".into(), Secret::new(&value)));
    request
}

#[expect(clippy::disallowed_methods, reason = "a test reads what was made up")]
fn text(reply: &Reply) -> String {
    String::from_utf8_lossy(reply.body.expose()).into_owned()
}

#[track_caller]
fn refused(sent: Result<Reply, SendError>) -> String {
    match sent {
        Err(SendError::Refused(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn not_sent(sent: Result<Reply, SendError>) -> String {
    match sent {
        Err(SendError::NotSent(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn unclear(sent: Result<Reply, SendError>) -> String {
    match sent {
        Err(SendError::Unclear(why)) => why,
        other => panic!("{other:?}"),
    }
}

/// Counts connections, and keeps what is written to them.
struct Listener {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    bytes: Arc<Mutex<Vec<u8>>>,
}

impl Listener {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let (count, kept) = (Arc::clone(&connections), Arc::clone(&bytes));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { continue };
                count.fetch_add(1, Ordering::SeqCst);
                let kept = Arc::clone(&kept);
                std::thread::spawn(move || {
                    let mut chunk = [0; 1024];
                    while let Ok(amount @ 1..) = stream.read(&mut chunk) {
                        kept.lock().unwrap().extend_from_slice(&chunk[..amount]);
                    }
                });
            }
        });
        Listener { address, connections, bytes }
    }

    fn count(&self) -> usize {
        // What was begun has arrived by then.
        std::thread::sleep(Duration::from_millis(50));
        self.connections.load(Ordering::SeqCst)
    }
}

#[test]
fn a_request_arrives_as_it_is_and_the_answer_comes_back() {
    let simulator = simulator();
    let network = network(&simulator);
    let planted = simulator.plant(Kind::GitHub, State::Live);
    let reply = network.send(&bearer(get("/user?per_page=1"), &planted.secret)).unwrap();
    assert_eq!((reply.status, reply.is_cut), (200, false));
    assert!(text(&reply).contains("octo-drill"));
    assert_eq!(reply.header("x-oauth-scopes"), Some("repo, workflow"));
    let log = simulator.log();
    assert_eq!(log.len(), 1);
    assert_eq!((log[0].method.as_str(), log[0].target.as_str()), ("GET", "/user?per_page=1"));
    assert_eq!((log[0].host.as_str(), log[0].sent.as_slice()), (HOST, &[planted.id][..]));
    assert_eq!(log[0].user_agent, concat!("muzzle/", env!("CARGO_PKG_VERSION")));
    let mut headers = log[0].headers.clone();
    headers.sort_unstable();
    assert_eq!(headers, ["accept", "authorization", "connection", "host", "user-agent"]);
}

#[test]
fn bodies_go_with_any_method() {
    let simulator = simulator();
    let network = network(&simulator);
    for method in ["POST", "DELETE", "PATCH"] {
        let mut request = request(Purpose::Verify, method, HOST, "/nowhere");
        request.headers.push(("content-type".into(), Secret::new(b"application/json")));
        request.body = Some(Secret::new(b"{}"));
        assert_eq!(network.send(&request).unwrap().status, 404, "{method}");
        let last = simulator.log().pop().unwrap();
        assert!(last.headers.contains(&"content-length".into()), "{method} {:?}", last.headers);
    }
}

#[test]
fn statuses_are_answers_and_redirects_are_not_followed() {
    let simulator = simulator();
    let network = network(&simulator);
    for (fault, status) in [
        (Fault::Unauthorized, 401),
        (Fault::RateLimited(RetryAfter::Never), 403),
        (Fault::Broken(500), 500),
        (Fault::Redirect("https://gitlab.com/elsewhere".into()), 302),
        (Fault::CaptivePage, 200),
    ] {
        simulator.fail(HOST, None, 1, fault);
        assert_eq!(network.send(&get("/user")).unwrap().status, status);
    }
    assert_eq!(simulator.count(), 5);
    assert!(simulator.log().iter().all(|received| received.host == HOST));
}

#[test]
fn a_body_is_read_to_the_cap_and_what_is_missing_is_told() {
    let simulator = simulator();
    let network = network(&simulator);
    let cap = simulator.settings().largest_reply;
    for (length, is_cut) in [(cap, false), (cap + 1, true), (cap * 5, true)] {
        simulator.fail(HOST, None, 1, Fault::Huge(length));
        let reply = network.send(&get("/user")).unwrap();
        assert_eq!((reply.body.len(), reply.is_cut), (length.min(cap), is_cut));
    }
    simulator.fail(HOST, None, 1, Fault::Truncated);
    let reply = network.send(&get("/user")).unwrap();
    assert!((reply.status, reply.is_cut) == (401, true) && !reply.body.is_empty());
}

#[test]
fn offline_opens_no_socket() {
    let (simulator, listener) = (simulator(), Listener::start());
    let network = network_with(&simulator, |settings| {
        settings.offline = true;
        settings.proxy = Some(format!("http://{}", listener.address));
    });
    for purpose in [Purpose::Verify, Purpose::LookUp, Purpose::Revoke, Purpose::Notify] {
        let why = refused(network.send(&request(purpose, "GET", HOST, "/")));
        assert!(why.contains("--offline"), "{why}");
    }
    assert_eq!((simulator.connections(), listener.count()), (0, 0));
}

#[test]
fn addresses_that_are_not_public_are_not_connected_to() {
    let listener = Listener::start();
    let port = listener.address.port();
    // By number, by a name that leads there, and by a mapping: all of them allowed as far as ports go.
    let hosts = ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "[::ffff:127.0.0.1]", "ip6-localhost"];
    let settings = Settings {
        hosts: [("gitlab".to_owned(), hosts.iter().map(|host| format!("{host}:{port}")).collect())].into(),
        connect_to: [("gitlab.com:443".to_owned(), listener.address.to_string())].into(),
        ..Settings::default()
    };
    let network = Network::new(&settings).unwrap();
    for host in hosts.iter().filter(|host| **host != "ip6-localhost") {
        let mut request = request(Purpose::Verify, "GET", host, "/");
        request.port = port;
        let why = refused(network.send(&request));
        assert!(why.contains("network.allow_private"), "{why}");
    }
    for host in [
        "169.254.169.254",
        "10.0.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "[fd00::1]",
        "[fe80::1]",
        "[64:ff9b::7f00:1]",
    ] {
        refused(network.send(&request(Purpose::Verify, "GET", host, "/")));
    }
    for host in
        ["2130706433", "0x7f000001", "127.1", "0177.0.0.1", "a@127.0.0.1", "127.0.0.1\r\nx", "", "GITLAB.com"]
    {
        refused(network.send(&request(Purpose::Verify, "GET", host, "/")));
    }
    let why = refused(network.send(&request(Purpose::Verify, "GET", "gitlab.com", "/")));
    assert!(why.contains("loopback"), "{why}");
    let mut other_port = get("/");
    other_port.port = 8443;
    assert!(refused(network.send(&other_port)).contains("network.hosts"));
    assert_eq!(listener.count(), 0);
}

#[test]
fn certificates_are_verified() {
    let simulator = simulator();
    let secret = simulator.plant(Kind::GitHub, State::Live).secret;
    let stranger = network_with(&simulator, |settings| settings.ca_file = None);
    let why = not_sent(stranger.send(&bearer(get("/user"), &secret)));
    assert!(why.contains("network.ca_file"), "{why}");
    simulator.fail(HOST, None, 1, Fault::WrongName);
    let why = not_sent(network(&simulator).send(&bearer(get("/user"), &secret)));
    assert!(why.contains("certificate") && why.contains(HOST), "{why}");
    assert_eq!(simulator.count(), 0);
    assert_eq!(simulator.connections(), 2);
}

#[test]
fn what_is_not_tls_gets_nothing() {
    let (simulator, listener) = (simulator(), Listener::start());
    let secret = simulator.plant(Kind::GitHub, State::Live).secret;
    let network = network_with(&simulator, |settings| {
        settings.connect_to = [(format!("{HOST}:443"), listener.address.to_string())].into();
        settings.timeout = Duration::from_millis(300);
    });
    not_sent(network.send(&bearer(get("/user"), &secret)));
    let seen = listener.bytes.lock().unwrap().clone();
    // The beginning of a handshake.
    assert_eq!((listener.count(), &seen[..2]), (1, &[22, 3][..]));
    assert!(!seen.windows(4).any(|four| four == b"GET "));
}

#[test]
fn an_answer_that_is_lost_is_unclear_and_nothing_is_sent_twice() {
    let simulator = simulator();
    let network = network_with(&simulator, |settings| settings.timeout = Duration::from_millis(700));
    for (number, fault) in [
        Fault::NoAnswer { done: true },
        Fault::NoAnswer { done: false },
        Fault::HalfHead,
        Fault::Silence(Duration::from_secs(3)),
        Fault::Slow(Duration::from_secs(3)),
    ]
    .into_iter()
    .enumerate()
    {
        simulator.fail(HOST, None, 1, fault.clone());
        unclear(network.send(&request(Purpose::Revoke, "DELETE", HOST, "/installation/token")));
        assert_eq!(simulator.count(), number + 1, "{fault:?}");
    }
}

#[test]
fn a_lost_answer_took_effect_or_did_not() {
    let simulator = simulator();
    let network = network(&simulator);
    for (done, state) in [(true, State::Dead), (false, State::Live)] {
        let planted = simulator.plant(Kind::GitHubInstallation, State::Live);
        simulator.fail(HOST, Some("DELETE"), 1, Fault::NoAnswer { done });
        let revoke = request(Purpose::Revoke, "DELETE", HOST, "/installation/token");
        unclear(network.send(&bearer(revoke, &planted.secret)));
        assert_eq!(simulator.state(&planted.secret), Some(state));
    }
}

#[test]
fn a_question_whose_answer_is_lost_is_asked_once_more() {
    let simulator = simulator();
    let network = network(&simulator);
    simulator.fail(HOST, None, 1, Fault::NoAnswer { done: true });
    assert_eq!(network.send(&get("/user")).unwrap().status, 401);
    assert_eq!(simulator.count(), 2);
    simulator.fail(HOST, None, 5, Fault::NoAnswer { done: true });
    unclear(network.send(&get("/user")));
    assert_eq!(simulator.count(), 4);
}

#[test]
fn nothing_listens() {
    let simulator = simulator();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let network = network_with(&simulator, |settings| {
        settings.connect_to = [(format!("{HOST}:443"), address.to_string())].into();
    });
    not_sent(network.send(&get("/user")));
    not_sent(network.send(&request(Purpose::Verify, "GET", "no-such-host.invalid", "/")));
}

#[test]
fn a_provider_that_asks_to_wait_is_waited_for_once() {
    let simulator = simulator();
    let network = network(&simulator);
    for after in [RetryAfter::Seconds(1), RetryAfter::Date(1), RetryAfter::Reset(1), RetryAfter::Never] {
        let (before, started) = (simulator.count(), Instant::now());
        simulator.fail(HOST, None, 1, Fault::TooMany(after));
        assert_eq!(network.send(&get("/user")).unwrap().status, 401, "{after:?}");
        assert_eq!(simulator.count(), before + 2);
        if after == RetryAfter::Seconds(1) {
            assert!(started.elapsed() >= Duration::from_secs(1));
        }
    }
    simulator.fail(HOST, None, 1, Fault::Unavailable(RetryAfter::Seconds(0)));
    assert_eq!(network.send(&get("/user")).unwrap().status, 401);
    simulator.fail(HOST, None, 9, Fault::TooMany(RetryAfter::Seconds(0)));
    let before = simulator.count();
    assert_eq!(network.send(&get("/user")).unwrap().status, 429);
    assert_eq!(simulator.count(), before + 2);
}

#[test]
fn who_asks_for_too_long_is_left_alone() {
    let simulator = simulator();
    for (fault, purpose) in [
        (Fault::TooMany(RetryAfter::Seconds(3600)), Purpose::Verify),
        (Fault::TooMany(RetryAfter::Date(3600)), Purpose::Probe),
        (Fault::Unavailable(RetryAfter::Seconds(3600)), Purpose::LookUp),
    ] {
        let network = network(&simulator);
        let before = simulator.count();
        simulator.fail(HOST, None, 1, fault);
        let sent = network.send(&request(purpose, "GET", HOST, "/user"));
        let Err(SendError::RateLimited(Some(wait))) = sent else { panic!("{sent:?}") };
        assert!((3590..=3600).contains(&wait.as_secs()), "{wait:?}");
        // The next one is not even sent, whatever it is for.
        for purpose in [Purpose::Verify, Purpose::Revoke] {
            let sent = network.send(&request(purpose, "GET", HOST, "/user"));
            assert!(matches!(sent, Err(SendError::RateLimited(Some(_)))), "{sent:?}");
        }
        assert_eq!(simulator.count(), before + 1);
        assert_eq!(network.send(&request(purpose, "GET", "gitlab.com", "/")).unwrap().status, 404);
    }
}

#[test]
fn what_changes_something_is_not_sent_again_for_a_429() {
    let simulator = simulator();
    let network = network(&simulator);
    for purpose in [Purpose::Revoke, Purpose::Rotate, Purpose::Notify] {
        let before = simulator.count();
        simulator.fail(HOST, None, 1, Fault::TooMany(RetryAfter::Seconds(0)));
        assert_eq!(network.send(&request(purpose, "POST", HOST, "/x")).unwrap().status, 429);
        assert_eq!(simulator.count(), before + 1);
    }
}

#[test]
fn sixty_questions_keep_to_the_rate_and_to_two_at_a_time() {
    let simulator = simulator();
    let network = network_with(&simulator, |settings| settings.rate = 40.0);
    let started = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope
                .spawn(|| (0..10).for_each(|_| assert_eq!(network.send(&get("/user")).unwrap().status, 401)));
        }
    });
    assert_eq!(simulator.count(), 60);
    assert!(started.elapsed() >= Duration::from_millis(1450), "{:?}", started.elapsed());
}

#[test]
fn there_is_a_limit_and_an_end_to_failures() {
    let simulator = simulator();
    let few = network_with(&simulator, |settings| settings.most_requests = 2);
    (0..2).for_each(|_| assert!(few.send(&get("/user")).is_ok()));
    assert!(refused(few.send(&get("/user"))).contains("network.most_requests"));
    let network = network(&simulator);
    simulator.fail(HOST, None, 5, Fault::Broken(502));
    (0..5).for_each(|_| assert_eq!(network.send(&get("/user")).unwrap().status, 502));
    let before = simulator.connections();
    assert!(not_sent(network.send(&get("/user"))).contains("5 times in a row"));
    assert_eq!(simulator.connections(), before);
    assert_eq!(network.send(&request(Purpose::Verify, "GET", "gitlab.com", "/")).unwrap().status, 404);
}

/// What a proxy is told.
fn head(stream: &mut TcpStream) -> String {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

#[test]
fn the_proxy_is_that_of_the_settings() {
    let (simulator, secret) = (simulator(), format!("Basic {}", STANDARD.encode("proxy:pw")));
    let target = simulator.address();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Arc::new(Mutex::new(String::new()));
    let kept = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            kept.lock().unwrap().push_str(&head(&mut stream));
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
            let onward = TcpStream::connect(target).unwrap();
            let (mut from, mut to) = (stream.try_clone().unwrap(), onward.try_clone().unwrap());
            std::thread::spawn(move || std::io::copy(&mut from, &mut to));
            let _ = std::io::copy(&mut { onward }, &mut stream);
        }
    });
    let network = network_with(&simulator, |settings| {
        settings.connect_to.clear();
        settings.allow_private.clear();
        settings.proxy = Some(format!("http://proxy{}pw@{address}", ':'));
    });
    let planted = simulator.plant(Kind::GitHub, State::Live);
    assert_eq!(network.send(&bearer(get("/user"), &planted.secret)).unwrap().status, 200);
    let asked = asked.lock().unwrap().clone();
    assert!(
        asked.starts_with("CONNECT api.github.com:443 HTTP/1.1\r\n") && asked.contains(&secret),
        "{asked}"
    );
    // Not even through a proxy.
    for host in ["127.0.0.1", "169.254.169.254", "localhost", "metadata.google.internal"] {
        refused(network.send(&request(Purpose::Verify, "GET", host, "/")));
    }
    assert_eq!(simulator.count(), 1);
}

#[test]
fn a_proxy_that_says_no_got_nothing_of_the_request() {
    let simulator = simulator();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            head(&mut stream);
            let _ =
                stream.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
        }
    });
    let network = network_with(&simulator, |settings| {
        settings.connect_to.clear();
        settings.proxy = Some(format!("http://{address}"));
    });
    let why = not_sent(network.send(&request(Purpose::Revoke, "DELETE", HOST, "/installation/token")));
    assert!(why.contains("407"), "{why}");
}

#[test]
fn other_protocols_go_where_configuration_says_and_nowhere_else() {
    let (simulator, listener) = (simulator(), Listener::start());
    let port = listener.address.port();
    let open = |change: &dyn Fn(&mut Settings), host: &str, port: u16| {
        network_with(&simulator, change).open(host, port, Purpose::Verify).map(|stream| stream.is_secure())
    };
    let listed = |settings: &mut Settings| {
        settings.hosts.insert("postgres".into(), vec!["127.0.0.1".into(), format!("db.example.test:{port}")]);
        settings.connect_to.insert(format!("db.example.test:{port}"), listener.address.to_string());
    };
    assert!(matches!(open(&|_| {}, "127.0.0.1", port), Err(SendError::Refused(_))));
    assert!(matches!(open(&listed, "db.example.test", port + 1), Err(SendError::Refused(_))));
    let not_allowed = |settings: &mut Settings| {
        listed(settings);
        settings.allow_private.clear();
    };
    assert!(matches!(open(&not_allowed, "127.0.0.1", port), Err(SendError::Refused(_))));
    let offline = |settings: &mut Settings| {
        listed(settings);
        settings.offline = true;
    };
    assert!(matches!(open(&offline, "127.0.0.1", port), Err(SendError::Refused(_))));
    assert_eq!(listener.count(), 0);
    assert_eq!(open(&listed, "127.0.0.1", port), Ok(false));
    assert_eq!(open(&listed, "db.example.test", port), Ok(false));
    assert_eq!(listener.count(), 2);
}

#[test]
fn other_protocols_get_the_same_tls() {
    let simulator = simulator();
    let port = simulator.address().port();
    let network = network_with(&simulator, |settings| {
        let hosts = [HOST, "db.example.test"].map(|host| format!("{host}:{port}"));
        for host in &hosts {
            settings.connect_to.insert(host.clone(), simulator.address().to_string());
        }
        settings.hosts.insert("postgres".into(), hosts.to_vec());
    });
    let plain = network.open(HOST, port, Purpose::Verify).unwrap();
    assert!(plain.is_loopback() && !plain.is_secure());
    let mut secure = plain.secure().unwrap();
    assert!(secure.is_loopback() && secure.is_secure());
    secure.write_all(b"GET /user HTTP/1.1\r\nHost: api.github.com\r\nUser-Agent: x\r\n\r\n").unwrap();
    let mut answer = [0; 12];
    secure.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 401");
    simulator.fail("db.example.test", None, 1, Fault::WrongName);
    let refused = network.open("db.example.test", port, Purpose::Verify).unwrap().secure();
    assert!(matches!(refused, Err(SendError::NotSent(why)) if why.contains("certificate")));
}

#[test]
fn what_cannot_stand_in_a_request_is_refused_without_being_shown() {
    let simulator = simulator();
    let network = network(&simulator);
    for target in ["", "user", "/a b", "/a\r\nX: y", "/\u{e9}", "/a#b", "@evil.example.test/"] {
        let why = refused(network.send(&get(target)));
        assert!(target.len() < 3 || !why.contains(target), "{why}");
    }
    for value in ["a\r\nInjected: yes", "a\nb", "a\0b"] {
        let mut request = get("/user");
        request.headers.push(("authorization".into(), Secret::new(value.as_bytes())));
        assert!(!refused(network.send(&request)).contains("Injected"));
    }
    assert_eq!(simulator.connections(), 0);
}

#[test]
fn settings_that_cannot_be_used_are_told() {
    let file = tempfile::NamedTempFile::new().unwrap();
    for (settings, expected) in [
        (Settings { ca_file: Some("/nowhere.pem".into()), ..Settings::default() }, "network.ca_file"),
        (Settings { ca_file: Some(file.path().into()), ..Settings::default() }, "no certificate in it"),
        (Settings { proxy: Some("ftp://a".into()), ..Settings::default() }, "network.proxy"),
        (Settings { proxy: Some("proxy:3128".into()), ..Settings::default() }, "network.proxy"),
        (
            Settings { allow_private: vec!["10.0.0.0/99".into()], ..Settings::default() },
            "network.allow_private",
        ),
    ] {
        let error = Network::new(&settings).err().unwrap().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn github_revokes_by_value_and_dies_after_a_while() {
    let simulator = Simulator::start(SimulatorOptions { delay: 2, ..SimulatorOptions::default() }).unwrap();
    let network = network(&simulator);
    let planted = simulator.plant(Kind::GitHub, State::Live);
    let verify = bearer(get("/user"), &planted.secret);
    let mut revoke = request(Purpose::Revoke, "POST", HOST, "/credentials/revoke");
    revoke.body = Some(list_of(&planted.secret));
    assert_eq!(network.send(&bearer(revoke.clone(), &planted.secret)).unwrap().status, 403);
    assert_eq!(network.send(&revoke).unwrap().status, 202);
    let seen: Vec<u16> = (0..4).map(|_| network.send(&verify).unwrap().status).collect();
    assert_eq!(seen, [200, 200, 401, 401]);
    revoke.body = Some(Secret::new(b"{\"credentials\":[]}"));
    assert_eq!(network.send(&revoke).unwrap().status, 422);
}

#[expect(clippy::disallowed_methods, reason = "a test sends what was made up")]
fn list_of(secret: &Secret) -> Secret {
    Secret::new(&[b"{\"credentials\":[\"", secret.expose(), b"\"]}"].concat())
}
