//! PostgreSQL: TLS if the server has it, then whatever it asks for. <https://www.postgresql.org/docs/current/protocol-flow.html>

use std::io;

use bytes::BytesMut;
use fallible_iterator::FallibleIterator as _;
use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use postgres_protocol::message::backend::{ErrorResponseBody, Message};
use postgres_protocol::message::frontend;
use zeroize::{Zeroize as _, Zeroizing};

use super::{Judged, Login, accepted, ask, broken, in_the_clear, limited, refused, strange, unknown};
use crate::finding::Liveness;
use crate::response::stream::Stream;

/// A log-in is a dozen messages, of few bytes each.
const MOST_MESSAGES: usize = 200;
const MOST_BYTES: usize = 64 * 1024;

pub(super) fn log_in(stream: Box<dyn Stream>, login: &Login<'_>) -> Judged {
    match secured(stream) {
        Ok(stream) => Session::new(stream).talk(login).unwrap_or_else(|error| broken(&error)),
        Err(judged) => judged,
    }
}

/// With TLS, or on this machine.
fn secured(mut stream: Box<dyn Stream>) -> Result<Box<dyn Stream>, Judged> {
    let mut ask_for_it = || {
        let mut message = BytesMut::new();
        frontend::ssl_request(&mut message);
        stream.write_all(&message)?;
        stream.flush()?;
        // One byte, and none behind it: what follows must come through TLS.
        let mut answer = [0];
        stream.read_exact(&mut answer).map(|()| answer[0])
    };
    match ask_for_it() {
        Ok(b'S') => stream.secure().map_err(|error| ask::unanswered(&error)),
        Ok(b'N') if stream.is_loopback() => Ok(stream),
        Ok(b'N') => Err(in_the_clear()),
        Ok(_) => Err(strange()),
        Err(error) => Err(broken(&error)),
    }
}

struct Session {
    stream: Box<dyn Stream>,
    received: BytesMut,
    taken: usize,
}

impl Session {
    fn new(stream: Box<dyn Stream>) -> Self {
        Session { stream, received: BytesMut::new(), taken: 0 }
    }

    fn talk(&mut self, login: &Login<'_>) -> io::Result<Judged> {
        let mut fields = vec![("user", login.user.as_str()), ("application_name", "muzzle")];
        fields.extend(login.database.as_deref().map(|name| ("database", name)));
        self.send(|message| frontend::startup_message(fields, message))?;
        let mut scram: Option<ScramSha256> = None;
        // A server that asks for nothing says nothing of the password.
        let mut is_asked = false;
        let mut is_in = false;
        for _ in 0..MOST_MESSAGES {
            match self.receive()? {
                Message::AuthenticationCleartextPassword => {
                    is_asked = true;
                    self.send(|message| frontend::password_message(&login.password, message))?;
                }
                Message::AuthenticationMd5Password(body) => {
                    is_asked = true;
                    let hash = Zeroizing::new(md5_hash(login.user.as_bytes(), &login.password, body.salt()));
                    self.send(|message| frontend::password_message(hash.as_bytes(), message))?;
                }
                Message::AuthenticationSasl(body) => {
                    if !body.mechanisms().any(|mechanism| Ok(mechanism == SCRAM_SHA_256))? {
                        return Ok(unknown("no SCRAM-SHA-256"));
                    }
                    let first = ScramSha256::new(&login.password, ChannelBinding::unsupported());
                    self.send(|message| {
                        frontend::sasl_initial_response(SCRAM_SHA_256, first.message(), message)
                    })?;
                    scram = Some(first);
                }
                Message::AuthenticationSaslContinue(body) => {
                    let Some(scram) = &mut scram else { return Ok(strange()) };
                    scram.update(body.data())?;
                    self.send(|message| frontend::sasl_response(scram.message(), message))?;
                }
                Message::AuthenticationSaslFinal(body) => {
                    // The server proves that it knows the password, too.
                    let Some(mut scram) = scram.take() else { return Ok(strange()) };
                    scram.finish(body.data())?;
                    is_asked = true;
                }
                Message::AuthenticationOk if is_asked => is_in = true,
                Message::AuthenticationOk => {
                    self.leave();
                    let why = "the server lets this user in without a password";
                    return Ok(ask::judged(Liveness::Ambiguous, why));
                }
                Message::ErrorResponse(body) => return Ok(Session::judge(&body, is_in)),
                Message::ReadyForQuery(_) if is_in => {
                    self.leave();
                    return Ok(accepted());
                }
                Message::ParameterStatus(_) | Message::BackendKeyData(_) if is_in => {}
                Message::NoticeResponse(_) => {}
                Message::AuthenticationGss
                | Message::AuthenticationSspi
                | Message::AuthenticationKerberosV5
                | Message::AuthenticationScmCredential => return Ok(unknown("no password is asked for")),
                _ => return Ok(strange()),
            }
        }
        Ok(strange())
    }

    fn judge(body: &ErrorResponseBody, is_in: bool) -> Judged {
        let code = body.fields().find(|field| Ok(field.type_() == b'C'));
        let code = code.ok().flatten().map(|field| ask::plain(&String::from_utf8_lossy(field.value_bytes())));
        match (code.as_deref().unwrap_or_default(), is_in) {
            ("3D000", true) => limited("3D000", "there is no such database"),
            (code, true) => limited(code, "the session is refused"),
            ("28P01", false) => refused("28P01"),
            (code, false) => unknown(code),
        }
    }

    fn send(&mut self, write: impl FnOnce(&mut BytesMut) -> io::Result<()>) -> io::Result<()> {
        let mut message = BytesMut::with_capacity(4096);
        let sent = write(&mut message).and_then(|()| self.stream.write_all(&message));
        message.as_mut().zeroize();
        sent.and_then(|()| self.stream.flush())
    }

    /// Says good-bye; nobody waits for an answer.
    fn leave(&mut self) {
        let _ = self.send(|message| {
            frontend::terminate(message);
            Ok(())
        });
    }

    fn receive(&mut self) -> io::Result<Message> {
        loop {
            if let Some(message) = Message::parse(&mut self.received)? {
                return Ok(message);
            }
            let mut chunk = [0; 4096];
            let amount = self.stream.read(&mut chunk)?;
            self.taken += amount;
            if amount == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if self.taken > MOST_BYTES {
                return Err(io::ErrorKind::InvalidData.into());
            }
            self.received.extend_from_slice(&chunk[..amount]);
        }
    }
}
