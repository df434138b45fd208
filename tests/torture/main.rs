//! The torture suite: repositories and directories that are odd, broken or hostile, one named test each.
//!
//! Each case builds its ground with real git or by hand, and says what a scan of it must find, whether it must be
//! complete, and what it must complain of. The harness adds what holds for every case: no panic, no signal, no more
//! memory than the case allows, nothing written where the scan reads, and, where `strace` is installed, no command and
//! no connection.

#![allow(
    clippy::unwrap_used,
    clippy::too_many_lines,
    clippy::format_push_string,
    clippy::format_collect,
    clippy::useless_vec,
    clippy::type_complexity,
    clippy::large_stack_arrays,
    clippy::struct_excessive_bools,
    clippy::trivially_copy_pass_by_ref,
    reason = "this is a test, although it has a harness of its own"
)]

use libtest_mimic::{Arguments, Failed, Trial};

mod broken;
#[allow(dead_code, reason = "each kind of case asks for something else")]
mod case;
mod containers;
mod faults;
mod forms;
mod hostile;
mod judge;
mod oracle;
mod places;
mod process;
#[path = "../it/support/mod.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "shared with the other tests, which use other parts of it"
)]
mod support;
mod texts;
mod watched;

use case::Case;

fn main() {
    let arguments = Arguments::from_args();
    let kinds: [(&str, Vec<Case>); 6] = [
        ("places", places::cases()),
        ("forms", forms::cases()),
        ("broken", broken::cases()),
        ("hostile", hostile::cases()),
        ("texts", texts::cases()),
        ("containers", containers::cases()),
    ];
    let mut trials = Vec::new();
    for (kind, cases) in kinds {
        for case in cases {
            let name = format!("{kind}::{}", case.name);
            trials.push(Trial::test(name, move || judge::judge(&case).map_err(Failed::from)));
        }
    }
    trials.extend(faults::trials());
    trials.extend(process::trials());
    libtest_mimic::run(&arguments, trials).exit();
}
