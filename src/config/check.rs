//! What values may be, wherever they come from.

/// Threads.
pub(super) fn jobs(number: u16) -> Result<u16, String> {
    match number {
        1..=1024 => Ok(number),
        _ => Err(format!("{number} is no number of threads: it is 1 to 1024")),
    }
}

/// The exit code for findings must not say something else.
pub(super) fn exit_code(code: u8) -> Result<u8, String> {
    match code {
        2..=4 | 130 | 143 => Err(format!(
            "exit code {code} cannot stand for findings: 2 says that nothing trustworthy was scanned, 3 and 4 that the \
             scan is incomplete, 130 and 143 that it was interrupted"
        )),
        _ => Ok(code),
    }
}
