//! Redis: `AUTH`. <https://redis.io/docs/latest/develop/reference/protocol-spec/>

use std::io;

use zeroize::Zeroizing;

use super::{Judged, Login, accepted, ask, broken, in_the_clear, refused, strange, unknown};
use crate::finding::Liveness;
use crate::response::stream::Stream;

/// Longer answers are none to these commands.
const LONGEST: usize = 1024;

pub(super) fn log_in(stream: Box<dyn Stream>, login: &Login<'_>) -> Judged {
    let mut stream = if login.scheme == "rediss" {
        match stream.secure() {
            Ok(stream) => stream,
            Err(error) => return ask::unanswered(&error),
        }
    } else if stream.is_loopback() {
        stream
    } else {
        return in_the_clear();
    };
    talk(&mut *stream, login).unwrap_or_else(|error| broken(&error))
}

fn talk(stream: &mut dyn Stream, login: &Login<'_>) -> io::Result<Judged> {
    // Whoever lets in without a password says nothing of this one.
    let before = exchange(stream, &[b"PING"])?;
    match before.as_str() {
        "+PONG" => {
            return Ok(ask::judged(
                Liveness::Ambiguous,
                "the server lets everybody in, with any password or none",
            ));
        }
        answer if answer.starts_with("-NOAUTH") => {}
        answer if answer.starts_with('-') => return Ok(unknown(&code(answer))),
        _ => return Ok(strange()),
    }
    let answer = if login.user.is_empty() {
        exchange(stream, &[b"AUTH", &login.password])?
    } else {
        exchange(stream, &[b"AUTH", login.user.as_bytes(), &login.password])?
    };
    Ok(match answer.as_str() {
        "+OK" => accepted(),
        "-ERR invalid password" => refused("ERR invalid password"),
        answer if answer.starts_with("-WRONGPASS ") => refused("WRONGPASS"),
        answer if answer.starts_with('-') => unknown(&code(answer)),
        _ => strange(),
    })
}

fn code(answer: &str) -> String {
    ask::plain(answer.trim_start_matches('-').split(' ').next().unwrap_or_default())
}

/// Sends one command, and reads one line.
fn exchange(stream: &mut dyn Stream, words: &[&[u8]]) -> io::Result<String> {
    let mut command = Zeroizing::new(format!("*{}\r\n", words.len()).into_bytes());
    for word in words {
        command.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        command.extend_from_slice(word);
        command.extend_from_slice(b"\r\n");
    }
    stream.write_all(&command)?;
    stream.flush()?;
    let mut line = Vec::new();
    let mut byte = [0];
    while !line.ends_with(b"\r\n") {
        if line.len() > LONGEST {
            return Err(io::ErrorKind::InvalidData.into());
        }
        stream.read_exact(&mut byte)?;
        line.push(byte[0]);
    }
    line.truncate(line.len() - 2);
    Ok(String::from_utf8_lossy(&line).into_owned())
}
