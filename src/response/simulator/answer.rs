//! An answer, and how it is written.

use std::fmt::Write as _;
use std::io::Write;

use serde_json::Value;

/// It.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    /// Announced in place of the body's length.
    pub(super) length: Option<usize>,
}

impl Answer {
    pub(super) fn empty(status: u16) -> Self {
        Answer { status, headers: Vec::new(), body: Vec::new(), length: None }
    }

    pub(super) fn json(status: u16, body: &Value) -> Self {
        Answer::text(status, "application/json", &body.to_string())
    }

    pub(super) fn text(status: u16, kind: &str, body: &str) -> Self {
        Answer { body: body.into(), ..Answer::empty(status) }.header("Content-Type", kind)
    }

    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(super) fn write(&self, stream: &mut impl Write) -> std::io::Result<()> {
        stream.write_all(self.head().as_bytes())?;
        stream.write_all(&self.body)?;
        stream.flush()
    }

    pub(super) fn head(&self) -> String {
        let mut head = format!("HTTP/1.1 {} {}\r\nConnection: close\r\n", self.status, reason(self.status));
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        if self.status != 204 {
            let _ = write!(head, "Content-Length: {}\r\n", self.length.unwrap_or(self.body.len()));
        }
        head + "\r\n"
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        202 => "Accepted",
        204 => "No Content",
        302 => "Found",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        421 => "Misdirected Request",
        422 => "Unprocessable Entity",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Status",
    }
}
