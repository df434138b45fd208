//! Loose objects: any file, and any bytes in a file that is well-formed; read as gix reads them.
#![no_main]

libfuzzer_sys::fuzz_target!(init: muzzle_fuzz::stop_at_own_panics(), |data: &[u8]| {
    muzzle::fuzzing::loose(data);
});
