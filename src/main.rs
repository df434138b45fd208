//! The `muzzle` command: parse, start logging, dispatch, error → exit code.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use muzzle::cli::{Cli, ColorArg, Command, Habit};
use muzzle::{commands, interrupt};

/// Usage, configuration, unopenable repository: nothing trustworthy was scanned.
const ERROR: u8 = 2;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.color {
        ColorArg::Auto => {}
        ColorArg::Always => anstream::ColorChoice::Always.write_global(),
        ColorArg::Never => anstream::ColorChoice::Never.write_global(),
    }
    interrupt::install();
    log_to_stderr(cli.verbose);
    quiet_panics();
    let outcome = match &cli.command {
        Command::Scan(args) => commands::verify::scan(args),
        Command::Verify(args) => commands::verify::run(args),
        Command::Revoke(args) => commands::revoke::run(args),
        Command::Report(args) => commands::report::run(args),
        Command::Explain(args) => commands::explain::run(args),
        Command::Hook(command) => commands::hook::run(command),
        Command::Ci(args) => commands::ci::run(args),
        Command::Rules(command) => commands::rules::run(command),
        Command::Completions(args) => commands::shell::completions(args),
        Command::Man(args) => commands::shell::man(args),
        Command::Config(command) => commands::config::run(command),
        Command::Ignore(command) => commands::ignore::run(command),
        Command::Baseline(command) => commands::baseline::run(command),
        Command::Audit(command) => commands::audit::run(command),
        Command::Git(args) => commands::scan::habitual(args, Habit::Git),
        Command::Dir(args) => commands::scan::habitual(args, Habit::Dir),
        Command::Stdin(args) => commands::scan::habitual(args, Habit::Stdin),
        Command::Protect(args) => commands::scan::habitual(args, Habit::Protect),
        Command::Debug(command) => commands::debug::run(command),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            // A reader that went away, such as `head`, is no error of ours; the findings' code would be a guess.
            let broken_pipe = error
                .downcast_ref::<std::io::Error>()
                .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe);
            if !broken_pipe {
                let text = muzzle::report::text::visible_lines(&format!("{error:#}"));
                let _ = writeln!(std::io::stderr(), "error: {text}");
            }
            ExitCode::from(ERROR)
        }
    }
}

fn log_to_stderr(verbosity: u8) {
    let level = match verbosity {
        0 => tracing::Level::WARN,
        1 => tracing::Level::INFO,
        2 => tracing::Level::DEBUG,
        _ => tracing::Level::TRACE,
    };
    tracing_subscriber::fmt().with_max_level(level).with_writer(std::io::stderr).without_time().init();
}

/// Panics are caught per work item and become gaps. Their messages may quote scanned bytes, so only the place in our
/// own code is told.
fn quiet_panics() {
    std::panic::set_hook(Box::new(|info| {
        if let Some(location) = info.location() {
            tracing::debug!(file = location.file(), line = location.line(), "caught an internal error");
        }
    }));
}
