//! The bytes of trees, commits and tags; read as gix reads them.
#![no_main]

libfuzzer_sys::fuzz_target!(init: muzzle_fuzz::stop_at_own_panics(), |data: &[u8]| {
    muzzle::fuzzing::object(data);
});
