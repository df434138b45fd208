//! A version of a text, against a scan of it in full; what stands encoded included.
#![no_main]

libfuzzer_sys::fuzz_target!(init: muzzle_fuzz::stop_at_own_panics(), |data: &[u8]| {
    muzzle::fuzzing::versions(data);
});
