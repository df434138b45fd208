//! Every read yields less than was asked for. Done by a library in front of the C library's, where that can be built.

use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use super::{arguments, complaint};
use crate::faults::fixtures::Fixture;
use crate::support::{Sandbox, run};

/// The library; `None` without a compiler, or where libraries are not put in front of others like this.
static LIBRARY: LazyLock<Option<(tempfile::TempDir, PathBuf)>> = LazyLock::new(|| {
    if !cfg!(all(target_os = "linux", target_env = "gnu")) {
        return None;
    }
    let directory = tempfile::tempdir().ok()?;
    let (source, library) = (directory.path().join("short.c"), directory.path().join("short.so"));
    std::fs::write(&source, include_str!("short.c")).ok()?;
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(&source).arg("-ldl");
    compiler.output().is_ok_and(|output| output.status.success()).then_some((directory, library))
});

/// All is found all the same.
pub(super) fn reads(fixture: &Fixture) -> Result<(), String> {
    let Some((_, library)) = &*LIBRARY else { return Ok(()) };
    let sandbox = Sandbox::new();
    (fixture.make)(&sandbox);
    let mut command = sandbox.command(arguments(fixture, &sandbox));
    command.env("LD_PRELOAD", library);
    let run = run(&mut command, b"");
    if run.code != Some(1) {
        return Err(format!("exit {:?}: {}", run.code, run.stderr));
    }
    complaint(fixture, run).map_or(Ok(()), Err)
}
