//! The rules' engine against the slow and obvious way.
#![no_main]

libfuzzer_sys::fuzz_target!(init: muzzle_fuzz::stop_at_own_panics(), |data: &[u8]| {
    muzzle::fuzzing::engine(data);
});
