#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| socklab_fuzz::answers(data));
