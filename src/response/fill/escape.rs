//! What a value looks like where it stands, and which values cannot stand there.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

use super::{Bytes, CannotAsk};

/// What is not escaped in URLs and forms. RFC 3986, 2.3.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How many bytes one may become.
pub(super) const GROWTH: usize = 6;

/// Where a value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escape {
    Url,
    Form,
    Header,
    /// Encoded as a whole later.
    Basic,
    /// Quoted later.
    Json,
    /// A body in whatever format.
    Raw,
}

impl Escape {
    /// Writes it. `is_whole`: nothing else stands there.
    pub(super) fn push(
        self,
        name: &str,
        value: &[u8],
        is_whole: bool,
        out: &mut Bytes,
    ) -> Result<(), CannotAsk> {
        let refuse = |what: &str| Err(CannotAsk(format!("the input `{name}` holds {what}: it is not sent")));
        let is_control = |b: &u8| b.is_ascii_control();
        match self {
            Escape::Url | Escape::Basic if value.iter().any(is_control) => refuse("control characters"),
            Escape::Url if value.contains(&b'/') && memchr::memmem::find(value, b"..").is_some() => {
                refuse("a path that leads upwards")
            }
            Escape::Url | Escape::Form => {
                percent_encode(value, ESCAPED).for_each(|part| out.extend_from_slice(part.as_bytes()));
                Ok(())
            }
            Escape::Header if !value.iter().all(|b| (b' '..=b'~').contains(b)) => {
                refuse("what cannot stand in a header")
            }
            Escape::Json if std::str::from_utf8(value).is_err() => refuse("bytes that are no text"),
            Escape::Raw if !is_whole && value.iter().any(|b| is_control(b) || b"\"'<>&\\".contains(b)) => {
                refuse("characters that would mean something in this body")
            }
            Escape::Header | Escape::Basic | Escape::Json | Escape::Raw => {
                out.extend_from_slice(value);
                Ok(())
            }
        }
    }
}

/// A JSON string.
pub(super) fn quote(text: &[u8], out: &mut Bytes) -> Result<(), CannotAsk> {
    let text = std::str::from_utf8(text).map_err(|_| CannotAsk("JSON holds text alone".into()))?;
    serde_json::to_writer(&mut **out, text).map_err(|error| CannotAsk(error.to_string()))
}

/// A filled path leads nowhere else than its template.
pub(super) fn check_path(target: &[u8]) -> Result<(), CannotAsk> {
    let path = target.split(|b| *b == b'?').next().unwrap_or_default();
    let mut segments = path.split(|b| *b == b'/').skip(1);
    if segments.any(|segment| matches!(segment, b"." | b"..")) {
        return Err(CannotAsk("an input would make the path lead elsewhere: it is not sent".into()));
    }
    Ok(())
}
