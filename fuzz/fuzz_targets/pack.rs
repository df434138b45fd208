//! The pack reader: any pack and any index, and ones that are nearly right.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    muzzle::git::fuzzing::pack(data);
});
