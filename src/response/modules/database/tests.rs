//! Against servers out of a list of bytes. Real ones answer in `.ci/check-providers`.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex};

use super::super::fake::credential;
use super::*;
use crate::response::call::{Reply, Request, SendError};

/// What was sent: in the clear, and under TLS.
#[derive(Default)]
struct Wire {
    clear: Vec<u8>,
    secure: Vec<u8>,
}

struct Script {
    answers: VecDeque<u8>,
    wire: Arc<Mutex<Wire>>,
    is_loopback: bool,
    is_secure: bool,
}

impl Read for Script {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.answers.read(buffer)
    }
}

impl Write for Script {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut wire = self.wire.lock().unwrap();
        if self.is_secure { &mut wire.secure } else { &mut wire.clear }.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream for Script {
    fn secure(mut self: Box<Self>) -> Result<Box<dyn Stream>, SendError> {
        self.is_secure = true;
        Ok(self)
    }

    fn is_loopback(&self) -> bool {
        self.is_loopback
    }

    fn is_secure(&self) -> bool {
        self.is_secure
    }
}

/// A server on which every connection is answered alike.
struct Server {
    answers: Vec<u8>,
    is_loopback: bool,
    opened: Mutex<Vec<String>>,
    wire: Arc<Mutex<Wire>>,
}

impl Transport for Server {
    fn send(&self, _: &Request) -> Result<Reply, SendError> {
        panic!("no HTTP")
    }

    fn open(&self, host: &str, port: u16, _: Purpose) -> Result<Box<dyn Stream>, SendError> {
        self.opened.lock().unwrap().push(format!("{host}:{port}"));
        Ok(Box::new(Script {
            answers: self.answers.clone().into(),
            wire: Arc::clone(&self.wire),
            is_loopback: self.is_loopback,
            is_secure: false,
        }))
    }
}

fn server(answers: &[&[u8]]) -> Server {
    Server { answers: answers.concat(), is_loopback: true, opened: Mutex::default(), wire: Arc::default() }
}

const PASSWORD: &str = "pencil-and-paper";

fn line(scheme: &str) -> String {
    format!("DATABASE_URL={scheme}{}app:{PASSWORD}@db1.corp.example/orders?x=1", "://")
}

fn of(scheme: &str) -> Credential {
    credential("a-url", &[("secret", PASSWORD), ("line", &line(scheme))])
}

fn settings() -> Settings {
    let mut settings = Settings { intrusive: true, ..Settings::default() };
    for name in ["postgres", "mysql", "redis"] {
        settings.hosts.insert(name.to_owned(), vec!["db1.corp.example".to_owned()]);
    }
    settings
}

fn ask_it(kind: &Database, scheme: &str, server: &Server) -> Judged {
    kind.verify(&of(scheme), server, &settings())
}

fn pg(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len() + 4).unwrap().to_be_bytes();
    [&[tag], &length[..], content].concat()
}

fn pg_error(code: &str) -> Vec<u8> {
    pg(b'E', format!("SFATAL\0C{code}\0Mno\0\0").as_bytes())
}

fn mysql(sequence: u8, content: &[u8]) -> Vec<u8> {
    [&[u8::try_from(content.len()).unwrap(), 0, 0, sequence], content].concat()
}

fn greeting(capabilities: u32, plugin: &str) -> Vec<u8> {
    let [low, low2, high, high2] = capabilities.to_le_bytes();
    let content = [
        &b"\x0a8.0.40-test\0"[..],
        &[1, 0, 0, 0],
        b"abcdefgh\0",
        &[low, low2, 45, 2, 0, high, high2, 21],
        &[0; 10],
        b"ijklmnopqrst\0",
        plugin.as_bytes(),
        &[0],
    ];
    mysql(0, &content.concat())
}

fn mysql_error(sequence: u8, code: u16) -> Vec<u8> {
    mysql(sequence, &[&[0xff][..], &code.to_le_bytes(), b"#28000Access denied"].concat())
}

const PLAIN: u32 = 0x0008_8200;
const WITH_TLS: u32 = PLAIN | 0x800;
const MYSQL_OK: &[u8] = &[7, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0];

#[test]
fn postgres_says_by_its_code() {
    let (ok, md5, clear) = (pg(b'R', &[0; 4]), pg(b'R', &[0, 0, 0, 5, 1, 2, 3, 4]), pg(b'R', &[0, 0, 0, 3]));
    let ready = pg(b'Z', b"I");
    let status = pg(b'S', b"server_version\x0015.8\0");
    let table: [(&[&[u8]], Liveness); 14] = [
        (&[b"N", &md5, &ok, &status, &ready], Liveness::Live),
        (&[b"S", &clear, &ok, &status, &ready], Liveness::Live),
        (&[b"S", &md5, &pg_error("28P01")], Liveness::Dead),
        (&[b"S", &md5, &ok, &pg_error("3D000")], Liveness::LiveLimited),
        (&[b"S", &md5, &ok, &pg_error("42501")], Liveness::LiveLimited),
        (&[b"S", &pg_error("3D000")], Liveness::Ambiguous),
        (&[b"S", &pg_error("28000")], Liveness::Ambiguous),
        (&[b"S", &md5, &pg_error("53300")], Liveness::Ambiguous),
        // Without having asked for the password.
        (&[b"S", &ok, &status, &ready], Liveness::Ambiguous),
        (&[b"S", &ready], Liveness::Ambiguous),
        (&[b"S", &pg(b'R', &[0, 0, 0, 7])], Liveness::Ambiguous),
        (&[b"E"], Liveness::Ambiguous),
        (&[b"S", &md5], Liveness::Unreachable),
        (&[], Liveness::Unreachable),
    ];
    for (answers, verdict) in table {
        let server = server(answers);
        let judged = ask_it(&POSTGRES, "postgresql", &server);
        assert_eq!(judged.verdict, verdict, "{answers:?}: {}", judged.reason);
        assert_eq!(server.opened.lock().unwrap().as_slice(), ["db1.corp.example:5432"]);
    }
}

#[test]
fn mysql_says_by_its_code() {
    let native = "mysql_native_password";
    let switch = mysql(2, b"\xfemysql_native_password\0abcdefghijklmnopqrst\0");
    let dialog = mysql(2, b"\xfedialog\0Password: ");
    let caching = greeting(WITH_TLS, "caching_sha2_password");
    let table: [(&[&[u8]], Liveness); 13] = [
        (&[&greeting(PLAIN, native), MYSQL_OK], Liveness::Live),
        (&[&greeting(WITH_TLS, native), MYSQL_OK], Liveness::Live),
        (&[&greeting(WITH_TLS, "parsec"), &switch, MYSQL_OK], Liveness::Live),
        (&[&caching, &mysql(2, &[1, 3]), MYSQL_OK], Liveness::Live),
        (&[&caching, &mysql(2, &[1, 4]), MYSQL_OK], Liveness::Live),
        (&[&greeting(PLAIN, "caching_sha2_password"), &mysql(2, &[1, 4])], Liveness::Ambiguous),
        (&[&greeting(PLAIN, native), &mysql_error(2, 1045)], Liveness::Dead),
        (&[&greeting(PLAIN, native), &mysql_error(2, 1049)], Liveness::LiveLimited),
        (&[&greeting(PLAIN, native), &mysql_error(2, 1698)], Liveness::Ambiguous),
        (&[&greeting(PLAIN, native), &dialog], Liveness::Ambiguous),
        // Before the log-in: too many connections, or none from here.
        (&[&mysql_error(0, 1040)], Liveness::Ambiguous),
        (&[b"HTTP/1.1 400 Bad Request\r\n"], Liveness::Unreachable),
        (&[], Liveness::Unreachable),
    ];
    for (answers, verdict) in table {
        let server = server(answers);
        let judged = ask_it(&MYSQL, "mysql+pymysql", &server);
        assert_eq!(judged.verdict, verdict, "{answers:?}: {}", judged.reason);
        let wire = server.wire.lock().unwrap();
        assert!(!wire.clear.windows(PASSWORD.len()).any(|window| window == PASSWORD.as_bytes()));
    }
}

#[test]
fn redis_says_by_its_word() {
    const NOAUTH: &[u8] = b"-NOAUTH Authentication required.\r\n";
    let table: [(&[&[u8]], Liveness); 10] = [
        (&[NOAUTH, b"+OK\r\n"], Liveness::Live),
        (&[NOAUTH, b"-WRONGPASS invalid username-password pair or user is disabled.\r\n"], Liveness::Dead),
        (&[NOAUTH, b"-ERR invalid password\r\n"], Liveness::Dead),
        (&[NOAUTH, b"-ERR something else\r\n"], Liveness::Ambiguous),
        (&[NOAUTH, b"+WRONGPASS\r\n"], Liveness::Ambiguous),
        // It lets everybody in.
        (&[b"+PONG\r\n", b"+OK\r\n"], Liveness::Ambiguous),
        (&[b"-DENIED Redis is running in protected mode\r\n"], Liveness::Ambiguous),
        (&[b"HTTP/1.1 400 Bad Request\r\n"], Liveness::Ambiguous),
        (&[NOAUTH], Liveness::Unreachable),
        (&[b"no line"], Liveness::Unreachable),
    ];
    for (answers, verdict) in table {
        let server = server(answers);
        let judged = ask_it(&REDIS, "redis", &server);
        assert_eq!(judged.verdict, verdict, "{answers:?}: {}", judged.reason);
    }
    let server = server(&[NOAUTH, b"+OK\r\n"]);
    ask_it(&REDIS, "rediss", &server);
    let wire = server.wire.lock().unwrap();
    assert!(wire.clear.is_empty());
    let sent = String::from_utf8_lossy(&wire.secure).into_owned();
    assert!(sent.ends_with("*3\r\n$4\r\nAUTH\r\n$3\r\napp\r\n$16\r\npencil-and-paper\r\n"), "{sent}");
}

#[test]
fn without_tls_no_password_leaves_the_machine() {
    let md5 = pg(b'R', &[0, 0, 0, 5, 1, 2, 3, 4]);
    let greeting = greeting(PLAIN, "mysql_native_password");
    let table: [(&Database, &str, &[&[u8]]); 3] = [
        (&POSTGRES, "postgres", &[b"N", &md5]),
        (&MYSQL, "mysql", &[&greeting, MYSQL_OK]),
        (&REDIS, "redis", &[b"-NOAUTH\r\n", b"+OK\r\n"]),
    ];
    for (kind, scheme, answers) in table {
        let server = Server { is_loopback: false, ..server(answers) };
        let judged = ask_it(kind, scheme, &server);
        assert_eq!(judged.verdict, Liveness::NotAttempted, "{scheme}: {}", judged.reason);
        assert!(server.wire.lock().unwrap().clear.len() <= 8, "at most the question for TLS");
    }
}

#[test]
fn only_listed_hosts_are_opened_and_only_on_demand() {
    let server = server(&[]);
    let with_port = |port: &str| line("postgres").replace("example/", &format!("example:{port}/"));
    let other = settings().hosts.get("postgres").cloned().unwrap_or_default();
    let mut listed = settings();
    listed.hosts.insert("postgres".into(), [other, vec!["db1.corp.example:6432".into()]].concat());
    let table = [
        (line("postgres"), &listed, Some("db1.corp.example:5432")),
        (with_port("6432"), &listed, Some("db1.corp.example:6432")),
        (with_port("22"), &listed, None),
        (line("postgres").replace("db1", "db2"), &listed, None),
        (line("mysql"), &listed, None),
        (line("postgres").replace("app:", "x@evil.example/:"), &listed, None),
        ("postgres password".to_owned(), &listed, None),
        (line("postgres"), &Settings { intrusive: false, ..listed.clone() }, None),
        (line("postgres"), &Settings { intrusive: true, ..Settings::default() }, None),
    ];
    for (line, settings, place) in table {
        server.opened.lock().unwrap().clear();
        let credential = credential("postgres-url", &[("secret", PASSWORD), ("line", &line)]);
        let judged = POSTGRES.verify(&credential, &server, settings);
        assert_eq!(server.opened.lock().unwrap().first().map(String::as_str), place, "{line}");
        assert_eq!(judged.verdict == Liveness::NotAttempted, place.is_none(), "{line}");
        let planned = POSTGRES.plan_verify(&credential, settings);
        assert_eq!(matches!(planned, Plan::Requests(_)), place.is_some());
    }
}

#[test]
fn a_log_in_comes_out_of_its_url() {
    let url = |text: &str| text.replace('|', "://");
    let table = [
        (
            "x=postgres|app:{}@Db.Example:5433/orders?sslmode=require",
            Some(("app", "db.example", 5433, Some("orders"))),
        ),
        ("postgresql+psycopg2|a%40b:{}@10.0.3.4", Some(("a@b", "10.0.3.4", 5432, None))),
        ("'postgres|:{}@h.example/d', next", Some(("", "h.example", 5432, Some("d")))),
        ("http|x postgres|app:{}@h.example)", Some(("app", "h.example", 5432, None))),
        ("postgres|app:other@h.example", None),
        ("xpostgres|app:{}@h.example", None),
        ("postgres|app:{}@h.example:99999", None),
        ("postgres|app:{}@h.exa\\mple", None),
    ];
    for (text, wanted) in table {
        let text = url(text).replace("{}", "p%2Fw");
        let credential = credential("postgres-url", &[("secret", "p%2Fw"), ("line", &text)]);
        let login = Login::of(&credential.inputs, POSTGRES.schemes, 5432).ok();
        let found = login.as_ref().map(|login| {
            assert_eq!(login.password.as_slice(), b"p/w");
            (login.user.as_str(), login.host.as_str(), login.port, login.database.as_deref())
        });
        assert_eq!(found, wanted, "{text}");
    }
    let given = [("secret", "p%2Fw"), ("host", "H.example"), ("port", "6000"), ("user", "bo")];
    let credential = credential("pgpass-password", &given);
    let login = Login::of(&credential.inputs, POSTGRES.schemes, 5432).unwrap();
    assert_eq!((login.host.as_str(), login.port, login.user.as_str()), ("h.example", 6000, "bo"));
    assert_eq!(login.password.as_slice(), b"p%2Fw", "as it is: it is in no URL");
}
