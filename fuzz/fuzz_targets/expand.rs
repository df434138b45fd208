//! Archives, compressed files and wide characters, as they are and by force.
#![no_main]

libfuzzer_sys::fuzz_target!(init: muzzle_fuzz::stop_at_own_panics(), |data: &[u8]| {
    muzzle::fuzzing::expand(data);
});
