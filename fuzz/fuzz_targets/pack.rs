//! The pack reader: any pack and any index, and ones that are nearly right.
#![no_main]

libfuzzer_sys::fuzz_target!(init: muzzle_fuzz::stop_at_own_panics(), |data: &[u8]| {
    muzzle::fuzzing::pack(data);
});
