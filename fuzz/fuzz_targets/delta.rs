//! The delta interpreter: any base, any delta.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    muzzle::git::fuzzing::delta(data);
});
